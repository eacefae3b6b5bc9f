from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.features.number import Number
from scratchnn.data.index_split import IndexSplit
from scratchnn.data.preparation import prepare
from scratchnn.data.settings import DataSettings
from scratchnn.data.splits import Division, Split, Strata, Undivided
from scratchnn.errors import ConfigError, DataError


def undivided(base: Path, count: int = 10, *, classes: list[int] | None = None, **other: Any) -> Undivided:
    strata = None if classes is None else Strata(np.array(classes), [f"c{k}" for k in range(max(classes) + 1)])
    return Undivided(count, np.random.Generator(np.random.PCG64(0)), strata, base=base, **other)


def lists(division: Division) -> list[list[int]]:
    return [part.tolist() for part in (division.train, division.validation, division.test)]


def write(folder: Path, content: Any) -> str:
    (folder / "rows.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return "rows.json"


def test_what_no_list_has_is_for_training(tmp_path: Path) -> None:
    path = write(tmp_path, {"test": [8, 0], "validation": [3], "made by": "hand", "seed": 4, "more": {"a": [1]}})
    assert lists(IndexSplit(path=path).divide(undivided(tmp_path))) == [[1, 2, 4, 5, 6, 7, 9], [3], [0, 8]]
    assert lists(IndexSplit(path=write(tmp_path, {"test": []})).divide(undivided(tmp_path, 2))) == [[0, 1], [], []]


def test_beside_a_list_for_training_the_rest_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, {"train": [9, 1, 2], "test": [5]})
    assert lists(IndexSplit(path=path).divide(undivided(tmp_path))) == [[1, 2, 9], [], [5]]


def test_of_lists_of_lists_one_is_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, {"test_rows": [[0, 1], [2, 3], [4, 5, 6]]})
    made = [IndexSplit(path=path, test_key="test_rows", fold=fold).divide(undivided(tmp_path)) for fold in range(3)]
    assert [division.test.tolist() for division in made] == [[0, 1], [2, 3], [4, 5, 6]]
    assert lists(made[2]) == [[0, 1, 2, 3, 7, 8, 9], [], [4, 5, 6]]


def test_validation_may_be_drawn_from_the_others(tmp_path: Path) -> None:
    """0.25 of the 8 training rows: one of each class, where they are stratified."""
    classes = [0, 1] * 5
    split = IndexSplit(path=write(tmp_path, {"test": [0, 1]}), validation=0.25)
    train, validation, test = lists(split.divide(undivided(tmp_path, classes=classes)))
    assert sorted(train + validation) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert sorted(classes[row] for row in validation) == [0, 1]
    assert test == [0, 1]
    listed = IndexSplit(path=write(tmp_path, {"train": [2, 4, 6, 8], "test": [0, 1]}), validation=0.25)
    train, validation, _ = lists(listed.divide(undivided(tmp_path)))
    assert sorted(train + validation) == [2, 4, 6, 8]
    assert len(validation) == 1


def test_a_class_of_test_rows_alone_is_no_rare_class(tmp_path: Path) -> None:
    split = IndexSplit(path=write(tmp_path, {"test": [0]}), validation=0.5)
    assert len(split.divide(undivided(tmp_path, 9, classes=[0] + [1, 2] * 4)).validation) == 4
    with pytest.raises(DataError, match='class "c0" has 1 row, too few for 2 parts'):
        split.divide(undivided(tmp_path, 9, classes=[0, 0, *[1] * 7]))
    assert split.model_copy(update={"stratify": False}).divide(undivided(tmp_path, 9, classes=[0, 0, *[1] * 7]))


def test_every_kind_of_file_says_the_same(tmp_path: Path) -> None:
    expected = [[1, 2, 4, 5, 6, 7, 9], [3], [0, 8]]
    named = {"validation": [3], "test": [8, 0]}
    (tmp_path / "rows.json.gz").write_bytes(gzip.compress(json.dumps(named).encode()))
    np.savez(tmp_path / "rows.npz", **{name: np.array(rows, np.uint8) for name, rows in named.items()}, seed=3)
    (tmp_path / "rows.csv").write_text("row,part,why\n8,test,\n 3,validation,\n0,test,first\n")
    (tmp_path / "rows.tsv").write_text("part\trow\ntest\t8\nvalidation\t3\ntest\t0\n")
    for name in ("rows.json.gz", "rows.npz", "rows.csv", "rows.tsv"):
        assert lists(IndexSplit(path=name).divide(undivided(tmp_path))) == expected
    np.savez(tmp_path / "folds.npz", test=np.array([[0, 1], [2, 3]]))
    assert lists(IndexSplit(path="folds.npz", fold=1).divide(undivided(tmp_path, 5))) == [[0, 1, 4], [], [2, 3]]
    np.savez(tmp_path / "none.npz", test=np.array([]))
    assert lists(IndexSplit(path="none.npz").divide(undivided(tmp_path, 2))) == [[0, 1], [], []]


def test_the_numbers_are_those_of_the_source_also_where_rows_are_dropped(tmp_path: Path) -> None:
    """Rows 1 and 4 of 6 were dropped: 5 is the last of the four that are left."""
    path = write(tmp_path, {"test": [5, 4], "validation": [2]})
    rows = undivided(tmp_path, 4, numbers=np.array([0, 2, 3, 5]), total=6)
    assert lists(IndexSplit(path=path).divide(rows)) == [[0, 2], [1], [3]]


