from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.reporting.conftest import read_page


@pytest.fixture
def trained(cli: Cli, folder: Path) -> Path:
    assert cli("train", "c.yaml").code == 0
    return folder / "runs" / "c"


def test_it_writes_the_page_into_the_newest_run(cli: Cli, trained: Path) -> None:
    outcome = cli("report")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("wrote runs/c/report.html: 10 charts, ")
    read_page((trained / "report.html").read_text(encoding="utf-8"))


def test_json_says_what_was_made(cli: Cli, trained: Path) -> None:
    made = cli("report", "runs/c", "-o", "page.html", "--png", "--rows", "3", "--json").json
    assert made["output"] == "page.html"
    assert made["bytes"] == Path("page.html").stat().st_size
    assert made["images"] == [f"page-{name}.png" for name in made["charts"]]
    assert all(Path(name).is_file() for name in made["images"])
    assert "3 of 7 test rows" in made["notes"][0]


def test_a_missing_library_is_a_usage_error(cli: Cli, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.reporting.drawing.find_spec", lambda name: None)
    outcome = cli("report", "--json")
    assert outcome.code == 2
    assert outcome.json["error"]["hint"] == "Run: pip install 'scratchnn[plot]'"
    assert "pip install 'scratchnn[plot]'" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["runs/no"], 4), (["-o", "none/page.html"], 6), (["-o", "runs/c/model.safetensors"], 2), (["--rows", "0"], 2)],
)
def test_what_is_refused(cli: Cli, trained: Path, arguments: list[str], code: int) -> None:
    outcome = cli("report", *arguments)
    assert outcome.code == code
    assert outcome.err.count("\n") == 1
    assert not (trained / "report.html").exists()


def test_notes_are_warnings(cli: Cli, trained: Path) -> None:
    Path("flowers.csv").unlink()
    outcome = cli("report", "--quiet")
    assert outcome.code == 0
    assert outcome.err.startswith("warning: What needs rows is left out")
    assert json.loads(cli("report", "--json").out)["charts"][-1] == "weights"
