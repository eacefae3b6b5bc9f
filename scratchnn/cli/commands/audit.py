"""scratchnn audit"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnn.cli.options import ConfigFile, Json, Plugins, Quiet, Sets

if TYPE_CHECKING:
    from scratchnn.data.audit.finding import Finding
    from scratchnn.workflows.audit import AuditResult

EXAMPLE = "configs/iris.yaml"
MOST_MENDS = 5


def command(
    config: ConfigFile,
    sets: Sets = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="Exit 8 at such a finding or worse: info, warning, serious."
        ),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Looks for faults in the data: duplicates, leaks, gaps, drift."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.verdicts import conclude
    from scratchnn.data.audit.finding import SEVERITIES, counted
    from scratchnn.errors import RequirementError, UsageError, suggestion
    from scratchnn.workflows.audit import audit

    console = Console(as_json=as_json, quiet=quiet)
    limit = next((severity for severity in SEVERITIES if severity == fail_on), None)
    if fail_on is not None and limit is None:
        raise UsageError(f'no severity "{fail_on}"', where="--fail-on", hint=suggestion(fail_on, SEVERITIES))
    result = audit(config, overrides=sets or (), plugins=plugins or ())
    console.say(*lines(result, min(110, shutil.get_terminal_size((110, 0)).columns)))
    failed = [] if limit is None else result.at_least(limit)
    error = None
    if failed:
        error = RequirementError(
            f"{counted(len(failed), 'finding')} of this severity or worse", where=f"--fail-on {limit}"
        )
    return conclude(console, result.to_json(), error)


def lines(result: AuditResult, width: int) -> list[str]:
    """The findings for people, the worst first."""
    rows = ", ".join(f"{count:,} {part}" for part, count in result.rows.items())
    inputs = "1 feature" if result.features == 1 else f"{result.features:,} features"
    made = [f"{result.name}: {result.task}, {rows} rows; {inputs}", ""]
    for finding in result.findings:
        made += _finding(finding, width)
    counts = ", ".join(f"{count} {severity}" for severity, count in result.counts.items() if count)
    return [*made, f"found: {counts}" if counts else "nothing found"]


def _finding(finding: Finding, width: int) -> list[str]:
    """What was found, then where and the mend, below it."""
    start = f"{finding.severity:8} "
    shown = [f"{finding.message} [{finding.code}]"]
    if finding.examples:
        shown.append(f"at {_places(finding.examples)}")
    shown += [f"mend: {mend}" for mend in finding.mend[:MOST_MENDS]]
    if len(finding.mend) > MOST_MENDS:
        shown.append(f"and {len(finding.mend) - MOST_MENDS} more such lines: see --json")
    made: list[str] = []
    for text in shown:
        first = " " * len(start) if made else start
        after = " " * len(start)
        made += textwrap.wrap(
            text,
            max(width, 60),
            initial_indent=first,
            subsequent_indent=after,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return [*made, ""]


def _places(examples: Sequence[str]) -> str:
    """Places with the name of a file only where it changes.

    >>> _places(["a.csv:3", "a.csv:7", "b.csv:3", "x.npz[5]"])
    'a.csv:3, 7, b.csv:3, x.npz[5]'
    """
    shown, before = [], ""
    for place in examples:
        file, colon, line = place.rpartition(":")
        shown.append(line if colon and file == before else place)
        before = file
    return ", ".join(shown)
