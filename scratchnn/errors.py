"""The exception family: what a user can mend. Each class carries its exit code and its kind.

Every message says where, what was got, what was expected and how to mend it. Anything else that
escapes is a bug of ours and ends with exit code 1.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar


class ScratchnnError(Exception):
    """A failure that a user can understand and mend.

    `where` names the place (`configs/iris.yaml:14:9`, `data.csv:7:age`), `hint` says how to mend it.

    >>> print(ScratchnnError("the file is empty", where="data.csv", hint="Write a header line first."))
    data.csv: the file is empty. Write a header line first.
    """

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        if not self.hint:
            return text
        return f"{text} {self.hint}" if text.endswith(("?", "!")) else f"{text.rstrip('.')}. {self.hint}"

    def to_json(self) -> dict[str, object]:
        """The object under "error" in machine output."""
        return {"kind": self.kind, "message": self.message, "where": self.where, "hint": self.hint}


class UsageError(ScratchnnError):
    """The command line asks for something that cannot be done."""

    kind = "usage"
    exit_code = 2


class ConfigError(ScratchnnError):
    """The config is wrong. Holds every fault that was found, not only the first.

    >>> faults = [ConfigError("unknown key", where="a.yaml:1:1"), ConfigError("no units", where="a.yaml:2:3")]
    >>> print(ConfigError.of(faults))
    a.yaml:1:1: unknown key
    a.yaml:2:3: no units
    """

    kind = "config"
    exit_code = 2
    faults: Sequence[ConfigError] = ()

    @classmethod
    def of(cls, faults: Sequence[ConfigError]) -> ConfigError:
        """One error that holds many; a single fault is returned as it is."""
        if len(faults) == 1:
            return faults[0]
        error = cls(f"{len(faults)} faults")
        error.faults = tuple(faults)
        return error

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults)) if self.faults else super().__str__()

    def to_json(self) -> dict[str, object]:
        """Adds "faults", a list, where there are several."""
        return super().to_json() | ({"faults": [fault.to_json() for fault in self.faults]} if self.faults else {})


class ShapeError(ConfigError):
    """The layers do not fit each other, the data or the loss."""

    kind = "shape"


class DataError(ScratchnnError):
    """A table or array cannot be used as it is."""

    kind = "data"
    exit_code = 3


class TargetError(DataError):
    """A target that the loss cannot take. `row` and `column` count from 0; `column` is None for a row as a whole."""

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", row: int = 0, column: int | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.row = row
        self.column = column


class ModelError(ScratchnnError):
    """A model file or a checkpoint cannot be used."""

    kind = "model"
    exit_code = 4


class DivergedError(ScratchnnError):
    """The loss is no longer a finite number."""

    kind = "diverged"
    exit_code = 5


class StorageError(ScratchnnError):
    """The disk or another device refused to read or write."""

    kind = "storage"
    exit_code = 6


class BusyError(ScratchnnError):
    """Another process is writing to the same run directory."""

    kind = "busy"
    exit_code = 7


class RequirementError(ScratchnnError):
    """A `--require` condition was not met."""

    kind = "requirement"
    exit_code = 8


def suggestion(name: str, options: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest option, or the options where none is near.

    >>> suggestion("rleu", ["relu", "elu", "tanh"])
    'Did you mean "relu"?'
    >>> suggestion("lr", ["learning_rate", "epsilon"])
    'Did you mean "learning_rate"?'
    >>> suggestion("banana", ["relu", "elu"])
    'Choose one of: elu, relu.'
    """
    names = sorted(set(options))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    near = near or [option for option in names if "_" in option and name == "".join(re.findall("(?:^|_)(.)", option))]
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Choose one of: {', '.join(names)}." if names else ""
