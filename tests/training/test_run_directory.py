from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scratchnn.errors import BusyError, ModelError, StorageError, UsageError
from scratchnn.training.run_directory import RunDirectory


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def create(name, path=None):
    run = RunDirectory.create(name, "text: ü\n", path)
    run.unlock()
    return run


def aged(name, seconds):
    run = create(name)
    os.utime(run.config, (seconds, seconds))
    return run.path


def test_runs_of_one_name_are_numbered():
    assert [create("iris").path for _ in range(3)] == [Path("runs/iris"), Path("runs/iris-2"), Path("runs/iris-3")]
    assert create("wine").path == Path("runs/wine")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["iris", "iris-2", "iris-3", "wine"]


def test_a_new_run_holds_its_config_and_nothing_else():
    run = create("iris")
    assert run.config.read_text(encoding="utf-8") == "text: ü\n"
    assert sorted(path.name for path in run.path.iterdir()) == [".lock", "config.yaml"]
    assert run.path.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_of_that_name_is_not_overwritten():
    Path("runs").mkdir()
    Path("runs/iris").write_text("mine")
    assert create("iris").path == Path("runs/iris-2")
    assert Path("runs/iris").read_text() == "mine"


def test_an_explicit_place_is_used_as_it_is(tmp_path):
    assert create("iris", Path("deep/er/here")).path == Path("deep/er/here")
    Path("empty").mkdir()
    assert create("iris", Path("empty")).config.is_file()


@pytest.mark.parametrize(
    ("make", "name", "hint"),
    [
        (lambda path: create("iris", path), "mine", "Choose another, or go on with it: --resume mine"),
        (lambda path: create("iris", path), "my run", "Choose another, or go on with it: --resume 'my run'"),
        (lambda path: path.write_text("mine"), "mine", "Choose another place."),
        (lambda path: (path / "full").mkdir(parents=True), "mine", "Choose another place."),
        (lambda path: path.symlink_to("nowhere"), "mine", "Choose another place."),
        (lambda path: Path("some").mkdir(), ".", "Choose another place."),
    ],
)
def test_an_explicit_place_that_is_taken_is_refused(make, name, hint):
    make(Path(name))
    before = sorted(Path().iterdir())
    with pytest.raises(UsageError) as caught:
        create("iris", Path(name))
    assert str(caught.value) == f"{name}: exists already. {hint}"
    assert sorted(Path().iterdir()) == before


def test_a_file_called_runs_is_told():
    Path("runs").write_text("mine")
    with pytest.raises(StorageError) as caught:
        create("iris")
    assert caught.value.hint == '"runs" is a file, not a folder: choose another place.'


def test_a_place_that_cannot_be_made(monkeypatch):
    Path("file").write_text("")
    with pytest.raises(StorageError):
        create("iris", Path("file/run"))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        create("iris")


def test_a_full_disk_leaves_no_directory_behind(monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(StorageError, match="No space left"):
        create("iris")
    assert list(Path("runs").iterdir()) == []


def test_processes_that_start_at_once_get_different_runs():
    program = """
import sys, time
from scratchnn.training.run_directory import RunDirectory
sys.stdin.readline()
print([str(RunDirectory.create("iris", "").path) for _ in range(10)])
"""
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True) for _ in range(2)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    names = [name for process in processes for name in eval(process.communicate()[0])]
    assert sorted(names) == sorted(["runs/iris", *(f"runs/iris-{number}" for number in range(2, 21))])
    assert sorted(Path("runs").iterdir()) == sorted(map(Path, names))


