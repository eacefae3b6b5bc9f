"""scratchnn evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Junit, Plugins, Quiet, Run, StepSummary

EXAMPLE = "runs/iris --require 'accuracy>=0.9'"


def command(
    run: Run = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="PATH", help="A file with new rows and their targets.")
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option("--targets", metavar="FILE", help="The targets of arrays in --data: an NPY or IDX file."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="PART", help="train, validation or test: its own rows; test when absent."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="The metrics of each group of rows by a column, too. Repeatable."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require",
            metavar="CONDITION",
            help="Exit 8 unless met: 'accuracy>=0.9'; 'accuracy.low>=0.9' of an interval; "
            "'group.sex=female.accuracy>=0.8' of a group. Repeatable.",
        ),
    ] = None,
    junit: Junit = None,
    step_summary: StepSummary = None,
    confidence: Annotated[
        float | None,
        typer.Option("--confidence", metavar="SHARE", help="An interval of each metric, of this confidence: 0.95."),
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option("--bootstrap", metavar="DRAWS", help="How often the rows are drawn for it; 1000 when absent."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Where the draws start; the config's seed when absent.")
    ] = None,
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline",
            metavar="KIND",
            help="What stands beside: constant (the most frequent class, or the mean), linear (a linear model too, "
            "fitted on the run's training rows) or none.",
        ),
    ] = "constant",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="P", help="Two classes: the second is called above this probability."),
    ] = None,
    choose_threshold: Annotated[
        str | None,
        typer.Option(
            "--choose-threshold",
            metavar="GOAL",
            help="Finds it on validation rows: by f1, accuracy, balanced_accuracy, mcc, youden, or costs: fp=1,fn=5.",
        ),
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fits the temperature of the probabilities on the validation rows.")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Writes temperature and threshold into the model file, for predict too.")
    ] = False,
    importance: Annotated[
        bool, typer.Option("--importance", help="How much worse a metric gets when a column is permuted.")
    ] = False,
    repeats: Annotated[
        int | None, typer.Option("--repeats", metavar="N", help="How often each column is permuted; 5 when absent.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="That metric; the first of the config's when absent."),
    ] = None,
    mc_samples: Annotated[
        int | None,
        typer.Option("--mc-samples", metavar="N", help="Measures the mean of N passes with dropout left on."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measures a trained model on a split of its data or on new data."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.judgements import show
    from scratchnn.cli.verdicts import conclude, judge, write_files
    from scratchnn.workflows.evaluate import evaluate
    from scratchnn.workflows.verdict_files import check_junit, summary_file

    console = Console(as_json=as_json, quiet=quiet)
    check_junit(junit, require or ())
    summary = summary_file(step_summary)
    result = evaluate(
        run,
        data=data,
        targets=targets,
        split=split,
        by=by or (),
        require=require or (),
        plugins=plugins or (),
        confidence=confidence,
        bootstrap=bootstrap,
        seed=seed,
        baseline=baseline,
        threshold=threshold,
        choose_threshold=choose_threshold,
        calibrate=calibrate,
        save=save,
        importance=importance,
        repeats=repeats,
        metric=metric,
        mc_samples=mc_samples,
    )
    show(console, result)
    console.warn(result.notes)
    write_files(junit, summary, "evaluate", result.split, result)
    return conclude(console, result.to_json(), judge(console, result.requirements))
