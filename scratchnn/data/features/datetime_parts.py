"""Numbers that a date and time is made of."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from scratchnn.component import Settings
from scratchnn.data.features.number_column import PositiveOrZero
from scratchnn.data.tables import Array

Part = Literal["elapsed", "year", "month", "day", "weekday", "day_of_year", "hour", "minute", "second"]
CyclicPart = Literal["month", "day", "weekday", "day_of_year", "hour", "minute", "second"]

DAY = 86_400_000_000  # microseconds
PERIODS: dict[str, int] = {
    "month": 12,
    "day": 31,
    "weekday": 7,
    "day_of_year": 366,
    "hour": 24,
    "minute": 60,
    "second": 60,
}


class LinearInput(Settings):
    """One input: (p - offset) / scale; 0 where scale is 0."""

    type: Literal["linear"] = "linear"
    part: Part = Field(description="p, see `part_of`.")
    offset: FiniteFloat = Field(description="Subtracted first.")
    scale: PositiveOrZero = Field(description="Divided by. 0: the part was constant, and is always 0.")

    @property
    def endings(self) -> list[str]:
        """What its input adds to the name of the column."""
        return [self.part]

    def encode(self, times: Array, out: Array) -> None:
        """Writes the input (N, 1) of times in microseconds (N,)."""
        if self.scale > 0:
            out[:, 0] = (part_of(times, self.part) - self.offset) / self.scale


class CyclicInput(Settings):
    """Two inputs: sin and cos of 2π p / period, so that the end of a period is next to its start."""

    type: Literal["cyclic"] = "cyclic"
    part: CyclicPart = Field(description="p, see `part_of`.")

    @property
    def endings(self) -> list[str]:
        """What its inputs add to the name of the column."""
        return [f"{self.part}.sin", f"{self.part}.cos"]

    def encode(self, times: Array, out: Array) -> None:
        """Writes the inputs (N, 2) of times in microseconds (N,)."""
        angle = part_of(times, self.part) * (2 * np.pi / PERIODS[self.part])
        out[:, 0], out[:, 1] = np.sin(angle), np.cos(angle)


DatetimeInput = Annotated[LinearInput | CyclicInput, Field(discriminator="type")]


def part_of(times: Array, part: Part) -> Array:
    """One part of times (N,) in microseconds since 1970, float64.

    `elapsed`: days since 1970, with fractions. `year`: the year. All others are whole and count from 0: `month` from
    January, `day` from the first of the month, `day_of_year` from the first of January, `weekday` from Monday.
    """
    if part == "elapsed":
        return times / DAY
    moments = times.astype("datetime64[us]")
    days = moments.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    match part:
        case "year":
            found = years.astype(np.int64) + 1970
        case "month":
            found = months.astype(np.int64) % 12
        case "day":
            found = (days - months.astype("datetime64[D]")).astype(np.int64)
        case "weekday":
            found = (days.astype(np.int64) + 3) % 7  # the first of January 1970 was a Thursday
        case "day_of_year":
            found = (days - years.astype("datetime64[D]")).astype(np.int64)
        case "hour":
            found = times // 3_600_000_000 % 24
        case "minute":
            found = times // 60_000_000 % 60
        case "second":
            found = times // 1_000_000 % 60
    whole: Array = found.astype(np.float64)
    return whole
