from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import UsageError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.grouping import Group, Grouped, group_notes
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train

DATA = "data/sick.csv"


@pytest.fixture
def run(binary):
    return train(binary()).run


def rows():
    return list(csv.DictReader(Path(DATA).read_text().splitlines()))


def test_each_group_has_the_figures_that_its_rows_have_alone(run, write):
    found = evaluate(run, data=DATA, by=["ward", "sick"])
    groups = found.groups["ward"].groups
    assert list(groups) == ["north", "south", "(missing)"]
    assert sum(group.rows for group in groups.values()) == 200
    for value, group in groups.items():
        own = [row for row in rows() if row["ward"] == value.replace("(missing)", "")]
        alone = evaluate(run, data=write("own.csv", own)).metrics
        assert group.rows == len(own)
        for name, figure in group.metrics.items():
            assert figure == pytest.approx(alone[name], rel=1e-6), name
    assert found.to_json()["groups"]["ward"]["north"]["metrics"]["accuracy"] == groups["north"].metrics["accuracy"]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_rows_of_a_split_are_found_again(run, split):
    found = evaluate(run, split=split, by=["sick", "ward"])
    matrix = np.array(found.metrics["confusion_matrix"])
    groups = found.groups["sick"].groups
    assert [groups[name].rows for name in ("no", "yes")] == matrix.sum(axis=1).tolist()
    for place, name in enumerate(("no", "yes")):
        assert groups[name].metrics["accuracy"] == pytest.approx(matrix[place, place] / matrix[place].sum())


def test_sources_of_their_own_and_dropped_rows(binary, write):
    given = rows()
    for number, row in enumerate(given):
        row["y"] = "" if number % 5 == 0 else row["y"]
    parts = {"train": given[:100], "validation": given[100:140], "test": given[140:]}
    for name, part in parts.items():
        write(f"data/{name}.csv", part)
    source = {name: f"../data/{name}.csv" for name in parts}
    features = {"y": {"type": "number", "missing": "drop_row"}}
    run = train(binary(data={"source": source, "features": features, "split": None})).run
    for split, part in parts.items():
        found = evaluate(run, split=split, by=["sick"]).groups["sick"].groups
        kept = [row for row in part if row["y"]]
        assert {name: group.rows for name, group in found.items()} == {
            name: sum(row["sick"] == name for row in kept) for name in ("no", "yes")
        }


def test_numbers_are_in_bins_and_the_worst_group_is_known(run):
    found = evaluate(run, data=DATA, by=["x", "unit"])
    bins = found.groups["x"].groups
    assert len(bins) == 4
    assert next(iter(bins)).startswith("[-")
    assert sum(group.rows for group in bins.values()) == 200
    worst = min(bins, key=lambda name: bins[name].metrics["accuracy"])
    assert (found.groups["x"].metric, found.groups["x"].worst) == ("accuracy", worst)
    told = {"metric": "accuracy", "group": worst, "rows": bins[worst].rows}
    assert found.to_json()["worst_groups"] == {"x": told}
    assert not any("few to tell" in note for note in found.notes)
    assert found.groups["unit"].worst is None
    assert 'all rows are of one group by unit: "one"' in found.notes
    assert found.groups["unit"].groups["one"].metrics["accuracy"] == found.metrics["accuracy"]


def test_groups_of_one_row_or_one_class_have_no_errors(run):
    found = evaluate(run, by=["id", "sick"])
    group = next(iter(found.groups["id"].groups.values()))
    assert group.rows == 1
    assert math.isnan(group.metrics["roc_auc"])
    assert any(note.startswith("roc_auc has no value") for note in group.notes)
    assert math.isnan(found.groups["sick"].groups["yes"].metrics["roc_auc"])
    assert sum("more notes on single groups" in note for note in found.notes) == 1


@pytest.mark.parametrize(("count", "text"), [(1, "1 row"), (9, "9 rows"), (10, "")])
def test_a_worst_group_of_few_rows_tells_little(run, write, count, text):
    given = rows()
    called = predict(DATA, run).predictions.labels
    wrong = [place for place, row in enumerate(given) if row["sick"] != called[place]][:count]
    for place, row in enumerate(given):
        row["ward"] = "bad luck" if place in wrong else "north"
    found = evaluate(run, data=write("own.csv", given), by=["ward"])
    assert found.groups["ward"].worst == "bad luck"
    told = [note for note in found.notes if "few to tell" in note]
    assert told == ([f'ward: "bad luck", where accuracy is worst, has {text}, too few to tell much'] if text else [])


