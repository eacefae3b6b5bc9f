from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scratchnn.errors import ModelError
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.network import Network
from scratchnn.training.adjustment import Adjustment
from scratchnn.training.constant_baseline import ConstantBaseline
from scratchnn.training.model_file import ModelFile
from scratchnn.training.tensors import read_tensors, write_tensors

CONFIG = {"name": "some", "seed": 3, "optimizer": {"learning_rate": 1e-3}}


def network(seed, dtype="float32"):
    made = Network([Dense(units=4), BatchNorm(), Dense(units=3)], InputSpec((3,)), dtype=dtype)
    made.initialize(np.random.default_rng(seed))
    return made


@pytest.fixture
def stored(encoder):
    made = network(1)
    made.arena.state[...] += np.linspace(0.1, 0.9, made.arena.state.size, dtype=np.float32)
    return ModelFile(CONFIG, encoder, made.arena.named_arrays(), {"train": 17, "test": 4})


def test_what_was_written_is_read(stored, tmp_path):
    stored.write(tmp_path / "m.safetensors")
    found = ModelFile.read(tmp_path / "m.safetensors")
    assert (found.config, found.encoder, found.where) == (CONFIG, stored.encoder, str(tmp_path / "m.safetensors"))
    assert found.parts == {"train": 17, "test": 4}
    other = network(2)
    found.fill(other)
    for name, array in other.arena.named_arrays().items():
        np.testing.assert_array_equal(array, stored.arrays[name])
    assert sorted(found.arrays) == sorted(stored.arrays)
    assert "1.running_variance" in found.arrays


def test_the_baseline_is_kept_apart_from_the_network(stored, tmp_path):
    path = tmp_path / "m.safetensors"
    replace(stored, baseline=ConstantBaseline({"shares": np.array([0.5, 0.25, 0.25])})).write(path)
    found = ModelFile.read(path)
    assert found.baseline is not None
    assert found.baseline.arrays["shares"].tolist() == [0.5, 0.25, 0.25]
    found.fill(network(2))
    replace(stored, baseline=ConstantBaseline({"shares": np.ones(4) / 4})).write(path)
    with pytest.raises(ModelError, match="baseline that does not fit") as caught:
        ModelFile.read(path)
    assert caught.value.where == str(path)


def test_equal_content_is_equal_bytes(stored, tmp_path):
    stored.write(tmp_path / "a.safetensors")
    stored.write(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def lacking(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: array for name, array in arrays.items() if name != "1.running_mean"}


def with_nan(arrays):
    broken = arrays["2.weight"].copy()
    broken[1, 2] = np.nan
    return {**arrays, "2.weight": broken}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lacking, r"lacks array layers\.1\.running_mean"),
        (lambda arrays: {**arrays, "7.weight": np.ones(3)}, r"has a surplus array layers\.7\.weight"),
        (
            lambda arrays: {**arrays, "0.weight": np.ones((4, 3), np.float32)},
            r"layers\.0\.weight is float32\(4, 3\), the network needs float32\(3, 4\)",
        ),
        (
            lambda arrays: {name: array.astype(np.float64) for name, array in arrays.items()},
            r"layers\.0\.bias is float64\(4,\), the network needs float32\(4,\)",
        ),
        (with_nan, r"layers\.2\.weight holds numbers that are not finite"),
    ],
)
def test_arrays_that_do_not_fit(stored, tmp_path, change, message):
    replace(stored, arrays=change(stored.arrays)).write(tmp_path / "m.safetensors")
    with pytest.raises(ModelError, match=message) as caught:
        ModelFile.read(tmp_path / "m.safetensors").fill(network(1))
    assert caught.value.where == str(tmp_path / "m.safetensors")
    assert "or train again" in caught.value.hint


def edited(stored, path, **changes):
    stored.write(path)
    document, arrays = read_tensors(path)
    for key, value in changes.items():
        if value is None:
            del document[key]
        else:
            document[key] = value
    write_tensors(path, document, arrays)
    return path


