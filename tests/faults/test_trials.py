"""What the script says of a fault that is caught, of one that is not, and of one that proves nothing."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.faults import trials
from tests.faults.fault import Fault
from tests.faults.trials import Copy, Trial, exit_code, run_all, try_fault

pytestmark = pytest.mark.slow

CLIP = "nn/clipping.py::clip_norm"
TESTS = "nn/test_clipping.py"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


def trial(copy: Copy, old: str, new: str, tests: str = TESTS) -> Trial:
    return try_fault(copy, Fault("fault", CLIP, old, new, "", tests))


def test_a_fault_that_a_test_sees(copy: Copy) -> None:
    done = trial(copy, "if factor < 1:", "if factor > 1:")
    assert (done.outcome, done.good) == ("caught", True)
    assert done.detail.startswith("nn/test_clipping.py::test_")


def test_the_copy_is_as_before_after_each_fault(copy: Copy) -> None:
    trial(copy, "if factor < 1:", "if factor > 1:")
    assert trial(copy, "if factor < 1:", "if factor < 1.0:").outcome == "SURVIVED"


@pytest.mark.parametrize(
    ("old", "new", "tests", "reason"),
    [
        ("factor = limit", "factor == limit", "nn/test_clipping.py -k nothing_of_this_name", "no test has this name"),
        ("factor = limit", "factor = limit * 0 ", "data/test_splits.py", "scratchnn.nn.clipping came from .,"),
        ("no such text", "", TESTS, "does not apply"),
        ("limit: float) -> float", "limit: float = undefined) -> float", TESTS, "pytest ended with"),
    ],
)
def test_what_proves_nothing(copy: Copy, old: str, new: str, tests: str, reason: str) -> None:
    done = trial(copy, old, new, tests)
    assert (done.outcome, done.good) == ("BROKEN", False)
    assert reason in done.detail


def test_tests_that_fail_without_a_fault_prove_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_broken(): assert False\n")
    fault = Fault("fault", CLIP, "if factor < 1:", "if factor > 1:", "", str(broken))
    outcomes = {done.name: done.outcome for done in run_all([fault], tmp_path, 1)}
    assert outcomes[str(broken)] == "BROKEN"


def test_each_thread_gets_the_code_of_its_own_process() -> None:
    codes = [1, 5] * 200
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(partial(exit_code, sys.exit), codes)) == codes


def test_what_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LONGEST", 0.2)
    assert exit_code(time.sleep, 60) is None