def test_numbers_to_learn_and_groups_of_one_row(config):
    run = train(config("price", data={"target": "price", "features": {"price": None, "kind": "ignore"}})).run
    found = evaluate(run, by=["kind", "id"])
    assert {"rmse", "mae", "r2"} <= found.groups["kind"].groups["k0"].metrics.keys()
    assert found.groups["kind"].metric in ("rmse", "mse", "mae")
    worst = found.groups["kind"].worst
    name = found.groups["kind"].metric
    assert found.groups["kind"].groups[worst].metrics[name] == max(
        group.metrics[name] for group in found.groups["kind"].groups.values()
    )
    assert all(math.isnan(group.metrics["r2"]) for group in found.groups["id"].groups.values() if group.rows == 1)


def test_weights_count_in_groups_and_rows_without_any_have_no_value(binary, write):
    given = rows()
    for row in given:
        row["weight"] = "0" if row["ward"] == "south" else "2"
    write(DATA, given)
    run = train(binary(data={"sample_weight": "weight"})).run
    groups = evaluate(run, data=DATA, by=["ward"]).groups["ward"].groups
    assert math.isnan(groups["south"].metrics["accuracy"])
    assert "sum to 0" in groups["south"].notes[0]
    assert 0 < groups["north"].metrics["accuracy"] <= 1


def test_columns_that_are_not_there(run, config):
    for options in ({}, {"data": DATA}):
        with pytest.raises(UsageError, match="--by wrd: there is no such column") as caught:
            evaluate(run, by=["wrd"], **options)
        assert 'Did you mean "ward"?' in caught.value.hint
    with pytest.raises(UsageError, match="is given twice"):
        evaluate(run, by=["ward", "ward"])
    made = train(config("made", data={"source": "moons", "target": None, "features": None})).run
    with pytest.raises(UsageError, match="is for columns of a table, but the rows are from moons"):
        evaluate(made, by=["x1"])


def test_one_more_note_is_one():
    groups = {name: Group(1, {}, [f"note {name}"]) for name in "abcd"}
    assert group_notes({"x": Grouped(groups, None, None)})[-1] == "1 more note on single groups, which --json tells"


def test_requirements_of_groups(run):
    need = ["group.ward=north.accuracy>=0.1", "group.ward=(missing).loss<=0", "group.x=[0, 1).f1 > 0"]
    found = evaluate(run, by=["ward"], require=need[:2])
    assert [verdict.passed for verdict in found.requirements] == [True, False]
    assert found.requirements[0].value == found.groups["ward"].groups["north"].metrics["accuracy"]
    with pytest.raises(UsageError, match="needs the groups of that column") as caught:
        evaluate(run, require=need[:1])
    assert caught.value.hint == "Add --by ward."
    with pytest.raises(UsageError, match=r'no group "\[0, 1\)" by x'):
        evaluate(run, by=["x"], require=need[2:])
    with pytest.raises(UsageError, match=r'no group "nort" by ward\. Did you mean "north"\?'):
        evaluate(run, by=["ward"], require=["group.ward=nort.accuracy>0"])
    with pytest.raises(UsageError, match='no figure "accurcy"'):
        evaluate(run, by=["ward"], require=["group.ward=north.accurcy>0"])


def test_requirements_of_intervals(run):
    found = evaluate(run, confidence=0.9, bootstrap=50, require=["accuracy.low>=0.99", "accuracy.high>0"])
    low, high = found.intervals["accuracy"]
    assert [verdict.value for verdict in found.requirements] == [low, high]
    assert [verdict.passed for verdict in found.requirements] == [False, True]
    with pytest.raises(UsageError, match="needs the intervals") as caught:
        evaluate(run, require=["accuracy.low>=0.5"])
    assert "--confidence" in caught.value.hint
    with pytest.raises(UsageError, match=r'no figure "loss\.low"'):
        evaluate(run, confidence=0.9, require=["loss.low>=0.5"])
