"""Trainings side by side: what becomes of a process that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows import jobs
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.jobs import Job, run_jobs, sharing_note

LONG = {"epochs": 400, "batch_size": "all", "early_stopping": None, "checkpoint": {"every_epochs": 50}}
LINEAR = {"layers": [{"type": "dense", "units": "auto"}]}


def some_jobs(config, count=2, **changes):
    path = config(**changes)
    return [Job(f"j{k}", load_config(path, [f"seed={k}"]), Path("runs") / f"j{k}") for k in range(count)]


def test_a_job_is_told_in_json(config):
    (job,) = some_jobs(config, 1)
    again = Job.of(json.loads(json.dumps(job.to_json())))
    assert (again.name, again.run, again.loaded.base) == (job.name, job.run, job.loaded.base)
    assert again.loaded.config == job.loaded.config.model_copy(update={"name": "small"})


def test_a_process_that_is_killed_is_reported_and_goes_on_later(config, lingering, linger, monkeypatch):
    children = []
    start = jobs.start_child

    def started(module):
        children.append(start(module))
        return children[-1]

    monkeypatch.setattr(jobs, "start_child", started)
    todo = some_jobs(config, **lingering)
    linger(0.03)

    def listen(event):
        if event.outcome is None and event.epoch > 0 and len(children) == 2:
            for child in children:
                child.kill()

    outcomes = run_jobs(todo, 2, listen)
    killed = [outcome for outcome in outcomes if outcome.exit_code == 137]
    assert killed
    assert killed[0].status == "failed"
    assert killed[0].error["message"] == "its process was ended by SIGKILL"
    linger(0)
    assert [outcome.status for outcome in run_jobs(todo, 1)] == ["completed"] * 2
    whole = [job.__class__(job.name, job.loaded, Path("whole") / job.name) for job in todo]
    run_jobs(whole)
    for job, other in zip(todo, whole, strict=True):
        assert (job.run / "model.safetensors").read_bytes() == (other.run / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_children_save_their_state_when_the_parent_is_killed(config):
    path = config(training={**LONG, "epochs": 1_000_000}, model=LINEAR)
    words = [sys.executable, "-c", "from scratchnn.cli.app import main; main()"]
    parent = subprocess.Popen([*words, "crossval", str(path), "--folds", "2", "--jobs", "2", "-q"])
    runs = [Path(f"runs/small-cv/fold-{fold}") for fold in range(2)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all((run / "metrics.jsonl").is_file() for run in runs):
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while time.monotonic() < deadline and not all((run / "summary.json").is_file() for run in runs):
        time.sleep(0.05)
    for run in runs:
        assert json.loads((run / "summary.json").read_text())["status"] == "interrupted"


def test_a_run_that_another_process_writes_is_reported(config):
    todo = some_jobs(config)
    run_jobs(todo[:1])
    (todo[0].run / "summary.json").unlink()
    other = RunDirectory(todo[0].run)
    other.lock()
    try:
        outcomes = run_jobs(todo)
    finally:
        other.unlock()
    assert [outcome.exit_code for outcome in outcomes] == [7, 0]
    assert outcomes[0].error["kind"] == "busy"


def test_more_threads_than_cores_are_told(monkeypatch):
    monkeypatch.setattr("scratchnn.workflows.jobs.available_cores", lambda: 4)
    assert sharing_note(1, 4) == sharing_note(4, 1) == sharing_note(2, 2) == []
    (note,) = sharing_note(2, 4)
    assert "each training uses 4 threads, as it would alone, so 2 at a time share 4 cores" in note
