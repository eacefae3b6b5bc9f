"""train --seeds, and what takes its directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_an_ensemble_from_training_to_predictions(cli: Any, folder: Path) -> None:
    outcome = cli("train", "c.yaml", "--seeds", "0,3", "--json", "--require", "test.accuracy>=0")
    assert outcome.code == 0
    made = outcome.json
    assert (made["run_dir"], [one["name"] for one in made["members"]]) == ("runs/c-ensemble", ["seed-0", "seed-3"])
    assert set(made["members_alone"]["test"]["accuracy"]) == {"mean", "std", "min", "max"}
    assert made["parameters"] == 2 * 51
    judged = cli("evaluate", "runs/c-ensemble")
    assert judged.err.splitlines()[1].split() == ["test", "members'", "mean", "majority"]
    assert cli("evaluate", "--json").json["metrics"]["accuracy"] == made["metrics"]["test"]["accuracy"]
    words = ["--columns", "kind", "--proba", "--disagreement", "-o", "said.csv"]
    assert cli("predict", "runs/c-ensemble", "flowers.csv", *words).code == 0
    header = (folder / "said.csv").read_text().splitlines()[0]
    assert header == "kind,prediction,probability_ash,probability_elm,probability_oak,disagreement"
    again = cli("train", "--resume", "runs/c-ensemble", "--json")
    assert (again.code, again.json["metrics"]) == (0, made["metrics"])
    assert cli("train", "--resume", "--json").json["run_dir"] == "runs/c-ensemble"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["c.yaml", "--seeds", "4-0"], "--seeds 4-0: the range 4-0 is empty"),
        (["c.yaml", "--jobs", "2"], "--jobs: does nothing for one training"),
        (["c.yaml", "--seeds", "0-1", "--resume"], "--seeds: does not go with --resume"),
        (["c.yaml", "--seeds", "0-1", "--require", "test.loss<1"], 'no figure "test.loss"'),
        (["c.yaml", "--seeds", "x", "--dry-run"], 'cannot read "x"'),
    ],
)
def test_what_is_refused(cli: Any, folder: Path, arguments: list[str], message: str) -> None:
    outcome = cli("train", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert not (folder / "runs").exists()


def test_a_dry_run_is_one_of_a_member(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml", "--seeds", "0-1", "--dry-run").code == 0
    assert not (folder / "runs").exists()
