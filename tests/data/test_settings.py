from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from scratchnn.data.features.category import Category
from scratchnn.data.features.ignore import Ignore
from scratchnn.data.settings import Csv, DataSettings, PositionSplit, RandomSplit

GOOD: list[dict[str, object]] = [
    {"source": "iris.csv", "target": "species"},
    {"source": {"train": "a.csv", "test": "b.csv"}, "target": ["a", "b"], "task": "regression"},
    {"source": {"type": "csv", "path": "a.txt", "delimiter": ";"}, "target": "y", "features": {"a": "ignore"}},
    {"source": "moons", "input_scale": "none", "split": "none"},
    {"source": "moons", "split": {"type": "index", "path": "rows.json", "fold": 3}},
    {"source": "a.txt", "split": {"type": "position", "folds": 3}},
    {"source": {"type": "idx", "images": "i.gz", "labels": "l.gz"}},
    {"source": "a.csv", "target": "genres", "label_separator": "|"},
    {"source": "a.csv", "target": ["a", "b"], "task": "multi_label"},
    {"source": "a.csv", "target": ["a", "b"], "task": "count"},
    {"source": "a.csv", "target": "a", "task": "ordinal", "class_order": ["x", "y"]},
    {"source": "a.txt"},
    {"source": {"type": "text", "path": "a.log", "context": 8, "stride": 2}, "task": "language_modeling"},
    {"source": {"train": "a.txt", "validation": "b.txt"}, "split": {"type": "position", "test": 0.0}},
]


@pytest.mark.parametrize("document", GOOD)
def test_a_good_section_reads_back_and_fits_its_json_schema(document: dict[str, object]) -> None:
    settings = DataSettings.model_validate(document)
    Draft202012Validator(DataSettings.model_json_schema()).validate(document)
    Draft202012Validator(DataSettings.model_json_schema()).validate(settings.model_dump(mode="json"))
    assert DataSettings.model_validate(settings.model_dump()) == settings


