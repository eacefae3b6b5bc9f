"""scratchnn train"""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scratchnn.cli.options import Jobs, Json, Junit, Plugins, Quiet, Sets, StepSummary

if TYPE_CHECKING:
    from scratchnn.cli.console import Console
    from scratchnn.workflows.train_ensemble import EnsembleResult

EXAMPLE = "configs/iris.yaml --set training.epochs=20"


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
    from_model: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="MODEL", help="Starts from the weights of a run or model file; see `from` of the config."
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="CONDITION", help="Exit 8 unless met: 'test.accuracy>=0.9'. Repeatable."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            metavar="LIST",
            help="Trains an ensemble, a model for each seed: 0-4 or 0,2,5. The seed of the config divides the rows.",
        ),
    ] = None,
    jobs: Jobs = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Reads and checks everything, writes nothing.")] = False,
    junit: Junit = None,
    step_summary: StepSummary = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Trains a network and writes a run directory."""
    from scratchnn.cli.console import Console, outcome
    from scratchnn.cli.progress import columns_of, introduce, started_from
    from scratchnn.cli.signals import Stopped, stop_on_signals
    from scratchnn.cli.verdicts import conclude, judge, write_files
    from scratchnn.errors import UsageError
    from scratchnn.workflows import train as workflow
    from scratchnn.workflows.ensembles import ensemble_of
    from scratchnn.workflows.session import Preparing, Told
    from scratchnn.workflows.train_ensemble import parse_seeds
    from scratchnn.workflows.verdict_files import check_junit, summary_file

    console = Console(as_json=as_json, quiet=quiet)
    if resume is not None and config is None and Path(resume).suffix in (".yaml", ".yml", ".json"):
        config, resume = Path(resume), ""  # `--resume CONFIG` is `CONFIG --resume`
    if resume is None and config is None:
        hint = "Give a config: scratchnn train CONFIG. Or go on with a run: scratchnn train --resume [RUN]."
        raise UsageError("there is nothing to train", hint=hint)
    if resume is not None and (run_dir is not None or dry_run):
        other = "--run-dir" if run_dir is not None else "--dry-run"
        raise UsageError(f"{other} does not go with --resume", hint="Name the run: --resume RUN.")
    if resume is not None and from_model is not None:
        hint = "A run goes on from its own weights; to start from them anew: scratchnn train CONFIG --from RUN."
        raise UsageError("--from does not go with --resume", hint=hint)
    check_junit(junit, require or ())
    summary = summary_file(step_summary)
    if dry_run and config is not None:
        if seeds is not None:
            sets = [*(sets or ()), f"seed={parse_seeds(seeds)[0]}"]
        ready = workflow.plan(
            config, overrides=sets or (), plugins=plugins or (), require=require or (), from_model=from_model
        )
        console.say(introduce(ready), *columns_of(ready), *started_from(ready))
        console.warn(ready.notes)
        if as_json:
            console.json(ready.to_json())
        return 0
    ensemble = ensemble_of(resume) if seeds is None and config is None else None
    if seeds is not None and resume is not None:
        raise UsageError("does not go with --resume", where="--seeds", hint="Name the directory: --resume DIR.")
    if from_model is not None and seeds is not None:
        raise UsageError("does not go with --seeds", where="--from", hint="Write it into the config: from: MODEL.")
    if seeds is not None or ensemble is not None:
        for name, given in (("--junit", junit), ("--step-summary", step_summary)):
            if given is not None:
                hint = f"Judge it afterwards: scratchnn evaluate RUN --require ... {name} FILE."
                raise UsageError("is for one training, not for an ensemble", where=name, hint=hint)
        settings = {"jobs": jobs, "plugins": plugins or (), "require": require or ()}
        return _train_ensemble(console, config, seeds or "", ensemble, sets, run_dir, settings)
    if jobs != 1:
        raise UsageError("does nothing for one training", where="--jobs", hint="Train several: --seeds 0-4.")
    with stop_on_signals() as stop, console.progress() as show:

        def listener(event: Told) -> None:
            stop.gentle = not isinstance(event, Preparing)
            show(event)

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
                from_model=from_model,
            )
    console.say(*outcome(result))
    judged = [part for part in result.metrics if part != "train"]
    for part in judged or ["train"]:
        figures = result.metrics.get(part, {})
        shown = {name: value for name, value in figures.items() if isinstance(value, int | float)}
        if shown:
            console.say(f"{part}: " + ", ".join(f"{name} {value:.4g}" for name, value in shown.items()))
    console.warn(result.notes)
    write_files(junit, summary, "train", result.run.name, result)
    if result.status == "interrupted":
        stopped = Stopped(stop.signal or signal.SIGINT, where=str(result.run), hint="Go on with --resume.")
        if as_json:
            console.json({**result.to_json(), "error": stopped.to_json()})
        return stopped.exit_code
    return conclude(console, result.to_json(), result.error or judge(console, result.requirements))


def _train_ensemble(
    console: Console,
    config: Path | None,
    seeds: str,
    ensemble: Path | None,
    sets: list[str] | None,
    run_dir: Path | None,
    settings: dict[str, Any],
) -> int:
    """Trains several models, or goes on with them."""
    from scratchnn.cli.several import following, interrupted
    from scratchnn.cli.signals import stop_on_signals
    from scratchnn.cli.verdicts import conclude, judge
    from scratchnn.errors import UsageError
    from scratchnn.workflows import train_ensemble as workflow

    if ensemble is not None and sets:
        hint = "Remove it, or train another: --seeds."
        raise UsageError("does not go with the --resume of an ensemble", where="--set", hint=hint)
    with stop_on_signals() as stop, following(console) as listener:
        stop.gentle = True
        if ensemble is not None:
            result = workflow.resume_ensemble(ensemble, **settings, listener=listener, stop=stop)
        elif config is not None:
            settings |= {"overrides": sets or (), "run_dir": run_dir}
            chosen = workflow.parse_seeds(seeds)
            result = workflow.train_ensemble(config, chosen, **settings, listener=listener, stop=stop)
    console.warn(result.notes)
    if result.status == "interrupted":
        go_on = f"scratchnn train --resume {shlex.quote(str(result.run))}"
        return interrupted(console, result.to_json(), stop, str(result.run), go_on)
    _show(console, result)
    return conclude(console, result.to_json(), result.error or judge(console, result.requirements))


def _show(console: Console, result: EnsembleResult) -> None:
    """The ensemble beside its members, on each part that was not trained on."""
    from scratchnn.cli.console import number

    judged = [part for part in result.metrics if part != "train"] or list(result.metrics)
    for part in judged:
        rows = [
            [name, number(result.metrics[part].get(name)), *map(number, spread.to_json().values())]
            for name, spread in result.spreads[part].items()
        ]
        header = ["", "ensemble", "members' mean", "std", "min", "max"]
        console.table(f"{part}: {len(result.members)} members together and by themselves", header, rows)
    console.say(f"wrote {result.run}; {result.seconds:.2f} s of training")
