from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scratchnn.errors import StorageError, UsageError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.requirements import Requirement, judge
from scratchnn.workflows.train import train
from scratchnn.workflows.verdict_files import (
    append_summary,
    check_junit,
    code,
    escaped,
    evaluation_summary,
    junit,
    summary_file,
    training_summary,
    write_junit,
)

# What the schema of Jenkins' JUnit plugin (junit-10.xsd) allows and requires.
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {
        "name",
        "tests",
        "failures",
        "errors",
        "time",
        "disabled",
        "skipped",
        "skips",
        "timestamp",
        "hostname",
        "id",
        "package",
    },
    "testcase": {"name", "assertions", "time", "classname", "status"},
    "failure": {"message", "type"},
}
REQUIRED = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": set(),
}
CHILDREN = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure"}, "failure": set()}


def verdicts(*pairs):
    required = [Requirement.parse(text) for text, _ in pairs]
    return judge(required, {one.name: value for one, (_, value) in zip(required, pairs, strict=True)})


def checked(content):
    """The tree of a file that the schema allows."""
    root = ElementTree.fromstring(content)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert REQUIRED[element.tag] <= element.attrib.keys() <= ALLOWED[element.tag]
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        for name in ("tests", "failures", "errors", "skipped"):
            assert element.get(name, "0").isdecimal()
        assert float(element.get("time", "0")) >= 0
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
    return root


def test_a_case_for_each_requirement():
    made = junit("evaluate", "test", verdicts(("f1_macro>=0.9", 0.87), ("loss<1", 0.5), ("roc_auc>0", math.nan)), 1.25)
    assert made.startswith(b"<?xml")
    root = checked(made)
    assert (root.get("tests"), root.get("failures"), root.get("time")) == ("3", "2", "1.250")
    cases = root.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == ["f1_macro>=0.9", "loss<1", "roc_auc>0"]
    failures = [case.find("failure") for case in cases]
    assert failures[0].get("message") == failures[0].text == "f1_macro 0.87, required >= 0.9: short by 0.03"
    assert failures[1] is None
    assert failures[2].get("message") == "roc_auc has no value, required > 0"


def test_what_xml_cannot_hold_and_what_it_must_escape():
    text = 'group.say=<a & "b">\x00\x1b\ufffe\ud800 \u00e9\n]]>.loss<0'
    root = checked(junit("evaluate", "a&b<\x01.csv", verdicts((text, 1.0)), 0.0))
    assert root.find("testsuite").get("name") == "scratchnn evaluate: a&b<?.csv"
    name = root.find("testsuite/testcase").get("name")
    assert name == 'group.say=<a & "b">???? \u00e9\n]]>.loss<0'


def test_the_file_of_a_judgement_and_of_a_training(binary):
    run = train(binary()).run
    found = evaluate(run, require=["accuracy>=0", "f1>=1.1"])
    write_junit(Path("out.xml"), "evaluate", found.split, found)
    root = checked(Path("out.xml").read_bytes())
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert float(root.get("time")) > 0
    trained = train(binary(), require=["test.accuracy>=1.1"])
    write_junit(Path("out.xml"), "train", trained.run.name, trained)
    assert checked(Path("out.xml").read_bytes()).find("testsuite").get("name") == "scratchnn train: sick-2"


def test_places_are_checked_before_anything_takes_long():
    check_junit(None, [])
    check_junit(Path("new.xml"), ["loss<1"])
    with pytest.raises(UsageError, match="--junit: there are no requirements"):
        check_junit(Path("new.xml"), [])
    with pytest.raises(StorageError, match=r"nowhere/new\.xml: No such file or directory") as caught:
        check_junit(Path("nowhere/new.xml"), ["loss<1"])
    assert "make it first" in caught.value.hint
    Path("file").touch()
    with pytest.raises(StorageError, match="is a file, not a folder"):
        check_junit(Path("file/new.xml"), ["loss<1"])
    with pytest.raises(StorageError, match="this is a folder"):
        check_junit(Path(), ["loss<1"])
    assert not Path("new.xml").exists()


def test_the_file_of_the_summary(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert summary_file(None) is None
    assert summary_file(Path("s.md")) == Path("s.md")
    with pytest.raises(UsageError, match=r"no file is named, and \$GITHUB_STEP_SUMMARY is not set") as caught:
        summary_file(Path())
    assert "--step-summary summary.md" in caught.value.hint
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "step.md")
    assert summary_file(None) is None
    assert summary_file(Path()) == Path("step.md")
    assert summary_file(Path("s.md")) == Path("s.md")  # the command line wins
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/step.md")
    with pytest.raises(StorageError, match="nowhere"):
        summary_file(Path())


def test_summaries_are_added_to_what_is_there():
    path = Path("s.md")
    append_summary(path, "one\n")
    append_summary(path, "two\n")
    path.write_text(path.read_text() + "| table |")
    append_summary(path, "three\n")
    assert path.read_text() == "one\n\ntwo\n| table |\n\nthree\n"


def cells(line):
    """Those of a row of a table: bars that are escaped end none."""
    return line.replace("\\|", "").split("|")


def test_the_summary_of_a_judgement(binary):
    run = train(binary()).run
    need = ["accuracy>=1.1", "loss<100", "group.ward=north.f1>=0"]
    found = evaluate(run, by=["ward"], require=need, confidence=0.9, bootstrap=20)
    lines = evaluation_summary(found).splitlines()
    assert lines[0] == "### scratchnn evaluate: test, 40 rows"
    assert "**1 of 3 requirements are not met**" in lines
    missed = (
        f"| `accuracy>=1.1` | {found.metrics['accuracy']:.4g} | **not met** | {1.1 - found.metrics['accuracy']:.4g} |"
    )
    assert missed in lines
    low, high = found.intervals["f1"]
    row = f"| `f1` | {found.metrics['f1']:.4g} | {low:.4g} to {high:.4g} | {found.baselines['majority']['f1']:.4g} |"
    assert row in lines
    worst = found.groups["ward"].worst
    assert any(line.startswith(f"| {escaped(f'{worst} (worst)')} |") for line in lines)
    for before, line in pairwise(lines):
        if before.startswith("|") and line.startswith("|"):
            assert len(cells(before)) == len(cells(line))
    met = evaluation_summary(evaluate(run, require=["loss<100"]))
    assert "**All requirements are met**" in met
    assert "requirement" not in evaluation_summary(evaluate(run))


def test_the_summary_of_a_training(binary):
    result = train(binary(), require=["test.accuracy>=1.1"])
    text = training_summary(result)
    assert text.startswith(f"### scratchnn train: {result.status.replace('_', ' ')} after {result.epochs} epochs\n")
    assert "**1 of 1 requirements are not met**" in text
    row = [f"{result.metrics[part]['accuracy']:.4g}" for part in ("train", "validation", "test")]
    assert f"| `accuracy` | {' | '.join(row)} |" in text


def test_markdown_shows_texts_as_they_are():
    assert escaped("a|b\n*c* <b> & `d` [e](f) _g_ ~h~ #1") == (
        "a\\|b \\*c\\* &lt;b&gt; &amp; \\`d\\` \\[e\\](f) \\_g\\_ \\~h\\~ \\#1"
    )
    assert code("a ``b`` `c`") == "``` a ``b`` `c` ```"
