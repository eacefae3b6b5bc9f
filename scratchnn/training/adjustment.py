"""What was found after the training to read a classifier's outputs better: a temperature and a threshold."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from scratchnn.component import Settings
from scratchnn.data.encoder import Encoder
from scratchnn.errors import UsageError
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array
from scratchnn.nn.temperature import predictions_at

HALF = 0.5


class Adjustment(Settings):
    """How outputs become probabilities and classes: outputs / temperature, then the second of two classes above a
    threshold. As it is here nothing is adjusted. The model file holds it.
    """

    temperature: float = Field(1.0, gt=0, allow_inf_nan=False, description="What the outputs are divided by.")
    threshold: float | None = Field(
        None, ge=0, le=1, description="The second of two classes is called where its probability is above this."
    )

    @property
    def changes(self) -> bool:
        """Whether anything is adjusted."""
        return self.temperature != 1 or self.threshold is not None

    def check(self, encoder: Encoder, loss: Loss, where: str = "") -> None:
        """Raises `UsageError` where the model has no use for what is adjusted."""
        if self.threshold is not None:
            check_threshold(encoder, where or "--threshold")
        if self.temperature != 1:
            check_temperature(encoder, loss, where or "--calibrate")

    def probabilities(self, loss: Loss, outputs: Array) -> Array:
        """The predictions at the temperature."""
        return predictions_at(loss, outputs, self.temperature)

    def called(self, loss: Loss, outputs: Array) -> Array | None:
        """The ids `(N,)` of the classes that are called; None where it is the most probable one of `probabilities`.

        A temperature changes none of them: where two probabilities are equal but for rounding, those without it tell.
        """
        if self.threshold is not None:
            return np.asarray(self.probabilities(loss, outputs)[:, 1] > self.threshold).astype(np.int64)
        if self.temperature != 1:
            return np.asarray(loss.predictions(outputs).argmax(axis=1))
        return None

    def with_temperature(self, temperature: float) -> Adjustment:
        """The same at another temperature; the threshold moves with it, so that no other class is called.

        The logit of a probability is divided by the temperature, so that of the threshold is multiplied by old / new.
        """
        threshold = self.threshold
        if threshold is not None and 0 < threshold < 1:
            logit = math.log(threshold / (1 - threshold)) * self.temperature / temperature
            threshold = 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))
        return Adjustment(temperature=temperature, threshold=threshold)


def check_threshold(encoder: Encoder, where: str) -> None:
    """Raises `UsageError` where there are not two classes, of which a threshold could choose one."""
    target = encoder.target
    if target.task == "classification" and len(target.class_names) == 2:
        return
    if target.label_names:
        got, hint = "is for two classes; labels are told at 1/2", "Choose them yourself from predict --proba."
    elif len(target.class_names) > 2:
        got, hint = f"is for two classes, but the model tells {len(target.class_names)}", "Remove it."
    else:
        got, hint = f"is for two classes, but {target.what or 'the model has no classes'}", "Remove it."
    raise UsageError(got, where=where, hint=hint)


def check_temperature(encoder: Encoder, loss: Loss, where: str) -> None:
    """Raises `UsageError` where the probabilities are no softmax and no sigmoid for a class a row."""
    target = encoder.target
    if target.task != "classification":
        what = target.what or "the model has no classes"
        got = f"is for classes whose probabilities are a softmax or a sigmoid, but {what}"
        raise UsageError(got, where=where, hint="Remove it.")
    if not loss.takes_temperature():
        hint = "Train with cross_entropy or binary_cross_entropy."
        raise UsageError(f"needs a softmax or a sigmoid, which {loss.title} has not", where=where, hint=hint)
