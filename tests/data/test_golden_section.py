from __future__ import annotations

import math

import pytest

from scratchnn.data.golden_section import minimize


@pytest.mark.parametrize("place", [-5.0, -4.99, -0.3, 0.0, math.pi, 5.0])
def test_the_minimum_of_a_valley(place: float) -> None:
    assert minimize(lambda x: abs(x - place), -5, 5, 1e-9) == pytest.approx(place, abs=1e-8)


def test_the_deeper_of_two_valleys() -> None:
    assert minimize(lambda x: min((x + 3) ** 2, (x - 3) ** 2 - 1), -5, 5, 1e-6) == pytest.approx(3, abs=1e-5)


def test_where_the_function_is_not_defined_it_is_infinite() -> None:
    assert minimize(lambda x: math.inf if x < 1 else x * x, -5, 5, 1e-6) == pytest.approx(1, abs=1e-5)


def test_the_evaluations_are_few() -> None:
    """21 of the grid, 2 to start, then one for each 0.618 of an interval of 1 down to 1e-6: 29; 3 at the end."""
    count = 0

    def counted(x: float) -> float:
        nonlocal count
        count += 1
        return (x - 1.3) ** 2

    minimize(counted, -5, 5, 1e-6)
    assert count == 21 + 2 + 29 + 3
