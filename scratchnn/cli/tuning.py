"""What a search shows while it runs, and at its end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scratchnn.cli.console import Console, number
from scratchnn.cli.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from scratchnn.workflows.tune import TuneProgress
    from scratchnn.workflows.tuning.results import TuneResult
    from scratchnn.workflows.tuning.study import TrialRow

MOST_ROWS = 12
BAR_WIDTH = 30


@contextmanager
def progress(console: Console) -> Iterator[Callable[[TuneProgress], None]]:
    """What hears how the search stands: a live table on a terminal, else a line for each trial that ends."""
    if console.quiet:
        yield lambda event: None
    elif console.live:
        from rich.console import Console as Drawn
        from rich.live import Live

        drawn = Drawn(file=console.stream, highlight=False, markup=False)
        with Live(console=drawn, transient=True, auto_refresh=False) as live:
            yield lambda event: live.update(table(event), refresh=True)
    else:
        yield _lines(console)


def _lines(console: Console) -> Callable[[TuneProgress], None]:
    told: set[int] | None = None

    def show(event: TuneProgress) -> None:
        nonlocal told
        ended = [row for row in event.trials if row.finished]
        if told is None:
            told = {row.number for row in ended}
            total = "" if event.total is None else f" of {event.total}"
            console.say(f"{event.folder}: {len(ended)}{total} trials done; {event.metric}, {_goal(event)}")
        for row in ended:
            if row.number not in told:
                told.add(row.number)
                console.say(_line(row, event, len(told)))

    return show


def _goal(event: TuneProgress) -> str:
    return "the higher the better" if event.maximize else "the lower the better"


def _line(row: TrialRow, event: TuneProgress, count: int) -> str:
    total = "" if event.total is None else f"/{event.total}"
    best = best_of(event)
    mark = "  (best)" if best is not None and best.number == row.number else ""
    lead = f"[{count}{total}] trial {row.number}"
    if row.state == "failed":
        return f"{lead}  failed: {row.reason}  {_params(row.params)}"
    value = number(row.value) if row.value is not None else "-"
    return f"{lead}  {row.state} {value}{mark}  {_params(row.params)}"


def best_of(event: TuneProgress) -> TrialRow | None:
    """The completed trial with the best value so far."""
    done = [row for row in event.trials if row.state == "completed" and row.value is not None]
    sign = -1 if event.maximize else 1
    return min(done, key=lambda row: sign * (row.value or 0.0), default=None)


def table(event: TuneProgress) -> Table:
    """The best trial, those that run, and the newest of the others."""
    from rich.table import Table

    ended = [row for row in event.trials if row.finished]
    total = "" if event.total is None else f" of {event.total}"
    made = Table(title=printable(f"{event.folder}: {len(ended)}{total} trials done"), title_justify="left", expand=True)
    for name, width in (("trial", 5), ("state", 9), (event.metric, max(len(event.metric), 9)), ("epoch", 5)):
        made.add_column(name, justify="left" if name == "state" else "right", no_wrap=True, width=width)
    made.add_column("values", overflow="ellipsis", no_wrap=True, ratio=1)
    best = best_of(event)
    running = [row for row in event.trials if row.state == "running"]
    others = [row for row in ended if best is None or row.number != best.number]
    room = max(MOST_ROWS - len(running) - 1, 0)
    newest = others[-room:] if room else []
    for row in [*filter(None, [best]), *newest, *running]:
        state = "best" if best is not None and row.number == best.number else row.state
        value = "" if row.value is None else number(row.value)
        shown = row.reason if row.state == "failed" else _params(row.params)
        made.add_row(str(row.number), state, value, str(row.epochs or ""), printable(shown))
    return made


def conclusion(result: TuneResult) -> list[str]:
    """What came out: counts, the best trial, what mattered and where it is."""
    counts = ", ".join(f"{count} {state}" for state, count in result.counts.items() if count) or "no trial"
    lines = [f"{result.status}: {counts} in {result.seconds:.1f} s"]
    best = result.best
    if best is not None:
        lines.append(f"best: trial {best.number}, {result.metric} {number(best.value)}")
        lines += [f"  {name}: {_shown(value)}" for name, value in best.params.items()]
    if result.importance:
        lines += ["importance (PED-ANOVA)", *bars(result.importance)]
    if result.config is not None:
        lines += [f"wrote {', '.join([str(result.config), *map(str, result.plots)])}"]
        if result.status == "completed":
            lines.append(f"train it: scratchnn train {shlex.quote(str(result.config))}")
    return lines


def bars(shares: Mapping[str, float]) -> list[str]:
    """A bar of text for each share.

    >>> bars({"a": 0.75, "bb": 0.25})
    ['  a   0.750 ##############################', '  bb  0.250 ##########']
    """
    width = max(map(len, shares))
    most = max(shares.values()) or 1.0
    return [
        f"  {name:{width}}  {share:.3f} {'#' * round(BAR_WIDTH * share / most)}".rstrip()
        for name, share in shares.items()
    ]


def _params(params: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in params.items())


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "null" if value is None else str(value)
