"""Help, version, `list`, `schema`, and what starting costs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import scratchnn
from scratchnn.cli.app import COMMANDS
from scratchnn.component import families
from scratchnn.config.load import read_document

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def imported_by(code: str) -> set[str]:
    """The modules that are loaded after some code, in a process of its own."""
    code += "; import sys; sys.stderr.write(chr(10) + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_starting_loads_nothing_that_is_not_used(folder: Path) -> None:
    heavy = {"numpy", "pydantic", "yaml", "rich"}
    assert not imported_by("import scratchnn, scratchnn.cli.app") & (heavy | {"typer"})
    heavy -= imported_by("import typer")  # older ones load rich
    for word in ("--version", "--help"):
        assert not imported_by(f"from scratchnn.cli.app import run; run([{word!r}])") & heavy
    assert not imported_by("from scratchnn.cli.app import run; run(['train', 'c.yaml'])") & (
        heavy & {"rich"} | {"asyncio"}
    )


def test_version(cli: Any) -> None:
    assert cli("--version").out == f"scratchnn {scratchnn.__version__}\n"


def test_the_help_names_every_command_in_a_line(cli: Any) -> None:
    outcome = cli("--help")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    at = lines.index("Commands:")
    named = lines[at + 1 : at + 1 + len(COMMANDS)]
    assert [line.split()[0] for line in named] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("..") for line in named)  # none is cut
    assert "  --version   Show the version." in lines
    assert cli("-h").out == outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example_that_parses(command: str, cli: Any) -> None:
    outcome = cli(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: scratchnn {command} [OPTIONS]")
    assert max(map(len, outcome.out.splitlines())) <= 80
    example = outcome.out.splitlines()[-1].removeprefix("  Example: scratchnn ")
    assert example.startswith(command)
    for option in [word for word in example.split() if word.startswith("-")]:
        assert option in outcome.out.split("Example:")[0]


def test_a_listing_names_every_component_and_field(cli: Any) -> None:
    outcome = cli("list")
    assert (outcome.code, outcome.err) == (0, "")
    heads = [line.split("  ")[0] for line in outcome.out.splitlines() if line and not line.startswith(" ")]
    for family in families().values():
        assert set(family.members()) <= set(heads)
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_a_listing_of_a_family_is_aligned(cli: Any) -> None:
    outcome = cli("list", "optimizers")
    lines = outcome.out.splitlines()
    assert lines[0] == "OPTIMIZERS"
    fields = [re.match(r"    ([a-z]\S* +)([0-9.]+ +)(?=\S)", line) for line in lines]
    columns = [(match.end(1), match.end(2)) for match in fields if match]
    assert len(columns) > 2 * len(families()["optimizer"].members())
    assert len(set(columns)) == 1
    assert cli("list", "optimizer").out == outcome.out


def test_a_listing_as_json(cli: Any) -> None:
    components = cli("list", "layers", "--json").json["components"]
    dense = next(component for component in components if component["type"] == "dense")
    fields = {field["name"]: field for field in dense["fields"]}
    assert fields["units"]["required"] is True
    assert "default" not in fields["units"]
    assert fields["bias"] == {
        "name": "bias",
        "kind": "true or false",
        "required": False,
        "meaning": fields["bias"]["meaning"],
        "default": True,
    }
    assert all(component["meaning"] for component in components)
    assert all(field["meaning"] for component in components for field in component["fields"])


@pytest.fixture(scope="module")
def schema() -> Any:
    done = subprocess.run(
        [sys.executable, "-c", "from scratchnn.cli.app import main; main(['schema'])"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    made = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_accepts_our_configs(path: Path, schema: Any) -> None:
    schema.validate(read_document(path).data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sede", 1),
        ("seed", "1"),
        ("seed", -1),
        ("optimizer", "adm"),
        ("optimizer", {"type": "adam", "lr": 1}),
        ("optimizer", {"learning_rate": 1}),
        ("training", {"epochs": 0}),
        ("training", {"early_stopping": {"monitor": "val_loss"}}),
        ("model", {"layers": []}),
        ("model", {"layers": ["dense"]}),
        ("model", {"layers": [{"type": "dense"}]}),
        ("data", {"target": "x"}),
        ("metrics", "accuracy"),
    ],
)
def test_the_schema_refuses_what_is_wrong(key: str, value: Any, schema: Any) -> None:
    good = read_document(CONFIGS[0]).data
    assert schema.is_valid(good)
    assert not schema.is_valid(good | {key: value})


@pytest.mark.parametrize(("given", "expected"), [(None, "20"), ("26", "26")])
def test_how_long_blas_threads_spin(given: str | None, expected: str) -> None:
    """Shorter than OpenBLAS's own default, unless the user says how long."""
    code = (
        "import os; from scratchnn.cli.app import run; run(['--version']); print(os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    environment |= {} if given is None else {"OPENBLAS_THREAD_TIMEOUT": given}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == expected
