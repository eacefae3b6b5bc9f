"""All that is drawn for people. Machine output is one JSON object on stdout; the rest goes to stderr then."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from scratchnn.errors import ScratchnnError
    from scratchnn.workflows.session import Listener, TrainResult


class Console:
    """Where a command writes. With `as_json`, or where stdout is no terminal, people's output goes to stderr."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.stream: TextIO = sys.stdout if sys.stdout.isatty() and not as_json else sys.stderr

    @property
    def live(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self.stream.isatty()

    def say(self, *lines: str) -> None:
        """Plain lines for people."""
        if not self.quiet:
            self.stream.write("".join(f"{line}\n" for line in lines))
            self.stream.flush()

    def warn(self, lines: Iterable[str]) -> None:
        """Warnings: on stderr, also when quiet."""
        for line in lines:
            sys.stderr.write(f"warning: {line}\n")

    def fail(self, error: ScratchnnError) -> None:
        """An error that a result carries: on stderr, also when quiet."""
        sys.stderr.write(f"error: {error}\n")

    def json(self, value: Mapping[str, Any]) -> None:
        """The one object on stdout. NaN and infinity, which JSON does not have, become null."""
        sys.stdout.write(json.dumps(_finite(value)) + "\n")
        sys.stdout.flush()

    def table(self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> None:
        """A table whose first `left` columns hold text, the others numbers."""
        if self.quiet:
            return
        from rich import box
        from rich.console import Console as Drawn
        from rich.table import Table

        self.say(*filter(None, [title]))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for index, name in enumerate(header):
            table.add_column(name, justify="left" if index < left else "right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        Drawn(file=self.stream, highlight=False, markup=False, width=None if self.live else 120).print(table)

    @contextmanager
    def progress(self) -> Iterator[Listener]:
        """A listener for the events of a training: a live display on a terminal, else a line for each epoch."""
        from scratchnn.cli import progress

        if self.quiet:
            yield lambda event: None
        elif self.live:
            with progress.live(self.stream) as listener:
                yield listener
        else:
            yield progress.plain(self)

    def figures(self, title: str, parts: Mapping[str, Mapping[str, Any]], classes: Sequence[str]) -> None:
        """Metrics in a table: single numbers side by side for each part; then those by class, then matrices."""
        names = list(dict.fromkeys(name for figures in parts.values() for name in figures))
        scalars = [name for name in names if any(isinstance(parts[part].get(name), int | float) for part in parts)]
        rows = [[name, *(number(figures.get(name)) for figures in parts.values())] for name in scalars]
        self.table(title, ["", *parts], rows)
        for part, figures in parts.items():
            by_class = {name: value for name, value in figures.items() if isinstance(value, Mapping)}
            if by_class:
                lines = [[label, *(number(value.get(label)) for value in by_class.values())] for label in classes]
                self.table(f"{part}: by class", ["class", *by_class], lines)
            for name, value in figures.items():
                if isinstance(value, list):
                    lines = [[label, *map(str, counts)] for label, counts in zip(classes, value, strict=True)]
                    self.table(f"{part}: {name} (rows: true, columns: predicted)", ["", *classes], lines)


def number(value: object) -> str:
    """A figure for people: four significant digits, whole numbers whole.

    >>> number(0.123456), number(12.0), number(1234567.0), number(None)
    ('0.1235', '12', '1.235e+06', '')
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def outcome(result: TrainResult) -> list[str]:
    """How a training ended, in words."""
    ending = {
        "completed": "completed",
        "stopped_early": "stopped early",
        "interrupted": "interrupted",
        "diverged": "diverged",
    }[result.status]
    because = f" ({result.reason})" if result.reason else ""
    lines = [
        f"{ending} after {result.epochs} epochs in {result.seconds:.2f} s{because}; best epoch {result.best_epoch}"
    ]
    if result.status == "interrupted":
        lines.append(f"go on with: scratchnn train --resume {result.run}")
    else:
        lines.append(f"wrote {result.run}")
    return lines


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {key: _finite(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(child) for child in value]
    return value
