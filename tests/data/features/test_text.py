from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.hashing import bucket
from scratchnn.data.features.text import HashedTextColumn, Text, n_grams
from scratchnn.data.tables import Table
from scratchnn.data.targets import Classes
from scratchnn.errors import ConfigError, DataError

MakeTable = Callable[..., Table]

TITLES = ["the red fox", "the red red hen", "a blue hen", ""]


def encoded(column: HashedTextColumn, table: Table) -> np.ndarray:
    out = np.zeros((len(table), column.width))
    column.encode(table, out)
    return out


def test_weighted_counts_of_words(table: MakeTable) -> None:
    """scikit-learn 1.9 on the same words, sublinear_tf: idf = ln(5 / (1 + d)) + 1 of 4 rows; rows of length 1.

    TfidfVectorizer(sublinear_tf=True, token_pattern=r"\\w+"): the fox, the red of row 0 and the red, hen of row 1.
    """
    rows = table(a=TITLES)
    column = Text(longest=1, buckets=1000).fit(rows, "a")
    words = ["the", "red", "fox", "hen", "a", "blue"]
    places = [bucket(word, 1000) for word in words]
    assert len(set(places)) == len(words)  # so that no two share an input here
    found = encoded(column, rows)
    twice, once = math.log(5 / 3) + 1, math.log(5 / 2) + 1
    first = np.array([twice, twice, once]) / math.hypot(twice, twice, once)
    np.testing.assert_allclose(found[0, places[:3]], first, rtol=1e-12)
    np.testing.assert_allclose(first, [0.52640543, 0.52640543, 0.66767854], atol=1e-8)  # scikit-learn's
    red = (1 + math.log(2)) * twice
    second = np.array([twice, red, twice]) / math.hypot(twice, red, twice)
    np.testing.assert_allclose(found[1, [places[0], places[1], places[3]]], second, rtol=1e-12)
    np.testing.assert_allclose(second, [0.45329466, 0.76749457, 0.45329466], atol=1e-8)
    assert np.count_nonzero(found) == 3 + 3 + 3
    assert not found[3].any()


def test_two_words_and_characters_are_grams_too(table: MakeTable) -> None:
    rows = table(a=["red fox", "red hen"])
    pairs = Text(shortest=2, longest=2, buckets=1000).fit(rows, "a")
    assert encoded(pairs, rows)[0, bucket("red fox", 1000)] == 1
    signs = Text(grams="characters", shortest=3, longest=3, buckets=1000).fit(rows, "a")
    assert encoded(signs, rows)[0, bucket("ox ", 1000)] > encoded(signs, rows)[0, bucket(" re", 1000)] > 0


def test_texts_without_a_known_gram_are_flagged(table: MakeTable) -> None:
    column = Text(longest=1, buckets=1000).fit(table(a=TITLES), "a")
    new = table(a=["THE  Hen!", "zebra", "", " \t", "zebra hen", "..."])
    found = encoded(column, new)
    assert column.unseen(new).tolist() == [False, True, False, False, False, False]
    assert column.missing(new).tolist() == [False, False, True, True, False, True]
    np.testing.assert_array_equal(found[[1, 2, 3, 5]], 0)
    assert found[4, bucket("hen", 1000)] == 1  # what is unknown does not take from the rest


def test_grams_that_share_a_bucket_are_one(table: MakeTable) -> None:
    rows = table(a=["a b c", "d"])
    assert encoded(Text(longest=1, buckets=1).fit(rows, "a"), rows).tolist() == [[1.0], [1.0]]


@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=20), min_size=1, max_size=5), grams=st.sampled_from(["words", "characters"]))
def test_any_text_has_length_1_or_0_and_comes_back_from_a_file(texts: list[str], grams: str) -> None:
    table = Table("t.csv", {"a": ("known", *texts)}, np.arange(len(texts) + 1))
    column = Feature.parse({"type": "text", "grams": grams, "buckets": 7}).fit(table, "a")
    assert column is not None
    lengths = np.linalg.norm(encoded(column, table), axis=1)
    np.testing.assert_allclose(lengths, lengths.round(), atol=1e-12)
    encoder = Encoder(inputs=TableInputs(columns=[column]), target=Classes(names=["y"], classes=["a", "b"]))
    assert Encoder.model_validate_json(encoder.model_dump_json()) == encoder


def test_n_grams_of_no_words() -> None:
    assert list(n_grams("", "words", 1, 2)) == list(n_grams(" ", "characters", 1, 3)) == []


def test_what_cannot_be_used(table: MakeTable) -> None:
    with pytest.raises(DataError, match="no training row has a text"):
        Text().fit(table(a=["", " "]), "a")
    with pytest.raises(ConfigError, match="`longest` is below `shortest`"):
        Feature.parse({"type": "text", "shortest": 3, "longest": 2})


def test_a_text_cannot_be_reconstructed() -> None:
    assert not Text().can_be_reconstructed
