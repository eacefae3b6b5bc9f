"""Text that is no config, keys and tags that nothing knows: exit 2, the place, the key path, how to mend it.

Each row changes the good config of `conftest.CONFIG` (or replaces all of it), and tells what the first line must say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DENSE = "{type: dense, units: 8, activation: relu}"
BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{below}'] * 10)}]\n" for name, below in ("ba", "cb", "dc", "ed")
)

# id: (old text, new text, "line:column", then fragments of the message). Line and column are those of the new text.
FAULTS_OF_YAML: dict[str, tuple[str, str, str, *tuple[str, ...]]] = {
    "a brace is not closed": (
        "1e-2}",
        "1e-2",
        "10:9",
        'lacks a "," or its "}"',
        "started at line 9",
        "Close the brace",
    ),
    "a quote is not closed": ("kind", '"kind', "13:1", "ends inside quotes", "line 4", "Close the quotes"),
    "a colon in text": ("kind", "kind: x", "4:15", 'a ":" cannot stand here', "in quotes"),
    "no space after a colon": ("seed: 0", "seed:0", "2:5", 'a ":" cannot stand here'),
    "wrong indentation": ("  target", " target", "4:2", "does not fit the lines above", "Mend the indentation"),
    "a tab": ("  target", "\ttarget", "4:1", "a tab cannot stand here", "Indent with spaces"),
    "a duplicate key": ("seed: 0", "seed: 0\nseed: 1", "2:1", 'the key "seed"', "first at 1:1", "Keep one"),
    "a duplicate key deep down": ("units: 8", "units: 8, units: 9", "7:31", 'the key "units"', "first at 7:21"),
    "two documents": ("seed: 0", "seed: 0\n---", "2:1", "a second document", 'remove the "---"'),
    "a tag that makes objects": ("seed: 0", "seed: !!python/name:os.system", "1:7", "!!python/name:os.system", "plain"),
    "an alias without an anchor": ("seed: 0", "seed: *s", "1:7", "names no anchor", "&name"),
    "an alias of itself": ("seed: 0", "seed: &s [*s]", "1:7", "a value that it is part of"),
    "an anchor bomb": ("seed: 0", BOMB, "1:26", "more than 100,000 values", "Aliases that hold aliases"),
    "nested without end": ("seed: 0", "seed: " + 60 * "[" + 60 * "]", "1:56", "nested more than 50 deep"),
    "a merge of a number": ("seed: 0", "<<: 3", "1:5", '"<<" merges mappings only', "alias"),
    "a number as a key": ("seed: 0", "1: 0", "1:1", "a key must be text", 'Put it in quotes: "1"'),
    "a control character": ("seed: 0", "seed: \x01", "1:7", "U+0001", "Remove the character"),
    "a list at the top": ("", "- seed: 0", "1:1", "the top level is a list", "seed: 42"),
}

UNKNOWN_NAMES: dict[str, tuple[str, str, str, *tuple[str, ...]]] = {
    # Unknown keys, at each level
    "an unknown key at the top": ("seed", "sede", "1:1", 'unknown key "sede"', 'Did you mean "seed"?'),
    "an unknown key of data": ("target", "targt", "4:3", 'data: unknown key "targt"', '"target"?'),
    "an unknown key of a layer": (
        ", activation",
        ", activaton",
        "7:31",
        "model.layers[0]: unknown key",
        '"activation"?',
    ),
    "an unknown key of an optimizer": (
        "learning_rate",
        "lr",
        "9:25",
        'optimizer: unknown key "lr"',
        '"learning_rate"?',
    ),
    "an unknown key of training": ("epochs", "epoch", "11:3", 'training: unknown key "epoch"', '"epochs"?'),
    "an unknown key three levels down": (
        *("epochs: 2", "checkpoint: {evry_epochs: 2}", "11:16", "training.checkpoint: unknown key"),
        '"every_epochs"?',
    ),
    "a key of a sibling": ("1e-2", "1e-2, momentum: 1", "9:46", '"momentum" is a key of', "sgd"),
    "a key in the wrong section": ("seed: 0", "epochs: 3", "1:1", 'unknown key "epochs"', 'belongs under "training"'),
    # Misspelt tags, in every family
    "an unknown layer": ("type: dense", "type: dens", "7:14", 'model.layers[0]: unknown layer "dens"', '"dense"?'),
    "an unknown activation": (
        "relu",
        "rleu",
        "7:43",
        'model.layers[0].activation: unknown activation "rleu"',
        '"relu"?',
    ),
    "an unknown activation in full": ("relu", "{type: eluu, alpha: 1}", "7:50", 'unknown activation "eluu"', '"elu"?'),
    "an unknown initializer": (
        "model:",
        "model:\n  init: he_norml",
        "6:9",
        "model.init: unknown initializer",
        '"he_normal"?',
    ),
    "an unknown initializer of a layer": (
        *("units: 8", "units: 8, init: zeroes", "7:37", "model.layers[0].init: unknown initializer"),
        'Did you mean "zeros"?',
    ),
    "an unknown loss": (
        "seed: 0",
        "loss: cross_entrpy",
        "1:7",
        'loss: unknown loss "cross_entrpy"',
        '"cross_entropy"?',
    ),
    "an unknown optimizer": ("adam", "adm", "9:19", 'optimizer: unknown optimizer "adm"', '"adam"?'),
    "an unknown schedule": ("seed: 0", "schedule: cosin", "1:11", 'schedule: unknown schedule "cosin"', '"cosine"?'),
    "an unknown metric": (
        "seed: 0",
        "metrics: [accuracy, acuracy]",
        "1:21",
        "metrics[1]: unknown metric",
        '"accuracy"?',
    ),
    "an unknown source": ("flowers.csv", "{type: cvs}", "3:18", 'data.source: unknown source "cvs"', '"csv"?'),
    "an unknown split": ("kind", "kind\n  split: randm", "5:10", 'data.split: unknown split "randm"', '"random"?'),
    "an unknown feature": (
        *("kind", "kind\n  features: {width: numbr}", "5:21", 'data.features.width: unknown feature "numbr"'),
        '"number"?',
    ),
    # Short and long forms
    "a layer without a type": ("type: dense, ", "", "7:7", "model.layers[0]: lacks `type`", "Choose one of: dense,"),
    "a type as a key": (DENSE, "dense: {units: 8}", "7:7", "model.layers[0]: lacks `type`", 'Write "type: dense"'),
    "a short form that needs more": (
        DENSE,
        "dense",
        "7:7",
        'lacks the required key "units"',
        "{type: dense, units: ...}",
    ),
    "a layer that is null": (DENSE, "", "7:6", "model.layers[0]: expects a layer, got null", "Choose one of:"),
}


@pytest.mark.parametrize("row", FAULTS_OF_YAML)
def test_a_fault_of_yaml(row: str, refused: Any) -> None:
    refused(*FAULTS_OF_YAML[row])


@pytest.mark.parametrize("row", UNKNOWN_NAMES)
def test_an_unknown_name(row: str, refused: Any) -> None:
    refused(*UNKNOWN_NAMES[row])


@pytest.mark.parametrize("row", ["a tab", "an anchor bomb", "an unknown layer"])
def test_in_a_process(row: str, refused_by_process: Any) -> None:
    refused_by_process(*(FAULTS_OF_YAML | UNKNOWN_NAMES)[row])


def test_the_good_config_is_good(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0


def test_faults_come_all_at_once_in_the_order_of_the_file(cli: Any, folder: Path) -> None:
    text = (folder / "c.yaml").read_text()
    for old, new in (("seed", "sede"), ("relu", "rleu"), ("1e-2", "-1"), ("epochs: 2", "epochs: two")):
        text = text.replace(old, new, 1)
    (folder / "c.yaml").write_text(text)
    outcome = cli("validate", "c.yaml", "--set", "training.batch_size=0", "--json")
    assert outcome.code == 2
    places = [line.split(": ")[1] for line in outcome.err.splitlines()]
    assert places == ["c.yaml:1:1", "c.yaml:7:43", "c.yaml:9:40", "c.yaml:11:11", "--set training.batch_size=0"]
    error = outcome.json["error"]
    assert (error["kind"], error["message"]) == ("config", "5 faults")
    assert [fault["where"] for fault in error["faults"]] == places
