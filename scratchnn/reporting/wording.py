"""Numbers and names for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

LONGEST = 22
_BROKEN = [
    *(code for code in range(32) if code not in (9, 10)),
    *range(127, 160),
    *range(0xD800, 0xE000),
    0xFFFE,
    0xFFFF,
]
_REPLACED = dict.fromkeys(_BROKEN, "\N{REPLACEMENT CHARACTER}")


def clean(text: str) -> str:
    """The text without control characters and halves of characters, which neither HTML nor SVG can hold.

    >>> clean("a\\x00b\\tc") == "a\\N{REPLACEMENT CHARACTER}b\\tc"
    True
    """
    return text.translate(_REPLACED)


def figure(value: object) -> str:
    """A number with four significant digits; a dash where there is none.

    >>> [figure(value) for value in (0.123456, 3, 12345.678, 1e-7, None, float("nan"))]
    ['0.1235', '3', '12,346', '1e-07', '–', '–']
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    if isinstance(value, int) or (abs(value) >= 1000 and abs(value) < 1e7):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def compact(count: float) -> str:
    """A count in at most four letters, more or less.

    >>> [compact(count) for count in (7, 999, 1234, 56789, 1234567)]
    ['7', '999', '1.2k', '57k', '1.2M']
    """
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            scaled = count / size
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return f"{count:g}"


def short(name: str, longest: int = LONGEST) -> str:
    """A name on one line that is not too long.

    >>> short("a\\nb"), short("x" * 40, 5)
    ('a b', 'xxxx…')
    """
    line = clean(" ".join(name.split())) or "(blank)"
    return line if len(line) <= longest else line[: longest - 1] + "…"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "class", "classes")
    ('1 row', '1,200 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Some names, and how many more there are.

    >>> listed(["a", "b"]), listed(list("abcd"), 2)
    ('a, b', 'a, b and 2 more')
    """
    shown = ", ".join(short(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def from_to(values: Sequence[float]) -> str:
    """Where a series begins and ends, and its extremes, in words.

    >>> from_to([3.0, 1.0, 2.0])
    'from 3 to 2, lowest 1, highest 3'
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return "no finite number"
    if len(values) == 1:
        return figure(known[0])
    if min(known) == max(known):
        return f"{figure(known[0])} throughout"
    ends = f"from {figure(known[0])} to {figure(known[-1])}"
    return f"{ends}, lowest {figure(min(known))}, highest {figure(max(known))}"
