"""`scratchnn predict` on rows as they come: stdin, odd files, odd places to write to."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def trained(cli: Any, folder: Path) -> Path:
    assert cli("train", "c.yaml").code == 0
    return folder


@pytest.fixture
def piped(cli: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command in this process with a text on stdin."""

    def call(text: str, *words: str) -> Any:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return cli(*words)

    return call


def test_a_file_in_the_place_of_the_run_is_told(cli, folder):
    assert cli("train", "c.yaml", "-q", "--set", "training.epochs=1").code == 0
    outcome = cli("predict", "flowers.csv", "runs/c")
    assert outcome.code == 2
    assert "got them the other way round. Write the run first: scratchnn predict runs/c flowers.csv" in outcome.err


def test_stdin_is_read_as_the_training_was(process: Any, piped: Any, cli: Any, trained: Path) -> None:
    expected = cli("predict", "runs/c", "flowers.csv", "--proba").out
    text = (trained / "flowers.csv").read_text()
    outcome = process("predict", "-", "--proba", input=text)
    assert (outcome.code, outcome.out, outcome.err) == (0, expected, "")
    for words in (["runs/c", "-"], ["runs/c", "-", "--format", "csv"]):
        assert piped(text, "predict", *words, "--proba").out == expected
    assert piped(text.replace(",", "\t"), "predict", "-", "--format", "tsv", "--proba").out == expected
    objects = "\n".join(json.dumps(row) for row in csv.DictReader(text.splitlines()))
    assert piped(objects, "predict", "-", "--format", "jsonl", "--proba").out == expected


def test_json_counts_the_flagged_rows(cli: Any, folder: Path) -> None:
    lines = (folder / "flowers.csv").read_text().splitlines()
    coloured = [f"{line},{'red' if place % 2 else 'blue'}" for place, line in enumerate(lines[1:])]
    (folder / "flowers.csv").write_text("\n".join([f"{lines[0]},color", *coloured]))
    assert cli("train", "c.yaml", "--json").code == 0
    (folder / "new.csv").write_text("color,height,width\nred,1,2\ngreen,1,2\npink,2,1\n")
    outcome = cli("predict", "new.csv", "-o", "out.csv", "--json", "--columns", '"color"')
    made = {"rows": 3, "output": "out.csv", "flagged": 2, "flags": {"unseen:color": 2}}
    assert (outcome.code, outcome.json) == (0, made)
    rows = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))
    assert [row["flags"] for row in rows] == ["", "unseen:color", "unseen:color"]
    assert [row["color"] for row in rows] == ["red", "green", "pink"]
    assert "warning: color: 2 cells hold a level that training never saw" in outcome.err


def test_an_interval(cli: Any, folder: Path) -> None:
    sets = ["--set", "data.source=homes.csv", "--set", "data.target=price", "--set", "loss=gaussian_nll"]
    assert cli("train", "c.yaml", *sets).code == 0
    header = cli("predict", "homes.csv", "--interval", "0.5").out.splitlines()[0]
    assert header == "width,height,price,predicted_price,lower_price,upper_price,deviation_price"
    assert cli("predict", "homes.csv", "--interval", "2").code == 2


def test_names_with_commas_can_be_chosen(cli: Any, trained: Path) -> None:
    (trained / "new.csv").write_text('width,height,"a,b"\n1,2,x\n')
    assert cli("predict", "new.csv", "--columns", 'width,"a,b"').out.splitlines()[0] == 'width,"a,b",prediction'


NASTY: dict[str, tuple[str, int, str]] = {
    "a missing feature": ("width,kind\n1,ash\n", 3, 'new.csv: there is no column "height"'),
    "a duplicate header": ("width,height,width\n1,2,3\n", 3, 'new.csv:1: two columns are named "width"'),
    "an empty file": ("", 3, "new.csv: the file is empty"),
    "no rows": ("width,height\n", 3, "new.csv: there is no row of data, only a header"),
    "a short row late": ("width,height\n" + "1,2\n" * 20_000 + "1\n", 3, "new.csv:20002: 1 cell, expected 2"),
    "a text for a number late": ("width,height\n" + "1,2\n" * 20_000 + "1,x\n", 3, 'new.csv:20002:height: "x" is not'),
    "a missing value": ("width,height\n1,2\n1,\n", 3, "new.csv:3:height: the value is missing"),
    "no number at all": ("width,height\n1,2\n1,inf\n", 3, 'new.csv:3:height: "inf" is not a finite number'),
    "a blank line inside": ("width,height\n1,2\n\n1,2\n", 3, "new.csv:3: the line is blank"),
    "a huge cell": (
        "width,height,note\n1,2," + "x" * 200_000 + "\n",
        3,
        "new.csv:2: not well-formed CSV: field",
    ),
    "a broken quote": ('width,height\n1,2\n"1,2\n', 3, "new.csv:3: not well-formed CSV"),
    "too large a number": ("width,height\n1,2\n1,1e300\n", 3, "new.csv:3:height: a number is too large for float32"),
}


