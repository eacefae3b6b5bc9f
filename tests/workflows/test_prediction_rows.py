"""What stands beside the input rows: intervals and flags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.preparation import read_path
from scratchnn.errors import ModelError, UsageError
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train


def column(result, name):
    place = result.header.index(name)
    return [row[place] for row in result.rows]


def numbers(result, name):
    return np.array(column(result, name), float)


@pytest.fixture
def regression(config):
    """Trains on x, y and color to tell the price, with a loss."""

    def made(loss, **data):
        features = {"price": None, "kind": "ignore"}
        model = {"layers": [{"type": "dense", "units": "auto"}]}
        training = {"epochs": 60, "early_stopping": {"patience": 60}}
        data = {"target": "price", "features": features, **data}
        return train(config("price", data=data, loss=loss, model=model, training=training)).run

    return made


def test_a_gaussian_tells_mean_deviation_and_an_interval(regression, table, write):
    run = regression("gaussian_nll")
    data = write("new.csv", table(400, 5))
    result = predict(data, run, columns=["id"])
    names = ["predicted_price", "lower_price", "upper_price", "deviation_price"]
    assert result.header == ["id", *names, "flags"]
    mean, lower, upper, deviation = (numbers(result, name) for name in names)
    assert (deviation > 0).all()
    np.testing.assert_allclose(upper - mean, 1.6448536269514722 * deviation, rtol=1e-3)
    np.testing.assert_allclose(mean - lower, 1.6448536269514722 * deviation, rtol=1e-3)
    model = load_model(run)
    outputs = model.built.network.predict(model.encoder.encode_inputs(read_path(data)))
    scale, offset = model.encoder.target.width[0], model.encoder.target.offset[0]
    np.testing.assert_allclose(deviation, np.exp(outputs[:, 1] / 2) * scale, rtol=1e-5)  # in the target's units
    np.testing.assert_allclose(mean, outputs[:, 0] * scale + offset, rtol=1e-5)
    narrow = predict(data, run, columns=["id"], interval=0.5)
    np.testing.assert_allclose(numbers(narrow, "upper_price") - mean, 0.6744897501960817 * deviation, rtol=1e-3)
    np.testing.assert_array_equal(narrow.arrays["upper"][:, 0], numbers(narrow, "upper_price"))


def test_learned_quantiles_and_the_interval_between_two_of_them(regression, table, write):
    run = regression({"type": "quantile", "quantiles": [0.5, 0.05, 0.95, 0.3]})
    data = write("new.csv", table(400, 5))
    result = predict(data, run, columns=[])
    names = [f"quantile_{share}_price" for share in (0.05, 0.3, 0.5, 0.95)]
    assert result.header == ["predicted_price", *names, "flags"]
    low, some, middle, high = (numbers(result, name) for name in names)
    assert column(result, "predicted_price") == column(result, "quantile_0.5_price")
    assert low.mean() < some.mean() < middle.mean() < high.mean()
    truth = np.array([float(row["price"]) for row in table(400, 5)])
    assert np.mean(truth < low) < 0.3 < 0.7 < np.mean(truth < high)
    assert result.arrays["quantiles"].shape == (400, 4, 1)
    np.testing.assert_array_equal(result.arrays["quantiles"][:, 3, 0], high)
    crossed = int(((some < low) | (middle < some) | (high < middle)).sum())
    assert any(f"in {crossed} row" in note for note in result.notes) == (crossed > 0)
    within = predict(data, run, columns=[], interval=0.9)
    assert within.header[:3] == ["predicted_price", "lower_price", "upper_price"]
    assert column(within, "lower_price") == column(result, names[0])
    assert column(within, "upper_price") == column(result, names[3])
    with pytest.raises(UsageError, match=r"learned: 0\.05, 0\.3, 0\.5, 0\.95\. Use --interval 0\.9"):
        predict(data, run, interval=0.8)


def test_crossing_quantiles_are_noted(regression, table, write):
    run = regression({"type": "quantile", "quantiles": [0.1, 0.9]})
    model = load_model(run)
    parameters = model.built.network.arena.parameters
    parameters[...] = np.random.default_rng(1).standard_normal(parameters.shape)
    result = predict(write("new.csv", table(50)), model)
    crossed = int((numbers(result, "quantile_0.1_price") > numbers(result, "quantile_0.9_price")).sum())
    assert 1 < crossed < 50
    assert result.notes == [f"in {crossed} rows a higher quantile is below a lower one"]


@pytest.mark.parametrize("interval", [0.0, 1.0, -0.5, 90.0, float("nan")])
def test_an_interval_is_a_probability(regression, interval):
    with pytest.raises(UsageError, match=r"--interval: got .*, expected a probability between 0 and 1"):
        predict("data/table.csv", regression("gaussian_nll"), interval=interval)


def test_losses_without_an_interval(regression, config):
    with pytest.raises(
        UsageError, match=r"no interval: its loss is mse\. Train with the loss gaussian_nll or quantile"
    ):
        predict("data/table.csv", regression("mse"), interval=0.9)
    with pytest.raises(UsageError, match="--interval: the target is a class"):
        predict("data/table.csv", train(config()).run, interval=0.9)


def test_a_deviation_that_is_not_finite_is_refused(regression, table, write):
    run = regression("gaussian_nll")
    rows = table(300)
    rows[290]["x"], rows[291]["x"] = "1e30", "-1e30"  # the log variance of one of them overflows
    with pytest.raises(ModelError, match=r"the prediction for row 29[01] is not a finite number"):
        predict(write("new.csv", rows), run)


def test_flags_name_every_reason(config, table, write):
    run = train(config(data={"features": {"x": {"type": "number", "missing": "median"}}})).run
    rows = table(4)
    rows[1]["color"] = rows[3]["color"] = "violet"
    rows[2]["x"] = rows[3]["x"] = "NA"
    result = predict(write("new.csv", rows), run)
    assert column(result, "flags") == ["", "unseen:color", "missing:x", "missing:x;unseen:color"]
    assert result.flags == {"missing:x": 2, "unseen:color": 2}
    assert result.flagged == 3
    assert result.notes == [
        "x: 2 cells have no value",
        "color: 2 cells hold a level that training never saw",
    ]
    assert result.arrays["flags"].tolist() == column(result, "flags")
    result.write("out.jsonl")
    assert '"x": null' in Path("out.jsonl").read_text().splitlines()[2]
    result.write("out.npz")
    with np.load("out.npz") as made:
        np.testing.assert_array_equal(made["x"], [*(float(row["x"]) for row in rows[:2]), np.nan, np.nan])


def test_only_a_column_that_can_be_flagged_brings_flags(config):
    features = {"color": "ignore", "x": {"type": "number", "missing": "mean"}}
    assert predict("data/table.csv", train(config(data={"features": features})).run).header[-1] == "flags"


def test_only_models_that_can_flag_have_flags(config, write, table):
    features = {"color": "ignore", "id": "ignore", "price": "ignore"}
    result = predict("data/table.csv", train(config(data={"features": features})).run)
    assert result.header[-1] == "prediction"
    assert result.flags == {}
    assert "flags" not in result.arrays


def test_a_column_named_flags_keeps_its_name(config, write, table):
    run = train(config()).run
    result = predict(write("new.csv", [{**row, "flags": "mine"} for row in table(3)]), run)
    assert result.header[-2:] == ["prediction", "flags_2"]
    assert column(result, "flags") == ["mine"] * 3
