"""What is shown and what is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.csv_files import reader_ratio
from benchmarks.environment import ROOT, machine, versions
from benchmarks.fine_tuning import Counted
from benchmarks.libraries import LIBRARIES, OURS, PIP, Library
from benchmarks.mc_dropout import PUBLISHED, Result
from benchmarks.processes import ProcessResult
from benchmarks.rounds import Ratio, ratios
from benchmarks.steps import StepResult
from benchmarks.tables import Score
from benchmarks.workloads import Workload

TABLE_WIDTH = 100
QUIET = 0.5  # the load of a machine on which nothing else runs
RESULTS = ROOT / "benchmarks" / "results"


def make_console() -> Console:
    """Where the tables go: as wide as the terminal; wide enough for them where there is none."""
    made = Console()
    return made if made.is_terminal else Console(width=TABLE_WIDTH)


def show_load(console: Console, load: float) -> None:
    """Warns where the machine is busy: a library that waits for its threads suffers most, and ratios mean nothing."""
    if load > QUIET:
        console.print(f"warning: the machine is busy (load {load}); these ratios are not to be trusted", soft_wrap=True)


def show_skipped(console: Console, missing: Iterable[Library]) -> None:
    """Names each library that is not installed, with what installs it."""
    for library in missing:
        console.print(
            f"skipped {library.name}: it is not installed. {PIP}", markup=False, highlight=False, soft_wrap=True
        )


def show_unable(console: Console, workload: Workload, unable: Iterable[Library]) -> None:
    """Names each library that cannot train a workload, with the reason."""
    for library in unable:
        console.print(f"skipped {library.name} for {workload.name}: {library.dense_only}", soft_wrap=True)


def show_steps(console: Console, results: Mapping[Workload, Sequence[StepResult]]) -> None:
    """A row for each workload and library."""
    table = _table("workload (batch)", "library", "threads", "us / step", "/ scratchnn", "min - max", texts=2)
    for workload, rows in results.items():
        found = ratios({row.library: row.microseconds for row in rows})
        for row in rows:
            title = workload.title if row.library == OURS else ""
            took = f"{median(row.microseconds):,.1f}"
            table.add_row(
                title, f"{row.library} {row.version}", str(row.threads), took, *_cells(found.get(row.library))
            )
        table.add_section()
    console.print(table)


def show_processes(console: Console, results: Sequence[ProcessResult]) -> None:
    """A row for each library."""
    table = _table("iris, 100 epochs", "seconds", "/ scratchnn", "min - max", "peak MiB", "/ scratchnn", "min - max")
    seconds = ratios({row.library: row.seconds for row in results})
    memory = ratios({row.library: row.mebibytes for row in results})
    for row in results:
        took, held = f"{median(row.seconds):.2f}", f"{median(row.mebibytes):.0f}"
        name = row.library
        table.add_row(name, took, *_cells(seconds.get(name)), held, *_cells(memory.get(name)))
    console.print(table)


def steps_json(results: Mapping[Workload, Sequence[StepResult]]) -> list[dict[str, Any]]:
    """Every workload with every sample."""
    return [
        {
            "workload": {**asdict(workload), "layers": workload.layers()},
            "libraries": [asdict(row) | {"microseconds": row.microseconds} for row in rows],
            "ratios": _ratios_json(ratios({row.library: row.microseconds for row in rows})),
        }
        for workload, rows in results.items()
    ]


def processes_json(results: Sequence[ProcessResult]) -> dict[str, Any]:
    """Every run."""
    return {
        "libraries": [asdict(row) for row in results],
        "ratios": {
            "seconds": _ratios_json(ratios({row.library: row.seconds for row in results})),
            "peak_bytes": _ratios_json(ratios({row.library: row.mebibytes for row in results})),
        },
    }


def show_readers(console: Console, results: Mapping[str, Sequence[float]], rows: int, columns: int) -> None:
    """A row for each way to read the file, with its time beside that of pandas."""
    table = _table(f"{rows:,} rows x {columns}", "seconds", "/ pandas", "min - max")
    for name, seconds in results.items():
        table.add_row(name, f"{median(seconds):.2f}", *_cells(reader_ratio(results, name)))
    console.print(table)


def readers_json(results: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Every sample."""
    found = {name: ratio for name in results if (ratio := reader_ratio(results, name)) is not None}
    return {"seconds": dict(results), "ratios": _ratios_json(found), "versions": versions(["pandas", "polars"])}


