"""How a command ends that has a result: its JSON, what went wrong all the same, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnn.cli.console import Console
from scratchnn.errors import RequirementError, ScratchnnError
from scratchnn.workflows.requirements import Verdict

if TYPE_CHECKING:
    from scratchnn.workflows.verdict_files import Result


def judge(console: Console, verdicts: Sequence[Verdict]) -> RequirementError | None:
    """Says which requirements are met; the error where one is not."""
    console.say(*(f"required: {verdict}" for verdict in verdicts if verdict.passed))
    missed = [str(verdict) for verdict in verdicts if not verdict.passed]
    return RequirementError("; ".join(missed), where="--require") if missed else None


def write_files(junit: Path | None, summary: Path | None, command: str, name: str, result: Result) -> None:
    """Writes the files for CI that are wanted, also where a requirement is not met."""
    from scratchnn.workflows.verdict_files import write_junit, write_summary

    if junit is not None and result.requirements:
        write_junit(junit, command, name, result)
    if summary is not None:
        write_summary(summary, result)


def conclude(console: Console, result: Mapping[str, Any], error: ScratchnnError | None) -> int:
    """Writes the JSON where it is asked for, with the error in it, says the error; the exit code."""
    if console.as_json:
        console.json({**result, **({"error": error.to_json()} if error is not None else {})})
    if error is None:
        return 0
    console.fail(error)
    return error.exit_code
