from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import UsageError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import train


@pytest.fixture
def run(binary):
    return train(binary(data={"features": {"color": "category"}})).run


def columns(result):
    return {one.name: one for one in result.importance.columns}


def test_the_column_that_tells_most_comes_first(run):
    found = evaluate(run, split="train", importance=True, metric="roc_auc")
    assert found.importance.columns[0].name == "x"
    assert found.importance.columns[0].mean > 0.1
    assert set(columns(found)) == {"x", "y", "color"}
    made = found.to_json()["importance"]
    assert (made["metric"], made["repeats"], made["seed"]) == ("roc_auc", 5, 7)
    assert made["figure"] == found.metrics["roc_auc"]
    assert list(made["columns"]) == [one.name for one in found.importance.columns]
    assert made["columns"]["x"]["mean"] == columns(found)["x"].mean


def test_a_column_whose_weights_are_0_has_none(run):
    stored = ModelFile.read(run / "model.safetensors")
    names = [name for name, array in stored.arrays.items() if array.ndim == 2 and array.shape[0] > 2]
    first = next(name for name in names if name.startswith("0."))
    width = stored.arrays[first].shape[0]
    place = [column.name for column in stored.encoder.inputs.columns]
    starts = np.cumsum([0, *(column.width for column in stored.encoder.inputs.columns)])
    assert starts[-1] == width
    own = slice(starts[place.index("color")], starts[place.index("color") + 1])
    assert own.stop - own.start > 1  # all inputs of the column together
    stored.arrays[first][own] = 0
    stored.write(run / "model.safetensors")
    for metric in ("log_loss", "accuracy", "loss"):
        found = columns(evaluate(run, importance=True, metric=metric, repeats=3))
        assert found["color"].losses == (0.0, 0.0, 0.0)
        assert any(found["x"].losses)


def test_the_seed_draws_and_the_metric_is_that_of_the_config(run):
    one, same, other = (evaluate(run, importance=True, seed=seed).importance for seed in (7, None, 8))
    assert one == same
    assert one.columns != other.columns
    assert one.metric == "accuracy"


def test_flat_arrays_by_feature_and_others_not_at_all(config):
    np.savez("data/flat.npz", inputs=np.random.default_rng(0).normal(size=(40, 3)), targets=np.arange(40) % 2)
    np.savez("data/wide.npz", inputs=np.random.default_rng(0).normal(size=(40, 300)), targets=np.arange(40) % 2)
    np.savez("data/deep.npz", inputs=np.random.default_rng(0).normal(size=(40, 2, 2)), targets=np.arange(40) % 2)
    layers = {"layers": ["flatten", {"type": "dense", "units": "auto"}]}

    def trained(name):
        data = {"source": f"../data/{name}.npz", "target": None, "features": None}
        return train(config(name, data=data, model=layers)).run

    assert set(columns(evaluate(trained("flat"), importance=True))) == {"x1", "x2", "x3"}
    with pytest.raises(UsageError, match="is for 256 features or fewer, the samples have 300"):
        evaluate(trained("wide"), importance=True)
    with pytest.raises(UsageError, match=r"samples of the shape \(2, 2\)"):
        evaluate(trained("deep"), importance=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"repeats": 3}, "--repeats: does nothing without --importance"),
        ({"metric": "f1"}, "--metric: does nothing without --importance"),
        ({"importance": True, "repeats": 0}, "--repeats: got 0"),
        ({"importance": True, "repeats": 1001}, "--repeats: got 1001, expected 1000 or fewer"),
        ({"importance": True, "metric": "f7"}, 'no figure "f7" that can get worse'),
        ({"importance": True, "metric": "confusion_matrix"}, 'no figure "confusion_matrix"'),
        ({"importance": True, "seed": -1}, "--seed: got -1"),
    ],
)
def test_wrong_options(run, options, words):
    with pytest.raises(UsageError, match=words):
        evaluate(run, **options)
