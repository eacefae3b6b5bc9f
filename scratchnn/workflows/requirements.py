"""Conditions on metrics, such as `accuracy>=0.9`, for scripts and CI."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scratchnn.errors import UsageError, suggestion

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
# A group is named by its value, which may hold anything: group.sex=female.accuracy, group.age=[20, 28).accuracy.
_PATTERN = re.compile(r"\s*([a-z0-9_.]+|group\..+=.*\.[a-z0-9_.]+)\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*", re.DOTALL)
GROUP = "group."
ENDS = (".low", ".high")


@dataclass(frozen=True)
class Requirement:
    """One condition, as it was written.

    >>> Requirement.parse("accuracy >= 0.9").met(0.95)
    True
    """

    text: str
    name: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Reads `name sign number`. Raises `UsageError`."""
        match = _PATTERN.fullmatch(text)
        try:
            bound = float(match[3]) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            hint = "Write a metric, one of >=, <=, >, <, and a number: 'accuracy>=0.9'."
            raise UsageError("cannot be read", where=f"--require {text!r}", hint=hint)
        return cls(text, match[1], match[2], bound)

    @property
    def of_group(self) -> bool:
        """Whether it is about a group of the rows: `group.<column>=<value>.<metric>`."""
        return self.name.startswith(GROUP)

    def met(self, value: float) -> bool:
        """Whether a value fulfils the condition. NaN never does."""
        return _OPERATORS[self.sign](value, self.bound)

    def check_name(self, names: Iterable[str]) -> None:
        """Raises `UsageError` where there is no figure of that name."""
        known = list(names)
        if self.name not in known:
            raise UsageError(
                f'no figure "{self.name}"', where=f"--require {self.text!r}", hint=suggestion(self.name, known)
            )

    def check_group(self, groups: Mapping[str, Iterable[str]], names: Iterable[str]) -> None:
        """Raises `UsageError` where it names a group that there is not; `groups` are the values of each column."""
        metric = self._metric_of_group(list(names))
        for column, values in groups.items():
            start = f"{GROUP}{column}="
            value = self.name.removeprefix(start).removesuffix(f".{metric}")
            if self.name.startswith(start) and value not in set(values):
                message = f'no group "{value}" by {column}'
                raise UsageError(message, where=f"--require {self.text!r}", hint=suggestion(value, values))

    def _metric_of_group(self, names: list[str]) -> str:
        """The figure at the end of the name. Raises `UsageError` where it is none."""
        ends = [name for name in names if self.name.endswith(f".{name}")]
        if not ends:
            metric = self.name.rpartition(".")[2]
            raise UsageError(f'no figure "{metric}"', where=f"--require {self.text!r}", hint=suggestion(metric, names))
        return max(ends, key=len)

    def check_early(self, names: Iterable[str], intervals: Iterable[str] | None, by: Iterable[str]) -> None:
        """The same before any data is read: of a figure, of an end of its interval, or of a group by a column of `by`.

        `intervals` are the figures that have one, None where none is asked for. Which groups there are is not known
        yet.
        """
        where = f"--require {self.text!r}"
        if self.of_group:
            column = next((name for name in by if self.name.startswith(f"{GROUP}{name}=")), None)
            if column is None:
                name = self.name.removeprefix(GROUP).partition("=")[0]
                raise UsageError("needs the groups of that column", where=where, hint=f"Add --by {name}.")
            self._metric_of_group(list(names))
            return
        end = next((end for end in ENDS if self.name.endswith(end)), "")
        figure = self.name.removesuffix(end)
        if end and intervals is None and figure in set(names):
            raise UsageError("needs the intervals of metrics", where=where, hint="Add --confidence 0.95.")
        if end and intervals is not None:
            self.check_name([f"{name}{end}" for name in intervals])
        else:
            self.check_name(names)


@dataclass(frozen=True)
class Verdict:
    """A requirement beside the value that was reached."""

    requirement: Requirement
    value: float

    @property
    def passed(self) -> bool:
        """Whether it is met."""
        return self.requirement.met(self.value)

    @property
    def short_by(self) -> float | None:
        """How far a value that does not meet it is from the bound, 0 or more; NaN where there is no value."""
        return None if self.passed else abs(self.value - self.requirement.bound)

    def __str__(self) -> str:
        if self.short_by is None:
            return f"{self.requirement.text}: met ({self.value:.6g})"
        name, sign, bound = self.requirement.name, self.requirement.sign, self.requirement.bound
        if math.isnan(self.value):
            return f"{name} has no value, required {sign} {bound:.6g}"
        value = f"{self.value:.6g}" if f"{self.value:.6g}" != f"{bound:.6g}" else repr(self.value)
        word = "short" if sign.startswith(">") else "over"
        return f"{name} {value}, required {sign} {bound:.6g}: {word} by {self.short_by:.2g}"

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        made: dict[str, Any] = {"text": self.requirement.text, "value": self.value, "passed": self.passed}
        return made | {"short_by": self.short_by}


def judge(requirements: Iterable[Requirement], figures: Mapping[str, Any]) -> list[Verdict]:
    """Each requirement beside its figure; their names were checked, see `Requirement.check_name`."""
    return [Verdict(requirement, float(figures[requirement.name])) for requirement in requirements]
