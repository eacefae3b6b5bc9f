"""The `data` section of a config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings

# Declaring a component is what makes it usable, so every member is imported here.
from scratchnn.data.column_folds import GroupFolds, HashFolds, TimeFolds
from scratchnn.data.column_splits import ColumnSplit, GroupSplit, HashSplit, TimeSplit
from scratchnn.data.csv import Csv
from scratchnn.data.features.binary import Binary
from scratchnn.data.features.category import Category
from scratchnn.data.features.datetimes import Datetime
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.ignore import Ignore
from scratchnn.data.features.items import Items
from scratchnn.data.features.number import Number
from scratchnn.data.features.sequence import Sequence
from scratchnn.data.features.tokens import Tokens
from scratchnn.data.folds import PositionFolds, RandomFolds
from scratchnn.data.idx import Idx
from scratchnn.data.images import Images
from scratchnn.data.index_split import IndexSplit
from scratchnn.data.jsonl import JsonLines
from scratchnn.data.npy import Npy
from scratchnn.data.npz import Npz
from scratchnn.data.polars_tables import Arrow, Parquet
from scratchnn.data.sources import Source, SourceParts
from scratchnn.data.splits import FOLDS, NoSplit, PositionSplit, RandomSplit, Split
from scratchnn.data.synthetic import Blobs, Circles, Moons, Sine, Spirals, Xor
from scratchnn.data.tables import Task
from scratchnn.data.targets import TargetRules, kind_of
from scratchnn.data.text import Text
from scratchnn.data.window_inputs import WindowSettings

__all__ = [
    "Arrow",
    "Binary",
    "Blobs",
    "Category",
    "Circles",
    "ColumnSplit",
    "Csv",
    "DataSettings",
    "Datetime",
    "Feature",
    "GroupFolds",
    "GroupSplit",
    "HashFolds",
    "HashSplit",
    "Idx",
    "Ignore",
    "Images",
    "IndexSplit",
    "Items",
    "JsonLines",
    "Moons",
    "NoSplit",
    "Npy",
    "Npz",
    "Number",
    "Parquet",
    "PositionFolds",
    "PositionSplit",
    "RandomFolds",
    "RandomSplit",
    "Sequence",
    "Sine",
    "Source",
    "SourceParts",
    "Spirals",
    "Split",
    "Text",
    "TimeFolds",
    "TimeSplit",
    "Tokens",
    "Xor",
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _usual_split(before: dict[str, Any]) -> Split:
    """How the source that was read before it is divided where the config does not say."""
    source, windows = before.get("source"), before.get("windows")
    if windows is not None:
        return PositionSplit() if windows.order is None else TimeSplit(column=windows.order)
    return PositionSplit() if source is not None and source.first.textual else RandomSplit()


class DataSettings(Settings):
    """What to learn from, what to learn, and how the rows are divided. Opens no file.

    Columns that `features` does not name are inferred from the training rows: numbers where every cell is one,
    datetimes where every cell is an ISO 8601 date, else categories. The task is inferred from the target: a text is a
    class; whole numbers with at most 20 distinct values are classes; any other number is regression. Several targets
    are multi_label where all of them are 0 or 1 (or words for it: no and yes, false and true), else regression; so is
    one column of JSON lists, or of texts with a `label_separator`. A count and an order are not guessed: set `task:
    count` or `ordinal`, which takes the order of numbers, and for texts that of `class_order`. `reconstruction` has no
    target: an autoencoder learns to give back its encoded inputs, which are all columns but those with the
    feature `ignore`. Of a text the task is `language_modeling`: to tell the next token.
    """

    source: Source = Field(
        description="A path (.csv, .jsonl, .npz, ...), a set (moons), a source in full, or {train, validation, test}."
    )
    target: Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])] | None = Field(
        None, min_length=1, description="The target column, or several numbers or labels. Tables only."
    )
    task: Literal["auto"] | Task = Field(
        "auto",
        description="auto infers it from the target or the source. multi_label: labels that may be true together; "
        "count: whole numbers of 0 or more; ordinal: classes in an order; reconstruction: the inputs themselves.",
    )
    class_order: list[str] | None = Field(
        None,
        min_length=2,
        description="Every class, in order; absent: by value where all are numbers, by the alphabet otherwise.",
    )
    label_separator: str | None = Field(
        None,
        min_length=1,
        max_length=8,
        description='What stands between the labels of one text column, as in "action|drama". multi_label only.',
    )
    features: dict[str, Feature] | None = Field(None, description="The feature of a column by its name. Tables only.")
    input_scale: Literal["auto", "standard", "standard_by_channel", "unit", "none"] = Field(
        "auto",
        description="How arrays are scaled: standard (each feature of flat inputs, all pixels of images together), "
        "standard_by_channel (each channel, the last axis, by itself), unit (divided by 255) or none. auto: unit for "
        "bytes, none for booleans, else standard. Arrays only.",
    )
    target_scale: Literal["standard", "none"] = Field(
        "standard", description="How regression targets are scaled for training. Metrics are in the target's units."
    )
    sample_weight: str | None = Field(None, description="A column of weights, 0 or more; no feature. Tables only.")
    windows: WindowSettings | None = Field(
        None, description="Rows are steps of a time series, and windows over them are learned from."
    )
    cache: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether the encoded rows of a table are kept in files beside the runs, not in memory. auto: where "
        "the table's files are larger than a quarter of the memory. Features are then fitted on a sample of the rows.",
    )
    split: Split = Field(
        default_factory=_usual_split,
        description="How the rows are divided: random when absent, of a text or series as they come. Explicit parts "
        "come first.",
    )

    split_seed: int | None = Field(
        None,
        ge=0,
        description="Draws the split; the seed of the config when absent. Keeps test rows the same.",
    )

    @property
    def target_rules(self) -> TargetRules:
        """What is said of the targets."""
        return TargetRules(self.target_scale, self.class_order, self.label_separator)

    def moved(self, move: Callable[[str], str]) -> Self:
        """The same settings with each path changed by `move`."""
        return self.model_copy(update={"source": self.source.moved(move), "split": self.split.moved(move)})

    @model_validator(mode="after")
    def _fits_source(self) -> Self:
        self._check_class_order(self.class_order or [])
        self._check_separator()
        source = self.source.first
        self._check_split()
        self._check_task()
        if self.task == "reconstruction":
            self._check_reconstruction()
        if self.windows is not None:
            self._check_windows(self.windows)
        if source.tabular:
            if self.target is None and self.task != "reconstruction":
                raise PydanticCustomError("data", "a table needs `target`, the name of the column to learn.")
            if self.input_scale != "auto":
                raise PydanticCustomError("data", "`input_scale` is for arrays. Scale columns under `features`.")
            self._check_columns(self.target or [])
            return self
        if source.textual:
            self._check_text()
        given = {"target": self.target, "features": self.features, "sample_weight": self.sample_weight}
        for name, value in given.items():
            if value is not None:
                kind = source.tag()
                message = "`{name}` is for tables, but a source of type {kind} has no columns. Remove it."
                raise PydanticCustomError("data", message, {"name": name, "kind": kind})
        return self

    def _check_split(self) -> None:
        split, source = self.split, self.source
        other = "position" if source.first.textual else "random"
        context = {"type": split.tag(), "kind": source.first.tag(), "other": other}
        if split.columns and not source.first.tabular:
            message = "`split` {type} divides by a column, but a source of type {kind} has none. Use {other}."
            raise PydanticCustomError("data", message, context)
        if split.takes_test and isinstance(source, SourceParts):
            message = (
                "`split` {type} chooses the test rows, but `source` gives the parts. Use one file, or another split."
            )
            raise PydanticCustomError("data", message, context)
        for name in split.columns:
            if name in (self.target or []):
                message = '`split` {type} divides by "{name}", the target. Name another column.'
                raise PydanticCustomError("data", message, {**context, "name": name})
            if split.marks and (name == self.sample_weight or name in (self.features or {})):
                message = '`split` takes "{name}" for the names of the parts. Remove it from features and weights.'
                raise PydanticCustomError("data", message, {**context, "name": name})

    def _check_windows(self, windows: WindowSettings) -> None:
        context = {"kind": self.source.first.tag(), "split": self.split.tag().removesuffix(FOLDS)}
        if self.source.first.textual:
            message = "`windows` is for rows; of a text the source's own `context` and `stride` make them. Remove it."
            raise PydanticCustomError("data", message)
        if windows.marks and not self.source.first.tabular:
            message = "`windows` names a column, but a source of type {kind} has none. Remove `by` and `order`."
            raise PydanticCustomError("data", message, context)
        if self.input_scale not in ("auto", "standard"):
            message = "`input_scale` {scale} is for single samples; rows of `windows` have `standard`. Remove it."
            raise PydanticCustomError("data", message, {"scale": self.input_scale})
        if self.task == "reconstruction":
            raise PydanticCustomError("data", "`windows` needs a target to predict, but reconstruction has none.")
        if self.sample_weight is not None:
            raise PydanticCustomError("data", "`sample_weight` is for rows, but `windows` has several. Remove it.")
        if self.cache == "always":
            message = "`cache` keeps single rows, but `windows` has several. Remove it: windows are not copied."
            raise PydanticCustomError("data", message)
        if isinstance(self.split, RandomSplit | RandomFolds):
            message = (
                "`split` {split} would put rows of one window into several parts. Use position, time, group or column, "
                "or leave `split` out."
            )
            raise PydanticCustomError("data", message, context)
        for name in windows.marks:
            if name in (self.target or []):
                message = '`windows` takes "{name}" for the series or their time, but it is the target.'
                raise PydanticCustomError("data", message, {"name": name})

    def _check_class_order(self, names: list[str]) -> None:
        if len(set(names)) < len(names):
            raise PydanticCustomError("data", "`class_order` names a class twice.")
        if names and self.task not in ("auto", "language_modeling", "classification", "ordinal"):
            message = "`class_order` is for classes, but `task` is {task}. Remove one."
            raise PydanticCustomError("data", message, {"task": self.task})

    def _check_separator(self) -> None:
        if self.label_separator is None:
            return
        if self.task not in ("auto", "multi_label"):
            message = "`label_separator` is for labels, but `task` is {task}. Remove one."
            raise PydanticCustomError("data", message, {"task": self.task})
        if not self.source.first.tabular:
            message = "`label_separator` is for a column of texts, but a source of type {kind} has none. Remove it."
            raise PydanticCustomError("data", message, {"kind": self.source.first.tag()})
        if len(self.target or []) > 1:
            message = "`label_separator` divides the texts of one column, but `target` names {count}. Remove one."
            raise PydanticCustomError("data", message, {"count": len(self.target or [])})

    def _check_reconstruction(self) -> None:
        if self.target is not None:
            message = (
                "reconstruction learns the inputs themselves. Remove `target`; where the column shall be no input, "
                "write `{name}: ignore` under `features`."
            )
            raise PydanticCustomError("data", message, {"name": self.target[0]})
        if self.target_scale != "standard":
            hint = "Remove `target_scale`; scale columns under `features`, arrays with `input_scale`."
            raise PydanticCustomError("data", f"reconstruction learns the inputs as they are encoded. {hint}")
        for name, feature in (self.features or {}).items():
            if not feature.can_be_reconstructed:
                message = (
                    "`features` encodes {name} as what cannot be turned back into its cells, so reconstruction cannot "
                    "learn it. Set encode: one_hot or ordinal for it, or ignore it. Of a date keep elapsed among its "
                    "parts."
                )
                raise PydanticCustomError("data", message, {"name": name})

    def _check_text(self) -> None:
        if self.input_scale != "auto":
            raise PydanticCustomError("data", "`input_scale` is for arrays of numbers. Remove it.")
        if self.class_order is not None:
            raise PydanticCustomError("data", "`class_order` is for classes, but a text has tokens. Remove it.")
        if not self.split.keeps_order:
            message = "{tag} windows of a text would share it with the training. Use {type: position}."
            raise PydanticCustomError("data", message, {"tag": self.split.tag()})

    def _check_task(self) -> None:
        if self.source.first.textual:
            if self.task not in ("auto", "language_modeling"):
                raise PydanticCustomError("data", "a text is for the task language_modeling. Remove `task`.")
        elif self.task == "language_modeling":
            raise PydanticCustomError("data", "language_modeling needs a source of type text. Remove `task`.")

    def _check_columns(self, target: list[str]) -> None:
        if len(set(target)) < len(target):
            raise PydanticCustomError("data", "`target` names a column twice.")
        if len(target) > 1 and self.task != "auto" and kind_of(self.task).one_column:
            raise PydanticCustomError("data", "{task} takes one target column.", {"task": self.task})
        if self.sample_weight in target:
            raise PydanticCustomError("data", "`sample_weight` is the target. Name another column.")
        inputs = target if self.windows is not None and self.windows.include_target else []
        for name in [*target, *filter(None, [self.sample_weight])]:
            if name in inputs:
                continue  # its past values are inputs too
            if name in (self.features or {}):
                message = '"{name}" is under `features`, but is the target or the weight. Remove it there.'
                raise PydanticCustomError("data", message, {"name": name})
