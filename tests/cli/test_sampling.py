"""`scratchnn predict` with a model of texts: it goes on with a prompt."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

RHYME = "one two three four five six seven eight nine ten\n"
CONFIG = """\
name: rhyme
seed: 0
data:
  source: {type: text, path: rhyme.txt, context: 12}
model:
  layers:
    - {type: embedding, units: 8}
    - {type: lstm, units: 16, return_sequences: true}
    - {type: dense, units: auto}
optimizer: {type: adam, learning_rate: 2e-2}
training: {epochs: 1, batch_size: 16}
"""


def trained(cli: Any, folder: Path) -> str:
    """The run of a model that has seen the rhyme."""
    (folder / "rhyme.txt").write_text(RHYME * 20)
    (folder / "rhyme.yaml").write_text(CONFIG)
    outcome = cli("train", "rhyme.yaml", "--json")
    assert outcome.code == 0, outcome.err
    return str(outcome.json["run_dir"])


def test_a_prompt_is_gone_on_with(cli: Any, folder: Path) -> None:
    run = trained(cli, folder)
    outcome = cli("predict", run, "--prompt", "one two", "--length", "20", "--json")
    assert outcome.code == 0, outcome.err
    made = json.loads(outcome.out)
    assert (made["tokens"], made["output"]) == (20, None)
    assert made["text"].startswith("one two")
    assert len(made["text"]) == len("one two") + 20
    plain = cli("predict", run, "--prompt", "one two", "--length", "20").out
    assert plain.removesuffix("\n") == made["text"].removesuffix("\n")
    outcome = cli("predict", run, "--prompt", "one two", "--length", "20", "-o", "said.txt")
    assert (outcome.code, (folder / "said.txt").read_text()) == (0, made["text"])


def test_a_prompt_from_a_file(cli: Any, folder: Path) -> None:
    """Also a packed one, with any kind of line end, gives what the same prompt gives on the command line."""
    run = trained(cli, folder)
    said = cli("predict", run, "--prompt", "nine ten\none", "--length", "20").out
    (folder / "start.txt").write_bytes(b"nine ten\r\none")
    (folder / "start.txt.gz").write_bytes(gzip.compress(b"nine ten\rone"))
    for words in (["start.txt"], ["start.txt.gz"], ["--prompt", "nine ten\r\none"], ["--prompt", "nine ten\rone"]):
        outcome = cli("predict", run, *words, "--length", "20")
        assert (outcome.code, outcome.err, outcome.out) == (0, "", said)


def test_a_prompt_that_is_no_text_is_refused(cli: Any, folder: Path) -> None:
    """What the system hands over for the byte 0xff of an argument."""
    run = trained(cli, folder)
    for words in ([], ["--json"], ["-o", "said.txt"]):
        outcome = cli("predict", run, "--prompt", "one\udcff", *words)
        assert outcome.code == 2
        assert "--prompt: is not UTF-8 text" in outcome.err
    (folder / "said.txt").write_bytes(b"one\ntwo\xff")
    outcome = cli("predict", run, "said.txt")
    assert (outcome.code, outcome.err) == (
        3,
        "error: said.txt:2: byte 0xff is not UTF-8 text. Save the file as UTF-8.\n",
    )


def test_beside_a_prompt_a_path_is_the_run(cli: Any, folder: Path) -> None:
    trained(cli, folder)
    outcome = cli("predict", "runs/rime", "--prompt", "one")
    assert outcome.code == 4
    assert 'runs/rime: no such run directory or file. Did you mean "' in outcome.err
    outcome = cli("predict", "rhyme.txt", "--prompt", "one")
    assert outcome.code == 2
    assert "--prompt: does not go with a file" in outcome.err


def test_options_of_rows_are_refused_for_texts(cli: Any, folder: Path) -> None:
    run = trained(cli, folder)
    for words, name in ((["--proba"], "--proba"), (["--columns", "a"], "--columns")):
        outcome = cli("predict", run, *words)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"{name}: is for rows, but the model is one of texts" in outcome.err


def test_options_of_texts_are_refused_for_rows(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    for words in (["--prompt", "x"], ["--top-k", "3"]):
        outcome = cli("predict", "flowers.csv", *words)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"{words[0]}: is for models of texts, but this one predicts rows" in outcome.err
    outcome = cli("predict", "flowers.csv", "--seed", "0")
    assert outcome.code == 2
    assert "--seed: is for texts and --mc-samples" in outcome.err


def test_json_needs_a_file_for_rows(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    outcome = cli("predict", "flowers.csv", "--json")
    assert outcome.code == 2
    assert "--json needs -o OUT.csv" in outcome.err
