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
_PATTERN = re.compile(r"\s*([a-z0-9_.]+)\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*")


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


@dataclass(frozen=True)
class Verdict:
    """A requirement beside the value that was reached."""

    requirement: Requirement
    value: float

    @property
    def passed(self) -> bool:
        """Whether it is met."""
        return self.requirement.met(self.value)

    def __str__(self) -> str:
        if self.passed:
            return f"{self.requirement.text}: met ({self.value:.6g})"
        missed = abs(self.value - self.requirement.bound)
        return f"{self.requirement.text}: not met, got {self.value:.6g} (off by {missed:.2g})"

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {"text": self.requirement.text, "value": self.value, "passed": self.passed}


def judge(requirements: Iterable[Requirement], figures: Mapping[str, Any]) -> list[Verdict]:
    """Each requirement beside its figure; their names were checked, see `Requirement.check_name`."""
    return [Verdict(requirement, float(figures[requirement.name])) for requirement in requirements]
