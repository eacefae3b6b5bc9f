"""What a model has to beat where its depth is to be worth it: a linear model of the same inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.samples import Inputs
from scratchnn.data.targets import InputsAgain
from scratchnn.errors import UsageError
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Scored
from scratchnn.nn.optimizers import LBFGS
from scratchnn.training.constant_baseline import blocks_of, expected_shapes

WIDEST = 5000  # inputs of a ridge regression, whose normal equations are solved
PENALTY = 1.0
SEARCH = LBFGS(iterations=200, gradient_tolerance=1e-6, change_tolerance=1e-12)


@dataclass(frozen=True)
class LinearBaseline:
    """Ridge regression for numbers, softmax regression for classes, fitted on the training rows.

    Labels are numbers, 0 and 1. Inputs are those that the network is given, flat; codes of categories become one input
    for each code. Each is
    brought to mean 0 and deviation 1 first. Numbers: sum w (y - x a - b)^2 + |a|^2 is least, by its normal equations.
    Classes: sum w (-log p[y]) + |a|^2 / 2 is least, by L-BFGS. Both penalties are scikit-learn's defaults (`Ridge`,
    `LogisticRegression`). All in float64, a block of rows at a time.
    """

    inputs: InputSpec
    offset: Array
    width: Array
    weights: Array  # (D + 1, outputs), the last row the biases
    gives_classes: bool
    name: str = "linear"
    title: str = "a linear model of the same inputs"

    @classmethod
    def fit(cls, train: Part, encoder: Encoder, inputs: InputSpec) -> LinearBaseline:
        """Of these training rows. Raises `UsageError` where there is no such model of them, or a too large one."""
        shapes = expected_shapes(encoder)
        ids = inputs.kind == "ids" or any(c.sequence and c.codes is not None for c in inputs.columns)
        if ids or isinstance(encoder.target, InputsAgain):
            what = "token ids" if ids else "a reconstruction"
            hint = "Use --baseline constant."
            raise UsageError(f"there is no linear model of {what}", where="--baseline linear", hint=hint)
        weights = np.ones(len(train)) if train.weights is None else train.weights.astype(np.float64)
        wide = sum(column.codes or column.width for column in inputs.columns) or inputs.shape[-1]
        size = wide * math.prod(inputs.shape[:-1])
        if "shares" not in shapes and size > WIDEST:
            got = f"the normal equations of {size} inputs are too large: at most {WIDEST}"
            raise UsageError(got, where="--baseline linear", hint="Use --baseline constant.")
        made = cls(inputs, np.zeros(size), np.ones(size), np.empty(0), "shares" in shapes)
        offset, width = _standard(made, train.inputs, weights)
        made = replace(made, offset=offset, width=width)
        if made.gives_classes:
            return replace(made, weights=made._softmax(train, weights, shapes["shares"][0]))
        numbers = encoder.target.decode(train.targets)
        return replace(made, weights=made._ridge(train.inputs, numbers.reshape(len(numbers), -1), weights))

    def scored(self, model: Scored, inputs: Inputs) -> Scored:
        """Its answers beside the targets of the rows that a model was judged on, which have these inputs."""
        outputs = np.empty((len(inputs), self.weights.shape[1]))
        for rows in blocks_of(inputs):
            outputs[rows] = self.features(inputs[rows]) @ self.weights
        if self.gives_classes:
            outputs -= outputs.max(axis=1, keepdims=True)
            np.exp(outputs, out=outputs)
            outputs /= np.add.reduce(outputs, axis=1, keepdims=True)
        return replace(model, predictions=outputs, notes=[], quantiles=None, called=None, _made={})

    def features(self, block: Array) -> Array:
        """Inputs `(n, *shape)` as they enter the model `(n, D + 1)`: standard, with a 1 for the bias."""
        flat = block.reshape(len(block), -1).astype(np.float64)
        if self.inputs.code_columns:  # of windows at each step
            flat = np.concatenate(self._columns(flat.reshape(-1, block.shape[-1])), axis=1).reshape(len(block), -1)
        made = np.ones((len(flat), len(self.offset) + 1))
        np.divide(flat - self.offset, self.width, out=made[:, :-1])
        return made

    def _columns(self, flat: Array) -> list[Array]:
        """Each column of the rows of a table; codes as one number for each."""
        parts, place = [], 0
        for column in self.inputs.columns:
            part = flat[:, place : place + column.width]
            parts.append(part if column.codes is None else part == np.arange(column.codes))
            place += column.width
        return parts

    def _ridge(self, inputs: Inputs, numbers: Array, weights: Array) -> Array:
        """The weights by the normal equations."""
        size = len(self.offset) + 1
        squares, products = np.zeros((size, size)), np.zeros((size, numbers.shape[1]))
        middle = np.average(numbers, axis=0, weights=weights)  # around which less is lost by rounding
        for rows in blocks_of(inputs):
            x = self.features(inputs[rows])
            weighed = x * weights[rows, None]
            squares += weighed.T @ x
            products += weighed.T @ (numbers[rows] - middle)
        squares[np.arange(size - 1), np.arange(size - 1)] += PENALTY
        found = np.linalg.solve(squares, products)
        found[-1] += middle
        return np.asarray(found)

    def _softmax(self, train: Part, weights: Array, classes: int) -> Array:
        """The weights by L-BFGS, from 0."""
        size, total = len(self.offset) + 1, float(np.add.reduce(weights))
        p, g = np.zeros(size * classes), np.zeros(size * classes)
        matrix, slope = p.reshape(size, classes), g.reshape(size, classes)

        def evaluate() -> float:
            loss = PENALTY / 2 * float(np.vdot(matrix[:-1], matrix[:-1]))
            np.multiply(matrix, PENALTY, out=slope)
            slope[-1] = 0
            for rows in blocks_of(train.inputs):
                x, targets = self.features(train.inputs[rows]), train.targets[rows]
                outputs = x @ matrix
                outputs -= outputs.max(axis=1, keepdims=True)
                own = outputs[np.arange(len(x)), targets].copy()
                np.exp(outputs, out=outputs)
                sums = np.add.reduce(outputs, axis=1)
                loss += float(np.dot(weights[rows], np.log(sums) - own))
                outputs /= sums[:, None]
                outputs[np.arange(len(x)), targets] -= 1
                outputs *= weights[rows, None]
                np.add(slope, x.T @ outputs, out=slope)
            np.divide(g, total, out=g)
            return loss / total

        slots = [np.zeros_like(p) for _ in SEARCH.slots()]
        work = [np.zeros_like(p) for _ in range(3)]
        SEARCH.search(p, g, slots, work, SEARCH.carried(), SEARCH.learning_rate, evaluate)
        return matrix


def _standard(made: LinearBaseline, inputs: Inputs, weights: Array) -> tuple[Array, Array]:
    """The offset and width of each input: its mean and deviation, 1 where it does not vary."""
    size = len(made.offset)
    total, sums, squares = float(np.add.reduce(weights)), np.zeros(size), np.zeros(size)
    for rows in blocks_of(inputs):
        sums += weights[rows] @ made.features(inputs[rows])[:, :-1]
    offset = sums / total
    for rows in blocks_of(inputs):
        squares += weights[rows] @ (made.features(inputs[rows])[:, :-1] - offset) ** 2
    deviation = np.sqrt(squares / total)
    flat = deviation <= 1e-9 * np.maximum(np.abs(offset), math.ulp(1.0))
    return offset, np.where(flat, 1.0, deviation)
