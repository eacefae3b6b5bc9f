"""Whatever a file holds, preparing it succeeds or ends in an error of ours: never in another exception or a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.preparation import prepare
from scratchnn.data.settings import DataSettings
from scratchnn.errors import ScratchnnError

CELLS = [
    "",
    " ",
    "0",
    "1",
    "1.0",
    "-0.0",
    "2.5",
    "1e308",
    "-1e308",
    "5e-324",
    "1e999",
    "nan",
    "NA",
    "a",
    "b",
    "é",
    '"',
    "\n",
    "1_0",
    "2024-02-29",
    "0001-01-01T00:00+01:00",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("robustness")


def outcome(folder: Path, document: dict[str, object]) -> str:
    try:
        data = prepare(DataSettings.model_validate(document), folder, np.random.Generator(np.random.PCG64(0)))
    except ScratchnnError as error:
        return "refused" if error.where else "refused nowhere"
    for part in data.parts.values():
        assert np.isfinite(part.inputs).all()
        assert np.isfinite(part.targets).all()
        assert len(part.inputs) == len(part.targets) == len(part.rows) > 0
    return "prepared"


@given(
    st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS[2:8]), st.sampled_from("0112ab")), max_size=12),
    st.sampled_from(["auto", "classification", "regression"]),
    st.sampled_from(["random", "none", {"type": "random", "stratify": False, "validation": 0.4}]),
    st.sampled_from([None, {"a": "category"}])
    | st.builds(
        lambda scale, missing: {"a": {"type": "number", "scale": scale, "missing": missing}},
        st.sampled_from(["standard", "min_max", "robust", "quantile", "power", "log1p", "none"]),
        st.sampled_from(["refuse", "mean", "median", "drop_row", "indicator"]),
    )
    | st.sampled_from([{"a": {"type": kind, "missing": "indicator"}} for kind in ("binary", "datetime")]),
)
def test_tables_of_odd_cells(
    folder: Path, rows: list[tuple[str, ...]], task: str, split: object, features: object
) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    (folder / "odd.csv").write_text("\n".join(["a,b,y", *quoted]), encoding="utf-8")
    assert outcome(
        folder, {"source": "odd.csv", "target": "y", "task": task, "split": split, "features": features}
    ) in ("prepared", "refused")


@given(st.binary(max_size=60), st.sampled_from([b"", b"a,b\n", b"\xef\xbb\xbfa,b\n1,", b'a,b\n"']))
def test_csv_of_any_bytes(folder: Path, content: bytes, start: bytes) -> None:
    (folder / "any.csv").write_bytes(start + content)
    assert outcome(folder, {"source": "any.csv", "target": "b", "split": "none"}) in ("prepared", "refused")


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"\0\0\x08\1\0\0\0", b"\0\0\x0d\2", b"\x1f\x8b\x08\0\0\0\0\0\0\3"])
)
def test_idx_of_any_bytes(folder: Path, content: bytes, start: bytes) -> None:
    (folder / "any.idx").write_bytes(start + content)
    assert outcome(folder, {"source": {"type": "idx", "images": "any.idx", "labels": "any.idx"}}) in (
        "prepared",
        "refused",
    )


@given(st.integers(0, 600), st.integers(0, 255))
def test_npz_with_a_changed_byte(folder: Path, place: int, byte: int) -> None:
    np.savez(folder / "whole.npz", x=np.arange(8.0).reshape(4, 2), y=np.array([0, 1, 0, 1]))
    content = bytearray((folder / "whole.npz").read_bytes())
    content[place % len(content)] = byte
    (folder / "any.npz").write_bytes(content)
    assert outcome(folder, {"source": "any.npz", "split": "none"}) in ("prepared", "refused")


def test_a_good_table_is_prepared(folder: Path) -> None:
    (folder / "good.csv").write_text("a,b,y\n1,2,p\n3,1,q\n")
    assert outcome(folder, {"source": "good.csv", "target": "y", "split": "none"}) == "prepared"
