"""Predictions by Monte Carlo dropout: the mean over many passes, and how far they lie apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.data.samples import Inputs
from scratchnn.data.targets import FittedTarget, InputsAgain, NextToken
from scratchnn.data.targets.numbers import NumberTarget
from scratchnn.errors import UsageError
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Scored
from scratchnn.nn.monte_carlo import MonteCarlo, Spread, entropy, has_dropout
from scratchnn.nn.network import Network
from scratchnn.training.adjustment import Adjustment
from scratchnn.training.evaluation import Evaluator
from scratchnn.workflows.predictions import Predictions

OPTION = "--mc-samples"
MOST_SAMPLES = 100_000


def draws_of(samples: int | None, seed: int | None) -> MonteCarlo | None:
    """What the options ask for, None where they ask for nothing. Raises `UsageError`."""
    if samples is None:
        return None
    if samples < 1:
        hint = "50 passes tell the spread well; leave it out for one pass without dropout."
        raise UsageError(f"got {samples} passes, expected 1 or more", where=OPTION, hint=hint)
    if samples > MOST_SAMPLES:
        hint = "More than 1000 hardly change a mean or a spread."
        raise UsageError(f"got {samples} passes, expected {MOST_SAMPLES} or fewer", where=OPTION, hint=hint)
    if seed is not None and seed < 0:
        raise UsageError(f"got {seed}, expected 0 or more", where="--seed")
    return MonteCarlo(samples, seed or 0)


def check_dropout(network: Network, target: FittedTarget, path: Path) -> None:
    """Raises `UsageError` for a model whose passes cannot differ, and for one whose answers are not averaged."""
    if isinstance(target, InputsAgain | NextToken):
        message = f"{target.what or target.task}: passes with dropout are averaged for classes and numbers"
        raise UsageError(message, where=OPTION, hint="Remove it.")
    if not has_dropout(network):
        hint = "Remove it, or train with a dropout layer of a rate above 0."
        raise UsageError(f"the network of {path} has no dropout: all passes are the same", where=OPTION, hint=hint)


def refuse_beside_passes(options: Mapping[str, bool]) -> None:
    """Raises `UsageError` for an option that works on the outputs of a single pass."""
    for option, given in options.items():
        if given:
            hint = f"Use it without {OPTION}."
            raise UsageError(
                f"works on one pass without dropout: it does not go with {OPTION}", where=option, hint=hint
            )


@dataclass(frozen=True)
class Averaged:
    """A model whose answer is the mean over passes with dropout.

    Numbers: `values` are means, `spread` the deviation of the passes, in the targets' units. Where the loss learns a
    deviation too, `deviations` are of both, sqrt(mean(deviation^2) + spread^2), and the interval is that of a Gaussian
    with them; learned quantiles are averaged. Classes and labels: `values` are mean probabilities and `spread` their
    deviation; `entropy` -sum p log p is that of the mean, and `mutual_information` what of it is due to the passes'
    disagreement: the entropy less the mean entropy of the passes, both in nats (Houlsby et al. 2011). That of several
    labels is the sum over them. The temperature of `adjustment` is that of each pass, its threshold is for the mean.
    """

    network: Network
    loss: Loss
    target: FittedTarget
    adjustment: Adjustment = field(default_factory=Adjustment)

    def predictions(
        self,
        inputs: Inputs,
        draws: MonteCarlo,
        shares: tuple[float, float] | None = None,
        first: int = 0,
        hear: Callable[[Array, slice], None] = lambda outputs, rows: None,
    ) -> Predictions:
        """Of one sample or more, that are encoded. `shares` are below the bounds of the interval.

        `first` is the number of the first sample, see `MonteCarlo.chunks`; `hear` is told of the outputs (n, K) of each
        pass, and which samples they are of.
        """
        parts: list[_Chunk] = []
        for rows, passes in draws.chunks(self.network, inputs, first):
            parts.append(_Chunk())
            for outputs in passes:
                flat = outputs.reshape(len(outputs), -1)
                hear(flat, rows)
                self._add(parts[-1], flat)
        if isinstance(self.target, NumberTarget):
            return _of_numbers(parts, shares, self.loss.quantiles_known())
        mean = _joined([part.values.mean for part in parts])
        whole, within = self._entropy(mean), _joined([part.entropies.mean for part in parts])
        called = self._called(mean)
        return Predictions(
            mean,
            self.target.words(mean) if called is None else [self.target.class_names[place] for place in called],
            spread=_joined([part.values.deviation for part in parts]),
            entropy=whole,
            mutual_information=np.maximum(whole - within, 0.0),  # never below 0 but for rounding
        )

    def judged(self, evaluator: Evaluator, part: Part, draws: MonteCarlo) -> tuple[float, Scored]:
        """What `Evaluator.judged` gives, but of the mean. The loss is the mean of the passes' losses."""
        total = weight_sum = 0.0

        def judge(outputs: Array, rows: slice) -> None:
            nonlocal total, weight_sum
            own = None if part.weights is None else part.weights[rows]
            loss, weight = evaluator.summed_loss(outputs, part.targets[rows], own)
            total, weight_sum = total + loss, weight_sum + weight

        made = self.predictions(part.inputs, draws, hear=judge) if len(part) else Predictions(part.targets, [])
        known = self.loss.quantiles_known() if self.target.is_number else ()
        scored = evaluator.beside(made.values, part, _quantiles(made, known), self._called(made.values))
        return total / weight_sum if weight_sum else 0.0, scored

    def _add(self, chunk: _Chunk, outputs: Array) -> None:
        """Takes another pass into a chunk."""
        loss, target = self.loss, self.target
        values = self.adjustment.probabilities(loss, outputs)
        if not isinstance(target, NumberTarget):
            chunk.values.add(values.astype(np.float64))
            chunk.entropies.add(self._entropy(values))
            return
        chunk.values.add(target.decode(values))
        deviations = loss.deviations(outputs)
        if deviations is not None:
            chunk.variances.add(target.spread(deviations) ** 2)
        for share in loss.quantiles_known() or ():
            chunk.quantiles.setdefault(share, Spread()).add(target.decode(loss.quantile(outputs, share)))

    def _called(self, mean: Array) -> Array | None:
        """The ids (N,) of the classes above the threshold; None where there is none."""
        threshold = self.adjustment.threshold
        return None if threshold is None else (mean[:, 1] > threshold).astype(np.int64)

    def _entropy(self, values: Array) -> Array:
        """That of each row (N,) of probabilities."""
        if not self.target.label_names:
            return entropy(values)
        both = np.stack([values, 1 - values], axis=2).reshape(-1, 2)  # a label is there or not
        return np.asarray(entropy(both).reshape(values.shape).sum(axis=1))


