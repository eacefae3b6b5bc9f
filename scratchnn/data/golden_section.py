"""The least value of a function of one number, without its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable

_RATIO = (math.sqrt(5) - 1) / 2


def minimize(function: Callable[[float], float], low: float, high: float, tolerance: float, grid: int = 21) -> float:
    """The place in [low, high] where `function` is least, to within `tolerance`.

    `grid` evenly spaced places come first; between the neighbours of the best one follows golden section search
    (Kiefer 1953), which keeps a fraction 0.618 of the interval with each evaluation. It finds the minimum between these
    neighbours where there is only one. A value may be infinite: there the function is not defined. Near a minimum f is
    flat: with rounding errors e of f, the place is only good to about sqrt(e / f'').

    >>> round(minimize(lambda x: (x - 2) ** 2, -5, 5, 1e-6), 6)
    2.0
    """
    places = [low + (high - low) * number / (grid - 1) for number in range(grid)]
    values = [function(place) for place in places]
    best = values.index(min(values))
    left, right = places[max(best - 1, 0)], places[min(best + 1, grid - 1)]
    a, b = right - _RATIO * (right - left), left + _RATIO * (right - left)
    at_a, at_b = function(a), function(b)
    while right - left > tolerance:
        if at_a < at_b:
            right, b, at_b = b, a, at_a
            a = right - _RATIO * (right - left)
            at_a = function(a)
        else:
            left, a, at_a = a, b, at_b
            b = left + _RATIO * (right - left)
            at_b = function(b)
    return min([places[best], a, b], key=function)
