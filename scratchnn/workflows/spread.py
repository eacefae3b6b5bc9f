"""How a figure varies among several trainings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True)
class Spread:
    """A figure over several trainings: mean, sample standard deviation (n - 1 below; NaN of one), smallest, largest."""

    mean: float
    std: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """That of one value or more.

        >>> Spread.of([1.0, 2.0, 6.0])
        Spread(mean=3.0, std=2.6457513110645907, min=1.0, max=6.0)
        """
        deviation = stdev(values) if len(values) > 1 else float("nan")
        return cls(fmean(values), deviation, min(values), max(values))

    def to_json(self) -> dict[str, float]:
        """The object in machine output."""
        return {"mean": self.mean, "std": self.std, "min": self.min, "max": self.max}


def spreads_of(figures: Iterable[Mapping[str, float]]) -> tuple[dict[str, Spread], list[str]]:
    """The spread of each figure by name, and notes on those that some of the trainings lack."""
    found: dict[str, list[float]] = {}
    count = 0
    for one in figures:
        count += 1
        for name, value in one.items():
            found.setdefault(name, []).append(value)
    notes = [f"{name} has a value in {len(own)} of {count} only" for name, own in found.items() if len(own) < count]
    return {name: Spread.of(values) for name, values in found.items()}, notes
