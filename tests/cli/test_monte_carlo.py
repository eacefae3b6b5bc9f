"""`--mc-samples` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def trained(cli: Any, spoil: Any) -> None:
    spoil("    - {type: dense, units: auto}", "    - {type: dropout, rate: 0.5}\n    - {type: dense, units: auto}")
    assert cli("train", "c.yaml", "-q").code == 0


def test_predicting_by_passes(cli: Any, trained: None) -> None:
    outcome = cli("predict", "flowers.csv", "--mc-samples", "20", "--seed", "4", "--proba")
    assert outcome.code == 0
    header = outcome.out.splitlines()[0].split(",")
    assert header[3:7] == ["prediction", "probability_ash", "spread_ash", "probability_elm"]
    assert header[-2:] == ["entropy", "mutual_information"]
    assert cli("predict", "flowers.csv", "--mc-samples", "20", "--seed", "4", "--proba").out == outcome.out
    assert cli("predict", "flowers.csv", "--mc-samples", "20", "--proba").out != outcome.out


def test_evaluating_by_passes(cli: Any, trained: None) -> None:
    outcome = cli("evaluate", "--mc-samples", "20", "--json")
    assert outcome.code == 0
    assert outcome.json["metrics"]["log_loss"] != cli("evaluate", "--json").json["metrics"]["log_loss"]


def test_what_is_refused(cli: Any, trained: None, folder: Path) -> None:
    outcome = cli("predict", "flowers.csv", "--mc-samples", "0")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: --mc-samples: got 0 passes, expected 1 or more. 50 passes tell")
    outcome = cli("predict", "flowers.csv", "--mc-samples", "1000000000")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --mc-samples: got 1000000000 passes, expected 100000 or fewer.")
    outcome = cli("predict", "flowers.csv", "--seed", "1")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --seed: is for texts and --mc-samples")
    text = (folder / "c.yaml").read_text().replace("    - {type: dropout, rate: 0.5}\n", "")
    (folder / "c.yaml").write_text(text)
    assert cli("train", "c.yaml", "-q").code == 0
    outcome = cli("evaluate", "--mc-samples", "5", "--json")
    assert outcome.code == 2
    assert "has no dropout: all passes are the same" in outcome.json["error"]["message"]
