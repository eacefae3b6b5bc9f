"""What targets are to a network, and what its predictions mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import Classes, FittedTarget, InputsAgain, Numbers
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

CLASSES = Classes(names=["sick"], classes=["no", "yes"])
NUMBERS = Numbers(names=["y", "z"], offset=[10.0, 0.0], width=[2.0, 1.0])


def test_classes(table: MakeTable) -> None:
    ids = CLASSES.encode(table(sick=["yes", "no", "yes"]))
    assert ids.tolist() == [1, 0, 1]
    assert ids.dtype == np.int64
    with pytest.raises(DataError) as caught:
        CLASSES.encode(table(sick=["yes", "maybe"]))
    assert str(caught.value) == (
        'data.csv:3:sick: the class "maybe" does not occur in the training rows. Known classes: "no", "yes".'
    )


def test_classes_that_are_numbers_are_read_in_any_spelling(table: MakeTable) -> None:
    target = Classes(names=["sick"], classes=["0", "1", "1.5"])
    assert target.encode(table(sick=["1.0", "0", "01", "1.50"])).tolist() == [1, 0, 1, 2]
    assert target.encode(Arrays.of(np.ones(2), np.array([1.5, 0.0]))).tolist() == [2, 0]
    assert target.encode(Arrays.of(np.ones(2), np.array([True, False]))).tolist() == [1, 0]
    with pytest.raises(DataError, match=r'targets\[1\]: the class "7" does not'):
        target.encode(Arrays.of(np.ones(2), np.array([1, 7])))


def test_the_most_probable_class_is_the_label() -> None:
    assert CLASSES.words(np.array([[0.2, 0.8], [0.5, 0.5]])) == ["yes", "no"]
    assert NUMBERS.words(np.zeros((2, 2))) == []


def test_regression_targets_return_to_their_units(table: MakeTable) -> None:
    scaled = NUMBERS.encode(table(y=["10", "14"], z=["3", "-1"]))
    assert scaled.tolist() == [[0, 3], [2, -1]]
    assert scaled.dtype == np.float32
    assert NUMBERS.decode(scaled).tolist() == [[10, 3], [14, -1]]


def test_the_inputs_themselves_need_no_targets() -> None:
    assert InputsAgain().encode(Arrays.of(np.ones((1, 2)))) is None


@pytest.mark.parametrize(
    ("target", "targets", "message"),
    [
        (NUMBERS, np.array([1.0]), "1 targets a sample, expected 2"),
        (NUMBERS, np.array([[1.0, 1e300]]), "a target is too large for float32"),
        (NUMBERS, np.array(["a"]), "the targets are texts, not numbers"),
        (NUMBERS, None, "there are no targets"),
        (CLASSES, None, "there are no targets"),
        (CLASSES, np.array([[1, 2]]), "targets have the shape (2,), not one class a sample"),
    ],
)
def test_targets_of_another_kind(target: FittedTarget, targets: np.ndarray | None, message: str) -> None:
    with pytest.raises(DataError) as caught:
        target.encode(Arrays.of(np.ones((1, 2)), targets))
    assert message.replace("(2,)", "(1, 2)") == caught.value.message


def test_a_target_that_float32_does_not_hold_is_named() -> None:
    with pytest.raises(DataError) as caught:
        NUMBERS.encode(Arrays.of(np.ones((2, 2)), np.array([[1.0, 2.0], [1.0, 1e300]]), where="a.npz"))
    assert caught.value.where == "a.npz:targets[1, 1]"


@pytest.mark.parametrize(
    "document",
    [
        {"type": "guess", "names": ["a"]},
        {"type": "classification", "names": ["a"], "classes": ["no"]},
        {"type": "classification", "names": ["a"], "classes": ["no", "no"]},
        {"type": "classification", "names": ["a", "b"], "classes": ["no", "yes"]},
        {"type": "regression", "names": ["a"], "offset": [0.0], "width": [0.0]},
        {"type": "regression", "names": ["a"], "offset": [0.0, 1.0], "width": [1.0]},
        {"type": "regression", "names": ["a", "a"], "offset": [0.0, 1.0], "width": [1.0, 1.0]},
        {"type": "regression", "names": [], "offset": [], "width": []},
        {"type": "reconstruction", "names": ["a"]},
        {"type": "language_modeling", "names": []},
    ],
)
def test_a_target_from_a_broken_file_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FittedTarget.model_validate(document)
