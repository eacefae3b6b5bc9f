"""Class weights and sampling from the command line, on a table with a rare class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.training.model_file import ModelFile
from tests.cli.conftest import Cli

SET = ("--set", "data.source=rare.csv", "--set", "training.epochs=6", "--set", "training.batch_size=16")


@pytest.fixture(autouse=True)
def _rare(folder: Path) -> None:
    """180 rows of "no" and 20 of "yes", which overlap."""
    rng = np.random.default_rng(0)
    kinds = ["yes" if row % 10 == 0 else "no" for row in range(200)]
    points = [rng.normal(size=2).round(3) + (1.0 if kind == "yes" else 0.0) for kind in kinds]
    lines = [f"{x},{y},{kind}" for (x, y), kind in zip(points, kinds, strict=True)]
    (folder / "rare.csv").write_text("\n".join(["x,y,kind", *lines]) + "\n")


def trained(cli: Cli, *settings: str) -> Path:
    outcome = cli("train", "c.yaml", *SET, *(part for text in settings for part in ("--set", text)), "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["train"].keys() == outcome.json["metrics"]["test"].keys()
    return Path(outcome.json["run_dir"])


def weights_of(run: Path) -> bytes:
    arrays = ModelFile.read(run / "model.safetensors").arrays
    return b"".join(arrays[name].tobytes() for name in sorted(arrays))


def found(cli: Cli, run: Path) -> int:
    """How many training rows the model takes for the rare class."""
    matrix = cli("evaluate", str(run), "--split", "train", "--json").json["metrics"]["confusion_matrix"]
    return int(np.array(matrix)[:, 1].sum())


@pytest.mark.parametrize(
    "setting",
    [
        "training.class_weights=balanced",
        "training.class_weights={yes: 9}",
        "training.sampling=oversample",
        "training.sampling=undersample",
        "training.sampling={type: oversample, ratio: 0.8}",
    ],
)
def test_the_rare_class_is_found_more_often(cli: Cli, setting: str) -> None:
    plain, evened = trained(cli, "seed=1"), trained(cli, "seed=1", setting)
    again = trained(cli, "seed=1", setting)
    assert found(cli, evened) > found(cli, plain) + 20
    assert weights_of(evened) == weights_of(again) != weights_of(plain)


def test_balanced_weights_are_those_of_the_counts(cli: Cli) -> None:
    """140 training rows, 126 and 14 of them: 140 / 252 and 140 / 28 written out give the same bytes."""
    balanced = trained(cli, "training.class_weights=balanced")
    given = trained(cli, f"training.class_weights={{no: {140 / 252}, yes: {140 / 28}}}")
    assert weights_of(balanced) == weights_of(given)


def test_balanced_weights_change_nothing_where_the_sample_is_balanced(cli: Cli) -> None:
    sampled = trained(cli, "training.sampling=undersample")
    assert weights_of(sampled) == weights_of(
        trained(cli, "training.sampling=undersample", "training.class_weights=balanced")
    )


@pytest.mark.parametrize(("tag", "rows"), [("none", 140), ("oversample", 252), ("undersample", 28)])
def test_a_resumed_run_is_that_which_never_stopped(cli: Cli, tag: str, rows: int) -> None:
    whole = trained(cli, f"training.sampling={tag}")
    part = trained(cli, f"training.sampling={tag}", "training.epochs=2")
    assert cli("train", "--resume", str(part), "--set", "training.epochs=6").code == 0
    assert weights_of(part) == weights_of(whole)
    *_, last = (whole / "metrics.jsonl").read_text().splitlines()
    assert f'"step": {6 * -(-rows // 16)}' in last


def test_another_sampling_is_another_training(cli: Cli) -> None:
    run = trained(cli, "training.sampling=oversample")
    outcome = cli("train", "--resume", str(run), "--set", "training.sampling=undersample", "--set", "training.epochs=9")
    assert outcome.code == 4


def test_metrics_are_on_the_rows_as_they_are(cli: Cli) -> None:
    outcome = cli("train", "c.yaml", *SET, "--set", "training.sampling=oversample", "--json")
    assert cli("evaluate", "--split", "train", "--json").json["rows"] == 140
    matrix = np.array(cli("evaluate", "--split", "train", "--json").json["metrics"]["confusion_matrix"])
    assert matrix.sum(axis=1).tolist() == [126, 14]
    assert outcome.json["metrics"]["train"]["accuracy"] == pytest.approx(np.trace(matrix) / 140)


@pytest.mark.parametrize(
    ("settings", "where", "message"),
    [
        (
            ["data.source=homes.csv", "data.target=price", "training.sampling=oversample"],
            "--set training.sampling=oversample",
            "training.sampling: oversample needs one class a sample, but the target is a number",
        ),
        (["training.sampling=oversmaple"], "--set training.sampling=oversmaple", 'Did you mean "oversample"?'),
        (
            ["training.sampling={type: undersample, ratio: 2}"],
            "--set training.sampling={type: undersample, ratio: 2}",
            "training.sampling.ratio: expects a number above 0 and at most 1, got 2",
        ),
        (
            ["training.sampling=undersample", "optimizer=lbfgs"],
            "training.sampling",
            "lbfgs needs the same rows in every step",
        ),
    ],
)
def test_where_there_is_nothing_to_sample(cli: Cli, settings: list[str], where: str, message: str) -> None:
    outcome = cli("train", "c.yaml", *(part for text in settings for part in ("--set", text)))
    assert outcome.code == 2
    assert where in outcome.err
    assert message in outcome.err


def test_the_smallest_batch_is_that_of_what_is_drawn(cli: Cli) -> None:
    """28 rows in batches of 9 leave one row, which batch_norm cannot train on; all 140 would leave five."""
    layers = "model.layers=[{type: dense, units: 4}, batch_norm, {type: dense, units: auto}]"
    settings = [*SET, "--set", layers, "--set", "training.batch_size=9"]
    assert cli("train", "c.yaml", *settings).code == 0
    outcome = cli("train", "c.yaml", *settings, "--set", "training.sampling=undersample")
    assert outcome.code == 2
    assert "28 training rows an epoch leave a batch of 1" in outcome.err


def test_the_summary_knows_the_batch_of_what_is_drawn(cli: Cli) -> None:
    settings = [*SET, "--set", "training.batch_size=all", "--set", "training.sampling=oversample"]
    assert cli("summary", "c.yaml", *settings, "--json").json["batch_size"] == 252
