"""Faults in columns of running text, and in what is proposed for a table."""

from __future__ import annotations

from tests.faults.fault import Fault

TEXT = "data/features/test_text.py"
PROPOSALS = "data/test_proposals.py"

FAULTS = (
    Fault(
        "grams-weighed-without-their-rarity",
        "data/features/text.py::HashedTextColumn.encode",
        "(1 + math.log(count)) * self.weights[place]",
        "(1 + math.log(count)) * (self.weights[place] > 0)",
        "a word in every text counts as much as a rare one",
        TEXT,
    ),
    Fault(
        "repeated-grams-count-in-full",
        "data/features/text.py::HashedTextColumn.encode",
        "(1 + math.log(count))",
        "count",
        "the count is not damped",
        TEXT,
    ),
    Fault(
        "texts-with-grams-counted-in-place-of-texts",
        "data/features/text.py::Text.fit",
        "rows.update(counts.keys())",
        "rows.update(counts)",
        "a word counts as often as it stands, not once for each text",
        TEXT,
    ),
    Fault(
        "grams-lack-the-last",
        "data/features/text.py::n_grams",
        "range(len(units) - size + 1)",
        "range(len(units) - size)",
        "the last n-gram of a text is left out",
        TEXT,
    ),
    Fault(
        "many-gaps-are-few",
        "data/proposals.py",
        "share >= MANY_GAPS",
        "share < MANY_GAPS",
        "that a number is missing is an input where it hardly ever is",
        PROPOSALS,
    ),
)
