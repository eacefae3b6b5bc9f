from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.preparation import Part
from scratchnn.data.samples import Samples
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.losses import CrossEntropy
from scratchnn.nn.metrics import Accuracy, LogLoss
from scratchnn.nn.network import Network
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.importance import permutation_importance

COLUMNS = {"first": slice(0, 1), "others": slice(1, 3)}


def network(weight):
    made = Network([Dense(units=3)], InputSpec((3,)), dtype="float64")
    made.initialize(np.random.default_rng(0))
    made.arena.named_arrays()["0.weight"][...] = weight
    return made


def judge(weight, encoder):
    return Evaluator(network(weight), CrossEntropy(), [Accuracy(), LogLoss()], encoder)


@pytest.mark.parametrize("metric", [Accuracy(), LogLoss(), None])
def test_a_column_that_the_model_ignores_has_none_at_all(part, encoder, metric):
    weight = 2 * np.eye(3)
    weight[0] = 0
    evaluator = judge(weight, encoder)
    _, found = permutation_importance(evaluator, part(300, 1), metric, COLUMNS, 3, np.random.default_rng(0))
    by_name = {one.name: one for one in found}
    assert [str(loss) for loss in by_name["first"].losses] == ["0.0"] * 3
    assert min(by_name["others"].losses) > 0
    assert [one.name for one in found] == ["others", "first"]


@pytest.mark.parametrize("weighted", [False, True])
def test_each_repeat_is_the_figure_less_that_of_permuted_inputs(part, encoder, weighted):
    data = part(200, 2, weighted=weighted)
    evaluator = judge(np.eye(3), encoder)
    whole, found = permutation_importance(evaluator, data, Accuracy(), COLUMNS, 2, np.random.default_rng(4))
    assert whole == evaluator.evaluate(data)["accuracy"]
    rng = np.random.default_rng(4)
    orders = [rng.permutation(200) for _ in range(2)]
    for one in found:
        drops = []
        for order in orders:
            inputs = data.inputs.copy()
            inputs[:, COLUMNS[one.name]] = inputs[order][:, COLUMNS[one.name]]
            drops.append(whole - evaluator.evaluate(Part(inputs, data.targets, data.weights, data.rows))["accuracy"])
        assert one.losses == tuple(drops)
        assert one.mean == pytest.approx(np.mean(drops))
        assert one.deviation == pytest.approx(abs(drops[0] - drops[1]) / 2)


def test_a_figure_of_which_less_is_better_gets_worse_upwards(part, encoder):
    evaluator = judge(2 * np.eye(3), encoder)
    data = part(300, 1)
    for metric in (LogLoss(), None):
        _, found = permutation_importance(evaluator, data, metric, COLUMNS, 2, np.random.default_rng(0))
        assert min(one.mean for one in found) > 0.1


def test_a_column_without_another_value_has_none_and_is_not_computed(part, encoder):
    data = part(50, 1)
    data.inputs[:, 0] = 0.25
    _, found = permutation_importance(judge(np.eye(3), encoder), data, Accuracy(), COLUMNS, 2, np.random.default_rng(0))
    assert found[-1].name == "first"
    assert found[-1].losses == (0.0, 0.0)


class Counted(Samples):
    """Samples that tell how many rows were asked for at once."""

    def __init__(self, values):
        self.values = values
        self.most = 0

    @property
    def shape(self):
        return self.values.shape

    @property
    def dtype(self):
        return self.values.dtype

    def gather(self, rows, out):
        self.most = max(self.most, len(rows))
        np.take(self.values, rows, axis=0, out=out)


def test_samples_that_are_made_when_asked_for_are_never_held_whole(part, encoder, monkeypatch):
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 64 * 12)
    data = part(2000, 1)
    counted = Counted(data.inputs)
    made = Part(counted, data.targets, None, data.rows)
    evaluator = judge(np.eye(3), encoder)
    expected = permutation_importance(evaluator, data, Accuracy(), COLUMNS, 2, np.random.default_rng(0))
    assert permutation_importance(evaluator, made, Accuracy(), COLUMNS, 2, np.random.default_rng(0)) == expected
    assert counted.most <= 256


def test_a_column_matters_the_same_whatever_others_there_are(part, encoder):
    evaluator, data = judge(np.eye(3), encoder), part(100, 3)
    _, both = permutation_importance(evaluator, data, Accuracy(), COLUMNS, 3, np.random.default_rng(1))
    _, alone = permutation_importance(evaluator, data, Accuracy(), {"others": slice(1, 3)}, 3, np.random.default_rng(1))
    assert alone[0] in both
