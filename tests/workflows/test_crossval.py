"""Cross-validation: each fold is an ordinary training, and every row is judged by a model that did not see it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

from scratchnn.errors import BusyError, DataError, ModelError, UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.crossval import crossval, resume_crossval
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import resume, train

ROOT = Path(__file__).parents[2]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_five_times_two_folds_equal_runs_made_by_hand(tmp_path):
    config, fewer = ROOT / "configs" / "breast_cancer.yaml", "training.epochs=2"
    result = crossval(config, folds=2, repeats=5, overrides=[fewer])
    assert [(one.repeat, one.fold) for one in result.folds] == [(r, k) for r in range(5) for k in range(2)]
    split = "data.split={type: random, folds: 2, validation: 0.15}"
    for one in result.folds:
        places = [f"data.split.fold={one.fold}", f"data.split.repeat={one.repeat}"]
        own = train(config, overrides=[fewer, split, *places])
        assert one.metrics == own.metrics["test"]
        assert (one.outcome.run / "model.safetensors").read_bytes() == (own.run / "model.safetensors").read_bytes()
    accuracies = [one.metrics["accuracy"] for one in result.folds]
    spread = result.metrics["accuracy"]
    assert spread.mean == pytest.approx(mean(accuracies), rel=1e-15)
    assert spread.std == pytest.approx(stdev(accuracies), rel=1e-12)
    assert (spread.min, spread.max) == (min(accuracies), max(accuracies))
    assert len({*accuracies}) > 2


def test_each_row_is_predicted_once_a_repeat_by_the_fold_that_tests_it(config, table):
    result = crossval(config(), folds=3, repeats=2)
    rows = rows_of(result.run / "out_of_fold.csv")
    assert [(row["repeat"], row["row"]) for row in rows] == [(str(r), str(n)) for r in range(2) for n in range(60)]
    truth = [row["kind"] for row in table()]
    assert [row["kind"] for row in rows] == truth * 2
    for one in result.folds:
        own = [row for row in rows if (row["repeat"], row["fold"]) == (str(one.repeat), str(one.fold))]
        assert len(own) == 20
        right = mean(row["kind"] == row["prediction"] for row in own)
        assert right == pytest.approx(one.metrics["accuracy"], rel=1e-12)
        shares = np.array([[float(row[f"probability_k{k}"]) for k in range(3)] for row in own])
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-6)
        assert [f"k{k}" for k in shares.argmax(axis=1)] == [row["prediction"] for row in own]
    each = [mean(row["kind"] == row["prediction"] for row in rows[60 * r : 60 * r + 60]) for r in range(2)]
    assert result.pooled["accuracy"] == pytest.approx(mean(each), rel=1e-12)
    assert result.rows == 120


def test_numbers_are_in_their_own_units(config, table):
    path = config(data={"target": "price", "features": {"price": None, "kind": "ignore"}})
    result = crossval(path, folds=4)
    rows = rows_of(result.run / "out_of_fold.csv")
    assert [row["price"] for row in rows] == [row["price"] for row in table()]
    errors = np.array([float(row["price"]) - float(row["predicted_price"]) for row in rows])
    assert result.pooled["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-6)
    folds = np.array([int(row["fold"]) for row in rows])
    for one in result.folds:
        own = errors[folds == one.fold]
        assert one.metrics["mae"] == pytest.approx(np.abs(own).mean(), rel=1e-6)


def test_nothing_of_the_test_rows_is_in_a_fold(config, table, write):
    path = config()
    before = crossval(path, folds=3, run_dir="before").folds
    rows = table()
    tested = [int(row["row"]) for row in rows_of(Path("before/out_of_fold.csv")) if row["fold"] == "1"]
    for row in tested:
        rows[row] |= {"x": "1e6", "color": "purple"}
    write("data/table.csv", rows)
    after = crossval(path, folds=3, run_dir="after").folds
    models = [ModelFile.read(folds[1].outcome.run / "model.safetensors") for folds in (before, after)]
    assert models[0].encoder == models[1].encoder
    assert all(np.array_equal(array, models[1].arrays[name]) for name, array in models[0].arrays.items())
    others = [ModelFile.read(folds[0].outcome.run / "model.safetensors") for folds in (before, after)]
    assert others[0].encoder != others[1].encoder


def test_jobs_change_no_bit(config):
    path = config()
    crossval(path, folds=3, run_dir="one")
    told = []
    result = crossval(path, folds=3, jobs=2, run_dir="two", listener=told.append)
    for fold in range(3):
        models = [Path(run, f"fold-{fold}", "model.safetensors").read_bytes() for run in ("one", "two")]
        assert models[0] == models[1]
    assert Path("one/out_of_fold.csv").read_bytes() == Path("two/out_of_fold.csv").read_bytes()
    assert sorted(event.name for event in told if event.outcome) == ["fold-0", "fold-1", "fold-2"]
    assert any(event.outcome is None and event.epochs == 5 for event in told)
    assert result.status == "completed"


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_one_goes_on_to_the_same_bits(config, lingering, linger, jobs):
    path = config(**lingering)
    whole = crossval(path, folds=3, run_dir="whole")
    linger(0.03 if jobs > 1 else 0)  # in this process a stop is heard at once
    stop = StopRequest()

    def listen(event):
        stop.requested |= event.name == "fold-1" and event.epoch >= 2

    part = crossval(path, folds=3, jobs=jobs, run_dir="part", stop=stop, listener=listen)
    assert (part.status, part.metrics) == ("interrupted", {})
    assert json.loads(Path("part/summary.json").read_text())["status"] == "interrupted"
    assert not Path("part/fold-2/model.safetensors").exists()
    linger(0)
    rest = crossval(path, folds=3, jobs=jobs, run_dir="part")
    assert {name: spread.to_json() for name, spread in rest.metrics.items()} == {
        name: spread.to_json() for name, spread in whole.metrics.items()
    }
    for fold in range(3):
        assert Path(f"part/fold-{fold}/model.safetensors").read_bytes() == (
            Path(f"whole/fold-{fold}/model.safetensors").read_bytes()
        )


def test_folds_that_are_complete_are_left_as_they_are(config):
    path = config()
    first = crossval(path, folds=2)
    times = [(one.outcome.run / "model.safetensors").stat().st_mtime_ns for one in first.folds]
    again, resumed = crossval(path, folds=2), resume_crossval(first.run)
    assert again.run == resumed.run == first.run == Path("runs/small-cv")
    assert times == [(one.outcome.run / "model.safetensors").stat().st_mtime_ns for one in again.folds]
    assert again.pooled == resumed.pooled == first.pooled
    other = crossval(path, folds=2, overrides=["training.epochs=1"])
    assert other.run == Path("runs/small-cv-2")
    with pytest.raises(UsageError, match="exists already, and was made for something else"):
        crossval(path, folds=3, run_dir="runs/small-cv")
    with pytest.raises(UsageError, match="exists already"):
        crossval(path, folds=3, run_dir="data")


def test_resuming_needs_no_config_and_finds_its_data(config):
    path = config()
    first = crossval(path, folds=2)
    shutil.rmtree(first.run / "fold-1")
    path.unlink()
    again = resume_crossval(first.run)
    assert again.metrics == first.metrics
    assert again.folds[1].outcome.run == first.folds[1].outcome.run


def test_a_fold_is_a_run_like_any_other(config):
    one = crossval(config(), folds=2).folds[1]
    judged = evaluate(one.outcome.run)
    assert judged.metrics["accuracy"] == one.metrics["accuracy"]
    assert resume(one.outcome.run).metrics["test"] == one.metrics
    with pytest.raises(ModelError, match=r"is a cross-validation.* Name one of its folds: runs/small-cv/fold-0"):
        evaluate(one.outcome.run.parent)
    with pytest.raises(UsageError, match=r"Go on with all of them: scratchnn crossval --resume runs/small-cv"):
        resume(one.outcome.run.parent)
    with pytest.raises(ModelError, match="holds no run"):  # the parent is none, and is not taken for one
        RunDirectory.newest()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fold_that_diverges_does_not_stop_the_others(config, jobs):
    settings = {"optimizer": {"type": "sgd", "learning_rate": 1e30}, "training": {"early_stopping": None}}
    result = crossval(config(**settings), folds=2, jobs=jobs, require=["accuracy>=0"])
    assert [(one.outcome.status, one.outcome.exit_code) for one in result.folds] == [("diverged", 5)] * 2
    assert (result.status, result.metrics, result.requirements) == ("failed", {}, [])
    assert result.error is not None
    assert result.error.exit_code == 5
    assert "2 of 2 folds did not end well: fold-0 diverged (exit code 5), fold-1" in str(result.error)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fold_that_fails_is_named(config, table, write, jobs):
    """`odd` stands in two rows, which a fold of groups puts where training never saw them."""
    rows = table(30)
    for number, row in enumerate(rows):
        row |= {"id": f"g{number // 10}", "kind": "odd" if number in (3, 4) else row["kind"]}
    write("data/table.csv", rows)
    split = {"type": "group", "column": "id", "validation": 0, "test": None}
    path = config(data={"split": split}, training={"early_stopping": None})
    write("data/table.csv", rows)
    result = crossval(path, folds=3, jobs=jobs, overrides=["data.split.test=0"])
    (failed,) = [one.outcome for one in result.folds if not one.outcome.done]
    assert (failed.status, failed.exit_code, failed.summary) == ("failed", 3, {})
    assert '"odd"' in failed.error["message"]
    assert result.error.exit_code == 3
    assert f"1 of 3 folds did not end well: {failed.name} failed (exit code 3)" in str(result.error)
    assert len(rows_of(result.run / "out_of_fold.csv")) == 20
    assert result.metrics["accuracy"].std == pytest.approx(
        stdev(one.metrics["accuracy"] for one in result.folds if one.outcome.done)
    )


def test_requirements_are_on_the_mean_or_what_is_named(config):
    result = crossval(config(), folds=2, require=["accuracy>=0.0", "accuracy.max<=0.1", "pooled.accuracy>=0.0"])
    spread = result.metrics["accuracy"]
    assert [verdict.value for verdict in result.requirements] == [spread.mean, spread.max, result.pooled["accuracy"]]
    assert [verdict.passed for verdict in result.requirements] == [True, False, True]
    with pytest.raises(UsageError, match="acuracy"):
        crossval(config("other"), folds=2, require=["acuracy>=0.9"])
    assert not Path("runs/other-cv").exists()


def test_what_is_refused_leaves_nothing(config):
    path = config()
    for given, message in (
        ({"folds": 1}, "--folds: got 1, expected 2 or more"),
        ({"repeats": 0}, "--repeats: got 0"),
        ({"jobs": 0}, "--jobs: got 0"),
        ({"out_of_fold": "x.parquet"}, "--out-of-fold: writes CSV"),
    ):
        with pytest.raises(UsageError, match=message):
            crossval(path, **given)
    with pytest.raises(DataError, match='class "k0" has 20 rows, too few for 40 folds'):
        crossval(path, folds=40)
    with pytest.raises(DataError, match="60 rows are too few for 61 folds"):
        crossval(path, folds=61)
    assert not Path("runs").exists()


def test_a_directory_in_use_is_busy(config):
    first = crossval(config(), folds=2)
    other = RunDirectory(first.run)
    other.lock()
    try:
        with pytest.raises(BusyError):
            crossval(config(), folds=2)
    finally:
        other.unlock()


def test_time_folds_predict_the_rows_that_they_test(config):
    split = {"type": "position", "test": None, "validation": 0}
    path = config(data={"split": split}, training={"early_stopping": None})
    result = crossval(path, folds=3, overrides=["data.split.test=0"])
    rows = rows_of(result.run / "out_of_fold.csv")
    assert [int(row["row"]) for row in rows] == list(range(15, 60))
    assert [int(row["fold"]) for row in rows] == [0] * 15 + [1] * 15 + [2] * 15


def test_texts_and_reconstructions_have_no_pooled_figures(config):
    data = {"target": None, "task": "reconstruction", "features": {"kind": "ignore"}}
    result = crossval(config(data=data, training={"early_stopping": None}), folds=2)
    assert result.pooled == {}
    rows = rows_of(result.run / "out_of_fold.csv")
    assert len(rows) == 60
    assert float(rows[0]["reconstruction_error"]) > 0
    Path("text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 60)
    text = {
        "data": {"source": {"type": "text", "path": "text.txt", "context": 8}, "split": {"type": "position"}},
        "model": {"layers": [{"type": "embedding", "units": 4}, {"type": "dense", "units": "auto"}]},
        "training": {"epochs": 1},
    }
    result = crossval(text, folds=2)
    assert (result.pooled, result.out_of_fold, result.rows) == ({}, None, 0)
    assert result.metrics["accuracy"].mean > 0
    with pytest.raises(UsageError, match="a text has no rows"):
        crossval(text, folds=2, out_of_fold="x.csv")


def test_labels_that_may_be_true_together(config, table, write):
    rows = [{**row, "warm": str(int(row["color"] == "red")), "far": str(int(float(row["x"]) > 0.5))} for row in table()]
    features = {"id": "ignore", "price": "ignore", "kind": "ignore", "color": "category"}
    data = {"target": ["warm", "far"], "task": "multi_label", "features": features}
    path = config(data={**data, "split": None}, training={"epochs": 2, "batch_size": 5})
    write("data/table.csv", rows)
    result = crossval(path, folds=2)
    made = rows_of(result.run / "out_of_fold.csv")
    assert [row["warm"] for row in made] == [row["warm"] for row in rows]
    wrong = [row[name] != row[f"predicted_{name}"] for row in made for name in ("warm", "far")]
    assert [float(row["probability_far"]) > 0.5 for row in made] == [row["predicted_far"] == "1" for row in made]
    figures = crossval(path, folds=2, overrides=["metrics=[hamming_loss]"]).pooled
    assert figures["hamming_loss"] == pytest.approx(mean(wrong), rel=1e-12)


def test_windows_are_predicted_once(config):
    Path("power.csv").write_text("load\n" + "\n".join(str(np.sin(step / 3).round(4)) for step in range(120)) + "\n")
    series = {
        "data": {"source": "power.csv", "target": "load", "windows": {"window": 4}, "split": {"type": "position"}},
        "model": {"layers": ["flatten", {"type": "dense", "units": "auto"}]},
        "training": {"epochs": 2},
    }
    result = crossval(series, folds=3)
    rows = rows_of(result.run / "out_of_fold.csv")
    loads = [float(line) for line in Path("power.csv").read_text().split()[1:]]
    assert len({row["row"] for row in rows}) == len(rows) == 3 * 26
    after = [loads[int(row["row"]) + 4] for row in rows]
    assert [float(row["load+1"]) for row in rows] == pytest.approx(after, abs=1e-5)
