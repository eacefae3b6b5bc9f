"""scratchnn predict"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from scratchnn.cli.options import Json, Plugins, Quiet

if TYPE_CHECKING:
    from io import BufferedReader

    from scratchnn.cli.console import Console
    from scratchnn.workflows.model import Model

EXAMPLE = "runs/iris new.csv -o predictions.csv"


def command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN] DATA",
            help="The rows (- is stdin), or for a model of texts the prompt; before it a run or model file, else the "
            "newest run.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Where to write: .csv, .tsv, .jsonl, .npz or .parquet (needs polars); CSV on stdout when absent.",
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Rows: adds the probability of each class.")] = False,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help="Rows: input columns to keep; all when absent."),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            metavar="P",
            help="Numbers: probability of the interval, where the loss is gaussian_nll (0.9 when absent) or quantile.",
        ),
    ] = None,
    disagreement: Annotated[
        bool,
        typer.Option("--disagreement", help="Ensembles: adds the standard deviation of what the members say."),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", metavar="P", help="Two classes: the second is called above it; as the model says, or 0.5."
        ),
    ] = None,
    mc_samples: Annotated[
        int | None,
        typer.Option(
            "--mc-samples",
            metavar="N",
            help="Rows: the mean of N passes with dropout left on, and how far they lie apart; 50 is usual.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="F", help="Rows: csv, tsv or jsonl; of a file by its suffix, of stdin as the training."
        ),
    ] = None,
    raw_text: Annotated[
        bool,
        typer.Option(
            "--raw-text",
            help="Rows: leaves texts that a spreadsheet would run as formulas (=, +, -, @) without an apostrophe.",
        ),
    ] = False,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT", help="Text: what to go on from; a new line when absent.")
    ] = None,
    length: Annotated[
        int | None, typer.Option("--length", metavar="N", help="Text: tokens to add; 500 when absent.")
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", metavar="T", help="Text: below 1 is more sure, 0 most probable; else 1."),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option("--top-k", metavar="K", help="Text: draws from the K most probable tokens.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", metavar="P", help="Text: draws from the fewest tokens of probability P together."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="Of the draws of a text or of --mc-samples; 0 when absent."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predicts every row of a file, or goes on with a text. Rows are kept, with the predictions beside them.

    A column `flags` tells which rows hold levels that training never saw (unseen:deck) or missing values (missing:age),
    where the model has such columns. A model of windows over a series tells in each row what comes after it; no_window
    flags rows with too few before them, whose cells are empty. With --json: rows, output, flagged (how many rows),
    flags (how many by reason).
    """
    from scratchnn.cli.console import Console
    from scratchnn.workflows.model import load_model

    run, data = _split(paths or [], prompted=prompt is not None)
    console = Console(as_json=as_json, quiet=quiet)
    model = load_model(run, plugins or ())
    draws = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    if model.encoder.task == "language_modeling":
        of_rows = {
            "proba": proba or None,
            "columns": columns,
            "interval": interval,
            "format": format,
            "mc_samples": mc_samples,
        }
        _refuse(
            {
                **of_rows,
                "threshold": threshold,
                "raw_text": raw_text or None,
                "disagreement": disagreement or None,
            },
            "is for rows, but the model is one of texts",
        )
        return _continue(console, model, prompt, data, {**draws, "seed": seed}, output)
    _refuse({"prompt": prompt, **draws}, "is for models of texts, but this one predicts rows")
    if mc_samples is None:
        _refuse({"seed": seed}, "is for texts and --mc-samples: other predictions draw nothing")
    wanted = {"proba": proba, "columns": _names(columns), "interval": interval, "format": format, "raw_text": raw_text}
    wanted |= {"disagreement": disagreement, "threshold": threshold}
    wanted |= {"mc_samples": mc_samples, "seed": seed}
    return _predict(console, model, data, output, wanted)


def _split(paths: Sequence[Path], *, prompted: bool) -> tuple[Path | None, Path | None]:
    """RUN and DATA. A single path is the run where it is a folder, a model file, or with a prompt nothing at all."""
    from scratchnn.errors import UsageError

    if len(paths) > 2:
        raise UsageError(f"expects [RUN] DATA, got {len(paths)} paths", hint="Predict one file at a time.")
    run, data = [*paths, None, None][:2]
    if run is not None and data is not None and run.is_file() and (data / "model.safetensors").is_file():
        hint = f"Write the run first: scratchnn predict {shlex.quote(str(data))} {shlex.quote(str(run))}"
        raise UsageError("expects RUN DATA, got them the other way round", hint=hint)
    if run is None or data is not None or run.is_dir() or run.suffix == ".safetensors":
        return run, data
    return (run, None) if prompted and not run.exists() else (None, run)


def _refuse(options: Mapping[str, object], reason: str) -> None:
    """Raises `UsageError` for an option that is given."""
    from scratchnn.errors import UsageError

    for name, value in options.items():
        if value is not None:
            raise UsageError(reason, where=f"--{name.replace('_', '-')}", hint="Remove it.")


def _names(listed: str | None) -> list[str] | None:
    """The names of a list with commas; one that holds a comma stands in quotes."""
    import csv

    return None if listed is None else [name for name in next(csv.reader([listed]), []) if name]


def _predict(console: Console, model: Model, data: Path | None, output: Path | None, wanted: Mapping[str, Any]) -> int:
    """Rows in, rows out."""
    from scratchnn.errors import UsageError
    from scratchnn.workflows.predict import write_predictions
    from scratchnn.workflows.prediction_rows import Predictor

    if data is None:
        raise UsageError("expects [RUN] DATA, got no file of rows", hint="Name the file to predict.")
    if console.as_json and output is None:
        raise UsageError("--json needs -o OUT.csv", hint="stdout can hold the JSON or the predictions, not both.")
    if str(data) == "-" and sys.stdin is None:
        raise UsageError("stdin is closed", hint="Name a file, or send the rows: scratchnn predict - < rows.csv")
    rows = cast("BufferedReader", sys.stdin.buffer) if str(data) == "-" else data
    result = write_predictions(rows, output or console.bytes, model, **wanted)
    console.warn(result.notes)
    if output is None or output.suffix.lower() != ".npz":
        console.warn(Predictor(model).left_out())
    if output is None:
        return 0
    console.say(f"wrote {result.rows} predictions to {output}")
    if console.as_json:
        made = {"rows": result.rows, "output": str(output), "flagged": result.flagged, "flags": result.flags}
        console.json(made)
    return 0


def _continue(
    console: Console,
    model: Model,
    prompt: str | None,
    data: Path | None,
    draws: Mapping[str, Any],
    output: Path | None,
) -> int:
    """A prompt in, a text out."""
    from scratchnn.errors import UsageError
    from scratchnn.workflows.generate import generate, read_prompt

    if prompt is not None and data is not None:
        raise UsageError("does not go with a file", where="--prompt", hint="Give one of them.")
    start = read_prompt(data) if data is not None else prompt or ""
    result = generate(model, prompt=start, **{name: value for name, value in draws.items() if value is not None})
    console.warn(result.notes)
    if output is not None:
        result.write(output)
        console.say(f"wrote {len(result.text)} characters to {output}")
    if console.as_json:
        where = None if output is None else str(output)
        console.json({"tokens": result.tokens, "output": where, "text": result.text})
    elif output is None:
        console.text(result.text if result.text.endswith("\n") else f"{result.text}\n")
    return 0
