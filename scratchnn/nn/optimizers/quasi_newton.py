"""An optimizer that learns the curvature from how the gradient changes, and searches along its direction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import SearchingOptimizer
from scratchnn.nn.optimizers.line_search import LOOKS, Point, strong_wolfe

LEAST_CURVATURE = 1e-10  # of s . y, for a pair to be kept


class LBFGS(SearchingOptimizer):
    r"""p += t d, d = -H g, with a step t that satisfies the strong Wolfe conditions (c1 = 1e-4, c2 = 0.9).

    H follows from the last `history` pairs s = t d and y = (change of g), by two loops over them; it starts as
    (s . y) / (y . y) of the newest. A pair with s . y <= 1e-10 is left out. The search first looks at
    t = learning_rate; in the very first iteration, where d = -g, at learning_rate min(1, 1 / sum |g|). A step of the
    optimizer, which is an epoch, makes many iterations and ends before its time where a tolerance is reached.
    The loss is that of all training rows, `training.batch_size` of them in memory at once, with l1 and l2; dropout
    masks are the same in a whole step. l1 has kinks, at which a search may end early. float64 gets nearer to the
    minimum than float32, in which small changes of the loss are lost.
    Source: Nocedal and Wright 2006, algorithms 7.4 and 7.5, and 3.5 and 3.6 for the search. Variant: PyTorch's LBFGS
    with line_search_fn="strong_wolfe", but that a search which ends elsewhere than at its last evaluation makes one
    more there, that the default history is 10, not 100 (the pairs are in every checkpoint), and that evaluations have
    no limit by default: PyTorch's, 5/4 of the iterations, leaves one iteration a single look.
    """

    type: Literal["lbfgs"] = "lbfgs"
    learning_rate: float = Field(1.0, gt=0, allow_inf_nan=False, description="The first step that a search looks at.")
    history: int = Field(10, ge=1, description="Pairs that are kept to know the curvature.")
    iterations: int = Field(20, ge=1, description="Directions in one step of the optimizer.")
    evaluations: int | None = Field(
        None,
        ge=1,
        description="Evaluations of the loss in one step of the optimizer, nearly; absent: 26 in each search.",
    )
    gradient_tolerance: float = Field(
        1e-7, ge=0, allow_inf_nan=False, description="Largest number in the gradient at which a step ends."
    )
    change_tolerance: float = Field(
        1e-9, ge=0, allow_inf_nan=False, description="Change of the loss, or of all parameters, at which a step ends."
    )

    def slots(self) -> tuple[str, ...]:
        """The pairs s and y, in a ring."""
        return tuple(f"{name}.{place}" for name in ("steps", "changes") for place in range(self.history))

    def carried(self) -> dict[str, float]:
        """Iterations begun, pairs stored so far, the scale of H, and s . y of each pair."""
        numbers = {"iterations": 0.0, "stored": 0.0, "scale": 1.0}
        return numbers | {f"curvature.{place}": 0.0 for place in range(self.history)}

    def search(
        self,
        p: Array,
        g: Array,
        slots: Sequence[Array],
        work: Sequence[Array],
        carried: dict[str, float],
        learning_rate: float,
        evaluate: Callable[[], float],
    ) -> float:
        """Up to `iterations` searches, each along a new direction."""
        direction, origin, gradient = work
        value, used = evaluate(), 1
        largest = _largest(g, origin)
        if not math.isfinite(value) or not math.isfinite(largest):
            return math.nan
        for _ in range(self.iterations):
            if largest <= self.gradient_tolerance:
                break
            first = carried["iterations"] == 0
            carried["iterations"] += 1
            self._direct(g, slots, carried, direction, origin)
            slope = float(np.dot(g, direction))
            if not slope <= -self.change_tolerance:  # also where it is no number
                break
            step = learning_rate
            if first:
                step *= min(1.0, 1.0 / float(np.add.reduce(np.abs(g, out=origin))))
            reach = _largest(direction, origin)
            origin[...], gradient[...] = p, g
            line = _Line(p, g, origin, direction, evaluate)
            left = LOOKS if self.evaluations is None else max(self.evaluations - used, 0)
            found = strong_wolfe(line.look, Point(0.0, value, slope), step, reach, min(LOOKS, left))
            line.stand_at(found)
            used += line.evaluations
            self._remember(found.step, g, gradient, slots, carried, direction)
            change, value = abs(found.value - value), found.value
            largest = _largest(g, origin)
            if found.step * reach <= self.change_tolerance or change < self.change_tolerance:
                break
            if self.evaluations is not None and used >= self.evaluations:
                break
        return value

    def _direct(
        self, g: Array, slots: Sequence[Array], carried: dict[str, float], direction: Array, work: Array
    ) -> None:
        """direction = -H g (algorithm 7.4)."""
        steps, changes = slots[: self.history], slots[self.history :]
        places = self._places(carried)
        weights: dict[int, float] = {}
        np.negative(g, out=direction)
        for place in reversed(places):
            weights[place] = float(np.dot(steps[place], direction)) / carried[f"curvature.{place}"]
            np.subtract(direction, np.multiply(changes[place], weights[place], out=work), out=direction)
        np.multiply(direction, carried["scale"], out=direction)
        for place in places:
            weight = float(np.dot(changes[place], direction)) / carried[f"curvature.{place}"]
            np.add(direction, np.multiply(steps[place], weights[place] - weight, out=work), out=direction)

    def _remember(
        self,
        step: float,
        g: Array,
        before: Array,
        slots: Sequence[Array],
        carried: dict[str, float],
        direction: Array,
    ) -> None:
        """Keeps the pair of a search in place of the oldest; destroys `before` and `direction`."""
        np.multiply(direction, step, out=direction)
        np.subtract(g, before, out=before)
        curvature = float(np.dot(direction, before))
        if not LEAST_CURVATURE < curvature < math.inf:
            return
        place = int(carried["stored"]) % self.history
        slots[place][...], slots[self.history + place][...] = direction, before
        carried[f"curvature.{place}"] = curvature
        carried["scale"] = curvature / float(np.dot(before, before))
        carried["stored"] += 1

    def _places(self, carried: dict[str, float]) -> list[int]:
        """The places of the pairs in the ring, oldest first."""
        stored = int(carried["stored"])
        return [number % self.history for number in range(max(stored - self.history, 0), stored)]


class _Line:
    """The loss along a direction from `origin`: p and g are those of the last step that was looked at."""

    def __init__(self, p: Array, g: Array, origin: Array, direction: Array, evaluate: Callable[[], float]) -> None:
        self._p = p
        self._g = g
        self._origin = origin
        self._direction = direction
        self._evaluate = evaluate
        self._last = 0.0
        self.evaluations = 0

    def look(self, step: float) -> Point:
        """Moves p there and evaluates."""
        np.add(self._origin, np.multiply(self._direction, step, out=self._p), out=self._p)
        self._last = step
        self.evaluations += 1
        value = self._evaluate()
        slope = float(np.dot(self._g, self._direction)) if math.isfinite(value) else math.nan
        return Point(step, value if math.isfinite(slope) else math.inf, slope)

    def stand_at(self, point: Point) -> None:
        """Leaves p and g as they are at a point that was looked at."""
        if point.step != self._last:
            self.look(point.step)


def _largest(vector: Array, work: Array) -> float:
    """max |v|."""
    return float(np.maximum.reduce(np.abs(vector, out=work), initial=0.0))
