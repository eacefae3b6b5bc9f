"""Values that a config cannot have, alone, together, or with its data: exit 2, the place, the key path, how to mend it.

Each row changes the good config of `conftest.CONFIG`, and tells what the first line must say.
"""

from __future__ import annotations

from typing import Any

import pytest

LAYERS = """
    - {type: dense, units: 8, activation: relu}
    - {type: dense, units: auto}
"""
DENSE = "{type: dense, units: 8, activation: relu}"

# id: (old text, new text, "line:column", then fragments of the message). Line and column are those of the new text.
WRONG_VALUES: dict[str, tuple[str, str, str, *tuple[str, ...]]] = {
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
    "a name that leaves the folder": ("seed: 0", "name: ../up", "1:7", 'got "../up"', "letters, digits, dots"),
    "a name with a space": ("seed: 0", 'name: "my run!"', "1:7", "(letters, digits, dots,", 'got "my run!"'),
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


@pytest.mark.parametrize("row", WRONG_VALUES)
def test_a_wrong_value(row: str, refused: Any) -> None:
    refused(*WRONG_VALUES[row])


@pytest.mark.parametrize(
    "row", ["no data", "dense on images", "a plugin that is missing", "deterministic with two threads"]
)
def test_in_a_process(row: str, refused_by_process: Any) -> None:
    refused_by_process(*WRONG_VALUES[row])


def test_no_message_shows_a_regular_expression(spoil: Any, cli: Any) -> None:
    spoil("seed: 0", 'name: "my run!"')
    spoil("epochs: 2", "early_stopping: {monitor: val_loss}")
    err = cli("validate", "c.yaml").err
    assert len(err.splitlines()) == 2
    assert "^" not in err
    assert "train.loss, validation.loss or validation.<metric>" in err
