"""What is added to the loss for large weights, limits on the gradient, and constraints on the weights."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from scratchnn.component import Settings
from scratchnn.nn.arena import Arena
from scratchnn.nn.clipping import clip_adaptive, clip_norm, clip_value
from scratchnn.nn.constraints import ConstrainedParameters
from scratchnn.nn.memory import Array
from scratchnn.nn.patterns import matching


class Regularization(Settings):
    """Adds l1 * sum |w| + l2 / 2 * sum w^2 to the loss of every batch, limits the gradient, constrains the weights.

    Touches weights, not biases or gains. A layer's own l1, l2 or constraint wins over these. The 1/2 makes l2 the same
    as the weight decay of plain SGD. Limits on the gradient come in the order of their fields.
    """

    l1: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of the sum of absolute weights.")
    l2: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of half the sum of squared weights.")
    clip_value: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="The largest allowed number in the gradient."
    )
    clip_parameter_norm: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="The longest allowed norm of each parameter array's gradient."
    )
    clip_adaptive: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="The longest allowed norm of each unit's gradient, as a share of its weights' norm.",
    )
    clip_norm: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="The longest allowed norm of the whole gradient."
    )
    constraints: list[ConstrainedParameters] = Field([], description="What weights are brought back to after a step.")

    def spans(self, arena: Arena) -> list[tuple[slice, float, float]]:
        """The slices of the flat vector with their l1 and l2; those with neither are left out.

        Neighbours with the same l1 and l2 are one slice. The gap between them holds zeros, which cost nothing.
        """
        spans: list[tuple[slice, float, float]] = []
        for group in arena.groups:
            l1 = self.l1 if group.l1 is None else group.l1
            l2 = self.l2 if group.l2 is None else group.l2
            start = group.span.start
            if spans and spans[-1][1:] == (l1, l2):
                start = spans.pop()[0].start
            spans.append((slice(start, group.span.stop), l1, l2))
        return [span for span in spans if span[1] or span[2]]


class Penalty:
    """Regularization bound to an arena. `add` is called between backward and the optimizer, `constrain` after it.

    Raises `ConfigError` for a constraint that matches no parameter.
    """

    def __init__(self, regularization: Regularization, arena: Arena) -> None:
        self._spans = regularization.spans(arena)
        self._settings = regularization
        limits = ("clip_value", "clip_parameter_norm", "clip_adaptive", "clip_norm")
        self._clips = any(getattr(regularization, name) is not None for name in limits)
        self._arena = arena
        self._gradients = [slot.view(arena.gradients) for slot in arena.slots.values()]
        self._by_unit = {
            name: (arena.by_unit(name, arena.parameters), arena.by_unit(name, arena.gradients)) for name in arena.slots
        }
        own = {name: param.constraint for name, param in arena.params.items() if param.constraint is not None}
        self._constrained = [
            (name, entry.constraint, self._by_unit[name][0])
            for index, entry in enumerate(regularization.constraints)
            for name in matching(entry.match, list(arena.slots), f"regularization.constraints[{index}].match")
            if name not in own
        ]
        self._constrained += [(name, constraint, self._by_unit[name][0]) for name, constraint in own.items()]
        longest = max((span.stop - span.start for span, _, _ in self._spans), default=0)
        self._work = np.empty(longest, arena.dtype)
        self._frozen: list[Array] = []
        self._held: frozenset[str] = frozenset()

    def freeze(self, names: frozenset[str]) -> None:
        """From now on these parameters have no gradient and no constraint; their penalty stays in `value`."""
        self._held = names
        self._frozen = [self._arena.slots[name].view(self._arena.gradients) for name in sorted(names)]

    @property
    def constrains(self) -> bool:
        """Whether `constrain` does anything."""
        return bool(self._constrained)

    @property
    def active(self) -> bool:
        """Whether any weight is penalized."""
        return bool(self._spans)

    def value(self) -> float:
        """The penalty of the weights as they are."""
        total = 0.0
        for span, l1, l2 in self._spans:
            weights = self._arena.parameters[span]
            if l1:
                total += l1 * float(np.add.reduce(np.abs(weights, out=self._work[: len(weights)])))
            if l2:
                total += 0.5 * l2 * float(np.dot(weights, weights))
        return total

    def add(self) -> None:
        """Adds the gradient of the penalty, l1 sign(w) + l2 w, to the arena's gradients, then limits them."""
        arena = self._arena
        for span, l1, l2 in self._spans:
            weights, gradient = arena.parameters[span], arena.gradients[span]
            work = self._work[: len(weights)]
            if l2:
                np.add(gradient, np.multiply(weights, l2, out=work), out=gradient)
            if l1:
                np.sign(weights, out=work)
                np.add(gradient, np.multiply(work, l1, out=work), out=gradient)
        for gradient in self._frozen:
            gradient.fill(0)
        if self._clips:
            self._clip()

    def constrain(self) -> None:
        """Applies the constraints to the weights, in their order."""
        for name, constraint, weights in self._constrained:
            if name not in self._held:
                constraint.apply(weights)

    def _clip(self) -> None:
        settings, gradients = self._settings, self._arena.gradients
        if settings.clip_value is not None:
            clip_value(gradients, settings.clip_value)
        if settings.clip_parameter_norm is not None:
            for gradient in self._gradients:
                clip_norm(gradient.reshape(-1), settings.clip_parameter_norm)
        if settings.clip_adaptive is not None:
            for weights, gradient in self._by_unit.values():
                clip_adaptive(weights, gradient, settings.clip_adaptive)
        if settings.clip_norm is not None:
            clip_norm(gradients, settings.clip_norm)
