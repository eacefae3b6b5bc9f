"""What values a search tries for one key of the config, in order of growing complexity."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from scratchnn.component import Component
from scratchnn.errors import suggestion

Drawn = str | int | float | bool | None
"""What a study keeps of a value."""


class Suggests(Protocol):
    """What is needed of a trial of Optuna."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number from `low` to `high`."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """A whole number from `low` to `high`."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of the choices."""


class Space(Component):
    """The values of one key. A list is short for a choice.

    `when` names other keys of the search, each with the value, or the list of values, for which this one is searched
    too; else it stays as the config has it. A choice of mappings may be named by its `type`, `layers` by their number.
    """

    family: ClassVar[str] = "space"
    when: dict[str, Any] = Field({}, description="Other keys of the search, with the values for which this one counts.")

    @classmethod
    def shorthand(cls, value: object) -> object:
        """A list is the values of a choice."""
        return {"type": "choice", "values": value} if isinstance(value, list) else super().shorthand(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors accept the list too."""
        made = super().__get_pydantic_json_schema__(schema, handler)
        return {"anyOf": [{"type": "array", "minItems": 1}, made]} if "family" in cls.__dict__ else made

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """What the trial draws under this name."""
        raise NotImplementedError

    def value(self, drawn: Drawn) -> Any:
        """What the config gets for it."""
        return drawn

    def grid(self, points: int) -> list[Drawn]:
        """The values of a grid: all of them, or `points` that are evenly spread where there are more."""
        raise NotImplementedError

    def ends(self) -> list[Any]:
        """The values of the config that must be valid before a search begins."""
        return [self.value(drawn) for drawn in self.grid(2)]

    def draw(self, name: str, ask: Ask) -> Any:
        """A value, drawn by `ask`."""
        return self.value(ask(name, self))

    def can_be(self, wanted: Any) -> bool:
        """Whether a drawn value can match this."""
        return any(self.matches(value, wanted) for value in self.ends())

    def matches(self, value: Any, wanted: Any) -> bool:
        """Whether a value is the one that a condition names."""
        return bool(value == wanted)


Ask = Callable[[str, Space], Drawn]
"""Gives what is drawn for a name from a space."""


class Choice(Space):
    """One of some values, of whatever kind: numbers, words, mappings, lists."""

    type: Literal["choice"] = "choice"
    values: list[Any] = Field(min_length=1, description="The values, all different.")

    @model_validator(mode="after")
    def _different(self) -> Self:
        labels = self._labels
        if twice := next((label for index, label in enumerate(labels) if label in labels[:index]), None):
            raise PydanticCustomError("space", "`values` holds {twice} twice.", {"twice": json.dumps(twice)})
        return self

    @property
    def _labels(self) -> list[Drawn]:
        """What a study keeps: a text of what is no single value."""
        return [json.dumps(value) if isinstance(value, list | dict) else value for value in self.values]

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """Draws one."""
        label: Drawn = trial.suggest_categorical(name, self._labels)
        return label

    def value(self, drawn: Drawn) -> Any:
        """The value with that label."""
        return self.values[self._labels.index(drawn)]

    def grid(self, points: int) -> list[Drawn]:
        """All of them."""
        return self._labels

    def matches(self, value: Any, wanted: Any) -> bool:
        """The value itself, or its `type`."""
        return bool(value == wanted) or (isinstance(value, dict) and value.get("type", ...) == wanted)


class _Range(Space):
    """From `low` to `high`, both included."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = getattr(self, "low", 0), getattr(self, "high", 0)
        if low > high:
            raise PydanticCustomError("space", "`low` is {low}, above `high`, {high}.", {"low": low, "high": high})
        return self

    def can_be(self, wanted: Any) -> bool:
        """A number within."""
        if isinstance(wanted, bool) or not isinstance(wanted, int | float):
            return False
        return bool(getattr(self, "low", 0) <= wanted <= getattr(self, "high", 0))


class Uniform(_Range):
    """A number from `low` to `high`, all equally likely; with `step` one of low, low + step, ..."""

    type: Literal["uniform"] = "uniform"
    low: float = Field(allow_inf_nan=False, description="The smallest.")
    high: float = Field(allow_inf_nan=False, description="The largest.")
    step: float | None = Field(None, gt=0, allow_inf_nan=False, description="The distance of two values; none: any.")

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """Draws one."""
        return trial.suggest_float(name, self.low, self._last, step=self.step)

    def grid(self, points: int) -> list[Drawn]:
        """All where there is a step, else `points` at equal distances."""
        if self.low == self.high:
            return [self.low]
        if self.step is None:
            return [float(value) for value in np.linspace(self.low, self.high, points)]
        return [*(self.low + index * self.step for index in range(self._steps)), self._last]

    def ends(self) -> list[Any]:
        """The first and the last."""
        return [self.low, self._last]

    @property
    def _steps(self) -> int:
        return 0 if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9)

    @property
    def _last(self) -> float:
        """The largest that the steps reach."""
        return self.high if self.step is None else min(self.low + self._steps * self.step, self.high)


