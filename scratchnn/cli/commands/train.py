"""scratchnn train"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet, Sets


def command(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="A config in YAML; not needed with --resume.")
    ] = None,
    sets: Sets = None,
    run_dir: Annotated[
        Path | None, typer.Option("--run-dir", metavar="DIR", help="Where to write; runs/<name> when absent.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="[RUN]", help="Goes on with a run, bit for bit; with the newest when bare."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="CONDITION", help="Exit 8 unless met: 'test.accuracy>=0.9'. Repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Reads and checks everything, writes nothing.")] = False,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Trains a network and writes a run directory."""
    from scratchnn.cli.console import Console, outcome
    from scratchnn.cli.progress import introduce
    from scratchnn.cli.signals import stop_on_signals
    from scratchnn.cli.verdicts import judge
    from scratchnn.errors import UsageError
    from scratchnn.workflows import train as workflow

    console = Console(as_json=as_json, quiet=quiet)
    if resume is None and config is None:
        hint = "Give a config: scratchnn train CONFIG. Or go on with a run: scratchnn train --resume [RUN]."
        raise UsageError("there is nothing to train", hint=hint)
    if resume is not None and (run_dir is not None or dry_run):
        other = "--run-dir" if run_dir is not None else "--dry-run"
        raise UsageError(f"{other} does not go with --resume", hint="Name the run: --resume RUN.")
    if dry_run and config is not None:
        ready = workflow.plan(config, overrides=sets or (), plugins=plugins or (), require=require or ())
        console.say(introduce(ready))
        if as_json:
            console.json(ready.to_json())
        return 0
    with stop_on_signals() as stop, console.progress() as listener:
        if resume is not None:
            result = workflow.resume(
                resume or None,
                config=config,
                overrides=sets or (),
                plugins=plugins or (),
                require=require or (),
                listener=listener,
                stop=stop,
            )
        elif config is not None:
            result = workflow.train(
                config,
                overrides=sets or (),
                plugins=plugins or (),
                run_dir=run_dir,
                require=require or (),
                listener=listener,
                stop=stop,
            )
    console.say(*outcome(result))
    for part in ("validation", "test"):
        figures = result.metrics.get(part, {})
        shown = {name: value for name, value in figures.items() if isinstance(value, int | float)}
        if shown:
            console.say(f"{part}: " + ", ".join(f"{name} {value:.4g}" for name, value in shown.items()))
    console.warn(result.notes)
    if as_json:
        console.json(result.to_json())
    if result.error is not None:
        console.fail(result.error)
        return result.error.exit_code
    if result.status == "interrupted":
        return 128 + (stop.signal or 2)
    return judge(console, result.requirements)