def test_from_a_table_with_a_dropped_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Number, "drops", lambda _, table, name: table.gaps(name))
    (tmp_path / "t.csv").write_text("x,y\n0,0.5\n,1.5\n2,2.5\n3,3.5\n4,4.5\n5,0.25\n")
    write(tmp_path, {"test": [5, 1], "validation": [2]})
    document = {"source": "t.csv", "target": "y", "features": {"x": "number"}}
    settings = DataSettings.model_validate({**document, "split": {"type": "index", "path": "rows.json"}})
    prepared = prepare(settings, tmp_path, np.random.Generator(np.random.PCG64(0)))
    assert {name: part.rows.tolist() for name, part in prepared.parts.items()} == {
        "train": [0, 3, 4],
        "validation": [2],
        "test": [5],
    }


@pytest.mark.parametrize(
    ("content", "settings", "where", "message"),
    [
        ({"test": [1, 10]}, {}, "test[1]", "there is no row 10: the source has 10 rows, 0 to 9"),
        ({"test": [-1]}, {}, "test[0]", "there is no row -1"),
        ({"test": [3, 10**30]}, {}, "test[1]", "there is no row 1000000"),
        ({"test": [3, 2.0]}, {}, "test[1]", "2.0 is no row number"),
        ({"test": [True]}, {}, "test[0]", "true is no row number"),
        ({"test": ["3"]}, {}, "test[0]", '"3" is no row number'),
        ('{"test": [NaN]}', {}, "test[0]", "NaN is no row number"),
        ({"test": [None]}, {}, "test[0]", "null is no row number"),
        ({"test": [3, 4, 3]}, {}, "test[2]", "row 3 stands twice in this list"),
        ({"test": [3, 4], "validation": [4]}, {}, "test[1]", 'row 4 stands in "validation" and in "test"'),
        ({"train": [4], "validation": [4]}, {}, "validation[0]", 'row 4 stands in "train" and in "validation"'),
        ({"test": [1], "valid": [2]}, {}, "", 'there is a list "valid", but data.split has no part of this name'),
        ({"train": [1]}, {}, "", 'there is no list "validation" nor "test"'),
        ({}, {}, "", 'there is no list "validation" nor "test"'),
        ({"test": list(range(10))}, {}, "", "data.split leaves no row for training"),
        ({"test": [1], "validation": [2]}, {"validation": 0.1}, "", "draws a fraction of 0.1 too"),
        ({"test": [[1], [2]]}, {}, "", '"test" holds 2 lists'),
        ({"test": [[1], [2]]}, {"fold": 2}, "", '"test" has 2 lists'),
        ({"test": [1, 2]}, {"fold": 0}, "", '"test" is not a list of lists'),
        ({"test": []}, {"fold": 0}, "", '"test" is not a list of lists'),
        ({"test": [[1], [2, 12]]}, {"fold": 1}, "test[1][1]", "there is no row 12"),
        ([1, 2], {}, "", "holds no JSON object"),
        ('{"test": [1}', {}, "1:12", "not well-formed JSON"),
        ('{"test": [1], "test": [2]}', {}, "", 'the key "test" stands twice'),
        ("[" * 100_000, {}, "", "nested too deep"),
        ('{"test": [' + "9" * 5000 + "]}", {}, "", "a number that is too long"),
        ("", {}, "1:1", "not well-formed JSON"),
    ],
)
def test_a_wrong_list_is_named(
    tmp_path: Path, content: Any, settings: dict[str, Any], where: str, message: str
) -> None:
    split = IndexSplit(path=write(tmp_path, content), **settings)
    with pytest.raises(DataError) as caught:
        split.divide(undivided(tmp_path))
    assert message in caught.value.message
    assert caught.value.where.endswith(f"rows.json:{where}".rstrip(":"))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"test": np.array([True, False])}, 'the array "test" is a mask of booleans'),
        ({"test": np.array([1.0])}, "is float64 of the shape (1,), not a list of row numbers"),
        ({"test": np.zeros((1, 1, 1), int)}, "of the shape (1, 1, 1), not a list"),
        ({"test": np.array([2, 99])}, "there is no row 99"),
        ({"test": np.array([[1], [2]])}, '"test" holds 2 lists'),
        ({"test": np.array([{}])}, "holds Python objects"),
    ],
)
def test_a_wrong_array_is_named(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(DataError) as caught:
        IndexSplit(path="rows.npz").divide(undivided(tmp_path))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("row,part\n1,test\n1.5,test\n", ":3:row", '"1.5" is no row number'),
        ("row,part\n1,test\n,test\n", ":3:row", '"" is no row number'),
        ("row,part\n1,test\n2,tset\n", "", 'there is a list "tset"'),
        ("row,part\n1,test\n1,train\n", ":2:row", 'row 1 stands in "train" and in "test"'),
        ("row,part\n1,\n", ":2:part", "the value is missing"),
        ("number,part\n1,test\n", "", 'there is no column "row"'),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, where: str, message: str) -> None:
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        IndexSplit(path="rows.csv").divide(undivided(tmp_path))
    assert message in caught.value.message
    assert caught.value.where.endswith(f"rows.csv{where}")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, {})
    with pytest.raises(DataError, match=r'there is no such file\. Did you mean "rows\.json"\?'):
        IndexSplit(path="row.json").divide(undivided(tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "rows.yaml"}, r'cannot tell how to read "rows\.yaml" by its suffix'),
        ({"path": "rows.csv", "fold": 1}, "`fold` chooses among lists of lists"),
        ({"path": "rows.json", "test_key": "train"}, "must differ"),
        ({}, "path: Field required"),
    ],
)
def test_what_a_config_may_not_say(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Split.parse({"type": "index", **settings})
