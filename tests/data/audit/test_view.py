from __future__ import annotations

from dataclasses import replace

import numpy as np

from scratchnn.data.audit.view import Column


def test_codes_of_numbers_and_texts():
    column = Column.of_numbers("x", np.array([2.5, np.nan, -0.0, 0.0, 2.5]))
    assert (column.codes.tolist(), list(column.levels)) == ([1, -1, 0, 0, 1], [0.0, 2.5])
    assert column.counts().tolist() == [2, 2]
    assert column.counts(np.array([True, True, True, False, False])).tolist() == [1, 1]
    np.testing.assert_array_equal(column.numbers, [2.5, np.nan, 0, 0, 2.5])
    texts = Column.of_texts("c", ["10", " ", "9", "10"])
    assert (texts.codes.tolist(), list(texts.levels), texts.gaps.tolist()) == (
        [1, -1, 0, 1],
        ["9", "10"],
        [False, True, False, False],
    )


def test_a_sample_has_rows_of_each_part_on_their_lines(view):
    rows = view({"a": list(range(1000)), "b": list(range(1000))})
    sample = rows.sampled(100, np.random.default_rng(0))
    assert sample.counts == {"train": 70, "validation": 10, "test": 20}
    assert (sample.columns[0].numbers == sample.lines - 2).all()
    assert rows.sampled(1000, np.random.default_rng(0)) is rows


def test_places_are_in_the_order_of_files_and_lines(view):
    rows = view({"a": list(range(10)), "b": list(range(10))})
    assert rows.places(np.array([9, 0, 7])) == ("data.csv:2", "data.csv:9", "data.csv:11")
    two = replace(rows, wheres=("z.csv", "z.csv", "a.csv"))
    assert two.places(np.array([9, 7, 0])) == ("z.csv:2", "z.csv:9", "a.csv:11")


def test_inputs_of_flat_arrays_are_columns(view):
    rows = replace(view({"a": [1, 2]}), columns=(), samples=np.array([[3, 4], [5, 6]], np.uint8))
    assert [(column.name, column.numbers.tolist()) for column in rows.with_columns().columns] == [
        ("x1", [3, 5]),
        ("x2", [4, 6]),
    ]
    assert rows.place(1) == "data.csv[3]"
    images = replace(rows, samples=np.zeros((2, 3, 3)))
    assert images.with_columns() is images
