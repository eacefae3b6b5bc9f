"""The command line: `python -m benchmarks [process|csv|tables|mc-dropout|fine-tuning]`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import fine_tuning, report
from benchmarks.csv_files import compare_readers, installed_readers
from benchmarks.environment import BenchmarkError, load
from benchmarks.libraries import LIBRARIES, OURS, contestants
from benchmarks.mc_dropout import Experiment
from benchmarks.processes import SCRIPTS, compare_processes
from benchmarks.steps import compare_steps
from benchmarks.tables import named, score
from benchmarks.workloads import WORKLOADS


def _known(names: Collection[str]) -> Callable[[list[str] | None], list[str]]:
    """A check that each given name is one of these."""

    def check(given: list[str] | None) -> list[str]:
        for name in given or []:
            if name not in names:
                raise typer.BadParameter(f'"{name}" is none of {", ".join(names)}')
        return given or []

    return check


def _named(flag: str, names: Collection[str]) -> Any:
    """An option that is given once for each of some names."""
    return typer.Option(flag, metavar="NAME", callback=_known(names), help=f"Of {', '.join(names)}. Repeatable.")


Threads = Annotated[int, typer.Option(min=1, help="Threads of each process.")]
Rounds = Annotated[int, typer.Option(min=1, help="Turns of each process.")]
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Every sample; benchmarks/results/<date>.json when absent."),
]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def steps(
    context: typer.Context,
    workloads: Annotated[list[str] | None, _named("--workload", WORKLOADS)] = None,
    libraries: Annotated[list[str] | None, _named("--library", LIBRARIES)] = None,
    threads: Threads = 2,
    rounds: Rounds = 5,
    seconds: Annotated[float, typer.Option(min=0.0, help="Of each measurement, after a fifth of it to warm up.")] = 1.0,
    file: Json = None,
) -> None:
    """Compares microseconds per training step; with a command whole processes, reading, or quality."""
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    console = report.make_console()
    present, missing = contestants(libraries or LIBRARIES)
    report.show_skipped(console, missing)
    busy = load()
    report.show_load(console, busy)
    results = {}
    for name in workloads or WORKLOADS:
        workload = WORKLOADS[name]
        able = [library for library in present if library.takes(workload)]
        report.show_unable(console, workload, [library for library in present if library not in able])
        with _watched(console, f"{workload.title}, {rounds} rounds"):
            results[workload] = compare_steps(workload, able, threads, rounds, seconds)
    report.show_steps(console, results)
    options = {"threads": threads, "rounds": rounds, "seconds": seconds}
    console.print(
        f"wrote {report.write(file, 'steps', options, busy, missing, report.steps_json(results))}", soft_wrap=True
    )


@app.command()
def process(
    libraries: Annotated[list[str] | None, _named("--library", [OURS, *SCRIPTS])] = None,
    threads: Threads = 2,
    rounds: Rounds = 5,
    file: Json = None,
) -> None:
    """Compares seconds and peak memory of whole processes that train on iris."""
    console = report.make_console()
    present, missing = contestants(libraries or SCRIPTS)
    report.show_skipped(console, missing)
    busy = load()
    report.show_load(console, busy)
    with _watched(console, f"iris, {rounds} rounds"):
        results = compare_processes(present, threads, rounds)
    report.show_processes(console, results)
    options = {"threads": threads, "rounds": rounds}
    console.print(
        f"wrote {report.write(file, 'process', options, busy, missing, report.processes_json(results))}", soft_wrap=True
    )


@app.command()
def csv(
    rows: Annotated[int, typer.Option(min=1, help="Rows of the file.")] = 200_000,
    columns: Annotated[int, typer.Option(min=1, help="Columns of numbers.")] = 30,
    rounds: Rounds = 5,
    file: Json = None,
) -> None:
    """Compares seconds to read a CSV file of numbers, without and with polars, beside pandas."""
    console = report.make_console()
    readers, missing = installed_readers()
    for name in missing:
        console.print(f"skipped {name}: it is not installed", soft_wrap=True)
    busy = load()
    report.show_load(console, busy)
    with _watched(console, f"{rows:,} rows by {columns} columns, {rounds} rounds"):
        results = compare_readers(readers, rows, columns, rounds)
    report.show_readers(console, results, rows, columns)
    options = {"rows": rows, "columns": columns, "rounds": rounds}
    console.print(f"wrote {report.write(file, 'csv', options, busy, [], report.readers_json(results))}", soft_wrap=True)


@app.command()
def tables(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE:TARGET", help="Tables; the shipped ones when absent.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many, from 0 on.")] = 5,
    file: Json = None,
) -> None:
    """Compares test figures of `scratchnn init` and `train` as written with scikit-learn's MLP on the same rows."""
    console = report.make_console()
    scores = []
    with _watched(console, f"{seeds} seeds"):
        for path, target in named(files or []):
            scores.append(score(path, target, seeds))
    report.show_scores(console, scores)
    options = {"seeds": seeds}
    console.print(
        f"wrote {report.write(file, 'tables', options, load(), [], report.scores_json(scores))}", soft_wrap=True
    )


