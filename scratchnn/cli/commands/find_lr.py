"""scratchnn find-lr"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import ConfigFile, Json, Plugins, Quiet, Sets

EXAMPLE = "configs/iris.yaml"
ROWS = 20
BAR = 40


def command(
    config: ConfigFile,
    sets: Sets = None,
    from_lr: Annotated[float, typer.Option("--from-lr", metavar="RATE", help="The first learning rate.")] = 1e-7,
    to_lr: Annotated[float, typer.Option("--to-lr", metavar="RATE", help="The last learning rate.")] = 1.0,
    steps: Annotated[int, typer.Option("--steps", metavar="N", help="Mini-batches; one rate each.")] = 100,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draws the curve: .svg or .png; needs scratchnn[plot]."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Suggests a learning rate, by a range test. No run is made.

    The learning rate grows from mini-batch to mini-batch, from new weights, until the loss diverges. Two rates are
    told: where the smoothed loss falls fastest, and a tenth of where it is lowest. The suggestion is the smaller one.
    """
    from scratchnn.cli.console import Console
    from scratchnn.workflows.find_lr import check_plot, find_lr

    console = Console(as_json=as_json, quiet=quiet)
    if plot is not None:
        check_plot(plot)
    result = find_lr(config, overrides=sets or (), plugins=plugins or (), from_lr=from_lr, to_lr=to_lr, steps=steps)
    test = result.test
    smoothed, count = test.smoothed, len(test.rates)
    low, high = float(smoothed.min()), float(smoothed.max())
    places = sorted({round(place * (count - 1) / (ROWS - 1)) for place in range(ROWS)})
    rows = []
    for place in places:
        length = round(BAR * (float(smoothed[place]) - low) / ((high - low) or 1.0))
        rows.append([f"{test.rates[place]:.2e}", "#" * length, f"{smoothed[place]:.4g}"])
    console.table(result.name, ["rate", "", "smoothed loss"], rows, left=2)
    console.warn(result.notes)
    if test.diverged:
        console.say(f"the loss diverged above {test.rates[-1]:.2g}")
    if test.suggestion is None:
        console.warn(["the loss did not fall: try a wider range (--from-lr, --to-lr) or more --steps"])
    else:
        console.say(
            f"falls fastest at {test.steepest:.2g}; lowest at {test.lowest:.2g}, a tenth of which is "
            f"{test.below_lowest:.2g}",
            f"suggestion: --set optimizer.learning_rate={test.suggestion:.2g} (the config has {result.configured:g})",
        )
    if plot is not None:
        result.write_plot(plot)
        console.say(f"wrote {plot}")
    if as_json:
        console.json(result.to_json() | ({} if plot is None else {"plot": str(plot)}))
    return 0
