"""Every class of fault that a config can have: exit 2, the place, the key path, how to mend it, never a traceback.

Each row changes the good config of `conftest.CONFIG` (or replaces all of it), and tells what the first line must say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

LAYERS = """
    - {type: dense, units: 8, activation: relu}
    - {type: dense, units: auto}
"""
DENSE = "{type: dense, units: 8, activation: relu}"
BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{below}'] * 10)}]\n" for name, below in ("ba", "cb", "dc", "ed")
)

# id: (old text, new text, "line:column", then fragments of the message). Line and column are those of the new text.
TEXTS: dict[str, tuple[str, str, str, *tuple[str, ...]]] = {
    # YAML
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
    # Wrong kinds of values
    "text for a whole number": (
        "epochs: 2",
        'epochs: "2"',
        "11:11",
        'training.epochs: expects a whole number of at least 1, got "2"',
        "without quotes",
    ),
    "a word for a number": ("1e-2", "fast", "9:40", 'optimizer.learning_rate: expects a number above 0, got "fast"'),
    "true for a whole number": (
        "epochs: 2",
        "epochs: true",
        "11:11",
        "training.epochs: expects a whole number",
        "got true",
    ),
    "a fraction for a whole number": (
        "epochs: 2",
        "epochs: 2.5",
        "11:11",
        "training.epochs: expects a whole number",
        "got 2.5",
    ),
    "yes for true": (
        "seed: 0",
        "deterministic: yes",
        "1:16",
        "deterministic: expects true or false",
        "Write true or false",
    ),
    "a number for text": ("kind", "3", "4:11", "data.target: expects text", 'Put it in quotes: "3"'),
    "a list for a mapping": (
        "{type: adam, learning_rate: 1e-2}",
        "[adam]",
        "9:12",
        "optimizer: expects an optimizer",
        "adamw",
    ),
    "a mapping for a list": (
        LAYERS,
        " {type: dense}\n",
        "6:3",
        "model.layers: expects a list",
        'got {"type": "dense"}',
    ),
    "text for a list": ("seed: 0", "plugins: a.py", "1:10", "plugins: expects a list", '["a.py"]'),
    "null": (
        "epochs: 2",
        "epochs:",
        "11:10",
        "training.epochs: expects a whole number of at least 1, got null",
        "take the key out",
    ),
    # Out of range
    "no units": (
        "units: 8",
        "units: 0",
        "7:28",
        "model.layers[0].units: expects a whole number of at least 1",
        "got 0",
    ),
    "a negative learning rate": ("1e-2", "-1", "9:40", "optimizer.learning_rate: expects a number above 0, got -1"),
    "a learning rate that is no number": ("1e-2", ".nan", "9:40", "optimizer.learning_rate: expects a finite number"),
    "an infinite learning rate": ("1e-2", ".inf", "9:40", "optimizer.learning_rate: expects a finite number, got .inf"),
    "a number beyond all numbers": ("1e-2", "1e999", "9:40", "beyond 1.8e308"),
    "a dropout of everything": (
        DENSE,
        "{type: dropout, rate: 1.0}",
        "7:29",
        "model.layers[0].rate",
        "below 1, got 1.0",
    ),
    "no threads": ("seed: 0", "threads: 0", "1:10", "threads: expects a whole number from 1 to 1024", "got 0"),
    "a negative seed": ("seed: 0", "seed: -1", "1:7", "seed: expects a whole number of at least 0, got -1"),
    "an unknown dtype": ("model:", "model:\n  dtype: float16", "6:10", 'model.dtype: expects "float32" or "float64"'),
    "a name that leaves the folder": ("seed: 0", "name: ../up", "1:7", 'got "../up"', "Letters, digits, dots"),
    # Missing
    "no data": ("data:\n  source: flowers.csv\n  target: kind\n", "", "1:1", 'lacks the required key "data"'),
    "no source": ("  source: flowers.csv\n", "", "2:1", 'data: lacks the required key "source"', ".csv"),
    "no target": ("  target: kind\n", "", "2:1", "data: a table needs `target`"),
    "no layers": (f"layers:{LAYERS}", "init: zeros\n", "5:1", 'model: lacks the required key "layers"'),
    "an empty list of layers": (LAYERS, " []\n", "6:3", "model.layers: expects a list of length at least 1, got []"),
    # Keys that contradict each other
    "deterministic with two threads": (
        "seed: 0",
        "threads: 2\ndeterministic: true",
        "2:1",
        "means one thread",
        "Remove `threads`",
    ),
    "a target without columns": ("flowers.csv", "moons", "4:3", "data: `target` is for tables", "Remove it"),
    "a split without training rows": (
        *("kind", "kind\n  split: {type: random, validation: 0.6, test: 0.5}", "5:3"),
        "data.split: validation and test together must be below 1",
    ),
    "a metric twice": ("seed: 0", "metrics: [f1, f1]", "1:1", "`metrics` names f1 twice"),
    # What does not fit the data or the task
    "a metric of the other task": (
        "seed: 0",
        "metrics: [rmse]",
        "1:11",
        "metrics[0]: rmse is for regression",
        "data.task",
    ),
    "a loss of the other task": ("seed: 0", "loss: mse", "1:7", "loss (mse) needs numbers as targets", "cross_entropy"),
    "a loss for two classes": (
        "seed: 0",
        "loss: binary_cross_entropy",
        "1:7",
        "needs two classes",
        "Use cross_entropy",
    ),
    "a softmax before cross_entropy": (
        "auto",
        "auto, activation: softmax",
        "8:7",
        "model.layers[1]",
        "takes raw outputs",
        "Remove the softmax",
    ),
    "a softmax layer before cross_entropy": (
        "{type: dense, units: auto}",
        "{type: dense, units: 3}\n    - softmax",
        "9:7",
        "model.layers[2]",
        "Remove the softmax",
    ),
    "softmax at the end of a sequential": (
        "{type: dense, units: auto}",
        "{type: sequential, layers: [{type: dense, units: 3}, softmax]}",
        "8:7",
        "model.layers[1]",
        "Remove the softmax",
    ),
    "a pattern that names no parameter": (
        *("model:\n", "model:\n  init_by_name: {'*.weights': zeros}\n"),
        *("6:3", 'model.init_by_name: no parameter matches "*.weights"', "There are 0.weight"),
    ),
    "units: auto in the middle": (
        "units: 8",
        "units: auto",
        "7:7",
        "model.layers[0] (dense) units: auto",
        "Give a number",
    ),
    "outputs that do not fit": (
        "auto",
        "7",
        "8:7",
        "model.layers[1] (dense) gives outputs (7,)",
        "needs (3,)",
        "units: auto",
    ),
    "dense on images": (
        *(
            "flowers.csv\n  target: kind",
            "{type: npz, path: images.npz}",
            "7:7",
            "model.layers[1] (dense) gives outputs (4, 1)",
        ),
        *("needs (1,)", 'Add "flatten" before it'),
    ),
    "a monitor of the wrong form": (
        *("epochs: 2", "early_stopping: {monitor: val_loss}", "11:29", "training.early_stopping.monitor"),
        "validation.<metric>",
    ),
    "a monitor that is not measured": (
        *("epochs: 2", "early_stopping: {monitor: validation.acuracy}", "11:29", "training.early_stopping.monitor"),
        'Did you mean "validation.accuracy"?',
    ),
    "a class that is not there": ("epochs: 2", "class_weights: {okk: 1}", "11:3", "training.class_weights", '"oak"?'),
    # Plugins
    "a plugin that is missing": ("seed: 0", "plugins: [no.py]", "1:11", "plugins[0]: no.py: there is no such file"),
    "a plugin that is a table": (
        "seed: 0",
        "plugins: [flowers.csv]",
        "1:11",
        "plugins[0]: flowers.csv: is not a Python file",
    ),
}

# --set, then fragments of the message.
OVERRIDES: dict[str, tuple[str, ...]] = {
    "training.epochs": ('lacks a "="', "--set training.epochs=5"),
    "=3": ('names no key before "="',),
    "training..epochs=3": ('cannot read a key at "..epochs=3"',),
    "training.epochs=0": ("training.epochs: expects a whole number of at least 1, got 0",),
    'seed="1"': ('seed: expects a whole number of at least 0, got "1"', "without quotes"),
    "training.epohcs=3": ('training: unknown key "epohcs"', 'Did you mean "epochs"?'),
    "traning.epochs=3": ('unknown key "traning"', 'Did you mean "training"?'),
    "model.layers.7.units=3": ('model.layers is a list of 2, it has no "7"', "indices are 0 to 1"),
    "model.layers.x=3": ('model.layers is a list of 2, it has no "x"', "+ appends"),
    "model[0]=1": ("model is a mapping, it has no [0]",),
    "seed.x=3": ("seed is a single value, it has no keys", "Set the whole of it"),
    "optimizer=[1": ("the value cannot be read", "Close the bracket"),
    "optimizer.type=adm": ('unknown optimizer "adm"', 'Did you mean "adam"?'),
    "model.layers.0.activation=rleu": ('model.layers[0].activation: unknown activation "rleu"', '"relu"?'),
    "model.layers.+={type: dens}": ('model.layers[2]: unknown layer "dens"', '"dense"?'),
    "data.split={type: random, test: 2}": ("data.split.test: expects a number of at least 0 and below 1, got 2",),
    "seed=1e999": ("beyond 1.8e308",),
}

IN_A_PROCESS = (
    "a tab",
    "an unknown layer",
    "no data",
    "dense on images",
    "a plugin that is missing",
    "deterministic with two threads",
    "an anchor bomb",
)


def write(good: Path, row: str) -> tuple[str, tuple[str, ...]]:
    """Writes the wrong config of a row; its place and what the message must hold."""
    old, new, place, *fragments = TEXTS[row]
    text = good.read_text()
    assert old in text
    good.write_text(text.replace(old, new, 1) if old else new)
    return place, tuple(fragments)


@pytest.mark.parametrize("row", TEXTS)
def test_a_wrong_text(row: str, cli: Any, folder: Path) -> None:
    place, fragments = write(folder / "c.yaml", row)
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    assert outcome.out == ""
    first = outcome.err.splitlines()[0]
    assert first.startswith(f"error: c.yaml:{place}: ")
    assert [fragment for fragment in fragments if fragment not in first] == []
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_wrong_override(override: str, cli: Any, folder: Path) -> None:
    outcome = cli("train", "c.yaml", "--set", override)
    assert outcome.code == 2
    first, *rest = outcome.err.splitlines()
    assert first.startswith(f"error: --set {override}: ")
    assert [fragment for fragment in OVERRIDES[override] if fragment not in first] == []
    assert rest == []
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("row", IN_A_PROCESS)
def test_a_wrong_text_in_a_process(row: str, process: Any, folder: Path) -> None:
    place, fragments = write(folder / "c.yaml", row)
    outcome = process("train", "c.yaml", "--json")
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith(f"error: c.yaml:{place}: ")
    error = outcome.json["error"]
    assert error["where"] == f"c.yaml:{place}"
    assert all(fragment in f"{error['message']}. {error['hint']}" for fragment in fragments)


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
