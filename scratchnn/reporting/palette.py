"""The colours of the page. Charts are drawn in the light ones; in the page each is a CSS variable, so that it follows
the reader's scheme."""

from __future__ import annotations

import re
from typing import Any

INK = "#1c2430"
MUTED = "#566170"
GRID = "#d9dee6"
SURFACE = "#fefefe"
HEAT = "#2560c4"
ON_HEAT = "#fffffe"
SERIES = ("#1f66c1", "#b8520a", "#1a7f4b", "#8a3ab9", "#c4314b", "#0b7a87")
STROKES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1)), (0, (8, 2, 2, 2)))
"""The lines of series, so that they differ without their colours too."""

_DARK = {
    INK: "#e6e9ef",
    MUTED: "#a7b0be",
    GRID: "#343c49",
    SURFACE: "#161b22",
    HEAT: "#2f6fd6",
    ON_HEAT: "#ffffff",
    **dict(zip(SERIES, ("#6ea8fe", "#f0a35e", "#5fd39b", "#c99bf2", "#ff8a9b", "#5cd0dd"), strict=True)),
}
_NAMES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    SURFACE: "surface",
    HEAT: "heat",
    ON_HEAT: "on-heat",
    **{color: f"series-{number}" for number, color in enumerate(SERIES)},
}


def variables() -> str:
    """The CSS that declares every colour, for both schemes."""
    light = "".join(f"--{name}:{color};" for color, name in _NAMES.items())
    dark = "".join(f"--{name}:{_DARK[color]};" for color, name in _NAMES.items())
    return f":root{{{light}--page:#f4f6f8}}@media(prefers-color-scheme:dark){{:root{{{dark}--page:#0d1117}}}}"


def themed(style: str) -> str:
    """A style with its colours as variables.

    >>> themed("fill: #1c2430; stroke: none")
    'fill: var(--ink); stroke: none'
    """
    return re.sub(r"#[0-9a-fA-F]{6}\b", lambda found: _variable(found[0]), style)


def _variable(color: str) -> str:
    return f"var(--{_NAMES[color.lower()]})"
