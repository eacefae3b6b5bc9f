"""Against scikit-learn's Ridge and LogisticRegression of version 1.9.1, on the standard inputs that both were given."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import Classes, InputsAgain, Numbers
from scratchnn.errors import UsageError
from scratchnn.nn.layer import Column, InputSpec
from scratchnn.nn.metrics import Metric, Scored
from scratchnn.training import linear_baseline
from scratchnn.training.linear_baseline import LinearBaseline

INPUTS = ArrayInputs(shape=[3], offset=[0.0], scale=[1.0])
NUMBERS = Encoder(inputs=INPUTS, target=Numbers(names=["y"], offset=[0.0], width=[1.0]))
CLASSES = Encoder(inputs=INPUTS, target=Classes(names=["y"], classes=["a", "b", "c"]))
COEFFICIENTS = [1.0384480624729786, -1.5306989617493965, 0.46233599327907743]
INTERCEPT = -0.08661290322580638
PROBABILITIES = [
    [0.1269833143, 0.8078471869, 0.0651694988],
    [0.2694004431, 0.700457695, 0.0301418619],
    [0.2770461434, 0.7040779246, 0.0188759321],
    [0.7496955262, 0.2491986618, 0.001105812],
]


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, weights, numbers and classes of 40 rows."""
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=(40, 3)), 1)
    weights = np.round(rng.uniform(0.5, 2, 40), 1)
    numbers = np.round(x @ [1.0, -2, 0.5] + rng.normal(size=40) * 0.3, 2)
    return x, weights, numbers[:, None], (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)


@pytest.fixture(params=[1 << 22, 100], ids=["one block", "blocks"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("_blocks")
def test_numbers_as_ridge():
    x, weights, numbers, _ = data()
    made = LinearBaseline.fit(Part(x, numbers, weights, np.arange(40)), NUMBERS, InputSpec((3,)))
    np.testing.assert_allclose(made.weights[:, 0], [*COEFFICIENTS, INTERCEPT], rtol=1e-10)
    middle = np.average(x, axis=0, weights=weights)
    width = np.sqrt(np.average((x - middle) ** 2, axis=0, weights=weights))
    said = ((x - middle) / width) @ COEFFICIENTS + INTERCEPT
    scored = made.scored(Scored(numbers, np.zeros((40, 1))), x)
    np.testing.assert_allclose(scored.predictions[:, 0], said, rtol=1e-10)


@pytest.mark.usefixtures("_blocks")
def test_classes_as_logistic_regression():
    x, weights, _, classes = data()
    made = LinearBaseline.fit(Part(x, classes, weights, np.arange(40)), CLASSES, InputSpec((3,)))
    scored = made.scored(Scored(classes, np.zeros((40, 3))), x)
    np.testing.assert_allclose(scored.predictions[:4], PROBABILITIES, atol=1e-5)


def test_images_are_flat_and_inputs_that_do_not_vary_do_no_harm():
    x, _, numbers, _ = data()
    images = np.concatenate([x, np.full((40, 1), 0.1)], axis=1).reshape(40, 2, 2)
    flat = LinearBaseline.fit(Part(x, numbers, None, np.arange(40)), NUMBERS, InputSpec((3,)))
    made = LinearBaseline.fit(Part(images, numbers, None, np.arange(40)), NUMBERS, InputSpec((2, 2)))
    judged = Scored(numbers, np.zeros((40, 1)))
    ours, theirs = made.scored(judged, images).predictions, flat.scored(judged, x).predictions
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_codes_are_no_numbers():
    """The middle one of three codes stands out, which no line through 0, 1 and 2 can follow."""
    codes = np.arange(60) % 3
    inputs = np.stack([codes, np.linspace(-1, 1, 60)], axis=1).astype(np.float32)
    numbers = np.array([1.0, 9, 2])[codes][:, None]
    spec = InputSpec((2,), columns=(Column("kind", codes=3), Column("x")))
    made = LinearBaseline.fit(Part(inputs, numbers, None, np.arange(60)), NUMBERS, spec)
    scored = made.scored(Scored(numbers, np.zeros((60, 1))), inputs)
    assert Metric.parse("max_error").compute(scored) < 0.2


def test_what_has_no_linear_model(monkeypatch):
    x, _, numbers, _ = data()
    rows = Part(x, x, None, np.arange(40))
    with pytest.raises(UsageError, match="no linear model of a reconstruction"):
        LinearBaseline.fit(rows, Encoder(inputs=INPUTS, target=InputsAgain()), InputSpec((3,)))
    with pytest.raises(UsageError, match="no linear model of token ids"):
        LinearBaseline.fit(rows, CLASSES, InputSpec((3,), "ids", count=4))
    monkeypatch.setattr(linear_baseline, "WIDEST", 2)
    with pytest.raises(UsageError, match="3 inputs are too large: at most 2"):
        LinearBaseline.fit(Part(x, numbers, None, np.arange(40)), NUMBERS, InputSpec((3,)))


@pytest.mark.usefixtures("_blocks")
def test_windows_of_rows_are_flat_inputs_with_their_codes_at_each_step():
    """Two rows of a number and a code of two, beside the same inputs written out."""
    _, weights, numbers, _ = data()
    rng = np.random.default_rng(2)
    values, codes = rng.normal(size=(40, 2)), rng.integers(2, size=(40, 2))
    windows = np.stack([values, codes.astype(float)], axis=2)
    ones = codes[..., None] == np.arange(2)
    flat = np.concatenate([values[..., None], ones], axis=2).reshape(40, 6)
    spec = InputSpec((2, 2), columns=(Column("x"), Column("k", 2)))
    made = LinearBaseline.fit(Part(windows, numbers, weights, np.arange(40)), NUMBERS, spec)
    other = LinearBaseline.fit(Part(flat, numbers, weights, np.arange(40)), NUMBERS, InputSpec((6,)))
    np.testing.assert_allclose(made.weights, other.weights, rtol=1e-10, atol=1e-12)
    plain = InputSpec((2, 1), columns=(Column("x"),))
    bare = LinearBaseline.fit(Part(windows[..., :1].copy(), numbers, weights, np.arange(40)), NUMBERS, plain)
    same = LinearBaseline.fit(Part(values, numbers, weights, np.arange(40)), NUMBERS, InputSpec((2,)))
    np.testing.assert_allclose(bare.weights, same.weights, rtol=1e-10)


def test_a_column_of_token_ids_has_no_linear_model():
    x, weights, numbers, _ = data()
    spec = InputSpec((3,), columns=(Column("age"), Column("review", 9, width=2, sequence=True)))
    with pytest.raises(UsageError, match="there is no linear model of token ids"):
        LinearBaseline.fit(Part(x, numbers, weights, np.arange(40)), NUMBERS, spec)
