"""The split of a config in its variant in folds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scratchnn.data.column_folds import GroupFolds, HashFolds, TimeFolds
from scratchnn.data.folds import PositionFolds, RandomFolds
from scratchnn.data.index_split import IndexSplit
from scratchnn.errors import ConfigError, UsageError
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.folding import folds_of


def splits(config, split, *arguments):
    path = config(data={"split": None, "features": {"color": None}})
    made = folds_of(load_config(path, [f"data.split={json.dumps(split)}"]), *arguments)
    return [one.loaded.config.data.split for one in made]


@pytest.mark.parametrize(
    ("split", "first"),
    [
        (
            {"type": "random", "validation": 0.1, "stratify": False},
            RandomFolds(folds=5, validation=0.1, stratify=False),
        ),
        ({"type": "group", "column": "color"}, GroupFolds(folds=5, column="color")),
        ({"type": "hash", "column": "id", "salt": "s"}, HashFolds(folds=5, column="id", salt="s")),
        ({"type": "time", "column": "price", "test": 0.3}, TimeFolds(folds=5, column="price")),
        ({"type": "position"}, PositionFolds(folds=5)),
        ({"type": "random", "folds": 3, "fold": 2, "repeat": 4}, RandomFolds(folds=3, repeat=4)),
    ],
)
def test_the_split_keeps_its_settings(config, split, first):
    made = splits(config, split)
    assert made == [first.model_copy(update={"fold": k}) for k in range(first.folds)]


def test_folds_and_repeats(config):
    made = splits(config, {"type": "random", "folds": 3, "repeat": 4}, 2, 2)
    assert [(one.folds, one.fold, one.repeat) for one in made] == [(2, 0, 4), (2, 1, 4), (2, 0, 5), (2, 1, 5)]
    with pytest.raises(UsageError, match=r"--repeats: data.split time_folds follows an order"):
        splits(config, {"type": "time", "column": "price"}, 5, 2)


def test_a_file_says_its_folds(config):
    Path("configs").mkdir(exist_ok=True)
    Path("configs/folds.json").write_text(json.dumps({"test": [[0, 1], [2, 3], [4]]}))
    Path("configs/one.json").write_text(json.dumps({"test": [0, 1]}))
    made = splits(config, {"type": "index", "path": "folds.json"})
    assert made == [IndexSplit(path="folds.json", fold=k) for k in range(3)]
    with pytest.raises(ConfigError, match=r'one.json does not hold several lists "test" to test on'):
        splits(config, {"type": "index", "path": "one.json"})
    with pytest.raises(UsageError, match=r"--folds: does not go with a file that lists the folds"):
        splits(config, {"type": "index", "path": "folds.json"}, 3)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"type": "column", "column": "color"}, r"data.split column has no folds: each row .* column: color"),
        ({"type": "none"}, r"data.split none has no folds.*random, validation: 0"),
    ],
)
def test_others_are_refused_with_a_mend(config, split, message):
    with pytest.raises(ConfigError, match=message):
        splits(config, split)


def test_a_source_in_parts_is_refused(config):
    table = str(Path("data/table.csv").resolve())
    path = config(data={"source": {"train": table, "test": table}, "split": None})
    with pytest.raises(ConfigError, match=r"data.source gives the parts") as caught:
        folds_of(load_config(path))
    assert "Name one file with all rows" in caught.value.hint
