"""Every exit code of the table, seen from outside: a process of its own, its exit code and its JSON."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

LONG = ("--set", "training.epochs=1000000", "--set", "training.early_stopping=null")

BUG = """
from __future__ import annotations
from scratchnn.component import Literal
from scratchnn.nn.activations import ReLU

class Faulty(ReLU):
    type: Literal["faulty"] = "faulty"
    def forward(self, x, y, *rest, **named):
        raise RuntimeError("the wires are crossed")
"""


def error_of(outcome: Any) -> Any:
    """The error in the one JSON object on stdout; its keys are always the same."""
    error = outcome.json["error"]
    assert error.keys() >= {"kind", "message", "where", "hint"}
    return error


def test_0_and_one_object_on_stdout(process: Any) -> None:
    outcome = process("train", "c.yaml", "--json", "--require", "train.accuracy>=0")
    assert outcome.code == 0
    assert outcome.out.count("\n") == 1
    assert outcome.json["status"] == "completed"
    assert "epoch 2/2  loss " in outcome.err


def test_1_a_bug_shows_where_it_is(process: Any, folder: Path) -> None:
    (folder / "faulty.py").write_text(BUG)
    arguments = ("--plugin", "faulty.py", "--set", "model.layers.0.activation=faulty", "--json")
    outcome = process("train", "c.yaml", *arguments)
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    assert "faulty.py" in outcome.err
    error = error_of(outcome)
    assert (error["kind"], error["where"]) == ("bug", f"{folder / 'faulty.py'}:9")
    assert error["message"] == "the plugin failed: RuntimeError: the wires are crossed"
    assert "of scratchnn" not in outcome.err


def test_1_a_bug_of_ours(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crossed(*arguments: object) -> None:
        raise RuntimeError("the wires are crossed")

    monkeypatch.setattr("scratchnn.workflows.components.config_schema", crossed)
    outcome = cli("schema")
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    last = outcome.err.splitlines()[-1]
    assert last == "error: this is a bug of scratchnn: RuntimeError: the wires are crossed. Please report it."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], 'there is no command "trian". Did you mean "train"?'),
        (
            ["train", "c.yaml", "--jsn"],
            'there is no option --jsn. Did you mean "--json"? See `scratchnn train --help`.',
        ),
        (["train"], "there is nothing to train. Give a config"),
        (["validate"], "Missing argument 'CONFIG'. See `scratchnn validate --help`."),
        (["train", "c.yaml", "--set"], "Option '--set' requires an argument. See"),
        (["train", "d.yaml"], 'd.yaml: there is no such file. Did you mean "c.yaml"?'),
        (["train", "c.yaml", "--require", "accuracy"], "--require 'accuracy': cannot be read. Write a metric"),
        (["train", "c.yaml", "--require", "test.acuracy>1"], 'no figure "test.acuracy". Did you mean'),
        (["train", "--resume", "--dry-run"], "--dry-run does not go with --resume"),
        (["gradcheck"], "gradcheck takes a config or --all"),
        (["list", "laeyrs"], 'no family "laeyrs". Did you mean "layers"?'),
        (["predict", "a", "b", "c"], "expects [RUN] DATA, got 3 paths"),
    ],
)
def test_2_a_wrong_command_line(arguments: list[str], message: str, cli: Any) -> None:
    outcome = cli(*arguments)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err
    outcome = cli(*arguments[:1], "--json", *arguments[1:])
    assert outcome.code == 2
    assert error_of(outcome)["kind"] in ("usage", "config")


def test_2_nothing_asked_shows_the_help(process: Any) -> None:
    outcome = process()
    assert outcome.code == 2
    assert outcome.out.startswith("Usage: scratchnn [OPTIONS] COMMAND")


def test_3_data(process: Any, folder: Path) -> None:
    with (folder / "flowers.csv").open("a") as file:
        file.write("1.0,elm\n")
    outcome = process("train", "c.yaml", "--json")
    assert outcome.code == 3
    error = error_of(outcome)
    assert (error["kind"], error["where"]) == ("data", "flowers.csv:47")
    assert outcome.err.startswith("error: flowers.csv:47: ")


def test_4_model_and_checkpoint(process: Any, cli: Any, folder: Path) -> None:
    assert error_of(cli("evaluate", "--json"))["message"].startswith("holds no run")
    assert cli("train", "c.yaml").code == 0
    model = folder / "runs/c/model.safetensors"
    model.write_bytes(model.read_bytes()[:-40])
    for arguments in (["evaluate"], ["predict", "flowers.csv", "-o", "out.csv"]):
        outcome = process(*arguments, "--json")
        assert outcome.code == 4
        assert (error_of(outcome)["kind"], error_of(outcome)["where"]) == ("model", "runs/c/model.safetensors")
    for checkpoint in (folder / "runs/c/checkpoints").iterdir():
        checkpoint.write_bytes(checkpoint.read_bytes()[:-40])
    outcome = cli("train", "--resume", "runs/c", "--json")
    assert (outcome.code, error_of(outcome)["kind"]) == (4, "model")


def test_5_diverged(process: Any) -> None:
    outcome = process("train", "c.yaml", "--set", "optimizer={type: sgd, learning_rate: 1e30}", "--json")
    assert outcome.code == 5
    assert outcome.json["status"] == "diverged"
    assert error_of(outcome)["kind"] == "diverged"
    assert "Lower optimizer.learning_rate" in outcome.err


def test_6_a_disk_that_is_full(process: Any) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))  # room for the config, not for a checkpoint

    outcome = process("train", "c.yaml", "--json", preexec_fn=limit)
    assert outcome.code == 6
    assert error_of(outcome)["kind"] == "storage"
    assert error_of(outcome)["where"].startswith("runs/c/")


def test_6_a_place_below_a_file(process: Any, cli: Any) -> None:
    outcome = process("train", "c.yaml", "--run-dir", "c.yaml/run", "--json")
    assert (outcome.code, error_of(outcome)["kind"]) == (6, "storage")
    assert cli("train", "c.yaml").code == 0
    outcome = cli("predict", "flowers.csv", "-o", "nowhere/out.csv", "--json")
    assert (outcome.code, error_of(outcome)["where"]) == (6, "nowhere/out.csv")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("arguments", "unbuffered"), [(["list"], ""), (["--help"], "1")])
def test_6_stdout_that_is_full(arguments: list[str], unbuffered: str, program: list[str]) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*program, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env=environment
        )
    assert (done.returncode, done.stderr) == (6, "error: stdout: No space left on device\n")


def test_7_busy(process: Any, cli: Any, folder: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    assert cli("train", "c.yaml").code == 0
    with (folder / "runs/c/.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = process("train", "--resume", "runs/c", "--json")
    assert outcome.code == 7
    assert (error_of(outcome)["kind"], error_of(outcome)["where"]) == ("busy", "runs/c")


def test_8_a_requirement_that_is_not_met(process: Any) -> None:
    for command in (["train", "c.yaml", "--require", "test.accuracy>1"], ["evaluate", "--require", "accuracy>1"]):
        outcome = process(*command, "--require", command[-1].replace(">1", ">=0"), "--json")
        assert outcome.code == 8
        assert error_of(outcome)["kind"] == "requirement"
        assert [verdict["passed"] for verdict in outcome.json["requirements"]] == [False, True]
        name = command[-1].removesuffix(">1")
        assert re.search(rf"error: --require: {name} \S+, required > 1: short by \S+\n", outcome.err)


def started(program: list[str], folder: Path, *arguments: str, marker: str) -> subprocess.Popen[str]:
    """A process whose stderr or folder shows that it is so far."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*program, *arguments], **options)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if list(folder.glob(marker)):
            return process
        time.sleep(0.01)
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_130_and_143_while_training(number: signal.Signals, program: list[str], folder: Path, cli: Any) -> None:
    with started(program, folder, "train", "c.yaml", "--json", *LONG, marker="runs/c/checkpoints/*") as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    result = json.loads(out)
    assert (result["status"], result["error"]["kind"]) == ("interrupted", "interrupted")
    assert result["error"]["message"] == f"stopped by {number.name}"
    assert "go on with: scratchnn train --resume runs/c" in err
    assert "Traceback" not in err
    epochs = result["epochs"] + 1
    resumed = cli("train", "--resume", "--set", f"training.epochs={epochs}", "--json")
    assert (resumed.code, resumed.json["epochs"]) == (0, epochs)


