"""scratchnn predict"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet

EXAMPLE = "runs/iris new.csv -o predictions.csv"


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="[RUN] DATA", help="The rows; before it a run or model file, else the newest run."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT.csv",
            help="Where to write; stdout when absent. OUT.npz takes reconstructed arrays.",
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Adds the probability of each class.")] = False,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help="Input columns to keep, separated by commas; all when absent."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predicts every row of a file. The rows are kept, with the predictions beside them."""
    from scratchnn.cli.console import Console
    from scratchnn.errors import UsageError
    from scratchnn.workflows.predict import predict

    if len(paths) > 2:
        raise UsageError(f"expects [RUN] DATA, got {len(paths)} paths", hint="Predict one file at a time.")
    if as_json and output is None:
        raise UsageError("--json needs -o OUT.csv", hint="stdout can hold the JSON or the predictions, not both.")
    console = Console(as_json=as_json, quiet=quiet)
    *run, data = paths
    kept = None if columns is None else [name for name in columns.split(",") if name]
    result = predict(data, run[0] if run else None, proba=proba, columns=kept, plugins=plugins or ())
    console.warn(result.notes)
    if output is None or output.suffix.lower() != ".npz":
        console.warn(result.left_out)
    if output is None:
        console.text(result.to_csv())
        return 0
    result.write(output)
    console.say(f"wrote {len(result.rows)} predictions to {output}")
    if as_json:
        console.json({"rows": len(result.rows), "output": str(output)})
    return 0
