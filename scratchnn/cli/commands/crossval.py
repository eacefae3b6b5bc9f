"""scratchnn crossval"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnn.cli.options import Jobs, Json, Plugins, Quiet, Sets

if TYPE_CHECKING:
    from scratchnn.cli.console import Console
    from scratchnn.workflows.crossval import CrossvalResult

EXAMPLE = "configs/iris.yaml --folds 5 --jobs 2"


def command(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="A config in YAML; not needed with --resume.")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", metavar="K", help="How many; 5 when absent, or as the split of the config says."),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option("--repeats", metavar="R", help="Repeats, each with other folds: 5x2 is --folds 2 --repeats 5."),
    ] = 1,
    jobs: Jobs = 1,
    sets: Sets = None,
    run_dir: Annotated[
        Path | None, typer.Option("--run-dir", metavar="DIR", help="Where to write; runs/<name>-cv when absent.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="DIR", help="Goes on with a cross-validation, bit for bit.")
    ] = None,
    out_of_fold: Annotated[
        Path | None,
        typer.Option(
            "--out-of-fold", metavar="FILE", help="Where the predictions go; out_of_fold.csv in DIR when absent."
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require",
            metavar="CONDITION",
            help="Exit 8 unless the mean meets it: 'accuracy>=0.9'; also accuracy.min, .max, .std, pooled.accuracy. "
            "Repeatable.",
        ),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Trains and tests fold by fold: mean and spread of metrics.

    Every row is tested by a model that was not trained on it. Each fold is an ordinary run in a directory of its own.
    The same command again goes on where it was: folds that are complete stay. The spread is the sample standard
    deviation over the folds. Every training uses the threads that it would use alone, so that --jobs changes no bit.
    """
    from scratchnn.cli.console import Console
    from scratchnn.cli.several import following, interrupted
    from scratchnn.cli.signals import stop_on_signals
    from scratchnn.cli.verdicts import conclude, judge
    from scratchnn.errors import UsageError
    from scratchnn.workflows import crossval as workflow

    console = Console(as_json=as_json, quiet=quiet)
    if (config is None) == (resume is None):
        message = "there is nothing to train" if config is None else "CONFIG does not go with --resume"
        hint = "Give a config: scratchnn crossval CONFIG; or a directory: scratchnn crossval --resume DIR."
        raise UsageError(message, hint=hint)
    for name, given in (("--folds", folds), ("--run-dir", run_dir), ("--set", sets)):
        if resume is not None and given is not None:
            raise UsageError("does not go with --resume", where=name, hint="Remove it: DIR says what is trained.")
    if resume is not None and repeats != 1:
        raise UsageError("does not go with --resume", where="--repeats", hint="Remove it: DIR says what is trained.")
    with stop_on_signals() as stop, following(console) as listener:
        stop.gentle = True
        if resume is not None:
            result = workflow.resume_crossval(
                resume,
                jobs=jobs,
                plugins=plugins or (),
                out_of_fold=out_of_fold,
                require=require or (),
                listener=listener,
                stop=stop,
            )
        elif config is not None:
            result = workflow.crossval(
                config,
                folds=folds,
                repeats=repeats,
                jobs=jobs,
                overrides=sets or (),
                plugins=plugins or (),
                run_dir=run_dir,
                out_of_fold=out_of_fold,
                require=require or (),
                listener=listener,
                stop=stop,
            )
    console.warn(result.notes)
    if result.status == "interrupted":
        go_on = f"scratchnn crossval --resume {shlex.quote(str(result.run))}"
        return interrupted(console, result.to_json(), stop, str(result.run), go_on)
    show(console, result)
    return conclude(console, result.to_json(), result.error or judge(console, result.requirements))


def show(console: Console, result: CrossvalResult) -> None:
    """The figures of each fold, then what they come to together."""
    from scratchnn.cli.console import number

    names = list(result.metrics)
    rows = [
        [one.outcome.name, one.outcome.status.replace("_", " "), *(number(one.metrics.get(name)) for name in names)]
        for one in result.folds
    ]
    console.table("test rows of each fold", ["", "status", *names], rows, left=2)
    if names:
        spreads = [[name, *map(number, spread.to_json().values())] for name, spread in result.metrics.items()]
        for row in spreads:
            row.append(number(result.pooled.get(row[0])))
        header = ["", "mean", "std", "min", "max", *(["pooled"] if result.pooled else [])]
        done = sum(one.outcome.done for one in result.folds)
        console.table(f"over {done} folds", header, [row[: len(header)] for row in spreads])
    if result.out_of_fold is not None:
        console.say(f"wrote {result.rows} out-of-fold predictions to {result.out_of_fold}")
    console.say(f"wrote {result.run}; {result.seconds:.2f} s of training")
