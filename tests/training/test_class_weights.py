from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError
from scratchnn.training.class_weights import weigh

CLASSES = ["a", "b", "c"]


def part(targets, weights=None, dtype=np.float32):
    targets = np.array(targets)
    weights = None if weights is None else np.array(weights, dtype)
    return Part(np.zeros((len(targets), 2), dtype), targets, weights, np.arange(len(targets)))


def test_balanced_as_scikit_learn():
    # sklearn 1.9: compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 5 + [1] * 3 + [2]) = [0.6, 1.0, 3.0]
    weights = weigh(part([2, 0, 0, 1, 0, 1, 0, 1, 0]), CLASSES, "balanced").weights
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, np.array([3, 0.6, 0.6, 1, 0.6, 1, 0.6, 1, 0.6], np.float32))


def test_balanced_weights_sum_to_the_number_of_samples():
    weights = weigh(part([0] * 90 + [1] * 9 + [2], dtype=np.float64), CLASSES, "balanced").weights
    assert weights.sum() == pytest.approx(100, rel=1e-12)
    assert [weights[:90].sum(), weights[90:99].sum(), weights[99]] == pytest.approx([100 / 3] * 3, rel=1e-12)


def test_by_name_and_1_for_the_others():
    assert weigh(part([0, 1, 2, 1]), CLASSES, {"b": 4.0, "c": 0.0}).weights.tolist() == [1, 4, 0, 4]


def test_sample_weights_are_multiplied():
    assert weigh(part([0, 1, 1], [2, 3, 0]), CLASSES, {"b": 4.0}).weights.tolist() == [2, 12, 0]


def test_the_rest_of_the_part_is_the_same_and_nothing_is_changed_in_place():
    given = part([0, 1, 1], [2, 3, 0])
    made = weigh(given, CLASSES, {"b": 4.0})
    assert given.weights.tolist() == [2, 3, 0]
    assert made.inputs is given.inputs
    assert made.targets is given.targets
    assert weigh(given, CLASSES, None) is given


@pytest.mark.parametrize(
    ("classes", "setting", "message"),
    [
        (CLASSES, {"xyz": 1.0}, r'there is no class "xyz"\. Choose one of: a, b, c\.'),
        (["setosa", "other"], {"Setosa": 1.0}, r'there is no class "Setosa"\. Did you mean "setosa"\?'),
        ([], "balanced", "the targets are numbers"),
        (CLASSES, {"a": 0.0, "b": 0.0, "c": 0.0}, "every training sample has weight 0"),
        (CLASSES, {"a": 1e300}, "too large"),
    ],
)
def test_what_is_refused(classes, setting, message):
    with pytest.raises(ConfigError, match=message) as caught:
        weigh(part([0, 1, 0]), classes, setting)
    assert caught.value.where == "training.class_weights"
