"""The order that a config gives to classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.data.preparation import Prepared, prepare
from scratchnn.data.settings import DataSettings
from scratchnn.errors import DataError

ROWS = "x,y\n1,low\n2,high\n3,mid\n4,low\n"


def read(folder: Path, text: str = ROWS, **settings: object) -> Prepared:
    (folder / "a.csv").write_text(text)
    document = {"source": "a.csv", "target": "y", "split": "none"} | settings
    return prepare(DataSettings.model_validate(document), folder, np.random.Generator(np.random.PCG64(0)))


def test_ids_follow_the_order(tmp_path):
    data = read(tmp_path, class_order=["low", "mid", "high"])
    assert data.encoder.class_names == ["low", "mid", "high"]
    assert data.train.targets.tolist() == [0, 2, 1, 0]
    assert read(tmp_path).train.targets.tolist() == [1, 0, 2, 1]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (["low", "high"], 'data.class_order lacks the class "mid"'),
        (["low", "mid", "high", "top"], 'data.class_order names "top", which is no class of the training rows'),
    ],
)
def test_the_order_names_each_class(tmp_path, order, words):
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path, class_order=order)
    assert caught.value.hint == "The classes are: high, low, mid."


def test_numbers_are_no_classes(tmp_path):
    with pytest.raises(DataError, match=r"data.class_order orders classes, but the target is a number"):
        read(tmp_path, "x,y\n1,1.5\n2,2.5\n3,3.5\n", class_order=["1.5", "2.5"])


@pytest.mark.parametrize("settings", [{"class_order": ["a", "a"]}, {"class_order": ["a", "b"], "task": "regression"}])
def test_settings_that_cannot_be(settings):
    with pytest.raises(ValidationError, match="class_order"):
        DataSettings.model_validate({"source": "a.csv", "target": "y"} | settings)
