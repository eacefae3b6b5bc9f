from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scratchnn.errors import DataError, StorageError
from scratchnn.training.storage import finite_json, replacing, write_atomically


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    return path


def names(path):
    return sorted(file.name for file in path.parent.iterdir())


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_replaced(target, sync):
    write_atomically(target, b"new", sync=sync)
    assert target.read_bytes() == b"new"
    assert names(target) == ["model.bin"]


@pytest.mark.parametrize(
    ("failing", "error", "kind"),
    [
        ("os.fsync", OSError(28, "No space left on device"), StorageError),
        ("pathlib.Path.replace", PermissionError(13, "Permission denied"), StorageError),
        ("os.fsync", KeyboardInterrupt(), KeyboardInterrupt),
        ("os.fsync", SystemExit(130), SystemExit),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(target, monkeypatch, failing, error, kind):
    def fail(*_):
        raise error

    monkeypatch.setattr(failing, fail)
    with pytest.raises(kind):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert names(target) == ["model.bin"]


def test_until_the_new_file_is_whole_the_old_one_stands(target, monkeypatch):
    seen = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append((target.read_bytes(), names(target))))
    write_atomically(target, b"new")
    assert seen == [(b"old", [".model.bin.part", "model.bin"])]


def test_a_full_disk_is_told_with_a_hint(target, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StorageError) as caught:
        write_atomically(target, b"new")
    assert str(caught.value) == f"{target}: No space left on device. Free some space."
    assert caught.value.exit_code == 6


def test_a_limit_on_the_size_of_files_is_a_storage_error(target):
    program = """
import resource, signal, sys
from pathlib import Path
from scratchnn.errors import DataError, StorageError
from scratchnn.training.storage import finite_json, replacing, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), bytes(5000))
except StorageError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", program, target], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert target.read_bytes() == b"old"
    assert names(target) == ["model.bin"]


def test_a_missing_folder_is_a_storage_error(tmp_path):
    path = tmp_path / "missing" / "a.bin"
    with pytest.raises(StorageError, match="No such file or directory") as caught:
        write_atomically(path, b"x")
    assert caught.value.where == str(path)


def test_a_folder_in_the_place_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="directory"):
        write_atomically(tmp_path, b"x")
    assert list(tmp_path.parent.glob(".*.part")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_storage_error(target):
    target.parent.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Check the permissions"):
            write_atomically(target, b"new")
    finally:
        target.parent.chmod(0o700)


def test_a_refused_file_is_told_with_a_hint(target, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError, match=r"denied\. Check the permissions"):
        write_atomically(target, b"new")


def test_a_link_stays_and_its_target_is_written(target):
    link = target.with_name("link")
    link.symlink_to("model.bin")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(target) == ["link", "model.bin"]


def test_a_link_to_nothing_makes_its_target(tmp_path):
    (tmp_path / "other").mkdir()
    link = tmp_path / "link"
    link.symlink_to(Path("other", "new.bin"))
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "other" / "new.bin").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["new.bin"]


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_to_and_stays(tmp_path, linked):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    place = tmp_path / "link" if linked else pipe
    if linked:
        place.symlink_to(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_atomically(place, b"new")
    assert pipe.is_fifo()
    reader.join(5)
    assert got == [b"new"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_mode_of_a_file_is_kept(target, mode):
    target.chmod(mode)
    write_atomically(target, b"new")
    assert target.stat().st_mode & 0o7777 == mode


def test_a_file_that_may_not_be_written_is_refused(target, monkeypatch):
    target.chmod(0o444)
    monkeypatch.setattr("os.access", lambda path, how: how != os.W_OK)  # root would be let through
    with pytest.raises(StorageError, match=r"Permission denied\. Check the permissions"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert target.stat().st_mode & 0o777 == 0o444


def hint(path):
    with pytest.raises(StorageError) as caught:
        write_atomically(path, b"x")
    return caught.value.hint


def test_a_hint_says_how_to_mend_a_place(target):
    folder = target.parent
    assert hint(folder / "a" / "b.csv") == f'There is no folder "{folder / "a"}": make it first, or choose another.'
    assert hint(target / "b.csv") == f'"{target}" is a file, not a folder: choose another place.'
    assert hint(target / "b" / "c.csv") == f'"{target}" is a file, not a folder: choose another place.'
    (folder / "link").symlink_to(folder / "a" / "b.csv")
    assert hint(folder / "link") == f'There is no folder "{folder / "a"}": make it first, or choose another.'
    assert hint(folder) == "It is a folder: name a file."


def test_hints_name_no_option_of_a_command(target, monkeypatch):
    for number in (1, 2, 5, 13, 17, 20, 21, 27, 28, 30, 36, 122):
        error = OSError(number, os.strerror(number))

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr("os.fsync", fail)
        assert "--" not in hint(target)


def test_json_has_no_nan():
    nan, infinity = float("nan"), float("inf")
    assert finite_json({"a": [1.5, nan, {"b": (infinity, "x", None, 3, True)}]}) == {
        "a": [1.5, None, {"b": [None, "x", None, 3, True]}]
    }


def test_a_file_written_in_pieces_is_there_at_the_end(target):
    with replacing(target) as file:
        file.write(b"new ")
        assert target.read_bytes() == b"old"
        file.write(b"bytes")
    assert target.read_bytes() == b"new bytes"
    assert names(target) == ["model.bin"]


@pytest.mark.parametrize("error", [DataError("x"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_pieces_that_end_early_leave_what_was_there(target, error):
    def fail():
        with replacing(target) as file:
            file.write(b"new")
            raise error

    with pytest.raises(StorageError if isinstance(error, OSError) else type(error)):
        fail()
    assert target.read_bytes() == b"old"
    assert names(target) == ["model.bin"]
