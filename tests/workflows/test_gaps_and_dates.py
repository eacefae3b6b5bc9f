"""Tables with gaps, dates and two-valued columns, from the file to the prediction."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.preparation import prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.errors import ConfigError, DataError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train

FEATURES = {
    "age": {"type": "number", "missing": "indicator"},
    "income": {"type": "number", "scale": "power", "missing": "drop_row"},
    "score": {"type": "number", "scale": "quantile", "missing": "median", "clip": [-3, 3]},
    "smoker": {"type": "binary", "missing": "most_frequent"},
    "seen": {"type": "datetime", "missing": "indicator", "parts": ["elapsed", "weekday"]},
}
NAMES = ["age", "age is missing", "income", "score", "smoker=yes", "seen.elapsed", "seen.weekday.sin"]
NAMES += ["seen.weekday.cos", "seen is missing", "since.elapsed", "since.month.sin", "since.month.cos"]
NAMES += ["since.day.sin", "since.day.cos", "since.weekday.sin", "since.weekday.cos"]


@pytest.fixture
def rows():
    """Rows of people; who is old and smokes is ill. Every seventh income is missing, and cells of other columns."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(120):
        age, smokes = rng.uniform(20, 80), rng.random() < 0.4
        start = date(2020, 1, 1) + timedelta(days=int(rng.integers(700)))
        made.append(
            {
                "age": "" if number % 5 == 1 else f"{age:.1f}",
                "income": "NA" if number % 7 == 2 else f"{rng.lognormal(10, 1):.0f}",
                "score": "?" if number % 11 == 3 else f"{rng.normal():.3f}",
                "smoker": "-" if number % 13 == 4 else ["no", "yes"][smokes],
                "seen": "" if number % 17 == 5 else f"{start + timedelta(days=9)}T{number % 24:02}:00",
                "since": str(start),
                "ill": ["no", "yes"][age + 40 * smokes > 70],
            }
        )
    return made


@pytest.fixture
def run(rows, write, config):
    write("data/people.csv", rows)
    features = {**FEATURES, "id": None, "price": None, "color": None}
    changes = {"source": "../data/people.csv", "target": "ill", "features": features}
    path = config(data=changes, training={"epochs": 25, "early_stopping": None})
    return train(path).run


def test_a_table_of_all_kinds_is_learned(rows, run):
    encoder = ModelFile.read(run / "model.safetensors").encoder
    assert encoder.feature_names == NAMES
    result = evaluate(run, split="train")
    assert result.rows == 61  # of 103 rows with an income, without 21 for each other part
    assert result.metrics["accuracy"] > 0.8


def test_rows_without_an_income_take_no_part(rows, run, write):
    parts = [evaluate(run, split=split).rows for split in ("train", "validation", "test")]
    with_income = [row for row in rows if row["income"] != "NA"]
    assert sum(parts) == len(with_income) == 103
    both = [evaluate(run, data=write(name, some)) for name, some in {"a.csv": rows, "b.csv": with_income}.items()]
    assert [result.rows for result in both] == [103, 103]
    assert both[0].metrics == both[1].metrics


def test_every_row_is_predicted_and_what_was_filled_in_is_told(rows, run, write):
    result = predict(write("new.csv", rows), run)
    assert len(result.rows) == 120
    assert [row[:7] for row in result.rows] == [list(row.values()) for row in rows]  # empty cells are carried along
    assert result.notes == [
        "age: 24 cells have no value",
        "income: 17 cells have no value",
        "score: 11 cells have no value",
        "smoker: 9 cells have no value",
        "seen: 7 cells have no value",
    ]
    rows[0]["smoker"] = "maybe"
    assert "smoker: 1 cells hold a level that training never saw" in predict(write("new.csv", rows), run).notes
    rows[0]["since"] = "NA"
    with pytest.raises(DataError, match=r'new.csv:2:since: the value is missing \("NA"\)'):
        predict(write("new.csv", rows), run)