def show_scores(console: Console, scores: Iterable[Score]) -> None:
    """A row for each table, with the mean of its seeds beside that of scikit-learn."""
    table = _table("table", "figure", "scratchnn", "scikit-learn", "reached")
    for found in scores:
        peers = f"{mean(found.peers):.4f}" if found.peers else ""
        reached = "" if found.reached is None else "yes" if found.reached else "no"
        table.add_row(found.table, found.figure, f"{mean(found.ours):.4f}", peers, reached)
    console.print(table)


def show_monte_carlo(console: Console, found: Iterable[Result]) -> None:
    """A row for each set: what was chosen, and the mean RMSE with its standard error beside what was published."""
    table = _table("set", "splits", "epochs", "rate", "l2", "RMSE", "+-", "published", "reached")
    for one in found:
        aim = PUBLISHED.get(one.name)
        reached = "" if aim is None else "yes" if one.mean <= aim else "no"
        shown = [one.name, str(len(one.rmse)), str(one.epochs), f"{one.chosen.rate:g}", f"{one.chosen.l2:g}"]
        error = "" if math.isnan(one.standard_error) else f"{one.standard_error:.4f}"
        table.add_row(*shown, f"{one.mean:.4f}", error, "" if aim is None else f"{aim:g}", reached)
    console.print(table)


def show_fine_tuning(console: Console, found: Sequence[Counted], accuracy: float) -> None:
    """A row for each way to train: the epochs of each seed, their mean, and how many were fewer than the first's."""
    scratch = [math.inf if count is None else count for count in found[0].epochs]
    table = _table(f"epochs to {accuracy:g}", "each seed", "mean", "fewer", "as many", "more")
    for one in found:
        counts = [math.inf if count is None else count for count in one.epochs]
        pairs = list(zip(counts, scratch, strict=True))
        against = [sum(a < b for a, b in pairs), sum(a == b for a, b in pairs), sum(a > b for a, b in pairs)]
        each = " ".join("-" if count is None else str(count) for count in one.epochs)
        mean_shown = "-" if one.mean is None else f"{one.mean:.1f}"
        table.add_row(one.way, each, mean_shown, *(["", "", ""] if one is found[0] else map(str, against)))
    console.print(table)


def scores_json(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Every figure."""
    return [asdict(found) | {"reached": found.reached} for found in scores]


def write(
    file: Path | None, kind: str, options: Mapping[str, Any], load: float, missing: Iterable[Library], results: object
) -> Path:
    """Writes the results, by default to a new file named by the time; says where. `load` is that before the start."""
    now = datetime.now().astimezone()
    path = file or RESULTS / f"{now:%Y-%m-%d-%H%M%S}-{kind}.json"
    skipped = [library.name for library in missing]
    head = {
        "kind": kind,
        "written": now.isoformat(timespec="seconds"),
        "machine": {**machine(), "load": load},
        "versions": versions([*LIBRARIES, "numpy"]),
        "options": dict(options),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**head, "skipped": skipped, "results": results}, indent=1) + "\n", encoding="utf-8")
    return path


def _table(*names: str, texts: int = 1) -> Table:
    """A table whose first columns hold text, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(names):
        table.add_column(name, justify="left" if index < texts else "right")
    return table


def _cells(ratio: Ratio | None) -> tuple[str, str]:
    """scratchnn itself has no ratio."""
    return ("", "") if ratio is None else (f"{ratio.median:.2f}", f"{ratio.low:.2f} - {ratio.high:.2f}")


def _ratios_json(found: Mapping[str, Ratio]) -> dict[str, dict[str, float]]:
    return {name: asdict(ratio) for name, ratio in found.items()}
