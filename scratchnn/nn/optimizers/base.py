"""What all optimizers share, and the settings that go with any of them: parameter groups and lookahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Component, Settings
from scratchnn.nn.memory import Array, Shape


class ParameterGroup(Settings):
    """Parameters that are trained in another way. The first group whose pattern matches a name counts.

    Names are those of the model file: `0.weight`, `3.bias`; `*` stands for any text, `?` for one character.
    """

    match: str = Field(min_length=1, description="Pattern of the parameters' names, such as *.bias.")
    learning_rate_factor: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="Factor on the learning rate; 0 leaves them as they are."
    )
    weight_decay: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Weight decay of all that match, biases too; absent: the optimizer's.",
    )


class Lookahead(Settings):
    """Slow weights s that follow the optimizer's p: after each `every` steps s += share (p - s), then p = s.

    Between those steps p goes on alone, with its moments kept. Source: Zhang et al. 2019.
    """

    every: int = Field(5, ge=1, description="Steps of the optimizer for one of the slow weights.")
    share: float = Field(0.5, gt=0, le=1, description="Share of the way that the slow weights go.")


class Optimizer(Component):
    """The base of all optimizers. Holds no arrays: `Updater` owns its slots (moments, velocities)."""

    family: ClassVar[str] = "optimizer"
    work_arrays: ClassVar[int] = 1  # arrays of the slice's length that `decay` and `update` may destroy
    decays_inside: ClassVar[bool] = False  # `update` applies self.weight_decay, and `decay` is never called
    keeps_average: ClassVar[bool] = False  # the trained network is not p: `average` gives it
    against_divergence: ClassVar[str] = "Lower optimizer.learning_rate, or set regularization.clip_norm."
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    weight_decay: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0, as part of the gradient."
    )
    groups: list[ParameterGroup] = Field([], description="Other learning rates and weight decay, by name.")
    lookahead: Lookahead | None = Field(None, description="Slow weights that follow; none when absent.")

    def slots(self) -> tuple[str, ...]:
        """The names of the vectors that the optimizer keeps between steps; all start at 0."""
        return ()

    def start(self, p: Array, slots: Sequence[Array], learning_rate: float) -> None:
        """Fills slots that do not start at 0. Called once, just before the first step."""

    def carried(self) -> dict[str, float]:
        """The numbers that are kept from step to step beside t, as they are before the first step."""
        return {}

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """What `update` multiplies with or adds in step t, the same for all parameters. May change `carried`."""
        raise NotImplementedError

    def decay(self, p: Array, g: Array, work: Array, learning_rate: float) -> None:
        """Applies weight decay to a slice of decayed parameters, before `update`. Coupled: g += weight_decay * p."""
        np.add(g, np.multiply(p, self.weight_decay, out=work), out=g)

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step on a slice, elementwise: changes p and the slots; may destroy g.

        Where p and g are 0 both stay so: these are the gaps between the arrays, which no layer ever writes to.
        `numbers` are those above as arrays without axes, of the parameters' dtype: NumPy takes half the time of a
        small call to convert a Python float.
        """
        raise NotImplementedError

    def average(self, p: Array, slots: Sequence[Array], out: Array) -> None:
        """Writes the weights that are to be used: p, unless `keeps_average`."""
        np.copyto(out, p)

    @classmethod
    def momentum_field(cls) -> str | None:
        """The field that a schedule with cycling momentum changes: momentum or beta1."""
        return next((name for name in ("momentum", "beta1") if name in cls.model_fields), None)

    @property
    def cycles_momentum(self) -> bool:
        """Whether there is a momentum above 0 for a schedule to change."""
        name = self.momentum_field()
        return name is not None and getattr(self, name) > 0

    def with_momentum(self, value: float) -> Self:
        """The same optimizer with another momentum or beta1."""
        return self.model_copy(update={self.momentum_field() or "": value})


class DecoupledOptimizer(Optimizer):
    """An optimizer with decoupled weight decay: p -= lr weight_decay p, before its step.

    The decay is multiplied with the learning rate, the schedule included, as in PyTorch's AdamW.
    """

    weight_decay: float = Field(
        0.01, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0, apart from the gradient."
    )

    def decay(self, p: Array, g: Array, work: Array, learning_rate: float) -> None:
        """p *= 1 - lr weight_decay."""
        np.multiply(p, 1 - learning_rate * self.weight_decay, out=p)


class ParameterwiseOptimizer(Optimizer):
    """An optimizer that needs the shape or the norm of each parameter.

    `update` gets the arrays of one whole parameter in its shape, never a part of one. It applies `weight_decay`
    itself, which is 0 for parameters that are not decayed.
    """

    decays_inside: ClassVar[bool] = True

    def slot_shape(self, name: str, shape: Shape) -> Shape:
        """The shape of a slot for a parameter of this shape."""
        return shape


class SearchingOptimizer(Optimizer):
    """An optimizer that evaluates the loss of all training rows several times in one step, on the whole vectors.

    The loss is a function of the parameters alone: penalties are in it, and random draws are the same in a whole step.
    What would change the gradient or the parameters apart from it is refused: weight decay (l2 is its like), groups,
    lookahead.
    """

    work_arrays: ClassVar[int] = 3  # of the parameters' whole length
    against_divergence: ClassVar[str] = (
        "A search must start at numbers: choose a smaller model.init, or scale the data."
    )
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False, description="Refused: use regularization.l2.")
    groups: list[ParameterGroup] = Field([], description="Refused: there is one step for all parameters.")
    lookahead: Lookahead | None = Field(None, description="Refused: the loss would not be where the search left it.")

    def search(
        self,
        p: Array,
        g: Array,
        slots: Sequence[Array],
        work: Sequence[Array],
        carried: dict[str, float],
        learning_rate: float,
        evaluate: Callable[[], float],
    ) -> float:
        """One step: changes p, the slots and `carried`; returns the loss at the p that it leaves.

        `evaluate` gives the loss at p as it is and fills g with its gradient; where the loss is not finite g is
        undefined. The last call is at the p that is left. Where the loss or the gradient at the first p is not finite
        it returns NaN and leaves all else as it was.
        """
        raise NotImplementedError

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """None: `search` works them out."""
        return ()

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """Raises `TypeError`: one gradient is not enough for this optimizer."""
        raise TypeError(f"{self.tag()} searches: it has no update for one gradient")

    @model_validator(mode="after")
    def _follows_the_loss_alone(self) -> Self:
        tag = {"tag": self.tag()}
        if self.weight_decay:
            message = "{tag} has no weight decay apart from the loss. Set `regularization.l2` instead."
            raise PydanticCustomError("weight_decay", message, tag)
        if self.groups:
            message = "{tag} takes one step for all parameters. Remove `groups`."
            raise PydanticCustomError("groups", message, tag)
        if self.lookahead is not None:
            raise PydanticCustomError("lookahead", "{tag} leaves no room for `lookahead`. Remove it.", tag)
        return self
