"""Where a study is kept: a journal file, or a PostgreSQL server. Each has a lock that all its processes heed."""

from __future__ import annotations

import json
import os
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scratchnn.errors import ModelError, StorageError, UsageError
from scratchnn.training.file_lock import FileLock, held
from scratchnn.training.storage import refusals
from scratchnn.tuning.extras import require

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

POSTGRES = "pip install 'scratchnn[postgres]'"
_URL = re.compile(r"(?P<scheme>[a-z0-9+]+)://(?P<rest>.*)", re.DOTALL)
_POSTGRES = re.compile(r"postgres(ql)?(\+(?P<driver>\w+))?")
_DRIVERS = {"psycopg": POSTGRES, "psycopg2": "pip install psycopg2-binary"}
_PASSWORD = re.compile(r"(://[^:@/]*):[^@]*@")
CONNECT_SECONDS = 10
LONGEST_LINE = 1 << 20  # bytes; the config in the first one is the longest


class Place(Protocol):
    """A place for studies. `workers` is a folder for the locks by which processes see that others live."""

    name: str
    text: str
    workers: Path

    def open(self) -> BaseStorage:
        """The storage, made where there is none. Raises `StorageError` or `ModelError`."""

    def lock(self, study: str) -> AbstractContextManager[None]:
        """Holds all other processes of a study back for a while."""


def place_of(storage: str | None, folder: Path) -> Place:
    """The place that a text names: the path of a journal, or the URL of a server; `folder/journal.log` when absent."""
    if storage is None:
        return Journal(folder / "journal.log")
    url = _URL.fullmatch(storage)
    if url is None:
        if not storage.strip():
            raise UsageError("is empty", where="--storage", hint="Name a file, or postgresql://USER@HOST/DATABASE.")
        return Journal(Path(storage).expanduser())
    server = _POSTGRES.fullmatch(url["scheme"])
    if server is None:
        hint = "Name a file for a journal, or postgresql://USER@HOST/DATABASE."
        raise UsageError(f'"{url["scheme"]}" is no storage of a search', where="--storage", hint=hint)
    driver = server["driver"] or "psycopg"
    if driver not in _DRIVERS:
        hint = f"Use one of: {', '.join(_DRIVERS)}."
        raise UsageError(f'there is no driver "{driver}"', where="--storage", hint=hint)
    require([driver], "PostgreSQL", "--storage", _DRIVERS[driver])
    return Postgres(f"postgresql+{driver}://{url['rest']}", folder / ".workers")


class Journal:
    """A file to which every process appends what it does. Also on a shared disk, where that has locks (NFS 3, 4)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.text = str(path.absolute())
        self.workers = path.with_name(f".{path.name}.workers")

    def open(self) -> BaseStorage:
        """Reads the whole file. A last line that a full disk cut off is taken away."""
        from optuna.storages import JournalStorage
        from optuna.storages.journal import BaseJournalBackend, JournalFileBackend

        with refusals(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        writing = FileLock(self.path.with_name(f".{self.path.name}.writing"))
        with held(writing), refusals(self.path):
            self._mend()
        try:
            self._check_last()
            with refusals(self.path):
                backend: BaseJournalBackend = JournalFileBackend(str(self.path), lock_obj=writing)  # type: ignore[arg-type]  # it has the two methods
                return JournalStorage(backend)
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            hint = "Name another file, or restore it."
            raise ModelError("is no journal of a search, or is damaged", where=self.name, hint=hint) from error

    @contextmanager
    def lock(self, study: str) -> Iterator[None]:
        """By a file beside it."""
        with held(FileLock(self.path.with_name(f".{self.path.name}.claim"))):
            yield

    def _check_last(self) -> None:
        """Raises `ValueError` where the last line is none of a journal: Optuna says so only when another follows it."""
        with refusals(self.path), self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - LONGEST_LINE, 0))
            lines = file.read().splitlines()
        if lines and not isinstance(json.loads(lines[-1]), dict):
            raise ValueError("no object")

    def _mend(self) -> None:
        with self.path.open("ab+") as file:
            size = file.tell()
            if not size:
                return
            file.seek(0)
            start = file.read(1)
            file.seek(size - 1)
            if start == b"{" and file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)


class Postgres:
    """A server that any number of machines reach. `url` names the driver."""

    def __init__(self, url: str, workers: Path) -> None:
        self._url = url
        self.text = url
        self.name = _PASSWORD.sub(r"\1:***@", re.sub(r"\+\w+", "", url, count=1))
        self.workers = workers

    def open(self) -> BaseStorage:
        """Connects, and makes the tables that lack."""
        from optuna.storages import RDBStorage

        with self._refusals(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            engine = {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_SECONDS}}
            with self._advisory("tables"):  # two processes that make them at once disturb each other
                return RDBStorage(self._url, engine_kwargs=engine)

    @contextmanager
    def lock(self, study: str) -> Iterator[None]:
        """By an advisory lock, which the server lets go when the connection ends."""
        with self._refusals(), self._advisory(study):
            yield

    @contextmanager
    def _advisory(self, name: str) -> Iterator[None]:
        import sqlalchemy

        engine = sqlalchemy.create_engine(
            self._url, poolclass=sqlalchemy.NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
        )
        key = zlib.crc32(f"scratchnn {name}".encode())
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
            yield

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turns what the server refuses into a `StorageError`, without the password."""
        from sqlalchemy.exc import ArgumentError, SQLAlchemyError

        try:
            yield
        except ArgumentError as error:
            hint = "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE."
            raise UsageError("the URL cannot be read", where="--storage", hint=hint) from error
        except (SQLAlchemyError, ValueError) as error:
            if isinstance(error, ValueError) and not isinstance(error, SQLAlchemyError):
                hint = "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE."
                raise UsageError(f"the URL cannot be read: {error}", where="--storage", hint=hint) from error
            cause = getattr(error, "orig", None) or getattr(error, "__cause__", None)
            cause = getattr(cause, "orig", cause) or error
            said = " ".join(str(cause).strip().splitlines()[0].split()) if str(cause).strip() else type(cause).__name__
            hint = "Check user, password, host and database, and that the server runs."
            raise StorageError(f"the server refused: {said}", where=self.name, hint=hint) from error
