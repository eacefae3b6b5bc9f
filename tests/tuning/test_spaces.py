from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.tuning.settings import TuneSettings
from scratchnn.tuning.spaces import Choice, Int, Layers, LogUniform, Space, Uniform, draw, grid_points


class Recorder:
    """A trial that notes what is asked of it, and gives the low end."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False):
        self.asked.append((name, low, high, step, log))
        return low

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False):
        self.asked.append((name, low, high, step, log))
        return low

    def suggest_categorical(self, name: str, choices: Any):
        self.asked.append((name, list(choices)))
        return choices[-1]


def test_each_space_asks_optuna_for_what_it_says():
    spaces = {
        "rate": {"type": "log_uniform", "low": 1e-4, "high": 1e-1},
        "drop": {"type": "uniform", "low": 0.1, "high": 0.5, "step": 0.15},
        "free": {"type": "uniform", "low": 0, "high": 1},
        "units": {"type": "int", "low": 16, "high": 256, "log": True},
        "size": {"type": "int", "low": 1, "high": 10, "step": 4},
        "optimizer": ["adam", {"type": "sgd", "momentum": 0.9}],
    }
    trial = Recorder()
    made = {name: Space.parse(value) for name, value in spaces.items()}
    values = draw(made, lambda name, space: space.suggest(trial, name))
    assert trial.asked == [
        ("rate", 1e-4, 1e-1, None, True),
        ("drop", 0.1, pytest.approx(0.4), 0.15, False),
        ("free", 0, 1, None, False),
        ("units", 16, 256, 1, True),
        ("size", 1, 9, 4, False),
        ("optimizer", ["adam", '{"type": "sgd", "momentum": 0.9}']),
    ]
    assert values["optimizer"] == {"type": "sgd", "momentum": 0.9}
    assert values["rate"] == 1e-4


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ([3, 1, 2], [3, 1, 2]),
        ({"type": "uniform", "low": 0, "high": 1}, [0, 0.5, 1]),
        ({"type": "uniform", "low": 0, "high": 1, "step": 0.25}, [0, 0.25, 0.5, 0.75, 1]),
        ({"type": "uniform", "low": 2, "high": 2}, [2]),
        ({"type": "log_uniform", "low": 1e-4, "high": 1e-2}, [1e-4, pytest.approx(1e-3), 1e-2]),
        ({"type": "int", "low": 5, "high": 6}, [5, 6]),
        ({"type": "int", "low": 0, "high": 100}, [0, 50, 100]),
        ({"type": "int", "low": 1, "high": 100, "log": True}, [1, 10, 100]),
        ({"type": "int", "low": 0, "high": 9, "step": 3}, [0, 3, 6, 9]),
        ({"type": "layers", "low": 0, "high": 2}, [0, 1, 2]),
    ],
)
def test_grids_by_number(value, points):
    assert Space.parse(value).grid(3) == points


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"type": "uniform", "low": 2, "high": 1}, "`low` is 2.0, above `high`, 1.0."),
        ({"type": "log_uniform", "low": 2, "high": 1}, "above `high`"),
        ({"type": "log_uniform", "low": 0, "high": 1}, "greater than 0"),
        ({"type": "log_uniform", "low": 1e-3, "high": math.inf}, "finite"),
        ({"type": "int", "low": 2, "high": 1}, "above `high`"),
        ({"type": "int", "low": 0, "high": 8, "log": True}, "with `log` it is 1 or more"),
        ({"type": "int", "low": 1, "high": 8, "log": True, "step": 2}, "does not go with `log`"),
        ({"type": "int", "low": 1.5, "high": 8}, "integer"),
        ([], "at least 1"),
        ([1, 2, 1], "holds 1 twice"),
        ([{"a": 1}, {"a": 1}], "twice"),
        ({"type": "layers", "low": 2, "high": 1}, "above `high`"),
        ({"type": "layers", "low": 1, "high": 2, "each": {"a": {"type": "layers", "low": 1, "high": 2}}}, "nest"),
        (
            {"type": "layers", "low": 1, "high": 2, "each": {"a": {"type": "choice", "values": [1], "when": {"b": 1}}}},
            "b",
        ),
    ],
)
def test_what_is_no_space(value, words):
    with pytest.raises(ValidationError, match=words):
        TuneSettings.model_validate({"trials": 1, "space": {"k": value}})


LAYERS = Layers(low=1, high=2, each={"units": Choice(values=[4, 8]), "bias": Choice(values=[True, False])})


def test_layers_draw_for_each_of_them():
    given = {"k.count": 2, "k.each[0].units": 4, "k.each[0].bias": True, "k.each[1].units": 8, "k.each[1].bias": False}
    asked = []

    def ask(name, space):
        asked.append(name)
        return given[name]

    assert draw({"k": LAYERS}, ask) == {"k": [{"units": 4, "bias": True}, {"units": 8, "bias": False}]}
    assert asked == list(given)


CONDITIONAL = {
    "optimizer": Choice(values=["adam", {"type": "sgd", "nesterov": True}]),
    "momentum": Choice(values=[0.5, 0.9, 0.99], when={"optimizer": "sgd"}),
    "layers": LAYERS,
    "rate": Choice(values=[1, 2], when={"layers": 2, "optimizer": "adam"}),
}


def test_the_grid_has_every_point_once_and_leaves_out_what_does_not_count():
    points = grid_points(CONDITIONAL, 5, 1000)
    assert points is not None
    # Of one layer 4 variants, of two 16. Adam: 4 + 16 * 2; SGD: 3 * (4 + 16).
    assert len(points) == 4 + 16 * 2 + 3 * (4 + 16)
    assert len({tuple(point.items()) for point in points}) == len(points)
    assert all(("momentum" in point) == (point["optimizer"] != "adam") for point in points)
    assert all(("rate" in point) == (point["optimizer"] == "adam" and point["layers.count"] == 2) for point in points)
    assert points[0] == {"optimizer": "adam", "layers.count": 1, "layers.each[0].units": 4, "layers.each[0].bias": True}
    assert points[1]["layers.each[0].bias"] is False


def test_a_grid_beyond_the_limit_is_none():
    assert grid_points({"a": Uniform(low=0, high=1), "b": Uniform(low=0, high=1)}, 4, 16) is not None
    assert grid_points({"a": Uniform(low=0, high=1), "b": Uniform(low=0, high=1)}, 4, 15) is None


def test_a_condition_below_one_that_does_not_hold_does_not_hold():
    space = {
        "a": Choice(values=[1, 2]),
        "b": Choice(values=[1, 2], when={"a": 2}),
        "c": Choice(values=[1, 2], when={"b": [1, 2]}),
    }
    assert draw(space, lambda name, one: 1) == {"a": 1}
    assert draw(space, lambda name, one: 2) == {"a": 2, "b": 2, "c": 2}


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"nothing": 1}, "k depends on nothing, which is not searched. Choose one of: count, rate, size."),
        ({"siz": 1}, 'Did you mean "size"?'),
        ({"k": 1}, "k depends on itself in the end."),
        ({"size": 3}, "k depends on size being 3, which it never is."),
        ({"size": [1, 3]}, "being 3"),
        ({"rate": 7.0}, "never is"),
        ({"rate": "x"}, "never is"),
        ({"count": 4}, "never is"),
    ],
)
def test_conditions_that_cannot_hold(when, words):
    space = {
        "size": [1, 2],
        "rate": {"type": "uniform", "low": 0, "high": 1},
        "count": {"type": "layers", "low": 1, "high": 3},
        "k": {"type": "choice", "values": [1], "when": when},
    }
    with pytest.raises(ValidationError) as caught:
        TuneSettings.model_validate({"trials": 1, "space": space})
    assert words in str(caught.value)


def test_what_others_depend_on_is_drawn_before_them_wherever_it_stands():
    space = {
        "b": Choice(values=[1, 2], when={"c": 2}),
        "a": Choice(values=[1, 2], when={"b": 2}),
        "c": Choice(values=[1, 2]),
    }
    assert list(draw(space, lambda name, one: 2)) == ["c", "b", "a"]
    circle = {"x": {"type": "choice", "values": [1], "when": {"y": 1}}}
    circle["y"] = {"type": "choice", "values": [1], "when": {"x": 1}}
    with pytest.raises(ValidationError, match="x depends on itself in the end"):
        TuneSettings.model_validate({"trials": 1, "space": circle})


@given(low=st.integers(-1000, 1000), length=st.integers(0, 500), points=st.integers(2, 9), step=st.integers(1, 5))
def test_a_grid_of_whole_numbers_stays_within_and_has_both_ends(low, length, points, step):
    space = Int(low=low, high=low + length, step=step)
    made = space.grid(points)
    assert made[0] == low
    assert made[-1] == space.ends()[1] <= low + length
    assert made == sorted(set(made))
    assert all((value - low) % step == 0 for value in made) or step == 1


@given(low=st.floats(1e-9, 1e3), ratio=st.floats(1, 1e6), points=st.integers(2, 9))
def test_a_grid_of_ratios_never_leaves_its_range(low, ratio, points):
    space = LogUniform(low=low, high=low * ratio)
    assert all(space.low <= value <= space.high for value in space.grid(points))