@pytest.mark.parametrize(
    ("number", "command"), [(signal.SIGINT, ["train", "c.yaml"]), (signal.SIGTERM, ["evaluate", "runs/c"])]
)
def test_130_and_143_while_reading(
    number: signal.Signals, command: list[str], program: list[str], folder: Path, cli: Any
) -> None:
    assert cli("train", "c.yaml").code == 0
    (folder / "flowers.csv").unlink()
    os.mkfifo(folder / "flowers.csv")  # a table whose rows do not come
    (folder / "ready").unlink(missing_ok=True)
    process = subprocess.Popen(
        [*program, *command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process, (folder / "flowers.csv").open("w"):  # opens when the other side opens it to read
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert json.loads(out)["error"]["kind"] == "interrupted"
    assert err == f"error: stopped by {number.name}\n"
    assert [path.name for path in (folder / "runs").iterdir()] == ["c"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error(unbuffered: str, program: list[str], folder: Path, cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    line = (folder / "flowers.csv").read_text().splitlines()
    (folder / "many.csv").write_text("\n".join([line[0], *line[1:] * 400]) + "\n")
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    options["env"] = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen([*program, "predict", "many.csv"], **options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "width,height,kind,prediction\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_without_any_stream(program: list[str], folder: Path) -> None:
    command = " ".join(f"'{word}'" for word in [*program, "train", "c.yaml"])
    done = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], timeout=60, check=False)
    assert done.returncode == 0
    assert (folder / "runs/c/summary.json").is_file()
