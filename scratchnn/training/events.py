"""What a training says while it runs. Whoever iterates decides what to print and what to save."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["completed", "stopped_early", "interrupted", "diverged"]


@dataclass(frozen=True)
class Started:
    """The loop begins, or goes on after `epochs_done` epochs and `batches_done` batches of the next."""

    epochs: int
    steps_per_epoch: int
    epochs_done: int = 0
    batches_done: int = 0


@dataclass(frozen=True)
class Progress:
    """Some time has passed inside an epoch. `loss` is the mean over the epoch so far."""

    epoch: int
    batch: int
    steps_per_epoch: int
    loss: float


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is complete. `gradient_norms` are those of its last step, by layer."""

    epoch: int
    step: int
    learning_rate: float
    train: dict[str, float]
    validation: dict[str, Any] = field(default_factory=dict)
    gradient_norms: dict[str, float] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """The row of metrics.jsonl."""
        row: dict[str, Any] = {"epoch": self.epoch, "step": self.step, "learning_rate": self.learning_rate}
        row["train"] = self.train
        if self.validation:
            row["validation"] = self.validation
        if self.gradient_norms:
            row["gradient_norms"] = self.gradient_norms
        return row


@dataclass(frozen=True)
class Finished:
    """The loop is over. `epochs` are complete ones; `best_epoch` is 0 where none is complete.

    `reason` says in words why it ended before its time.
    """

    status: Status
    epochs: int
    best_epoch: int
    reason: str = ""


@dataclass
class StopRequest:
    """Set from outside, also by a signal handler: the loop ends after the batch it is working on, and says why."""

    requested: bool = False
    signal: int | None = None
    reason: str = "asked to stop"


Event = Started | Progress | EpochEnd | Finished
