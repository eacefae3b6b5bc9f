"""Metrics on the order in which probabilities put the samples."""

from __future__ import annotations

import math
from itertools import combinations
from typing import ClassVar, Literal

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.averages import by_name
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored
from scratchnn.nn.metrics.scored_labels import ScoredLabels


class Ranking(Metric):
    """The base of metrics that see how high the probability of a class puts the samples that are of it."""

    def positives(self, scored: Scored) -> range:
        """The classes to be looked at: the second of two, each of more; of labels that may be true together all."""
        if isinstance(scored, ScoredLabels):
            return range(scored.class_count)
        if scored.class_count < 2:
            raise DataError(f"{self.tag()} needs at least two classes", hint="Leave it out of the metrics.")
        return range(1, 2) if scored.class_count == 2 else range(scored.class_count)


class AgainstRest(Ranking):
    """The base of areas under the ROC curve of each class against the rest.

    A class without rows, or without rows of others, is left out; NaN where none is left.
    """

    by_mass: ClassVar[bool] = False  # whether a class counts by its samples

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1; 0.5 for guessing."""
        classes = self.positives(scored)
        areas = np.array([area_against_rest(scored, k) for k in classes])
        undefined = np.isnan(areas)
        if undefined.all():
            scored.note(f"{self.tag()} has no value: {scored.none_divided}, or predictions are not numbers")
            return math.nan
        if undefined.any():
            scored.note(f"{self.tag()} leaves out {scored.undivided}: {scored.names(np.flatnonzero(undefined))}")
        masses = scored.counts.true[classes.start :] if self.by_mass else np.ones(len(areas))
        return float(np.average(areas[~undefined], weights=masses[~undefined]))


class RocAuc(AgainstRest):
    """Area under the ROC curve: how probably a random positive sample scores above a random negative one, ties half.

    Two classes: the second is positive. More: the mean over the classes, each against the rest; or over the labels,
    each true or not. A class without rows, or without rows of others, is left out; NaN where none is left.
    Source: Hanley and McNeil 1982.
    """

    type: Literal["roc_auc"] = "roc_auc"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label")


class RocAucPerClass(Ranking):
    """Area under the ROC curve of each class against the rest, or of each label, by its name.

    NaN where a class has no rows, or where all rows are of it.
    """

    type: Literal["roc_auc_per_class"] = "roc_auc_per_class"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label")
    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> dict[str, float]:
        """Class name to figure, from 0 to 1; 0.5 for guessing."""
        self.positives(scored)
        return by_name(scored, [area_against_rest(scored, k) for k in range(scored.class_count)])


class RocAucOneVersusRest(AgainstRest):
    """Area under the ROC curve of each class against the rest, the plain mean over the classes: roc_auc in full."""

    type: Literal["roc_auc_ovr"] = "roc_auc_ovr"
    usual: ClassVar[bool] = False


class RocAucOneVersusRestWeighted(AgainstRest):
    """Area under the ROC curve of each class against the rest, the mean over the classes weighted by their samples."""

    type: Literal["roc_auc_ovr_weighted"] = "roc_auc_ovr_weighted"
    usual: ClassVar[bool] = False
    by_mass = True


class BetweenPairs(Ranking):
    """The base of areas under the ROC curve of each class against each other one.

    For a pair, its rows alone are put in the order of the one class's probability, then of the other's; the area is the
    mean of both. Of two classes it is roc_auc. Classes without rows are left out; NaN where fewer than two are left.
    Source: Hand and Till 2001.
    """

    usual: ClassVar[bool] = False
    by_mass: ClassVar[bool] = False  # whether a pair counts by its samples

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1; 0.5 for guessing."""
        if len(self.positives(scored)) == 1:
            area = area_against_rest(scored, 1)
            if math.isnan(area):
                scored.note(f"{self.tag()} has no value: there is only one class, or predictions are not numbers")
            return area
        true = scored.counts.true
        present = np.flatnonzero(true > 0)
        if len(present) < 2:
            scored.note(f"{self.tag()} has no value: there is only one class")
            return math.nan
        if len(present) < scored.class_count:
            scored.note(f"{self.tag()} leaves out classes without rows: {scored.names(np.flatnonzero(true == 0))}")
        pairs = list(combinations(present.tolist(), 2))
        areas = [(self._area(scored, a, b) + self._area(scored, b, a)) / 2 for a, b in pairs]
        return float(np.average(areas, weights=[true[a] + true[b] for a, b in pairs] if self.by_mass else None))

    def _area(self, scored: Scored, positive: int, negative: int) -> float:
        """The area of one class against another, by the probability of the first."""
        rows = scored.once(
            ("rows", min(positive, negative), max(positive, negative)),
            lambda: np.flatnonzero((scored.targets == positive) | (scored.targets == negative)),
        )
        levels, level = scored.once(
            ("levels", positive, negative),
            lambda: np.unique(scored.predictions[rows, positive], return_inverse=True),
        )
        weights = np.ones(len(rows)) if scored.weights is None else scored.weights[rows]
        return _area(levels, level, scored.targets[rows] == positive, weights)


