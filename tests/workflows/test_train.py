from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from scratchnn.errors import BusyError, ConfigError, ModelError, UsageError
from scratchnn.nn.updater import Updater
from scratchnn.training.events import EpochEnd, Progress, StopRequest
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.model import load_model
from scratchnn.workflows.threads import available_cores
from scratchnn.workflows.train import plan, resume, train

FILES = [
    "checkpoints",
    "config.yaml",
    "environment.json",
    "metrics.jsonl",
    "model.safetensors",
    "summary.json",
    "train.log",
]


def model_bytes(run):
    return (Path(run) / "model.safetensors").read_bytes()


def rows_of(run):
    return (Path(run) / "metrics.jsonl").read_bytes()


def test_what_a_run_directory_holds(config):
    result = train(config())
    assert result.run == Path("runs/small")
    assert sorted(path.name for path in result.run.iterdir() if path.name != ".lock") == FILES
    assert (result.status, result.epochs, result.error) == ("completed", 5, None)
    assert [path.name for path in sorted((result.run / "checkpoints").iterdir())] == [
        "000004-000000.safetensors",
        "000005-000000.safetensors",
    ]
    rows = [json.loads(line) for line in (result.run / "metrics.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["step"], row["learning_rate"]) for row in rows] == [
        (epoch, 5 * epoch, 0.02) for epoch in range(1, 6)
    ]
    assert list(rows[0]["validation"]) == ["loss", "accuracy", "f1_macro"]
    summary = json.loads((result.run / "summary.json").read_text())
    assert summary == json.loads(json.dumps(result.to_json()))
    assert list(summary) == [
        "run_dir", "status", "epochs", "best_epoch", "parameters", "metrics", "seconds", "samples_per_second",
    ]  # fmt: skip
    assert list(summary["metrics"]) == ["train", "validation", "test"]
    # 2 numbers and 3 levels: (5 + 1) * 8, gamma and beta of 8, (8 + 1) * 3
    assert summary["parameters"] == 48 + 16 + 27
    environment = json.loads((result.run / "environment.json").read_text())
    assert (environment["numpy"], environment["threads"]) == (np.__version__, 1)
    log = (result.run / "train.log").read_text().splitlines()
    assert [line.split(" ", 1)[1].split("  ")[0] for line in log[:5]] == [f"epoch {epoch}" for epoch in range(1, 6)]
    assert "completed after 5 epochs" in log[5]


def test_the_best_epoch_is_the_one_whose_figures_the_summary_has(config):
    result = train(config(training={"epochs": 30}))
    rows = [json.loads(line) for line in rows_of(result.run).splitlines()]
    losses = [row["validation"]["loss"] for row in rows]
    assert result.status == "stopped_early"
    assert result.best_epoch == int(np.argmin(losses)) + 1
    assert result.metrics["validation"]["loss"] == min(losses)


def test_the_stored_config_is_complete_and_makes_the_same_model(config):
    first = train(config())
    stored = yaml.safe_load((first.run / "config.yaml").read_text())
    assert stored["name"] == "small"
    assert stored["data"]["source"]["path"] == "../../data/table.csv"
    assert stored["training"]["checkpoint"] == {"every_epochs": 1, "keep": 2}
    second = train(first.run / "config.yaml")
    assert second.run == Path("runs/small-2")
    assert model_bytes(second.run) == model_bytes(first.run)
    assert rows_of(second.run) == rows_of(first.run)


def test_two_runs_of_one_config_are_the_same_bytes_wherever_they_are(config, tmp_path, monkeypatch):
    path = config().resolve()
    first = train(path)
    elsewhere = train(path, run_dir=tmp_path / "some" / "deep" / "place")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    other = train("../work/configs/small.yaml")
    assert model_bytes(tmp_path / "work" / first.run) == model_bytes(elsewhere.run) == model_bytes(other.run)


def test_the_model_file_names_no_place(config, tmp_path):
    for path in (config(), config("absolute", data={"source": str(Path("data/table.csv").resolve())})):
        content = model_bytes(train(path).run)
        assert str(tmp_path).encode() not in content
        assert b"../" not in content
    read = ModelFile.read(Path("runs/small/model.safetensors"))
    assert read.config["data"]["source"]["path"] == "table.csv"
    assert read.config["name"] == "small"


def test_other_seeds_make_other_models(config):
    assert model_bytes(train(config()).run) != model_bytes(train(config(), overrides=["seed=8"]).run)


def test_a_mapping_is_a_config(config):
    values = yaml.safe_load(config().read_text())
    values["data"]["source"] = "data/table.csv"
    result = train(values)
    assert result.run == Path("runs/config")
    assert model_bytes(train({**values, "name": "small"}).run) == model_bytes(train(config()).run)


@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_run_goes_on_to_the_same_bytes(config, stopping, epoch):
    whole = train(config())
    part = train(config(), **stopping(epoch))
    assert (part.status, part.epochs, part.metrics) == ("interrupted", epoch, {})
    assert json.loads((part.run / "summary.json").read_text())["status"] == "interrupted"
    assert "interrupted" in (part.run / "train.log").read_text()
    rest = resume(part.run)
    assert (rest.status, rest.run) == ("completed", part.run)
    assert rest.metrics == whole.metrics
    assert model_bytes(part.run) == model_bytes(whole.run)
    assert rows_of(part.run) == rows_of(whole.run)
    assert f"resumed after epoch {epoch}\n" in (part.run / "train.log").read_text()


def test_a_run_that_is_stopped_in_mid_epoch_goes_on_from_the_next_batch(config, monkeypatch):
    monkeypatch.setattr("scratchnn.training.trainer.PROGRESS_SECONDS", -1.0)
    whole = train(config())
    stop = StopRequest()

    def listen(event):
        stop.requested |= isinstance(event, Progress) and (event.epoch, event.batch) == (2, 3)

    part = train(config(), stop=stop, listener=listen)
    assert (part.status, part.epochs) == ("interrupted", 1)
    assert max(path.name for path in (part.run / "checkpoints").iterdir()) == "000001-000003.safetensors"
    resume(part.run)
    assert (model_bytes(part.run), rows_of(part.run)) == (model_bytes(whole.run), rows_of(whole.run))
    assert "resumed after epoch 1, batch 3 of the next\n" in (part.run / "train.log").read_text()


@pytest.mark.parametrize("damage", ["nothing", "newest", "metrics", "all", "model"])
def test_resuming_from_what_is_left(config, damage):
    whole = train(config())
    expected = model_bytes(whole.run), rows_of(whole.run)
    points = sorted((whole.run / "checkpoints").iterdir())
    if damage == "newest":
        points[-1].write_bytes(points[-1].read_bytes()[:-9])
    if damage == "metrics":
        points[-1].unlink()
        whole.run.joinpath("metrics.jsonl").write_bytes(expected[1][:-20])
    if damage == "all":
        shutil.rmtree(whole.run / "checkpoints")
    if damage in ("all", "model"):
        (whole.run / "model.safetensors").unlink()
    result = resume(whole.run)
    warned = [f"{points[-1]} is damaged: went on from the checkpoint before it"]
    assert result.notes[:1] == (warned if damage == "newest" else [])
    assert (model_bytes(whole.run), rows_of(whole.run)) == expected


def test_without_a_name_the_newest_run_goes_on(config, stopping):
    train(config("other"))
    part = train(config(), **stopping(2))
    assert resume().run == part.run
    train(config("other"))
    assert resume(config=config()).run == part.run
    assert resume(config=config("other")).run == Path("runs/other-2")


def test_more_epochs_are_what_a_longer_run_has_made(config, stopping):
    long = train(config("long", training={"epochs": 8, "early_stopping": None}))
    short = train(config("long", training={"epochs": 3, "early_stopping": None}))
    result = resume(short.run, overrides=["training.epochs=8"], **stopping(6))
    assert (result.status, result.epochs) == ("interrupted", 6)
    result = resume(short.run)  # it was told once that there are 8
    assert (result.status, result.epochs) == ("completed", 8)
    assert model_bytes(short.run) == model_bytes(long.run)
    assert rows_of(short.run) == rows_of(long.run)


def test_resuming_with_nothing_changed_leaves_the_config_as_it_is(config):
    run = train(config()).run
    before = (run / "config.yaml").stat().st_mtime_ns, (run / "config.yaml").read_bytes()
    resume(run)
    assert ((run / "config.yaml").stat().st_mtime_ns, (run / "config.yaml").read_bytes()) == before


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=9", r"another config: seed: 7, now 9\. Put"),
        ("optimizer.learning_rate=0.5", r"another config: optimizer\.learning_rate: 0\.02, now 0\.5\. Put"),
        ("training.batch_size=4", r"another config: training\.batch_size: 8, now 4\. Put"),
        ("optimizer=sgd", r'another config: optimizer\.type: "adam", now "sgd"\. Put'),
    ],
)
def test_what_may_not_change_on_resume(config, override, message):
    run = train(config()).run
    before = (run / "config.yaml").read_bytes(), rows_of(run)
    with pytest.raises(ModelError, match=message):
        resume(run, overrides=[override])
    assert ((run / "config.yaml").read_bytes(), rows_of(run)) == before


