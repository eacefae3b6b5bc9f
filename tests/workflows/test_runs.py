"""The list of runs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from scratchnn.errors import UsageError
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.crossval import crossval
from scratchnn.workflows.runs import runs
from scratchnn.workflows.train import train
from scratchnn.workflows.train_ensemble import train_ensemble


def at(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_runs_groups_and_their_headlines(config, stopping):
    path = config(metrics=["f1_macro", "accuracy"])
    run = train(path)
    stopped = train(path, **stopping(2)).run
    ensemble, folds = train_ensemble(path, [0, 1]), crossval(path, folds=2)
    firsts = ["small/config.yaml", "small-2/config.yaml", "small-ensemble/ensemble.json", "small-cv/crossval.json"]
    for age, first in enumerate(firsts):
        at(Path("runs", first), 1_000_000 - age)
    result = runs()
    assert [(row.name, row.kind, row.status) for row in result.rows] == [
        ("small", "run", "completed" if run.status == "completed" else "stopped_early"),
        ("small-2", "run", "interrupted"),
        ("small-ensemble", "ensemble", "completed"),
        ("small-cv", "crossval", "completed"),
    ]
    one, two, three, four = result.rows
    assert (one.headline, one.value) == ("test.f1_macro", run.metrics["test"]["f1_macro"])
    assert (one.epochs, one.parameters, one.seconds) == (
        run.epochs,
        run.parameters,
        pytest.approx(run.seconds, abs=1e-6),
    )
    assert (two.headline, two.value, two.epochs) == ("", None, 2)
    assert (three.headline, three.value) == ("test.f1_macro", ensemble.metrics["test"]["f1_macro"])
    assert three.parameters == 2 * run.parameters
    assert three.epochs == ensemble.epochs == sum(row.epochs for row in runs(ensemble.run).rows)
    assert four.parameters == run.parameters
    assert four.epochs == folds.epochs == sum(row.epochs for row in runs(folds.run).rows)
    assert (four.headline, four.value) == ("mean f1_macro", folds.metrics["f1_macro"].mean)
    assert one.started.timestamp() == 1_000_000
    assert stopped.name == "small-2"
    assert [row.name for row in runs(folds.run).rows] in (["fold-0", "fold-1"], ["fold-1", "fold-0"])


def test_order_and_limit(config):
    path = config()
    values = {}
    for epochs in (3, 1, 2):
        made = train(path, overrides=[f"training.epochs={epochs}"], run_dir=f"runs/e{epochs}")
        values[f"e{epochs}"] = made.metrics["test"]["accuracy"]
    assert [row.name for row in runs(sort="epochs").rows] == ["e3", "e2", "e1"]
    assert [row.name for row in runs(sort="name").rows] == ["e1", "e2", "e3"]
    by_value = [row.value for row in runs(sort="value").rows]
    assert by_value == sorted(values.values(), reverse=True)
    result = runs(sort="name", limit=2)
    assert ([row.name for row in result.rows], result.count) == (["e1", "e2"], 3)
    with pytest.raises(UsageError, match='no column "epoch"'):
        runs(sort="epoch")
    with pytest.raises(UsageError, match="--limit: got 0"):
        runs(limit=0)


def test_damaged_runs_are_listed_as_such(config):
    run = train(config()).run
    breakages = {
        "config": ("config.yaml", "{"),
        "empty": ("config.yaml", ""),
        "summary": ("summary.json", "[1]"),
        "status": ("summary.json", '{"status": "fine"}'),
        "metrics": ("summary.json", '{"status": "completed", "metrics": [1]}'),
        "deep": ("summary.json", "[" * 100_000),
    }
    for name, (file, text) in breakages.items():
        shutil.copytree(run, run.parent / name)
        (run.parent / name / file).write_text(text)
    shutil.copytree(run, run.parent / "lost")
    (run.parent / "lost/config.yaml").unlink()
    shutil.copytree(run, run.parent / "cut")
    (run.parent / "cut/summary.json").unlink()
    (run.parent / "folder").mkdir()
    (run.parent / "cv").mkdir()
    (run.parent / "cv/crossval.json").write_text("nonsense")
    (run.parent / "file").write_text("x")
    rows = {row.name: row for row in runs().rows}
    assert {name for name, row in rows.items() if row.status == "damaged"} == {*breakages, "lost", "cv"}
    assert all(row.note for row in rows.values() if row.status == "damaged")
    assert rows["cut"].status == "unfinished"
    assert rows["cut"].epochs == rows["small"].epochs
    assert set(rows) == {*breakages, "lost", "cv", "cut", "small"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"status": "completed", "metrics": [1]}', "does not tell what a summary tells"),
        ('{"status": "completed", "seconds": "long"}', "does not tell what a summary tells"),
        ('{"status": "completed", "metrics": {"test": 3}}', "does not tell what a summary tells"),
        (f'{{"status": "completed", "seconds": {"9" * 400}}}', "does not tell what a summary tells"),
        ("[" * 100_000, "cannot be read"),
        (None, "is not a file"),
    ],
)
def test_a_summary_of_something_else(config, text, words):
    summary = train(config()).run / "summary.json"
    summary.unlink()
    if text is None:
        summary.mkdir()
    else:
        summary.write_text(text)
    (row,) = runs().rows
    assert (row.status, row.note) == ("damaged", f"{summary}: {words}")


def test_a_pipe_in_the_place_of_a_summary_is_not_waited_for(config):
    summary = train(config()).run / "summary.json"
    summary.unlink()
    os.mkfifo(summary)
    (row,) = runs().rows
    assert (row.status, row.note) == ("damaged", f"{summary}: is not a file")


def test_a_directory_that_may_not_be_entered_hides_no_other(config, monkeypatch):
    run = train(config()).run
    Path("runs/closed").mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and access(path, mode))
    rows = {row.name: (row.status, row.note) for row in runs().rows}
    assert rows == {run.name: ("completed", ""), "closed": ("damaged", "runs/closed: Permission denied")}


def test_a_run_that_is_written_is_running(config):
    run = RunDirectory(train(config()).run)
    run.lock()
    try:
        assert runs().rows[0].status == "running"
    finally:
        run.unlock()
    assert runs().rows[0].status != "running"


def test_without_test_rows_the_validation_counts(config):
    made = train(config(), overrides=["data.split.test=0"])
    (row,) = runs().rows
    assert (row.headline, row.value) == ("validation.accuracy", made.metrics["validation"]["accuracy"])
    json.dumps(runs().to_json())


def test_there_is_no_folder():
    with pytest.raises(UsageError, match=r"runs: there is no such folder. Run `scratchnn train CONFIG` first."):
        runs()
    Path("empty").mkdir()
    assert runs("empty").rows == []
