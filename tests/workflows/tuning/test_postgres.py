"""A search on a real PostgreSQL server, which the tests start in a folder of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scratchnn.errors import StorageError
from scratchnn.workflows.tune import tune

PROGRAM = [sys.executable, "-c", "from scratchnn.cli.app import main; main()", "tune"]
PASSWORD = "s3cret"


def program(name: str) -> str | None:
    """A program of the server: on the path, or where Debian keeps it."""
    found = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    return shutil.which(name) or (str(max(found)) if found else None)


def as_user(command: list[str]) -> list[str]:
    """The server refuses to be run by root."""
    return command if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def known_user() -> bool:
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return False
    return shutil.which("setpriv") is not None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """`HOST:PORT` of a server with the user `tuner`."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, postgres, pg_ctl = program("initdb"), program("postgres"), program("pg_ctl")
    if initdb is None or postgres is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed: there is no initdb")
    if os.geteuid() == 0 and not known_user():
        pytest.skip("PostgreSQL refuses to be run by root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="scratchnn-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    word = folder / "password"
    word.write_text(PASSWORD)
    word.chmod(0o644)
    data = str(folder / "data")
    made = [initdb, "-D", data, "-U", "tuner", "-A", "scram-sha-256", f"--pwfile={word}", "--no-sync", "-E", "UTF8"]
    subprocess.run(as_user(made), check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    start = [pg_ctl, "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "-t", "60", "start"]
    subprocess.run(as_user(start), check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        stop = [pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"]
        subprocess.run(as_user(stop), check=True, cwd=folder, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server: str) -> str:
    """A database of its own for each test."""
    import psycopg

    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(f"postgresql://tuner:{PASSWORD}@{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://tuner:{PASSWORD}@{server}/{name}"


def trials(url):
    import optuna

    storage = optuna.storages.RDBStorage(url.replace("postgresql", "postgresql+psycopg"))
    found = optuna.load_study(study_name="small", storage=storage).trials
    storage.engine.dispose()
    return found


def test_two_processes_share_the_trials_and_the_values_are_those_of_a_journal(search, url):
    path = search(trials=8)
    command = [*PROGRAM, str(path), "--storage", url, "-q"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    found = trials(url)
    assert [trial.state.name for trial in found] == ["COMPLETE"] * 8
    alone = tune(path, overrides=["name=alone"])
    assert [trial.params for trial in found] == [row.params for row in alone.trials]
    assert [trial.value for trial in found] == [row.value for row in alone.trials]


@pytest.mark.slow
def test_killed_it_loses_the_running_trial_at_most(search, url):
    path = search(changes={"training": {"epochs": 60, "batch_size": 2, "early_stopping": None}}, trials=4)
    process = subprocess.Popen([*PROGRAM, str(path), "--storage", url, "-q"], stderr=subprocess.PIPE)
    folder = Path("runs/small-tune")
    until = time.monotonic() + 60
    while len(list(folder.glob("trial-*/summary.json"))) < 1 or not list(folder.glob("trial-0001/metrics.jsonl")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = trials(url)
    done = [trial.number for trial in before if trial.state.name == "COMPLETE"]
    assert "RUNNING" in [trial.state.name for trial in before]
    kept = [(folder / f"trial-{number:04d}" / "summary.json").stat().st_mtime_ns for number in done]
    result = tune(path, storage=url)
    assert [trial.state.name for trial in trials(url)] == ["COMPLETE"] * 4
    assert kept == [(folder / f"trial-{number:04d}" / "summary.json").stat().st_mtime_ns for number in done]
    assert result.storage == url.replace(PASSWORD, "***")
    assert PASSWORD not in (folder / "summary.json").read_text()
    assert len(tune(path, storage=url, overrides=["tune.trials=6"], jobs=2).trials) == 6


def test_a_wrong_password_is_told_without_it(search, url):
    with pytest.raises(StorageError, match="password authentication failed") as caught:
        tune(search(), storage=url.replace(PASSWORD, "wr0ng"))
    assert caught.value.exit_code == 6
    assert "wr0ng" not in str(caught.value)
    assert "://tuner:***@127.0.0.1:" in str(caught.value)


def test_no_such_database_and_no_server(search, server):
    with pytest.raises(StorageError, match='database "nothing" does not exist'):
        tune(search(), storage=f"postgresql://tuner:{PASSWORD}@{server}/nothing")
    with pytest.raises(StorageError, match="the server refused: connection"):
        tune(search(), storage=f"postgresql://tuner:{PASSWORD}@127.0.0.1:1/x")


@pytest.mark.slow
def test_forty_trials_of_two_processes_one_of_which_is_killed(search, url):
    path = search(changes={"training": {"epochs": 30, "batch_size": 4, "early_stopping": None}}, trials=40)
    command = [*PROGRAM, str(path), "--storage", url, "-q"]
    first, second = (subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2))
    folder = Path("runs/small-tune")
    until = time.monotonic() + 120
    while len(list(folder.glob("trial-*/summary.json"))) < 5:
        assert time.monotonic() < until
        time.sleep(0.05)
    first.kill()
    first.communicate()
    second.communicate(timeout=300)
    assert second.returncode == 0
    found = trials(url)
    assert [trial.state.name for trial in found] == ["COMPLETE"] * 40
    assert len({trial.params["optimizer.learning_rate"] for trial in found}) == 40
