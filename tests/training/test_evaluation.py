from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.encoder import ArrayInputs, Encoder
from scratchnn.data.preparation import Part
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.losses import MSE, CrossEntropy
from scratchnn.nn.metrics import Accuracy, Metric
from scratchnn.nn.network import PREDICT_ROWS, Network
from scratchnn.training.evaluation import Evaluator


@pytest.mark.parametrize("rows", [1, PREDICT_ROWS, PREDICT_ROWS + 1, 3 * PREDICT_ROWS - 7])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_the_weighted_mean_over_all_rows(part, encoder, rows, weighted):
    data = part(rows, 4, weighted=weighted, dtype="float64")
    network = Network([Dense(units=3)], InputSpec((3,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    figures = Evaluator(network, CrossEntropy(), [Accuracy()], encoder).evaluate(data)
    arrays = network.arena.named_arrays()
    z = data.inputs @ arrays["0.weight"] + arrays["0.bias"]
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(rows), data.targets]
    assert figures["loss"] == pytest.approx(np.average(losses, weights=data.weights), rel=1e-12)
    assert figures["accuracy"] == pytest.approx(
        np.average(z.argmax(axis=1) == data.targets, weights=data.weights), rel=1e-12
    )
    assert list(figures) == ["loss", "accuracy"]


def test_metrics_of_numbers_are_in_the_targets_units_and_the_loss_is_not():
    inputs = ArrayInputs(shape=[1], offset=[0.0], scale=[1.0])
    encoder = Encoder(task="regression", inputs=inputs, targets=["price"], target_offset=[100.0], target_scale=[20.0])
    network = Network([Dense(units=1)], InputSpec((1,)), dtype="float64")  # its weights are 0: it says 100
    network.arena.parameters[...] = 0
    scaled = np.array([[0.5], [-1.5]])  # 110 and 70
    data = Part(np.zeros((2, 1)), scaled, None, np.arange(2))
    figures = Evaluator(network, MSE(), [Metric.parse("mae"), Metric.parse("rmse")], encoder).evaluate(data)
    assert figures == {
        "loss": pytest.approx((0.25 + 2.25) / 2),
        "mae": pytest.approx(20),
        "rmse": pytest.approx(np.sqrt(500)),
    }


def test_what_a_metric_had_to_assume_is_noted_for_the_last_part_alone(part, encoder):
    network = Network([Dense(units=3)], InputSpec((3,)))
    network.initialize(np.random.default_rng(0))
    evaluator = Evaluator(network, CrossEntropy(), [Metric.parse("roc_auc")], encoder)
    one_class = part(5, 1)
    one_class.targets[...] = 1
    evaluator.evaluate(one_class)
    assert len(evaluator.notes) == 1
    evaluator.evaluate(part(50, 1))
    assert evaluator.notes == ()