class LogUniform(_Range):
    """A number from `low` to `high` whose logarithm is uniform: for learning rates and the like."""

    type: Literal["log_uniform"] = "log_uniform"
    low: float = Field(gt=0, allow_inf_nan=False, description="The smallest.")
    high: float = Field(gt=0, allow_inf_nan=False, description="The largest.")

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """Draws one."""
        return trial.suggest_float(name, self.low, self.high, log=True)

    def grid(self, points: int) -> list[Drawn]:
        """`points` at equal ratios."""
        if self.low == self.high:
            return [self.low]
        inner = np.geomspace(self.low, self.high, points)[1:-1].clip(self.low, self.high)  # it may round past the ends
        return [self.low, *(float(value) for value in inner), self.high]


class Int(_Range):
    """A whole number from `low` to `high`; `log`: small ones are as likely as large ones."""

    type: Literal["int"] = "int"
    low: int = Field(description="The smallest.")
    high: int = Field(description="The largest.")
    step: int = Field(1, ge=1, description="The distance of two values.")
    log: bool = Field(False, description="Whether the logarithm is uniform.")

    @model_validator(mode="after")
    def _log_is_possible(self) -> Self:
        if self.log and self.low < 1:
            raise PydanticCustomError("space", "`low` is {low}: with `log` it is 1 or more.", {"low": self.low})
        if self.log and self.step != 1:
            raise PydanticCustomError("space", "`step` does not go with `log`. Remove one of them.")
        return self

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """Draws one."""
        return trial.suggest_int(name, self.low, self._last, step=self.step, log=self.log)

    def grid(self, points: int) -> list[Drawn]:
        """All where they are no more than `points` or where there is a step, else `points` that are evenly spread."""
        every = range(self.low, self.high + 1, self.step)
        if len(every) <= points or self.step > 1:
            return list(every)
        spread = np.geomspace if self.log else np.linspace
        return list(dict.fromkeys(int(value) for value in np.round(spread(self.low, self.high, points))))

    def ends(self) -> list[Any]:
        """The first and the last."""
        return [self.low, self._last]

    def can_be(self, wanted: Any) -> bool:
        """One of the numbers."""
        return type(wanted) is int and wanted in range(self.low, self.high + 1, self.step)

    @property
    def _last(self) -> int:
        """The largest that the steps reach."""
        return self.high - (self.high - self.low) % self.step


class Layers(_Range):
    """How often the layer that stands there is repeated, and what differs from one to the next.

    The key is the place of a layer: `model.layers.0`. Each repetition is that layer with what `each` draws for it; its
    keys are within the layer. The places of other keys are those of the config before anything is repeated.
    """

    type: Literal["layers"] = "layers"
    low: int = Field(ge=0, description="The fewest.")
    high: int = Field(ge=1, le=100, description="The most.")
    each: dict[str, Space] = Field({}, description="Keys within the layer, searched for each repetition by itself.")

    @model_validator(mode="after")
    def _each_is_plain(self) -> Self:
        if nested := next((key for key, space in self.each.items() if isinstance(space, Layers)), None):
            raise PydanticCustomError("space", "`each` has layers at {key}: they cannot nest.", {"key": nested})
        check_conditions(self.each)
        return self

    @property
    def _count(self) -> Int:
        return Int(low=self.low, high=self.high)

    def suggest(self, trial: Suggests, name: str) -> Drawn:
        """Draws the number of them."""
        return self._count.suggest(trial, name)

    def grid(self, points: int) -> list[Drawn]:
        """Every number of them."""
        return list(range(self.low, self.high + 1))

    def draw(self, name: str, ask: Ask) -> list[dict[str, Any]]:
        """For each repetition the values of its keys."""
        count = ask(f"{name}.count", self._count)
        return [draw(self.each, ask, f"{name}.each[{index}].") for index in range(int(count or 0))]

    def ends(self) -> list[Any]:
        """The fewest, and the most with all ends of what differs."""
        most = [{key: end} for key, space in self.each.items() for end in space.ends() if not space.when]
        return [[{}] * self.low, [{}] * self.high, *([changes] * self.high for changes in most)]

    def can_be(self, wanted: Any) -> bool:
        """A number of layers."""
        return type(wanted) is int and self.low <= wanted <= self.high

    def matches(self, value: Any, wanted: Any) -> bool:
        """Whether there are as many."""
        return bool(len(value) == wanted)


