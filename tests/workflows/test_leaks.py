"""Promise: preprocessing is fitted on the training split only, and no other row reaches the weights."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.preparation import prepare
from scratchnn.training.model_file import ModelFile
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.train import train


@pytest.mark.parametrize("target", ["kind", "price"])
@pytest.mark.parametrize("changed", ["validation", "test"])
def test_rows_that_are_not_trained_on_change_no_fitted_number_and_no_weight(config, table, write, changed, target):
    features = {"kind": "ignore", "price": "ignore", target: None}
    path = config(
        data={"target": target, "features": features, "split": {"stratify": False}}, training={"early_stopping": None}
    )
    rows = table()
    first = train(path)
    loaded = load_config(path)
    parts = prepare(loaded.config.data, loaded.base, Streams(loaded.config.seed).split).parts
    for row in parts[changed].rows:
        rows[row] |= {"x": "1e6", "y": "-77", "color": "violet", "price": "1e9"}
    write("data/table.csv", rows)
    second = train(path)
    models = [ModelFile.read(result.run / "model.safetensors") for result in (first, second)]
    assert models[0].encoder == models[1].encoder
    for name, array in models[0].arrays.items():
        assert array.tobytes() == models[1].arrays[name].tobytes()
    assert [name for name in parts if models[0].parts[name] != models[1].parts[name]] == [changed]
    assert first.metrics["train"] == second.metrics["train"]
    assert first.metrics[changed] != second.metrics[changed]


def test_rows_that_are_trained_on_do_change_them(config, table, write):
    path = config(training={"early_stopping": None})
    rows = table()
    first = train(path)
    loaded = load_config(path)
    rows[prepare(loaded.config.data, loaded.base, Streams(7).split).train.rows[0]] |= {"x": "5"}
    write("data/table.csv", rows)
    models = [ModelFile.read(result.run / "model.safetensors") for result in (first, train(path))]
    assert models[0].encoder != models[1].encoder
    assert not np.array_equal(models[0].arrays["0.weight"], models[1].arrays["0.weight"])
