"""scratchnn gradcheck"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet, Sets

EXAMPLE = "configs/iris.yaml"


def command(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="Checks this config's network and loss.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Checks every component instead.")] = False,
    sets: Sets = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Checks gradients against finite differences. In float64, of a config or of every component."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.verdicts import conclude
    from scratchnn.errors import ScratchnnError, UsageError
    from scratchnn.workflows.gradients import gradcheck, gradcheck_all

    if everything == (config is not None):
        raise UsageError("gradcheck takes a config or --all", hint="scratchnn gradcheck CONFIG, or gradcheck --all.")
    if everything and (sets or plugins):
        other = "--set" if sets else "--plugin"
        raise UsageError(f"{other} does not go with --all", hint="--all checks what comes with scratchnn.")
    console = Console(as_json=as_json, quiet=quiet)
    report = gradcheck_all() if config is None else gradcheck(config, sets or (), plugins or ())
    worst: dict[tuple[str, str], float] = {}
    for check in report.checks:
        array = check.array if config is not None else ""
        worst[check.component, array] = max(worst.get((check.component, array), 0.0), check.error)
    rows = [[component, array, f"{error:.1e}"] for (component, array), error in worst.items()]
    console.table("", ["component", "array", "worst relative error"], rows, left=2)
    failed = [check for check in report.checks if not check.passed]
    if not failed:
        console.say(f"passed: {len(report.checks)} checks, worst relative error {report.worst.error:.1e}")
        return conclude(console, report.to_json(), None)
    first = max(failed, key=lambda check: check.error)
    wrong = f"{first.case}, the gradient of {first.array} is off by {first.error:.1e}"
    wrong = wrong if first.case else f"too few {first.array}"
    message = f"{len(failed)} of {len(report.checks)} checks failed; the worst: {wrong}"
    return conclude(console, report.to_json(), ScratchnnError(message, where=first.component))
