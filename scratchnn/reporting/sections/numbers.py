"""How near predicted numbers come: of targets, of rebuilt inputs, of the tokens of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.reporting.charts.residuals import Pairs
from scratchnn.reporting.charts.small_multiples import histogram
from scratchnn.reporting.histogram import Histogram
from scratchnn.reporting.page import Section, Table
from scratchnn.reporting.wording import counted, figure, listed, short

MOST_TARGETS = 3
MOST_COLUMNS = 40


@dataclass(frozen=True)
class Estimated:
    """Targets and predictions (N, K) in the targets' own units, with the names of the K targets."""

    names: Sequence[str]
    truth: Array
    predicted: Array


def numbers_section(part: str, data: Estimated) -> Section:
    """Predictions beside what is true, and residuals, of each of the first three targets. N is at least 1."""
    section = Section("predictions", f"Predictions for the {part} rows", [f"{counted(len(data.truth), 'row')}."])
    finite = np.isfinite(data.predicted).all(axis=1) & np.isfinite(data.truth).all(axis=1)
    if not finite.all():
        section.says.append(f"{counted(int((~finite).sum()), 'row')} without a finite prediction are left out.")
    if not finite.any():
        return section
    for place, name in enumerate(data.names[:MOST_TARGETS]):
        section.charts += Pairs(name, data.truth[finite, place], data.predicted[finite, place], place).charts()
    if len(data.names) > MOST_TARGETS:
        rest = data.names[MOST_TARGETS:]
        section.says.append(f"Drawn are {MOST_TARGETS} of {len(data.names)} targets, not: {listed(rest)}.")
    rows = []
    for place, name in enumerate(data.names[:MOST_COLUMNS]):
        errors = data.truth[finite, place] - data.predicted[finite, place]
        middle = float(np.median(np.abs(errors)))
        figures = (float(np.abs(errors).mean()), middle, float(np.sqrt(np.mean(errors**2))), float(errors.mean()))
        rows.append([short(name, 60), *map(figure, figures)])
    header = ["target", "mean |residual|", "median |residual|", "root mean square", "mean residual"]
    section.tables.append(Table("Residuals (true less predicted), in the target's units", header, rows))
    return section


def rebuilt_section(part: str, errors: Array, by_column: Mapping[str, float]) -> Section:
    """How near inputs come back: the mean squared error (N,) of each row, and of each column, of scaled inputs."""
    section = Section("predictions", f"Reconstructions of the {part} rows", [f"{counted(len(errors), 'row')}."])
    what = "Mean squared error of each row's inputs as they are scaled: the higher, the less it is like the training's."
    bars = Histogram.of(errors)
    section.charts.append(histogram("errors", "Reconstruction errors", "mean squared error", "rows", what, bars))
    if by_column:
        worst = sorted(by_column.items(), key=lambda pair: -pair[1])[:MOST_COLUMNS]
        caption = "Mean squared error by column, the worst first"
        if len(by_column) > MOST_COLUMNS:
            caption += f" ({MOST_COLUMNS} of {len(by_column):,})"
        rows = [[short(name, 60), figure(value)] for name, value in worst]
        section.tables.append(Table(caption, ["column", "error"], rows, folded=len(rows) > 12))
    return section


def tokens_section(part: str, log_likelihoods: Array, hits: Array, tokens: str) -> Section:
    """How surprising each of N tokens is: -log2 of the probability of the true one. `tokens` says what they are."""
    section = Section("predictions", f"Predictions for the {part} text")
    bits = -log_likelihoods / np.log(2)
    bars = Histogram.of(bits)
    one = tokens.removesuffix("s")
    section.says.append(
        f"{counted(len(bits), one)}; the most probable one is the true one in {figure(100 * float(hits.mean()))} % of "
        "them. A text has neither a confusion matrix of a readable size nor one positive class, so there are no ROC, "
        "precision-recall and calibration curves."
    )
    what = (
        f"Bits that each {one} costs: -log2 of the probability of the true one; 0 where the model was sure and right."
    )
    section.charts.append(histogram("bits", f"Bits of each {one}", "bits", tokens, what, bars))
    return section
