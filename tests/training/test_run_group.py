"""The parent of several runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.errors import BusyError, ModelError, UsageError
from scratchnn.training.run_group import RunGroup, group_kind

MANIFEST = {"format": 1, "members": ["a", "b"], "rate": 1e-3}


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def started(*arguments):
    group = RunGroup.start(*arguments)
    group.unlock()
    return group


def test_the_same_is_taken_up_and_another_gets_a_number():
    first = RunGroup.start("crossval", "x-cv", MANIFEST)
    with pytest.raises(BusyError):
        RunGroup.start("crossval", "x-cv", MANIFEST)
    first.unlock()
    again = started("crossval", "x-cv", MANIFEST)
    assert again.path == first.path == Path("runs/x-cv")
    other = started("crossval", "x-cv", {**MANIFEST, "rate": 2e-3})
    assert other.path == Path("runs/x-cv-2")
    assert started("ensemble", "x-cv", MANIFEST).path == Path("runs/x-cv-3")
    assert (group_kind(first.path), group_kind(Path("runs"))) == ("crossval", None)
    assert sorted(path.name for path in Path("runs").iterdir()) == ["x-cv", "x-cv-2", "x-cv-3"]
    assert other.read()["rate"] == 2e-3


def test_a_place_that_holds_something_else_is_refused():
    Path("full").mkdir()
    Path("full/file").write_text("mine")
    with pytest.raises(UsageError, match=r"full: exists already, .*\. Choose another place"):
        started("crossval", "x", MANIFEST, Path("full"))
    started("crossval", "x", MANIFEST, Path("given"))
    with pytest.raises(UsageError, match="go on with it: --resume given"):
        started("crossval", "x", {**MANIFEST, "rate": 3}, Path("given"))
    assert started("crossval", "x", MANIFEST, Path("given")).path == Path("given")
    assert sorted(path.name for path in Path("full").iterdir()) == ["file"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', "[" * 100_000])
def test_a_damaged_manifest_is_told_and_never_taken_up(text):
    group = started("ensemble", "x", MANIFEST)
    group.manifest.write_text(text)
    with pytest.raises(ModelError, match=r"runs/x/ensemble\.json: cannot be read"):
        RunGroup.open(group.path, "ensemble").read()
    assert started("ensemble", "x", MANIFEST).path == Path("runs/x-2")


def test_there_is_none():
    with pytest.raises(ModelError, match=r"nowhere: holds no crossval\.json"):
        RunGroup.open(Path("nowhere"), "crossval")