@pytest.mark.parametrize("part", ["train", "validation"])
def test_changed_rows_are_noticed_on_resume(config, table, write, part):
    rows = {"train": table(40, 1), "validation": table(20, 2), "test": table(20, 3)}
    for name, made in rows.items():
        write(f"data/{name}.csv", made)
    sources = {name: f"../data/{name}.csv" for name in rows}
    run = train(config(data={"source": sources, "split": None})).run
    rows["test"][0]["x"] = "9"
    write("data/test.csv", rows["test"])
    resume(run)
    rows[part][0]["x"] = "9"
    write(f"data/{part}.csv", rows[part])
    word = {"train": "training", "validation": "validation"}[part]
    with pytest.raises(ModelError, match=f"was made with other {word} data"):
        resume(run)


def test_a_run_that_is_being_written_is_busy(config):
    run = train(config()).run
    holder = RunDirectory.open(run)
    holder.lock()
    with pytest.raises(BusyError):
        resume(run)
    holder.unlock()
    assert resume(run).status == "completed"


def test_an_existing_place_is_refused(config):
    train(config(), run_dir="mine")
    with pytest.raises(UsageError, match="exists already"):
        train(config(), run_dir="mine")


def test_a_link_to_itself_is_no_place_for_a_run(config):
    Path("loop").symlink_to("loop")
    with pytest.raises(UsageError, match=r"loop: exists already\. Choose another place\."):
        train(config(), run_dir="loop")