@app.command(name="mc-dropout")
def mc_dropout(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Each holds the data.csv and splits.json of one set.")
    ],
    steps: Annotated[
        int, typer.Option(min=1, help="Steps of each training; the epochs follow from the rows.")
    ] = 10_000,
    samples: Annotated[int, typer.Option(min=1, help="Passes with dropout that are averaged.")] = 100,
    tuned_on: Annotated[int, typer.Option(min=1, help="Splits whose training rows choose rate and penalty.")] = 3,
    file: Json = None,
) -> None:
    """Measures the RMSE of Monte Carlo dropout over the splits of UCI regression sets, as Gal and Ghahramani did."""
    console = report.make_console()
    found = []
    for folder in folders:
        with _watched(console, f"{folder.name}: {steps} steps a training"):
            found.append(Experiment(folder, steps, samples).run(tuned_on))
        report.show_monte_carlo(console, found[-1:])
    options = {"steps": steps, "samples": samples, "tuned_on": tuned_on}
    results = [one.to_json() for one in found]
    console.print(f"wrote {report.write(file, 'mc-dropout', options, load(), [], results)}", soft_wrap=True)


@app.command(name="fine-tuning")
def fine_tuned(
    first: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many, from the first on.")] = 5,
    accuracy: Annotated[float, typer.Option(min=0.0, max=1.0, help="Validation accuracy to reach.")] = 0.95,
    epochs: Annotated[int, typer.Option(min=1, help="At most, for each training on the new digits.")] = 20,
    file: Json = None,
) -> None:
    """Counts the epochs that the digits 5-9 need after 0-4, with frozen first layers and from scratch."""
    console = report.make_console()
    with _watched(console, f"{seeds} seeds"):
        found = fine_tuning.count(range(first, first + seeds), accuracy, epochs)
    report.show_fine_tuning(console, found, accuracy)
    options = {"first": first, "seeds": seeds, "accuracy": accuracy, "epochs": epochs}
    results = [one.to_json() for one in found]
    console.print(f"wrote {report.write(file, 'fine-tuning', options, load(), [], results)}", soft_wrap=True)


def _refuse_options_before(context: typer.Context) -> None:
    """Commands have options of their own; those before them would be lost."""
    sources = [context.get_parameter_source(name) for name in context.params]
    if any(source is not None and source.name != "DEFAULT" for source in sources):
        raise typer.BadParameter(f"write the options after `{context.invoked_subcommand}`")


@contextmanager
def _watched(console: Console, doing: str) -> Iterator[None]:
    """Shows what is under way; where it fails, says so and ends."""
    try:
        with console.status(doing):
            yield
    except BenchmarkError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
