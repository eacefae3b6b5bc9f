"""`scratchnn predict` with a model of texts: it goes on with a prompt."""

from __future__ import annotations

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


def test_options_of_rows_are_refused_for_texts(cli: Any, folder: Path) -> None:
    run = trained(cli, folder)
    for words, name in ((["--proba"], "--proba"), (["--columns", "a"], "--columns")):
        outcome = cli("predict", run, *words)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"{name}: is for rows, but the model is one of texts" in outcome.err


def test_options_of_texts_are_refused_for_rows(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    for words in (["--prompt", "x"], ["--top-k", "3"], ["--seed", "0"]):
        outcome = cli("predict", "flowers.csv", *words)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"{words[0]}: is for models of texts, but this one predicts rows" in outcome.err


def test_json_needs_a_file_for_rows(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    outcome = cli("predict", "flowers.csv", "--json")
    assert outcome.code == 2
    assert "--json needs -o OUT.csv" in outcome.err
