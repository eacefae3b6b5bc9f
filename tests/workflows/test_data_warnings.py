"""What a training tells of its data without being asked."""

from __future__ import annotations

from scratchnn.workflows.inspect import validate
from scratchnn.workflows.train import plan, train


def test_a_training_warns_of_what_is_certain(config, table, write):
    rows = table()
    for row in rows:
        row |= {"fixed": "7", "kinds": {"k0": "a", "k1": "b", "k2": "c"}[row["kind"]]}
    write("data/table.csv", rows)
    path = config()
    expected = [
        '"fixed" is the same in every training row',
        '"kinds" is the target "kind" under another name: each class has one level of its own',
    ]
    assert train(path).notes == expected
    assert validate(path).notes == expected
    assert "notes" not in validate(path).to_json()


def test_a_training_warns_of_its_rows_in_the_test(config, table, write):
    write("data/other.csv", table(30))
    path = config(data={"source": {"train": "../data/table.csv", "test": "../data/other.csv"}})
    off = ["data.split.validation=0", "training.early_stopping=null"]
    (note,) = plan(path, overrides=off).notes
    assert note == (
        "30 test rows (100 %) have the same features as a training row: "
        "a model can remember them, so the figures are too good"
    )
    rows = table()
    for row in rows:
        row["x"] = "1" if float(row["x"]) > 0 else "0"
        row["y"] = "1" if float(row["y"]) > 0 else "0"
    write("data/table.csv", rows)
    assert plan(config()).notes == []  # columns that coarse repeat by chance
