"""Every kind of data from outside: refused by a process of its own, or trained on, judged and predicted."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LAYERS = "model: {layers: [flatten, {type: dense, units: auto}]}\ntraining: {epochs: 1, batch_size: 8}\n"


def config(folder: Path, source: str, target: str = "") -> None:
    (folder / "c.yaml").write_text(f"seed: 0\ndata:\n  source: {source}\n{target}{LAYERS}")


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"", "t.csv", "the file is empty"),
        (b"a,kind\n1,x\n\xe9,y\n", "t.csv:3", "byte 0xe9 is not UTF-8 text"),
        (b"a;kind\n1;x\n", "t.csv:1", 'the header is a single column, "a;kind"'),
        (b"a,kind\n1,x\n1e999,y\n" + b"2,x\n3,y\n" * 9, "t.csv:3:a", '"1e999" is not a finite number'),
    ],
)
def test_files_that_are_refused(process: Any, folder: Path, content: bytes, place: str, message: str) -> None:
    (folder / "t.csv").write_bytes(content)
    config(folder, "t.csv", "  target: kind\n  features: {a: number}\n")
    outcome = process("train", "c.yaml", "--json")
    assert outcome.code == 3
    assert "Traceback" not in outcome.err
    error = outcome.json["error"]
    assert (error["where"], error["message"]) == (place, message)


def test_several_json_lines_files(cli: Any, folder: Path) -> None:
    (folder / "parts").mkdir()
    with (folder / "flowers.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number in range(3):
        lines = [json.dumps({**row, "width": float(row["width"])}) for row in rows[number::3]]
        (folder / "parts" / f"{number}.jsonl").write_text("\n".join(lines))
    config(folder, '"parts/*.jsonl"', "  target: kind\n")
    assert cli("train", "c.yaml", "--run-dir", "run").code == 0
    outcome = cli("predict", "run", "parts/1.jsonl", "-o", "out.csv", "--json")
    assert outcome.json["rows"] == 15
    assert (folder / "out.csv").read_text().splitlines()[1].startswith(rows[1]["width"])
    outcome = cli("evaluate", "run", "--data", "parts/*.jsonl", "--json")
    assert outcome.json["rows"] == 45


def test_npy_files(cli: Any, folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.normal(size=(30, 4)))
    np.save(folder / "y.npy", np.arange(30) % 2)
    config(folder, "{type: npy, path: x.npy, targets: y.npy}")
    assert cli("train", "c.yaml", "--run-dir", "run").code == 0
    outcome = cli("predict", "run", "x.npy", "-o", "out.csv", "--json")
    assert outcome.json["rows"] == 30


def test_parquet_files(cli: Any, folder: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    polars.read_csv(folder / "flowers.csv").write_parquet(folder / "flowers.parquet")
    for source in ("flowers.csv", "flowers.parquet"):
        config(folder, source, "  target: kind\n")
        assert cli("train", "c.yaml", "--run-dir", source.partition(".")[2]).code == 0
    figures = [json.loads((folder / name / "summary.json").read_text())["metrics"] for name in ("csv", "parquet")]
    assert figures[0] == figures[1]
    assert cli("predict", "parquet", "flowers.parquet", "-o", "out.csv").code == 0
    head = (folder / "flowers.csv").read_text().splitlines()[1]
    assert (folder / "out.csv").read_text().splitlines()[1].startswith(head)


def test_images_in_folders(cli: Any, folder: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    rng = np.random.default_rng(0)
    for number in range(20):
        path = folder / "pets" / ("cat", "dog")[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.fromarray(rng.integers(0, 255, (5, 4, 3), np.uint8)).save(path)
    config(folder, "{type: images, path: pets, size: [4, 4]}")
    assert cli("train", "c.yaml", "--run-dir", "run").code == 0
    assert cli("predict", "run", "pets/dog", "-o", "out.csv").code == 0
    rows = list(csv.reader((folder / "out.csv").read_text().splitlines()))
    assert rows[0] == ["file", "prediction"]
    assert [row[0] for row in rows[1:]] == [f"{number:02}.png" for number in range(1, 20, 2)]
    assert {row[1] for row in rows[1:]} <= {"cat", "dog"}
    outcome = cli("evaluate", "run", "--data", "pets", "--json")
    assert outcome.json["rows"] == 20
    (folder / "pets" / "dog" / "note.txt").touch()
    outcome = cli("train", "c.yaml", "--json")
    assert (outcome.code, outcome.json["error"]["where"]) == (3, "pets/dog/note.txt")
