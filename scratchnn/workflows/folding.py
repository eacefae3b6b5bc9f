"""The folds of a cross-validation: the split of a config in its variant in folds, once for each fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scratchnn.config.document import Document
from scratchnn.config.dump import plain
from scratchnn.data.folds import Folds
from scratchnn.data.index_split import IndexSplit
from scratchnn.data.sources import SourceParts
from scratchnn.data.splits import FOLDS, Split
from scratchnn.errors import ConfigError, UsageError
from scratchnn.workflows.configs import LoadedConfig, check_document

USUAL_FOLDS = 5


@dataclass(frozen=True)
class FoldOf:
    """One fold of one repeat: an ordinary training, which `loaded` describes."""

    repeat: int
    fold: int
    loaded: LoadedConfig


def folds_of(loaded: LoadedConfig, folds: int | None = None, repeats: int = 1) -> list[FoldOf]:
    """Every fold of every repeat.

    A split without folds becomes its variant in folds (random, group, time, position, hash), with `folds` of them (5
    where None), and keeps its other settings: `validation` is then a fraction of the rows beside the test. A split in
    folds keeps all that `folds` does not change; its own `fold` is no matter, and repeats begin with its own `repeat`.
    Of an index split the file says how many folds there are. Raises `ConfigError` and `UsageError`.
    """
    if repeats < 1:
        raise UsageError(f"got {repeats}, expected 1 or more", where="--repeats", hint="Once is --repeats 1.")
    if folds is not None and folds < 2:
        raise UsageError(f"got {folds}, expected 2 or more", where="--folds", hint="Usual are 5 or 10.")
    split = loaded.config.data.split
    if isinstance(split, IndexSplit):
        splits = _listed(loaded, split, folds, repeats)
    else:
        splits = _drawn(_in_folds(loaded, split, folds), repeats)
    return [FoldOf(repeat, fold, _with_split(loaded, one)) for repeat, fold, one in splits]


def _in_folds(loaded: LoadedConfig, split: Split, folds: int | None) -> Folds:
    """The split in folds, with the number of the first of them."""
    if isinstance(loaded.config.data.source, SourceParts):
        message = "data.source gives the parts, but a cross-validation draws the test rows itself"
        raise _refused(loaded, message, "Name one file with all rows: data.source: FILE.")
    if isinstance(split, Folds):
        return split.model_copy(update={"fold": 0, **({} if folds is None else {"folds": folds})})
    member = Split.members().get(f"{split.tag()}{FOLDS}")
    if member is None:
        names = ", ".join(tag.removesuffix(FOLDS) for tag in Split.members() if tag.endswith(FOLDS))
        own = ": each row has one part there" if split.columns else ""
        message = f"data.split {split.tag()} has no folds{own}"
        column = split.columns[0] if split.columns else ""
        example = f"{{type: group, column: {column}}}" if column else "{type: random, validation: 0}"
        raise _refused(loaded, message, f"Use one of {names}: --set 'data.split={example}'.")
    kept = {name: value for name, value in plain(split).items() if name in member.model_fields and name != "type"}
    made = member.parse({**kept, "type": member.tag(), "folds": folds or USUAL_FOLDS})
    if not isinstance(made, Folds):  # never: the name says it
        raise TypeError(f"{member.tag()} is no split in folds")
    return made


def _drawn(split: Folds, repeats: int) -> list[tuple[int, int, Split]]:
    """Each repeat, fold and split. Raises `UsageError` where a repeat would only be the same again."""
    first = getattr(split, "repeat", None)
    if first is None and repeats > 1:
        message = f"data.split {split.tag()} follows an order: a repeat would be the same again"
        raise UsageError(message, where="--repeats", hint="Remove it.")
    made: list[tuple[int, int, Split]] = []
    for repeat in range(first or 0, (first or 0) + repeats):
        for fold in range(split.folds):
            own = {"fold": fold} if first is None else {"fold": fold, "repeat": repeat}
            made.append((repeat, fold, split.model_copy(update=own)))
    return made


def _listed(loaded: LoadedConfig, split: IndexSplit, folds: int | None, repeats: int) -> list[tuple[int, int, Split]]:
    for name, value in (("--folds", folds), ("--repeats", None if repeats == 1 else repeats)):
        if value is not None:
            raise UsageError("does not go with a file that lists the folds", where=name, hint="Remove it.")
    count = split.count_folds(loaded.base)
    if count is None or count < 2:
        hint = f'Write a list of lists there: {{"{split.test_key}": [[0, 1], [2, 3]]}}; or use another split.'
        raise _refused(loaded, f'{split.path} does not hold several lists "{split.test_key}" to test on', hint)
    return [(0, fold, split.model_copy(update={"fold": fold})) for fold in range(count)]


def _with_split(loaded: LoadedConfig, split: Split) -> LoadedConfig:
    """The same config with this split, checked as if it stood in the file."""
    document = loaded.document
    data: dict[str, Any] = {**document.data, "data": {**document.data["data"], "split": plain(split)}}
    changed = Document(data, document.name, document.places, document.origins)
    return check_document(changed, loaded.base, loaded.plugins)


def _refused(loaded: LoadedConfig, message: str, hint: str) -> ConfigError:
    return loaded.placed(ConfigError(message, where="data.split", hint=hint))
