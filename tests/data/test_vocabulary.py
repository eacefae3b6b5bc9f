from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.passages import Passage
from scratchnn.data.vocabulary import UNKNOWN, TextInputs
from scratchnn.errors import DataError


def inputs(text: str, context: int = 3) -> TextInputs:
    return TextInputs.fit(Passage("a.txt", text), "characters", context)


def test_the_vocabulary_is_sorted_whatever_the_order_of_the_text() -> None:
    assert inputs("banana\n").vocabulary == ["\n", "a", "b", "n"]
    assert inputs("\nnbaaan") == inputs("banana\n")
    assert inputs("banana").count == 4  # with the unknown


def test_windows_by_hand() -> None:
    found = inputs("abcd").windows(Passage("a.txt", "abcdabcx"))
    assert found.inputs.tolist() == [[1, 2, 3], [4, 1, 2]]
    assert found.targets.tolist() == [[2, 3, 4], [1, 2, 3]]
    assert found.starts.tolist() == [0, 3]
    close = inputs("abcd").windows(Passage("a.txt", "abcdabcx"), stride=2)
    assert close.inputs.tolist() == [[1, 2, 3], [3, 4, 1], [1, 2, 3]]
    assert close.targets.tolist() == [[2, 3, 4], [4, 1, 2], [2, 3, UNKNOWN]]
    assert close.starts.tolist() == [0, 2, 4]


@given(st.integers(2, 60), st.integers(1, 12), st.integers(1, 12))
def test_windows_equal_slices(length: int, context: int, stride: int) -> None:
    text = "".join(np.random.default_rng(length).choice(list("abc"), length)) + "ab"
    fitted = inputs(text, context)
    if len(text) <= context:
        with pytest.raises(DataError, match="too few for a window"):
            fitted.windows(Passage("a.txt", text), stride)
        return
    found = fitted.windows(Passage("a.txt", text), stride)
    starts = [start for start in range(0, len(text), stride) if start + context + 1 <= len(text)]
    assert found.starts.tolist() == starts
    assert [fitted.decode(row) for row in found.inputs.tolist()] == [text[s : s + context] for s in starts]
    assert [fitted.decode(row) for row in found.targets.tolist()] == [text[s + 1 : s + context + 1] for s in starts]
    assert found.inputs.dtype == found.targets.dtype == np.int64
    assert found.inputs.flags.c_contiguous
    assert found.targets.flags.c_contiguous


def test_what_training_never_saw_is_unknown_and_counted() -> None:
    fitted = inputs("ab")
    assert fitted.encode("axb").tolist() == [1, UNKNOWN, 2]
    assert fitted.count_unseen(Passage("a.txt", "axbyx")) == 3


def test_windows_that_no_memory_holds_are_refused() -> None:
    """600,000 windows of 600,000 ids, twice."""
    with pytest.raises(DataError, match=r"600,000 windows of 600,000 characters take 5,364.4 GiB, .* larger `stride`"):
        inputs("ab", 600_000).windows(Passage("a.txt", "ab" * 600_000), stride=1)


def test_it_comes_back_from_json() -> None:
    fitted = inputs('a\u2028"\\\n\ud7ff\U0001f600')
    assert TextInputs.model_validate_json(json.dumps(fitted.model_dump(mode="json"))) == fitted


def test_a_text_of_one_character_or_too_short_is_refused() -> None:
    with pytest.raises(DataError, match="every one of the training characters is 'a'") as caught:
        inputs("aaaa")
    assert caught.value.where == "a.txt"
    with pytest.raises(DataError, match="the test part holds 3 characters, too few for a window of 3"):
        inputs("ab").windows(Passage("a.txt", "aba"), part="test")


@pytest.mark.parametrize("vocabulary", [[], ["a", "a"], ["ab"], [""]])
def test_a_damaged_vocabulary_is_refused(vocabulary: list[str]) -> None:
    with pytest.raises(ValidationError):
        TextInputs(tokens="characters", context=3, vocabulary=vocabulary)
