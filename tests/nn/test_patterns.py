from __future__ import annotations

import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.patterns import matching

NAMES = ["0.weight", "0.bias", "10.weight"]


def test_stars_and_question_marks():
    assert matching("*.weight", NAMES, "x") == ["0.weight", "10.weight"]
    assert matching("?.weight", NAMES, "x") == ["0.weight"]
    assert matching("*", NAMES, "x") == NAMES


def test_a_pattern_for_nothing_is_refused_with_the_names():
    with pytest.raises(ConfigError) as caught:
        matching("*.wieght", NAMES, "optimizer.groups[0].match")
    assert str(caught.value).startswith(
        'optimizer.groups[0].match: no parameter matches "*.wieght". There are 0.weight'
    )
