"""Runs tests against copies of the package, with a fault in them or without one."""

from __future__ import annotations

import compileall
import multiprocessing
import py_compile
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Literal

from tests.faults import child
from tests.faults.fault import ROOT, Fault, PatchError

Outcome = Literal["passes", "caught", "SURVIVED", "BROKEN"]
LONGEST = 300  # seconds of one run of pytest
# What a draw may find or not counts for nothing: another version of hypothesis draws other data.
OPTIONS = ["-x", "-q", "-rfE", "--no-header", "--tb=no", "--assert=plain", "--hypothesis-profile=examples"]
OPTIONS += ["-p", "no:cacheprovider", "-p", "no:xdist"]
TESTS_FAILED, NOTHING_COLLECTED = 1, 5  # exit codes of pytest; others are faults of collecting or of pytest itself

# Processes forked from one that has loaded what all tests need, but nothing of scratchnn: that takes half the time.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.child", *child.PRELOADED])
# Starting a process asks all others whether they have ended, and each tells its exit code once: not while it is read.
ASKING = Lock()


@dataclass(frozen=True)
class Trial:
    """What came of one run: `detail` is the test that caught the fault, or what went wrong."""

    name: str
    outcome: Outcome
    detail: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether this is what should come."""
        return self.outcome in ("passes", "caught")


class Copy:
    """A copy of the package in a folder of its own. Its byte code is checked by the sources, not by their times."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "scratchnn"
        shutil.copytree(ROOT / "scratchnn", package, ignore=shutil.ignore_patterns("__pycache__"))
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        if not compileall.compile_dir(package, quiet=1, invalidation_mode=mode):
            raise RuntimeError(f"{package} does not compile")

    @contextmanager
    def patched(self, fault: Fault) -> Iterator[None]:
        """Holds the fault while the block runs. Raises `PatchError`."""
        path = self.folder / fault.file
        source = path.read_text(encoding="utf-8")
        path.write_text(fault.applied(source), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(source, encoding="utf-8")

    def run(self, tests: str, module: str) -> tuple[Outcome, str]:
        """Runs tests on this copy, up to the first that fails; `module` must come from here."""
        witness = self.folder / "imported"
        witness.unlink(missing_ok=True)
        code = exit_code(child.run, [*OPTIONS, *words(tests)], ROOT, self.folder, module)
        if code is None:
            return "BROKEN", f"took longer than {LONGEST} s"
        output = (self.folder / "output").read_text(encoding="utf-8", errors="replace")
        if code not in (0, TESTS_FAILED) or not witness.is_file():
            reason = "no test has this name" if code == NOTHING_COLLECTED else output[-2000:]
            return "BROKEN", f"pytest ended with {code}: {reason}"
        imported = Path(witness.read_text(encoding="utf-8"))
        if not imported.is_relative_to(self.folder):
            return "BROKEN", f"{module} came from {imported}, not from the copy"
        if code == 0:
            return "SURVIVED", f"pytest {tests}"
        found = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", output, re.MULTILINE)
        return "caught", found[1] if found else output[-2000:]


def exit_code(target: Callable[..., None], *arguments: object) -> int | None:
    """Calls `target` in a process of its own, from any thread. None if that took too long, and it was killed."""
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)
    with ASKING:
        process.start()
    ended = connection.wait([process.sentinel], LONGEST)
    with ASKING:
        if not ended:
            process.kill()
        process.join()
        return process.exitcode if ended else None


def words(tests: str) -> list[str]:
    """A selection as arguments for pytest, its paths from the root."""
    paths = {word for word in shlex.split(tests) if word.partition("::")[0].endswith(".py")}
    return [str(Path("tests", word)) if word in paths else word for word in shlex.split(tests)]


def try_without(copy: Copy, tests: str) -> Trial:
    """Whether a selection passes where nothing is wrong."""
    start = time.perf_counter()
    outcome, detail = copy.run(tests, "scratchnn")
    seconds = time.perf_counter() - start
    if outcome == "SURVIVED":
        return Trial(tests, "passes", "without a fault", seconds)
    return Trial(tests, "BROKEN", f"without a fault: {detail}", seconds)


def try_fault(copy: Copy, fault: Fault) -> Trial:
    """Whether the tests of a fault catch it."""
    start = time.perf_counter()
    try:
        with copy.patched(fault):
            outcome, detail = copy.run(fault.tests, fault.module)
    except PatchError as error:
        outcome, detail = "BROKEN", f"does not apply: {error}"
    return Trial(fault.name, outcome, detail, time.perf_counter() - start)


def run_all(faults: Iterable[Fault], folder: Path, jobs: int) -> Iterator[Trial]:
    """First each selection without a fault, then each fault, with a copy of the package for each job."""
    faults = list(faults)
    copies: SimpleQueue[Copy] = SimpleQueue()
    for job in range(jobs):
        copies.put(Copy(folder / f"copy{job}"))

    def with_copy(trial: Callable[[Copy], Trial]) -> Trial:
        copy = copies.get()
        try:
            return trial(copy)
        finally:
            copies.put(copy)

    selections = dict.fromkeys(fault.tests for fault in faults)
    trials = [partial(try_without, tests=tests) for tests in selections]
    trials += [partial(try_fault, fault=fault) for fault in faults]
    with ThreadPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(with_copy, trial) for trial in trials]):
            yield future.result()
