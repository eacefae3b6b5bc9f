"""`scratchnn find-lr`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_it_prints_a_curve_and_a_suggestion(cli: Any, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    outcome = cli("find-lr", "c.yaml")
    assert (outcome.code, outcome.out) == (0, "")
    assert "smoothed loss" in outcome.err
    assert "suggestion: --set optimizer.learning_rate=" in outcome.err
    assert "(the config has 0.01)" in outcome.err
    assert sorted(folder.rglob("*")) == before


def test_json(cli: Any) -> None:
    outcome = cli("find-lr", "c.yaml", "--json", "--steps", "40", "--to-lr", "0.5", "-q")
    found = outcome.json
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"]) == 40
    assert (found["rates"][0], found["rates"][-1]) == (pytest.approx(1e-7), pytest.approx(0.5))
    assert found["suggestion"] == min(found["steepest"], found["below_lowest"])
    assert found["configured"] == 0.01
    assert cli("find-lr", "c.yaml", "--json", "--steps", "40", "--to-lr", "0.5").json == found


def test_a_plot(cli: Any, folder: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'scratchnn[plot]'")
    outcome = cli("find-lr", "c.yaml", "--plot", "lr.svg", "--json")
    assert outcome.json["plot"] == "lr.svg"
    text = (folder / "lr.svg").read_text()
    assert text.startswith("<?xml")
    assert not (folder / "runs").exists()


def test_what_is_refused(cli: Any, spoil: Any) -> None:
    outcome = cli("find-lr", "c.yaml", "--plot", "lr.pdf")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith('error: lr.pdf: cannot draw a ".pdf". Name it .svg or .png.')
    spoil("optimizer: {type: adam, learning_rate: 1e-2}", "optimizer: lbfgs")
    outcome = cli("find-lr", "c.yaml")
    assert outcome.code == 2
    assert outcome.err.startswith("error: c.yaml:9:1: optimizer (lbfgs) searches") or "lbfgs searches" in outcome.err
