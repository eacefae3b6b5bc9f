from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import InputsAgain, Numbers
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.losses import MSE, CrossEntropy, MultiLabelCrossEntropy
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
    encoder = Encoder(inputs=inputs, target=Numbers(names=["price"], offset=[100.0], width=[20.0]))
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


@pytest.mark.parametrize("weights", [None, [1.0, 3.0, 0.5]])
@pytest.mark.parametrize(("loss", "shape"), [(MSE(), (2, 2, 1)), (MultiLabelCrossEntropy(), (2, 2, 1)), (MSE(), (4,))])
def test_a_reconstruction_is_judged_as_it_is_encoded_in_any_shape(loss, shape, weights):
    inputs = ArrayInputs(shape=list(shape), offset=[100.0], scale=[20.0])
    encoder = Encoder(inputs=inputs, target=InputsAgain())
    network = Network([Dense(units=shape[-1])], InputSpec(shape), dtype="float64")
    network.initialize(np.random.default_rng(2))
    values = np.random.default_rng(1).random((3, *shape))
    data = Part(values, values, None if weights is None else np.array(weights), np.arange(3))
    figures = Evaluator(network, loss, [Metric.parse("mse"), Metric.parse("r2")], encoder).evaluate(data)
    z, y = network.predict(values).reshape(3, 4), values.reshape(3, 4)
    probability = 1 / (1 + np.exp(-z))
    entropy = -(y * np.log(probability) + (1 - y) * np.log(1 - probability))
    said = z if isinstance(loss, MSE) else probability
    squares = np.average((y - said) ** 2, axis=0, weights=weights)
    spread = np.average((y - np.average(y, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    own = np.average((y - z) ** 2 if isinstance(loss, MSE) else entropy, axis=0, weights=weights).mean()
    expected = {"loss": own, "mse": squares.mean(), "r2": 1 - squares.sum() / spread.sum()}
    assert figures == pytest.approx(expected, rel=1e-12)
