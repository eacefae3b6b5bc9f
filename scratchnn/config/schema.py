"""The root of a config: puts together what nn, data and training declare."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

import scratchnn.nn.layers  # noqa: F401  # importing the package is what enrols the layers
from scratchnn.component import Settings
from scratchnn.data.settings import DataSettings
from scratchnn.nn.initializers import Initializer
from scratchnn.nn.layer import Layer
from scratchnn.nn.losses import Loss
from scratchnn.nn.metrics import Metric
from scratchnn.nn.network import DType
from scratchnn.nn.optimizers import Adam, Optimizer, SearchingOptimizer
from scratchnn.nn.regularizers import Regularization
from scratchnn.nn.schedules import Constant, Schedule
from scratchnn.training.sampling import NoSampling
from scratchnn.training.settings import TrainingSettings
from scratchnn.training.starting import StartSettings
from scratchnn.tuning.settings import TuneSettings

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
LONGEST_NAME = 100
Name = Annotated[
    str,
    Field(
        pattern=NAME.pattern,
        max_length=LONGEST_NAME,
        description="letters, digits, dots, dashes and underscores, a letter or a digit first",
    ),
]


class ModelSettings(Settings):
    """The network."""

    layers: list[Layer] = Field(min_length=1, description="The layers, first to last. The loss takes raw outputs.")
    init: Initializer | None = Field(
        None, description="How every weight starts. A layer's own init wins; absent: what suits its activation."
    )
    init_by_name: dict[str, Initializer] = Field(
        {},
        description="How parameters start whose names match a pattern (`*.bias`). The first match wins over any init.",
    )
    dtype: DType = Field("float32", description="The type of every number in the network.")


class Config(Settings):
    """A whole config."""

    name: Name | None = Field(None, description="Names the run directory; the file's name when absent.")
    seed: int = Field(0, ge=0, description="The origin of all randomness.")
    threads: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = Field(
        "auto", description="Threads of the matrix products. auto: one where a step is small, else every core."
    )
    deterministic: bool = Field(False, description="One thread: the same bits on machines with other core counts.")
    plugins: list[str] = Field([], description="Python files with components of your own. They are run: trust them.")
    data: DataSettings = Field(description="What to learn from.")
    model: ModelSettings = Field(description="The network.")
    loss: Loss | Literal["auto"] = Field(
        "auto", description="auto: cross_entropy for classes (binary_cross_entropy for two), mse for numbers."
    )
    from_: StartSettings | str | None = Field(
        None,
        alias="from",
        description="A trained model whose weights are the start: its path, or {path, take, skip, ...}; none when "
        "absent.",
    )
    optimizer: Optimizer = Field(Adam(), description="How the weights follow the gradient.")
    schedule: Schedule = Field(Constant(), description="How the learning rate changes.")
    regularization: Regularization = Field(Regularization(), description="What keeps the weights small.")
    training: TrainingSettings = Field(TrainingSettings(), description="The training loop.")
    metrics: list[Metric] | None = Field(None, description="What is measured besides the loss; by task when absent.")
    tune: TuneSettings | None = Field(None, description="A search for better values. Only `scratchnn tune` heeds it.")

    @property
    def seed_of_split(self) -> int:
        """The seed that divides the rows."""
        return self.seed if self.data.split_seed is None else self.data.split_seed

    @property
    def start(self) -> StartSettings | None:
        """The model to start from, in its full form."""
        return StartSettings(path=self.from_) if isinstance(self.from_, str) else self.from_

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.deterministic and self.threads not in ("auto", 1):
            raise PydanticCustomError("threads", "`deterministic: true` means one thread. Remove `threads`.")
        if self.schedule.cycles_momentum and not self.optimizer.cycles_momentum:
            message = "`momentum_cycle` needs an optimizer with momentum or beta1 above 0. Set it, or remove the cycle."
            raise PydanticCustomError("momentum", message)
        if self.training.averaging is not None and self.optimizer.keeps_average:
            message = "{tag} keeps an average of its own. Remove `training.averaging`."
            raise PydanticCustomError("averaging", message, {"tag": self.optimizer.tag()})
        names = [metric.name for metric in self.metrics or []]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PydanticCustomError("metrics", "`metrics` names {name} twice.", {"name": twice[0]})
        if isinstance(self.optimizer, SearchingOptimizer):
            self._refuse_what_a_search_cannot_see(self.optimizer.tag())
        return self

    def _refuse_what_a_search_cannot_see(self, tag: str) -> None:
        """A search needs a loss that agrees with its gradient, and leaves the weights where it found them best."""
        limits = ("clip_value", "clip_parameter_norm", "clip_adaptive", "clip_norm")
        if limit := next((name for name in limits if getattr(self.regularization, name) is not None), None):
            message = "{tag} needs the whole gradient. Remove `regularization.{limit}`."
            raise PydanticCustomError("clipping", message, {"tag": tag, "limit": limit})
        if self.regularization.constraints:
            message = "{tag} cannot see what `regularization.constraints` does to the weights. Remove it."
            raise PydanticCustomError("constraints", message, {"tag": tag})
        if self.schedule != Constant():
            message = "{tag} searches for the length of each step: a schedule has no effect. Remove `schedule`."
            raise PydanticCustomError("schedule", message, {"tag": tag})
        if not isinstance(self.training.sampling, NoSampling):
            message = "{tag} needs the same rows in every step. Remove `training.sampling`, or use `class_weights`."
            raise PydanticCustomError("sampling", message, {"tag": tag})
        if self.training.augmentation:
            message = "{tag} needs the same samples in every evaluation. Remove `training.augmentation`."
            raise PydanticCustomError("augmentation", message, {"tag": tag})
        if self.training.freeze:
            message = "{tag} takes one step for all parameters. Remove `training.freeze`."
            raise PydanticCustomError("freeze", message, {"tag": tag})
        if self.training.accumulate > 1:
            message = "{tag} takes all training rows in each step already. Remove `training.accumulate`."
            raise PydanticCustomError("accumulate", message, {"tag": tag})
