"""The formats of predictions, each read back."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.json_lines import Bare
from scratchnn.errors import StorageError, UsageError
from scratchnn.workflows import prediction_files
from scratchnn.workflows.predict import predict
from scratchnn.workflows.prediction_files import check_format, guarded, numbers_of, typed
from scratchnn.workflows.train import train


@pytest.fixture
def run(config):
    return train(config()).run


@pytest.fixture
def result(run, table, write):
    """Predictions of rows that a file of this format may trip over."""
    notes = zip(table(5), NOTES, strict=True)
    rows = [{**row, "note": note, "=code": f"0{place}"} for place, (row, note) in enumerate(notes)]
    rows[0]["x"] = "+1.50"
    lines = io.StringIO()
    writer = csv.writer(lines, quoting=csv.QUOTE_ALL)
    writer.writerows([rows[0].keys(), *(row.values() for row in rows)])
    Path("new.csv").write_text(lines.getvalue(), newline="")
    return predict("new.csv", run, proba=True, columns=["x", "note", "=code"])


NOTES = ['=HYPERLINK("http://x")', "-1", "a\rb", 'say "hi", 100 %s', "é\n\u2028"]


def rows_of(path, delimiter=","):
    with Path(path).open(newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.mark.parametrize(("name", "delimiter"), [("out.csv", ","), ("out.tsv", "\t"), ("OUT.CSV", ",")])
def test_delimited_text_reads_back_with_formulas_made_texts(result, name, delimiter):
    result.write(name)
    header, *rows = rows_of(name, delimiter)
    chances = ["probability_k0", "probability_k1", "probability_k2"]
    assert header == ["x", "note", "'=code", "prediction", *chances, "flags"]
    assert [row[0] for row in rows] == [row[0] for row in result.rows]
    assert rows[0][0] == "+1.50"
    assert [row[1] for row in rows] == [f"'{NOTES[0]}", *NOTES[1:]]
    assert [row[2:] for row in rows] == [row[2:] for row in result.rows]
    result.write(name, raw_text=True)
    assert rows_of(name, delimiter) == [result.header, *result.rows]


def test_labels_are_guarded_too(config, table, write):
    write("data/table.csv", [{**row, "kind": row["kind"].replace("k", "@k")} for row in table(90)])
    run = train(config()).run
    result = predict("data/table.csv", run, columns=[])
    result.write("out.csv")
    assert {row[0] for row in rows_of("out.csv")[1:]} <= {"'@k0", "'@k1", "'@k2"}
    assert set(result.predictions.labels) <= {"@k0", "@k1", "@k2"}


@given(st.lists(st.text("=+-@\t\r'1.5ea,", max_size=4), min_size=1))
def test_no_text_begins_a_formula(cells):
    for cell, made in zip(cells, guarded(cells), strict=True):
        assert made in (cell, f"'{cell}")
        if made[:1] in tuple("=+-@\t\r"):
            float(made)
        assert (made == cell) or cell[:1] in tuple("=+-@\t\r")


def test_json_lines_read_back(result):
    result.write("out.jsonl")
    lines = Path("out.jsonl").read_text().split("\n")[:-1]
    made = [json.loads(line) for line in lines]
    assert [list(row) for row in made] == [result.header] * 5
    assert [row["note"] for row in made] == NOTES
    assert [row["=code"] for row in made] == ["00", "01", "02", "03", "04"]
    assert [row["x"] for row in made] == [float(row[0]) for row in result.rows]
    chances = [[row[f"probability_k{place}"] for place in range(3)] for row in made]
    np.testing.assert_array_equal(np.array(chances, np.float32), result.predictions.values)
    assert [row["prediction"] for row in made] == result.predictions.labels


def test_json_goes_through_as_it_is(run, table):
    rows = [{**row, "x": float(row["x"]), "n": 7, "deep": [1, None], "no": None, "s": "7"} for row in table(3)]
    Path("new.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = predict("new.jsonl", run)
    result.write("out.ndjson")
    made = [json.loads(line) for line in Path("out.ndjson").read_text().splitlines()]
    for given_row, row in zip(rows, made, strict=True):
        assert {name: row[name] for name in given_row if name != "y"} == {
            name: value for name, value in given_row.items() if name != "y"
        }
        assert row["y"] == float(given_row["y"])  # a column that the model reads as numbers
    assert result.predictions.labels == predict("data/table.csv", run).predictions.labels[:3]


def test_arrays_by_name(result):
    result.write("out.npz")
    with np.load("out.npz", allow_pickle=False) as made:
        names = ["x", "note", "=code", "prediction", "probabilities", "flags", "classes"]
        assert list(made) == names
        assert made["x"].tolist() == [float(row[0]) for row in result.rows]
        assert made["note"].tolist() == NOTES
        assert made["=code"].tolist() == ["00", "01", "02", "03", "04"]
        assert made["prediction"].tolist() == result.predictions.labels
        np.testing.assert_array_equal(made["probabilities"], result.predictions.values)
        assert made["probabilities"].dtype == np.float32
        assert made["classes"].tolist() == ["k0", "k1", "k2"]


def test_the_same_predictions_make_the_same_bytes(result):
    result.write("a.npz")
    result.write("b.npz")
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()


def test_arrays_of_numbers_and_names_that_clash(config, table, write):
    features = {"price": None, "kind": "ignore"}
    layers = [{"type": "dense", "units": "auto"}]
    data = {"target": "price", "features": features}
    run = train(config(data=data, loss="gaussian_nll", model={"layers": layers})).run
    rows = [{**row, "values": str(place), "file": "f", "a/../b": "1.5"} for place, row in enumerate(table(4))]
    result = predict(write("new.csv", rows), run, columns=["values", "file", "a/../b"])
    result.write("out.npz")
    with np.load("out.npz") as made:
        assert made["values"].tolist() == [0, 1, 2, 3]
        assert made["values"].dtype == np.int64
        assert made["a/../b"].tolist() == [1.5] * 4
        np.testing.assert_array_equal(made["values_2"], result.predictions.values)
        np.testing.assert_array_equal(made["lower"], result.predictions.lower)
        np.testing.assert_array_equal(made["upper"], result.predictions.upper)
        np.testing.assert_array_equal(made["deviation"], result.predictions.deviations)
        assert made["targets"].tolist() == ["price"]
        assert "file" in made
    assert {info.date_time for info in zipfile.ZipFile("out.npz").infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_parquet_reads_back(result):
    polars = pytest.importorskip("polars", reason="Parquet needs polars: pip install 'scratchnn[data]'")
    result.write("out.parquet")
    made = polars.read_parquet("out.parquet")
    assert made.columns == result.header
    assert made["x"].to_list() == [float(row[0]) for row in result.rows]
    assert made["note"].to_list() == NOTES
    assert made["=code"].to_list() == ["00", "01", "02", "03", "04"]
    assert made["prediction"].to_list() == result.predictions.labels
    np.testing.assert_array_equal(made["probability_k1"].to_numpy(), result.predictions.values[:, 1])
    assert made["probability_k1"].dtype == polars.Float32
    assert made["flags"].to_list() == [""] * 5


def test_parquet_without_polars_names_what_to_install(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.setattr(prediction_files, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"out\.parquet: Parquet needs polars\. pip install 'scratchnn\[data\]'"):
        result.write("out.parquet")
    assert not Path("out.parquet").exists()


@pytest.mark.parametrize(
    ("cells", "numeric", "expected"),
    [
        (["1", "-20"], False, np.array([1, -20])),
        (["1", "2.5e3"], False, np.array([1.0, 2500.0])),
        (["01", "2"], False, None),
        (["01", "2"], True, np.array([1.0, 2.0])),
        (["1", ""], False, None),
        (["1", "?"], True, np.array([1.0, np.nan])),
        (["1", "x"], True, None),
        (["9" * 30, "1"], False, np.array([1e30, 1.0])),
        ([Bare("1"), Bare("2")], False, np.array([1, 2])),
    ],
)
def test_cells_that_are_numbers(cells, numeric, expected):
    made = numbers_of(cells, numeric)
    if expected is None:
        assert made is None
        return
    assert made.dtype == expected.dtype
    np.testing.assert_array_equal(made, expected)


def test_a_huge_cell_is_no_array_of_texts():
    with pytest.raises(UsageError, match=r'column "note" has a cell of 300,000,000 characters'):
        typed(["a", "b" * 300_000_000], False, "note")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.xlsx", r'out\.xlsx: cannot tell the format of the predictions by "\.xlsx"\. Known: \.csv, \.tsv'),
        ("out", r'cannot tell the format of the predictions by ""'),
        ("configs", r"configs: this is a folder\. Name a file in it"),
    ],
)
def test_names_that_tell_no_format(result, name, message):
    with pytest.raises(UsageError, match=message):
        result.write(name)


def test_a_device_takes_csv():
    assert check_format(Path("/dev/null")) == ".csv"


def test_a_folder_with_a_suffix_is_no_file(result):
    Path("out.csv").mkdir()
    with pytest.raises(StorageError, match="Is a directory"):
        result.write("out.csv")
