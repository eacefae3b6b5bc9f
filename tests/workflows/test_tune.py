"""Searches on a small table: what is drawn, kept, gone on with, and refused."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ModelError, StorageError, UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.runs import runs
from scratchnn.workflows.train import resume, train
from scratchnn.workflows.tune import prepare_search, tune, write_manifest
from tests.workflows.tuning.conftest import search as search  # the fixture

FOLDER = Path("runs/small-tune")
PROGRAM = [sys.executable, "-c", "from scratchnn.cli.app import main; main()", "tune"]


def journal(path=FOLDER / "journal.log"):
    """The trials as Optuna itself reads them."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return optuna.load_study(study_name="small", storage=JournalStorage(JournalFileBackend(str(path)))).trials


def states(trials):
    return [trial.state.name for trial in trials]


def test_the_best_of_all_trials_is_kept_and_trained_again_gives_the_same_figure(search):
    result = tune(search(trials=5))
    values = [row.value for row in result.trials]
    assert [row.number for row in result.trials] == [0, 1, 2, 3, 4]
    assert result.best.value == min(values)
    assert result.counts == {"completed": 5, "pruned": 0, "failed": 0}
    assert result.direction == "minimize"
    again = train(result.config, run_dir="again")
    assert again.metrics["validation"]["loss"] == result.best.value
    own = json.loads((FOLDER / f"trial-{result.best.number:04d}" / "summary.json").read_text())
    assert own["metrics"]["validation"]["loss"] == result.best.value
    assert (Path("again") / "model.safetensors").read_bytes() == (result.run / "model.safetensors").read_bytes()