def test_defaults_and_shorthands() -> None:
    settings = DataSettings.model_validate(
        {"source": "iris.csv", "target": "species", "features": {"a": "ignore", "b": {"type": "category"}}}
    )
    assert settings.source == Csv(path="iris.csv")
    assert settings.target == ["species"]
    assert settings.features == {"a": Ignore(), "b": Category()}
    assert settings.split == RandomSplit(validation=0.15, test=0.15, stratify=True)
    assert DataSettings.model_validate({"source": "a.txt"}).split == PositionSplit(validation=0.15, test=0.15)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"source": "a.csv"}, "a table needs `target`"),
        ({"source": {"train": "a.csv"}}, "a table needs `target`"),
        ({"source": "a.csv", "target": []}, "at least 1 item"),
        ({"source": "a.csv", "target": 3}, "valid list"),
        ({"source": "a.csv", "target": ["a", "a"]}, "names a column twice"),
        ({"source": "a.csv", "target": ["a", "b"], "task": "classification"}, "one target column"),
        ({"source": "a.csv", "target": ["a", "b"], "task": "ordinal"}, "ordinal takes one target column"),
        (
            {"source": "a.csv", "target": "a", "task": "count", "class_order": ["0", "1"]},
            "`class_order` is for classes, but `task` is count",
        ),
        (
            {"source": "a.csv", "target": "a", "task": "classification", "label_separator": "|"},
            "`label_separator` is for labels, but `task` is classification",
        ),
        (
            {"source": "a.csv", "target": ["a", "b"], "label_separator": "|"},
            "divides the texts of one column, but `target` names 2",
        ),
        ({"source": "a.npz", "label_separator": "|"}, "but a source of type npz has none"),
        ({"source": "a.csv", "target": "a", "input_scale": "unit"}, "`input_scale` is for arrays"),
        ({"source": "a.csv", "target": "a", "sample_weight": "a"}, "`sample_weight` is the target"),
        ({"source": "a.csv", "target": "a", "features": {"a": "ignore"}}, '"a" is under `features`'),
        (
            {"source": "a.csv", "target": "a", "sample_weight": "w", "features": {"w": "number"}},
            '"w" is under `features`',
        ),
        ({"source": "moons", "target": "a"}, "`target` is for tables, but a source of type moons has no columns"),
        ({"source": "a.npz", "features": {"a": "number"}}, "`features` is for tables"),
        ({"source": {"train": "a.npz"}, "sample_weight": "w"}, "`sample_weight` is for tables"),
        ({"source": "moons", "features": {"a": "numbr"}}, "numbr"),
        ({"source": "moons", "surprise": 1}, "Extra inputs"),
        ({"source": "moons", "split": {"type": "group", "column": "g"}}, "a source of type moons has none. Use random"),
        ({"source": "a.txt", "split": {"type": "hash", "column": "g"}}, "a source of type text has none. Use position"),
        ({"source": "a.npz", "split": {"type": "time", "column": "g"}}, "`split` time divides by a column"),
        ({"source": "a.csv", "target": "y", "split": {"type": "hash", "column": "y"}}, 'divides by "y", the target'),
        (
            {"source": {"train": "a.csv"}, "target": "y", "split": {"type": "column", "column": "p"}},
            "`split` column chooses the test rows",
        ),
        (
            {"source": "a.csv", "target": "y", "features": {"p": "ignore"}, "split": {"type": "column", "column": "p"}},
            "for the names of the parts",
        ),
        (
            {"source": "a.csv", "target": "y", "split": {"type": "column", "column": "p", "test": "train"}},
            "`train`, `validation` and `test` must differ",
        ),
        (
            {"source": "a.csv", "target": "y", "split": {"type": "time", "column": "p", "test": 0.9}},
            "must be below 1",
        ),
        (
            {"source": "a.csv", "task": "reconstruction", "features": {"p": {"type": "category", "encode": "hash"}}},
            "`features` encodes p as what cannot be turned back into its cells, so reconstruction cannot learn it",
        ),
        (
            {
                "source": "a.csv",
                "task": "reconstruction",
                "features": {"q": {"type": "category", "encode": "embedding"}},
            },
            "Set encode: one_hot or ordinal for it, or ignore it.",
        ),
        ({"source": "a.txt", "target": "a"}, "`target` is for tables, but a source of type text has no columns"),
        ({"source": "a.txt", "features": {"a": "number"}}, "`features` is for tables"),
        ({"source": "a.txt", "sample_weight": "w"}, "`sample_weight` is for tables"),
        ({"source": "a.txt", "input_scale": "unit"}, "`input_scale` is for arrays of numbers"),
        ({"source": "a.txt", "task": "classification"}, "a text is for the task language_modeling"),
        ({"source": "a.csv", "target": "a", "task": "language_modeling"}, "needs a source of type text"),
        ({"source": "a.txt", "split": "random"}, "random windows of a text would share it"),
        ({"source": "a.txt", "split": {"type": "random", "folds": 3}}, "random_folds windows of a text would share"),
        ({"source": "a.txt", "split": {"type": "index", "path": "a.json"}}, "index windows of a text would share it"),
        (
            {"source": {"train": "moons"}, "split": {"type": "random", "folds": 3}},
            "`split` random_folds chooses the test rows",
        ),
        (
            {"source": {"train": "moons"}, "split": {"type": "index", "path": "a.json"}},
            "`split` index chooses the test rows",
        ),
        (
            {"source": "moons", "split": {"type": "group", "column": "g", "folds": 3}},
            "`split` group_folds divides by a column",
        ),
        ({"source": "a.txt", "split": {"type": "position", "stratify": True}}, "Extra inputs"),
    ],
)
def test_a_wrong_section_says_why(document: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DataSettings.model_validate(document)
    assert message in str(caught.value)
