from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data import extras
from scratchnn.data.polars_tables import Arrow, Parquet
from scratchnn.data.preparation import prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.data.sources import Source
from scratchnn.data.tables import Table
from scratchnn.errors import DataError, UsageError

polars = pytest.importorskip("polars", reason="polars is not installed")

Write = Callable[[Any, Path], None]
WRITERS = [
    pytest.param(lambda frame, path: frame.write_parquet(path), "t.parquet", id="parquet"),
    pytest.param(lambda frame, path: frame.write_ipc(path), "t.arrow", id="arrow"),
    pytest.param(lambda frame, path: frame.write_ipc_stream(path), "t.feather", id="stream"),
]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_every_type_becomes_text_and_numbers(tmp_path: Path, write: Write, name: str) -> None:
    noon = dt.datetime(2024, 3, 31, 12, 0, 0, 5)
    frame = polars.DataFrame(
        {
            "big": [2**53 + 1, -1, 7],
            "gap": [1.5, None, float("nan")],
            "small": polars.Series([0.1, 0.5, -0.0], dtype=polars.Float32),
            "word": ["01", None, "é"],
            "level": polars.Series(["a", "b", None], dtype=polars.Categorical),
            "yes": [True, None, False],
            "day": [dt.date(2024, 3, 31), None, dt.date(1, 1, 1)],
            "moment": [noon, None, dt.datetime(2024, 1, 1)],
            "utc": [noon.replace(tzinfo=dt.UTC), None, None],
            "clock": [dt.time(1, 2, 3), None, dt.time(0)],
            "money": [Decimal("1.50"), None, Decimal("-0.25")],
            "none": [None, None, None],
        }
    )
    write(frame, tmp_path / name)
    table = Source.parse(name).read(tmp_path)
    assert isinstance(table, Table)
    assert table.numbers("big").tolist() == [float(2**53 + 1), -1, 7]
    assert table.numbers("small").tolist() == [float(np.float32(0.1)), 0.5, 0]
    assert table.numbers_or_none("gap") is None
    assert table.gaps("gap").tolist() == [False, True, True]
    assert table.columns == {
        "big": ("9007199254740993", "-1", "7"),
        "gap": ("1.5", "", "nan"),
        "small": (repr(float(np.float32(0.1))), "0.5", "-0.0"),
        "word": ("01", "", "é"),
        "level": ("a", "b", ""),
        "yes": ("true", "", "false"),
        "day": ("2024-03-31", "", "0001-01-01"),
        "moment": ("2024-03-31T12:00:00.000005", "", "2024-01-01T00:00:00"),
        "utc": ("2024-03-31T12:00:00.000005+00:00", "", ""),
        "clock": ("01:02:03", "", "00:00:00"),
        "money": ("1.50", "", "-0.25"),
        "none": ("", "", ""),
    }
    part = table.take(np.array([2, 0]))
    assert part.columns["big"] == ("7", "9007199254740993")
    assert part.columns["word"] == ("é", "01")
    with pytest.raises(DataError) as caught:
        part.numbers("gap")
    assert caught.value.where == f"{tmp_path / name}:3:gap"


@pytest.mark.parametrize(("write", "name"), WRITERS)
@given(values=st.lists(st.floats() | st.none(), min_size=1, max_size=5))
@settings(deadline=None)
def test_numbers_are_what_their_texts_say(
    tmp_path_factory: pytest.TempPathFactory, write: Write, name: str, values: list[float | None]
) -> None:
    folder = tmp_path_factory.mktemp("polars", numbered=True)
    write(polars.DataFrame({"a": values}, schema={"a": polars.Float64}), folder / name)
    table = Source.parse(name).read(folder)
    assert isinstance(table, Table)
    again = Table("t", dict(table.columns), table.lines)
    for ours, theirs in [(table, again), (table.take(np.array([0])), again.take(np.array([0])))]:
        assert (ours.numbers_or_none("a") is None) == (theirs.numbers_or_none("a") is None)
        assert ours.gaps("a").tolist() == theirs.gaps("a").tolist()
        known, expected = ours.gappy("a"), theirs.gappy("a")
        assert known is not None
        assert expected is not None
        assert np.array_equal(known.values, expected.values, equal_nan=True)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([[[1]], [[2]]], "List"),
        ([{"b": 1}, {"b": 2}], "Struct"),
        ([b"a", b"b"], "Binary"),
        ([dt.timedelta(1)] * 2, "Dur"),
    ],
)
def test_types_that_are_no_cells_are_refused(tmp_path: Path, column: list[object], kind: str) -> None:
    polars.DataFrame({"a": column}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=f'the column "a" is of the type {kind}') as caught:
        Parquet(path="t.parquet").read(tmp_path)
    assert caught.value.where == str(tmp_path / "t.parquet")


@pytest.mark.parametrize("source", [Parquet(path="t"), Arrow(path="t")])
@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0", b"FEA1xx", b"a,b\n1,2"]
)
def test_other_files_are_refused(tmp_path: Path, source: Source, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(DataError) as caught:
        source.read(tmp_path)
    assert caught.value.where == str(tmp_path / "t")
    assert caught.value.hint


def test_a_table_without_rows_or_names(tmp_path: Path) -> None:
    polars.DataFrame({"a": []}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="there is no row of data"):
        Parquet(path="t.parquet").read(tmp_path)
    polars.DataFrame({"": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 1 has no name"):
        Parquet(path="t.parquet").read(tmp_path)


def test_trains_and_predicts_from_several_files(tmp_path: Path) -> None:
    for number in range(2):
        rows = {"x": [1.0, 2.0, 3.0 + number], "y": ["p", "q", "p"]}
        polars.DataFrame(rows).write_parquet(tmp_path / f"{number}.parquet")
    document = {
        "source": "*.parquet",
        "target": "y",
        "split": "none",
        "features": {"x": {"type": "number", "scale": "none"}},
    }
    data = prepare(DataSettings.model_validate(document), tmp_path, np.random.default_rng(0))
    assert data.train.inputs[:, 0].tolist() == [1, 2, 3, 1, 2, 4]
    assert data.train.targets.tolist() == [0, 1, 0, 0, 1, 0]
    new = read_path(tmp_path / "1.parquet", Parquet(path="*.parquet"))
    assert isinstance(new, Table)
    assert new.numbers("x").tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("source", "kind"), [(Parquet(path="t.p"), "a Parquet file"), (Arrow(path="t.p"), "an Arrow file")]
)
def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Source, kind: str
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda module: False)
    with pytest.raises(UsageError) as caught:
        source.read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/t.p: {kind} needs the library polars, which is not installed. Run: pip install 'scratchnn[data]'"
    )


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_lists_become_those_of_json(tmp_path: Path, write: Write, name: str) -> None:
    frame = polars.DataFrame({"a": [[1.5, 2.0], [], None], "b": [["x", "é"], ["y"], []], "c": [[True], [False], []]})
    write(frame, tmp_path / name)
    table = Source.parse(name).read(tmp_path)
    assert isinstance(table, Table)
    assert table.columns["a"] == ("[1.5, 2.0]", "[]", "")
    assert table.columns["b"] == ('["x", "é"]', '["y"]', "[]")
    assert table.columns["c"] == ("[true]", "[false]", "[]")
