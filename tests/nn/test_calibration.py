from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.initializers import LSUV, Constant, GlorotUniform, HeNormal
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.composite import Parallel, Repeat, Residual, Sequential
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.depthwise import SeparableConv2D
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.layers.lstm import LSTM
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.pooling import MaxPool2D
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.layers.time import TimeDistributed
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network

RELU = {"type": "activation", "function": "relu"}


def inputs_of(shape, rows=300, seed=1):
    return 3 + 2 * np.random.default_rng(seed).standard_normal((rows, *shape))


def made(layers, inputs, *, init=None, dtype="float64", kind="float", seed=0, calibrate=True, **settings):
    network = Network(layers, InputSpec(inputs.shape[1:], kind), init=init or LSUV(), dtype=dtype, **settings)
    network.initialize(np.random.default_rng(seed))
    if calibrate:
        network.calibrate(inputs)
    return network


def deviations(network, inputs):
    """The deviation of each layer's outputs before the activation, by the path of the layer; padded steps left out."""
    found = {}

    def record(layer, x, y, mem, run):
        mask = run.mask
        outputs = layer.pre_activation(x, y, mem, run)
        if outputs is not None:
            real = outputs if run.mask is None else outputs[run.mask]
            found[mem.path] = float(real.std(dtype=np.float64))
        run.mask = mask

    batch = network.workspace(len(inputs)).batch(len(inputs))
    batch.inputs[...] = inputs
    batch.forward(Pass(before_layer=record))
    return found


NETWORKS = {
    "mlp": ([Dense(units=30, activation="relu"), Dropout(), Dense(units=20, activation="gelu"), Dense(units=3)], (8,)),
    "cnn": (
        [
            Conv2D(filters=6, kernel_size=3, activation="relu"),
            SeparableConv2D(filters=5, kernel_size=3, padding="same", activation="relu"),
            MaxPool2D(),
            Conv2DTranspose(filters=4, kernel_size=2, activation="tanh"),
            Flatten(),
            Dense(units=3),
        ],
        (8, 8, 2),
    ),
    "residual": (
        [
            Dense(units=6),
            Residual(layers=[RELU, Dense(units=8), RELU, Dense(units=6)]),
            Residual(layers=[BatchNorm(), Dense(units=4, activation="relu")], shortcut=[Dense(units=4)]),
            Repeat(times=2, layers=[Residual(layers=[Dense(units=4, activation="tanh")])]),
            Residual(layers=[Dense(units=5)]),  # with a projection as its shortcut
        ],
        (5,),
    ),
    "branches": ([Parallel(branches=[[Dense(units=3)], [Sequential(layers=[RELU, Dense(units=3)])]]), RELU], (5,)),
    "steps": (
        [
            TimeDistributed(layers=[Dense(units=4, activation="relu"), Dense(units=6)]),
            Conv1D(filters=3, kernel_size=2, padding="causal", activation="relu"),
            Dense(units=2),
        ],
        (7, 3),
    ),
}
COUNTS = {"mlp": 3, "cnn": 5, "residual": 9, "branches": 2, "steps": 4}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_layers_outputs_have_variance_1(name, dtype):
    layers, shape = NETWORKS[name]
    inputs = inputs_of(shape)
    layers = Sequential.model_validate({"layers": layers}).layers
    network = made(layers, inputs, dtype=dtype)
    seen = inputs[:256]  # as many as `samples`
    found = deviations(network, seen)
    assert len(found) == COUNTS[name]
    assert list(found.values()) == pytest.approx([1] * len(found), abs=0.01)
    without = deviations(made(layers, inputs, dtype=dtype, calibrate=False), seen)
    assert max(abs(deviation - 1) for deviation in without.values()) > 0.1


def test_two_layers_against_plain_numpy():
    """Mishkin and Matas 2016, algorithm 1, written out for x W, relu, h V."""
    inputs = inputs_of((6,), 40)
    init = LSUV(tolerance=1e-9, samples=30)
    network = made([Dense(units=9, activation="relu"), Dense(units=4)], inputs, init=init, seed=3)
    rng, x = np.random.default_rng(3), inputs[:30]
    expected = []
    for rows, columns in ((6, 9), (9, 4)):
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q = q @ np.diag(np.sign(np.diag(r)))
        weight = q if rows >= columns else q.T
        weight = weight / np.sqrt(np.mean((x @ weight - np.mean(x @ weight)) ** 2))
        expected.append(weight)
        x = np.maximum(x @ weight, 0)
    for name, weight in zip(("0.weight", "1.weight"), expected, strict=True):
        np.testing.assert_allclose(network.arena.named_arrays()[name], weight, rtol=1e-9)


def test_the_weights_stay_orthogonal_but_for_their_scale():
    network = made([Dense(units=4)], inputs_of((7,)))
    weight = network.arena.named_arrays()["0.weight"]
    gram = weight.T @ weight
    np.testing.assert_allclose(gram, gram[0, 0] * np.eye(4), atol=1e-12)
    assert gram[0, 0] != pytest.approx(1, abs=0.01)


def test_the_same_seed_gives_the_same_bytes():
    layers, inputs = NETWORKS["mlp"][0], inputs_of((8,))
    first, again, other = (made(layers, inputs, dtype="float32", seed=seed) for seed in (0, 0, 1))
    assert first.arena.parameters.tobytes() == again.arena.parameters.tobytes()
    assert first.arena.parameters.tobytes() != other.arena.parameters.tobytes()


