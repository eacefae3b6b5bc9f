from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scratchnn.errors import StorageError
from scratchnn.training.storage import write_atomically


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
    assert str(caught.value) == f"{target}: No space left on device. Free some space, then go on with --resume."
    assert caught.value.exit_code == 6


def test_a_limit_on_the_size_of_files_is_a_storage_error(target):
    program = """
import resource, signal, sys
from pathlib import Path
from scratchnn.errors import StorageError
from scratchnn.training.storage import write_atomically
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