def test_what_is_filled_in_comes_from_the_training_rows(rows, run):
    """The median income of the training rows is that of a row without one, and no other row moves it."""
    model = ModelFile.read(run / "model.safetensors")
    table = read_path(Path("data/people.csv"))
    income = NAMES.index("income")
    filled = model.encoder.encode_inputs(table, np.float64)[2, income]
    own = dict(rows[2], income=str(model.encoder.inputs.columns[1].fill))
    cells = {name: (own[name],) for name in own}
    again = model.encoder.encode_inputs(type(table)("t.csv", cells, np.array([2])), np.float64)[0, income]
    assert filled == again
    everyone = [float(row["income"]) for row in rows if row["income"] != "NA"]
    assert model.encoder.inputs.columns[1].fill != np.median(everyone)


def test_nothing_is_learned_from_other_rows_than_those_of_training(rows, write):
    settings = DataSettings.model_validate({"source": "t.csv", "target": "ill", "features": FEATURES})

    def prepared():
        write("t.csv", rows)
        return prepare(settings, Path(), np.random.default_rng(3))

    before = prepared()
    for row in [*before.validation.rows, *before.test.rows]:
        rows[row] |= {"age": "1e6", "income": "1", "score": "-1e6", "smoker": "yes", "seen": "1900-01-01"}
    after = prepared()
    assert after.encoder.model_dump_json() == before.encoder.model_dump_json()
    assert after.train.inputs.tobytes() == before.train.inputs.tobytes()
    assert after.test.inputs.tobytes() != before.test.inputs.tobytes()


def test_an_autoencoder_gives_back_their_units(rows, write, config):
    write("data/people.csv", rows)
    data = {"source": "../data/people.csv", "target": None, "task": "reconstruction"}
    features = {**FEATURES, "since": "datetime", "ill": "binary", "id": None, "price": None, "color": None}
    layers = [{"type": "dense", "units": 24, "activation": "relu"}, {"type": "dense", "units": "auto"}]
    settings = {"model": {"layers": layers}, "training": {"epochs": 60, "early_stopping": None}}
    run = train(config(data={**data, "features": features}, **settings)).run
    result = predict(write("new.csv", rows), run)
    columns = {name: [row[place] for row in result.rows] for place, name in enumerate(result.header)}
    assert set(columns["reconstructed_smoker"]) <= {"no", "yes"}
    given = [date.fromisoformat(cell) for cell in columns["since"]]
    back = [date.fromisoformat(cell) for cell in columns["reconstructed_since"]]
    assert np.mean([abs((a - b).days) for a, b in zip(given, back, strict=True)]) < 60  # they span 700
    known = [
        place for place, cell in enumerate(columns["age"]) if cell and columns["reconstructed_age"][place] != "nan"
    ]
    errors = [float(columns["age"][place]) - float(columns["reconstructed_age"][place]) for place in known]
    assert np.abs(errors).mean() < 6  # they span 60
    assert [columns["reconstructed_seen"][place] for place in range(5, 120, 17)].count("") >= 5  # of 7
    assert all(-100 < float(cell) < 1e7 for cell in columns["reconstructed_income"])


def test_an_autoencoder_needs_what_tells_a_date(rows, write, config):
    write("data/people.csv", rows)
    features = {**FEATURES, "since": {"type": "datetime", "parts": ["month"]}, "id": None, "price": None, "color": None}
    data = {"source": "../data/people.csv", "target": None, "task": "reconstruction", "features": features}
    with pytest.raises(
        ConfigError, match=r"encodes since as what cannot be turned back.*Of a date keep elapsed among its parts"
    ):
        train(config(data=data))


def test_a_gap_in_a_column_that_no_one_named_teaches_the_mend(rows, write, config):
    write("data/people.csv", rows)
    features = {**FEATURES, "age": None, "id": None, "price": None, "color": None}
    with pytest.raises(DataError, match=r"people.csv:\d+:age: the value is missing") as caught:
        train(config(data={"source": "../data/people.csv", "target": "ill", "features": features}))
    assert caught.value.hint.startswith("Set data.features.age: {type: number, missing: median}")
