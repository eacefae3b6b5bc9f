from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.data.csv import Csv
from scratchnn.data.npz import Npz
from scratchnn.data.settings import Arrow, JsonLines, Moons, Npy, Parquet, Source, SourceParts
from scratchnn.errors import ConfigError


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("data/iris.csv", Csv(path="data/iris.csv")),
        ("IRIS.CSV", Csv(path="IRIS.CSV")),
        ("a.tsv", Csv(path="a.tsv", delimiter="\t")),
        ("a.b.npz", Npz(path="a.b.npz")),
        ("a.npy", Npy(path="a.npy")),
        ("parts/*.jsonl.gz", JsonLines(path="parts/*.jsonl.gz")),
        ("a.parquet", Parquet(path="a.parquet")),
        ("a.feather", Arrow(path="a.feather")),
        ("moons", Moons()),
        ({"train": "a.csv"}, SourceParts(train=Csv(path="a.csv"))),
        (
            {"train": "a.csv", "validation": "b.csv", "test": {"type": "csv", "path": "c.txt", "delimiter": ";"}},
            SourceParts(train=Csv(path="a.csv"), validation=Csv(path="b.csv"), test=Csv(path="c.txt", delimiter=";")),
        ),
    ],
)
def test_short_forms(short: object, full: Source) -> None:
    assert Source.parse(short) == full
    assert Source.parse(full.model_dump()) == full


@pytest.mark.parametrize(
    ("short", "message"),
    [
        ("iris", "'iris'"),
        ("a.xlsx", 'cannot tell the type of "a.xlsx" by its suffix'),
        ("folder/file", 'cannot tell the type of "folder/file"'),
        ("csv", "path: Field required"),
        ({"train": {"train": "a.csv"}}, "a part cannot have parts"),
        ({"train": "a.csv", "test": "a.npz"}, "the parts mix tables, arrays and texts"),
        ({"validation": "a.csv"}, "Unable to extract tag"),
    ],
)
def test_short_forms_that_say_too_little(short: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Source.parse(short)


def test_parts_read_as_their_training_part(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    parts = Source.parse({"train": "a.csv", "test": "missing.csv"})
    assert parts.first == Csv(path="a.csv")
    assert parts.read(tmp_path).columns == {"x": ("1",)}  # type: ignore[union-attr]


def test_editors_accept_paths_and_parts_without_a_type() -> None:
    schema = Source.model_json_schema()
    path = {"type": "string", "description": "A path or the tag of a synthetic set."}
    assert path in schema["$defs"]["Source"]["anyOf"]
    assert schema["$defs"]["SourceParts"]["required"] == ["train"]
    assert schema["$defs"]["Csv"]["required"] == ["type", "path"]