def draw(space: Mapping[str, Space], ask: Ask, prefix: str = "") -> dict[str, Any]:
    """The values of the keys whose conditions hold, in order; what others depend on comes before them.

    >>> space = {"a": Choice(values=[1, 2]), "b": Uniform(low=0, high=1, when={"a": 2})}
    >>> draw(space, lambda name, one: one.grid(2)[0]), draw(space, lambda name, one: one.grid(2)[1])
    ({'a': 1}, {'a': 2, 'b': 1.0})
    """
    drawn: dict[str, Any] = {}
    for key in in_order(space):
        if holds(space, space[key], drawn):
            drawn[key] = space[key].draw(prefix + key, ask)
    return drawn


def in_order(space: Mapping[str, Space]) -> list[str]:
    """The keys as they are written, but each after those that it depends on. Raises `ValueError` for a circle.

    >>> in_order({"b": Uniform(low=0, high=1, when={"a": 2}), "a": Choice(values=[1, 2]), "c": Choice(values=[1])})
    ['a', 'b', 'c']
    """
    placed: dict[str, bool] = {}  # False while what a key depends on is being placed

    def place(key: str) -> None:
        if key in placed:
            if not placed[key]:
                raise ValueError(key)
            return
        placed[key] = False
        for other in space[key].when:
            place(other)
        del placed[key]
        placed[key] = True

    for key in space:
        place(key)
    return list(placed)


def holds(space: Mapping[str, Space], one: Space, drawn: Mapping[str, Any]) -> bool:
    """Whether every condition of a space holds for what was drawn before."""
    return all(
        key in drawn and any(space[key].matches(drawn[key], value) for value in wanted_values(wanted))
        for key, wanted in one.when.items()
    )


def wanted_values(wanted: Any) -> list[Any]:
    """The values of a condition: one, or a list of them."""
    return wanted if isinstance(wanted, list) else [wanted]


def check_conditions(space: Mapping[str, Space]) -> None:
    """Raises `PydanticCustomError` for a condition on what is not searched, on itself, or that can never hold."""
    for key, one in space.items():
        for other, wanted in one.when.items():
            named = {"key": key, "other": other, "hint": suggestion(other, [name for name in space if name != key])}
            if other not in space:
                raise PydanticCustomError("space", "{key} depends on {other}, which is not searched. {hint}", named)
            for value in wanted_values(wanted):
                if not space[other].can_be(value):
                    message = "{key} depends on {other} being {value}, which it never is."
                    raise PydanticCustomError("space", message, {**named, "value": json.dumps(value, default=str)})
    try:
        in_order(space)
    except ValueError as error:
        raise PydanticCustomError("space", "{key} depends on itself in the end.", {"key": str(error)}) from None


def grid_points(space: Mapping[str, Space], points: int, most: int) -> list[dict[str, Drawn]] | None:
    """Every point of the grid, by name; None where there are more than `most`.

    Keys whose condition does not hold are left out, so that no point comes twice. The last key changes fastest.
    """
    made: list[dict[str, Drawn]] = []
    path: list[int] = []
    grids: dict[str, list[Drawn]] = {}
    while True:
        sizes: list[int] = []
        point: dict[str, Drawn] = {}

        def ask(name: str, one: Space, sizes: list[int] = sizes, point: dict[str, Drawn] = point) -> Drawn:
            options = grids.get(name) or grids.setdefault(name, one.grid(points))
            if len(sizes) == len(path):
                path.append(0)
            point[name] = options[path[len(sizes)]]
            sizes.append(len(options))
            return point[name]

        draw(space, ask)
        made.append(point)
        if len(made) > most:
            return None
        while path and path[-1] + 1 == sizes[len(path) - 1]:
            path.pop()
        if not path:
            return made
        path[-1] += 1
