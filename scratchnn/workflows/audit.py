"""What `scratchnn audit` does: a config in, what may be wrong with its data out. Trains nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.audit.checks import check
from scratchnn.data.audit.finding import SEVERITIES, Finding, Severity, by_severity
from scratchnn.data.audit.reading import read
from scratchnn.errors import ConfigError
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import config_from, load_config

OF_SINGLE_ROWS = {
    *("duplicates", "duplicates_across_parts", "conflicting_targets"),
    *("target_leak", "target_copy", "odd_label"),
}
"""What says nothing where windows of rows are learned from, and their targets come after them."""


@dataclass(frozen=True)
class AuditResult:
    """What an audit found, the worst first, and how many rows each part has."""

    name: str
    task: str
    rows: dict[str, int]
    features: int
    findings: list[Finding]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        counted = Counter(finding.severity for finding in self.findings)
        return {severity: counted[severity] for severity in reversed(SEVERITIES)}

    def at_least(self, severity: Severity) -> list[Finding]:
        """The findings that are as severe as that, or more so."""
        return [finding for finding in self.findings if finding.at_least(severity)]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "rows": self.rows,
            "findings": [finding.to_json() for finding in self.findings],
            "counts": self.counts,
        }


def audit(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
) -> AuditResult:
    """Looks at the data of a config, divided as its training divides them, for what would spoil a training.

    Nothing that it finds is fed into a training: it may look at test rows. Cells that a training refuses, such as
    missing values without a rule, are findings. Raises the errors of `scratchnn.errors`.
    """
    if isinstance(config, Mapping):
        loaded = config_from(config, ".", overrides)
    else:
        loaded = load_config(config, overrides, plugins)
    settings, seed = loaded.config.data, loaded.config.seed_of_split
    if settings.source.first.textual:
        error = ConfigError(
            "a running text has no rows to compare", where="data.source", hint="Audit a table or arrays."
        )
        raise loaded.placed(error)
    audited = read(settings, loaded.base, Streams(seed).split)
    view = audited.view
    found = [*audited.findings, *check(view, np.random.default_rng(seed), audited.refused_gaps())]
    if settings.windows is not None:
        found = [finding for finding in found if finding.code not in OF_SINGLE_ROWS]
    if not any(finding.severity == "serious" for finding in found):
        found += audited.refusal()
    features = len(view.columns) or int(np.prod(view.samples.shape[1:] if view.samples is not None else (0,)))
    return AuditResult(loaded.name, view.task, view.counts, features, by_severity(found))
