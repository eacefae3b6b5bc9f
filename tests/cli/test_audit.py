"""What `scratchnn audit` prints, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SERIOUS = {"code", "severity", "message", "columns", "parts", "count", "examples", "mend"}


@pytest.fixture
def leaky(folder: Path) -> Path:
    """`flowers.csv` with a column that names its rows, and one that is the target."""
    lines = (folder / "flowers.csv").read_text().splitlines()
    made = [f"{lines[0]},row,code"]
    made += [f"{line},{number},{line.rpartition(',')[2].upper()}" for number, line in enumerate(lines[1:])]
    (folder / "flowers.csv").write_text("\n".join(made) + "\n")
    return folder


def test_one_object_on_stdout(cli: Any, leaky: Path) -> None:
    outcome = cli("audit", "c.yaml", "--json")
    assert outcome.code == 0
    assert list(outcome.json) == ["rows", "findings", "counts"]
    assert outcome.json["rows"] == {"train": 31, "validation": 7, "test": 7}
    assert outcome.json["counts"] == {"serious": 1, "warning": 1, "info": 0}
    assert [finding["code"] for finding in outcome.json["findings"]] == ["target_copy", "identifier"]
    assert all(set(finding) == SERIOUS for finding in outcome.json["findings"])


def test_people_read_what_where_and_the_mend(cli: Any, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    outcome = cli("audit", "c.yaml")
    assert outcome.code == 0
    assert outcome.out == ""
    assert outcome.err == (
        "c: classification, 31 train, 7 validation, 7 test rows; 4 features\n\n"
        'serious  "code" is the target "kind" under another name: each class has one level of its own [target_copy]\n'
        "         mend: data.features.code: ignore\n\n"
        'warning  "row" names rows: it counts them in the order of the file, from 0 to 44 [identifier]\n'
        "         mend: data.features.row: ignore\n\n"
        "found: 1 serious, 1 warning\n"
    )
    sets = ["--set", "data.features.code=ignore", "--set", "data.features.row=ignore"]
    assert cli("audit", "c.yaml", *sets).err.endswith("2 features\n\nnothing found\n")
    assert cli("audit", "c.yaml", "--quiet").err == ""


@pytest.mark.parametrize(
    ("limit", "mended", "code"),
    [
        ("serious", [], 8),
        ("warning", [], 8),
        ("serious", ["code"], 0),
        ("warning", ["code"], 8),
        ("info", ["code", "row"], 0),
    ],
)
def test_the_exit_code_follows_the_severity(cli: Any, leaky: Path, limit: str, mended: list[str], code: int) -> None:
    sets = [word for name in mended for word in ("--set", f"data.features.{name}=ignore")]
    outcome = cli("audit", "c.yaml", "--json", "--fail-on", limit, *sets)
    assert outcome.code == code
    assert ("error" in outcome.json) == (code == 8)
    if code == 8:
        assert outcome.json["error"]["kind"] == "requirement"
        assert outcome.json["findings"]
        assert f"error: --fail-on {limit}: " in outcome.err


def test_another_severity_is_refused(cli: Any, folder: Path) -> None:
    outcome = cli("audit", "c.yaml", "--fail-on", "warn")
    assert outcome.code == 2
    assert 'error: --fail-on: no severity "warn". Did you mean "warning"?' in outcome.err


def test_a_missing_file_is_still_an_error(cli: Any, folder: Path) -> None:
    (folder / "flowers.csv").unlink()
    outcome = cli("audit", "c.yaml", "--json")
    assert outcome.code == 3
    assert outcome.json["error"]["kind"] == "data"


def test_a_training_and_its_checks_warn(cli: Any, leaky: Path) -> None:
    warning = 'warning: "code" is the target "kind" under another name: each class has one level of its own\n'
    for command in (["train", "c.yaml"], ["train", "c.yaml", "--dry-run"], ["validate", "c.yaml"]):
        outcome = cli(*command, "--quiet")
        assert (outcome.code, outcome.err) == (0, warning)
