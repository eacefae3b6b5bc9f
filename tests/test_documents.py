"""Every command and example of the README and of CONTRIBUTING runs as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scratchnn.component import load_plugin
from scratchnn.config.annotations import keys_of
from scratchnn.config.load import parse_document
from scratchnn.nn.gradcheck import check_layers
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.workflows.configs import check_document
from scratchnn.workflows.inspect import validate

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\b\d+(\.\d+)?(e[+-]\d+)?")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    for folder in ("configs", "datasets"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": "120"}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)


def shape_of(line: str) -> str:
    """A line of output without its numbers and its spacing, which differ between machines."""
    return " ".join(NUMBER.sub("0", line).split())


def session_of(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines of output that are shown."""
    steps: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


LANGUAGE_MODELS = README.split("## Language models")[1].split("\n## ")[0]


def test_the_tour_shows_what_its_commands_print(workplace: Path) -> None:
    steps = session_steps(README.replace(LANGUAGE_MODELS, ""))
    assert len(steps) >= 6
    check_steps(steps, workplace)


@pytest.mark.slow
def test_language_models_say_what_is_shown(workplace: Path) -> None:
    """Their training takes a minute beside other tests."""
    steps = session_steps(LANGUAGE_MODELS)
    assert len(steps) >= 2
    check_steps(steps, workplace)


def session_steps(text: str) -> list[tuple[str, list[str]]]:
    return [step for block in blocks(text, "console") for step in session_of(block)]


def check_steps(steps: list[tuple[str, list[str]]], workplace: Path) -> None:
    for command, shown in steps:
        done = run(command, workplace)
        assert done.returncode == 0, (command, done.stderr)
        printed = [shape_of(line) for line in (done.stdout + done.stderr).splitlines()]
        for line in shown:
            if line != "..." and "{...}" not in line:
                assert shape_of(line) in printed, (command, line, done.stdout, done.stderr)


def test_there_are_two_set_up_commands() -> None:
    """The lines themselves are run by .ci/run in new virtual environments."""
    commands = [line for line in README.splitlines() if line.startswith("python3.11 -m venv")]
    assert len(commands) == 2
    assert "scratchnn train configs/iris.yaml" in commands[0]
    assert "pytest" in commands[1]


def test_the_whole_config_is_valid_and_fits_its_data(workplace: Path) -> None:
    (block,) = blocks(README, "yaml")
    (workplace / "whole.yaml").write_text(block)
    ready = validate(workplace / "whole.yaml")
    assert ready is not None
    assert ready.data["rows"] == {"train": 124, "validation": 27, "test": 27}


def test_the_whole_config_shows_every_section() -> None:
    (block,) = blocks(README, "yaml")
    loaded = check_document(parse_document(block, "README.md"), ROOT, ())
    named = set(loaded.document.data)
    assert set(keys_of(type(loaded.config))) - named == {"plugins", "deterministic", "from", "tune"}


def test_the_python_example_runs(workplace: Path) -> None:
    (block,) = blocks(README, "python")
    (workplace / "example.py").write_text(block)
    done = run("python example.py", workplace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("completed 0.9") or done.stdout.startswith("completed 1.0")


def test_every_exit_code_is_in_the_table() -> None:
    from scratchnn import errors

    codes = {
        error.exit_code for error in vars(errors).values() if isinstance(error, type) and hasattr(error, "exit_code")
    }
    table = README.split("## Exit codes")[1].split("##")[0]
    assert codes <= {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in row.split(",")
    }


def test_every_command_is_in_the_table() -> None:
    from scratchnn.cli.app import COMMANDS

    table = README.split("## The commands")[1].split("##")[0]
    assert set(re.findall(r"^\| `scratchnn ([\w-]+)", table, re.MULTILINE)) == set(COMMANDS)


def test_the_layer_of_contributing_passes_the_gradient_check(tmp_path: Path) -> None:
    code, rows = blocks(CONTRIBUTING, "python")
    (tmp_path / "scale.py").write_text(code)
    (layer,) = load_plugin(tmp_path / "scale.py")
    assert issubclass(layer, Layer)
    try:
        cases = re.findall(r"LayerCase\(Scale\(\), \(([\d, ]+)\), (\d+)\)", rows)
        assert len(cases) == 3
        for shape, batch in cases:
            inputs = InputSpec(tuple(int(size) for size in shape.split(",") if size.strip()))
            checks = list(check_layers("scale", "", [layer()], inputs, int(batch), training=True))
            assert {check.array for check in checks} == {"0.gain", "input"}
            assert all(check.passed for check in checks)
    finally:
        del Layer._members["scale"]