@dataclass(frozen=True)
class _Chunk:
    """What the passes over a few rows have said."""

    values: Spread = field(default_factory=Spread)
    entropies: Spread = field(default_factory=Spread)
    variances: Spread = field(default_factory=Spread)
    quantiles: dict[float, Spread] = field(default_factory=dict)


def _quantiles(made: Predictions, known: Sequence[float] | None) -> Callable[[float], Array] | None:
    """The quantiles of the mean, in the targets' own units; None where there are none."""

    def tell(share: float) -> Array:
        if made.deviations is not None:
            return made.values + NormalDist().inv_cdf(share) * made.deviations
        return next(values for learned, values in made.quantiles.items() if math.isclose(learned, share))

    return tell if known is None or known else None


def _of_numbers(
    parts: Sequence[_Chunk], shares: tuple[float, float] | None, known: Sequence[float] | None
) -> Predictions:
    mean, spread = _joined([part.values.mean for part in parts]), _joined([part.values.deviation for part in parts])
    made = Predictions(mean, [], spread=spread)
    if all(part.variances.count for part in parts):
        noise = _joined([part.variances.mean for part in parts])
        made = replace(made, deviations=np.sqrt(noise + spread**2))
    learned = {share: _joined([part.quantiles[share].mean for part in parts]) for share in known or ()}
    if shares is None:
        return replace(made, quantiles=learned)
    if known:
        return replace(made, quantiles=learned, lower=learned[shares[0]], upper=learned[shares[1]])
    if made.deviations is None:
        return made
    lower, upper = (mean + NormalDist().inv_cdf(share) * made.deviations for share in shares)
    return replace(made, lower=lower, upper=upper)


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays)
