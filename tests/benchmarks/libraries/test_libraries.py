from __future__ import annotations

import pytest

from benchmarks.libraries import LIBRARIES
from benchmarks.report import make_console, show_unable
from benchmarks.workloads import WORKLOADS


def test_who_takes_what():
    taken = {
        name: [key for key, each in WORKLOADS.items() if library.takes(each)] for name, library in LIBRARIES.items()
    }
    dense = ["iris", "digits", "mnist", "wide"]
    every = [*dense, "cnn", "lstm", "transformer"]
    assert taken == {"scratchnn": every, "torch": every, "scikit-learn": dense, "jax": dense}


def test_who_takes_no_part_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]):
    show_unable(make_console(), WORKLOADS["lstm"], [LIBRARIES["scikit-learn"]])
    assert capsys.readouterr().out == "skipped scikit-learn for lstm: it has dense layers only\n"
