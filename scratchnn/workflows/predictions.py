"""What a model says of rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from scratchnn.data.columns import Decoded
from scratchnn.nn.memory import Array


@dataclass(frozen=True)
class Predictions:
    """What a model says of each row.

    `values`: numbers (N, K) in the target's units, or probabilities of the classes (N, C) or of the labels (N, K).
    `labels`: the class that is called for each row, the most probable one unless there is a threshold; or its labels in
    one text; empty for numbers, and for labels that have columns of their own.

    Of a reconstruction, `values` (N, *shape) are the inputs as they are encoded, `columns` the same in the columns' own
    units (see `decode_inputs`), `errors` (N,) the mean squared error of each row's `values`: the higher, the less a row
    is like those of the training.

    Of numbers whose loss tells how uncertain they are, all (N, K) in the target's units: `lower` and `upper` are the
    bounds of a central interval, `deviations` standard deviations, `quantiles` what was learned for each share.

    Of several models `disagreement` is the sample standard deviation of what they say: of numbers (N, K) in their
    units, of the probability of the class (N,) or of the labels (N, K), or of a reconstruction (N,), the root of the
    mean over its numbers.

    Of several passes with dropout `spread` is how far they lie apart, in the shape of `values`; of classes also the
    `entropy` (N,) and `mutual_information` (N,) in nats; see `Averaged`.
    """

    values: Array
    labels: list[str]
    columns: dict[str, Decoded] = field(default_factory=dict)
    errors: Array | None = None
    lower: Array | None = None
    upper: Array | None = None
    deviations: Array | None = None
    quantiles: dict[float, Array] = field(default_factory=dict)
    disagreement: Array | None = None
    spread: Array | None = None
    entropy: Array | None = None
    mutual_information: Array | None = None

    def spread_over(self, rows: Array, count: int) -> Predictions:
        """The same with a place for each of so many rows; those without a prediction have NaN and an empty label."""

        def placed(values: Array) -> Array:
            out = np.full((count, *values.shape[1:]), np.nan, values.dtype)
            out[rows] = values
            return out

        def placed_or_none(values: Array | None) -> Array | None:
            return None if values is None else placed(values)

        labels = [""] * count if self.labels else []
        for row, label in zip(rows.tolist(), self.labels, strict=False):
            labels[row] = label
        return replace(
            self,
            values=placed(self.values),
            labels=labels,
            lower=placed_or_none(self.lower),
            upper=placed_or_none(self.upper),
            deviations=placed_or_none(self.deviations),
            disagreement=placed_or_none(self.disagreement),
            quantiles={share: placed(values) for share, values in self.quantiles.items()},
            spread=placed_or_none(self.spread),
            entropy=placed_or_none(self.entropy),
            mutual_information=placed_or_none(self.mutual_information),
        )
