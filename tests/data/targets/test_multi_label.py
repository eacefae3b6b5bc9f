"""Labels that may be true together: in columns, in one text, in a list, in an array."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.json_lines import Bare
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import FittedTarget, Labels, TargetRules
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

COLUMNS = Labels(names=["a", "b"], known=["a", "b"])
TEXT = Labels(names=["genres"], known=["action", "drama"], form="separated", separator="|")
LIST = Labels(names=["genres"], known=["action", "drama"], form="list")
RULES = TargetRules()
SEPARATED = TargetRules(separator="|")


def test_columns_of_0_and_1_in_any_spelling(table: MakeTable) -> None:
    rows = table(a=["1", "0", "1.0"], b=["yes", "No", "TRUE"])
    target = Labels.fit(rows, ["a", "b"], RULES)
    assert (target, target.label_names, target.columns) == (COLUMNS, ["a", "b"], 2)
    encoded = target.encode(rows)
    assert encoded.tolist() == [[1, 1], [0, 0], [1, 1]]
    assert encoded.dtype == np.float32
    assert target.as_in_data(rows).dtype == np.float64
    assert COLUMNS.encode(table(b=["0"], a=["t"])).tolist() == [[1, 0]]


def test_an_array_of_0_and_1() -> None:
    rows = Arrays.of(np.ones(3), np.array([[True, False], [False, True], [False, False]]))
    assert Labels.fit(rows, ["a", "b"], RULES).encode(rows).tolist() == [[1, 0], [0, 1], [0, 0]]


def test_a_text_with_a_separator(table: MakeTable) -> None:
    rows = table(genres=["drama|action", " action ", "|", "drama | drama"])
    target = Labels.fit(rows, ["genres"], SEPARATED)
    assert target == TEXT
    assert target.encode(rows).tolist() == [[1, 1], [1, 0], [0, 0], [0, 1]]


def test_a_json_list(table: MakeTable) -> None:
    rows = table(genres=['["drama", "action"]', "[]", ' ["action"]'])
    target = Labels.fit(rows, ["genres"], RULES)
    assert target == LIST
    assert target.encode(rows).tolist() == [[1, 1], [0, 0], [1, 0]]


def test_labels_that_are_numbers_are_in_their_order(table: MakeTable) -> None:
    assert Labels.fit(table(y=["10 9", "9 2"]), ["y"], TargetRules(separator=" ")).known == ["2", "9", "10"]
    assert Labels.fit(table(y=["[10, 9]", "[2]"]), ["y"], RULES).known == ["2", "9", "10"]


def test_predictions_have_the_form_of_the_target() -> None:
    probabilities = np.array([[0.9, 0.6], [0.2, 0.51], [0.5, 0.1]])  # 1/2 is not predicted
    assert COLUMNS.words(probabilities) == []
    assert TEXT.words(probabilities) == ["action|drama", "drama", "|"]
    said = LIST.words(probabilities)
    assert said == ['["action", "drama"]', '["drama"]', "[]"]
    assert all(isinstance(cell, Bare) for cell in said)  # JSON Lines write it as it is


@given(st.lists(st.sets(st.sampled_from(["a", "b", "c d", "é"])), min_size=1).filter(any))
def test_what_is_predicted_for_sure_reads_back(rows: list[set[str]]) -> None:
    cells = tuple("; ".join(sorted(labels)) or ";" for labels in rows)
    table = Table("data.csv", {"y": cells}, np.arange(len(rows)))
    target = Labels.fit(table, ["y"], TargetRules(separator=";"))
    encoded = target.encode(table)
    again = Table("again.csv", {"y": tuple(target.words(encoded))}, np.arange(len(rows)))
    assert np.array_equal(target.encode(again), encoded)
    assert [{target.known[k] for k in np.flatnonzero(row)} for row in encoded] == rows


@pytest.mark.parametrize(
    ("rules", "columns", "text"),
    [
        (
            RULES,
            {"a": ["1", "2"], "b": ["1", "1"]},
            'data.csv:3:a: "2" is neither 0 nor 1, as a label is. Write 0',
        ),
        (RULES, {"a": ["1", "1"], "b": ["yes", "maybe"]}, 'data.csv:3:b: "maybe" is neither 0 nor 1'),
        (RULES, {"a": ["1", ""], "b": ["1", "1"]}, "data.csv:3:a: the value is missing. Write 0 or 1, or remove the"),
        (RULES, {"a": ["1", "NA"], "b": ["1", "1"]}, 'data.csv:3:a: the value is missing ("NA"). Write 0 or 1'),
        (RULES, {"a": ["1", "0"], "b": ["0", "0"]}, 'data.csv:b: no training row has the label "b". Remove it from'),
        (SEPARATED, {"a": ["x|y", " "]}, 'data.csv:3:a: the value is missing. Write the labels with "|" between them'),
        (SEPARATED, {"a": ["x", "x||y"]}, 'data.csv:3:a: "x||y" has nothing on one side of a separator'),
        (SEPARATED, {"a": ["|", "|"]}, "data.csv:a: no training row has a label"),
        (RULES, {"a": ['["x"]', ""]}, "data.csv:3:a: the value is missing. Write a list such as []"),
        (RULES, {"a": ['["x"]', '["x"']}, 'data.csv:3:a: "["x"" is not a list of labels. Write ["action", "drama"].'),
        (RULES, {"a": ['["x"]', "[null]"]}, 'data.csv:3:a: "[null]" is not a list of labels'),
        (
            RULES,
            {"a": ["x|y", "x"]},
            'data.csv:2:a: "x|y" is neither 0 nor 1, as a label is. For several labels in a cell set data.label_sep',
        ),
    ],
)
def test_rows_that_are_no_labels(
    table: MakeTable, rules: TargetRules, columns: dict[str, list[str]], text: str
) -> None:
    rows = table(**columns)
    with pytest.raises(DataError) as caught:
        Labels.fit(rows, list(columns), rules)
    assert str(caught.value).startswith(text)


def test_a_label_that_training_never_saw(table: MakeTable) -> None:
    with pytest.raises(DataError) as caught:
        TEXT.encode(table(genres=["drama", "drama|war"]))
    assert str(caught.value) == (
        'data.csv:3:genres: the label "war" does not occur in the training rows. Known labels: "action", "drama". '
        "Remove it, or train on rows that have it."
    )


@pytest.mark.parametrize(
    ("target", "targets", "text"),
    [
        (COLUMNS, np.array([[0, 1], [3, 1]]), "data:targets[1, 0]: 3 is neither 0 nor 1"),
        (COLUMNS, np.array([[0], [1]]), "data: 1 labels a sample, expected 2"),
        (COLUMNS, np.array(["a", "b"]), "data: the targets are texts, not 0 and 1"),
        (TEXT, np.array([[0, 1], [1, 1]]), 'data: is an array, but the labels are those of the column "genres"'),
    ],
)
def test_arrays_that_are_no_labels(target: Labels, targets: np.ndarray, text: str) -> None:
    with pytest.raises(DataError) as caught:
        target.encode(Arrays.of(np.ones(2), targets))
    assert str(caught.value).startswith(text)


def test_an_order_of_classes_is_refused(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r"data.class_order orders classes, but labels have none"):
        Labels.fit(table(a=["1"]), ["a"], TargetRules(class_order=["0", "1"]))


def test_what_an_audit_sees(table: MakeTable) -> None:
    seen = Labels.seen(table(a=["1", "0"], b=["no", "yes"]), ["a", "b"], RULES)
    assert {name: values.tolist() for name, values in seen.items()} == {"a": [1, 0], "b": [0, 1]}
    seen = Labels.seen(table(a=["x|y", "|", "y"]), ["a"], SEPARATED)
    assert {name: values.tolist() for name, values in seen.items()} == {"a=x": [1, 0, 0], "a=y": [1, 0, 1]}


@pytest.mark.parametrize("target", [COLUMNS, TEXT, LIST])
def test_json_keeps_it(target: Labels) -> None:
    assert FittedTarget.model_validate(json.loads(target.model_dump_json())) == target


@pytest.mark.parametrize(
    "change",
    [
        {"known": ["a"]},
        {"known": ["a", "a"], "names": ["a", "a"]},
        {"known": []},
        {"separator": "|"},
        {"form": "separated", "names": ["y"]},
        {"form": "list"},
        {"form": "list", "names": ["y"], "separator": "|"},
    ],
)
def test_labels_from_a_broken_file_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Labels.model_validate(COLUMNS.model_dump() | change)
