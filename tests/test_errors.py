from __future__ import annotations

import json

import pytest

from scratchnn import errors
from scratchnn.errors import ConfigError, ScratchnnError, ShapeError, suggestion


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("ScratchnnError", "error", 1),
        ("UsageError", "usage", 2),
        ("ConfigError", "config", 2),
        ("ShapeError", "shape", 2),
        ("DataError", "data", 3),
        ("TargetError", "data", 3),
        ("ModelError", "model", 4),
        ("DivergedError", "diverged", 5),
        ("StorageError", "storage", 6),
        ("BusyError", "busy", 7),
        ("RequirementError", "requirement", 8),
    ],
)
def test_each_class_has_its_kind_and_exit_code(name: str, kind: str, code: int) -> None:
    error = getattr(errors, name)("it failed", where="x.csv:1:2", hint="Mend it.")
    assert isinstance(error, ScratchnnError)
    assert error.exit_code == code
    assert error.to_json() == {"kind": kind, "message": "it failed", "where": "x.csv:1:2", "hint": "Mend it."}


def test_no_class_is_left_out_of_the_table_above() -> None:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert len(classes) == 11


@pytest.mark.parametrize(
    ("message", "where", "hint", "text"),
    [
        ("it failed", "", "", "it failed"),
        ("it failed", "a.yaml:1:1", "", "a.yaml:1:1: it failed"),
        ("it failed", "", "Mend it.", "it failed. Mend it."),
        ("it failed.", "a.yaml", "Mend it.", "a.yaml: it failed. Mend it."),
    ],
)
def test_the_text_says_where_what_and_how_to_mend(message: str, where: str, hint: str, text: str) -> None:
    assert str(ScratchnnError(message, where=where, hint=hint)) == text


def test_many_faults_are_one_error_with_a_line_each() -> None:
    faults = [ConfigError("a", where="x:1:1"), ShapeError("b", where="x:2:1", hint="Do c.")]
    error = ConfigError.of(faults)
    assert str(error) == "x:1:1: a\nx:2:1: b. Do c."
    assert json.loads(json.dumps(error.to_json())) == {
        "kind": "config",
        "message": "2 faults",
        "where": "",
        "hint": "",
        "faults": [
            {"kind": "config", "message": "a", "where": "x:1:1", "hint": ""},
            {"kind": "shape", "message": "b", "where": "x:2:1", "hint": "Do c."},
        ],
    }


def test_a_single_fault_stays_itself() -> None:
    fault = ShapeError("a", where="x:1:1")
    assert ConfigError.of([fault]) is fault
    assert "faults" not in fault.to_json()


@pytest.mark.parametrize(
    ("name", "options", "hint"),
    [
        ("rleu", ["relu", "elu", "tanh"], 'Did you mean "relu"?'),
        ("leaky_rleu", ["relu", "leaky_relu"], 'Did you mean "leaky_relu"?'),
        ("banana", ["relu", "elu", "relu"], "Choose one of: elu, relu."),
        ("", ["b", "a"], "Choose one of: a, b."),
        ("x", [], ""),
    ],
)
def test_a_suggestion_is_the_nearest_name_or_all_of_them(name: str, options: list[str], hint: str) -> None:
    assert suggestion(name, options) == hint


@pytest.mark.parametrize(
    ("message", "text"),
    [("it failed.", "it failed. Mend it."), ("it failed", "it failed. Mend it."), ("is it x?", "is it x? Mend it.")],
)
def test_a_hint_follows_any_end_of_a_sentence(message: str, text: str) -> None:
    assert str(ScratchnnError(message, hint="Mend it.")) == text
