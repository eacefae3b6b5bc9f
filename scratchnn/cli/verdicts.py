"""Requirements, shown: the exit code of a CI gate."""

from __future__ import annotations

from collections.abc import Sequence

from scratchnn.cli.console import Console
from scratchnn.errors import RequirementError
from scratchnn.workflows.requirements import Verdict


def judge(console: Console, verdicts: Sequence[Verdict]) -> int:
    """Says which requirements are met; 0 where all are, else 8."""
    missed = [verdict for verdict in verdicts if not verdict.passed]
    console.say(*(f"required: {verdict}" for verdict in verdicts if verdict.passed))
    for verdict in missed:
        console.fail(RequirementError(str(verdict), where="--require"))
    return RequirementError.exit_code if missed else 0
