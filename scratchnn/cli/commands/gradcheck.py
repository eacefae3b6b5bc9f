"""scratchnn gradcheck"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet, Sets


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
    """Checks every hand-written gradient against finite differences in float64."""
    from scratchnn.cli.console import Console
    from scratchnn.errors import ScratchnnError, UsageError
    from scratchnn.workflows import inspect

    if everything == (config is not None):
        raise UsageError("gradcheck takes a config or --all", hint="scratchnn gradcheck CONFIG, or gradcheck --all.")
    console = Console(as_json=as_json, quiet=quiet)
    report = inspect.gradcheck_all() if config is None else inspect.gradcheck(config, sets or (), plugins or ())
    worst: dict[tuple[str, str], float] = {}
    for check in report.checks:
        array = check.array if config is not None else ""
        worst[check.component, array] = max(worst.get((check.component, array), 0.0), check.error)
    rows = [[component, array, f"{error:.1e}"] for (component, array), error in worst.items()]
    console.table("", ["component", "array", "worst relative error"], rows, left=2)
    if as_json:
        console.json(report.to_json())
    failed = [check for check in report.checks if not check.passed]
    for check in failed:
        message = f"{check.case}: the gradient of {check.array} is off by {check.error:.1e}"
        console.fail(ScratchnnError(message, where=check.component))
    if not failed:
        console.say(f"passed: {len(report.checks)} checks, worst relative error {report.worst.error:.1e}")
    return 1 if failed else 0
