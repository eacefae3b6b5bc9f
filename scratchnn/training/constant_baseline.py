"""What a model has to beat: the answer of someone who knows the training targets, but looks at no input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.samples import Inputs, rows_at_once
from scratchnn.data.targets import InputsAgain
from scratchnn.data.vocabulary import TextInputs
from scratchnn.errors import ModelError
from scratchnn.nn.memory import Array, Shape
from scratchnn.nn.metrics import Scored, ScoredSteps

LEVELS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class ConstantBaseline:
    """The same answer for every row, fitted on the training rows with the weights that they have in the data.

    Classes: `shares` `(C,)`, the share of each, so that the most frequent is called; of the tokens of a text
    (count + 1) / (tokens + C), so that none is impossible. Numbers: `means` `(K,)` in the targets' own units, of a
    reconstruction those of the encoded inputs, of labels the share of rows that have each; and of numbers `quantiles`
    `(101, K)` at 0, 0.01, ..., 1, between which it is linear. The model file holds them: the training rows may be far
    away when a model is judged. `labels` tells that the means are those of labels.
    """

    arrays: Mapping[str, Array]
    labels: bool = False

    @property
    def name(self) -> str:
        """What it does."""
        return "majority" if self.labels or "shares" in self.arrays else "mean"

    @property
    def title(self) -> str:
        """The same for a sentence."""
        if self.labels:
            return "always calling the labels that most rows have"
        return "always calling the most frequent class" if self.name == "majority" else "always predicting the mean"

    @classmethod
    def fit(cls, train: Part, encoder: Encoder) -> ConstantBaseline:
        """Of these training rows."""
        shapes = expected_shapes(encoder)
        if "shares" in shapes:
            count = shapes["shares"][0]
            if isinstance(encoder.inputs, TextInputs):
                counts = np.bincount(np.asarray(train.targets).reshape(-1), minlength=count) + 1.0
            else:
                counts = np.bincount(train.targets, train.weights, count).astype(np.float64)
            return cls({"shares": counts / np.add.reduce(counts)})
        weights = None if train.weights is None else train.weights.astype(np.float64)
        if encoder.target.label_names:
            return cls({"means": np.average(train.targets.astype(np.float64), axis=0, weights=weights)}, labels=True)
        if "quantiles" not in shapes:
            return cls({"means": _mean(train.inputs, train.weights)})
        numbers = encoder.target.decode(train.targets)
        numbers = numbers.reshape(len(numbers), -1)
        quantiles = np.quantile(numbers, LEVELS, axis=0, weights=weights, method="inverted_cdf")
        return cls({"means": np.average(numbers, axis=0, weights=weights), "quantiles": quantiles})

    @classmethod
    def of(cls, arrays: Mapping[str, Array], encoder: Encoder, where: str) -> ConstantBaseline | None:
        """What a model file holds, None where it holds none. Raises `ModelError` for what cannot be used."""
        if not arrays:
            return None
        shapes = expected_shapes(encoder)
        fits = arrays.keys() == shapes.keys() and all(
            array.shape == shapes[name] and array.dtype == np.float64 and np.isfinite(array).all()
            for name, array in arrays.items()
        )
        if not fits:
            hint = "Use the file as `scratchnn train` wrote it, or train again."
            raise ModelError("holds a baseline that does not fit its targets", where=where, hint=hint)
        return cls(arrays, labels=bool(encoder.target.label_names))

    def scored(self, model: Scored) -> Scored:
        """Its answers beside the targets of the rows that a model was judged on."""
        rows = len(model.targets)
        if isinstance(model, ScoredSteps):
            shares = self.arrays["shares"]
            likelihoods = np.log(shares)[model.targets]
            labels = np.full(rows, int(shares.argmax()))
            return replace(model, predictions=labels, likelihoods=likelihoods, notes=[], called=None, _made={})
        said = self.arrays["shares"] if "shares" in self.arrays else self.arrays["means"]
        said = np.broadcast_to(said, (rows, len(said)))
        quantiles = self.arrays.get("quantiles")
        if quantiles is None:
            return replace(model, predictions=said, notes=[], quantiles=None, called=None, _made={})

        def tell(share: float) -> Array:
            at = np.array([np.interp(share, LEVELS, column) for column in quantiles.T])
            return np.broadcast_to(at, (rows, len(at)))

        return replace(model, predictions=said, notes=[], quantiles=tell, called=None, _made={})


def expected_shapes(encoder: Encoder) -> dict[str, Shape]:
    """The arrays that the baseline of these targets has."""
    target = encoder.target
    if isinstance(encoder.inputs, TextInputs):
        return {"shares": (encoder.inputs.count,)}
    if target.class_names:
        return {"shares": (len(target.class_names),)}
    if target.label_names:
        return {"means": (target.columns,)}
    if isinstance(target, InputsAgain):
        return {"means": (math.prod(encoder.input_shape),)}
    return {"means": (target.columns,), "quantiles": (len(LEVELS), target.columns)}


def blocks_of(inputs: Inputs) -> list[slice]:
    """The rows of passes over all inputs, some at a time."""
    step = rows_at_once(inputs)
    return [slice(start, min(start + step, len(inputs))) for start in range(0, len(inputs), step)]


def _mean(inputs: Inputs, weights: Array | None) -> Array:
    """The mean of the rows, flat, in float64."""
    total = np.zeros(math.prod(inputs.shape[1:]))
    for rows in blocks_of(inputs):
        block = inputs[rows].reshape(rows.stop - rows.start, -1)
        own = np.ones(len(block)) if weights is None else weights[rows].astype(np.float64)
        total += own @ block.astype(np.float64)
    return np.asarray(total / (len(inputs) if weights is None else np.add.reduce(weights, dtype=np.float64)))
