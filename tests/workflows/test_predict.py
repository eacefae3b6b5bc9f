from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import DataError, ModelError, StorageError, UsageError
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train


@pytest.fixture
def run(config):
    return train(config()).run


def cells(result, name):
    place = result.header.index(name)
    return [row[place] for row in result.rows]


def test_predictions_are_joined_to_the_rows_in_their_order(run, table, write):
    rows = table(300, seed=3)  # more than one pass of the network
    result = predict(write("new.csv", rows), run)
    assert result.header == ["id", "x", "y", "color", "kind", "price", "prediction", "flags"]
    assert cells(result, "id") == [row["id"] for row in rows]
    hits = np.mean([row["kind"] == label for row, label in zip(rows, cells(result, "prediction"), strict=True)])
    assert hits > 0.5  # guessing is a third
    order = np.random.default_rng(0).permutation(300)
    shuffled = predict(write("shuffled.csv", [rows[place] for place in order]), run)
    assert cells(shuffled, "id") == [f"r{place}" for place in order]
    labels = cells(result, "prediction")
    assert cells(shuffled, "prediction") == [labels[place] for place in order]


def test_the_model_file_alone_is_enough(run, table, write, tmp_path, monkeypatch):
    data = write("new.csv", table(20, 3)).resolve()
    expected = predict(data, run, proba=True)
    shutil.copy(run / "model.safetensors", tmp_path / "shipped.safetensors")
    shutil.rmtree("runs")
    shutil.rmtree("data")
    monkeypatch.chdir(tmp_path)
    result = predict(data, "shipped.safetensors", proba=True)
    assert (result.header, result.rows) == (expected.header, expected.rows)


def test_the_target_is_not_needed_and_columns_may_come_in_any_order(run, table, write):
    rows = table(20, 3)
    whole = predict(write("a.csv", rows), run, proba=True)
    for row in rows:
        row["extra"] = "anything"
    fewer = predict(write("b.csv", rows, ["extra", "color", "y", "x"]), run, proba=True)
    assert fewer.header[:5] == ["extra", "color", "y", "x", "prediction"]
    assert [row[4:] for row in fewer.rows] == [row[6:] for row in whole.rows]


def test_a_missing_column_is_named(run, table, write):
    with pytest.raises(DataError, match='"y"'):
        predict(write("b.csv", table(5), ["x", "color"]), run)


def test_chosen_columns(run, table, write):
    data = write("a.csv", table(5))
    result = predict(data, run, columns=["price", "id"])
    assert result.header == ["price", "id", "prediction", "flags"]
    assert cells(result, "id") == ["r0", "r1", "r2", "r3", "r4"]
    alone = predict(data, run, columns=[])
    assert alone.header == ["prediction", "flags"]
    assert [row[0] for row in alone.rows] == cells(result, "prediction")
    with pytest.raises(UsageError, match=r'--columns: no column "pricee"\. Did you mean "price"\?'):
        predict(data, run, columns=["pricee"])


def test_probabilities_sum_to_1_and_the_largest_is_the_prediction(run, table, write):
    result = predict(write("a.csv", table(50, 9)), run, proba=True, columns=["id"])
    assert result.header == ["id", "prediction", "probability_k0", "probability_k1", "probability_k2", "flags"]
    values = np.array([[float(cell) for cell in row[2:-1]] for row in result.rows])
    np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-6)
    assert [f"k{place}" for place in values.argmax(axis=1)] == cells(result, "prediction")
    np.testing.assert_array_equal(values.astype(np.float32), result.predictions.values)


def test_two_classes(config, table, write):
    write("data/table.csv", [row for row in table(90) if row["kind"] != "k2"])
    run = train(config()).run
    result = predict("data/table.csv", run, proba=True, columns=[])
    assert result.header == ["prediction", "probability_k0", "probability_k1", "flags"]
    values = np.array([[float(cell) for cell in row[1:-1]] for row in result.rows])
    np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-6)
    assert cells(result, "prediction") == ["k0" if first >= second else "k1" for first, second in values]


def regression(config, **more):
    features = {"price": None, "kind": "ignore"}
    return config(
        "price",
        data={"target": "price", "features": features},
        training={"epochs": 60, "early_stopping": {"patience": 60}},
        **more,
    )


def test_regression_is_in_the_targets_units(config, table, write):
    run = train(regression(config, model={"layers": [{"type": "dense", "units": "auto"}]})).run
    rows = table(50, 9)
    result = predict(write("a.csv", rows), run, columns=["price"])
    assert result.header == ["price", "predicted_price", "flags"]
    truth, made = (np.array([float(cell) for cell in cells(result, name)]) for name in result.header[:2])
    assert np.abs(made - truth).mean() < 60  # prices spread by 260
    with pytest.raises(UsageError, match="--proba: the target is a number"):
        predict("a.csv", run, proba=True)