@pytest.mark.parametrize("got", [None, 0, 3, "1", [], {}])
def test_another_format_is_refused(stored, tmp_path, got):
    path = edited(stored, tmp_path / "m.safetensors", format=got)
    with pytest.raises(ModelError, match=f"has format {got}, this version reads 1".replace("[", r"\[")):
        ModelFile.read(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": None},
        {"config": None},
        {"config": 3},
        {"config": "text"},
        {"config": [1, 2]},
        {"encoder": []},
        {"parts": None},
        {"parts": 3},
    ],
)
def test_a_document_of_another_shape(stored, tmp_path, changes):
    path = edited(stored, tmp_path / "m.safetensors", **changes)
    with pytest.raises(ModelError, match=f"lacks its {next(iter(changes))}") as caught:
        ModelFile.read(path)
    assert "or train again" in caught.value.hint


@pytest.mark.parametrize(
    ("dumped", "place"),
    [({}, "inputs: Field required"), ({"target": "reconstruction"}, "inputs: Field required")],
)
def test_the_fault_of_the_preprocessing_is_told(stored, tmp_path, dumped, place):
    path = edited(stored, tmp_path / "m.safetensors", encoder=dumped)
    with pytest.raises(ModelError, match=f"holds no usable preprocessing: {place}") as caught:
        ModelFile.read(path)
    assert "or train again" in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ["a", "a", "b"]},
        {"classes": ["a"]},
        {"classes": [1, 2, 3]},
        {"targets": []},
        {"task": "magic"},
        {"inputs": {"type": "array", "shape": [3], "offset": ["0"], "scale": [1.0]}},
        {"inputs": {"type": "array", "shape": [-3], "offset": [0.0], "scale": [1.0]}},
        {"inputs": {"type": "array", "shape": [3], "offset": [0.0, 1.0], "scale": [1.0]}},
        {"inputs": {"type": "table", "columns": [{"type": "number", "name": "a", "offset": "Infinity", "scale": 1.0}]}},
        {"surplus": 1},
    ],
)
def test_preprocessing_that_we_would_not_write(stored, tmp_path, changes):
    dumped = stored.encoder.model_dump(mode="json")
    stored.write(tmp_path / "m.safetensors")
    document, arrays = read_tensors(tmp_path / "m.safetensors")
    document["encoder"] = dumped | changes
    write_tensors(tmp_path / "m.safetensors", document, arrays)
    with pytest.raises(ModelError, match="holds no usable preprocessing"):
        ModelFile.read(tmp_path / "m.safetensors")


def test_an_adjustment_is_kept_and_older_versions_refuse_it(stored, tmp_path):
    path = tmp_path / "m.safetensors"
    stored.write(path)
    assert read_tensors(path)[0]["format"] == 1
    assert ModelFile.read(path).adjustment == Adjustment()
    plain = path.read_bytes()
    kept = Adjustment(temperature=1.7, threshold=0.1)
    replace(ModelFile.read(path), adjustment=kept).write(path)
    assert read_tensors(path)[0]["format"] == 2
    found = ModelFile.read(path)
    assert found.adjustment == kept
    replace(found, adjustment=Adjustment()).write(path)
    assert path.read_bytes() == plain


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"temperature": -1.0, "threshold": None}, "no usable adjustment: temperature"),
        ({"temperature": 1.0, "threshold": 2.0}, "no usable adjustment: threshold"),
        ({"bias": 1.0}, "no usable adjustment: bias"),
        (None, "lacks its adjustment"),
    ],
)
def test_a_damaged_adjustment(stored, tmp_path, value, words):
    path = tmp_path / "m.safetensors"
    replace(stored, adjustment=Adjustment(threshold=0.5)).write(path)
    document, arrays = read_tensors(path)
    write_tensors(path, document | {"adjustment": value}, arrays)
    with pytest.raises(ModelError, match=words) as caught:
        ModelFile.read(path)
    assert caught.value.where == str(path)
