from __future__ import annotations

import math

import pytest

from scratchnn.errors import UsageError
from scratchnn.workflows.requirements import Requirement, judge


@pytest.mark.parametrize(
    ("text", "below", "at", "above"),
    [
        ("accuracy>=0.5", False, True, True),
        ("accuracy > 0.5", False, False, True),
        (" accuracy <= 5e-1 ", True, True, False),
        ("test.f1_macro<.5", True, False, False),
    ],
)
def test_signs(text, below, at, above):
    requirement = Requirement.parse(text)
    assert [requirement.met(value) for value in (0.4999, 0.5, 0.5001)] == [below, at, above]


@pytest.mark.parametrize("sign", [">=", "<=", ">", "<"])
def test_nan_is_never_met(sign):
    assert not Requirement.parse(f"loss{sign}0").met(math.nan)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "accuracy",
        "accuracy=0.5",
        "accuracy==1",
        "accuracy>=",
        ">=1",
        "accuracy>=high",
        "accuracy>=nan",
        "a>=inf",
        "a b>=1",
        "accuracy=>1",
    ],
)
def test_what_cannot_be_read(text):
    with pytest.raises(UsageError, match="cannot be read") as caught:
        Requirement.parse(text)
    assert caught.value.where == f"--require {text!r}"
    assert "accuracy>=0.9" in caught.value.hint


def test_verdicts_in_words():
    verdicts = judge(
        map(Requirement.parse, ["accuracy>=0.9", "loss<0.25", "auc>0"]),
        {"accuracy": 0.95, "loss": 0.5, "auc": math.nan},
    )
    assert [verdict.passed for verdict in verdicts] == [True, False, False]
    assert [str(verdict) for verdict in verdicts] == [
        "accuracy>=0.9: met (0.95)",
        "loss<0.25: not met, got 0.5 (off by 0.25)",
        "auc>0: not met, got nan (off by nan)",
    ]


def test_a_figure_that_does_not_exist():
    with pytest.raises(UsageError, match=r'no figure "confusion"\. Choose one of: loss\.'):
        Requirement.parse("confusion>1").check_name(["loss"])


@pytest.mark.parametrize("text", ["test.accuracy>=٣", "test.accuracy>=0_0", "accuracy>=1e", "accuracy>=-"])
def test_a_bound_is_written_as_numbers_are(text):
    with pytest.raises(UsageError, match="cannot be read"):
        Requirement.parse(text)
