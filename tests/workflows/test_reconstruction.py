"""Autoencoders from a config to predictions: a table with a category and a constant, and small images."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import yaml

from scratchnn.errors import ConfigError, DataError, ShapeError, UsageError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.gradients import gradcheck
from scratchnn.workflows.inspect import summary, validate
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import resume, train

HIDDEN = [{"type": "dense", "units": 6, "activation": "tanh"}, {"type": "dense", "units": "auto"}]
TABLE = {
    "seed": 3,
    "data": {"source": "t.csv", "task": "reconstruction", "features": {"id": "ignore"}},
    "model": {"layers": [{"type": "dropout", "rate": 0.1}, *HIDDEN]},
    "optimizer": {"type": "adam", "learning_rate": 0.02},
    "training": {"epochs": 40, "batch_size": 16},
}
CONVOLUTIONS = [
    {"type": "gaussian_noise", "deviation": 0.05},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "stride": 2, "padding": "same", "activation": "relu"},
    {"type": "conv2d_transpose", "filters": 1, "kernel_size": 2, "stride": 2},
]
IMAGES = {
    "data": {"source": "i.npz", "task": "reconstruction"},
    "model": {"layers": CONVOLUTIONS},
    "loss": "multi_label_cross_entropy",
    "training": {"epochs": 2, "batch_size": 16},
}

ENTROPY = "multi_label_cross_entropy"
SIGMOID = "{type: dense, units: auto, activation: sigmoid}"


def written(config: dict[str, object], name: str = "c.yaml") -> Path:
    """The config, with the table and the images that it may name."""
    rng = np.random.default_rng(0)
    position = rng.standard_normal(120)
    lines = ["id,x,y,color,unit"]
    for number, x in enumerate(position):
        color = "red" if x > 0.5 else "blue" if x < -0.5 else "green"
        lines.append(f"r{number},{10 + 3 * x:.3f},{500 - 100 * x + 5 * rng.standard_normal():.2f},{color},7")
    Path("t.csv").write_text("\n".join(lines) + "\n")
    ramp = np.linspace(0, 1, 8)
    images = np.multiply.outer(rng.random(60), np.add.outer(ramp, ramp) / 2)
    np.savez("i.npz", inputs=(255 * images).astype(np.uint8)[..., None])
    Path(name).write_text(yaml.safe_dump(config))
    return Path(name)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_is_reconstructed_in_its_own_units_with_the_error_of_each_row():
    run = train(written(TABLE), require=["test.mse<=0.2", "validation.r2>=0.5"])
    assert all(verdict.passed for verdict in run.requirements)
    assert list(run.metrics["test"]) == ["loss", "mse", "mae", "r2"]
    result = predict("t.csv", run.run)
    names = ["x", "y", "color", "unit"]
    assert result.header == [
        "id",
        *names,
        *(f"reconstructed_{name}" for name in names),
        "reconstruction_error",
        "flags",
    ]
    made = rows_of(result.to_csv())
    model = load_model(run.run)
    x, y = model.encoder.inputs.columns[0], model.encoder.inputs.columns[1]
    values = result.predictions.values
    for index, row in enumerate(made):
        assert float(row["reconstructed_x"]) == float(values[index, 0]) * x.scale + x.offset
        assert float(row["reconstructed_unit"]) == 7
        true = [(float(row["x"]) - x.offset) / x.scale, (float(row["y"]) - y.offset) / y.scale]
        true += [float(row["color"] == color) for color in ("blue", "green", "red")] + [0.0]
        assert float(row["reconstruction_error"]) == pytest.approx(np.mean((true - values[index]) ** 2), rel=1e-4)
        assert row["reconstructed_color"] == ("blue", "green", "red")[values[index, 2:5].argmax()]
    assert sum(row["color"] == row["reconstructed_color"] for row in made) > 100
    assert np.corrcoef([[float(r["y"]), float(r["reconstructed_y"])] for r in made], rowvar=False)[0, 1] > 0.95


def test_an_odd_row_has_the_largest_error():
    run = train(written(TABLE)).run
    Path("new.csv").write_text("x,y,color,unit\n10,500,green,7\n13,400,red,7\n13,650,blue,7\n")
    errors = predict("new.csv", run).predictions.errors
    assert errors.argmax() == 2
    assert errors[2] > 5 * errors[:2].max()


def test_new_rows_are_judged_and_a_lacking_column_is_named():
    run = train(written(TABLE)).run
    whole = evaluate(run, data="t.csv", require=["mse<=0.2"])
    assert whole.passed
    assert list(whole.metrics)[:5] == ["loss", "mse", "mae", "r2", "rmse"]
    assert whole.metrics["rmse"] == pytest.approx(whole.metrics["mse"] ** 0.5, rel=1e-12)
    assert whole.metrics["mse"] == pytest.approx(predict("t.csv", run).predictions.errors.mean(), rel=1e-9)
    lines = [line.rsplit(",", 1)[0] for line in Path("t.csv").read_text().splitlines()]
    Path("less.csv").write_text("\n".join(lines) + "\n")
    for judge in (lambda: evaluate(run, data="less.csv"), lambda: predict("less.csv", run)):
        with pytest.raises(DataError, match='there is no column "unit"'):
            judge()


def test_a_run_that_was_stopped_ends_with_the_same_bytes(stopping):
    whole = train(written(IMAGES, "whole.yaml"), run_dir="whole").run
    part = train(written(IMAGES, "whole.yaml"), run_dir="part", **stopping(1))
    assert part.status == "interrupted"
    resume(part.run)
    assert (part.run / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert (part.run / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    shown = load_model(part.run / "model.safetensors")
    assert shown.encoder.task == "reconstruction"
    own = evaluate(part.run, split="validation").metrics["mse"]
    assert own == train(written(IMAGES), run_dir="again").metrics["validation"]["mse"]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "smooth_l1", "log_cosh", "multi_label_cross_entropy"])
def test_images_come_back_in_their_shape_and_units(loss):
    run = train(written({**IMAGES, "loss": loss})).run
    result = predict("i.npz", run)
    assert result.header == ["row", "reconstruction_error"]
    result.write("out.npz")
    with np.load("out.npz") as made, np.load("i.npz") as given:
        assert made["reconstruction"].dtype == np.float32
        assert made["reconstruction"].shape == given["inputs"].shape
        errors = (((made["reconstruction"] - given["inputs"].astype(float)) / 255) ** 2).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(made["reconstruction_error"], errors, rtol=1e-4)
    assert result.left_out == [
        "CSV holds only the errors of reconstructions (8, 8, 1): -o OUT.npz writes the arrays too"
    ]


def test_flat_arrays_have_a_column_for_each_number():
    written(TABLE)
    values = np.random.default_rng(1).normal(50, 9, (40, 3))
    np.savez("flat.npz", inputs=values)
    config = {**TABLE, "data": {"source": "flat.npz", "task": "reconstruction"}}
    run = train(written(config)).run
    result = predict("flat.npz", run)
    assert result.header == ["row", "reconstructed_x1", "reconstructed_x2", "reconstructed_x3", "reconstruction_error"]
    assert result.left_out == []
    assert np.array(result.rows, float)[:, 1:4] == pytest.approx(result.arrays["reconstruction"], rel=1e-6)
    assert 40 < np.array(result.rows, float)[:, 1:4].mean() < 60


def test_a_reconstructed_table_is_an_npz_with_an_array_for_each_column():
    run = train(written(TABLE)).run
    result = predict("t.csv", run)
    result.write("out.npz")
    with np.load("out.npz") as made:
        assert made["reconstructed_color"].tolist() == [row[7] for row in result.rows]
        np.testing.assert_array_equal(made["reconstructed_x"], [float(row[5]) for row in result.rows])
        np.testing.assert_array_equal(made["reconstruction_error"], result.predictions.errors)
        assert made["x"].dtype == np.float64


def test_a_reconstruction_has_no_probabilities():
    run = train(written(TABLE)).run
    with pytest.raises(UsageError, match="the model reconstructs its inputs: there are no probabilities"):
        predict("t.csv", run, proba=True)
    with pytest.raises(UsageError, match="--interval: the model reconstructs its inputs: there is no interval"):
        predict("t.csv", run, interval=0.5)


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        (TABLE, ["model.layers.2.units=5"], r"gives outputs \(5,\), but mse needs \(6,\) to reconstruct the inputs"),
        (IMAGES, ["model.layers.2.filters=2"], r"gives outputs \(8, 8, 2\), but .* needs \(8, 8, 1\)"),
        (IMAGES, ["model.layers.2=flatten"], r"gives outputs \(64,\), .*Add \{type: reshape, shape: \[8, 8, 1\]\}"),
        (IMAGES, ["model.layers.2={type: dense, units: 3}"], r"gives outputs \(4, 4, 3\), .*End with that shape"),
        (IMAGES, ["model.layers=[{type: dense, units: 3}]"], r"gives outputs \(8, 8, 3\), .*Set its units to 1"),
        (TABLE, ["loss=quantile"], r"\(quantile\) needs 18 outputs for 6 inputs, a reconstruction has one for each"),
        (TABLE, ["loss=gaussian_nll"], r"\(gaussian_nll\) needs 12 outputs for 6 inputs"),
        (TABLE, ["loss=cross_entropy"], r"\(cross_entropy\) needs classes as targets, got numbers"),
    ],
)
def test_outputs_and_losses_that_do_not_fit_are_refused(config, overrides, message):
    with pytest.raises(ShapeError) as caught:
        validate(written(config), overrides)
    assert caught.match(message)


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        (TABLE, ["loss=multi_label_cross_entropy"], r"reconstructs inputs from 0 to 1, but they go from -\d"),
        (IMAGES, ["data.input_scale=standard"], "reconstructs inputs from 0 to 1, but they go from -"),
        (IMAGES, ["data.input_scale=none"], r"reconstructs inputs from 0 to 1, but they go from 0 to 2\d\d\."),
        (TABLE, ["loss=mape"], "mape needs the targets as they are in the data, but they are scaled. Set scale: none"),
        (IMAGES, ["loss=poisson"], "poisson needs the targets as they are .* Set data.input_scale: none"),
        (
            TABLE,
            [f"loss={{type: weighted_sum, terms: [{{loss: mse}}, {{loss: {ENTROPY}}}]}}"],
            "from 0 to 1, but they go",
        ),
        (TABLE, ["loss={type: weighted_sum, terms: [{loss: mse}, {loss: mape}]}"], "needs the targets as they are in"),
        (IMAGES, ["loss=multi_label_dice"], "is neither 0 nor 1, but multi_label_dice takes labels"),
        (IMAGES, ["loss=gamma", "data.input_scale=none"], "the target 0 is not above 0, but gamma takes amounts"),
        (
            TABLE,
            ["metrics=[accuracy]"],
            "accuracy is for classification and language_modeling. A reconstruction is measured by metrics for",
        ),
        (
            TABLE,
            ["training.class_weights=balanced"],
            "class weights need one class a sample, but the model",
        ),
        (TABLE, ["data.target=x"], "reconstruction learns the inputs themselves. Remove `target`"),
        (IMAGES, [f"model.layers=[flatten, {SIGMOID}, {{type: reshape, shape: [8, 8, 1]}}]"], "not those of a sigmoid"),
    ],
)
def test_settings_that_mean_nothing_here_are_refused(config, overrides, message):
    with pytest.raises(ConfigError) as caught:
        validate(written(config), overrides)
    assert caught.match(message)


@pytest.mark.parametrize(
    ("config", "overrides"),
    [
        (TABLE, ["data.split={type: random, stratify: true}"]),
        (TABLE, ["data.features={id: ignore, x: ignore, y: ignore, unit: ignore}", "loss=multi_label_cross_entropy"]),
        (TABLE, ["data.features={id: ignore, color: ignore, y: ignore, unit: ignore}"]),
        (TABLE, ["data.features={id: ignore, y: ignore, x: {type: number, scale: min_max}}", f"loss={ENTROPY}"]),
        (
            TABLE,
            [
                "data.features={id: ignore, color: ignore, unit: ignore, x: ignore, y: {type: number, scale: none}}",
                "loss=mape",
            ],
        ),
    ],
)
def test_few_columns_and_other_losses_train_where_they_fit(config, overrides):
    result = train(written(config), overrides=[*overrides, "training.epochs=2"])
    assert np.isfinite(result.metrics["test"]["loss"])


def test_the_checks_of_a_config_know_it():
    path = written(IMAGES)
    assert validate(path).data["task"] == "reconstruction"
    assert [row.output for row in summary(path).layers][-1] == (8, 8, 1)
    assert gradcheck(path).passed
    flat = ["flatten", {"type": "dense", "units": 3}, {"type": "dense", "units": "auto"}]
    reshaped = {**IMAGES, "model": {"layers": [*flat, {"type": "reshape", "shape": [8, 8, 1]}]}}
    assert [row.output for row in summary(written(reshaped)).layers] == [(64,), (3,), (64,), (8, 8, 1)]
    assert gradcheck(written(reshaped)).passed
