"""The table that drives every component through every check: three rows or more for each layer, activation and loss."""

from __future__ import annotations

from dataclasses import dataclass

from scratchnn.component import Component, families
from scratchnn.nn.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    GELUTanh,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from scratchnn.nn.initializers import HeNormal
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.losses import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Huber, Loss, TargetSpec

ROWS_NEEDED = 3
FAMILIES = ("layer", "activation", "loss")


@dataclass(frozen=True)
class LayerCase:
    """One layer or activation on a batch of `batch` samples."""

    component: Layer | Activation
    shape: tuple[int, ...]
    batch: int

    @property
    def layer(self) -> Layer:
        """The layer to check: an activation becomes one."""
        component = self.component
        return ActivationLayer(function=component) if isinstance(component, Activation) else component

    @property
    def inputs(self) -> InputSpec:
        """What the layer is given."""
        return InputSpec(self.shape)

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


LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Dense(units=1), (1,), 1),
    LayerCase(Dense(units=4), (3,), 5),
    LayerCase(Dense(units=3, bias=False), (7,), 2),
    LayerCase(Dense(units=5, activation=Tanh()), (4,), 3),
    LayerCase(Dense(units=5, activation=ReLU(), l1=0.1, l2=0.1), (4,), 7),
    LayerCase(Dense(units=4, activation=GELU(), init=HeNormal()), (3,), 3),
    LayerCase(Dense(units=3, activation=Softmax()), (4,), 3),
    LayerCase(ActivationLayer(function=Tanh()), (5,), 1),
    LayerCase(ActivationLayer(function=SiLU()), (3, 4), 3),
    LayerCase(ActivationLayer(function=Softmax()), (2, 3, 4), 2),
    LayerCase(Flatten(), (5,), 1),
    LayerCase(Flatten(), (3, 4), 3),
    LayerCase(Flatten(), (2, 3, 4), 5),
    LayerCase(Dropout(rate=0.5), (5,), 1),
    LayerCase(Dropout(rate=0.2), (7,), 9),
    LayerCase(Dropout(rate=0.9), (3, 4), 5),
    LayerCase(Dropout(rate=0.0), (2, 3, 4), 3),
    LayerCase(BatchNorm(), (4,), 2),
    LayerCase(BatchNorm(momentum=0.3, epsilon=0.1), (5,), 7),
    LayerCase(BatchNorm(scale=False), (3, 4), 3),
    LayerCase(BatchNorm(center=False), (2, 3, 4), 5),
    LayerCase(BatchNorm(scale=False, center=False), (3, 2), 1),
)

ACTIVATIONS: tuple[LayerCase, ...] = (
    *elementwise(Linear()),
    *elementwise(ReLU()),
    *elementwise(LeakyReLU()),
    *elementwise(LeakyReLU(slope=0.3)),
    *elementwise(LeakyReLU(slope=0.0)),
    *elementwise(Sigmoid()),
    *elementwise(Tanh()),
    *elementwise(Softplus()),
    *elementwise(ELU()),
    *elementwise(ELU(alpha=0.3)),
    *elementwise(SELU()),
    *elementwise(SiLU()),
    *elementwise(GELUTanh()),
    *elementwise(GELU()),
    *elementwise(Softmax()),
    LayerCase(Softmax(), (1,), 3),
)

LOSSES: tuple[LossCase, ...] = (
    *on_numbers(MSE()),
    *on_numbers(MAE()),
    *on_numbers(Huber()),
    *on_numbers(Huber(delta=0.3)),
    *on_classes(BinaryCrossEntropy(), 2),
    *on_classes(BinaryCrossEntropy(label_smoothing=0.2), 2),
    *on_classes(CrossEntropy(), 2),
    *on_classes(CrossEntropy(), 5),
    *on_classes(CrossEntropy(label_smoothing=0.2), 3),
)


def missing_cases() -> list[str]:
    """The members of this package without `ROWS_NEEDED` rows, as "layer: dense". Users' own components need none."""
    rows: list[Component] = [case.component for case in (*LAYERS, *ACTIVATIONS)]
    rows += [case.component for case in LOSSES]
    return [
        f"{family}: {tag}"
        for family in FAMILIES
        for tag, member in families()[family].members().items()
        if member.__module__.startswith("scratchnn.") and sum(type(row) is member for row in rows) < ROWS_NEEDED
    ]


def _settings(component: Component) -> str:
    """The fields that are not at their default, as `rate=0.2 `."""
    fields = type(component).model_fields
    values = {name: getattr(component, name) for name in fields}
    return "".join(f"{name}={_short(v)} " for name, v in values.items() if name != "type" and v != fields[name].default)


def _short(value: object) -> str:
    return value.tag() if isinstance(value, Component) else str(value)
