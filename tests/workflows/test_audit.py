from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError, DataError
from scratchnn.workflows.audit import audit
from scratchnn.workflows.train import plan

ROOT = Path(__file__).parents[2]


def codes(result):
    return [(finding.severity, finding.code, *finding.columns) for finding in result.findings]


def test_a_clean_table_has_no_finding_but_ignored_columns_are_not_looked_at(config):
    result = audit(config())
    assert result.findings == []
    assert (result.name, result.task, result.features) == ("small", "classification", 3)
    assert result.to_json() == {
        "rows": {"train": 36, "validation": 12, "test": 12},
        "findings": [],
        "counts": {"serious": 0, "warning": 0, "info": 0},
    }
    assert codes(audit(config(data={"features": {"id": "number"}, "target": "kind"}))) != []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iris", {"duplicates"}),
        ("wine", {"odd_label"}),
        ("breast_cancer", {"odd_label"}),
        ("diabetes", set()),
        ("digits", {"constant", "almost_constant", "odd_label"}),
    ],
)
def test_well_kept_sets_have_few_findings_and_no_warning(name, expected):
    result = audit(ROOT / "configs" / f"{name}.yaml")
    assert {finding.code for finding in result.findings} == expected
    assert result.at_least("warning") == []


def test_the_findings_have_one_form(config, table, write):
    rows = table()
    for row in rows[:30]:
        row["color"] = "?"
    rows[7]["x"] = ""
    write("data/table.csv", rows)
    result = audit(config())
    assert [finding.code for finding in result.findings] == ["missing", "missing_word"]
    assert result.to_json()["findings"][0] == {
        "code": "missing",
        "severity": "serious",
        "message": '"x" has no value in 1 row (1.7 %), and the config does not say how to take them',
        "columns": ["x"],
        "parts": ["validation"],
        "count": 1,
        "examples": ["data/table.csv:9"],
        "mend": ["data.features.x: {type: number, missing: median}"],
    }
    assert result.counts == {"serious": 1, "warning": 0, "info": 1}


def test_the_mends_mend(config, table, write):
    """Each line that a finding offers, taken as an override, ends the finding and what a training refuses."""
    rows = table()
    for number, row in enumerate(rows):
        row |= {"id": str(number), "fixed": "7", "kinds": {"k0": "a", "k1": "b", "k2": "c"}[row["kind"]]}
    rows[7]["x"] = rows[8]["y"] = rows[9]["color"] = ""
    write("data/table.csv", rows)
    path = config(data={"features": {"id": None, "color": None}})
    with pytest.raises(DataError, match="missing"):
        plan(path)
    before = audit(path)
    assert {finding.code for finding in before.at_least("warning")} == {
        "missing",
        "identifier",
        "constant",
        "target_copy",
    }
    overrides = [mend.replace(": ", "=", 1) for finding in before.findings for mend in finding.mend]
    after = audit(path, overrides=overrides)
    assert after.at_least("warning") == []
    assert {finding.code for finding in after.findings} == {"missing"}
    assert plan(path, overrides=overrides).notes == []


def test_what_else_a_training_refuses_is_told_once(config, table, write):
    rows = table()
    write("data/table.csv", rows)
    path = config(data={"features": {"color": {"type": "category", "max_levels": 2}}})
    (finding,) = audit(path).findings
    assert (finding.severity, finding.code) == ("serious", "refused")
    assert "3 levels, more than 2" in finding.message


def test_rows_that_cannot_be_divided_are_all_for_training(config, table, write):
    rows = table()
    rows[0]["kind"] = "k9"
    write("data/table.csv", rows)
    result = audit(config())
    assert result.rows == {"train": 60}
    assert codes(result)[:2] == [("serious", "not_divided"), ("serious", "rare_class", "kind")]
    assert 'class "k9" has 1 row, too few for 3 parts' in result.findings[0].message


def test_rows_without_a_target_are_left_out(config, table, write):
    rows = table()
    rows[3]["kind"] = ""
    write("data/table.csv", rows)
    result = audit(config())
    assert sum(result.rows.values()) == 59
    assert codes(result) == [("serious", "missing_target", "kind")]
    assert result.findings[0].examples[0].endswith("table.csv:5")


def test_a_word_among_numbers(config, table, write):
    rows = table()
    rows[3]["x"] = "l.5"
    write("data/table.csv", rows)
    result = audit(config())
    assert ("serious", "not_a_number", "x") in codes(result)
    finding = next(one for one in result.findings if one.code == "not_a_number")
    assert finding.message == '"x" is a column of numbers, with something else in 1 cell: "l.5"'
    assert finding.examples[0].endswith("table.csv:5")


def test_images(config):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (100, 4, 4), np.uint8)
    images[50:60] = images[:10]
    np.savez("images.npz", inputs=images, targets=np.arange(100) % 2)
    data = {"source": "../work/images.npz", "target": None, "features": None, "split": "position"}
    path = config(data=data)
    result = audit(path, overrides=["data.source=" + str(Path("images.npz").resolve())])
    assert result.features == 16
    assert [finding.code for finding in result.findings] == ["duplicates"]
    images[90:] = images[:10]
    np.savez("images.npz", inputs=images, targets=np.arange(100) % 2)
    result = audit(path, overrides=["data.source=" + str(Path("images.npz").resolve())])
    assert codes(result)[0] == ("serious", "duplicates_across_parts")
    assert result.findings[0].examples[0].endswith("images.npz[90]")


def test_flat_arrays_have_columns(config):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 3))
    labels = np.arange(200) % 2
    inputs[:, 1] = labels
    np.savez("flat.npz", inputs=inputs, targets=labels)
    source = str(Path("flat.npz").resolve())
    path = config(data={"source": source, "target": None, "features": None})
    assert codes(audit(path))[0] == ("serious", "target_copy", "x2", "target")


def test_two_files_and_a_level_that_only_the_second_has(config, table, write):
    rows = table(40, 5)
    for row in rows[:6]:
        row["color"] = "pink"
    write("data/other.csv", rows)
    path = config(data={"source": {"train": "../data/table.csv", "test": "../data/other.csv"}})
    result = audit(path)
    assert result.rows == {"train": 48, "validation": 12, "test": 40}
    assert ("warning", "unseen_level", "color") in codes(result)
    finding = next(one for one in result.findings if one.code == "unseen_level")
    assert [place.rpartition("/")[2] for place in finding.examples] == [f"other.csv:{line}" for line in range(2, 7)]


def test_a_text_is_refused(config):
    Path("a.txt").write_text("abc " * 100)
    data = {"source": str(Path("a.txt").resolve()), "target": None, "features": None, "split": None}
    with pytest.raises(ConfigError, match="a running text has no rows to compare"):
        audit(config(data=data))


def test_dates_and_texts_may_differ_in_each_row(config, table, write):
    rows = table()
    for number, row in enumerate(rows):
        row |= {"day": f"2024-{1 + number // 28:02d}-{1 + number % 28:02d}", "note": f"word{number} again"}
    write("data/table.csv", rows)
    assert audit(config(data={"features": {"note": "text"}})).at_least("warning") == []
    found = audit(config(data={"features": {"note": "category", "day": "category"}})).at_least("warning")
    assert {finding.columns for finding in found if finding.code == "identifier"} == {("note",), ("day",)}
