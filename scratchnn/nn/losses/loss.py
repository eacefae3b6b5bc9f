"""What every loss is: the base class, and what the targets are. All average over the samples.

Losses take the network's raw outputs (logits). Classification targets are class ids `(B,)` in int64, regression targets
`(B, K)` floats, and so are the outputs and targets of a reconstruction, flat whatever the shape of its samples.
Weights `(B,)` make every mean a weighted mean: sum(w * loss) / sum(w). An output that is not finite gives a loss that
is not finite. All arrays are C-contiguous.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from scratchnn.component import Component
from scratchnn.errors import ShapeError, TargetError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Memory, Shape


@dataclass(frozen=True)
class TargetSpec:
    """What the targets are: one of `classes` classes, or (where `classes` is 0) `columns` numbers.

    Where the numbers are the inputs themselves, `shape` is that of one sample. With `steps` a sample is a sequence that
    has a class at each of its steps: targets `(B, steps)`. `kind` tells more of classes (`ordinal`: in an order) and of
    numbers (`multi_label`: 0 and 1; `count`: whole numbers of 0 or more).
    """

    classes: int = 0
    columns: int = 1
    shape: Shape = ()
    steps: int = 0
    kind: Literal["", "ordinal", "multi_label", "count"] = ""

    @classmethod
    def of_inputs(cls, shape: Shape) -> TargetSpec:
        """The inputs of this shape as targets."""
        return cls(columns=math.prod(shape), shape=shape)

    @property
    def is_classification(self) -> bool:
        """Whether the targets are class ids."""
        return self.classes > 0

    @property
    def is_reconstruction(self) -> bool:
        """Whether the targets are the inputs."""
        return bool(self.shape)

    @property
    def task(self) -> str:
        """What there is to learn, by the name that a config has for it."""
        if self.steps:
            return "language_modeling"
        if self.shape:
            return "reconstruction"
        return self.kind or ("classification" if self.classes else "regression")


class Loss(Component):
    """The base of all losses."""

    family: ClassVar[str] = "loss"
    raw_targets: ClassVar[bool] = False  # whether scaled targets would change the meaning of the loss

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.tag()

    @property
    def targets_per_sample(self) -> int:
        """How many targets a sample brings to the mean."""
        return 1

    def wants_raw_targets(self) -> bool:
        """Whether the targets must come as they are in the data, not scaled."""
        return self.raw_targets

    def wants_ordered_classes(self) -> bool:
        """Whether the order of the classes means something."""
        return False

    def tells_labels(self) -> bool:
        """Whether the predictions are the probabilities `(N, K)` of labels that may be true together."""
        return False

    def reads_outputs_as_they_are(self) -> bool:
        """Whether the outputs are the predictions, with no function in between."""
        return type(self).predictions is Loss.predictions

    def takes_temperature(self) -> bool:
        """Whether the predictions are the softmax of the outputs, or of one output the sigmoid, for one class a row."""
        return False

    def check_numbers(self, targets: Array) -> None:
        """Raises `TargetError` for the first row of raw targets `(N, K)` that the loss cannot take."""
        return

    def wants_raw_inputs(self) -> bool:
        """Whether inputs that are to be reconstructed must come as they are in the data, not scaled."""
        return self.wants_raw_targets()

    def check_inputs(self, inputs: Array) -> None:
        """Raises `TargetError` for inputs `(N, K)`, as they are encoded, that the loss cannot take as targets."""
        self.check_numbers(inputs)

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """Random targets that the loss takes, for checks: ids `(rows,)`, or N(0, 1) for each column."""
        if target.is_classification:
            return rng.integers(target.classes, size=rows)
        return rng.standard_normal((rows, target.columns))

    def output_size(self, target: TargetSpec) -> int:
        """How many outputs the network must have for these targets. Raises `ShapeError` where the loss does not fit."""
        raise NotImplementedError

    def plan(self, outputs: InputSpec) -> Plan:
        """The memory that `evaluate` works in."""
        return Plan(outputs)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum of the weighted losses of the samples.

        Writes the gradient of that sum divided by `total` (the sum of the weights: the batch size without weights)
        with respect to the outputs into `gradient`, unless it is None. Leaves `outputs` as they are.
        """
        raise NotImplementedError

    def predictions(self, outputs: Array) -> Array:
        """From raw outputs to what a user wants: class probabilities `(N, classes)`, or numbers `(N, K)`."""
        return outputs

    def quantiles_known(self) -> Sequence[float] | None:
        """The shares in (0, 1) that `quantile` takes, ascending: None for any of them, empty where it takes none."""
        return ()

    def quantile(self, outputs: Array, share: float) -> Array:
        """From raw outputs what the targets lie below with the probability `share`: numbers `(N, K)`, as `predictions`.

        Only for the shares of `quantiles_known`.
        """
        raise ValueError(f"{self.tag()} tells no quantile {share}")

    def deviations(self, outputs: Array) -> Array | None:
        """The standard deviations `(N, K)` that the loss learns beside the predictions, None where it learns none."""
        return None

    def expects_classes(self, target: TargetSpec, only: int = 0) -> None:
        """Raises the `ShapeError` that teaches the mend where the targets are not classes, or not `only` so many."""
        if target.is_classification and only in (0, target.classes):
            return
        got = f"{target.classes} classes" if target.is_classification else "numbers"
        wanted = "two classes" if only == 2 else "classes"
        hint = "Use cross_entropy." if target.is_classification else "Use mse, or task: classification."
        raise ShapeError(f"({self.tag()}) needs {wanted} as targets, got {got}", hint=hint)

    def log_likelihoods(self, outputs: Array, targets: Array) -> Array:
        """log of the probability `(N,)` of each true class, in float64; of its prediction, clipped as in `log_loss`."""
        return clipped_log_likelihoods(self.predictions(outputs), targets)


def clipped_log_likelihoods(probabilities: Array, targets: Array) -> Array:
    """log p[y] in float64 for probabilities `(N, C)`, first clipped to [eps, 1 - eps] with the eps of their dtype."""
    eps = float(np.finfo(probabilities.dtype).eps)
    chosen = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    return np.asarray(np.log(np.clip(chosen, eps, 1 - eps)))


def weighted_total(losses: Array, weights: Array | None) -> float:
    """The sum of the losses `(B,)`, weighted where there are weights."""
    return float(np.add.reduce(losses) if weights is None else np.dot(losses, weights))


def all_finite(outputs: Array) -> bool:
    """Whether no output is NaN or infinite. Finds positions of extremes: a third of the cost of their values."""
    flat = outputs.reshape(-1)
    return float(flat.item(flat.argmax())) - float(flat.item(flat.argmin())) < math.inf


def not_finite(gradient: Array | None) -> float:
    """The loss of outputs that are not finite. Spoils the gradient too."""
    if gradient is not None:
        gradient.fill(math.nan)
    return math.nan


def refuse(targets: Array, wrong: Array, message: str) -> None:
    """Raises `TargetError` for the first number of `targets` `(N, K)` that is `wrong`; `{value}` stands for it."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        text = "the target " + message.format(value=f"{targets[row, column]:.12g}")
        where, hint = f"targets[{row}, {column}]", "Mend the row, or use another loss."
        raise TargetError(text, where=where, hint=hint, row=row, column=column)