def test_runs_may_lie_behind_a_link(config, tmp_path):
    (tmp_path / "big" / "disk" / "deep").mkdir(parents=True)
    Path("runs").symlink_to(tmp_path / "big" / "disk" / "deep")
    run = train(config()).run
    assert resume(run).status == "completed"
    assert evaluate(run).rows == 12


def diverging(config):
    layers = [{"type": "dense", "units": 8}, {"type": "dense", "units": "auto"}]
    return config("wild", optimizer={"type": "sgd", "learning_rate": 1e30}, model={"layers": layers})


def test_a_path_from_the_home_folder_stays_one(config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "work"))
    run = train(config(data={"source": "~/data/table.csv"})).run
    assert yaml.safe_load((run / "config.yaml").read_text())["data"]["source"]["path"] == "~/data/table.csv"
    assert resume(run).status == "completed"


def test_a_diverged_training_keeps_the_last_good_weights_and_says_so(config):
    result = train(diverging(config))
    assert (result.status, result.epochs) == ("diverged", 0)
    assert result.error.exit_code == 5
    assert "runs/wild: the training loss became" in str(result.error)
    assert "Lower optimizer.learning_rate" in str(result.error)
    summary = json.loads((result.run / "summary.json").read_text())
    assert summary["error"]["kind"] == "diverged"
    assert np.isfinite(summary["metrics"]["train"]["loss"])
    assert rows_of(result.run) == b""
    assert load_model(result.run).predict is not None
    with pytest.raises(ModelError, match="no checkpoint to go on from"):
        resume(result.run)


def test_class_weights_in_a_config(config):
    plain, heavy = (train(config(training={"class_weights": weights})) for weights in ({}, {"k1": 50}))
    recall = {name: run.metrics["train"] for name, run in (("plain", plain), ("heavy", heavy))}
    called = {name: figures["accuracy"] for name, figures in recall.items()}
    assert called["heavy"] < called["plain"]  # everything is called k1
    assert model_bytes(train(config(training={"class_weights": None})).run) != model_bytes(heavy.run)
    ones = train(config(training={"class_weights": {"k0": 1.0}}))
    assert ones.metrics == plain.metrics


