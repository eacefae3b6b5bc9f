from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.data.files import locate, read_bytes, shown
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
        ("zzz", "Relative paths start at the folder of the config file."),
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
