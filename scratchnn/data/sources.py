"""Where data comes from: the family of sources, and how a short form in a config becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from scratchnn.component import Component
from scratchnn.data.files import locate
from scratchnn.data.passages import Passage
from scratchnn.data.tables import Arrays, Table

SUFFIXES: dict[str, dict[str, str]] = {
    ".csv": {"type": "csv"},
    ".tsv": {"type": "csv", "delimiter": "\t"},
    ".npz": {"type": "npz"},
    ".csv.gz": {"type": "csv"},
    ".tsv.gz": {"type": "csv", "delimiter": "\t"},
    ".jsonl": {"type": "jsonl"},
    ".ndjson": {"type": "jsonl"},
    ".jsonl.gz": {"type": "jsonl"},
    ".ndjson.gz": {"type": "jsonl"},
    ".npy": {"type": "npy"},
    ".parquet": {"type": "parquet"},
    ".arrow": {"type": "arrow"},
    ".feather": {"type": "arrow"},
    ".txt": {"type": "text"},
    ".txt.gz": {"type": "text"},
}


def suffix_of(path: str | PurePath) -> str:
    """What the name of a file ends with, in small letters; with what stands before it where that is `.gz`.

    >>> suffix_of("a.b.CSV"), suffix_of("a.b.csv.gz")
    ('.csv', '.csv.gz')
    """
    suffixes = [suffix.lower() for suffix in PurePath(path).suffixes]
    return "".join(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


class Source(Component):
    """A file, a set of files or a synthetic set. `read` gives its samples.

    A bare path stands for the source of its suffix (see `SUFFIXES`), a mapping with `train` for explicit parts:

    >>> from scratchnn.data.csv import Csv
    >>> Source.parse("iris.csv") == Csv(path="iris.csv")
    True
    """

    family: ClassVar[str] = "source"
    tabular: ClassVar[bool] = False
    textual: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ()  # the fields that hold a path

    @property
    def first(self) -> Source:
        """The source of the training rows: itself, unless it has parts."""
        return self

    def moved(self, move: Callable[[str], str]) -> Self:
        """The same source with each of its paths changed by `move`."""
        given = {name: getattr(self, name) for name in self.paths}
        return self.model_copy(update={name: move(path) for name, path in given.items() if path is not None})

    def read(self, base: Path) -> Table | Arrays | Passage:
        """All samples. Relative paths start at `base`. Raises `DataError` or `StorageError`."""
        raise NotImplementedError

    def read_new(self, path: Path) -> Table | Arrays:
        """The samples of a new file, which has no targets. Only for a source whose new files are read in another way.

        Raises `DataError` or `StorageError`.
        """
        raise TypeError(f"a new file for {self.tag()} is read as one for training is")

    @classmethod
    def shorthand(cls, value: object) -> object:
        """A path, a tag or a mapping with `train` in its full form. Raises `ValueError` for an unknown suffix."""
        if isinstance(value, Mapping) and "type" not in value and "train" in value:
            return {"type": "parts", **value}
        if not isinstance(value, str) or value in cls._members:
            return super().shorthand(value)
        suffix = suffix_of(value)
        if suffix in SUFFIXES:
            return {**SUFFIXES[suffix], "path": value}
        if suffix or "/" in value or "\\" in value:
            known = ", ".join(SUFFIXES)
            raise PydanticCustomError(
                "source_suffix",
                'cannot tell the type of "{path}" by its suffix (known: {known}). Write it out, '
                "as in {type: csv, path: ...} or {type: idx, images: ..., labels: ...}.",
                {"path": value, "known": known},
            )
        return super().shorthand(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Any string may be a path."""
        made = super().__get_pydantic_json_schema__(schema, handler)
        if "family" in cls.__dict__:
            return {"anyOf": [{"type": "string", "description": "A path or the tag of a synthetic set."}, made]}
        return made


class SourceParts(Source):
    """One source for each part: `{train: a.csv, validation: b.csv, test: c.csv}`.

    A missing `validation` is taken from `train` by the split's fraction; a missing `test` stays missing.
    """

    type: Literal["parts"] = "parts"
    train: Source = Field(description="What is trained on.")
    validation: Source | None = Field(None, description="What guides training. Null: the split takes it from train.")
    test: Source | None = Field(None, description="What the final metrics are measured on.")

    @model_validator(mode="after")
    def _flat(self) -> Self:
        parts = [part for part in (self.train, self.validation, self.test) if part is not None]
        if any(isinstance(part, SourceParts) for part in parts):
            raise PydanticCustomError("source_parts", "a part cannot have parts. Name one file for it.")
        if len({(part.tabular, part.textual) for part in parts}) > 1:
            raise PydanticCustomError("source_parts", "the parts mix tables, arrays and texts. Use one kind for all.")
        for name in ("context", "tokens") if self.train.textual else ():
            values = list(dict.fromkeys(getattr(part, name) for part in parts))
            if len(values) > 1:
                message = "the parts differ in `{name}`: {one} and {other}. Write the same for each."
                raise PydanticCustomError(
                    "source_parts", message, {"name": name, "one": str(values[0]), "other": str(values[1])}
                )
        return self

    @property
    def first(self) -> Source:
        """The source of the training rows."""
        return self.train

    def moved(self, move: Callable[[str], str]) -> Self:
        """Every part moved."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return self.model_copy(update={name: part and part.moved(move) for name, part in parts.items()})

    def repeats(self, base: Path) -> list[str]:
        """The parts that read the same as `train`: the same files, or the same settings of a synthetic set."""

        def place(path: str) -> str:
            return str(locate(base, path).resolve())

        train = self.train.moved(place)
        others = {"validation": self.validation, "test": self.test}
        return [name for name, part in others.items() if part is not None and part.moved(place) == train]

    def read(self, base: Path) -> Table | Arrays | Passage:
        """The training part alone."""
        return self.train.read(base)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """`type` may be left out here."""
        made = super().__get_pydantic_json_schema__(schema, handler)
        body = handler.resolve_ref_schema(made)
        body["required"] = [name for name in body.get("required", []) if name != "type"]
        return made
