"""Each split by a column, by a list or into folds, from the config to the figures of its parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.preparation import prepare
from scratchnn.data.settings import DataSettings
from tests.cli.conftest import Cli

PARTS = ["train"] * 30 + ["validation"] * 9 + ["test"] * 6


@pytest.fixture
def keyed(folder: Path) -> None:
    """Adds to the flowers: a `part`, a `day` and a `patient` of three rows."""
    header, *lines = (folder / "flowers.csv").read_text().splitlines()
    keyed = [f"{line},{PARTS[row]},2024-01-{row // 3 + 1:02},p{row // 3}" for row, line in enumerate(lines)]
    (folder / "flowers.csv").write_text("\n".join([f"{header},part,day,patient", *keyed]) + "\n")


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        ("{type: group, column: patient, validation: 0.2, test: 0.1}", {"train": 30, "validation": 9, "test": 6}),
        ("{type: time, column: day, validation: 0.2, test: 0.1}", {"train": 30, "validation": 9, "test": 6}),
        ("{type: column, column: part}", {"train": 30, "validation": 9, "test": 6}),
        ("{type: hash, column: patient, validation: 0.3, test: 0.3}", None),
        ("{type: index, path: rows.json}", {"train": 38, "validation": 4, "test": 3}),
        (
            "{type: index, path: many.json, test_key: tests, fold: 1, validation: 0.1}",
            {"train": 38, "validation": 4, "test": 3},
        ),
        ("{type: random, folds: 5, fold: 2, repeat: 1, validation: 0.1}", {"train": 32, "validation": 4, "test": 9}),
        (
            "{type: group, column: patient, folds: 5, fold: 4, validation: 0.1}",
            {"train": 33, "validation": 3, "test": 9},
        ),
        ("{type: time, column: day, folds: 4, fold: 3, validation: 0.1}", {"train": 33, "validation": 3, "test": 9}),
        ("{type: position, folds: 4, fold: 3, validation: 0.1}", {"train": 32, "validation": 4, "test": 9}),
        ("{type: hash, column: patient, folds: 2, fold: 1}", None),
    ],
)
def test_trains_and_is_judged_again_on_each_part(
    cli: Cli, keyed: None, spoil: Callable[[str, str], None], split: str, rows: dict[str, int] | None
) -> None:
    Path("rows.json").write_text(json.dumps({"validation": [40, 2, 3, 6], "test": [0, 1, 44]}))
    Path("many.json").write_text(json.dumps({"tests": [[0, 1], [2, 3, 4], [5]]}))
    spoil("  target: kind\n", f"  target: kind\n  split: {split}\n")
    outcome = cli("train", "c.yaml", "--json")
    assert outcome.code == 0, outcome.err
    found = {}
    for part, figures in outcome.json["metrics"].items():
        again = cli("evaluate", outcome_run(), "--split", part, "--json").json
        assert again["metrics"]["accuracy"] == figures["accuracy"]
        found[part] = again["rows"]
    assert sum(found.values()) == 45
    assert rows is None or found == rows


def outcome_run() -> str:
    return str(next(Path("runs").iterdir()))


def test_the_names_of_the_parts_are_no_feature(folder: Path, keyed: None) -> None:
    document = {"source": "flowers.csv", "target": "kind", "features": {"day": "ignore", "patient": "ignore"}}
    settings = DataSettings.model_validate({**document, "split": {"type": "column", "column": "part"}})
    prepared = prepare(settings, folder, np.random.Generator(np.random.PCG64(0)))
    assert prepared.encoder.feature_names == ["width", "height"]
    assert prepared.summary()["rows"] == {"train": 30, "validation": 9, "test": 6}


def test_an_absent_column_is_a_fault_of_the_data(cli: Cli, keyed: None, spoil: Callable[[str, str], None]) -> None:
    spoil("  target: kind\n", "  target: kind\n  split: {type: group, column: patent}\n")
    outcome = cli("train", "c.yaml")
    assert outcome.code == 3
    assert 'data.split names a column "patent" that is not there. Did you mean "patient"?' in outcome.err


def test_resuming_with_other_groups_is_refused(cli: Cli, keyed: None, spoil: Callable[[str, str], None]) -> None:
    """The settings stay; the parts differ, because cells of the column have changed."""
    spoil("  target: kind\n", "  target: kind\n  split: {type: column, column: part}\n")
    assert cli("train", "c.yaml").code == 0
    table = Path("flowers.csv").read_text()
    Path("flowers.csv").write_text(table.replace(",validation,", ",train,", 1))
    outcome = cli("train", "c.yaml", "--resume", "--set", "training.epochs=3")
    assert outcome.code == 4, outcome.err
    assert "data" in outcome.err


def test_a_run_with_a_list_of_rows_goes_on_where_its_paths_lead(cli: Cli, spoil: Callable[[str, str], None]) -> None:
    """The run's own config names the list from the run directory; another list of the same name is refused."""
    Path("rows.json").write_text(json.dumps({"validation": [40, 2, 3], "test": [0, 1, 44]}))
    spoil("  target: kind\n", "  target: kind\n  split: {type: index, path: rows.json}\n")
    assert cli("train", "c.yaml").code == 0
    outcome = cli("train", "--resume", "--set", "training.epochs=3", "--json")
    assert outcome.json["epochs"] == 3, outcome.err
    assert cli("train", "c.yaml", "--resume", "--set", "training.epochs=4", "--json").json["epochs"] == 4
    Path("rows.json").write_text(json.dumps({"validation": [40, 2, 4], "test": [0, 1, 44]}))
    assert cli("train", "c.yaml", "--resume", "--set", "training.epochs=5").code == 4
    assert cli("evaluate", "--split", "validation").code == 3
    Path("rows.json").unlink()
    outcome = cli("evaluate")
    assert outcome.code == 3
    assert "rows.json: there is no such file" in outcome.err


def test_over_all_folds_each_row_is_tested_once(cli: Cli, folder: Path) -> None:
    """One run for each fold, as a cross-validation does it."""
    rows = 0
    for fold in range(4):
        folds = f"data.split={{type: random, folds: 4, fold: {fold}}}"
        assert cli("train", "c.yaml", "--set", folds).code == 0
        rows += cli("evaluate", "--json").json["rows"]
    assert rows == 45


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("{type: random, folds: 3, test: 0.1}", "c.yaml:5:35: data.split: `test` does not go with `folds`"),
        ("{type: random, folds: 3, fold: 3}", "c.yaml:5:35: data.split: `fold` 3 is not there"),
        ("{type: random, fold: 1}", 'data.split: lacks the required key "folds"'),
        ("{type: random, folds: 3, fodl: 1}", 'data.split: unknown key "fodl". Did you mean "fold"?'),
        ("{type: column, column: kind, folds: 3}", "data.split: `folds` is for the types random,"),
        ("{type: index, path: rows.txt}", 'cannot tell how to read "rows.txt" by its suffix'),
    ],
)
def test_a_wrong_split_is_a_fault_of_the_config(
    cli: Cli, spoil: Callable[[str, str], None], split: str, message: str
) -> None:
    spoil("  target: kind\n", f"  target: kind\n  split: {split}\n")
    outcome = cli("validate", "c.yaml")
    assert outcome.code == 2
    assert message in outcome.err
