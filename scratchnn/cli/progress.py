"""What a training shows while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from scratchnn.cli.console import Console
from scratchnn.cli.printable import printable
from scratchnn.training.events import EpochEnd, Progress, Started
from scratchnn.training.log import describe, figures
from scratchnn.workflows.session import Listener, Preparing, Ready, Told

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

MOST_NAMED = 6
MOST_ARRAYS = 12
SHOWN_SECONDS = 0.1  # drawing costs more than a small epoch


def introduce(ready: Ready) -> str:
    """One line on what is about to be trained."""
    rows = ", ".join(f"{count} {part}" for part, count in ready.data["rows"].items())
    threads = "1 thread" if ready.threads == 1 else f"{ready.threads} threads"
    return f"{ready.run or ready.name}: {ready.data['task']}, {rows} rows; {ready.parameters} parameters; {threads}"


def columns_of(ready: Ready) -> list[str]:
    """One line on what the columns of a table have become, by kind; none for arrays and texts."""
    kinds: dict[str, list[str]] = ready.data.get("columns", {})
    named = [f"{kind} {', '.join(names[:MOST_NAMED])}{_more(names)}" for kind, names in kinds.items()]
    return [f"columns: {'; '.join(named)}"] if named else []


def started_from(ready: Ready) -> list[str]:
    """What was taken from another model and what was not; the names of the first arrays of each kind."""
    return [] if ready.started is None else ready.started.lines(MOST_ARRAYS)


def _more(names: list[str]) -> str:
    return f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""


def plain(console: Console) -> Listener:
    """A line for each epoch: for logs and CI."""
    epochs = 0

    def listen(event: Told) -> None:
        nonlocal epochs
        if isinstance(event, Preparing):
            console.say(event.text)
        elif isinstance(event, Ready):
            console.say(introduce(event), *columns_of(event), *started_from(event))
        elif isinstance(event, Started):
            epochs = event.epochs
            console.say(*filter(None, [describe(event)]))
        elif isinstance(event, EpochEnd):
            console.say(f"epoch {event.epoch:{len(str(epochs))}}/{epochs}  {figures(event)}")

    return listen


@contextmanager
def live(stream: TextIO) -> Iterator[Listener]:
    """A bar over all epochs with the time left, and below it the newest figures; both go when the training ends."""
    from rich.console import Console as Drawn
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    columns: list[ProgressColumn] = [
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(bar_width=20),
        TimeRemainingColumn(),
        TextColumn("left"),
    ]
    drawn = Drawn(file=stream, highlight=False, markup=False)
    bar = Bar(*columns, console=drawn)
    task = bar.add_task("", visible=False, epoch=0, epochs=0)
    newest = Text(no_wrap=True)
    shown = 0.0

    def show(text: str) -> None:
        newest.plain = printable(text)
        newest.truncate(drawn.width - 3, overflow="ellipsis")  # leaves room for the ^C that a terminal echoes

    def listen(event: Told) -> None:
        nonlocal shown
        if isinstance(event, Preparing):
            drawn.print(printable(event.text), soft_wrap=True)
        elif isinstance(event, Ready):
            for line in (introduce(event), *columns_of(event), *started_from(event)):
                drawn.print(printable(line), soft_wrap=True)
        elif isinstance(event, Started):
            done = event.epochs_done * event.steps_per_epoch + event.batches_done
            total = event.epochs * event.steps_per_epoch
            bar.update(task, total=total, completed=done, epoch=event.epochs_done, epochs=event.epochs)
            bar.update(task, visible=True)
        elif isinstance(event, Progress):
            done = (event.epoch - 1) * event.steps_per_epoch + event.batch
            bar.update(task, completed=done, epoch=event.epoch)
            _, _, rest = newest.plain.partition("  ")
            show(f"loss {event.loss:.4g}  {rest}")
        elif isinstance(event, EpochEnd) and time.monotonic() - shown > SHOWN_SECONDS:
            shown = time.monotonic()
            bar.update(task, completed=event.step, epoch=event.epoch)
            show(figures(event))

    with Live(Group(bar, newest), console=drawn, transient=True, refresh_per_second=8):
        yield listen
