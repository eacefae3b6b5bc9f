"""What `scratchnn gradcheck` does: hand-written gradients against finite differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scratchnn.nn.gradcheck import GradCheck, check_all, check_network
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.session import Session


@dataclass(frozen=True)
class GradCheckReport:
    """All checks, and the worst of them."""

    checks: list[GradCheck]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def worst(self) -> GradCheck:
        """The check with the largest error."""
        return max(self.checks, key=lambda check: check.error)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {"passed": self.passed, "worst": asdict(self.worst), "checks": [asdict(check) for check in self.checks]}


def gradcheck(config: str | Path, overrides: Sequence[str] = (), plugins: Iterable[str | Path] = ()) -> GradCheckReport:
    """Checks every gradient of a config's network and loss in float64, on random data of its shape."""
    session = Session(load_config(config, overrides, plugins))
    built, seed = session.built, session.config.seed
    checks = check_network(built.network.layers, built.network.inputs, built.loss, built.target, seed)
    return GradCheckReport(list(checks))


def gradcheck_all() -> GradCheckReport:
    """Checks every component that comes with scratchnn."""
    return GradCheckReport(list(check_all()))
