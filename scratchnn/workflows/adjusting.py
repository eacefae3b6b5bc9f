"""Finding a temperature and a threshold for a trained classifier, on its validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.errors import DataError, UsageError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Brier, ExpectedCalibrationError, LogLoss, Metric
from scratchnn.nn.metrics.thresholds import HALF, ChosenThreshold, Goal, choose_threshold
from scratchnn.nn.temperature import fit_temperature
from scratchnn.training.adjustment import Adjustment, check_temperature, check_threshold
from scratchnn.training.evaluation import Evaluator
from scratchnn.workflows.model import Model

FITTED_ON = "validation"
OF_PROBABILITIES: tuple[Metric, ...] = (LogLoss(), Brier(), ExpectedCalibrationError())


@dataclass(frozen=True)
class Wish:
    """What is to be adjusted: a threshold that is given, a goal by which one is chosen, a temperature that is fitted.

    With `save` it is written into the model file.
    """

    threshold: float | None = None
    goal: Goal | None = None
    calibrate: bool = False
    save: bool = False

    @classmethod
    def of(cls, threshold: float | None, goal: str | None, calibrate: bool, save: bool) -> Wish:
        """What options say. Raises `UsageError`."""
        if threshold is not None and goal is not None:
            raise UsageError("does not go with --choose-threshold", where="--threshold", hint="Give one of them.")
        if save and threshold is None and goal is None and not calibrate:
            hint = "Add --choose-threshold f1, --calibrate or --threshold 0.3."
            raise UsageError("there is nothing to save", where="--save", hint=hint)
        return cls(threshold, None if goal is None else Goal.parse(goal), calibrate, save)

    @property
    def needs_validation(self) -> bool:
        """Whether something is to be fitted."""
        return self.goal is not None or self.calibrate

    @property
    def options(self) -> list[str]:
        """What was asked for."""
        asked = {
            "--threshold": self.threshold is not None,
            "--choose-threshold": self.goal is not None,
            "--calibrate": self.calibrate,
        }
        return [option for option, given in asked.items() if given]

    @property
    def fitting(self) -> str:
        """The option that needs them, for messages."""
        return "--choose-threshold" if self.goal is not None else "--calibrate" if self.calibrate else ""

    def check(self, model: Model) -> Model:
        """The model at the threshold that is given. Raises `UsageError` for one that cannot be adjusted so."""
        if self.goal is not None:
            check_threshold(model.encoder, "--choose-threshold")
        if self.calibrate:
            check_temperature(model.encoder, model.built.loss, "--calibrate")
        return model.at_threshold(self.threshold)


@dataclass(frozen=True)
class Adjusted:
    """What was found, and the figures on the rows that are judged without it and with it.

    `calibrated`: log loss, Brier and calibration error with the temperature 1 and the one found; `at_half`: the metrics
    that are single numbers at the threshold 1/2. `rows` is how many rows both were found on.
    """

    adjustment: Adjustment
    rows: int = 0
    temperature: float | None = None
    chosen: ChosenThreshold | None = None
    calibrated: dict[str, tuple[float, float]] = field(default_factory=dict)
    at_half: dict[str, float] = field(default_factory=dict)
    saved: bool = False
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """What machine output holds of it; nothing where nothing is adjusted."""
        made: dict[str, Any] = {}
        if self.adjustment.changes or self.saved:
            made["adjustment"] = self.adjustment.model_dump(mode="json") | {"saved": self.saved}
        if self.temperature is not None:
            figures = {name: {"before": before, "after": after} for name, (before, after) in self.calibrated.items()}
            made["calibration"] = {
                "temperature": self.temperature,
                "split": FITTED_ON,
                "rows": self.rows,
                "metrics": figures,
            }
        if self.chosen is not None:
            made["threshold"] = {
                "value": self.chosen.threshold,
                "goal": self.chosen.goal.name,
                "split": FITTED_ON,
                "rows": self.rows,
                "from": self.chosen.lower,
                "to": self.chosen.upper,
                "reached": self.chosen.value,
                "at_half": self.chosen.value_at_half,
                "metrics_at_half": self.at_half,
            }
        return made


def adjust(wish: Wish, model: Model, evaluator: Evaluator, validation: Part | None) -> Adjusted:
    """Fits what is wanted on the validation rows: first the temperature, then the threshold of what it gives."""
    adjustment = model.adjustment
    if validation is None or not wish.needs_validation:
        return Adjusted(adjustment)
    outputs = evaluator.outputs(validation.inputs)
    notes: list[str] = []
    temperature: float | None = None
    if wish.calibrate:
        try:
            temperature = fit_temperature(outputs, validation.targets, validation.weights)
        except DataError as error:
            temperature = 1.0
            notes.append(f"--calibrate: {error.message}; the temperature stays 1")
        adjustment = adjustment.with_temperature(temperature)
        if wish.threshold is not None:  # it is meant for the probabilities that come out
            adjustment = adjustment.model_copy(update={"threshold": wish.threshold})
    chosen: ChosenThreshold | None = None
    if wish.goal is not None:
        probabilities = adjustment.probabilities(model.built.loss, outputs)[:, 1]
        truth: Array = validation.targets == 1
        try:
            chosen = choose_threshold(probabilities, truth, wish.goal, validation.weights)
        except DataError as error:
            raise DataError(error.message, where="the validation rows", hint=error.hint) from None
        adjustment = adjustment.model_copy(update={"threshold": chosen.threshold})
    return Adjusted(adjustment, len(validation), temperature, chosen, notes=notes)


def compare_adjusted(
    found: Adjusted, evaluator: Evaluator, outputs: Array, part: Part, metrics: Sequence[Metric]
) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """`calibrated` and `at_half` of what was found, from the outputs for the rows that are judged."""
    calibrated: dict[str, tuple[float, float]] = {}
    at_half: dict[str, float] = {}
    adjustment = found.adjustment
    if found.temperature is not None:
        before = evaluator.scored(outputs, part, adjustment.with_temperature(1.0))
        after = evaluator.scored(outputs, part, adjustment)
        for metric in OF_PROBABILITIES:
            calibrated[metric.name] = (cast("float", metric.compute(before)), cast("float", metric.compute(after)))
    if found.chosen is not None:
        scored = evaluator.scored(outputs, part, adjustment.model_copy(update={"threshold": HALF}))
        at_half = {one.name: cast("float", one.compute(scored)) for one in metrics if one.scalar}
    return calibrated, at_half


def worse_note(calibrated: dict[str, tuple[float, float]]) -> list[str]:
    """A note where a temperature that was fitted on other rows does these no good."""
    name = LogLoss.tag()
    before, after = calibrated.get(name, (0.0, 0.0))
    with_it, without_it = f"{after:.4g}", f"{before:.4g}"
    if after <= before or with_it == without_it:  # what so few digits do not tell is no harm
        return []
    return [f"--calibrate: on these rows {name} is {with_it} with the temperature, {without_it} without it"]


def changed(at_half: dict[str, float], figures: dict[str, Any]) -> list[str]:
    """The metrics that the threshold changes."""
    return [name for name, value in at_half.items() if not np.isclose(value, figures[name], rtol=0, equal_nan=True)]
