"""The section `tune` of a config."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.tuning.pruners import Median, Pruner
from scratchnn.tuning.samplers import TPE, Grid, Sampler
from scratchnn.tuning.spaces import Space, check_conditions

UNSEEN = {
    "test": "of the test rows, which must stay unseen: a search that scores on them fits itself to them",
    "train": "of the training rows: a search that scores on them prefers what learns them by heart",
}


class TuneSettings(Settings):
    """A search for better values of some keys. Only `scratchnn tune` heeds it."""

    metric: str = Field("validation.loss", description="What is made better: validation.loss or validation.<metric>.")
    direction: Literal["auto", "minimize", "maximize"] = Field(
        "auto", description="auto: what is better for this metric."
    )
    trials: int | None = Field(
        None, ge=1, description="Trials in all, on all machines. Absent: as many as fit into `seconds`, or the grid."
    )
    seconds: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="No trial begins when a command has run for so long."
    )
    sampler: Sampler = Field(TPE(), description="How the next values are chosen.")
    pruner: Pruner = Field(Median(), description="Which trials end early.")
    space: dict[str, Space] = Field(
        min_length=1, description="Keys of the config, as --set takes them, with the values to try."
    )

    @field_validator("metric")
    @classmethod
    def _is_of_validation(cls, metric: str) -> str:
        part, _, figure = metric.partition(".")
        if part in UNSEEN:
            message = "{metric} is {why}. Use validation.{figure}."
            values = {"metric": metric, "why": UNSEEN[part], "figure": figure or "loss"}
            raise PydanticCustomError("metric", message, values)
        if part != "validation" or not figure:
            message = 'expects validation.loss or validation.<metric>, got "{metric}"'
            raise PydanticCustomError("metric", message, {"metric": metric})
        return metric

    @model_validator(mode="after")
    def _ends(self) -> Self:
        check_conditions(self.space)
        if self.trials is None and self.seconds is None and not isinstance(self.sampler, Grid):
            raise PydanticCustomError("tune", "has no end: give `trials`, `seconds` or both")
        return self

    @property
    def figure(self) -> str:
        """The metric without its part.

        >>> TuneSettings(trials=1, space={"training.epochs": [1, 2]}).figure
        'loss'
        """
        return self.metric.partition(".")[2]
