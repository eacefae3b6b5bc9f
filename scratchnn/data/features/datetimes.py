"""Columns of dates and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.features.datetime_parts import (
    DAY,
    PERIODS,
    CyclicInput,
    DatetimeInput,
    LinearInput,
    Part,
    part_of,
)
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.filling import FillingColumn, refuse_gaps
from scratchnn.data.features.number_column import standard
from scratchnn.data.moments import EPOCH, microseconds, parse_moment
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

USUAL: tuple[Part, ...] = ("elapsed", "month", "day", "weekday", "hour", "minute")
SECOND = 1_000_000
_FIRST, _LAST = ((end - EPOCH) // timedelta(microseconds=1) for end in (datetime.min, datetime.max))


def _usable(form: str | None) -> str | None:
    """A notation that what it writes can be read with. Raises the error of a config otherwise."""
    try:
        if form is not None:
            datetime.strptime(datetime(2000, 2, 3, 4, 5, 6, tzinfo=UTC).strftime(form), form)
    except ValueError as error:
        message = "`format` is no strptime notation: {error}. Such as %d.%m.%Y %H:%M."
        raise PydanticCustomError("feature", message, {"error": str(error)}) from None
    return form


Format = Annotated[str | None, AfterValidator(_usable)]


class DatetimeColumn(FillingColumn):
    """The parts of a date and time as numbers, each with an input of its own, or two where it is a cycle.

    A time with an offset counts in UTC, so its hour is that of UTC; either every time has an offset or none has.
    """

    setting = "{type: datetime, missing: indicator}"

    type: Literal["datetime"] = "datetime"
    format: Format = Field(None, description="How cells are written, in strptime notation; null: ISO 8601.")
    offset: bool = Field(description="Whether times have an offset from UTC.")
    inputs: list[DatetimeInput] = Field(min_length=1, description="The parts.")
    whole_days: bool = Field(description="Whether every time is the start of a day.")
    fill: int | None = Field(
        None,
        ge=_FIRST - DAY,  # an offset shifts a time by less than a day
        le=_LAST + DAY,
        description="Microseconds since 1970 for a missing value.",
    )

    @property
    def width(self) -> int:
        """One for a linear part, two for a cyclic one, one for the indicator."""
        return len(self.names)

    @property
    def names(self) -> list[str]:
        """`sold.elapsed`, `sold.month.sin`, `sold.month.cos`, `sold is missing`."""
        endings = [ending for part in self.inputs for ending in part.endings]
        return [f"{self.name}.{ending}" for ending in endings] + self.indicator_names()

    @property
    def fills(self) -> bool:
        """Whether a time is filled in."""
        return self.fill is not None

    @property
    def scaled(self) -> bool:
        """It is."""
        return True

    def encode(self, table: Table, out: Array) -> None:
        """Writes the parts, and the indicator."""
        gaps = self.gaps(table)
        times = microseconds(table, self.name, form=self.format, gaps=gaps, offset=self.offset)
        if self.fill is not None:
            times = np.where(gaps, self.fill, times)
        start = 0
        for part in self.inputs:
            part.encode(times, out[:, start : start + len(part.endings)])
            start += len(part.endings)
        if self.indicator:
            out[:, -1] = gaps

    def decode(self, values: Array) -> list[str]:
        """The time that `elapsed` tells, written as the cells are: to the second, or to the day where all were days.

        From float32 it is good to about 1e-7 of the range of times. The other parts are not asked. Empty where the
        indicator says that the value is missing.
        """
        start, unit = 0, DAY if self.whole_days else SECOND
        days = np.zeros(len(values))
        for part in self.inputs:
            if isinstance(part, LinearInput) and part.part == "elapsed":
                days = values[:, start].astype(np.float64) * part.scale + part.offset
            start += len(part.endings)
        times = np.clip(np.round(days * (DAY / unit)), -(-_FIRST // unit), _LAST // unit).astype(np.int64) * unit
        gaps = self.says_missing(values).tolist()
        return ["" if gap else self._written(time) for time, gap in zip(times.tolist(), gaps, strict=True)]

    def _written(self, time: int) -> str:
        moment = EPOCH + timedelta(microseconds=time)
        moment = moment.replace(tzinfo=UTC) if self.offset else moment
        if self.format is not None:
            return moment.strftime(self.format)
        return moment.date().isoformat() if self.whole_days and not self.offset else moment.isoformat()


class Datetime(Feature):
    """A date, with or without a time: its parts as numbers. ISO 8601, or as `format` says.

    `elapsed` (days since 1970, with fractions) and `year` are lines: less their mean, divided by their deviation (of
    N). The others are cycles, sin and cos of 2π p / period: `month` (12), `day` of the month (31), `weekday` (7),
    `day_of_year` (366), `hour` (24), `minute` and `second` (60); with `cyclic: false` they are lines too. Absent,
    `parts` are those of elapsed, month, day, weekday, hour and minute that vary in the training rows.

    A time with an offset counts in UTC, so its hour is that of UTC; either every time has an offset or none has.
    `missing`: `median` takes the median of the training rows' times (of two the earlier) for an absent one,
    `indicator` too, with one more input that is 1 there; `drop_row` leaves such rows out of training and judging.
    After a split by time `elapsed` and `year` of later rows lie beyond all training rows: choose other parts there.
    An autoencoder needs `elapsed`, which alone is decoded.
    """

    type: Literal["datetime"] = "datetime"
    format: Format = Field(None, description="How cells are written, in strptime notation; absent: ISO 8601.")
    parts: list[Part] | None = Field(
        None,
        min_length=1,
        description="elapsed, year, month, day, weekday, day_of_year, hour, minute, second. "
        "Absent: those of elapsed, month, day, weekday, hour and minute that vary.",
    )
    cyclic: bool = Field(True, description="Whether parts that return are sine and cosine, not a line.")
    missing: Literal["refuse", "median", "indicator", "drop_row"] = Field(
        "refuse",
        description="A cell without a value is refused, filled by the median, flagged (indicator), or its row is left "
        "out (drop_row).",
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.parts or [])) < len(self.parts or []):
            raise PydanticCustomError("feature", "`parts` names a part twice.")
        return self

    @property
    def can_be_reconstructed(self) -> bool:
        """Only `elapsed` tells the time alone; the parts that vary hold it."""
        return self.parts is None or "elapsed" in self.parts

    def fit(self, table: Table, name: str, targets: Array | None = None) -> DatetimeColumn:
        """Takes parts, scales and what stands for missing values from the times that are there."""
        gaps = table.gaps(name)
        if self.missing == "refuse":
            refuse_gaps(table, name, gaps, DatetimeColumn.setting)
        if gaps.all():
            hint = f"Set data.features.{name}: ignore."
            raise DataError("no training row has a value", where=f"{table.where}:{name}", hint=hint)
        rows = np.flatnonzero(~gaps)
        times = microseconds(table, name, form=self.format, gaps=gaps)[rows]
        first = parse_moment(table.columns[name][rows[0]], self.format)
        return DatetimeColumn(
            name=name,
            format=self.format,
            offset=first is not None and first.tzinfo is not None,
            inputs=[self._input(part, times) for part in self.parts or _varying(times)],
            whole_days=not (times % DAY).any(),
            fill=None if self.missing == "refuse" else int(np.sort(times)[(len(times) - 1) // 2]),
            indicator=self.missing == "indicator",
        )

    def drops(self, table: Table, name: str) -> Array:
        """With `drop_row` those without a value."""
        return table.gaps(name) if self.missing == "drop_row" else super().drops(table, name)

    def _input(self, part: Part, times: Array) -> LinearInput | CyclicInput:
        if self.cyclic and part in PERIODS:
            return CyclicInput.model_validate({"part": part})
        offset, scale = standard(part_of(times, part))
        return LinearInput(part=part, offset=offset, scale=scale)


def _varying(times: Array) -> list[Part]:
    """The usual parts that are not the same in every row; `elapsed`, which is 0 then, where every one is."""
    return [part for part in USUAL if len(np.unique(part_of(times, part))) > 1] or ["elapsed"]
