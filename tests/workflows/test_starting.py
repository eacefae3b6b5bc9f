"""Fine-tuning: what is taken from another model, what is refused by name, and that such a run can be killed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnn
from scratchnn.errors import ConfigError, DataError, ModelError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.model import load_model
from scratchnn.workflows.train import plan

HEAD = ["4.weight", "4.bias"]
BODY = ["0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_variance"]


def arrays(run: Path) -> dict[str, np.ndarray]:
    return ModelFile.read(run / "model.safetensors").arrays


@pytest.fixture
def base(config) -> Path:
    """A trained run: dense 8, batch_norm, relu, dropout, dense 3."""
    return scratchnn.train(config("base"), run_dir="runs/base").run


def taken_by(config: Any, base: Path, **settings: Any) -> Any:
    """The report, by a dry run."""
    path = config("next", **{"from": {"path": f"../{base}", **settings}})
    return plan(path).started


@pytest.fixture
def frozen() -> dict[str, Any]:
    """Training that changes no weight, to see the start in the model file."""
    return {"optimizer": {"type": "sgd", "learning_rate": 1e-30}, "training": {"epochs": 1, "early_stopping": None}}


def test_all_arrays_are_taken_weights_and_running_statistics(config, base, frozen):
    run = scratchnn.train(config("next", **frozen), from_model=base)
    assert sorted(run.started.taken) == sorted(BODY + HEAD)
    assert run.started.skipped == run.started.fresh == run.started.unused == []
    start = {"path": f"../{base}", "skip": ["1.running_mean"]}
    without = scratchnn.train(config("without", **frozen, **{"from": start}))
    old, new, other = arrays(base), arrays(run.run), arrays(without.run)
    for name in ("0.weight", "4.weight", "1.gamma"):
        np.testing.assert_array_equal(new[name], old[name])
    left = 0.9 ** (-(-36 // 8))  # each step of the epoch moves it by a tenth
    shift = new["1.running_mean"] - other["1.running_mean"]
    np.testing.assert_allclose(shift, left * old["1.running_mean"], atol=1e-6)
    assert np.abs(old["1.running_mean"]).max() > 0.01
    model = load_model(run.run)
    assert model.encoder == load_model(base).encoder


def test_a_bare_path_takes_all(config, base):
    assert sorted(plan(config("next", **{"from": f"../{base}"})).started.taken) == sorted(BODY + HEAD)
    assert sorted(plan(config("next", **{"from": f"../{base}/model.safetensors"})).started.taken) == sorted(BODY + HEAD)


def test_patterns_choose(config, base):
    made = taken_by(config, base, take=["0.*", "1.*"], skip=["*.bias"])
    assert sorted(made.taken) == sorted(set(BODY) - {"0.bias"})
    assert sorted(made.skipped) == ["0.bias", "4.bias", "4.weight"]
    assert made.fresh == made.unused == []


def test_a_larger_network_starts_the_rest_afresh(config, base):
    layers = [{"type": "dense", "units": 8}, "batch_norm", "relu", {"type": "dense", "units": 4}]
    layers += [{"type": "dense", "units": "auto"}]
    path = config("next", model={"layers": layers}, **{"from": {"path": f"../{base}", "skip": ["4.*"]}})
    made = plan(path).started
    assert sorted(made.taken) == sorted(BODY)
    assert made.fresh == ["3.weight", "3.bias"]
    assert made.skipped == ["4.weight", "4.bias"]
    layers = [{"type": "dense", "units": 8}, "relu", {"type": "dense", "units": "auto"}]
    made = plan(config("next", model={"layers": layers}, **{"from": {"path": f"../{base}", "take": ["0.*"]}})).started
    assert made.taken == ["0.weight", "0.bias"]
    assert sorted(made.unused) == sorted({*BODY, *HEAD} - {"0.weight", "0.bias"})
    assert made.skipped == []
    assert made.fresh == ["2.weight", "2.bias"]


def test_names_may_move(config, base, frozen):
    layers = [{"type": "dropout", "rate": 0.1}, {"type": "dense", "units": 8}, "batch_norm", "relu"]
    layers += [{"type": "dense", "units": "auto"}]
    start = {"path": f"../{base}", "rename": {"0": "1", "1": "2"}}
    run = scratchnn.train(config("next", model={"layers": layers}, **{"from": start}, **frozen))
    old, new = arrays(base), arrays(run.run)
    np.testing.assert_array_equal(new["1.weight"], old["0.weight"])
    np.testing.assert_array_equal(new["2.gamma"], old["1.gamma"])
    np.testing.assert_array_equal(new["4.weight"], old["4.weight"])
    with pytest.raises(ConfigError, match=r'from\.rename: no array of .* begins with "7"'):
        taken_by(config, base, rename={"7": "1"})
    with pytest.raises(ConfigError, match=r"from\.rename: two arrays of .* would be 4\.(weight|bias)"):
        taken_by(config, base, rename={"0": "4"})


def test_another_shape_is_refused_by_name_with_the_mend(config, base):
    path = config(
        "next", model={"layers": [{"type": "dense", "units": 5}, "batch_norm", {"type": "dense", "units": "auto"}]}
    )
    with pytest.raises(ConfigError) as caught:
        plan(path, from_model=base)
    text = str(caught.value)
    assert "0.weight is (5, 8) in the model and (5, 5) here" in text
    assert "1.running_mean is (8,) in the model and (5,) here" in text
    assert 'from.skip: ["0.*", "1.*"]' in text
    assert "next.yaml" in caught.value.where
    loose = config(
        "next",
        **{"from": {"path": f"../{base}", "mismatch": "skip"}},
        model={"layers": [{"type": "dense", "units": 8}, {"type": "dense", "units": "auto"}]},
    )
    made = plan(loose).started
    assert made.taken == ["0.weight", "0.bias"]
    assert made.mismatched == {}
    assert made.fresh == ["1.weight", "1.bias"]
    wide = config(
        "next",
        **{"from": {"path": f"../{base}", "mismatch": "skip"}},
        model={
            "layers": [
                {"type": "dense", "units": 8},
                "batch_norm",
                "relu",
                {"type": "dropout"},
                {"type": "dense", "units": 2},
                {"type": "dense", "units": "auto"},
            ]
        },
    )
    made = plan(wide).started
    assert made.mismatched == {"4.weight": ((8, 3), (8, 2)), "4.bias": ((3,), (2,))}
    assert sorted(made.taken) == sorted(BODY)


def other_classes(table: Any, write: Any, names: dict[str, str]) -> None:
    rows = [row | {"kind": names[row["kind"]]} for row in table(seed=3) if row["kind"] in names]
    write("data/other.csv", rows)


def test_a_new_head_for_new_classes(config, base, table, write):
    other_classes(table, write, {"k0": "a", "k1": "b"})
    path = config("next", data={"source": "../data/other.csv"})
    with pytest.raises(ConfigError) as caught:
        plan(path, from_model=base)
    text = str(caught.value)
    assert "4.weight is (8, 3) in the model and (8, 1) here" in text
    assert "The last layer has the 3 classes k0, k1, k2 there and the 2 classes a, b here" in text
    assert 'from.skip: ["4.*"]' in text
    path = config("next", data={"source": "../data/other.csv"}, **{"from": {"path": f"../{base}", "skip": ["4.*"]}})
    run = scratchnn.train(path)
    assert run.started.skipped == HEAD
    assert load_model(run.run).encoder.class_names == ["a", "b"]


def test_a_head_of_the_same_shape_for_other_classes_is_refused(config, base, table, write):
    other_classes(table, write, {"k0": "a", "k1": "b", "k2": "c"})
    path = config("next", data={"source": "../data/other.csv"})
    with pytest.raises(
        ConfigError,
        match=r"stand for the 3 classes k0, k1, k2, .* for the 3 classes a, b, c.*from\.skip: \[\"4\.\*\"\]",
    ):
        plan(path, from_model=base)
    assert plan(
        config("next", data={"source": "../data/other.csv"}, **{"from": {"path": f"../{base}", "skip": ["4.*"]}})
    )


def test_the_order_of_the_same_classes_is_kept_or_refused(config, table, write):
    base = scratchnn.train(config("base", data={"class_order": ["k2", "k0", "k1"]}), run_dir="runs/base").run
    made = scratchnn.train(config("next"), from_model=base)
    assert load_model(made.run).encoder.class_names == ["k2", "k0", "k1"]
    assert made.metrics["test"]["accuracy"] > 0.5  # a head in another order would be wrong nearly always
    for changes in (
        {"data": {"class_order": ["k0", "k1", "k2"]}},
        {"from": {"path": f"../{base}", "preprocessing": "refit"}},
    ):
        with pytest.raises(ConfigError, match=r"data\.class_order: \[k2, k0, k1\] to keep the model's order"):
            plan(config("next", **changes), from_model=None if "from" in changes else base)
    fitting = {"data": {"class_order": ["k2", "k0", "k1"]}, "from": {"path": f"../{base}", "preprocessing": "refit"}}
    assert plan(config("next", **fitting)).started.taken


def test_preprocessing_is_kept_or_refitted(config, base, table, write):
    rows = [row | {"x": f"{float(row['x']) * 10 + 100:.3f}"} for row in table(seed=3)]
    write("data/table2.csv", rows)
    changes: dict[str, Any] = {"data": {"source": "../data/table2.csv"}}
    kept = scratchnn.train(config("next", **changes), from_model=base)
    old, new = load_model(base).encoder, load_model(kept.run).encoder
    assert new.inputs == old.inputs
    changes["from"] = {"path": f"../{base}", "preprocessing": "refit"}
    again = scratchnn.train(config("next", **changes))
    column = load_model(again.run).encoder.inputs.columns[0]
    assert column.name == "x"
    assert column.offset > 90
    assert again.started.to_json()["preprocessing"] == "refit"


def test_numbers_keep_their_scale(config, table, write):
    numbers = {"target": "price", "features": {"kind": "ignore", "price": None}}
    base = scratchnn.train(config("base", data=numbers), run_dir="runs/base").run
    write("data/dear.csv", [row | {"price": f"{float(row['price']) * 3:.2f}"} for row in table(seed=3)])
    kept = scratchnn.train(config("next", data={**numbers, "source": "../data/dear.csv"}), from_model=base)
    assert load_model(kept.run).encoder.target == load_model(base).encoder.target
    refit = {
        "data": {**numbers, "source": "../data/dear.csv"},
        "from": {"path": f"../{base}", "preprocessing": "refit"},
    }
    made = scratchnn.train(config("next", **refit))
    assert load_model(made.run).encoder.target != load_model(base).encoder.target
    assert made.started.notes == [
        "the targets are scaled in another way than those of the model, whose last layer is taken"
    ]


def test_columns_must_be_those_of_the_model(config, base, table, write):
    write("data/less.csv", table(seed=3), ["id", "x", "color", "kind", "price"])
    with pytest.raises(
        DataError, match=r'needs "y", but there is no such column.*They have id, x, .*from\.preprocessing: refit'
    ):
        plan(config("next", data={"source": "../data/less.csv"}), from_model=base)
    write("data/more.csv", [row | {"z": "1"} for row in table(seed=3)])
    named = {"source": "../data/more.csv", "features": {"z": "number"}}
    with pytest.raises(DataError, match=r'data\.features names "z", which is no column of the model'):
        plan(config("next", data=named), from_model=base)
    made = plan(config("next", data={"source": "../data/more.csv"}), from_model=base)
    assert "z" in made.data["columns"]["ignore"]


def test_what_cannot_be_started_from(config, base, table):
    with pytest.raises(ModelError, match=r"runs/bass: no such run directory or file.*Did you mean"):
        plan(config("next"), from_model="runs/bass")
    for key in ("take", "skip"):
        with pytest.raises(ConfigError, match=rf'from\.{key}\[0\]: no parameter matches "9\.\*"'):
            taken_by(config, base, **{key: ["9.*"]})
    with pytest.raises(ConfigError, match=r"from: nothing is taken from "):
        taken_by(config, base, skip=["*"])
    Path("broken.safetensors").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.safetensors"):
        plan(config("next"), from_model="broken.safetensors")
    stored = ModelFile.read(base / "model.safetensors")
    stored.arrays["0.weight"][0, 0] = np.nan
    stored.write(Path("nan.safetensors"))
    with pytest.raises(ModelError, match=r"nan\.safetensors: 0\.weight holds numbers that are not finite"):
        plan(config("next"), from_model="nan.safetensors")
    assert not Path("runs/next").exists()


def test_another_architecture_names_what_it_has(config, base):
    layers = [{"type": "column_embedding"}, {"type": "dense", "units": "auto", "bias": False}]
    data = {"features": {"color": {"type": "category", "encode": "embedding"}}}
    other = scratchnn.train(config("other", data=data, model={"layers": layers}), run_dir="runs/other").run
    start = {"path": f"../{other}", "preprocessing": "refit"}
    with pytest.raises(
        ConfigError, match=r"from: nothing is taken from runs/other/model\.safetensors: it has .*weight"
    ):
        plan(config("next", **{"from": start}))


def test_another_dtype_is_converted_and_told(config, base, frozen):
    run = scratchnn.train(config("next", model={"dtype": "float64"}, **frozen), from_model=base)
    assert run.started.notes == ["float32 numbers were converted to float64"]
    np.testing.assert_array_equal(arrays(run.run)["4.weight"], arrays(base)["4.weight"].astype(np.float64))


def test_the_report_is_everywhere(config, base):
    run = scratchnn.train(config("next", **{"from": {"path": f"../{base}", "skip": ["4.*"]}}))
    summary = json.loads((run.run / "summary.json").read_text())["from"]
    assert summary["taken"] == BODY
    assert summary["skipped"] == HEAD
    assert (summary["mismatched"], summary["fresh"], summary["unused"]) == ({}, [], [])
    assert summary["preprocessing"] == "keep"
    log = (run.run / "train.log").read_text()
    assert "took 6 of 8 arrays; preprocessing kept" in log
    assert f"took {', '.join(BODY)}" in log
    assert "skipped 4.weight, 4.bias" in log


def test_weights_that_are_taken_are_not_calibrated(config, base, frozen):
    path = config("next", model={"init": "lsuv"}, **{"from": {"path": f"../{base}", "skip": ["4.*"]}}, **frozen)
    new = arrays(scratchnn.train(path).run)
    np.testing.assert_array_equal(new["0.weight"], arrays(base)["0.weight"])
    assert not np.array_equal(new["4.weight"], arrays(base)["4.weight"])


def test_rates_by_layer_go_with_it(config, base):
    groups = [{"match": "0.*", "learning_rate_factor": 0}, {"match": "4.*", "learning_rate_factor": 2}]
    new = arrays(scratchnn.train(config("next", optimizer={"groups": groups}), from_model=base).run)
    np.testing.assert_array_equal(new["0.weight"], arrays(base)["0.weight"])
    assert not np.array_equal(new["4.weight"], arrays(base)["4.weight"])


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_killed_run_goes_on_without_the_model(config, base, stopping, epoch):
    path = config("next", **{"from": {"path": f"../{base}", "skip": ["4.*"]}})
    whole = scratchnn.train(path, run_dir="runs/whole").run
    part = scratchnn.train(path, run_dir="runs/part", **stopping(epoch)).run
    shutil.move(base, "elsewhere")
    scratchnn.resume(part)
    assert (part / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert (part / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()


def test_a_run_that_was_killed_before_its_first_checkpoint(config, base, stopping):
    path = config("next", **{"from": f"../{base}"})
    whole = scratchnn.train(path, run_dir="runs/whole").run
    part = scratchnn.train(path, run_dir="runs/part", **stopping(1)).run
    shutil.rmtree(part / "checkpoints")
    (part / "model.safetensors").unlink()
    shutil.rmtree(base)
    scratchnn.resume(part)
    assert (part / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert scratchnn.evaluate(part, split="train").metrics == scratchnn.evaluate(whole, split="train").metrics


def test_a_config_may_be_given_to_resume(config, base, stopping):
    path = config("next", **{"from": f"../{base}"})
    part = scratchnn.train(path, run_dir="runs/part", **stopping(2)).run
    shutil.rmtree(base)
    config("next", **{"from": f"../{base}"}, training={"epochs": 6})
    assert scratchnn.resume(part, config=path).epochs == 6
    config("next", **{"from": {"path": f"../{base}", "skip": ["4.*"]}}, training={"epochs": 7})
    with pytest.raises(ModelError, match=r"was made with another config: from\.skip"):
        scratchnn.resume(part, config=path)


def test_the_runs_own_config_trains_again(config, base):
    first = scratchnn.train(config("next"), from_model=base).run
    again = scratchnn.train(first / "config.yaml", run_dir="runs/again").run
    assert (first / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


def test_target_encodings_of_another_model_are_not_fitted_on_the_new_rows(config, base):
    """A kept encoding knows nothing of the new targets: training rows are encoded as all others, also when judged."""
    data = {"features": {"color": {"type": "category", "encode": "target"}}}
    first = scratchnn.train(config("first", data=data), run_dir="runs/first").run
    run = scratchnn.train(config("next", data=data), from_model=first).run
    assert scratchnn.evaluate(run, split="train").rows == 36
    assert scratchnn.evaluate(first, split="train").rows == 36


def test_texts_keep_their_vocabulary():
    Path("a.txt").write_text("abcab cabca bcabc " * 30)
    Path("b.txt").write_text("bcxab cabxa bcabc " * 30)
    layers = [{"type": "embedding", "units": 4}, {"type": "lstm", "units": 4, "return_sequences": True}]
    made: dict[str, Any] = {
        "data": {"source": {"type": "text", "path": "a.txt", "context": 8}},
        "model": {"layers": [*layers, {"type": "dense", "units": "auto"}]},
        "training": {"epochs": 1},
    }
    base = scratchnn.train(made, run_dir="runs/base").run
    made["data"] = {"source": {"type": "text", "path": "b.txt", "context": 6}}
    run = scratchnn.train(made, from_model=base).run
    inputs = load_model(run).encoder.inputs
    assert (inputs.vocabulary, inputs.context) == (load_model(base).encoder.inputs.vocabulary, 6)
    made["data"]["source"]["tokens"] = "words"
    with pytest.raises(DataError, match=r"has characters as tokens, the source words"):
        plan(made, from_model=base)


@pytest.mark.parametrize("until", [None, 1])
def test_a_table_that_is_tied_to_the_output_stays_frozen_at_both_ends(until):
    Path("text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 20)
    tied = {"type": "tied_embedding", "units": 8, "layers": [{"type": "lstm", "units": 8, "return_sequences": True}]}
    config = {
        "data": {"source": {"type": "text", "path": "text.txt", "context": 8}},
        "model": {"layers": [tied]},
        "training": {"epochs": 1, "freeze": [{"match": "0.weight", "until": until}]},
    }
    one = arrays(scratchnn.train(config, run_dir="one", overrides=["training.freeze=[]"]).run)
    first, second = (
        arrays(scratchnn.train(config, run_dir=f"frozen-{n}", overrides=[f"training.epochs={n}"]).run) for n in (1, 2)
    )
    assert not np.array_equal(one["0.weight"], first["0.weight"])
    assert np.array_equal(first["0.weight"], second["0.weight"]) == (until is None)
    inner = next(name for name in first if name != "0.weight")
    assert not np.array_equal(first[inner], second[inner])


def test_large_tables(config, base):
    changes = {"data": {"cache": "always"}}
    small = scratchnn.train(config("next"), from_model=base)
    large = scratchnn.train(config("next", **changes), from_model=base)
    assert large.metrics == small.metrics
    assert scratchnn.evaluate(large.run, split="train").metrics == scratchnn.evaluate(small.run, split="train").metrics
