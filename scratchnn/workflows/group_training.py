"""Several trainings that are judged together: what cross-validations and ensembles share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from scratchnn.errors import ScratchnnError
from scratchnn.training.events import StopRequest
from scratchnn.training.run_group import RunGroup
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.jobs import (
    INTERRUPTED,
    Job,
    JobListener,
    JobOutcome,
    check_jobs,
    failure,
    run_jobs,
    sharing_note,
)
from scratchnn.workflows.requirements import Requirement


class GroupResult(ABC):
    """What several trainings came to. `unit` is what one of them is called."""

    unit: ClassVar[str]
    run: Path

    @property
    @abstractmethod
    def outcomes(self) -> Sequence[JobOutcome]:
        """How each ended."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The object in machine output, also summary.json."""

    @property
    def status(self) -> str:
        """`completed`, `interrupted`, or `failed` where some training did."""
        codes = {one.exit_code for one in self.outcomes}
        return "interrupted" if INTERRUPTED in codes else "failed" if codes - {0} else "completed"

    @property
    def epochs(self) -> int:
        """Those of all trainings together."""
        return sum(int(one.summary.get("epochs") or 0) for one in self.outcomes)

    @property
    def seconds(self) -> float:
        """Those of all trainings together."""
        return sum(float(one.summary.get("seconds") or 0.0) for one in self.outcomes)

    @property
    def error(self) -> ScratchnnError | None:
        """What the first training that failed or diverged stands for, with its exit code; of all such the names."""
        failed = [one for one in self.outcomes if one.exit_code not in (0, INTERRUPTED)]
        return None if not failed else failure(failed, len(self.outcomes), self.unit, self.run)


Result = TypeVar("Result", bound=GroupResult)


class GroupTraining(ABC, Generic[Result]):
    """What is left to do once it is known which trainings there are: `trainings`, by their names."""

    def __init__(
        self,
        trainings: Mapping[str, LoadedConfig],
        jobs: int,
        require: Iterable[str],
        listener: JobListener | None,
        stop: StopRequest | None,
    ) -> None:
        check_jobs(jobs)
        self.trainings = trainings
        self.requirements = [Requirement.parse(text) for text in require]
        self.notes: list[str] = []
        self._jobs = jobs
        self._listener = listener
        self._stop = stop

    def run(self, group: RunGroup) -> Result:
        """Does every training that is not done, then judges all. The group is locked, and is not any more."""
        try:
            jobs = [Job(name, loaded, group.path / name) for name, loaded in self.trainings.items()]
            result = self.judged(group, run_jobs(jobs, self._jobs, self._listener, self._stop))
            group.write_summary(result.to_json())
            return result
        finally:
            group.unlock()

    @abstractmethod
    def judged(self, group: RunGroup, outcomes: list[JobOutcome]) -> Result:
        """What the trainings came to."""

    def note_sharing(self, threads: int) -> None:
        """Adds a warning where trainings side by side want more threads than there are cores."""
        self.notes += sharing_note(min(self._jobs, len(self.trainings)), threads)
