"""One thing that an audit found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

Severity = Literal["info", "warning", "serious"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "serious")

MOST_EXAMPLES = 5
MOST_NAMES = 5


@dataclass(frozen=True)
class Finding:
    """`severity`: info is worth a look, warning is likely a fault, serious makes figures wrong or stops a training.

    `count` rows are concerned, 0 where it is the columns or parts as a whole; `examples` are the places of some of
    them. `mend` holds lines of the config, empty where the data themselves must be mended.
    """

    code: str
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    count: int = 0
    examples: tuple[str, ...] = ()
    mend: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """The place of its severity among `SEVERITIES`."""
        return SEVERITIES.index(self.severity)

    def at_least(self, severity: Severity) -> bool:
        """Whether it is as severe as that, or more so."""
        return self.rank >= SEVERITIES.index(severity)

    def raised(self, severity: Severity) -> Self:
        """The same finding, at least that severe."""
        return self if self.at_least(severity) else replace(self, severity=severity)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "columns": list(self.columns),
            "parts": list(self.parts),
            "count": self.count,
            "examples": list(self.examples),
            "mend": list(self.mend),
        }


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first, else in the order in which they were found."""
    return sorted(findings, key=lambda finding: -finding.rank)


def counted(count: int, thing: str) -> str:
    """A number with its word.

    >>> counted(1, "row"), counted(12000, "row")
    ('1 row', '12,000 rows')
    """
    return f"{count:,} {thing}{'s' * (count != 1)}"


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Names in a row, not too many of them.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"], most=2)
    ('"a", "b"', '"a", "b" and 2 others')
    """
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {counted(len(names) - most, 'other')}"


def percent(share: float) -> str:
    """A share for people.

    >>> percent(0.5), percent(0.0312), percent(0.00004)
    ('50 %', '3.1 %', '0.004 %')
    """
    return f"{100 * share:.3g} %" if share >= 0.1 else f"{100 * share:.2g} %"


def set_feature(name: str, value: str) -> str:
    """The line of a config that gives a column its feature, with the key path as `--set` takes it.

    >>> set_feature("age", "ignore"), set_feature("Day of week", "ignore")
    ('data.features.age: ignore', 'data.features."Day of week": ignore')
    """
    key = name if re.fullmatch(r"\w+", name) else json.dumps(name, ensure_ascii=False)
    return f"data.features.{key}: {value}"
