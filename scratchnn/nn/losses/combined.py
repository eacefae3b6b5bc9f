"""Losses made of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.errors import DataError, ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec
from scratchnn.nn.memory import Array, Buffer, Memory

_COUNTS = (2, 3, 4, 5, 7)
PROBES = (*(TargetSpec(classes=n) for n in _COUNTS), *(TargetSpec(columns=n) for n in (1, *_COUNTS)))
"""Targets that some terms must agree on; losses differ in the kind of targets, and in outputs for each of them."""


class Term(Settings):
    """One loss of a sum, and how much it counts."""

    loss: Loss = Field(description="The loss.")
    weight: float = Field(1.0, gt=0, allow_inf_nan=False, description="What its value is multiplied with.")


class WeightedSum(Loss):
    """sum_i weight[i] loss[i] of several losses that all see the same outputs and the same targets.

    Gradient: the same sum of their gradients. Each term reads the outputs in its own sense (poisson, as logarithms);
    the predictions are those of the first term. Targets must be raw where one term wants them so. Terms that no
    target suits together are refused when the config is read. A term may be a weighted_sum.
    """

    type: Literal["weighted_sum"] = "weighted_sum"
    terms: list[Term] = Field(min_length=1, description="The losses with their weights; predictions by the first.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        fitting = list(PROBES)
        for index, term in enumerate(self.terms):
            sizes = {target: _size(term.loss, target) for target in fitting}
            first = {target: _size(self.terms[0].loss, target) for target in fitting}
            fitting = [target for target in fitting if sizes[target] and sizes[target] == first[target]]
            if not fitting:
                message = (
                    "`terms[{index}]` ({tag}) takes other targets or needs other outputs than the terms before it."
                )
                raise PydanticCustomError("terms", message, {"index": index, "tag": term.loss.tag()})
        return self

    def wants_raw_targets(self) -> bool:
        """Whether a term does."""
        return any(term.loss.wants_raw_targets() for term in self.terms)

    def wants_ordered_classes(self) -> bool:
        """Whether a term does."""
        return any(term.loss.wants_ordered_classes() for term in self.terms)

    def tells_labels(self) -> bool:
        """As the first term."""
        return self.terms[0].loss.tells_labels()

    def reads_outputs_as_they_are(self) -> bool:
        """Whether all terms do."""
        return all(term.loss.reads_outputs_as_they_are() for term in self.terms)

    def check_numbers(self, targets: Array) -> None:
        """What each term refuses."""
        for term in self.terms:
            term.loss.check_numbers(targets)

    def wants_raw_inputs(self) -> bool:
        """Whether a term does."""
        return any(term.loss.wants_raw_inputs() for term in self.terms)

    def check_inputs(self, inputs: Array) -> None:
        """What each term refuses."""
        for term in self.terms:
            term.loss.check_inputs(inputs)

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """Those of the first term whose targets suit all."""
        for term in self.terms:
            targets = term.loss.sample_targets(target, rows, rng)
            try:
                if not target.is_classification:
                    self.check_numbers(targets)
            except DataError:
                continue
            return targets
        return super().sample_targets(target, rows, rng)

    def output_size(self, target: TargetSpec) -> int:
        """The size that all terms need. Raises `ShapeError` with the term as its place."""
        sizes = []
        for index, term in enumerate(self.terms):
            place = f"terms[{index}].loss"
            try:
                sizes.append(term.loss.output_size(target))
            except ShapeError as error:
                where = f"{place}.{error.where}" if error.where else place
                raise ShapeError(error.message, where=where, hint=error.hint) from None
            if sizes[index] != sizes[0]:
                message = f"({term.loss.tag()}) needs {sizes[index]} outputs, but the first term {sizes[0]}"
                raise ShapeError(message, where=place, hint="Sum losses that need the same outputs.")
        return sizes[0]

    def plan(self, outputs: InputSpec) -> Plan:
        """What the terms need, and a gradient."""
        children = {str(index): term.loss.plan(outputs) for index, term in enumerate(self.terms)}
        return Plan(outputs, scratch={"gradient": Buffer(outputs.shape)}, children=children)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum of the terms' sums."""
        value = 0.0
        for index, term in enumerate(self.terms):
            made = gradient if gradient is None or index == 0 else mem.scratch.gradient
            value += term.weight * term.loss.evaluate(outputs, targets, weights, total, made, mem.children[str(index)])
            if gradient is not None and made is not None:
                np.multiply(made, term.weight, out=made)
                if index:
                    np.add(gradient, made, out=gradient)
        return value

    def takes_temperature(self) -> bool:
        """Whether the first term does, which makes the predictions."""
        return self.terms[0].loss.takes_temperature()

    def predictions(self, outputs: Array) -> Array:
        """Those of the first term."""
        return self.terms[0].loss.predictions(outputs)

    def quantiles_known(self) -> Sequence[float] | None:
        """Those of the first term."""
        return self.terms[0].loss.quantiles_known()

    def quantile(self, outputs: Array, share: float) -> Array:
        """That of the first term."""
        return self.terms[0].loss.quantile(outputs, share)

    def deviations(self, outputs: Array) -> Array | None:
        """Those of the first term."""
        return self.terms[0].loss.deviations(outputs)

    def log_likelihoods(self, outputs: Array, targets: Array) -> Array:
        """Those of the first term."""
        return self.terms[0].loss.log_likelihoods(outputs, targets)


def _size(loss: Loss, target: TargetSpec) -> int:
    """The outputs that a loss needs for these targets, 0 where it does not fit them."""
    try:
        return loss.output_size(target)
    except ShapeError:
        return 0
