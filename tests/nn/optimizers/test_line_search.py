"""The strong Wolfe conditions on random lines, and where the search looks."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scratchnn.nn.optimizers.line_search import Point, cubic_minimum, strong_wolfe


class Line:
    """A function of one number and its derivative; keeps where it was evaluated."""

    def __init__(self, function):
        self.function = function
        self.seen: list[Point] = []

    def look(self, step: float) -> Point:
        self.seen.append(Point(step, *self.function(step)))
        return self.seen[-1]


def search(function, first=1.0, reach=1.0, **more):
    line = Line(function)
    start = Point(0.0, *function(0.0))
    return start, strong_wolfe(line.look, start, first, reach, **more), line.seen


def bowl(steepness, wave, speed, phase, bottom):
    """A bowl with waves on it: many local minima, no lower bound missing."""

    def function(t):
        value = steepness * (t - bottom) ** 2 + wave * math.sin(speed * t + phase)
        return value, 2 * steepness * (t - bottom) + wave * speed * math.cos(speed * t + phase)

    return function


def power(exponent, scale):
    """A narrow valley far away, very flat at its bottom."""

    def function(t):
        x = t / scale - 1
        return abs(x) ** exponent, exponent / scale * math.copysign(abs(x) ** (exponent - 1), x)

    return function


BOWLS = st.builds(
    bowl,
    st.floats(0.01, 10),
    st.floats(0, 10),
    st.floats(0.1, 20),
    st.floats(0, 6.3),
    st.floats(-20, 20),
)
POWERS = st.builds(power, st.floats(1.5, 6), st.floats(1e-3, 1e3))


@given(BOWLS | POWERS, st.floats(1e-3, 1e3))
def test_the_strong_wolfe_conditions_hold(function, first):
    assume(function(0.0)[1] < -1e-3)
    start, found, seen = search(function, first)
    assert found in seen
    assert found.step > 0
    assert found.value <= start.value + 1e-4 * found.step * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert len(seen) <= 26


@given(BOWLS | POWERS, st.floats(1e-3, 1e3), st.integers(0, 6))
def test_a_search_that_is_cut_short_never_goes_up(function, first, looks):
    assume(function(0.0)[1] < -1e-3)
    start, found, seen = search(function, first, looks=looks)
    assert len(seen) <= 1 + looks
    assert found.value <= start.value


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_step_that_is_good_already_is_taken_at_once(steepness, bottom):
    _, found, seen = search(bowl(steepness, 0.0, 1.0, 0.0, bottom), first=1.5 * bottom)
    assert seen == [found]


def test_what_is_not_finite_is_stepped_back_from():
    """-log(1 - t) - 5 t has its minimum at 0.8 and no values from 1 on: 8, 4, 2 and 1 are halved."""

    def function(t):
        return (-math.log(1 - t) - 5 * t, 1 / (1 - t) - 5) if t < 1 else (math.inf, math.nan)

    start, found, seen = search(function, first=8.0)
    assert [point.step for point in seen[:4]] == [8.0, 4.0, 2.0, 1.0]
    assert 0 < found.step < 1
    assert found.value < start.value
    assert abs(found.slope) <= 0.9 * 4


def test_nothing_but_infinity_ends_at_the_start():
    start, found, seen = search(lambda t: (math.inf, math.nan) if t else (1.0, -1.0))
    assert found is start
    assert len(seen) == 26


def test_a_bracket_too_narrow_for_the_parameters_ends_the_search():
    start, found, seen = search(lambda t: (math.inf, math.nan) if t else (1.0, -1.0), reach=1e-7)
    assert found is start
    assert len(seen) == 8  # 1e-7 / 2^7 < 1e-9


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.1, 3), st.booleans())
def test_the_minimum_of_a_cubic_is_found_at_once(lowest, offset, width, turned):
    """x^3 - 3 x has its minimum at 1."""
    points = [Point(x, x**3 - 3 * x, 3 * x * x - 3) for x in (offset, offset + width)]
    assume(abs(2 * offset + width) > 0.1)  # else it is nearly a line
    made = cubic_minimum(*(points[::-1] if turned else points), -50.0, 50.0)
    assert made == pytest.approx(1, abs=1e-6)
    assert cubic_minimum(*points, lowest, lowest + 0.1) == pytest.approx(min(max(1, lowest), lowest + 0.1), abs=1e-6)


@pytest.mark.parametrize("far", [Point(1.0, math.inf, 2.0), Point(1.0, 3.0, math.inf), Point(1.0, math.inf, math.nan)])
def test_a_point_without_numbers_gives_the_middle(far):
    assert cubic_minimum(Point(0.0, 0.0, -1.0), far, 0.0, 1.0) == 0.5


def test_the_lower_end_is_returned_though_it_decreases_too_little():
    answers = iter([(1.0, 4.0), (-1e-5, 3.0)])
    found = strong_wolfe(lambda step: Point(step, *next(answers)), Point(0.0, 0.0, -1.0), 1.0, 1.0, looks=1)
    assert found.value == -1e-5


@pytest.mark.parametrize("value", [0.8, 1.0])
def test_a_cubic_that_rises_all_the_way_and_a_line_give_the_middle(value):
    assert cubic_minimum(Point(0.0, 0.0, 1.0), Point(1.0, value, 1.0), 0.0, 1.0) == 0.5
