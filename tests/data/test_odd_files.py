"""Files as they come from elsewhere: each is read by a rule that is stated, or ends in an error with its place."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.preparation import Prepared, encode, prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.errors import DataError

GOOD = "a,b,y\n1,2,p\n3,1,q\n4,1,q\n"


def prepared(folder: Path, source: object, **settings: object) -> Prepared:
    document = {"source": source, "split": "none", **settings}
    return prepare(DataSettings.model_validate(document), folder, np.random.Generator(np.random.PCG64(0)))


def refused(folder: Path, source: object, **settings: object) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        prepared(folder, source, **settings)
    error = caught.value
    assert error.exit_code == 3
    assert error.hint
    return error.where.removeprefix(f"{folder}/"), error.message


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        ("", "t.csv", "the file is empty"),
        ("a,b,y\n", "t.csv", "there is no row of data, only a header"),
        ("a,b,y\n1,2,p\n", "t.csv", 'every training row has the class "p"'),
        ("1,2,p\n3,1,q\n4,1,q\n", "t.csv", 'there is no column "y"'),
        ("1,1,p\n3,1,q\n", "t.csv:1", 'two columns are named "1"'),
        (GOOD.encode("utf-16"), "t.csv", "this is UTF-16 text, not UTF-8"),
        (GOOD.encode("utf-16-le"), "t.csv:1", "the line holds a NUL byte"),
        (b"a,b,y\n1,2,p\n3,1,\xe9\n", "t.csv:3", "byte 0xe9 is not utf-8 text"),
        (b"a,b,y\n1,2,p\n3,1,\0\n", "t.csv:3", "the line holds a NUL byte"),
        (GOOD.replace(",", ";"), "t.csv:1", 'the header is a single column, "a;b;y"'),
        ("sep=;\n" + GOOD, "t.csv:1", '"sep=;" is a note for spreadsheets, not a row'),
        ("sep=,\n" + GOOD, "t.csv:1", '"sep=," is a note for spreadsheets, not a row'),
        (GOOD.replace(",", "\t"), "t.csv:1", 'the header is a single column, "a\tb\ty"'),
        ('a,b,y\n"1,5",2,p\n"3,5",1,q\n', "t.csv:2:a", '"1,5" is text, but looks like a number with a comma'),
        ("a,b,y\n1,2\n3,1,q\n", "t.csv:2", "2 cells, expected 3"),
        ("a,b,y\n1,2,p\n3,1,q,r\n", "t.csv:3", "4 cells, expected 3"),
        ('a,b,y\n1,2,p\n3,"1,q\n', "t.csv:3", "not well-formed CSV: unexpected end of data"),
        ("a,a,y\n1,2,p\n3,1,q\n", "t.csv:1", 'two columns are named "a"'),
        ("a,,y\n1,2,p\n3,1,q\n", "t.csv:1", "column 2 has no name"),
        ("x" * 600_000 + ",b,y\n1,2,p\n", "t.csv:1", "not well-formed CSV: field larger than field limit (131072)"),
        ("made by hand\na,b,y\n1,2,p\n", "t.csv:2", "3 cells, expected 1"),
        ("a,b,y\nnan,2,p\n3,1,q\n", "t.csv:2:a", 'the value is missing ("nan")'),
        ("a,b,y\n1,2,p\n3,inf,q\n", "t.csv:3:b", '"inf" is not a finite number'),
        ("a,b,y\n1,2,p\n3,1e999,q\n", "t.csv:3:b", '"1e999" is not a finite number'),
        ("a,b,y\n1,2,p\n3,1,\n", "t.csv:3:y", "the value is missing"),
        ("a,b,y\n1,2,p\n\n3,1,q\n", "t.csv:3", "the line is blank"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, content: str | bytes, where: str, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    got_where, got = refused(tmp_path, "t.csv", target="y")
    assert (got_where, got.replace("UTF-8 text", "utf-8 text")) == (where, message.replace("UTF-8 text", "utf-8 text"))


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r"),
        GOOD.replace("\n", "\r\n"),
        GOOD + "\n\n",
        GOOD.replace("p", '"p"'),
    ],
    ids=["byte order mark", "lone carriage returns", "carriage returns", "blank lines at the end", "quotes"],
)
def test_tables_that_are_the_same(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_bytes(content.encode())
    part = prepared(tmp_path, "t.csv", target="y", features={"a": {"type": "number", "scale": "none"}}).train
    assert part.inputs[:, 0].tolist() == [1, 3, 4]
    assert part.targets.tolist() == [0, 1, 1]


def test_a_line_feed_in_quotes_is_part_of_the_cell_and_counts_as_a_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,y\n1,"p\nq"\n2,r\n1,"p\nq"\nx,r\n')
    assert refused(tmp_path, "t.csv", target="y", features={"a": "number"}) == ("t.csv:7:a", '"x" is not a number')
    data = prepared(tmp_path, "t.csv", target="y", features={"a": "category"})
    assert data.encoder.class_names == ["p\nq", "r"]


def test_one_row_can_be_reconstructed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert prepared(tmp_path, "t.csv", task="reconstruction").train.inputs.tolist() == [[0, 0]]


def test_a_constant_column_is_always_zero(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n7,1,p\n7,2,q\n7,3,q\n")
    data = prepared(tmp_path, "t.csv", target="y")
    assert data.train.inputs[:, 0].tolist() == [0, 0, 0]
    (tmp_path / "new.csv").write_text("a,b,y\n8,1,p\n")
    assert encode(read_path(tmp_path / "new.csv"), data.encoder).inputs[0, 0] == 0


def test_a_label_that_training_never_saw(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD)
    (tmp_path / "v.csv").write_text("a,b,y\n1,2,p\n1,2,r\n")
    parts = {"train": "t.csv", "validation": "v.csv"}
    expected = ("v.csv:3:y", 'the class "r" does not occur in the training rows')
    assert refused(tmp_path, parts, target="y") == expected


X, Y = np.arange(12.0).reshape(3, 4), np.array([0, 1, 1])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.array([{}, 1, "a"], object), "y": Y}, 'the array "x" holds Python objects'),
        ({"a": X, "y": Y}, 'there is no array "inputs"'),
        ({"x": X}, "there are no targets"),
        ({"x": X, "y": Y[:2]}, "3 inputs but 2 targets"),
        ({"x": np.where(X == 5, np.nan, X), "y": Y}, "inputs[1, 1] is nan, not a finite number"),
        ({"x": X, "y": np.array([0, np.nan, 1])}, "targets[1] is nan, not a finite number"),
        ({"x": X[:0], "y": Y[:0]}, "inputs of shape (0, 4) hold no sample"),
        ({"x": X, "y": np.zeros(3, int)}, 'every training row has the class "0"'),
    ],
)
def test_archives_that_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "t.npz", **arrays)
    assert refused(tmp_path, "t.npz", task="classification") == ("t.npz", message)


@pytest.mark.parametrize(
    "change",
    [lambda x: x.astype(">f8"), np.asfortranarray, lambda x: x.astype(np.float16), lambda x: x.astype(">i2")],
    ids=["big-endian", "column by column", "float16", "big-endian integers"],
)
@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_arrays_in_another_form_are_the_same(
    tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], kind: str
) -> None:
    if kind == "npz":
        np.savez(tmp_path / "t.npz", x=change(X), y=Y)
        source: object = "t.npz"
    else:
        np.save(tmp_path / "x.npy", change(X))
        np.save(tmp_path / "y.npy", Y)
        source = {"type": "npy", "path": "x.npy", "targets": "y.npy"}
    part = prepared(tmp_path, source, input_scale="none").train
    assert part.inputs.tolist() == X.tolist()
    assert part.inputs.dtype == np.float32
    assert part.inputs.dtype.isnative
    assert part.inputs.flags.c_contiguous


IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(12))
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])


@pytest.mark.parametrize(
    ("images", "labels", "where", "message"),
    [
        (b"\1" + IMAGES[1:], LABELS, "i", "not an IDX file: it begins with 0x01000803"),
        (IMAGES[:7] + b"\3" + IMAGES[8:], LABELS, "i", "the file is cut off: 28 bytes, expected 34"),
        (IMAGES, LABELS[:7] + b"\3abc", "l", "3 labels, but "),
        (gzip.compress(IMAGES, mtime=0)[:-9], LABELS, "i", "the gzip data is damaged"),
        (IMAGES, gzip.compress(LABELS, mtime=0)[:-1], "l", "the gzip data is damaged"),
    ],
)
def test_idx_files_that_are_refused(tmp_path: Path, images: bytes, labels: bytes, where: str, message: str) -> None:
    (tmp_path / "i").write_bytes(images)
    (tmp_path / "l").write_bytes(labels)
    got_where, got = refused(tmp_path, {"type": "idx", "images": "i", "labels": "l"})
    assert got_where == where
    assert got.startswith(message)


def test_an_absurd_shape_allocates_nothing(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": (10**9, 10**6), "fortran_order": False, "descr": "<f8"})
    (tmp_path / "x.npy").write_bytes(file.getvalue() + b"\0" * 8)
    where, got = refused(tmp_path, {"type": "npy", "path": "x.npy"}, task="reconstruction")
    assert where == "x.npy"
    assert got == "the file ends before its array does"
