"""Training with lbfgs from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / "configs"
SEARCH = ("--set", "optimizer=lbfgs", "--set", "training.batch_size=all")


@pytest.mark.parametrize(
    ("name", "more", "bounds"),
    [
        ("iris", ["training.epochs=3"], ["train.loss<=0.07", "test.accuracy>=0.9"]),
        ("diabetes", ["training.epochs=4", "training.batch_size=50"], ["train.r2>=0.5", "test.r2>=0.35"]),
    ],
)
def test_a_table_is_learned_in_a_few_epochs(cli, name, more, bounds):
    settings = [part for text in more for part in ("--set", text)]
    required = [part for text in bounds for part in ("--require", text)]
    done = cli("train", str(CONFIGS / f"{name}.yaml"), *SEARCH, *settings, *required, "--json")
    assert done.code == 0, done.out
    assert done.json["status"] == "completed"


def test_what_a_search_cannot_go_with_ends_with_its_code_and_place(cli):
    done = cli("train", "c.yaml", *SEARCH, "--set", "regularization.clip_norm=1", "--json")
    assert done.code == 2
    assert done.json["error"]["where"] == "--set regularization.clip_norm=1"
    assert "lbfgs needs the whole gradient" in done.json["error"]["message"]


def test_a_start_without_numbers_ends_with_its_code(cli):
    done = cli("train", "c.yaml", *SEARCH, "--set", "model.init={type: constant, value: 1e38}", "--json")
    assert done.code == 5
    assert done.json["status"] == "diverged"
    assert done.json["epochs"] == 0
    assert "choose a smaller model.init" in done.json["error"]["hint"]


def test_the_summary_counts_the_pairs(cli):
    made = cli("summary", "c.yaml", "--set", "optimizer={type: lbfgs, history: 3}", "--json").json["bytes"]
    assert made["optimizer"] == 6 * made["parameters"]
