"""scratchnn tune"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import ConfigFile, Json, Plugins, Quiet, Sets

EXAMPLE = "configs/digits_tune.yaml --set tune.trials=10"


def command(
    config: ConfigFile,
    sets: Sets = None,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="PLACE",
            help="A journal file, or postgresql://USER@HOST/DATABASE, which any number of machines may share; "
            "journal.log in the run directory when absent.",
        ),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option("--run-dir", metavar="DIR", help="Where to write, and to go on; runs/<name>-tune when absent."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Trials at a time, each in its own process.")] = 1,
    keep: Annotated[
        str, typer.Option("--keep", metavar="WHICH", help="Run directories that stay: all, or the best alone.")
    ] = "all",
    plot: Annotated[bool, typer.Option("--plot", help="Draws the history and the importance as PNG.")] = False,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Searches better values for keys of a config. Goes on with what is there."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.signals import Stopped, stop_on_signals
    from scratchnn.cli.tuning import conclusion, progress
    from scratchnn.cli.verdicts import conclude
    from scratchnn.errors import UsageError, suggestion
    from scratchnn.workflows.tune import TuneProgress, tune

    console = Console(as_json=as_json, quiet=quiet)
    if keep not in ("all", "best"):
        raise UsageError(f'got "{keep}", expected all or best', where="--keep", hint=suggestion(keep, ["all", "best"]))
    with stop_on_signals() as stop, progress(console) as show:

        def listener(event: TuneProgress) -> None:
            stop.gentle = True
            show(event)

        result = tune(
            config,
            overrides=sets or (),
            plugins=plugins or (),
            storage=storage,
            run_dir=run_dir,
            jobs=jobs,
            keep="best" if keep == "best" else "all",
            plot=plot,
            listener=listener,
            stop=stop,
        )
    console.say(*conclusion(result))
    console.warn(result.notes)
    if result.status == "interrupted":
        hint = "Run the same command again: it goes on where it was."
        stopped = Stopped(stop.signal or signal.SIGINT, where=str(result.folder), hint=hint)
        if as_json:
            console.json({**result.to_json(), "error": stopped.to_json()})
        return stopped.exit_code
    return conclude(console, result.to_json(), result.error)
