"""How far to go along a direction: a line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DECREASE = 1e-4  # c1
CURVATURE = 0.9  # c2
LOOKS = 25  # evaluations after the first, at most
NARROWEST = 1e-9  # bracket, as a change of the parameter that changes most
FARTHER = (0.01, 10.0)  # the next step beyond the last: at least and at most, as a share of the gap and of the step
EDGE = 0.1  # share of a bracket that is near its end


@dataclass(frozen=True, slots=True)
class Point:
    """The function along the direction, f(step), and its derivative there."""

    step: float
    value: float
    slope: float

    @property
    def finite(self) -> bool:
        """Whether both are numbers."""
        return math.isfinite(self.value) and math.isfinite(self.slope)


def strong_wolfe(look: Callable[[float], Point], start: Point, first: float, reach: float, looks: int = LOOKS) -> Point:
    """A step t with f(t) <= f(0) + c1 t f'(0) and |f'(t)| <= c2 |f'(0)|, c1 = 1e-4, c2 = 0.9.

    `look` evaluates a step, once and up to `looks` more times; where it finds no numbers the value is infinite.
    `start` is the step 0, with a slope below 0, `first` the first step to look at, `reach` the change of the parameter
    that changes most in a step of 1. Where no such step was found it is the lower end of the last bracket, perhaps
    `start` itself.
    Source: Nocedal and Wright 2006, algorithms 3.5 and 3.6. Variant: PyTorch's LBFGS, but for values that are not
    finite: the search halves the way back from them.
    """
    before, here = start, look(first)
    for looked in range(looks):
        if not _decreases(start, here) or (looked > 1 and here.value >= before.value):
            return _zoom(look, start, before, here, looks - looked, reach)
        if _is_flat(start, here):
            return here
        if here.slope >= 0:
            return _zoom(look, start, before, here, looks - looked, reach)
        nearest, farthest = here.step + FARTHER[0] * (here.step - before.step), FARTHER[1] * here.step
        before, here = here, look(cubic_minimum(before, here, nearest, farthest))
    return start if start.value <= here.value else here


def cubic_minimum(a: Point, b: Point, lowest: float, highest: float) -> float:
    """The minimum of the cubic through two points with their slopes, brought between the bounds.

    Their middle where the cubic has no minimum or a point has no numbers. Source: Nocedal and Wright 2006, (3.59).
    """
    middle = (lowest + highest) / 2
    if not (a.finite and b.finite):
        return middle
    if a.step > b.step:
        a, b = b, a
    chord = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    square = chord * chord - a.slope * b.slope
    if not square >= 0:
        return middle
    root = math.sqrt(square)
    if (scale := b.slope - a.slope + 2 * root) == 0:
        return middle
    return min(max(b.step - (b.step - a.step) * (b.slope + root - chord) / scale, lowest), highest)


def _zoom(look: Callable[[float], Point], start: Point, a: Point, b: Point, looks: int, reach: float) -> Point:
    """Narrows a bracket around such a step. Of its ends `low` is the lower one that decreases."""
    low, high = (a, b) if a.value <= b.value else (b, a)
    near = False  # whether the last step was near an end
    for _ in range(looks):
        left, right = min(low.step, high.step), max(low.step, high.step)
        if (right - left) * reach < NARROWEST:
            break
        step = cubic_minimum(low, high, left, right)
        edge = EDGE * (right - left)
        if min(step - left, right - step) >= edge:
            near = False
        elif near or not left < step < right:
            step = right - edge if right - step < step - left else left + edge
            near = False
        else:
            near = True
        here = look(step)
        if not _decreases(start, here) or here.value >= low.value:
            high = here
            if high.value < low.value:
                low, high = high, low
        elif _is_flat(start, here):
            return here
        else:
            if here.slope * (high.step - low.step) >= 0:
                high = low
            low = here
    return low


def _decreases(start: Point, here: Point) -> bool:
    """The first condition."""
    return here.value <= start.value + DECREASE * here.step * start.slope


def _is_flat(start: Point, here: Point) -> bool:
    """The second condition."""
    return abs(here.slope) <= -CURVATURE * start.slope
