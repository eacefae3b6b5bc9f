"""What a config can say about the training loop."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.data.augmentation import Augmentation
from scratchnn.nn.averaging import Averaging
from scratchnn.training.freezing import Freeze
from scratchnn.training.sampling import NoSampling, Sampling


class EarlyStopping(Settings):
    """Stops when the monitored figure has not improved for `patience` epochs."""

    monitor: str = Field(
        "validation.loss",
        pattern=r"^(train|validation)\.[a-z0-9_.]+$",
        description="train.loss, validation.loss or validation.<metric>.",
    )
    patience: int = Field(10, ge=1, description="Epochs without improvement before the training stops.")
    min_delta: float = Field(0.0, ge=0, allow_inf_nan=False, description="How much better counts as an improvement.")
    restore_best: bool = Field(True, description="Whether the result has the weights of the best epoch.")


class CheckpointSettings(Settings):
    """When the state that `--resume` needs is written."""

    every_epochs: int = Field(1, ge=1, description="Epochs between two checkpoints.")
    keep: int = Field(2, ge=1, description="How many of the newest checkpoints stay on disk.")


class TrainingSettings(Settings):
    """The training loop."""

    epochs: int = Field(50, ge=1, description="Passes over the training data.")
    batch_size: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        32, description="Samples per batch; the last one may be shorter. all: every row of an epoch in one batch."
    )
    accumulate: int = Field(
        1, ge=1, description="Batches whose gradients are added for one optimizer step, as if they were one."
    )
    shuffle: bool = Field(True, description="Whether each epoch has a new order of the samples.")
    early_stopping: EarlyStopping | None = Field(None, description="When to stop early; never when absent.")
    checkpoint: CheckpointSettings = Field(CheckpointSettings(), description="When the resumable state is written.")
    averaging: Averaging | None = Field(
        None, description="An average of the weights that is judged and kept in their place; none when absent."
    )
    class_weights: Literal["balanced"] | dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = Field(
        None,
        description='Weight of each class in the loss; "balanced": samples / (classes * samples of the class), as many '
        "as an epoch draws.",
    )
    sampling: Sampling = Field(
        NoSampling(), description="How often training rows are drawn in an epoch by their class. Classification only."
    )

    freeze: list[Freeze] = Field(
        [], description="Parameters that stay as they are, for some epochs or for good; none when absent."
    )
    augmentation: list[Augmentation] = Field(
        [],
        description="Random changes of each training batch, one after the other, after scaling. Rows that are judged "
        "are never changed; train.loss is of the changed ones.",
    )

    @model_validator(mode="after")
    def _mixes_once(self) -> Self:
        mixing = [augmentation.tag() for augmentation in self.augmentation if augmentation.mixes]
        if len(mixing) > 1:
            message = "`augmentation` mixes samples twice: {first} and {second}. Keep one of them."
            raise PydanticCustomError("augmentation", message, {"first": mixing[0], "second": mixing[1]})
        return self

    def rows_per_batch(self, rows: int) -> int:
        """The samples of a full batch where an epoch has so many rows.

        >>> [TrainingSettings(batch_size=size).rows_per_batch(100) for size in (32, 1000, "all")]
        [32, 100, 100]
        """
        return rows if self.batch_size == "all" else min(self.batch_size, rows)