class RocAucOneVersusOne(BetweenPairs):
    """Area under the ROC curve of each class against each other one, the plain mean over the pairs.

    It does not depend on how many samples each class has.
    """

    type: Literal["roc_auc_ovo"] = "roc_auc_ovo"


class RocAucOneVersusOneWeighted(BetweenPairs):
    """Area under the ROC curve of each class against each other one, the mean over the pairs weighted by samples."""

    type: Literal["roc_auc_ovo_weighted"] = "roc_auc_ovo_weighted"
    by_mass = True


class AveragePrecision(Ranking):
    """Area under the curve of precision over recall, as steps: sum of (recall_i - recall_{i-1}) precision_i.

    Samples are called positive from the highest probability down, equal ones together. Two classes: the second is
    positive. More: the mean over the classes, each against the rest; or over the labels, each true or not. A class
    without rows counts 0, as in scikit-learn, and a note says so.
    """

    type: Literal["average_precision"] = "average_precision"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label")

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1; the share of positives for guessing."""
        classes = self.positives(scored)
        absent = [k for k in classes if not scored.counts.true[k]]
        if absent:
            scored.note(f"average_precision is 0 for {scored.lacking}: {scored.names(np.array(absent))}")
        return float(np.mean([precision_area(scored, k) for k in classes]))


class AveragePrecisionPerClass(Ranking):
    """Area under the curve of precision over recall of each class against the rest, or of each label, by its name.

    0 for a class without rows, as in scikit-learn, and a note says so.
    """

    type: Literal["average_precision_per_class"] = "average_precision_per_class"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label")
    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> dict[str, float]:
        """Class name to figure, from 0 to 1; the share of positives for guessing."""
        self.positives(scored)
        absent = np.flatnonzero(scored.counts.true == 0)
        if len(absent):
            scored.note(f"{self.tag()} is 0 for {scored.lacking}: {scored.names(absent)}")
        return by_name(scored, [precision_area(scored, k) for k in range(scored.class_count)])


def precision_area(scored: Scored, positive: int) -> float:
    """The area under the curve of precision over recall of one class; 0 where no row is of it, NaN for NaN scores."""
    if not scored.counts.true[positive]:
        return 0.0
    levels, level = _levels(scored, positive)
    if np.isnan(levels[-1]):
        return math.nan
    weights = np.ones(len(level)) if scored.weights is None else scored.weights
    positives = np.bincount(level, weights * scored.members(positive), len(levels))[::-1]
    called = np.cumsum(np.bincount(level, weights, len(levels))[::-1])
    precision = np.cumsum(positives) / np.where(called == 0, 1, called)
    return float(np.dot(positives, precision) / np.add.reduce(positives))


def area_against_rest(scored: Scored, positive: int) -> float:
    """The area under the ROC curve of one class; NaN where it or the rest has no weight or a score is NaN."""
    levels, level = _levels(scored, positive)
    weights = np.ones(len(level)) if scored.weights is None else scored.weights
    return _area(levels, level, scored.members(positive), weights)


def _levels(scored: Scored, positive: int) -> tuple[Array, Array]:
    """The distinct probabilities of a class, ascending, and the place of each row's among them."""
    made: tuple[Array, Array] = scored.once(
        ("levels", positive), lambda: np.unique(scored.predictions[:, positive], return_inverse=True)
    )
    return made


def _area(levels: Array, level: Array, is_positive: Array, weights: Array) -> float:
    """The share of pairs of a positive and a negative in the right order, ties half."""
    if np.isnan(levels[-1]):
        return math.nan
    positives = np.bincount(level, weights * is_positive, len(levels))
    negatives = np.bincount(level, weights * ~is_positive, len(levels))
    pairs = float(np.add.reduce(positives) * np.add.reduce(negatives))
    below = np.cumsum(negatives) - negatives / 2
    return float(np.dot(positives, below)) / pairs if pairs else math.nan
