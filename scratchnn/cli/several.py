"""What several trainings show while they run, and a table of how they ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scratchnn.cli.console import Console, number
from scratchnn.cli.printable import printable
from scratchnn.cli.signals import Stopped
from scratchnn.training.events import StopRequest
from scratchnn.workflows.jobs import JobEvent, JobListener, JobOutcome

MOST_FIGURES = 4


@contextmanager
def following(console: Console) -> Iterator[JobListener]:
    """A line for each training that is over; on a terminal also a bar for each one that runs."""
    if console.quiet:
        yield lambda event: None
    elif console.live:
        with _bars(console) as listener:
            yield listener
    else:
        yield lambda event: console.say(*([] if event.outcome is None else [ending(event.outcome)]))


@contextmanager
def _bars(console: Console) -> Iterator[JobListener]:
    from rich.console import Console as Drawn
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    drawn = Drawn(file=console.stream, highlight=False, markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TimeRemainingColumn(), TextColumn("left"))
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=drawn, transient=True) as bars:

        def listen(event: JobEvent) -> None:
            if event.outcome is not None:
                if event.name in tasks:
                    bars.remove_task(tasks.pop(event.name))
                drawn.print(printable(ending(event.outcome)), soft_wrap=True)
                return
            if event.name not in tasks:
                tasks[event.name] = bars.add_task(event.name)
            text = f"{event.name}  epoch {event.epoch}/{event.epochs}"
            bars.update(tasks[event.name], completed=event.epoch, total=event.epochs, description=text)

        yield listen


def ending(outcome: JobOutcome) -> str:
    """One line on how a training ended.

    >>> from pathlib import Path
    >>> ending(JobOutcome("fold-0", Path("r"), "diverged", 5))
    'fold-0: diverged, exit code 5'
    """
    line = f"{outcome.name}: {outcome.status.replace('_', ' ')}"
    if outcome.exit_code:
        said = (outcome.error or {}).get("message", "")
        return f"{line}, exit code {outcome.exit_code}" + (f" ({said})" if said else "")
    line += f" after {outcome.summary.get('epochs')} epochs in {number(outcome.summary.get('seconds'))} s"
    shown = figures_of(outcome.summary)
    named = ", ".join(f"{name} {value:.4g}" for name, value in list(shown.items())[:MOST_FIGURES])
    return f"{line}; {named}" if named else line


def figures_of(summary: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of the last part that a training was judged on: test, validation or train."""
    metrics = summary.get("metrics", {})
    for part in ("test", "validation", "train"):
        if part in metrics:
            return {name: value for name, value in metrics[part].items() if isinstance(value, int | float)}
    return {}


def interrupted(console: Console, made: Mapping[str, Any], stop: StopRequest, where: str, command: str) -> int:
    """Ends a command that was stopped in the middle: says how to go on; the exit code."""
    stopped = Stopped(stop.signal or signal.SIGINT, where=where, hint=f"Go on with: {command}")
    if console.as_json:
        console.json({**made, "error": stopped.to_json()})
    console.say(f"interrupted; go on with: {command}")
    return stopped.exit_code
