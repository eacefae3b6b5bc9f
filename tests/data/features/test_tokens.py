from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.columns import FittedColumn
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.tokens import TokenColumn, Tokens, tokens_of
from scratchnn.data.tables import Table
from scratchnn.data.targets import Classes
from scratchnn.errors import ConfigError, DataError

MakeTable = Callable[..., Table]

LINES = ["the red fox", "The red, red hen", "a blue hen", ""]


def ids(column: TokenColumn, table: Table) -> list[list[int]]:
    inputs = TableInputs(columns=[column])
    encoder = Encoder(inputs=inputs, target=Classes(names=["y"], classes=["n", "y"]))
    out = encoder.encode_inputs(table)
    assert out.dtype == np.int64
    return out.tolist()


def test_ids_of_words(table: MakeTable) -> None:
    """By count, then by code points: red 3, hen 2, the 2; a sign is a word, and what comes once is unknown."""
    column = Tokens().fit(table(a=LINES), "a")
    assert column.vocabulary == ["red", "hen", "the"]
    assert column.length == 5
    assert column.levels_of_code == 5
    assert ids(column, table(a=LINES)) == [[4, 2, 1, 0, 0], [4, 2, 1, 2, 3], [1, 1, 3, 0, 0], [0, 0, 0, 0, 0]]


def test_characters(table: MakeTable) -> None:
    column = Tokens(split="characters", lower=False, min_count=1).fit(table(a=["Aa  b", " a"]), "a")
    assert column.vocabulary == ["a", " ", "A", "b"]
    assert ids(column, table(a=["b A", "aé"])) == [[5, 3, 4, 0], [2, 1, 0, 0]]


@pytest.mark.parametrize(("keep", "found"), [("start", [2, 3]), ("end", [3, 4])])
def test_long_texts_are_cut(table: MakeTable, keep: str, found: list[int]) -> None:
    column = Tokens(length=2, keep=keep, min_count=1).fit(table(a=["a a a b b c"]), "a")
    assert ids(column, table(a=["a b c", "a"])) == [found, [2, 0]]


def test_the_vocabulary_is_limited(table: MakeTable) -> None:
    rows = table(a=["a a a b b c c d"])
    assert Tokens(vocabulary=2).fit(rows, "a").vocabulary == ["a", "b"]
    assert Tokens(min_count=3).fit(rows, "a").vocabulary == ["a"]


def test_length_auto_keeps_nineteen_of_twenty_texts_whole(table: MakeTable) -> None:
    """The 95th of 100 lengths in order; empty texts do not count."""
    lengths = [*range(1, 101)]
    rows = table(a=[" ".join(["w"] * length) for length in reversed(lengths)] + [""] * 50)
    assert Tokens().fit(rows, "a").length == 95
    assert Tokens().fit(table(a=["w w", "w"]), "a").length == 2


def test_flags(table: MakeTable) -> None:
    """Unknown tokens alone are unseen, no token at all is missing."""
    column = Tokens().fit(table(a=LINES), "a")
    new = table(a=["xyz", "red xyz", " ", "", "NA"])
    assert column.unseen(new).tolist() == [True, False, False, False, True]
    assert column.missing(new).tolist() == [False, False, True, True, False]
    assert column.may_flag


def test_it_is_kept_as_json(table: MakeTable) -> None:
    column = Tokens(keep="end", split="characters").fit(table(a=LINES), "a")
    again = FittedColumn.model_validate_json(column.model_dump_json())
    assert again == column


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        (["", " "], {}, r"data\.csv:a: no training row has an item.* ignore"),
        (
            ["a b", "c"],
            {},
            r"no item occurs 2 times in the training rows, the most frequent 1 times\. Lower data\.feat",
        ),
    ],
)
def test_texts_to_learn_nothing_from(
    table: MakeTable, cells: list[str], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Tokens(**settings).fit(table(a=cells), "a")


@pytest.mark.parametrize(
    "fields", [{"length": 0}, {"length": "long"}, {"keep": "both"}, {"vocabulary": 0}, {"min_count": 0}]
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Feature.parse({"type": "tokens", **fields})


@pytest.mark.parametrize("fields", [{"vocabulary": []}, {"vocabulary": ["a", "a"]}, {"length": 0}])
def test_damaged_columns_are_refused(fields: dict[str, object]) -> None:
    good = {"type": "tokens", "name": "a", "length": 2, "vocabulary": ["a"], "split": "words", "lower": True}
    FittedColumn.parse(good)
    with pytest.raises(ConfigError):
        FittedColumn.parse(good | fields)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.sampled_from(["words", "characters"]), st.booleans())
def test_ids_tell_the_known_tokens(cells: list[str], split: Any, lower: bool) -> None:
    rows = Table("t", {"a": tuple(cells)}, np.arange(len(cells)))
    tokens = [tokens_of(cell, split, lower=lower) for cell in cells]
    if not any(tokens):
        return
    column = Tokens(length=max(map(len, tokens)), split=split, lower=lower, min_count=1).fit(rows, "a")
    for made, wanted in zip(ids(column, rows), tokens, strict=True):
        assert [column.vocabulary[number - 2] for number in made if number] == list(wanted)
        assert 1 not in made