def test_it_looks_at_the_first_samples_alone_and_changes_no_statistics():
    inputs = inputs_of((5,), 60)
    changed = inputs.copy()
    changed[20:] *= 100
    layers = [Dense(units=4), BatchNorm(), Dense(units=3, init=LSUV(samples=10))]
    few = LSUV(samples=20)
    first, second = made(layers, inputs, init=few), made(layers, changed, init=few)
    np.testing.assert_array_equal(first.arena.parameters, second.arena.parameters)
    np.testing.assert_array_equal(first.arena.state, made(layers, inputs, calibrate=False).arena.state)
    assert deviations(first, inputs[:20])["0."] == pytest.approx(1, abs=0.01)
    assert deviations(first, inputs[:10])["2."] == pytest.approx(1, abs=0.01)


def test_only_weights_that_start_so_are_scaled():
    inputs = inputs_of((5,))
    layers = [Dense(units=4, init=GlorotUniform()), Dense(units=4), Dense(units=3, init=LSUV(tolerance=1e-6))]
    settings = {"init": HeNormal(), "init_by_name": {"1.weight": LSUV(tolerance=1e-6)}}
    scaled, before = made(layers, inputs, **settings), made(layers, inputs, calibrate=False, **settings)
    same = {
        name: np.array_equal(array, before.arena.named_arrays()[name])
        for name, array in scaled.arena.named_arrays().items()
    }
    assert [name for name, kept in same.items() if not kept] == ["1.weight", "2.weight"]


def test_a_constant_bias_is_part_of_the_outputs():
    """It moves the mean, not the deviation."""
    inputs = inputs_of((5,))
    network = made([Dense(units=4, bias_init=Constant(value=5.0))], inputs)
    assert deviations(network, inputs[:256])["0."] == pytest.approx(1, abs=0.01)


def test_iterations_and_tolerance_end_it():
    """A bias that varies by unit keeps the deviation from 1 after one division."""
    inputs = inputs_of((5,))

    def deviation(**settings):
        network = Network([Dense(units=4)], InputSpec((5,)), init=LSUV(**settings), dtype="float64")
        network.initialize(np.random.default_rng(0))
        network.arena.named_arrays()["0.bias"][...] = [-0.9, 0.9, -0.9, 0.9]
        network.calibrate(inputs)
        return deviations(network, inputs[:256])["0."]

    gaps = [abs(deviation(iterations=count, tolerance=1e-6) - 1) for count in (1, 2, 200)]
    assert gaps[0] > gaps[1] > 1e-4
    assert gaps[2] < 1e-6
    assert 1e-6 < abs(deviation(iterations=200, tolerance=0.05) - 1) < 0.05


@pytest.mark.parametrize("value", [0.0, 0.1, np.nan, np.inf])
def test_outputs_that_do_not_vary_leave_the_weights(value):
    inputs = np.full((50, 3), value)
    layers = [Dense(units=1), Dense(units=1)]
    with np.errstate(all="ignore"):
        network = made(layers, inputs, dtype="float32")
    np.testing.assert_array_equal(
        network.arena.parameters, made(layers, inputs, dtype="float32", calibrate=False).arena.parameters
    )


def test_padded_steps_do_not_count():
    inputs = inputs_of((4, 3), 50)
    network = made([RaggedMask(), Dense(units=5)], inputs)
    assert deviations(network, inputs)["1."] == pytest.approx(1, abs=0.01)
    spoiled = inputs.copy()
    real = np.arange(4) < 4 - np.arange(50)[:, None] % 4
    spoiled[~real] = 1e6
    again = made([RaggedMask(), Dense(units=5)], spoiled)
    np.testing.assert_array_equal(again.arena.parameters, network.arena.parameters)


def test_a_layer_that_shortens_the_mask_is_asked_again_with_the_whole_one():
    inputs = inputs_of((4, 3), 50)
    network = made([RaggedMask(), Conv1D(filters=4, kernel_size=2, stride=2), Dense(units=5)], inputs)
    assert list(deviations(network, inputs).values()) == pytest.approx([1, 1], abs=0.01)


def test_there_is_only_room_for_the_samples(monkeypatch):
    capacities, workspace = [], Network.workspace
    monkeypatch.setattr(Network, "workspace", lambda self, rows: capacities.append(rows) or workspace(self, rows))
    made([Dense(units=4, init=LSUV(samples=30)), Dense(units=4)], inputs_of((3,), 100), init=LSUV(samples=20))
    made([Dense(units=4)], inputs_of((3,), 100))
    made([Dense(units=4)], inputs_of((3,), 100), init=HeNormal())
    assert capacities == [30, 100]


def test_after_layers_that_it_cannot_scale():
    """Ids go through an embedding, which keeps its own start; the weights of an lstm stay orthogonal."""
    ids = np.random.default_rng(0).integers(0, 10, (40, 6))
    layers = [Embedding(count=10, units=4), LSTM(units=3), Dense(units=2)]
    network = made(layers, ids, kind="ids")
    assert deviations(network, ids) == {"2.": pytest.approx(1, abs=0.01)}
    before = made(layers, ids, kind="ids", calibrate=False).arena.named_arrays()
    for name, array in network.arena.named_arrays().items():
        assert np.array_equal(array, before[name]) == (name != "2.weight")
    weight = before["1.0.forward.weight"]
    np.testing.assert_allclose(weight @ weight.T, np.eye(4), atol=1e-12)


def test_a_vector_is_refused():
    network = Network([Dense(units=3)], InputSpec((4,)), init_by_name={"*.bias": LSUV()})
    with pytest.raises(ShapeError, match=r"\(lsuv\) expects two axes or more, got \(3,\)") as caught:
        network.initialize(np.random.default_rng(0))
    assert caught.value.where == "parameter 0.bias"
