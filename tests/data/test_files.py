from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scratchnn.data.files import decode, locate, open_text, read_bytes, shown, text_pieces
from scratchnn.errors import DataError, StorageError


def test_relative_paths_start_at_the_base() -> None:
    assert locate(Path("configs"), "../data/a.csv") == Path("configs/../data/a.csv")
    assert locate(Path("configs"), "/data/a.csv") == Path("/data/a.csv")
    assert locate(Path("configs"), "~/a.csv") == Path.home() / "a.csv"
    assert shown(Path("configs/../data/a.csv")) == "data/a.csv"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("irs.csv", 'Did you mean "iris.csv"?'),
        ("zzz", "In a config relative paths start at its folder, on the command line at the present one."),
        ("nowhere/iris.csv", "There is no folder"),
    ],
)
def test_a_missing_file_suggests_its_neighbour(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / "iris.csv").touch()
    with pytest.raises(DataError, match="there is no such file") as caught:
        read_bytes(tmp_path / name)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("name", ["", "iris.csv/a", "a\0b"])
def test_folders_and_impossible_names_are_no_files(tmp_path: Path, name: str) -> None:
    (tmp_path / "iris.csv").touch()
    with pytest.raises(DataError, match=r"this is (not a|a folder, not a) file"):
        read_bytes(tmp_path / name)


def test_a_file_that_the_system_refuses(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    with pytest.raises(StorageError, match="cannot be read: Too many levels of symbolic links"):
        read_bytes(path)


@given(st.binary(max_size=60) | st.text("aé€\n\r\ufeff", max_size=40).map(str.encode), st.integers(8, 30))
def test_pieces_are_the_text_of_the_whole(data: bytes, size: int) -> None:
    assume(not data.startswith((b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")))
    try:
        whole = decode(data, "t.csv")
    except DataError:
        with pytest.raises(DataError):
            list(text_pieces(io.BytesIO(data), "t.csv", size))
        return
    pieces = list(text_pieces(io.BytesIO(data), "t.csv", size))
    assert "".join(pieces) == whole
    assert all(piece.endswith("\n") for piece in pieces[:-1])


def test_pieces_are_short() -> None:
    assert list(text_pieces(io.BytesIO(b"abcde\nfg\n" * 3), "t.csv", 9)) == ["abcde\nfg\n"] * 3


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (b"aaaa\nbbbb\ncccc\ndd\xffd\n", "t.csv:4", "byte 0xff is not UTF-8 text"),
        (b"aaaa\nbbbb\ncccc\nd\0dd\n", "t.csv:4", "NUL byte"),
        ("a,b\n1,2\n3,4\n".encode("utf-16"), "t.csv", "this is UTF-16 text"),
        (b"PK\x03\x04rest of it", "t.csv", "a ZIP archive or an Excel workbook"),
    ],
)
def test_pieces_tell_the_line_of_a_fault(data: bytes, where: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(text_pieces(io.BytesIO(data), "t.csv", 8))
    assert caught.value.where == where


def test_a_packed_file_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" * 5000))
    with open_text(path) as stream:
        assert "".join(text_pieces(stream, "a", 100)) == "a\n" * 5000
    path.write_bytes(gzip.compress(b"a\n" * 5000)[:-9])
    with open_text(path) as stream, pytest.raises(DataError, match="cannot be unpacked: Compressed file ended"):
        list(text_pieces(stream, "a", 100))
    with pytest.raises(DataError, match="there is no such file"), open_text(tmp_path / "b.csv"):
        pass
    with pytest.raises(DataError, match="this is a folder"), open_text(tmp_path):
        pass


def test_a_stream_that_the_system_refuses() -> None:
    class Broken(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(StorageError, match="stdin: cannot be read: Input/output error"):
        list(text_pieces(Broken(), "stdin"))
