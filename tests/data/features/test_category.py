from __future__ import annotations

from collections.abc import Callable

import pytest

from scratchnn.data.features.category import Category, CategoryColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Table
from scratchnn.errors import ConfigError, DataError

MakeTable = Callable[..., Table]


def test_categories_come_in_their_order(table: MakeTable) -> None:
    assert Category().fit(table(a=["b", "a", "b"]), "a") == CategoryColumn(name="a", levels=["a", "b"])
    numbers = table(a=["10", "9", "9", "09"])
    assert Category().fit(numbers, "a") == CategoryColumn(name="a", levels=["09", "9", "10"])


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        (
            ["a", "b", "c"],
            {},
            "every row has a level of its own, so nothing can be learned. Set data.features.a: ignore.",
        ),
        (["a", "b", "c", "c"], {"max_levels": 2}, "3 levels, more than 2"),
        (["a", "", "a"], {}, "data.csv:3:a: the value is missing"),
    ],
)
def test_categories_that_cannot_be_used(
    table: MakeTable, cells: list[str], settings: dict[str, int], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        Feature.parse({"type": "category", **settings}).fit(table(a=cells), "a")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"units": 3}, "`units` is for encode: embedding, not for one_hot. Remove it."),
        ({"buckets": 3}, "`buckets` is for encode: hash, not for one_hot. Remove it."),
        ({"smoothing": 0.0}, "`smoothing` is for encode: target, not for one_hot. Remove it."),
        ({"order": ["a"]}, "`order` is for encode: ordinal, not for one_hot. Remove it."),
        ({"encode": "hash", "max_levels": 5}, "`max_levels` is for encode: one_hot or embedding or ordinal or target,"),
        ({"encode": "hash", "min_count": 2}, "`min_count` is for encode: one_hot or embedding or target, not for hash"),
        ({"encode": "ordinal", "min_count": 2}, "`min_count` is for encode: one_hot or embedding or target, not for"),
        ({"encode": "target", "units": 2}, "`units` is for encode: embedding, not for target."),
        ({"encode": "ordinal", "order": ["a", "a"]}, "`order` names a level twice."),
        ({"encode": "ordinal", "order": ["a", " "]}, '`order` names " ", which is the word for a missing cell.'),
        (
            {"encode": "ordinal", "order": ["none", "a"], "missing": "as_category"},
            '`order` names "none", which is the word for a missing cell.',
        ),
    ],
)
def test_fields_that_mean_nothing_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Feature.parse({"type": "category", **fields})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"encode": "embedding", "units": 3, "min_count": 2, "max_levels": 9, "missing": "as_category"},
        {"encode": "ordinal", "order": ["none", "a"], "max_levels": 9},
        {"encode": "hash", "buckets": 7, "missing": "most_frequent"},
        {"encode": "target", "smoothing": 0.0, "min_count": 2, "max_levels": 9},
    ],
)
def test_a_resolved_config_is_taken_again(fields: dict[str, object]) -> None:
    """It holds every field, also those that mean nothing for the encoding, at their defaults."""
    feature = Feature.parse({"type": "category", **fields})
    assert Feature.parse(feature.model_dump()) == feature
