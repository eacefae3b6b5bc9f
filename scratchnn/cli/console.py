"""All that is written for people. Machine output is one JSON object on stdout; the rest goes to stderr then."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from scratchnn.cli.printable import printable
from scratchnn.training.storage import finite_json

if TYPE_CHECKING:
    from scratchnn.errors import ScratchnnError
    from scratchnn.workflows.session import Listener, TrainResult


class Console:
    """Where a command writes. With `as_json`, or where stdout is no terminal, people's output goes to stderr.

    From its making until the command ends, what others print (a plugin) goes to stderr too.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.output = sys.stdout
        self.stream: TextIO = sys.stdout if sys.stdout.isatty() and not as_json else sys.stderr
        sys.stdout = sys.stderr

    @property
    def live(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self.stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")

    def say(self, *lines: str) -> None:
        """Plain lines for people."""
        self._write(map(printable, lines))

    def _write(self, lines: Iterable[str]) -> None:
        if not self.quiet:
            self.stream.write("".join(f"{line}\n" for line in lines))
            self.stream.flush()

    def warn(self, lines: Iterable[str]) -> None:
        """Warnings: on stderr, also when quiet."""
        for line in lines:
            sys.stderr.write(f"warning: {printable(line)}\n")

    def fail(self, error: ScratchnnError) -> None:
        """An error that a result carries: on stderr, also when quiet."""
        sys.stderr.write(f"error: {printable(str(error))}\n")

    def json(self, value: Mapping[str, Any]) -> None:
        """The one object on stdout. NaN and infinity, which JSON does not have, become null."""
        self.text(json.dumps(finite_json(value)) + "\n")

    def text(self, text: str) -> None:
        """What a command makes for another program, in UTF-8 whatever the locale says."""
        self.bytes(text.encode())

    def bytes(self, made: bytes) -> None:
        """The same as bytes, which go out at once."""
        self.output.flush()
        left = memoryview(made)
        while left:  # where Python does not buffer, one write may take less than all, without an error
            left = left[self.output.buffer.write(left) :]
        self.output.flush()

    def table(self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> None:
        """A table whose first `left` columns hold text, the others numbers; its header in bold on a terminal."""
        cells = [[printable(cell) for cell in row] for row in (header, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = []
        for row in cells:
            pairs = enumerate(zip(row, widths, strict=True))
            padded = [cell.ljust(width) if index < left else cell.rjust(width) for index, (cell, width) in pairs]
            lines.append("  ".join(padded).rstrip())
        if self.live and not os.environ.get("NO_COLOR"):
            lines[0] = f"\x1b[1m{lines[0]}\x1b[0m"
        self._write([*filter(None, [printable(title)]), *lines, ""])

    def bar(self, length: int) -> str:
        """A bar of so many blocks, of number signs where the stream cannot show blocks."""
        encoding = self.stream.encoding or "ascii"
        return ("\u2588" if "\u2588".encode(encoding, "ignore") else "#") * length

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

    def figures(
        self,
        title: str,
        parts: Mapping[str, Mapping[str, Any]],
        classes: Sequence[str],
        intervals: Mapping[str, tuple[float, float]] | None = None,
        beside: Mapping[str, Mapping[str, float]] | None = None,
        *,
        unit: str = "class",
    ) -> None:
        """Metrics in a table: single numbers side by side for each part; then those by class, then matrices.

        `unit` is what the classes are called.
        Where there are intervals, of a single part, they follow the numbers; what stands `beside` them comes last.
        """
        names = list(dict.fromkeys(name for figures in parts.values() for name in figures))
        scalars = [name for name in names if any(isinstance(parts[part].get(name), int | float) for part in parts)]
        rows = [[name, *(number(figures.get(name)) for figures in parts.values())] for name in scalars]
        if intervals:
            bounds = {name: f"[{number(low)}, {number(high)}]" for name, (low, high) in intervals.items()}
            rows = [[*row, bounds.get(row[0], "")] for row in rows]
        rows = [[*row, *(number(figures.get(row[0])) for figures in (beside or {}).values())] for row in rows]
        self.table(title, ["", *parts, *([""] if intervals else []), *(beside or {})], rows)
        for part, figures in parts.items():
            by_class = {name: value for name, value in figures.items() if isinstance(value, Mapping)}
            if by_class:
                lines = [[label, *(number(value.get(label)) for value in by_class.values())] for label in classes]
                columns = [name.removesuffix("_per_class") for name in by_class]
                self.table(f"{part}: by {unit}", [unit, *columns], lines)
            for name, value in figures.items():
                if isinstance(value, list):
                    lines = [
                        [label, *map("{:.10g}".format, counts)] for label, counts in zip(classes, value, strict=True)
                    ]
                    self.table(f"{part}: {name} (rows: true, columns: predicted)", ["", *classes], lines)


def number(value: object) -> str:
    """A figure for people: four decimals where they tell something, else four significant digits.

    >>> number(0.123456), number(-0.0), number(1234567.0), number(0.0000123), number(math.nan), number(None)
    ('0.1235', '0.0000', '1.235e+06', '1.23e-05', '-', '')
    """
    if isinstance(value, float):
        if math.isnan(value):  # there is no value
            return "-"
        return f"{value + 0.0:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.4g}"
    return "" if value is None else str(value)


def outcome(result: TrainResult) -> list[str]:
    """How a training ended, in words."""
    epochs = "1 epoch" if result.epochs == 1 else f"{result.epochs} epochs"
    line = f"{result.status.replace('_', ' ')} after {epochs} in {result.seconds:.2f} s"
    if result.reason and result.status != "interrupted":
        line += f" ({result.reason})"
    line += _weights(result)
    if result.status == "interrupted":
        return [line, f"go on with: scratchnn train --resume {shlex.quote(str(result.run))}"]
    return [line, f"wrote {result.run}"]


def _weights(result: TrainResult) -> str:
    """Which epoch was the best and which one's weights the model has, where that is not simply the last."""
    if result.best_epoch in (0, result.epochs):
        return ""
    if result.model_epoch == result.best_epoch:
        return f"; weights of the best epoch, {result.best_epoch}"
    return f"; best epoch {result.best_epoch}, weights of the last"