def test_the_files_tell_every_trial(search):
    result = tune(search())
    summary = json.loads((FOLDER / "summary.json").read_text())
    assert summary == json.loads(json.dumps(result.to_json()))
    with (FOLDER / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == [row.value for row in result.trials]
    rates = [row.params["optimizer.learning_rate"] for row in result.trials]
    assert [float(row["optimizer.learning_rate"]) for row in rows] == rates
    assert all(1e-3 <= rate <= 1e-1 for rate in rates)
    assert set(result.importance) == {"optimizer.learning_rate", "training.batch_size"}
    assert math.isclose(sum(result.importance.values()), 1)


def test_a_trial_is_trained_with_what_was_drawn(search):
    space = {
        "optimizer.learning_rate": {"type": "log_uniform", "low": 1e-3, "high": 1e-1},
        "model.layers.0": {
            "type": "layers",
            "low": 1,
            "high": 3,
            "each": {"units": {"type": "int", "low": 2, "high": 9}},
        },
    }
    result = tune(search(space))
    for row in result.trials:
        text = (FOLDER / f"trial-{row.number:04d}" / "config.yaml").read_text()
        assert f"learning_rate: {row.params['optimizer.learning_rate']!r}" in text
        count = row.params["model.layers.0.count"]
        drawn = [row.params[f"model.layers.0.each[{index}].units"] for index in range(count)]
        assert [f"units: {units}" in text for units in drawn] == [True] * count
        assert text.count("type: dense") == count + 1


def test_the_metric_tells_the_direction(search):
    result = tune(search(metric="validation.accuracy", trials=6))
    assert result.direction == "maximize"
    assert result.best.value == max(row.value for row in result.trials)
    assert len({row.value for row in result.trials}) > 1


def test_a_grid_visits_every_point_once(search):
    space = {"training.batch_size": [8, 16, 32], "optimizer.type": ["adam", "sgd"]}
    result = tune(search(space, trials=None, sampler="grid"))
    points = [tuple(row.params.values()) for row in result.trials]
    assert points == [("adam", 8), ("adam", 16), ("adam", 32), ("sgd", 8), ("sgd", 16), ("sgd", 32)]
    part = tune(search(space, sampler="grid", changes={"name": "part"}))
    assert [tuple(row.params.values()) for row in part.trials] == points[:4]
    assert part.notes == ["the grid has 6 points, of which the first 4 are tried"]


@pytest.mark.parametrize("sampler", ["random", {"type": "tpe", "startup_trials": 2}, {"type": "cma_es"}])
def test_gone_on_with_a_search_draws_what_it_would_have_drawn(search, sampler):
    space = {
        "optimizer.learning_rate": {"type": "log_uniform", "low": 1e-3, "high": 1e-1},
        "model.layers.3.rate": {"type": "uniform", "low": 0, "high": 0.9},
    }
    whole = tune(search(space, trials=6, sampler=sampler), overrides=["name=whole"])
    tune(search(space, trials=2, sampler=sampler))
    tune(search(space, trials=4, sampler=sampler))
    parts = tune(search(space, trials=6, sampler=sampler))
    assert [row.params for row in parts.trials] == [row.params for row in whole.trials]
    assert [row.value for row in parts.trials] == [row.value for row in whole.trials]
    assert len({row.params["optimizer.learning_rate"] for row in whole.trials}) == 6
    done = tune(search(space, trials=6, sampler=sampler))
    assert [row.value for row in done.trials] == [row.value for row in whole.trials]


def test_another_search_of_that_name_is_refused_with_the_difference(search):
    tune(search(trials=1))
    space = {
        "optimizer.learning_rate": {"type": "log_uniform", "low": 1e-3, "high": 0.5},
        "training.batch_size": [8, 16],
    }
    with pytest.raises(ConfigError) as caught:
        tune(search(space, trials=2))
    assert 'tune.space."optimizer.learning_rate".high was 0.1, is 0.5' in str(caught.value)
    with pytest.raises(ConfigError, match=r"training\.epochs was 2, is 3"):
        tune(search(trials=2), overrides=["training.epochs=3"])
    with pytest.raises(ConfigError, match=r'seed was 7, is 8; rows\.train was "36 rows'):
        tune(search(trials=2), overrides=["seed=8"])
    with pytest.raises(ConfigError, match=r'tune\.sampler\.type was "random", is "tpe"'):
        tune(search(trials=2, sampler="tpe"))
    assert len(tune(search(trials=2, pruner="median")).trials) == 2


def test_trials_that_fail_are_recorded_and_the_search_goes_on(search):
    space = {"training.batch_size": [8, 35, 16], "optimizer.learning_rate": [0.01, 1e30]}
    changes = {"optimizer": {"type": "sgd"}}
    result = tune(search(space, trials=None, sampler="grid", changes=changes))
    found = {(row.params["training.batch_size"], row.params["optimizer.learning_rate"]): row for row in result.trials}
    assert found[8, 0.01].state == found[16, 0.01].state == "completed"
    assert found[8, 1e30].state == "failed"
    assert found[8, 1e30].error["kind"] == "diverged"
    # 36 rows leave one for the last batch, of which batch_norm has no variance.
    assert "leave a batch of 1" in found[35, 0.01].reason
    assert result.error is None
    assert result.counts["failed"] == 4
    assert states(journal()).count("FAIL") == 4


def test_where_all_fail_so_does_the_search(search):
    result = tune(search({"training.batch_size": [35]}, trials=2))
    assert result.best is None
    assert result.error.exit_code == 2
    assert "all 2 trials failed, the first with: " in str(result.error)
    diverged = tune(search({"optimizer.learning_rate": [1e30]}, changes={"name": "d", "optimizer": {"type": "sgd"}}))
    assert diverged.error.exit_code == 5


def test_a_bad_trial_is_ended_early(search):
    space = {"optimizer.learning_rate": [0.03, 1e-6]}
    changes = {"training": {"epochs": 6, "batch_size": 16, "early_stopping": None}}
    pruner = {"type": "median", "startup_trials": 1, "warmup_epochs": 2}
    result = tune(search(space, changes, trials=None, sampler="grid", pruner=pruner))
    good, bad = result.trials
    assert (good.state, good.epochs) == ("completed", 6)
    assert (bad.state, bad.epochs) == ("pruned", 3)
    own = json.loads((FOLDER / f"trial-{bad.number:04d}" / "summary.json").read_text())
    assert (own["status"], own["reason"]) == ("interrupted", "pruned: other trials were better by then")
    rows = [json.loads(line) for line in (FOLDER / "trial-0001" / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert bad.value == rows[-1]["validation"]["loss"]
    assert states(journal()) == ["COMPLETE", "PRUNED"]


def test_hyperband_ends_trials_too(search):
    changes = {"training": {"epochs": 9, "batch_size": 16, "early_stopping": None}}
    result = tune(search(changes=changes, trials=12, pruner="hyperband"))
    assert result.counts["pruned"] > 0
    assert result.best.epochs == 9


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_search_has_a_place_and_a_row_in_the_list(search, jobs):
    result = tune(search(), run_dir="found/lr", jobs=jobs)
    assert result.folder == Path("found/lr")
    assert not Path("runs").exists()
    (row,) = runs("found").rows
    assert (row.name, row.kind, row.status) == ("lr", "tune", "completed")
    assert (row.headline, row.value) == ("best validation.loss", result.best.value)
    assert sorted(one.name for one in runs("found/lr").rows) == [f"trial-{number:04d}" for number in range(4)]
    again = tune(search(trials=5), run_dir="found/lr")
    assert again.counts["completed"] == 5
    assert [one.value for one in again.trials[:4]] == [one.value for one in result.trials]
    with pytest.raises(UsageError, match="Go on with the search: scratchnn tune CONFIG --run-dir found/lr"):
        resume("found/lr")
    with pytest.raises(ModelError, match="is a search, which has several models"):
        evaluate("found/lr")


def test_processes_that_begin_at_once_do_not_disturb_each_other(search):
    loaded = load_config(search())
    for folder in map(str, range(10)):
        prepared = prepare_search(loaded, None, Path(folder))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write_manifest, [prepared] * 8))
        assert json.loads(Path(folder, "tune.json").read_text())["format"] == 1


def test_a_search_that_was_killed_is_listed_too(search):
    result = tune(search())
    (FOLDER / "summary.json").unlink()
    (row,) = runs().rows
    assert (row.status, row.headline, row.value) == ("unfinished", "", None)
    run = RunDirectory(FOLDER / f"trial-{result.best.number:04d}")
    run.lock()
    try:
        assert runs().rows[0].status == "running"
    finally:
        run.unlock()


def test_a_place_that_holds_another_run_is_left_alone(search):
    run = train(search()).run
    with pytest.raises(UsageError, match="runs/small: holds another run"):
        tune(search(), run_dir=run)


def test_the_best_run_alone_can_be_kept(search):
    result = tune(search(), keep="best")
    assert [path.name for path in FOLDER.glob("trial-*")] == [f"trial-{result.best.number:04d}"]


def test_several_processes_do_what_one_does(search):
    one = tune(search(trials=4), overrides=["name=one"])
    two = tune(search(trials=4), jobs=2)
    assert [row.params for row in two.trials] == [row.params for row in one.trials]
    assert [row.value for row in two.trials] == [row.value for row in one.trials]


def test_a_stop_gives_the_trial_back(search):
    path = search(trials=20)  # more than end before the first is told of
    stop = StopRequest()

    def listen(event):
        stop.requested |= any(row.state == "completed" for row in event.trials)

    result = tune(path, stop=stop, listener=listen)
    assert result.status == "interrupted"
    assert result.error is None
    assert "RUNNING" not in states(journal())
    assert states(journal()).count("COMPLETE") < 20
    assert states(tune(path) and journal()) == ["COMPLETE"] * 20


def test_no_trial_begins_after_the_time(search):
    began = time.monotonic()
    result = tune(search(trials=None, seconds=1.0))
    assert len(result.trials) >= 1
    assert 1.0 <= time.monotonic() - began < 20
    assert result.counts["completed"] == len(result.trials)


def slow(search, trials):
    """Trials of some tenths of a second."""
    changes = {"training": {"epochs": 60, "batch_size": 2, "early_stopping": None}}
    return search(changes=changes, trials=trials)


def wait_for(condition, process):
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def test_killed_it_loses_the_running_trial_at_most(search):
    path = slow(search, 5)
    whole = tune(path, overrides=["name=whole"])
    process = subprocess.Popen([*PROGRAM, str(path), "-q"], stderr=subprocess.PIPE)
    wait_for(lambda: len(list(FOLDER.glob("trial-000?/summary.json"))) >= 2, process)
    time.sleep(0.1)
    process.kill()
    process.communicate()
    before = journal()
    done = [trial.number for trial in before if trial.state.name == "COMPLETE"]
    assert "COMPLETE" in states(before)
    kept = [(FOLDER / f"trial-{number:04d}" / "summary.json").stat().st_mtime_ns for number in done]
    result = tune(path)
    assert states(journal()) == ["COMPLETE"] * 5
    assert [row.value for row in result.trials] == [row.value for row in whole.trials]
    assert [row.params for row in result.trials] == [row.params for row in whole.trials]
    assert kept == [(FOLDER / f"trial-{number:04d}" / "summary.json").stat().st_mtime_ns for number in done]


def test_two_processes_on_one_journal_share_the_trials(search):
    path = search(trials=10)
    command = [*PROGRAM, str(path), "--storage", "shared.log", "--json", "-q"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    trials = journal("shared.log")
    assert states(trials) == ["COMPLETE"] * 10
    assert len({trial.params["optimizer.learning_rate"] for trial in trials}) == 10
    workers = {trial.user_attrs["worker"] for trial in trials}
    assert len(workers) <= 2
    assert sum(len(list(FOLDER.glob(f"trial-{number:04d}"))) for number in range(12)) == 10


@pytest.mark.slow
def test_forty_trials_by_two_processes_one_of_which_is_killed(search):
    path = slow(search, 40)
    command = [*PROGRAM, str(path), "--storage", "shared.log", "-q"]
    first, second = (subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2))
    wait_for(lambda: len(list(FOLDER.glob("trial-*/summary.json"))) >= 6, first)
    first.kill()
    first.communicate()
    said = second.communicate(timeout=300)
    assert second.returncode == 0, said
    trials = journal("shared.log")
    assert states(trials) == ["COMPLETE"] * 40
    assert len({trial.params["optimizer.learning_rate"] for trial in trials}) == 40


def test_a_signal_ends_it_so_that_it_can_go_on(search):
    path = slow(search, 4)
    process = subprocess.Popen([*PROGRAM, str(path), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: list(FOLDER.glob("trial-000?/summary.json")), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["status"] == "interrupted"
    assert "RUNNING" not in states(journal())
    tune(path)
    assert states(journal()) == ["COMPLETE"] * 4


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"overrides": ["tune.metric=validation.accurcy"]}, ConfigError, 'Did you mean "validation.accuracy"'),
        ({"overrides": ["tune.metric=validation.confusion_matrix"]}, ConfigError, "no figure"),
        ({"overrides": ["tune=null"]}, ConfigError, "has no section `tune`"),
        ({"overrides": ["data.split.validation=0"]}, ConfigError, "no validation rows"),
        ({"storage": "mysql://x/y"}, UsageError, '"mysql" is no storage'),
        ({"storage": "postgresql+odd://x/y"}, UsageError, 'no driver "odd"'),
        ({"storage": ""}, UsageError, "is empty"),
        ({"storage": "data/table.csv"}, ModelError, "is no journal of a search"),
        ({"storage": "data/table.csv/x.log"}, StorageError, "is a file, not a folder"),
        ({"storage": "configs"}, StorageError, "folder"),
        ({"jobs": 0}, UsageError, "got 0, expected 1 or more"),
    ],
)
def test_what_is_refused_before_any_trial(search, arguments, kind, words):
    path = search()
    table = Path("data/table.csv").read_bytes()
    with pytest.raises(kind) as caught:
        tune(path, **arguments)
    assert words in str(caught.value)
    assert not FOLDER.exists()
    assert Path("data/table.csv").read_bytes() == table


