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
        "loss 0.5, required < 0.25: over by 0.25",
        "auc has no value, required > 0",
    ]
    assert verdicts[0].short_by is None
    assert verdicts[1].to_json() == {"text": "loss<0.25", "value": 0.5, "passed": False, "short_by": 0.25}
    assert math.isnan(verdicts[2].short_by)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("f1_macro>=0.9", 0.87, "f1_macro 0.87, required >= 0.9: short by 0.03"),
        ("f1_macro>0.9", 0.9, "f1_macro 0.9, required > 0.9: short by 0"),
        ("loss<=0.3", 0.35, "loss 0.35, required <= 0.3: over by 0.05"),
        ("accuracy>=0.9", 0.9 - 1e-9, "accuracy 0.899999999, required >= 0.9: short by 1e-09"),
    ],
)
def test_by_how_much_it_is_missed(text, value, expected):
    verdict = judge([Requirement.parse(text)], {Requirement.parse(text).name: value})[0]
    assert str(verdict) == expected


def test_names_of_groups_may_hold_anything():
    made = Requirement.parse(" group.age=[20, 28).f1_macro >= 0.5 ")
    assert (made.name, made.sign, made.bound, made.of_group) == ("group.age=[20, 28).f1_macro", ">=", 0.5, True)
    made = Requirement.parse("group.say=a>=1.b=c.fbeta_0.5<1")
    assert (made.name, made.sign, made.bound) == ("group.say=a>=1.b=c.fbeta_0.5", "<", 1)
    made.check_early(["loss", "fbeta_0.5"], None, ["say"])
    made.check_group({"say": ["a>=1.b=c", "d"]}, ["loss", "fbeta_0.5"])
    with pytest.raises(UsageError, match=r'no group "a>=1\.b=c" by say'):
        made.check_group({"say": ["d"]}, ["loss", "fbeta_0.5"])
    assert not Requirement.parse("accuracy>=0.5").of_group


def test_a_figure_that_does_not_exist():
    with pytest.raises(UsageError, match=r'no figure "confusion"\. Choose one of: loss\.'):
        Requirement.parse("confusion>1").check_name(["loss"])


@pytest.mark.parametrize("text", ["test.accuracy>=٣", "test.accuracy>=0_0", "accuracy>=1e", "accuracy>=-"])
def test_a_bound_is_written_as_numbers_are(text):
    with pytest.raises(UsageError, match="cannot be read"):
        Requirement.parse(text)