def test_names_that_clash_get_a_number(run, table, write):
    rows = [{**row, "prediction": "mine", "prediction_2": "also mine"} for row in table(3)]
    result = predict(write("a.csv", rows), run)
    assert result.header[-4:-1] == ["prediction", "prediction_2", "prediction_3"]
    assert cells(result, "prediction") == ["mine"] * 3
    assert set(cells(result, "prediction_3")) <= {"k0", "k1", "k2"}


def test_levels_that_training_never_saw_are_noted(run, table, write):
    rows = table(4)
    rows[1]["color"] = rows[2]["color"] = "violet"
    assert predict(write("a.csv", rows), run).notes == ["color: 2 cells hold a level that training never saw"]


def test_the_csv_reads_back(run, table, write, tmp_path):
    rows = table(5)
    rows[0]["id"] = 'a "quoted"; cell'
    result = predict(write("a.csv", rows, delimiter=","), run)
    result.write(tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text()
    assert text == result.to_csv()
    assert "\r" not in text
    assert list(csv.reader(io.StringIO(text))) == [result.header, *result.rows]
    with pytest.raises(StorageError):
        result.write(tmp_path / "missing" / "out.csv")


def test_the_delimiter_is_that_of_the_training(config, table, write):
    write("data/semi.csv", table(), delimiter=";")
    source = {"type": "csv", "path": "../data/semi.csv", "delimiter": ";"}
    run = train(config(data={"source": source})).run
    assert len(predict(write("new.csv", table(4), delimiter=";"), run / "model.safetensors").rows) == 4


def wide(config):
    layers = [{"type": "dense", "units": 300}, {"type": "dense", "units": 300}, {"type": "dense", "units": "auto"}]
    return train(config("wide", model={"layers": layers})).run


def test_numbers_too_large_for_the_network(config, table, write):
    run = wide(config)
    rows = table(3)
    rows[2] |= {"x": "3e38", "y": "-3e38"}
    with pytest.raises(ModelError, match="the prediction for row 2 is not a finite number"):
        predict(write("a.csv", rows), run)


def test_a_model_reads_arrays_too(config):
    source = {"type": "moons", "samples": 80}
    data = {"source": source, "target": None, "features": None}
    run = train(config("moons", data=data)).run
    np.savez("new.npz", inputs=np.array([[-1.0, 0.5], [2.0, -0.3]]))
    result = predict("new.npz", run)
    assert result.header == ["row", "prediction"]
    assert [row[0] for row in result.rows] == ["0", "1"]
    with pytest.raises(UsageError, match="arrays have no columns"):
        predict("new.npz", run, columns=["a"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "nowhere: no such run directory or file"),
        ("data", "data: is not a run directory"),
        ("data/table.csv", r"data/table\.csv: cannot be read"),
    ],
)
def test_what_is_no_model(config, path, message):
    config()
    with pytest.raises(ModelError, match=message):
        predict("data/table.csv", path)


def test_a_run_without_a_model_says_how_to_go_on(run):
    (run / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no model yet\. Go on with `scratchnn train --resume runs/small`"):
        load_model(run)
    with pytest.raises(ModelError, match=r"holds no run with a model\.safetensors"):
        load_model()


def test_without_a_name_the_newest_model_serves(config):
    train(config())
    assert load_model().path == Path("runs/small/model.safetensors")
    train(config("other"))
    assert load_model().path == Path("runs/other/model.safetensors")


def test_cells_without_a_value_are_filled_and_carried_along(config, table, write):
    rows = table()
    for row in rows[::4]:
        row["color"] = ""
    features = {"color": {"type": "category", "missing": "as_category"}}
    path = config(data={"features": features}, training={"epochs": 1})
    write("data/table.csv", rows)
    result = train(path)
    new = write("new.csv", [{"x": "1", "y": "2", "color": color} for color in ("", "NA", "red", "violet")])
    predicted = predict(new, result.run)
    assert [row[2] for row in predicted.rows] == ["", "NA", "red", "violet"]
    assert predicted.rows[0][3] == predicted.rows[1][3]
    notes = ["color: 1 cells hold a level that training never saw", "color: 2 cells have no value"]
    assert predicted.notes == notes
    assert [row[-1] for row in predicted.rows] == ["missing:color", "missing:color", "", "unseen:color"]