def test_a_study_of_others_is_left_alone(search):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    study = optuna.create_study(study_name="small", storage=JournalStorage(JournalFileBackend("shared.log")))
    study.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(ConfigError, match='holds a study "small" that scratchnn did not make'):
        tune(search(), storage="shared.log")


def test_a_journal_that_a_full_disk_cut_off_is_gone_on_with(search):
    path = search(trials=3)
    tune(path, overrides=["tune.trials=2"])
    with (FOLDER / "journal.log").open("ab") as file:
        file.write(b'{"op_code":4,"worker_id":"x"')
    assert len(tune(path).trials) == 3
    assert states(journal()) == ["COMPLETE"] * 3


@pytest.mark.parametrize("damage", [b"garbage", b"\x00\x00\x00", b"[1]", b"\xff\xfe"])
@pytest.mark.parametrize("place", ["alone", "middle", "end"])
def test_what_is_no_journal_is_refused(search, damage, place):
    path = FOLDER / "journal.log"
    tune(search())
    lines = path.read_bytes().splitlines(keepends=True)
    at = {"alone": 0, "middle": 3, "end": len(lines)}[place]
    path.write_bytes(b"".join([*lines[:at], damage + b"\n", *(lines[at:] if at else [])]))
    before = path.read_bytes()
    with pytest.raises(ModelError, match=r"journal\.log: is no journal of a search, or is damaged"):
        tune(search(trials=6))
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(search):
    Path("runs").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="Check the permissions"):
        tune(search())


def test_plots_show_the_values(search):
    pytest.importorskip("matplotlib")
    result = tune(search(), plot=True)
    assert list(result.plots) == [FOLDER / "history.png", FOLDER / "importance.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in result.plots)


def test_the_seed_of_a_trial_depends_on_its_number_and_the_config():
    from scratchnn.workflows.tuning.seeded import trial_seed

    seeds = {trial_seed(seed, number) for seed in (0, 1, 2**70) for number in range(100)}
    assert len(seeds) == 300
    assert trial_seed(3, 4) == int(np.random.SeedSequence([3, 4]).generate_state(1)[0])


def test_trials_side_by_side_share_the_threads_and_the_best_config_keeps_theirs(search):
    from scratchnn.config.dump import plain
    from scratchnn.workflows.tuning.trials import run_trials

    prepared = prepare_search(load_config(search(trials=1, changes={"threads": 3})), None, None)
    shared = prepared.open("all", 2)
    run_trials(shared, StopRequest(), lambda: None, None)
    (row,) = shared.study.rows()
    assert row.threads == 2
    assert plain(shared.config_of(row).config)["threads"] == 2
    assert "\nthreads: 2\n" in (FOLDER / "trial-0000" / "config.yaml").read_text()