def test_an_unknown_class_is_told_with_its_line(config):
    path = config(training={"class_weights": {"k9": 2}})
    with pytest.raises(ConfigError, match=r'no class "k9"') as caught:
        train(path)
    assert caught.value.where.startswith("configs/small.yaml:")
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("monitor", "message"),
    [("validation.f1", 'no figure "validation.f1"'), ("train.accuracy", 'no figure "train.accuracy"')],
)
def test_an_unknown_monitor_is_refused_before_anything_is_written(config, monitor, message):
    with pytest.raises(ConfigError, match=message):
        train(config(training={"early_stopping": {"monitor": monitor}}))
    assert not Path("runs").exists()


def test_without_validation_rows_there_is_nothing_to_monitor(config):
    split = {"type": "random", "validation": 0, "test": 0.2}
    with pytest.raises(ConfigError, match="there are no validation rows"):
        train(config(data={"split": split}))
    result = train(config(data={"split": split}, training={"early_stopping": None}))
    assert list(result.metrics) == ["train", "test"]


def test_a_monitored_metric(config):
    result = train(
        config(metrics=["accuracy"], training={"epochs": 40, "early_stopping": {"monitor": "validation.accuracy"}})
    )
    rows = [json.loads(line) for line in rows_of(result.run).splitlines()]
    accuracies = [row["validation"]["accuracy"] for row in rows]
    assert result.best_epoch == int(np.argmax(accuracies)) + 1
    assert result.metrics["validation"]["accuracy"] == max(accuracies)


def test_requirements_are_judged_and_stored(config):
    result = train(config(), require=["test.accuracy>=0", "validation.loss < 0"])
    assert [verdict.passed for verdict in result.requirements] == [True, False]
    stored = json.loads((result.run / "summary.json").read_text())["requirements"]
    loss = result.metrics["validation"]["loss"]
    assert stored[1] == {"text": "validation.loss < 0", "value": loss, "passed": False, "short_by": loss}


@pytest.mark.parametrize("text", ["accuracy>=0.9", "test.acuracy>=0.9", "test.confusion_matrix>1", "test.accuracy>=x"])
def test_a_wrong_requirement_is_refused_before_training(config, text):
    with pytest.raises(UsageError, match="--require"):
        train(config(), require=[text])
    assert not Path("runs").exists()


def test_a_plan_writes_nothing(config):
    path = config()
    before = sorted(Path().rglob("*"))
    ready = plan(path, require=["test.loss<1"])
    assert (ready.name, ready.parameters, ready.threads, ready.run) == ("small", 91, 1, None)
    assert ready.to_json()["data"]["rows"] == {"train": 36, "validation": 12, "test": 12}
    assert sorted(Path().rglob("*")) == before


def test_the_number_of_threads_changes_no_bit_of_a_small_model(config):
    runs = [train(config(threads=threads)) for threads in (1, 2)]
    assert runs[0].metrics == runs[1].metrics
    assert json.loads((runs[1].run / "environment.json").read_text())["threads"] == 2
    assert plan(config(deterministic=True)).threads == 1


def test_the_optimizer_has_no_more_threads_than_there_are_cores(config, monkeypatch):
    made = []
    monkeypatch.setattr("scratchnn.training.trainer.Updater", lambda *a: made.append(a[2]) or Updater(*a))
    train(config(threads=1000))
    assert made == [available_cores()]


@pytest.mark.parametrize("units", [10**12, 10**15, 10**19])
def test_a_network_too_large_is_told_with_its_line(config, units):
    layers = ["relu", {"type": "dense", "units": units}, {"type": "dense", "units": "auto"}]
    message = rf"model\.layers\[1\] \(dense\) has {6 * units:,} parameters, too many .*Use fewer units"
    with pytest.raises(ConfigError, match=message) as caught:
        plan(config(model={"layers": layers}))
    assert caught.value.where.startswith("configs/small.yaml:")


def test_every_few_epochs(config):
    result = train(config(training={"epochs": 7, "checkpoint": {"every_epochs": 3, "keep": 9}}))
    names = sorted(path.name[:6] for path in (result.run / "checkpoints").iterdir())
    assert names == ["000003", "000006", "000007"]


def test_events_come_in_order(config):
    seen = []
    train(config(), listener=seen.append)
    assert [type(event).__name__ for event in seen if type(event).__name__ != "Progress"] == [
        "Ready", "Started", *["EpochEnd"] * 5, "Finished",
    ]  # fmt: skip
    assert seen[0].run == Path("runs/small")
    assert [event.epoch for event in seen if isinstance(event, EpochEnd)] == [1, 2, 3, 4, 5]