def test_one_process_writes_at_a_time():
    program = """
import sys
from pathlib import Path
from scratchnn.training.run_directory import RunDirectory
run = RunDirectory.create("iris", "")
print("locked", flush=True)
sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "locked\n"
        run = RunDirectory.open(Path("runs/iris"))
        with pytest.raises(BusyError) as caught:
            run.lock()
        assert (caught.value.exit_code, caught.value.where) == (7, "runs/iris")
        process.kill()
        process.wait()
        run.lock()  # a killed process holds nothing
        with pytest.raises(BusyError):
            RunDirectory.open(Path("runs/iris")).lock()
        run.unlock()
        again = RunDirectory.open(Path("runs/iris"))
        again.lock()
        again.unlock()


def test_open_names_the_nearest_run():
    create("iris")
    with pytest.raises(ModelError) as caught:
        RunDirectory.open(Path("runs/irsi"))
    assert str(caught.value) == 'runs/irsi: is not a run directory. Did you mean "runs/iris"?'
    with pytest.raises(ModelError, match="makes one"):
        RunDirectory.open(Path("nowhere/at/all"))


def test_the_newest_run():
    aged("iris", 1000), aged("iris", 3000), aged("iris", 2000), aged("wine", 4000), aged("iris-x", 5000)
    Path("runs/.new-abc").mkdir()
    Path("runs/.new-abc/config.yaml").write_text("")
    assert RunDirectory.newest().path == Path("runs/iris-x")
    assert RunDirectory.newest("iris").path == Path("runs/iris-2")
    assert RunDirectory.newest("wine").path == Path("runs/wine")


def test_the_newest_run_that_has_a_model():
    aged("iris", 1000), aged("iris", 3000)
    Path("runs/iris/model.safetensors").write_bytes(b"")
    assert RunDirectory.newest(holding="model.safetensors").path == Path("runs/iris")


def test_without_a_run_it_says_what_to_do():
    with pytest.raises(ModelError, match=r"runs/: holds no run with a config\.yaml\. Run `scratchnn train CONFIG`"):
        RunDirectory.newest()
    create("iris")
    with pytest.raises(ModelError, match="holds no run of wine"):
        RunDirectory.newest("wine")


def test_metrics_are_cut_after_an_epoch_and_a_half_written_line_is_dropped():
    run = create("iris")
    rows = [{"epoch": epoch, "train": {"loss": 0.1 * epoch}} for epoch in (1, 2, 3)]
    for row in rows:
        run.append_metrics(row)
    whole = run.metrics.read_bytes()
    assert run.read_metrics(9) == rows
    for length in range(1, len(whole.splitlines(keepends=True)[-1])):
        run.metrics.write_bytes(whole[:-length])
        assert run.read_metrics(9) == (rows if length == 1 else rows[:2])
        run.cut_metrics(2)
        assert run.metrics.read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
    run.append_metrics(rows[2])
    assert run.metrics.read_bytes() == whole
    run.cut_metrics(0)
    assert run.metrics.read_bytes() == b""


BROKEN = [
    b"[1]",
    b"5",
    b"{",
    b'{"epoch": "x"}',
    b'{"epoch": true}',
    b'{"step": 1}',
    b'{"epoch": 2, "\xff": 1}',
    b"\0" * 9,
]


@pytest.mark.parametrize("line", BROKEN)
def test_a_last_line_that_is_no_row_is_dropped(line):
    run = create("iris")
    run.append_metrics({"epoch": 1})
    with run.metrics.open("ab") as file:
        file.write(line)
    assert run.read_metrics(9) == [{"epoch": 1}]
    run.cut_metrics(9)
    assert run.metrics.read_bytes() == b'{"epoch": 1}\n'


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_in_the_middle_that_is_no_row_is_told(line):
    run = create("iris")
    run.metrics.write_bytes(b'{"epoch": 1}\n' + line + b'\n{"epoch": 3}\n')
    with pytest.raises(ModelError) as caught:
        run.cut_metrics(9)
    assert caught.value.where == "runs/iris/metrics.jsonl:2"
    assert caught.value.message == "is not the row of an epoch"


def test_a_changed_config_does_not_make_a_run_the_newest():
    old, new = create("iris"), create("iris")
    os.utime(old.config, (1000, 1000))
    old.keep_config("changed")
    assert old.config.read_text() == "changed"
    assert RunDirectory.newest().path == new.path


def test_json_files_hold_no_nan():
    run = create("iris")
    run.append_metrics({"epoch": 1, "validation": {"roc_auc": float("nan"), "per_class": [1.0, float("inf")]}})
    run.write_json(run.summary, {"metrics": {"roc_auc": float("nan"), "loss": 0.5}})
    assert run.metrics.read_text() == '{"epoch": 1, "validation": {"roc_auc": null, "per_class": [1.0, null]}}\n'
    assert run.summary.read_text() == '{\n  "metrics": {\n    "roc_auc": null,\n    "loss": 0.5\n  }\n}\n'


def test_the_log_has_a_time_on_each_line():
    run = create("iris")
    run.append_log("one")
    run.append_log("twö")
    lines = run.log.read_text(encoding="utf-8").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "twö"]
    assert all(line.split(" ")[0].endswith("+00:00") for line in lines)


def test_open_names_the_newest_runs_alone_where_there_are_many():
    for number in range(13):
        aged(f"r{number:02}", 1000 - number)
    Path("runs/zzzzzzzz").mkdir()
    with pytest.raises(ModelError) as caught:
        RunDirectory.open(Path("runs/zzzzzzzz"))
    names = ", ".join(f"runs/r{number:02}" for number in range(10))
    assert caught.value.hint == f"Choose one of: {names}, or an older one (3 more)."
    with pytest.raises(ModelError, match=r"Did you mean"):
        RunDirectory.open(Path("runs/r12x"))


def left_behind(seconds, *, locked=False):
    """What a process leaves that was killed while it made a run, and its lock."""
    Path("runs").mkdir(exist_ok=True)
    left = RunDirectory(Path(f"runs/.new-{seconds}{locked}"))
    left.path.mkdir()
    left.config.write_text("half")
    if locked:
        left.lock()
    old = time.time() - seconds
    os.utime(left.path, (old, old))
    return left


def test_what_a_killed_process_left_is_removed_when_it_is_old():
    old, new, held = left_behind(7200), left_behind(60), left_behind(7200, locked=True)
    Path("runs/.new-mine").write_text("a file")
    Path("runs/.new-link").symlink_to(Path("elsewhere"), target_is_directory=True)
    create("iris")
    assert not old.path.exists()
    assert new.config.is_file()
    assert held.config.is_file()
    assert Path("runs/.new-mine").read_text() == "a file"
    assert Path("runs/.new-link").is_symlink()
    held.unlock()
    os.utime(held.path, (0, 0))
    create("iris")
    assert not held.path.exists()
