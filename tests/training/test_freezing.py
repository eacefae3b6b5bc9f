from __future__ import annotations

import copy

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.training.events import EpochEnd, Finished
from scratchnn.training.freezing import Freeze, Freezing

OPTIMIZERS = [
    {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.1},
    {"type": "adam", "learning_rate": 0.01, "weight_decay": 0.1},
    {"type": "adamw", "learning_rate": 0.01, "lookahead": {"every": 2}},
    {"type": "schedule_free_adamw", "learning_rate": 0.01},
    {"type": "muon", "learning_rate": 0.01},
    {"type": "lars", "learning_rate": 0.1},
]


def walk(made):
    """The named arrays after each epoch, at the end of the list those of the finished network."""
    seen = []
    with np.errstate(all="ignore"):
        for event in made.trainer.events():
            if isinstance(event, EpochEnd | Finished):
                seen.append({name: array.copy() for name, array in made.network.arena.named_arrays().items()})
    return seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda value: value["type"])
def test_a_frozen_parameter_does_not_move_by_a_bit(make, optimizer):
    """Not by decay, penalties, momentum or constraints; all the others do, and after `until` it does too."""
    made = make(
        optimizer=optimizer,
        regularization={"l2": 0.1, "l1": 0.01, "constraints": [{"match": "0.*", "constraint": "unit_norm"}]},
        freeze=[{"match": "0.*", "until": 2}, {"match": "1.beta"}],
    )
    before = {name: array.copy() for name, array in made.network.arena.named_arrays().items()}
    seen = walk(made)
    for after in seen[:2]:
        for name in ("0.weight", "0.bias", "1.beta"):
            np.testing.assert_array_equal(after[name], before[name])
        for name in ("1.gamma", "3.weight", "3.bias"):
            assert not np.array_equal(after[name], before[name])
    for after in seen[2:]:
        np.testing.assert_array_equal(after["1.beta"], before["1.beta"])
        assert not np.array_equal(after["0.weight"], before["0.weight"])


def test_the_optimizer_starts_when_a_parameter_is_freed(make):
    """The first step of Adam is that of step 1: the learning rate in each number, not three times as much."""
    made = make(
        optimizer={"type": "adam", "learning_rate": 0.01},
        layers=[Dense(units=5, activation="tanh"), Dense(units=3)],
        freeze=[{"match": "0.*", "until": 3}],
        batch_size="all",
    )
    before = made.network.arena.named_arrays()["0.weight"].copy()
    seen = walk(made)
    step = np.abs(seen[3]["0.weight"] - before)
    np.testing.assert_allclose(step, 0.01, rtol=1e-3)


def test_without_entries_nothing_is_frozen(make):
    made = Freezing([], make().network, 4)
    assert not made.active
    assert made.lowest(0) == 0
    assert made.parameters(0) == made.layers(0) == frozenset()


