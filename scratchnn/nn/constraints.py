"""Constraints: what weights are brought back to after each step of the optimizer."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component, Settings
from scratchnn.nn.clipping import unit_norms
from scratchnn.nn.memory import Array


class Constraint(Component):
    """The base of all constraints.

    A unit is all weights that lead to one output (of each gate, head and direction on its own), for an embedding the
    vector of one id, for a bias or another vector the whole.
    """

    family: ClassVar[str] = "constraint"

    def apply(self, weights: Array) -> None:
        """Changes one parameter array in place, as little as the constraint needs. Its last axis counts the units."""
        raise NotImplementedError


class NonNegative(Constraint):
    """w = max(w, 0)."""

    type: Literal["non_negative"] = "non_negative"

    def apply(self, weights: Array) -> None:
        """Takes negative weights to 0."""
        np.maximum(weights, 0, out=weights)


class MaxNorm(Constraint):
    """Scales the weights of each unit down to a Euclidean norm of at most `limit`. Source: Srivastava et al. 2014."""

    type: Literal["max_norm"] = "max_norm"
    limit: float = Field(2.0, gt=0, allow_inf_nan=False, description="The largest norm.")

    def apply(self, weights: Array) -> None:
        """w *= min(1, limit / |w|)."""
        factors = self.limit / np.maximum(unit_norms(weights), self.limit)
        np.multiply(weights, factors.astype(weights.dtype, copy=False), out=weights)


class UnitNorm(Constraint):
    """Scales the weights of each unit to a Euclidean norm of 1; where all are 0 they stay 0."""

    type: Literal["unit_norm"] = "unit_norm"

    def apply(self, weights: Array) -> None:
        """w /= |w|."""
        norms = unit_norms(weights)
        norms[norms == 0] = 1
        np.divide(weights, norms, out=weights)


class ConstrainedParameters(Settings):
    """A constraint on the parameters whose names match."""

    match: str = Field(min_length=1, description="Pattern of the parameters' names, such as *.weight or 0.*.")
    constraint: Constraint = Field(description="What holds for each of these arrays after every step.")
