"""Every finding is found where it is planted, and none in clean rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.audit.checks import check
from scratchnn.data.audit.finding import Finding
from scratchnn.data.audit.view import View

Columns = dict[str, list[Any]]


def found(view: View) -> list[Finding]:
    return check(view, np.random.default_rng(0))


@pytest.mark.parametrize("numbers", [False, True])
def test_clean_rows_have_no_finding(view, clean, numbers):
    assert found(view(*clean(numbers=numbers))) == []


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def repeated(x: Columns, y: list[Any]) -> tuple[str, str]:
    """A training row and its class again, 10 times in the test (rows 8 and 9 of ten are the test)."""
    for row in range(8, 108, 10):
        for cells in [*x.values(), y]:
            cells[row] = cells[row - 8]
    return "duplicates_across_parts", "serious"


def twice(x: Columns, y: list[Any]) -> tuple[str, str]:
    for cells in [*x.values(), y]:
        cells[1] = cells[0]
    return "duplicates", "info"


def contradicting(x: Columns, y: list[Any]) -> tuple[str, str]:
    for row in range(0, 40, 10):
        for cells in x.values():
            cells[row + 1] = cells[row]
        y[row], y[row + 1] = "sick", "well"
    return "conflicting_targets", "warning"


def copied(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["cured"] = [{"sick": "no", "well": "yes"}[label] for label in y]
    return "target_copy", "serious"


def told(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["dose"] = [(label == "sick") + value for label, value in zip(y, rng().uniform(0, 0.9, len(y)), strict=True)]
    return "target_leak", "warning"


def absent(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["x"] = [None if value < 0.6 else cell for cell, value in zip(x["x"], rng().uniform(size=len(y)), strict=True)]
    return "missing", "warning"


def words(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["color"][3:6] = ["NA", "?", "NA"]
    return "missing_word", "info"


def together(x: Columns, y: list[Any]) -> tuple[str, str]:
    for row in range(0, 200, 9):
        x["x"][row] = x["z"][row] = None
    return "missing_together", "info"


def telling(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["z"] = [None if label == "sick" else cell for label, cell in zip(y, x["z"], strict=True)]
    return "missing_tells_target", "warning"


def rare(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[0] = y[1] = y[7] = y[8] = "dead"
    return "rare_class", "warning"


def alone(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[0] = y[7] = y[8] = "dead"
    return "rare_class", "serious"


def unjudged(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[0:7] = ["dead"] * 7
    return "absent_class", "warning"


def unlearned(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[8] = "dead"
    return "unknown_class", "serious"


def counter(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["patient"] = list(range(1, len(y) + 1))
    return "identifier", "warning"


def named(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["patient_id"] = rng().choice(10**6, len(y), replace=False).tolist()
    return "identifier", "warning"


def ticket(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["ticket"] = [f"t{number}" for number in rng().permutation(len(y))]
    return "identifier", "warning"


def many(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["town"] = [f"t{min(number, 130)}" for number in range(len(y))]
    return "many_levels", "warning"


def fixed(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["country"] = ["DE"] * len(y)
    return "constant", "warning"


def zeros(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["pixel"] = [0] * len(y)
    return "constant", "info"


def spelt(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["color"][4], x["color"][5] = "Red", "green "
    return "spelling", "warning"


def coded(x: Columns, y: list[Any]) -> tuple[str, str]:
    for row in (3, 33, 63, 93):
        x["x"][row] = -999
    return "sentinel", "warning"


def below(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["children"] = [-1 if row % 40 == 0 else row * 7 % 12 for row in range(len(y))]
    return "sentinel", "info"


def zeroed(x: Columns, y: list[Any]) -> tuple[str, str]:
    for row in (3, 33, 63, 93):
        x["x"][row] = 0
    return "sentinel", "info"


def new(x: Columns, y: list[Any]) -> tuple[str, str]:
    for row in (8, 9, 18, 19):
        x["color"][row] = "pink"
    return "unseen_level", "warning"


def moved(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["z"] = [cell + 1.5 * (row % 10 >= 8) for row, cell in enumerate(x["z"])]
    return "drift", "warning"


def recolored(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["color"] = ["red" if row % 10 >= 8 and row % 4 else cell for row, cell in enumerate(x["color"])]
    return "drift", "warning"


def wrong(x: Columns, y: list[Any]) -> tuple[str, str]:
    """Two clouds that lie apart, four labels turned."""
    x["x"] = [value + 100 * (label == "sick") for value, label in zip(rng().normal(size=len(y)), y, strict=True)]
    x["z"] = rng().normal(size=len(y)).tolist()
    for row in (11, 55, 102, 150):
        y[row] = "sick" if y[row] == "well" else "well"
    return "odd_label", "info"


def same(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["inches"] = [cell / 2.54 for cell in x["x"]]
    return "same_columns", "info"


def translated(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["farbe"] = [{"red": "rot", "green": "gruen", "blue": "blau"}[cell] for cell in x["color"]]
    return "same_columns", "info"


PLANTED: list[Callable[[Columns, list[Any]], tuple[str, str]]] = [
    repeated, twice, contradicting, copied, told, absent, words, together, telling, rare, alone, unjudged, unlearned,
    counter, named, ticket, many, fixed, zeros, spelt, coded, below, zeroed, new, moved, recolored, wrong, same,
    translated,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_what_is_planted_is_found(view, clean, plant):
    columns, target = clean()
    code, severity = plant(columns, target)
    hits = {finding.code: finding.severity for finding in reversed(found(view(columns, target)))}
    assert hits.get(code) == severity, hits


def grown(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["euros"] = [2 * value + 3 for value in y]
    return "target_copy", "serious"


def ranked(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["log"] = np.exp(np.array(y) * 2).tolist()
    return "target_leak", "warning"


def grouped(x: Columns, y: list[Any]) -> tuple[str, str]:
    grades = [max(-1, min(1, round(value))) for value in y]
    y[:] = [grade + 0.001 * value for grade, value in zip(grades, y, strict=True)]
    x["grade"] = [f"g{grade}" for grade in grades]
    return "target_leak", "warning"


def shifted(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[:] = [value + 4 * (row % 10 >= 8) for row, value in enumerate(y)]
    return "drift", "warning"


def gross(x: Columns, y: list[Any]) -> tuple[str, str]:
    y[5] = 1e4
    return "gross_target", "warning"


def apart(x: Columns, y: list[Any]) -> tuple[str, str]:
    for cells in x.values():
        cells[1] = cells[0]
    y[0], y[1] = -5.0, 5.0
    return "conflicting_targets", "info"


def telling_number(x: Columns, y: list[Any]) -> tuple[str, str]:
    x["z"] = [None if value > 1 else cell for value, cell in zip(y, x["z"], strict=True)]
    return "missing_tells_target", "info"


@pytest.mark.parametrize("plant", [grown, ranked, grouped, shifted, gross, apart, telling_number])
def test_what_is_planted_beside_numbers_to_learn_is_found(view, clean, plant):
    columns, target = clean(numbers=True)
    code, severity = plant(columns, target)
    hits = {finding.code: finding.severity for finding in reversed(found(view(columns, target)))}
    assert hits.get(code) == severity, hits


@settings(max_examples=12, deadline=None)
@given(plant=st.sampled_from(PLANTED), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_no_finding(view, clean, plant, seed):
    """The rows stay on their lines and in their parts; only the order in which they come is another."""
    columns, target = clean()
    plant(columns, target)
    rows = view(columns, target)
    shuffled = rows.take(np.random.default_rng(seed).permutation(len(rows)))

    def without_places(findings: list[Finding]) -> set[Finding]:
        return {replace(finding, examples=()) for finding in findings}

    assert without_places(found(rows)) == without_places(found(shuffled))


def test_the_worst_comes_first(view, clean):
    columns, target = clean()
    for plant in (zeros, fixed, copied):
        plant(columns, target)
    ranks = [finding.rank for finding in found(view(columns, target))]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 3


def test_many_rows_are_sampled_with_a_note(view, clean, monkeypatch):
    monkeypatch.setattr("scratchnn.data.audit.checks.MOST_ROWS", 120)
    (finding,) = found(view(*clean()))
    assert (finding.code, finding.count) == ("sampled", 120)
    assert finding.message == "statistics were taken of 120 of 200 rows, drawn from each part"


def test_gaps_that_the_config_does_not_take_are_serious(view, clean):
    columns, target = clean()
    columns["x"][4] = None
    columns["color"][5] = ""
    hits = check(view(columns, target), np.random.default_rng(0), frozenset({"x", "color"}))
    assert [(hit.severity, hit.columns, hit.mend, hit.examples) for hit in hits] == [
        ("serious", ("x",), ("data.features.x: {type: number, missing: median}",), ("data.csv:6",)),
        ("serious", ("color",), ("data.features.color: {type: category, missing: as_category}",), ("data.csv:7",)),
    ]
