"""The first comparison: microseconds per training step."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from subprocess import PIPE, Popen
from typing import IO, Any, cast

from benchmarks.environment import ROOT, BenchmarkError, child_environment
from benchmarks.libraries import LIBRARIES, OURS, Library
from benchmarks.rounds import take_turns
from benchmarks.timing import Measurement
from benchmarks.workloads import Workload

# How far the first losses may be from ours, relative.
SAME_WORK = 1e-3
OTHER_BATCHES = 0.1
OTHER_DRAWS = 0.03  # of dropout


@dataclass(frozen=True)
class StepResult:
    """One library on one workload; `rounds` has a measurement for each round."""

    library: str
    version: str
    threads: int
    first_loss: float
    first_loss_without_dropout: float | None  # of a second network, where the first has dropout
    rounds: list[Measurement]

    @property
    def microseconds(self) -> list[float]:
        """Per step, in each round."""
        return [measurement.microseconds for measurement in self.rounds]


class Worker:
    """The parent's end of a process of `benchmarks.worker`. `about`: version, threads and first loss."""

    def __init__(self, library: Library, questions: IO[str], answers: IO[str]) -> None:
        self.library = library
        self._questions = questions
        self._answers = answers
        self.about = self._read()

    def measure(self, seconds: float) -> Measurement:
        """Asks for a measurement and waits for it."""
        self._questions.write(f"{seconds}\n")
        self._questions.flush()
        return Measurement(**self._read())

    def _read(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise BenchmarkError(f"the process of {self.library.name} ended before its work was done")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def working(library: Library, workload: Workload, threads: int) -> Iterator[Worker]:
    """A process of its own for one library and one workload, until the context ends."""
    command = [sys.executable, "-m", "benchmarks.worker", library.module, workload.name, str(threads)]
    environment = child_environment(threads)
    with Popen(command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield Worker(library, cast("IO[str]", process.stdin), cast("IO[str]", process.stdout))
        finally:
            process.kill()


def compare_steps(
    workload: Workload, libraries: list[Library], threads: int, rounds: int, seconds: float
) -> list[StepResult]:
    """Measures every library in turn. Raises `BenchmarkError` where one fails, or its losses are not ours."""
    with ExitStack() as stack:
        # one after the other, so that no process starts while another trains
        workers = [stack.enter_context(working(library, workload, threads)) for library in libraries]
        check_losses({worker.library.name: worker.about["first_loss"] for worker in workers}, drops=workload.drops)
        if workload.drops:
            check_losses({worker.library.name: worker.about["first_loss_without_dropout"] for worker in workers})
        players = {worker.library.name: partial(worker.measure, seconds) for worker in workers}
        samples = take_turns(players, rounds)
        return [StepResult(w.library.name, **w.about, rounds=samples[w.library.name]) for w in workers]


def check_losses(losses: dict[str, float], *, drops: bool = False) -> None:
    """Raises `BenchmarkError` where a library's first losses are not scratchnn's: then it does other work.

    `drops`: there is dropout, so that no two libraries have the same losses.
    """
    ours = losses[OURS]
    for name, loss in losses.items():
        tolerance = OTHER_BATCHES if LIBRARIES[name].own_order else OTHER_DRAWS if drops else SAME_WORK
        if not abs(loss - ours) <= tolerance * ours:  # also where it is NaN
            raise BenchmarkError(f"the first losses of {name} are {loss:.6g} on average, those of {OURS} {ours:.6g}")
