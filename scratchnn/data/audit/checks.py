"""All checks of an audit, in their order."""

from __future__ import annotations

import numpy as np

from scratchnn.data.audit.cells import sentinels, spellings
from scratchnn.data.audit.classes import rare_classes
from scratchnn.data.audit.columns import constants, copies, identifiers
from scratchnn.data.audit.drift import drift, unseen_levels
from scratchnn.data.audit.duplicates import duplicates
from scratchnn.data.audit.finding import Finding, by_severity
from scratchnn.data.audit.gaps import missing, missing_together, missing_words, telling_gaps
from scratchnn.data.audit.labels import gross_targets, odd_labels
from scratchnn.data.audit.leaks import leaks
from scratchnn.data.audit.view import View

MOST_ROWS = 50_000  # rows that the statistics look at


def check(view: View, rng: np.random.Generator, refused: frozenset[str] = frozenset()) -> list[Finding]:
    """Everything that is found, the worst first. `refused` names the columns whose gaps the config does not take.

    Duplicates, classes and the columns of tables are looked at in all rows. Statistics (drift, leaks, copies, labels)
    and the columns of arrays see at most 50,000 rows, drawn from each part with `rng`; a finding `sampled` tells of it.
    """
    sample = view.sampled(MOST_ROWS, rng).with_columns()
    whole = view if view.columns else sample
    named = identifiers(whole)
    names = frozenset(name for finding in named for name in finding.columns)
    found = [
        *duplicates(view),
        *leaks(sample, rng),
        *missing(whole, refused),
        *rare_classes(view),
        *named,
        *constants(whole),
        *spellings(whole),
        *sentinels(whole),
        *missing_words(whole),
        *missing_together(whole),
        *telling_gaps(whole),
        *unseen_levels(whole, names | view.free),
        *drift(sample),
        *gross_targets(view),
        *odd_labels(sample, rng, names),
        *copies(sample),
    ]
    if len(sample) < len(view):
        message = f"statistics were taken of {len(sample):,} of {len(view):,} rows, drawn from each part"
        found.append(Finding("sampled", "info", message, count=len(sample)))
    return by_severity(found)
