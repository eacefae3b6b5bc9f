"""scratchnn compare and scratchnn runs."""

from __future__ import annotations

from typing import Any


def test_compare_shows_four_tables(cli: Any) -> None:
    cli("train", "c.yaml", "-q")
    cli("train", "c.yaml", "-q", "--set", "training.epochs=9")
    outcome = cli("compare", "runs/c", "runs/c-2")
    assert (outcome.code, outcome.out) == (0, "")
    lines = outcome.err.splitlines()
    assert lines[0] == "settings that differ"
    assert lines[2].split() == ["training.epochs", "2", "9"]
    assert "test, intervals of 0.95" in lines
    assert "runs/c-2 against runs/c, on the same rows" in lines
    assert any(line.startswith("McNemar's exact test on right rows: ") and "; p = " in line for line in lines)
    assert "cost" in lines


def test_compare_in_json(cli: Any) -> None:
    cli("train", "c.yaml", "-q")
    cli("train", "c.yaml", "-q", "--set", "seed=3")
    made = cli("compare", "runs/c", "runs/c-2", "--json", "--bootstrap", "50").json
    assert made["comparisons"] == [{"run": "runs/c-2", "paired": False, "reason": "it was judged on other rows"}]
    assert made["config"] == [{"key": "seed", "values": [0, 3]}]
    assert set(made["runs"][0]["cost"]) >= {"parameters", "seconds", "model_bytes"}
    paired = cli("compare", "runs/c", "runs/c-2", "--json", "--data", "flowers.csv").json["comparisons"][0]
    assert set(paired["differences"]["accuracy"]) == {"difference", "lower", "upper"}
    assert set(paired["test"]) == {"name", "on", "p_value", "p_value_holm", "counts"}


def test_one_run_is_no_comparison(cli: Any) -> None:
    outcome = cli("compare", "runs/c")
    assert outcome.code == 2
    assert outcome.err == "error: got 1 run, expected two or more. scratchnn compare runs/a runs/b\n"
    assert cli("compare").code == 2


def test_runs_lists_them(cli: Any, folder: Any) -> None:
    assert cli("runs").code == 2
    cli("train", "c.yaml", "-q")
    cli("train", "c.yaml", "--seeds", "0-1", "-q")
    (folder / "runs/bad").mkdir()
    (folder / "runs/bad/config.yaml").write_text("{")
    outcome = cli("runs", "--sort", "name")
    assert outcome.code == 0
    lines = outcome.err.splitlines()
    assert lines[0] == "runs/"
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["bad", "damaged"],
        ["c", "completed"],
        ["c-ensemble", "completed"],
    ]
    assert any(line.startswith("warning: runs/bad: damaged: ") for line in lines)
    made = cli("runs", "--json", "--limit", "1").json
    assert (made["count"], len(made["runs"])) == (3, 1)
    assert cli("runs", "--sort", "size").code == 2