def test_the_rest_trains_as_in_plain_numpy(make):
    """Frozen first layers are a fixed function: the head does softmax regression on their outputs, step by step."""
    layers = [Dense(units=5, activation="tanh"), Dense(units=3)]
    optimizer = {"type": "sgd", "learning_rate": 0.1}
    made = make(layers=layers, freeze=[{"match": "0.*"}], optimizer=optimizer, epochs=3, batch_size="all")
    arrays = {name: array.astype(np.float64) for name, array in made.network.arena.named_arrays().items()}
    hidden = np.tanh(made.train.inputs @ arrays["0.weight"] + arrays["0.bias"])
    weight, bias, shares = arrays["1.weight"], arrays["1.bias"], made.train.weights / made.train.weights.sum()
    for after in walk(made)[:3]:
        logits = hidden @ weight + bias
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = exponents / exponents.sum(axis=1, keepdims=True)
        error[np.arange(len(error)), made.train.targets] -= 1
        error *= shares[:, None]
        weight, bias = weight - 0.1 * hidden.T @ error, bias - 0.1 * error.sum(axis=0)
        np.testing.assert_allclose(after["1.weight"], weight, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(after["1.bias"], bias, rtol=1e-4, atol=1e-6)


def test_a_frozen_gradient_counts_in_no_norm(make):
    """clip_norm limits the norm of what is trained."""
    arguments = {"layers": [Dense(units=50), Dense(units=3)], "optimizer": {"type": "sgd", "learning_rate": 1.0}}
    made = make(**arguments, freeze=[{"match": "0.*"}], regularization={"clip_norm": 1e-3}, batch_size="all", epochs=1)
    before = made.network.arena.named_arrays()["1.weight"].copy(), made.network.arena.named_arrays()["1.bias"].copy()
    after = walk(made)[-1]
    moved = np.concatenate(
        [(after[f"1.{name}"] - old).reshape(-1) for name, old in zip(("weight", "bias"), before, strict=True)]
    )
    assert np.linalg.norm(moved) == pytest.approx(1e-3, rel=1e-3)


def test_frozen_statistics_stay_and_are_used(make):
    """`1.*` matches the running statistics: the layer works as outside of training. `1.gamma` does not."""
    made = make(freeze=[{"match": "1.*", "until": 2}])
    made.network.arena.named_arrays()["1.running_mean"][...] = 0.5
    seen = walk(made)
    np.testing.assert_array_equal(seen[1]["1.running_mean"], 0.5)
    assert (seen[2]["1.running_mean"] != 0.5).all()
    moving = walk(make(freeze=[{"match": "1.gamma"}]))
    assert not np.array_equal(moving[0]["1.running_mean"], np.zeros(5))


def test_frozen_batch_norm_is_that_of_inference() -> None:
    network = Network([BatchNorm(), Dense(units=2)], InputSpec((3,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    network.arena.named_arrays()["0.running_mean"][...] = [1.0, 2.0, 3.0]
    network.arena.named_arrays()["0.running_variance"][...] = [4.0, 5.0, 6.0]
    inputs = np.random.default_rng(1).standard_normal((7, 3))
    batch = network.workspace(7, input_gradient=True).batch(7)
    batch.inputs[...] = inputs
    run = Pass(training=True, frozen=frozenset({"0."}))
    np.testing.assert_allclose(batch.forward(run), network.predict(inputs), rtol=1e-12)
    batch.output_gradient[...] = 1.0
    batch.backward(run)
    weight = network.arena.named_arrays()["1.weight"]
    expected = weight.sum(axis=1) / np.sqrt(np.array([4.0, 5.0, 6.0]) + 1e-5)
    np.testing.assert_allclose(batch.input_gradient, np.tile(expected, (7, 1)), rtol=1e-12)


def test_no_work_is_done_below_the_lowest_trained_layer() -> None:
    """And the gradients above are the same, to the bit."""
    layers = [Dense(units=6, activation="relu"), BatchNorm(), Dropout(rate=0.2), Dense(units=4), Dense(units=2)]
    network = Network(layers, InputSpec((3,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    made = {}
    for lowest in (0, 3, 0):
        batch = network.workspace(8).batch(8)
        batch.inputs[...] = np.random.default_rng(1).standard_normal((8, 3))
        network.arena.gradients.fill(np.nan)
        run = Pass(training=True, rng=np.random.default_rng(2), lowest=lowest)
        batch.forward(run)
        batch.output_gradient[...] = np.random.default_rng(3).standard_normal((8, 2))
        batch.backward(run)
        made[lowest] = {name: slot.view(network.arena.gradients).copy() for name, slot in network.arena.slots.items()}
    for name in ("3.weight", "3.bias", "4.weight", "4.bias"):
        np.testing.assert_array_equal(made[3][name], made[0][name])
    for name in ("0.weight", "1.gamma"):
        assert np.isnan(made[3][name]).all()
        assert np.isfinite(made[0][name]).all()


def freezing(*entries: dict, epochs: int = 10) -> Freezing:
    layers = [Dense(units=6), BatchNorm(), Dense(units=2)]
    network = Network(layers, InputSpec((3,)))
    return Freezing([Freeze.model_validate(entry) for entry in entries], network, epochs)


def test_what_is_frozen_when() -> None:
    made = freezing({"match": "0.*", "until": 5}, {"match": "0.bias"}, {"match": "1.*", "until": 2})
    assert made.parameters(0) == {"0.weight", "0.bias", "1.gamma", "1.beta"}
    assert made.parameters(4) == {"0.weight", "0.bias"}
    assert made.parameters(5) == {"0.bias"}
    assert [made.layers(epochs) for epochs in (1, 2)] == [{"1."}, set()]
    assert [made.lowest(epochs) for epochs in (0, 1, 2, 5)] == [2, 2, 1, 0]


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'training\.freeze\[1\]\.match: no parameter matches "7\.\*"'):
        freezing({"match": "0.*"}, {"match": "7.*"})
    for until in (None, 10, 99):
        with pytest.raises(ConfigError, match=r"training\.freeze: every parameter is frozen in all 10 epochs"):
            freezing({"match": "*", "until": until})
    assert freezing({"match": "*", "until": 9}).lowest(0) == 2


def test_entries_that_free_nothing_are_told() -> None:
    assert freezing({"match": "0.*", "until": 10}, {"match": "1.*"}).notes(10) == [
        'training.freeze: "0.*" stays frozen: until is 10, of 10 epochs'
    ]
    assert freezing({"match": "0.*", "until": 9}).notes(10) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda value: value["type"])
@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_snapshot_goes_on_bit_for_bit(make, optimizer, epoch):
    arguments = {"optimizer": optimizer, "freeze": [{"match": "0.*", "until": 2}, {"match": "1.*", "until": 1}]}
    whole = walk(make(**arguments))[-1]
    first = make(**arguments)
    for event in first.trainer.events():
        if isinstance(event, EpochEnd) and event.epoch == epoch:
            snapshot = first.trainer.snapshot()
            arrays = {name: array.copy() for name, array in snapshot.arrays.items()}
            snapshot = type(snapshot)(copy.deepcopy(snapshot.numbers), arrays)
            break
    second = make(**arguments)
    second.trainer.load(snapshot)
    after = walk(second)[-1]
    for name, array in whole.items():
        np.testing.assert_array_equal(after[name], array)
