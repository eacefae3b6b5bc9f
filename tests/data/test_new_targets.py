from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from scratchnn.data.new_targets import with_targets
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets.multi_label import truths
from scratchnn.errors import DataError, StorageError, UsageError

X = Arrays.of(np.zeros((3, 2)), where="x.npy")


def test_npy_and_idx_are_told_apart_by_their_content(tmp_path):
    np.save(tmp_path / "y.npy", np.array([[2], [0], [1]]))
    assert with_targets(X, tmp_path / "y.npy").targets.tolist() == [2, 0, 1]
    idx = b"\0\0\x08\x01" + struct.pack(">I", 3) + bytes([2, 0, 1])
    (tmp_path / "labels").write_bytes(idx)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx))
    for name in ("labels", "labels.gz"):
        made = with_targets(X, tmp_path / name)
        assert made.targets.tolist() == [2, 0, 1]
        assert made.inputs is X.inputs


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: np.save(path, np.zeros(4)), DataError, "holds 4 targets, but x.npy holds 3 inputs"),
        (lambda path: np.save(path, np.array([1, np.nan, 0])), DataError, "not a finite number"),
        (lambda path: np.save(path, np.zeros((3, 2, 2))), DataError, "targets have the shape"),
        (lambda path: path.write_bytes(b"a,b\n1,2\n"), DataError, "neither an NPY nor an IDX file"),
        (lambda path: path.write_bytes(b""), DataError, "the file is empty"),
        (lambda path: path.mkdir(), DataError, "this is a folder"),
        (lambda path: None, DataError, "there is no such file"),
    ],
)
def test_files_that_cannot_be_their_targets(tmp_path, make, error, words):
    make(tmp_path / "y.npy")
    with pytest.raises(error, match=words) as caught:
        with_targets(X, tmp_path / "y.npy")
    assert "y.npy" in caught.value.where
    assert caught.value.hint
    assert not isinstance(caught.value, StorageError)


def test_the_place_of_both_names_both_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("y.npy", np.array([0, 2, 1]))
    made = with_targets(X, "y.npy")
    assert made.where == "x.npy with y.npy"
    with pytest.raises(DataError, match=r"x\.npy with y\.npy:targets\[1, 0\]: 2 is neither 0 nor 1"):
        truths(made, ["ill"])


def test_data_that_have_their_own(tmp_path):
    np.save(tmp_path / "y.npy", np.zeros(1))
    with pytest.raises(UsageError, match="the data are a table") as caught:
        with_targets(Table("t.csv", {"a": ("1",)}, np.array([2])), tmp_path / "y.npy")
    assert "target column" in caught.value.hint
    own = Arrays.of(np.zeros((1, 2)), np.zeros(1), where="x.npz")
    with pytest.raises(UsageError, match=r"does not go with x\.npz, which holds targets"):
        with_targets(own, tmp_path / "y.npy")
