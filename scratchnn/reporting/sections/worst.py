"""The rows that the model is most wrong about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scratchnn.nn.memory import Array
from scratchnn.reporting.page import Cell, Picture, Section, Table
from scratchnn.reporting.thumbnails import png_of
from scratchnn.reporting.wording import counted, figure, short

MOST_ROWS = 10
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Worst:
    """Rows, the worst first: their numbers in the source, what is said of each under `header`, and what they hold.

    The first `texts` of the header are texts, the others numbers. `cells` are columns of inputs in their own units,
    `pictures` arrays (M, H, W, C) by what they show.
    """

    rows: Sequence[int]
    header: Sequence[str]
    said: Sequence[Sequence[str]]
    cells: Mapping[str, Sequence[object]]
    pictures: Mapping[str, Array]
    measure: str
    texts: int = 0


def worst_section(worst: Worst, counted_as: str = "row") -> Section:
    """A table of them."""
    columns = list(worst.cells)[:MOST_COLUMNS]
    header = [counted_as, *worst.pictures, *worst.header, *columns]
    rows: list[list[Cell]] = []
    for place, number in enumerate(worst.rows):
        row: list[Cell] = [f"{number:,}"]
        for shown, pixels in worst.pictures.items():
            row.append(Picture(png_of(pixels[place]), f"{shown} of {counted_as} {number}"))
        row += worst.said[place]
        row += [_cell(worst.cells[name][place]) for name in columns]
        rows.append(row)
    caption = f"The {counted(len(rows), counted_as)} with the highest loss"
    note = f"By {worst.measure}. The first {counted_as} of the source has the number 0."
    if len(columns) < len(worst.cells):
        note += f" Shown are {len(columns)} of {len(worst.cells):,} columns."
    left = 1 + len(worst.pictures) + worst.texts
    return Section("worst", "The worst predictions", tables=[Table(caption, header, rows, left, note=note)])


def _cell(value: object) -> str:
    return figure(value) if isinstance(value, int | float) else short(str(value), 40)
