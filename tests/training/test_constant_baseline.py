from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import Classes, InputsAgain, NextToken, Numbers
from scratchnn.data.vocabulary import TextInputs
from scratchnn.errors import ModelError
from scratchnn.nn.metrics import IntervalCoverage, Metric, Pinball, Scored, ScoredSteps
from scratchnn.training.constant_baseline import ConstantBaseline

INPUTS = ArrayInputs(shape=[2], offset=[0.0], scale=[1.0])
CLASSES = Encoder(inputs=INPUTS, target=Classes(names=["y"], classes=["a", "b", "c"]))
NUMBERS = Encoder(inputs=INPUTS, target=Numbers(names=["y", "z"], offset=[10.0, 0.0], width=[2.0, 1.0]))
TEXT = Encoder(
    inputs=TextInputs(tokens="characters", context=2, vocabulary=["a", "b", "c"]),
    target=NextToken(names=["next_character"]),
)


def part(targets: np.ndarray, weights: list[float] | None = None, inputs: np.ndarray | None = None) -> Part:
    inputs = np.zeros((len(targets), 2), np.float32) if inputs is None else inputs
    made = None if weights is None else np.array(weights, np.float32)
    return Part(inputs, targets, made, np.arange(len(targets)))


def compute(tag: str, scored: Scored) -> float:
    return Metric.parse(tag).compute(scored)


def test_classes_have_the_shares_of_the_training_rows():
    baseline = ConstantBaseline.fit(part(np.array([1, 1, 0, 2]), [1, 2, 4, 1]), CLASSES)
    assert baseline.arrays["shares"].tolist() == [0.5, 0.375, 0.125]
    model = Scored(np.array([0, 0, 1, 2]), np.eye(3)[[0, 0, 1, 2]], np.array([1.0, 1, 1, 3]), ("a", "b", "c"))
    scored = baseline.scored(model)
    assert compute("accuracy", scored) == pytest.approx(2 / 6)
    logs = [math.log(share) for share in (0.5, 0.5, 0.375, 0.125)]
    assert compute("log_loss", scored) == pytest.approx(-np.average(logs, weights=[1, 1, 1, 3]))
    assert compute("roc_auc", scored) == 0.5
    assert compute("accuracy", model) == 1
    assert baseline.name == "majority"


def test_numbers_have_mean_and_quantiles_in_their_own_units():
    scaled = np.array([[-5.0, 1], [0, 2], [5, 3]], np.float32)  # 0, 10 and 20 in units
    baseline = ConstantBaseline.fit(part(scaled, [1, 1, 2]), NUMBERS)
    np.testing.assert_allclose(baseline.arrays["means"], [12.5, 2.25])
    targets = np.array([[10.0, 2], [30, 2]])
    scored = baseline.scored(Scored(targets, np.zeros((2, 2))))
    assert compute("mae", scored) == pytest.approx(((2.5 + 17.5) / 2 + 0.25) / 2)
    np.testing.assert_allclose(scored.quantile(0.25), [[0, 1]] * 2)
    np.testing.assert_allclose(scored.quantile(0.4), [[10, 2]] * 2)
    assert IntervalCoverage(interval=0.9).compute(scored) == 0.75
    assert Pinball(quantile=0.4).compute(scored) == pytest.approx((0 + 0.4 * 20) / 2 / 2)
    assert baseline.name == "mean"


def test_nothing_of_the_model_is_kept():
    model = Scored(np.array([[1.0, 1], [3, 1]]), np.zeros((2, 2)))
    compute("median_absolute_error", model)
    scored = ConstantBaseline.fit(part(np.array([[-4.5, 1.0], [-3.5, 1]])), NUMBERS).scored(model)
    assert compute("median_absolute_error", scored) == 0.5
    assert model.notes == []


def test_tokens_have_smoothed_shares():
    windows = np.array([[0, 0], [0, 1]])
    baseline = ConstantBaseline.fit(Part(windows, windows, None, np.arange(2)), TEXT)
    np.testing.assert_allclose(baseline.arrays["shares"], [4 / 8, 2 / 8, 1 / 8, 1 / 8])  # the last: unknown
    targets = np.array([0, 2])
    model = ScoredSteps(targets, targets, likelihoods=np.zeros(2), lengths=np.array([2]))
    scored = baseline.scored(model)
    assert compute("accuracy", scored) == 0.5
    assert compute("perplexity", scored) == pytest.approx(math.sqrt(2 * 8))
    assert scored.samples == 1


@pytest.mark.parametrize("weights", [None, [1.0, 3.0]])
def test_a_reconstruction_has_the_mean_of_its_inputs(weights):
    encoder = Encoder(inputs=INPUTS, target=InputsAgain())
    inputs = np.array([[0.0, 2], [4, 2]], np.float32)
    baseline = ConstantBaseline.fit(part(inputs, weights, inputs), encoder)
    mean = [2.0, 2] if weights is None else [3.0, 2]
    assert baseline.arrays["means"].tolist() == mean
    scored = baseline.scored(Scored(inputs, inputs, pooled=True))
    assert compute("mae", scored) == np.mean(np.abs(inputs - mean))


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {"shares": arrays["shares"][:2]},
        lambda arrays: {"shares": arrays["shares"].astype(np.float32)},
        lambda arrays: {"shares": arrays["shares"] * math.nan},
        lambda arrays: {"means": arrays["shares"]},
        lambda arrays: {**arrays, "means": arrays["shares"]},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change):
    baseline = ConstantBaseline.fit(part(np.array([0, 1, 2])), CLASSES)
    assert ConstantBaseline.of(baseline.arrays, CLASSES, "m") == baseline
    with pytest.raises(ModelError, match="holds a baseline that does not fit its targets"):
        ConstantBaseline.of(change(baseline.arrays), CLASSES, "m")
    assert ConstantBaseline.of({}, CLASSES, "m") is None
