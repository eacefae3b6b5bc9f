from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from scratchnn.data import machine


def test_the_memory_is_that_of_the_machine_or_of_its_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = (tmp_path / "max", tmp_path / "limit")
    monkeypatch.setattr(machine, "LIMITS", limits)
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine.memory() == whole > 1 << 20
    limits[0].write_text("max\n")
    assert machine.memory() == whole
    limits[1].write_text("1000000\n")
    assert machine.memory() == 1_000_000
    limits[0].write_text("2000\n")
    assert machine.memory() == 2000


def test_a_machine_that_does_not_tell_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(machine, "LIMITS", ())
    monkeypatch.setattr(os, "sysconf", refuse)
    assert machine.memory() == math.inf
