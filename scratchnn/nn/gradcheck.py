"""Backward against finite differences, in float64, for one component or a whole network.

The numeric derivative is the central difference over four points,
(8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h, of error h^4. The relative error of one number is
|a - n| / max(|a|, |n|, FLOOR): below FLOOR rounding in f hides the relative error. Where a step h does not agree,
smaller ones are tried, since a step may straddle a kink (relu at 0) or be too wide for a steep function. A wrong
derivative agrees at no step. Every number of an array is checked, or `ENTRIES` of them at random where there are more.

Buffers start as NaN, and scratch is filled with NaN again between forward and backward, so that a read of what was
never written shows. Every evaluation starts from the same generator state, so that a dropout mask stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.cases import ACTIVATIONS, LAYERS, LOSSES, missing_cases
from scratchnn.nn.contracts import contract_errors
from scratchnn.nn.layer import InputSpec, Layer, with_outputs
from scratchnn.nn.losses import Loss, TargetSpec, fitted
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network
from scratchnn.nn.samples import number_entries, random_inputs, scatter

TOLERANCE = 1e-6
FLOOR = 1e-5
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)  # times max(1, |x|)
ENTRIES = 200
ROWS = 4  # samples in the check of a user's network

Objective = Callable[[Array, Array | None], float]
"""From outputs to a number; writes its gradient into the second array, unless that is None."""


@dataclass(frozen=True)
class GradCheck:
    """What one check found: the worst relative error over the entries of one array."""

    component: str
    case: str
    array: str
    error: float
    passed: bool

    @classmethod
    def of(cls, component: str, case: str, array: str, error: float) -> GradCheck:
        """The check of this error against `TOLERANCE`."""
        return cls(component, case, array, error, error <= TOLERANCE)


def relative_error(analytic: float, numeric: float) -> float:
    """|a - n| / max(|a|, |n|, FLOOR); infinite where one of them is not finite.

    >>> relative_error(2.0, 1.0), relative_error(0.0, 1e-12) < TOLERANCE
    (0.5, True)
    """
    error = float(abs(analytic - numeric) / max(abs(analytic), abs(numeric), FLOOR))
    return error if np.isfinite(error) else float("inf")


def worst_error(
    function: Callable[[], float],
    array: Array,
    gradient: Array,
    rng: np.random.Generator,
    *,
    among: Array | None = None,
) -> float:
    """The largest relative error of `gradient`, what d function / d array is said to be. `array` must be contiguous.

    Changes numbers of `array` and puts them back. `among`: the flat indexes that may be checked; all when absent.
    """
    candidates = np.arange(array.size) if among is None else among
    if len(candidates) > ENTRIES:
        candidates = rng.choice(candidates, ENTRIES, replace=False)
    numbers, derivatives = array.reshape(-1), gradient.reshape(-1)
    return max((_entry_error(function, numbers, int(i), float(derivatives[i])) for i in candidates), default=0.0)


def check_gradients(
    component: str,
    case: str,
    network: Network,
    inputs: Array,
    objective: Objective,
    *,
    training: bool,
    seed: int,
    weights: Array | None = None,
) -> Iterator[GradCheck]:
    """Checks d objective / d parameters and d objective / d inputs of a float64 network on a batch of inputs.

    What layers add to the loss counts, as the mean over the samples with these weights. Columns of codes among the
    inputs are left out. The network must be initialized.
    """
    total = float(len(inputs)) if weights is None else float(weights.sum())
    workspace = network.workspace(len(inputs), input_gradient=True, poison=True)
    batch = workspace.batch(len(inputs))
    batch.inputs[...] = inputs

    def start() -> Pass:
        return Pass(training, np.random.Generator(np.random.PCG64(seed)), weights=weights, total=total)

    def value() -> float:
        run = start()
        return objective(batch.forward(run), None) + run.penalty / total

    network.arena.gradients.fill(np.nan)
    run = start()
    objective(batch.forward(run), batch.output_gradient)
    workspace.poison_scratch()
    batch.backward(run)
    gradients = network.arena.gradients.copy()
    rng = np.random.default_rng(seed)
    for name, slot in network.arena.slots.items():
        error = worst_error(value, slot.view(network.arena.parameters), slot.view(gradients), rng)
        yield GradCheck.of(component, case, name, error)
    if batch.input_gradient is not None:
        numbers = number_entries(network.inputs, len(inputs))
        error = worst_error(value, batch.inputs, batch.input_gradient.copy(), rng, among=numbers)
        yield GradCheck.of(component, case, "input", error)


def check_layers(
    component: str, case: str, layers: Sequence[Layer], inputs: InputSpec, rows: int, *, training: bool, seed: int = 0
) -> Iterator[GradCheck]:
    """Checks layers in a row under the objective sum(r * outputs), with random r, at random inputs and parameters."""
    network = Network(layers, inputs, dtype="float64")
    rng = np.random.default_rng(seed)
    scatter(network, rng)
    batch = random_inputs(inputs, rows, rng)
    factors = rng.standard_normal((rows, *network.outputs.shape))
    weights = rng.uniform(0.5, 2.0, rows)

    def objective(outputs: Array, gradient: Array | None) -> float:
        if gradient is not None:
            gradient[...] = factors
        return float(np.vdot(factors, outputs))

    yield from check_gradients(
        component, case, network, batch, objective, training=training, seed=seed, weights=weights
    )


def check_loss(
    loss: Loss, target: TargetSpec, rows: int, *, case: str = "", weighted: bool = False, seed: int = 0
) -> Iterator[GradCheck]:
    """Checks the gradient of a loss with respect to the outputs, at random outputs, targets and weights."""
    rng = np.random.default_rng(seed)
    objective = loss_objective(loss, target, rows, rng, weighted=weighted)
    outputs = rng.standard_normal((rows, *loss_outputs(loss, target).shape))
    gradient = np.full_like(outputs, np.nan)
    before = outputs.copy()
    value = objective(outputs, gradient)
    error = worst_error(lambda: objective(outputs, None), outputs, gradient, rng)
    yield GradCheck.of(loss.tag(), case, "outputs", error)
    kept = np.array_equal(before, outputs) and value == objective(outputs, None)
    yield GradCheck.of(loss.tag(), case, "value and outputs kept", 0.0 if kept else float("inf"))


def check_network(
    layers: Sequence[Layer], inputs: InputSpec, loss: Loss, target: TargetSpec, seed: int = 0, rows: int = ROWS
) -> Iterator[GradCheck]:
    """Checks a whole network under its own loss, in training mode, on random data. `units: auto` is filled in.

    Arrays are named by their path: `0.weight`.
    """
    rng = np.random.default_rng(seed)
    network = Network(with_outputs(layers, loss.output_size(target)), inputs, dtype="float64")
    scatter(network, rng)
    batch = random_inputs(inputs, rows, rng)
    objective = loss_objective(loss, target, rows, rng)
    yield from check_gradients("network", loss.title, network, batch, objective, training=True, seed=seed)


def loss_objective(
    loss: Loss, target: TargetSpec, rows: int, rng: np.random.Generator, *, weighted: bool = False
) -> Objective:
    """The mean loss in float64 of outputs `(B, ...)` against random targets, and random weights where asked for."""
    loss = fitted(loss, target)
    plan = loss.plan(InputSpec((loss_outputs(loss, target).size,)))
    memory = Workspace(Arena(plan, np.dtype(np.float64)), plan, rows, poison=True).memory(rows)
    targets = loss.sample_targets(target, rows, rng)
    weights = rng.uniform(0.5, 2.0, rows) if weighted else None
    total = loss.targets_per_sample * (float(rows) if weights is None else float(weights.sum()))

    def objective(outputs: Array, gradient: Array | None) -> float:
        flat = None if gradient is None else gradient.reshape(rows, -1)
        return loss.evaluate(outputs.reshape(rows, -1), targets, weights, total, flat, memory) / total

    return objective


def loss_outputs(loss: Loss, target: TargetSpec) -> InputSpec:
    """What a loss takes for these targets."""
    size = loss.output_size(target)
    return InputSpec((target.steps, size) if target.steps else (size,))


def check_all(only: str = "") -> Iterator[GradCheck]:
    """Every row of the table, in training and in inference mode: gradients, and the promises of the layer contract.

    With `only` the rows of components of that tag. A promise that holds has the error 0. A component without rows is a
    failed check.
    """
    for missing in missing_cases():
        yield GradCheck(missing, "", "rows in nn/cases", float("inf"), False)
    for case in (*LAYERS, *ACTIVATIONS):
        if only not in ("", case.component.tag()):
            continue
        for training in (True, False):
            name, tag = f"{case.name}, {'training' if training else 'inference'}", case.component.tag()
            yield from check_layers(tag, name, case.layers, case.inputs, case.batch, training=training)
            for promise, error in contract_errors(case.layers, case.inputs, case.batch, training=training):
                yield GradCheck.of(tag, name, promise, error)
    for row in LOSSES:
        if only in ("", row.component.tag()):
            yield from check_loss(row.component, row.target, row.batch, case=row.name, weighted=row.weighted)


def _entry_error(function: Callable[[], float], numbers: Array, index: int, analytic: float) -> float:
    """The relative error of one derivative, at the first step that agrees well, else the least over all steps."""
    best = float("inf")
    for step in STEPS:
        numeric = _difference(function, numbers, index, step * max(1.0, abs(float(numbers[index]))))
        best = min(best, relative_error(analytic, numeric))
        if best <= TOLERANCE / 10:
            break
    return best


def _difference(function: Callable[[], float], numbers: Array, index: int, h: float) -> float:
    """The central difference over four points."""
    center = float(numbers[index])
    values = []
    for shift in (h, -h, 2 * h, -2 * h):
        numbers[index] = center + shift
        values.append(function())
    numbers[index] = center
    near, far = values[0] - values[1], values[2] - values[3]
    return (8 * near - far) / (12 * h)
