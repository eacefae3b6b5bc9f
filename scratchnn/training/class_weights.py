"""Class weights, turned into sample weights of the training part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError, suggestion
from scratchnn.nn.memory import Array
from scratchnn.training.sampling import NoSampling, Sampling, drawn_per_class

WHERE = "training.class_weights"


def weigh(
    part: Part,
    classes: Sequence[str],
    setting: Literal["balanced"] | Mapping[str, float] | None,
    sampling: Sampling | None = None,
    kind: str = "the targets are numbers",
    hint: str = "Remove them.",
) -> Part:
    """The part with each sample's weight multiplied by that of its class.

    "balanced": N / (C n_c) for class c with n_c of the N samples, as in scikit-learn; with a sampling n_c and N are
    what an epoch draws, so that no class is favoured twice. A mapping: the weight by class name, 1 for a class that it
    leaves out, for each time that a sample is drawn.

    `kind` tells what targets without classes are, `hint` what to do then. Raises `ConfigError` with the key path as
    place.
    """
    if setting is None:
        return part
    if part.targets.ndim > 1 and part.targets.dtype.kind == "i":
        message = "class weights are for one class a sample, but each step of a text has one"
        raise ConfigError(message, where=WHERE, hint="Remove them.")
    if not classes:
        raise ConfigError(f"class weights need one class a sample, but {kind}", where=WHERE, hint=hint)
    dtype = part.inputs.dtype
    with np.errstate(over="ignore"):
        counts = drawn_per_class(part, classes, sampling or NoSampling())
        weights = _by_class(counts, classes, setting).astype(dtype)[part.targets]
        if part.weights is not None:
            weights = weights * part.weights
        total = weights.sum()
    if not np.isfinite(total):
        raise ConfigError("the weights are too large", where=WHERE, hint="Divide them by a large number.")
    if not weights.any():
        raise ConfigError("every training sample has weight 0", where=WHERE, hint="Give some class a positive weight.")
    return replace(part, weights=weights)


def _by_class(counts: Array, classes: Sequence[str], setting: Literal["balanced"] | Mapping[str, float]) -> Array:
    if setting == "balanced":
        return np.asarray(counts.sum() / (len(classes) * np.maximum(counts, 1)))
    for name in setting:
        if name not in classes:
            raise ConfigError(f'there is no class "{name}"', where=WHERE, hint=suggestion(name, classes))
    return np.array([setting.get(name, 1.0) for name in classes])
