"""Faults in what a judgement tells beside the metrics: groups, thresholds, temperatures, importance, verdicts."""

from __future__ import annotations

from tests.faults.fault import Fault

TEMPERATURE = "nn/test_temperature.py"
THRESHOLDS = "nn/metrics/test_thresholds.py"
ADJUSTMENT = "training/test_adjustment.py"
IMPORTANCE = "training/test_importance.py"
GROUPS = "data/test_groups.py"
VERDICTS = "workflows/test_requirements.py"

FAULTS = (
    Fault(
        "temperature-without-weights",
        "nn/temperature.py",
        "return float(np.dot(weights, mean - own)), float(np.dot(weights, spread))",
        "return float(np.sum(mean - own)), float(np.sum(spread))",
        "rows count the same whatever they weigh",
        TEMPERATURE,
    ),
    Fault(
        "temperature-upside-down",
        "nn/temperature.py",
        "return float(size / b)",
        "return float(b / size)",
        "what makes a model surer makes it less sure",
        TEMPERATURE,
    ),
    Fault(
        "threshold-at-the-edge",
        "nn/metrics/thresholds.py",
        "    middle = (lower + upper) / 2\n",
        "    middle = lower\n",
        "the threshold is a probability of the validation rows, not the middle between two",
        THRESHOLDS,
    ),
    Fault(
        "narrowest-stretch",
        "nn/metrics/thresholds.py",
        "(-round(ends[1] - ends[0], 12)",
        "(round(ends[1] - ends[0], 12)",
        "of equally good thresholds the most accidental is taken",
        THRESHOLDS,
    ),
    Fault(
        "costs-swapped",
        "nn/metrics/thresholds.py",
        'return cls(text, (costs["fp"], costs["fn"]))',
        'return cls(text, (costs["fn"], costs["fp"]))',
        "what a missed case costs is taken for a false alarm",
        THRESHOLDS,
    ),
    Fault(
        "threshold-stays-behind",
        "training/adjustment.py",
        "* self.temperature / temperature",
        "* temperature / self.temperature",
        "another temperature changes which classes are called",
        ADJUSTMENT,
    ),
    Fault(
        "classes-of-cooled-probabilities",
        "training/adjustment.py",
        "return np.asarray(loss.predictions(outputs).argmax(axis=1))",
        "return np.asarray(self.probabilities(loss, outputs).argmax(axis=1))",
        "where a temperature rounds two probabilities to the same, another class is called",
        ADJUSTMENT,
    ),
    Fault(
        "permuted-in-another-order",
        "training/importance.py",
        "made[..., self._columns] = self._values[self._order[rows]]",
        "made[..., self._columns] = self._values[self._order[rows]][::-1]",
        "each pass of the network gets the permuted values in another order",
        IMPORTANCE,
    ),
    Fault(
        "importance-of-losses-upside-down",
        "training/importance.py",
        "if metric is not None and metric.higher_is_better else -1.0",
        "if metric is not None else -1.0",
        "a figure that should be low gets a negative importance",
        IMPORTANCE,
    ),
    Fault(
        "bins-without-their-lower-edge",
        "data/groups.py",
        'side="right")',
        'side="left")',
        "a number at an edge falls into the bin below, which does not name it",
        GROUPS,
    ),
    Fault(
        "short-by-the-bound",
        "workflows/requirements.py",
        "abs(self.value - self.requirement.bound)",
        "abs(self.requirement.bound)",
        "the log says the bound, not by how much it is missed",
        VERDICTS,
    ),
)
