"""What stands beside the figures of a model: those of models that know less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol, cast, get_args

from scratchnn.errors import DataError, UsageError
from scratchnn.nn.metrics import Metric, Scored

BaselineKind = Literal["constant", "linear", "none"]
# What a model of any use does better than a constant answer; of others, such as recall, that may be the best there is.
TELLING = (
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "perplexity",
    "mse",
    "mae",
    "rank_mae",
    "exact_match",
    "hamming_loss",
)


class Baseline(Protocol):
    """Its name in tables and JSON, and what it does, for a sentence."""

    @property
    def name(self) -> str:
        """Such as "majority"."""

    @property
    def title(self) -> str:
        """Such as "always calling the most frequent class"."""


def check_kind(kind: str) -> BaselineKind:
    """The kind of baseline that an option names. Raises `UsageError`."""
    kinds: tuple[BaselineKind, ...] = get_args(BaselineKind)
    for known in kinds:
        if kind == known:
            return known
    raise UsageError(f'no baseline "{kind}"', where="--baseline", hint=f"Choose one of: {', '.join(kinds)}.")


def single_figures(metrics: Sequence[Metric], scored: Scored) -> dict[str, float]:
    """The metrics that are single numbers, but those that need what a baseline does not tell, such as an interval."""
    figures: dict[str, float] = {}
    for metric in metrics:
        if metric.scalar:
            with suppress(DataError):
                figures[metric.name] = cast("float", metric.compute(scored))
    return figures


def compare(
    baseline: Baseline, metrics: Sequence[Metric], model: Mapping[str, Any], beside: Mapping[str, float]
) -> str:
    """A warning where the model is in no telling figure better than the baseline, else nothing."""
    told = [metric for metric in metrics if metric.name in TELLING and metric.name in beside]
    for metric in told:
        gain = model[metric.name] - beside[metric.name]
        if gain > 0 if metric.higher_is_better else gain < 0:
            return ""
    if not told:
        return ""
    name = told[0].name
    return f"the model is no better than {baseline.title}: {name} {model[name]:.4g} against {beside[name]:.4g}"
