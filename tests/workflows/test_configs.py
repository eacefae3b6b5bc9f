from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scratchnn.config.schema import Config
from scratchnn.errors import ConfigError, ShapeError
from scratchnn.workflows.configs import config_from, load_config, slug
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.threads import available_cores
from scratchnn.workflows.train import plan, resume, train


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("iris.yaml", "iris"),
        ("my run (2).yaml", "my-run--2"),
        ("...yaml", "run"),
        ("é.yaml", "e"),
        ("a.b.yaml", "a.b"),
        ("Müller ½.yaml", "Muller-1-2"),
        ("模型.yaml", "run"),
        ("x" * 120 + ".yaml", "x" * 100),
    ],
)
def test_a_run_is_named_after_its_file(config, file, name):
    path = config()
    assert load_config(path.rename(path.with_name(file))).name == name


@given(st.text(min_size=1))
def test_the_name_of_any_file_is_one_that_a_config_may_have(stem):
    name = slug(stem)
    assert TypeAdapter(Config.model_fields["name"].annotation).validate_python(name) == name
    assert slug(name) == name


@pytest.mark.parametrize("stem", ["ü", "x" * 120])
def test_a_model_of_a_file_with_any_name_can_be_read(config, stem):
    run = train(config().rename(f"configs/{stem}.yaml")).run
    assert evaluate(run).rows == 12
    assert resume(run).status == "completed"


def test_a_name_in_the_config_wins(config):
    assert load_config(config(name="other"), ["seed=3"]).name == "other"
    assert load_config(config(), ["name=mine"]).name == "mine"


def test_relative_paths_start_at_the_config_or_at_the_working_directory(config):
    loaded = load_config(config().resolve())
    assert loaded.base == Path("configs").resolve()
    assert config_from({"data": {"source": "moons"}, "model": {"layers": ["flatten"]}}).base == Path()


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            {"model": {"layers": [{"type": "dense", "units": 7}]}},
            ShapeError,
            r"model\.layers\[0\] \(dense\) gives outputs \(7,\)",
        ),
        ({"loss": "mse"}, ShapeError, r"loss \(mse\) needs numbers as targets, got classes"),
        ({"loss": "binary_cross_entropy"}, ShapeError, r"needs two classes as targets, got 3 classes"),
        ({"metrics": ["rmse"]}, ConfigError, r"metrics\[0\]: rmse is for regression"),
        (
            {"model": {"layers": [{"type": "dense", "units": "auto", "activation": "softmax"}]}},
            ConfigError,
            r"cross_entropy takes raw outputs",
        ),
    ],
)
def test_what_does_not_fit_the_data_is_told_with_its_line(config, changes, kind, message):
    with pytest.raises(kind, match=message) as caught:
        train(config(**changes))
    assert caught.value.where.startswith("configs/small.yaml:")
    assert not Path("runs").exists()


def test_a_missing_plugin(config):
    with pytest.raises(ConfigError, match=r"plugins\[0\]: missing\.py: there is no such file"):
        plan(config(plugins=["missing.py"]))


def test_threads(config):
    def threads(**changes):
        return plan(config(**changes)).threads

    wide = {
        "layers": [
            {"type": "dense", "units": 2000},
            {"type": "dense", "units": 2000},
            {"type": "dense", "units": "auto"},
        ]
    }
    assert threads() == 1  # a step is small
    assert threads(model=wide) == available_cores()
    assert threads(threads=3) == 3
    assert threads(model=wide, deterministic=True) == 1
    assert threads(training={"batch_size": 10**6}) == 1  # there are 36 rows
    assert threads(training={"batch_size": "all"}) == 1


@pytest.mark.parametrize("count", [0, 1025, 100_000])
def test_more_threads_than_any_machine_has_are_refused(config, count):
    with pytest.raises(ConfigError, match="threads"):
        plan(config(threads=count))


@pytest.mark.parametrize("where", ["schedule.warmup_epochs", "schedule"])
def test_every_section_of_a_config_has_its_place(config, where):
    loaded = load_config(config(schedule={"type": "constant", "warmup_epochs": 1}))
    error = loaded.placed(ConfigError("is wrong", where=where))
    assert error.where.startswith("configs/small.yaml:")
    assert error.message == f"{where}: is wrong"


@pytest.mark.parametrize("where", ["models/a.py", "metrics.jsonl:3", "training.csv/b", "loss_of_mine", "data 2"])
def test_what_only_starts_like_a_section_stays(config, where):
    error = ConfigError("is wrong", where=where)
    assert load_config(config()).placed(error) is error
