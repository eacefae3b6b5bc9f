"""What a row of the table of cases says."""

from __future__ import annotations

from dataclasses import dataclass

from scratchnn.component import Component
from scratchnn.nn.activations import Activation
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.losses import Loss, TargetSpec


@dataclass(frozen=True)
class LayerCase:
    """One layer or activation on a batch of `batch` samples.

    `ids`: the inputs are ids, not numbers. `masked`: the first axis is time, and the last steps of samples are padding.
    `columns`: what the inputs of a table are.
    """

    component: Layer | Activation
    shape: tuple[int, ...]
    batch: int
    ids: bool = False
    masked: bool = False
    columns: tuple[Column, ...] = ()

    @property
    def layers(self) -> list[Layer]:
        """The layers to check: an activation becomes one, and a mask comes from a layer before it."""
        component = self.component
        layer = ActivationLayer(function=component) if isinstance(component, Activation) else component
        return [RaggedMask(), layer] if self.masked else [layer]

    @property
    def inputs(self) -> InputSpec:
        """What the layer is given."""
        return InputSpec(self.shape, "ids" if self.ids else "float", self.columns)

    @property
    def name(self) -> str:
        """The settings, the shape and the batch size, short enough for a table."""
        return f"{_settings(self.component)}({self.batch}, {', '.join(map(str, self.shape))})"


@dataclass(frozen=True)
class LossCase:
    """One loss on `batch` samples, with or without weights."""

    component: Loss
    target: TargetSpec
    batch: int
    weighted: bool = False

    @property
    def name(self) -> str:
        """The settings, the targets and the batch size, short enough for a table."""
        target = f"{self.target.classes} classes" if self.target.is_classification else f"{self.target.columns} columns"
        target += f" at {self.target.steps} steps" if self.target.steps else ""
        return f"{_settings(self.component)}({self.batch}) {target}{', weighted' if self.weighted else ''}"


def elementwise(activation: Activation) -> tuple[LayerCase, ...]:
    """The rows of an activation."""
    return (
        LayerCase(activation, (4,), 1),
        LayerCase(activation, (7,), 5),
        LayerCase(activation, (3, 5), 4),
        LayerCase(activation, (2, 3, 4), 3),
    )


def on_numbers(loss: Loss) -> tuple[LossCase, ...]:
    """The rows of a loss on numbers."""
    return (
        LossCase(loss, TargetSpec(columns=1), 1),
        LossCase(loss, TargetSpec(columns=1), 7, weighted=True),
        LossCase(loss, TargetSpec(columns=3), 4),
        LossCase(loss, TargetSpec(columns=3), 5, weighted=True),
    )


def on_classes(loss: Loss, classes: int) -> tuple[LossCase, ...]:
    """The rows of a loss on classes."""
    return (
        LossCase(loss, TargetSpec(classes=classes), 1),
        LossCase(loss, TargetSpec(classes=classes), 4),
        LossCase(loss, TargetSpec(classes=classes), 7, weighted=True),
    )


def at_steps(loss: Loss, classes: int) -> tuple[LossCase, ...]:
    """The rows of a loss on a class at each step."""
    return (
        LossCase(loss, TargetSpec(classes=classes, steps=1), 2),
        LossCase(loss, TargetSpec(classes=classes, steps=5), 1),
        LossCase(loss, TargetSpec(classes=classes, steps=3), 4, weighted=True),
    )


def _settings(component: Component) -> str:
    """The fields that are not at their default, as `rate=0.2 `."""
    fields = type(component).model_fields
    values = {name: getattr(component, name) for name in fields}
    return "".join(f"{name}={_short(v)} " for name, v in values.items() if name != "type" and v != fields[name].default)


def _short(value: object) -> str:
    return value.tag() if isinstance(value, Component) else str(value)
