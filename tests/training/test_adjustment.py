from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.targets import Classes, Labels, Numbers
from scratchnn.data.targets.ordinal import OrderedClasses
from scratchnn.errors import UsageError
from scratchnn.nn.losses import MSE, BinaryCrossEntropy, CrossEntropy, MultiLabelCrossEntropy, Ordinal
from scratchnn.training.adjustment import Adjustment

INPUTS = ArrayInputs(shape=[2], offset=[0.0], scale=[1.0])


def encoder(target):
    return Encoder(inputs=INPUTS, target=target)


TWO = encoder(Classes(names=["y"], classes=["no", "yes"]))
THREE = encoder(Classes(names=["y"], classes=["a", "b", "c"]))
Z = np.array([[-2.0], [-0.5], [0.0], [0.4], [3.0]], np.float32)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_nothing_is_adjusted():
    plain = Adjustment()
    assert not plain.changes
    assert plain.called(BinaryCrossEntropy(), Z) is None
    assert plain.probabilities(BinaryCrossEntropy(), Z).tobytes() == BinaryCrossEntropy().predictions(Z).tobytes()


def test_the_second_class_is_called_above_the_threshold():
    p = BinaryCrossEntropy().predictions(Z)[:, 1]
    assert Adjustment(threshold=0.3).called(BinaryCrossEntropy(), Z).tolist() == [0, 1, 1, 1, 1]
    assert Adjustment(threshold=0.5).called(BinaryCrossEntropy(), Z).tolist() == [0, 0, 0, 1, 1]
    assert Adjustment(threshold=float(p[3])).called(BinaryCrossEntropy(), Z).tolist() == [0, 0, 0, 0, 1]
    assert Adjustment(threshold=1.0).called(BinaryCrossEntropy(), Z).tolist() == [0] * 5
    two = np.concatenate([np.zeros_like(Z), Z], axis=1)
    assert Adjustment(threshold=0.3).called(CrossEntropy(), two).tolist() == [0, 1, 1, 1, 1]


def test_a_temperature_divides_the_outputs_and_keeps_the_classes():
    made = Adjustment(temperature=2.5).probabilities(BinaryCrossEntropy(), Z)
    np.testing.assert_allclose(made[:, 1], sigmoid(Z[:, 0] / 2.5), rtol=1e-6)
    z = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    z[:, 1] = z[:, 0] + np.float32(1e-7)  # so near that at a high temperature both round to the same
    for temperature in (0.01, 0.7, 9.0, 1e4):
        called = Adjustment(temperature=temperature).called(CrossEntropy(), z)
        assert called.tolist() == CrossEntropy().predictions(z).argmax(axis=1).tolist()


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.97, 0.0, 1.0])
@pytest.mark.parametrize("temperature", [0.4, 3.0])
def test_a_threshold_moves_with_the_temperature(threshold, temperature):
    z = np.linspace(-6, 6, 400).reshape(-1, 1)
    before = Adjustment(temperature=1.5, threshold=threshold)
    after = before.with_temperature(temperature)
    assert after.temperature == temperature
    assert after.called(BinaryCrossEntropy(), z).tolist() == before.called(BinaryCrossEntropy(), z).tolist()
    assert after.with_temperature(1.5).threshold == pytest.approx(threshold, abs=1e-12)


def test_a_threshold_moved_by_hand():
    moved = Adjustment(threshold=0.8).with_temperature(2.0)  # logit log(4), so log(2): 2 / 3
    assert moved.threshold == pytest.approx(2 / 3, rel=1e-12)
    assert Adjustment(threshold=0.2).with_temperature(2.0).threshold == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.parametrize(
    ("made", "loss", "adjustment", "words"),
    [
        (THREE, CrossEntropy(), {"threshold": 0.4}, "for two classes, but the model tells 3"),
        (encoder(Numbers(names=["y"], offset=[0.0], width=[1.0])), MSE(), {"threshold": 0.4}, "for two classes, but"),
        (encoder(Labels(names=["a", "b"], known=["a", "b"])), MultiLabelCrossEntropy(), {"threshold": 0.4}, "at 1/2"),
        (
            encoder(Numbers(names=["y"], offset=[0.0], width=[1.0])),
            MSE(),
            {"temperature": 2.0},
            "the target is a number",
        ),
        (encoder(Labels(names=["a", "b"], known=["a", "b"])), MultiLabelCrossEntropy(), {"temperature": 2.0}, "labels"),
        (encoder(OrderedClasses(names=["y"], classes=["1", "2"])), Ordinal(), {"temperature": 2.0}, "softmax"),
        (THREE, Ordinal(), {"temperature": 2.0}, "which ordinal has not"),
    ],
)
def test_models_that_cannot_be_adjusted(made, loss, adjustment, words):
    with pytest.raises(UsageError, match=words) as caught:
        Adjustment(**adjustment).check(made, loss)
    assert caught.value.hint


def test_models_that_can_be():
    Adjustment(temperature=2.0, threshold=0.1).check(TWO, BinaryCrossEntropy())
    Adjustment(temperature=2.0).check(THREE, CrossEntropy())
    Adjustment().check(THREE, Ordinal())


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"temperature": math.inf}, {"threshold": 1.5}, {"threshold": "a"}]
)
def test_values_that_are_none(wrong):
    with pytest.raises(ValueError, match="validation error"):
        Adjustment.model_validate(wrong)
