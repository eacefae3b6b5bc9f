from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.data.features.category import Category
from scratchnn.data.features.hashing import HashColumn, bucket
from scratchnn.data.tables import Table

MakeTable = Callable[..., Table]


def test_buckets_are_those_of_blake2b() -> None:
    """`printf Paris | b2sum -l 64` (GNU coreutils 9.1) prints this; its bytes are read from the lowest on."""
    assert int.from_bytes(bytes.fromhex("6be76756dfb79024"), "little") % 1000 == bucket("Paris", 1000)
    assert [bucket(level, 1000) for level in ("Paris", "London", "Zürich", "")] == [203, 115, 368, 756]


def test_buckets_are_the_same_in_every_process() -> None:
    code = "from scratchnn.data.features.hashing import bucket; print([bucket(c, 97) for c in 'abcdefgh'])"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {f"{[bucket(c, 97) for c in 'abcdefgh']}\n"}


def test_one_input_a_bucket_and_none_for_buckets_without_training_rows(table: MakeTable) -> None:
    column = Category(encode="hash", buckets=10).fit(table(city=["Paris", "London", "Paris"]), "city")
    paris, london = bucket("Paris", 10), bucket("London", 10)
    assert column == HashColumn(name="city", buckets=10, used=sorted([paris, london]))
    assert column.names == [f"city#{number}" for number in range(10)]
    new = {place: next(c for c in map(str, range(99)) if bucket(c, 10) == place) for place in range(10)}
    free = next(place for place in range(10) if place not in (paris, london))
    rows = table(city=["Paris", new[london], new[free]])
    out = np.zeros((3, 10))
    column.encode(rows, out)
    assert [np.flatnonzero(row).tolist() for row in out] == [[paris], [london], []]
    assert out.sum() == 2
    assert column.unseen(rows).tolist() == [False, False, True]
    assert HashColumn.model_validate_json(column.model_dump_json()) == column


def test_missing_cells_have_the_bucket_of_the_empty_text(table: MakeTable) -> None:
    column = Category(encode="hash", buckets=1000, missing="as_category").fit(table(city=["a", "", "NA"]), "city")
    assert column.used == sorted([bucket("a", 1000), bucket("", 1000)])
    rows = table(city=["?", "a"])
    assert column.missing(rows).tolist() == [True, False]
    out = np.zeros((2, 1000))
    column.encode(rows, out)
    assert out.argmax(axis=1).tolist() == [bucket("", 1000), bucket("a", 1000)]
    without = Category(encode="hash", buckets=1000, missing="as_category").fit(table(city=["a", "a"]), "city")
    assert without.unseen(rows).tolist() == [True, False]
    filled = Category(encode="hash", buckets=1000, missing="most_frequent").fit(table(city=["b", "a", "b"]), "city")
    out[...] = 0
    filled.encode(rows, out)
    assert out.argmax(axis=1).tolist() == [bucket("b", 1000), bucket("a", 1000)]


def test_there_may_be_any_number_of_levels(table: MakeTable) -> None:
    cells = [str(number) for number in range(2000)]
    column = Category(encode="hash", buckets=16).fit(table(city=[*cells, *cells]), "city")
    assert column.used == list(range(16))
    out = np.zeros((2000, 16))
    column.encode(table(city=cells), out)
    assert out.sum(axis=1).tolist() == [1] * 2000
    assert out.sum(axis=0).min() > 80  # 125 on average: a binomial with deviation 11


@pytest.mark.parametrize("change", [{"used": [2, 1]}, {"used": [1, 1]}, {"used": [3]}, {"used": []}, {"buckets": 0}])
def test_a_broken_column_is_refused(change: dict[str, object]) -> None:
    fields = {"name": "city", "buckets": 3, "used": [0, 2]}
    HashColumn.model_validate(fields)
    with pytest.raises(ValidationError):
        HashColumn.model_validate(fields | change)