@pytest.mark.parametrize("name", NASTY)
def test_a_wrong_file_leaves_what_was_there(cli: Any, trained: Path, name: str) -> None:
    text, code, message = NASTY[name]
    (trained / "new.csv").write_text(text)
    (trained / "out.csv").write_text("old")
    before = sorted(path.name for path in trained.iterdir())
    outcome = cli("predict", "new.csv", "-o", "out.csv", "--json")
    assert (outcome.code, outcome.json["error"]["kind"]) == (code, "data")
    assert outcome.err.startswith(f"error: {message}")
    assert (trained / "out.csv").read_text() == "old"
    assert sorted(path.name for path in trained.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["flowers.csv", "-o", "flowers.csv"], 2, "flowers.csv: is the file of the rows itself"),
        (["flowers.csv", "-o", "runs"], 2, "runs: this is a folder"),
        (["flowers.csv", "-o", "out.xlsx"], 2, 'out.xlsx: cannot tell the format of the predictions by ".xlsx"'),
        (["flowers.csv", "-o", "folder.csv"], 6, "folder.csv: Is a directory. It is a folder: name a file."),
        (["flowers.csv", "-o", "flowers.csv/out.csv"], 6, "flowers.csv/out.csv: Not a directory"),
        (["flowers.csv", "--columns", "kinds"], 2, '--columns: no column "kinds". Did you mean "kind"?'),
        (["flowers.csv", "--format", "xml"], 2, '--format: unknown format "xml"'),
        (["flowers.csv", "--interval", "0.9"], 2, "--interval: the target is a class"),
        (["runs", "flowers.csv"], 4, "runs: is not a run directory"),
        (["runs/c", "folder.csv"], 3, "folder.csv: this is a folder, not a file"),
        (["new.jsonl"], 3, "new.jsonl:2: the first row has no key"),
    ],
)
def test_a_wrong_command_line_leaves_nothing(
    cli: Any, trained: Path, words: list[str], code: int, message: str
) -> None:
    (trained / "folder.csv").mkdir()
    (trained / "new.jsonl").write_text('{"width": 1, "height": 2}\n{"width": 1, "height": 2, "depth": 3}\n')
    before = {path: path.stat().st_size for path in trained.rglob("*")}
    outcome = cli("predict", *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(f"error: {message}")
    assert {path: path.stat().st_size for path in trained.rglob("*")} == before


def test_names_and_cells_of_any_script(cli: Any, trained: Path) -> None:
    (trained / "new.csv").write_text("width,height,名前,prediction,\u202eodd\n1,2,ß😀,mine,\n", encoding="utf-8")
    for name in ("出力.csv", "out.jsonl", "out.npz"):
        assert cli("predict", "new.csv", "-o", name).code == 0
    rows = list(csv.reader((trained / "出力.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["width", "height", "名前", "prediction", "\u202eodd", "prediction_2"]
    assert rows[1][2:5] == ["ß😀", "mine", ""]
    assert json.loads((trained / "out.jsonl").read_text(encoding="utf-8"))["名前"] == "ß😀"
    with np.load(trained / "out.npz") as made:
        assert made["名前"].tolist() == ["ß😀"]
        assert made["prediction"].tolist() == ["mine"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(cli: Any, trained: Path) -> None:
    (trained / "locked").mkdir(mode=0o555)
    outcome = cli("predict", "flowers.csv", "-o", "locked/out.csv")
    assert (outcome.code, outcome.out) == (6, "")
    assert "Permission denied" in outcome.err


def test_empty_and_closed_stdin(piped: Any, program: list[str], trained: Path) -> None:
    outcome = piped("", "predict", "-")
    assert (outcome.code, outcome.out, outcome.err[:31]) == (3, "", "error: stdin: the file is empty")
    words = " ".join(f"'{word}'" for word in [*program, "predict", "-"])
    done = subprocess.run(["sh", "-c", f"{words} <&-"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (2, 6)
    assert done.stderr.startswith("error: stdin")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_between_two_blocks_leaves_nothing(program: list[str], trained: Path) -> None:
    lines = (trained / "flowers.csv").read_text().splitlines(keepends=True)
    (trained / "out.csv").write_text("old")
    with subprocess.Popen(
        [*program, "predict", "runs/c", "-", "-o", "out.csv"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("".join([lines[0], *lines[1:] * 4000]).encode())
        process.stdin.flush()
        part = trained / ".out.csv.part"
        for _ in range(3000):
            if part.is_file() and part.stat().st_size:
                break
            time.sleep(0.01)
        assert part.stat().st_size > 0
        process.terminate()
        process.wait(timeout=30)
        assert process.returncode == 143
        assert process.stderr.read() == b"error: stopped by SIGTERM\n"
        process.stdin.close()
    assert not part.exists()
    assert (trained / "out.csv").read_text() == "old"


def test_formulas_are_texts_unless_raw(cli: Any, trained: Path) -> None:
    (trained / "new.csv").write_text("width,height,-note\n-1,+2,=1+1\n")
    assert cli("predict", "new.csv").out.splitlines()[0] == "width,height,'-note,prediction"
    assert cli("predict", "new.csv").out.splitlines()[1].startswith("-1,+2,'=1+1,")
    assert cli("predict", "new.csv", "--raw-text").out.splitlines()[1].startswith("-1,+2,=1+1,")


def test_a_model_of_texts_takes_none_of_it(cli: Any, folder: Path) -> None:
    help_text = cli("predict", "--help").out
    for option in ("--interval", "--format", "--raw-text", "flagged"):
        assert option in help_text
