"""What a training shows while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from scratchnn.cli.console import Console
from scratchnn.training.events import EpochEnd, Event, Finished, Progress, Started
from scratchnn.training.log import describe, figures
from scratchnn.workflows.session import Listener, Ready

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


def introduce(ready: Ready) -> str:
    """One line on what is about to be trained."""
    rows = ", ".join(f"{count} {part}" for part, count in ready.data["rows"].items())
    threads = "1 thread" if ready.threads == 1 else f"{ready.threads} threads"
    return f"{ready.run or ready.name}: {ready.data['task']}, {rows} rows; {ready.parameters} parameters; {threads}"


def plain(console: Console) -> Listener:
    """A line for each epoch: for logs and CI."""

    def listen(event: Event | Ready) -> None:
        if isinstance(event, Ready):
            console.say(introduce(event))
        elif not isinstance(event, Finished) and (line := describe(event)):
            console.say(line)

    return listen


@contextmanager
def live(stream: TextIO) -> Iterator[Listener]:
    """A bar over all epochs with the newest figures and the time left."""
    from rich.console import Console as Drawn
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns: list[ProgressColumn] = [
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    ]
    drawn = Drawn(file=stream, highlight=False, markup=False)
    bar = Bar(*columns, console=drawn, transient=True, refresh_per_second=8)
    task = bar.add_task("", total=1, epoch=0, epochs=0, figures="")
    shown = 0.0

    def listen(event: Event | Ready) -> None:
        nonlocal shown
        if isinstance(event, Ready):
            drawn.print(introduce(event))
        elif isinstance(event, Started):
            done = event.epochs_done * event.steps_per_epoch + event.batches_done
            total = event.epochs * event.steps_per_epoch
            bar.update(task, total=total, completed=done, epoch=event.epochs_done, epochs=event.epochs)
        elif isinstance(event, Progress):
            done = (event.epoch - 1) * event.steps_per_epoch + event.batch
            bar.update(task, completed=done, epoch=event.epoch)
        elif isinstance(event, EpochEnd) and time.monotonic() - shown > 0.1:  # drawing costs more than a small epoch
            shown = time.monotonic()
            bar.update(task, completed=event.step, epoch=event.epoch, figures=figures(event))

    with bar:
        yield listen
