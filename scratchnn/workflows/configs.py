"""From a config file, and what the command line adds, to a checked `Config`. Opens no data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchnn.component import load_plugin
from scratchnn.config.annotations import keys_of
from scratchnn.config.document import Document, locate
from scratchnn.config.explain import validate
from scratchnn.config.key_path import split_key_path
from scratchnn.config.load import read_document
from scratchnn.config.overrides import apply_overrides
from scratchnn.config.schema import LONGEST_NAME, NAME, Config
from scratchnn.errors import ConfigError, DataError, UsageError
from scratchnn.training.run_directory import START
from scratchnn.training.starting import StartSettings

_KEY_PATH = re.compile(r'\w+(\.(\w+|"(?:[^"\\]|\\.)*")|\[\d+\])*')


@dataclass(frozen=True)
class LoadedConfig:
    """A checked config, where it was written, and the folder that its relative paths start from."""

    config: Config
    base: Path
    document: Document
    plugins: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The name of the run: the config's own, or the file's."""
        return self.config.name or slug(Path(self.document.name).stem)

    def moved(self, move: Callable[[str, Path], str]) -> Config:
        """The same config with the run's name, all plugins, and `move(path, folder it starts from)` as paths."""
        data = self.config.data.moved(lambda path: move(path, self.base))
        plugins = list(dict.fromkeys(move(path.name, path.parent) for path in self.plugins))
        made = self.config.model_copy(update={"name": self.name, "plugins": plugins, "data": data})
        return made if made.start is None else started_from(made, move(made.start.path, self.base))

    def portable(self) -> Config:
        """The same config with bare file names: equal wherever it lies, and telling nothing of the machine."""
        made = self.moved(lambda path, _: Path(path).name)
        return made if made.start is None else started_from(made, START)

    def placed(self, error: ConfigError) -> ConfigError:
        """The same error with the line and column where its key path was written, and the path in the message."""
        if not _KEY_PATH.fullmatch(error.where) or split_key_path(error.where)[0][0] not in keys_of(Config):
            return error
        message = (
            f"{error.where}: {error.message}" if not error.message.startswith("(") else f"{error.where} {error.message}"
        )
        return type(error)(message, where=locate(self.document, error.where), hint=error.hint)


def started_from(config: Config, path: str) -> Config:
    """The same config with another model to start from."""
    start = config.start or StartSettings(path=path)
    return config.model_copy(update={"from_": start.model_copy(update={"path": path})})


def load_config(
    path: Path | str,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    start: str | None = None,
) -> LoadedConfig:
    """Reads, overrides and checks a config file; `start` is the path of a model to start from, which wins.

    Raises `ConfigError` with every fault.
    """
    document = apply_overrides(read_document(path), overrides, Config)
    return check_document(_with_start(document, start), Path(path).parent, plugins)


def config_from(
    value: Mapping[str, Any], base: Path | str = ".", overrides: Sequence[str] = (), start: str | None = None
) -> LoadedConfig:
    """The same for a config given as plain values: the Python API."""
    document = apply_overrides(Document(dict(value), "config"), overrides, Config)
    return check_document(_with_start(document, start), Path(base), ())


def _with_start(document: Document, path: str | None) -> Document:
    """The same with this model to start from; what else the document says of it stays."""
    if path is None:
        return document
    given = document.data.get("from")
    data = document.data | {"from": {**(given if isinstance(given, Mapping) else {}), "path": path}}
    return Document(data, document.name, document.places, document.origins)


@contextmanager
def paths_of_runs(loaded: LoadedConfig) -> Iterator[None]:
    """Says of data that is missing where the paths in the config of a run start: the run may have been moved."""
    try:
        yield
    except DataError as error:
        folder = Path(loaded.document.name).parent
        if error.message == "there is no such file" and (folder / "metrics.jsonl").is_file():
            error.hint = f"Relative paths in {loaded.document.name} start at the run directory: was it moved?"
        raise


def check_document(document: Document, base: Path, plugins: Iterable[str | Path]) -> LoadedConfig:
    """Runs the plugins, then checks everything else at once."""
    paths = [Path(plugin) for plugin in plugins]
    for path in paths:
        load_plugin(path)
    named = document.data.get("plugins")
    for index, name in enumerate(named if isinstance(named, list) else []):
        if not isinstance(name, str):
            continue  # the schema tells
        paths.append(base / name)
        try:
            load_plugin(paths[-1])
        except UsageError as error:
            where = document.where(("plugins", index))
            hint = error.hint or "Relative paths start at the folder of the config file."
            raise ConfigError(f"plugins[{index}]: {name}: {error.message}", where=where, hint=hint) from error
    return LoadedConfig(validate(document, Config), base, document, tuple(dict.fromkeys(paths)))


def slug(stem: str) -> str:
    """The name that a config may have (see `Config.name`) nearest to a file's: accents go, other letters become dashes.

    >>> slug("Größe é (2)")
    'Gro-e-e--2'
    """
    letters = (char for char in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(char))
    kept = "".join(char if NAME.fullmatch(f"x{char}") else "-" for char in letters)
    return kept.strip(".-_")[:LONGEST_NAME].rstrip(".-_") or "run"
