"""Promise: preprocessing is fitted on the training split only, and no other row reaches the weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.config.annotations import unwrap
from scratchnn.data.features.feature import Feature
from scratchnn.data.preparation import prepare
from scratchnn.data.settings import DataSettings
from scratchnn.errors import DataError
from scratchnn.training.model_file import ModelFile
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.train import train

Row = dict[str, str]

# What is written over the cells of rows that are not trained on: by the name of the column.
WRONG = {
    "values": {"x": "1e6", "y": "-77", "color": "red"},
    "levels": {"x": "0", "y": "1e-9", "color": "violet"},
    "missing": {"x": "", "y": "", "color": ""},
}
LISTED = {"validation": list(range(12)), "test": list(range(40, 52))}
PARTS = ["validation"] * 10 + ["train"] * 40 + ["test"] * 10
KEYS = ("group", "day", "part", "weight", "id", "kind", "price", "sure")  # no inputs, or only where a test says so

# A split beside what evens out the classes; where `target` is price a number is learned.
TRAININGS: dict[str, dict[str, Any]] = {
    "random": {"split": {"type": "random", "stratify": False}, "training": {"class_weights": "balanced"}},
    "stratified": {"split": {"type": "random"}, "training": {"sampling": "oversample"}},
    "random folds": {
        "split": {"type": "random", "folds": 4, "fold": 2, "stratify": False},
        "training": {"sampling": "undersample"},
    },
    "stratified folds": {"split": {"type": "random", "folds": 3, "repeat": 1}, "training": {"shuffle": False}},
    "group": {"split": {"type": "group", "column": "group"}, "target": "price"},
    "group folds": {
        "split": {"type": "group", "column": "group", "folds": 3, "fold": 1},
        "training": {"sampling": {"type": "oversample", "ratio": 0.7}, "class_weights": "balanced"},
    },
    "time": {"split": {"type": "time", "column": "day"}, "training": {"class_weights": {"k1": 3.0}}},
    "time folds": {"split": {"type": "time", "column": "day", "folds": 3, "fold": 2}, "target": "price"},
    "position folds": {"split": {"type": "position", "folds": 2, "fold": 1}, "training": {"sampling": "oversample"}},
    "hash": {"split": {"type": "hash", "column": "id", "validation": 0.3}, "weight": "weight"},
    "hash folds": {"split": {"type": "hash", "column": "id", "folds": 3}, "training": {"sampling": "undersample"}},
    "column": {"split": {"type": "column", "column": "part"}, "training": {"sampling": "oversample"}},
    "index": {
        "split": {"type": "index", "path": "../rows.json"},
        "training": {"class_weights": "balanced", "sampling": "oversample"},
        "weight": "weight",
    },
}


# Features that learn much from the training rows, and take cells without a value.
FITTED = {
    "x": {"type": "number", "scale": "quantile", "missing": "median"},
    "y": {"type": "number", "missing": "indicator"},
    "color": {"type": "category", "encode": "target", "missing": "as_category"},
}


@pytest.fixture
def keyed(table: Any, write: Any) -> list[Row]:
    """The table with columns that splits follow, a weight, and a list of rows beside it."""
    rows = table()
    for number, row in enumerate(rows):
        row |= {
            "group": f"g{number // 4}",
            "day": f"2024-03-{number // 3 + 1:02}",
            "part": PARTS[number],
            "weight": str(1 + number % 3),
            "sure": ["yes", "no"][number * number % 3 % 2],
        }
    Path("rows.json").write_text(json.dumps(LISTED))
    write("data/table.csv", rows)
    return rows


def described(case: dict[str, Any]) -> dict[str, Any]:
    """The changes to the config for one training."""
    target = case.get("target", "kind")
    ignored = [name for name in KEYS if name not in (target, case.get("weight"), case["split"].get("column"))]
    features = dict.fromkeys(ignored, "ignore")
    if case["split"]["type"] != "column" and "column" in case["split"]:
        features[case["split"]["column"]] = "ignore"
    return {
        "data": {
            "target": target,
            "split": {"validation": None, "test": None, **case["split"]},
            "features": {**FITTED, target: None, **features},
            "sample_weight": case.get("weight"),
        },
        "training": {"early_stopping": None, **case.get("training", {})},
    }


def spoilt(rows: list[Row], places: list[int], how: str, also: dict[str, list[str]]) -> list[Row]:
    """The rows with other cells at these places; `also` has more columns that may hold one of the values."""
    made = [dict(row) for row in rows]
    if how == "permuted":
        for seed, name in enumerate(["x", "y", "color", *also]):
            order = np.random.default_rng(seed).permutation(places).tolist()
            for place, other in zip(places, order, strict=True):
                made[place][name] = rows[other][name]
        return made
    for turn, place in enumerate(places):
        made[place] |= WRONG[how] | {name: values[turn % len(values)] for name, values in also.items()}
    return made


@pytest.mark.parametrize("how", ["values", "levels", "missing", "permuted"])
@pytest.mark.parametrize("name", TRAININGS)
def test_no_cell_of_another_row_reaches_the_weights(config, keyed, write, name, how):
    """Targets too are others, where the split does not look at them; and so are the weights of these rows."""
    case = TRAININGS[name]
    path = config(**described(case))
    first = train(path)
    loaded = load_config(path)
    parts = prepare(loaded.config.data, loaded.base, Streams(loaded.config.seed).split).parts
    assert parts.keys() == {"train", "validation", "test"}
    trained = set(parts["train"].rows.tolist())
    others = [row for row in range(len(keyed)) if row not in trained]
    also = {"weight": ["9", "0.5"]} if case.get("weight") else {}
    if case.get("target") == "price":
        also["price"] = ["1e7", "-3"]
    elif not name.startswith("stratified"):
        also["kind"] = ["k2", "k0", "k0"]
    write("data/table.csv", spoilt(keyed, others, how, also))
    second = train(path)
    models = [ModelFile.read(result.run / "model.safetensors") for result in (first, second)]
    assert models[0].encoder == models[1].encoder
    assert models[0].arrays.keys() == models[1].arrays.keys()
    for key, array in models[0].arrays.items():
        assert array.tobytes() == models[1].arrays[key].tobytes()
    assert [part for part in parts if models[0].parts[part] != models[1].parts[part]] == ["validation", "test"]
    assert first.metrics["train"] == second.metrics["train"]
    assert first.metrics["test"] != second.metrics["test"]


# Fields that some options need beside them.
BESIDE: dict[str, list[Any]] = {"fill": [1.5, "green"], "order": [["red", "green", "blue"]]}


def variants() -> Iterator[dict[str, Any]]:
    """Every feature with every word that one of its fields takes."""
    for tag, member in Feature.members().items():
        if member.__module__.startswith("scratchnn.data"):
            yield {"type": tag}
            for field, info in member.model_fields.items():
                kind = unwrap(info.annotation)[0]
                if field != "type" and get_origin(kind) is not None:
                    yield from ({"type": tag, field: word} for word in get_args(kind) if isinstance(word, str))


def settings_of(column: str, variant: dict[str, Any]) -> Iterator[DataSettings]:
    """The data section that gives a column this feature, with what it needs beside it."""
    features = dict.fromkeys(("id", "price", "group", "day", "weight", "x", "y", "color", "sure"), "ignore")
    usual = "x" if column != "x" else "y"
    features |= {usual: "number"}
    extras = [{}] + [{field: value} for field, values in BESIDE.items() for value in values]
    for extra in extras:
        split = {"type": "column", "column": "part"}
        document = {"source": "data/table.csv", "target": "kind", "split": split}
        document["features"] = {**features, column: {**variant, **extra}}
        try:
            yield DataSettings.model_validate(document)
        except ValidationError:
            continue


def prepared_or_none(settings: DataSettings) -> Any:
    try:
        return prepare(settings, Path(), np.random.default_rng(0))
    except DataError:
        return None


@pytest.mark.parametrize("variant", list(variants()), ids=str)
def test_no_feature_is_fitted_on_another_row(keyed, write, variant):
    """Whatever is done to the cells of other rows; a feature may refuse such a cell, but not each kind of them."""
    others = [row for row, part in enumerate(PARTS) if part != "train"]
    compared = 0
    for column in ("x", "color", "day", "sure"):
        write("data/table.csv", keyed)
        for settings in settings_of(column, variant):
            write("data/table.csv", keyed)
            first = prepared_or_none(settings)
            if first is None:
                continue  # not for this kind of column
            for how in ("values", "levels", "missing", "permuted"):
                also = {"day": ["1999-12-31", "2030-01-01"], "kind": ["k2", "k0"], "sure": ["no", "no", "yes"]}
                write("data/table.csv", spoilt(keyed, others, how, also))
                second = prepared_or_none(settings)
                if second is not None:
                    compared += 1
                    assert first.encoder == second.encoder
                    assert first.train.inputs.tobytes() == second.train.inputs.tobytes()
                    assert first.train.targets.tobytes() == second.train.targets.tobytes()
    assert compared >= 3


def test_rows_that_are_trained_on_do_change_them(config, table, write):
    path = config(training={"early_stopping": None})
    rows = table()
    first = train(path)
    loaded = load_config(path)
    rows[prepare(loaded.config.data, loaded.base, Streams(7).split).train.rows[0]] |= {"x": "5"}
    write("data/table.csv", rows)
    models = [ModelFile.read(result.run / "model.safetensors") for result in (first, train(path))]
    assert models[0].encoder != models[1].encoder
    assert not np.array_equal(models[0].arrays["0.weight"], models[1].arrays["0.weight"])
