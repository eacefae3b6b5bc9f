"""A directory of several runs that belong together, with the file that says what they are."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from scratchnn.errors import ModelError, UsageError
from scratchnn.training.run_directory import ROOT, RunDirectory
from scratchnn.training.storage import finite_json, refusals, write_atomically

KINDS = ("crossval", "ensemble", "tune")


class RunGroup:
    """A parent of runs. `<kind>.json` says what it was made for, `summary.json` what came out."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self.kind = kind
        self.manifest = path / f"{kind}.json"
        self.summary = path / "summary.json"
        self._directory = RunDirectory(path)

    @classmethod
    def start(cls, kind: str, name: str, manifest: Mapping[str, Any], path: Path | None = None) -> Self:
        """Makes and locks `runs/<name>`, or the first of `<name>-2`, ... that is free; or exactly `path`.

        One that was made for the same is taken up again. Raises `UsageError` where `path` holds something else, and
        `BusyError` where another process works on it.
        """
        wanted = json.loads(json.dumps(manifest))
        root, number = ROOT if path is None else path.parent, 1
        while True:
            group = cls(path or root / (name if number == 1 else f"{name}-{number}"), kind)
            if group._holds(wanted) or (not os.path.lexists(group.path) and group._made(wanted)):
                group.lock()
                return group
            if path is not None:
                go_on = f"Choose another, or go on with it: --resume {shlex.quote(str(path))}"
                hint = go_on if group.manifest.is_file() else "Choose another place."
                raise UsageError("exists already, and was made for something else", where=str(path), hint=hint)
            number += 1

    @classmethod
    def open(cls, path: Path, kind: str) -> Self:
        """One that is there. Raises `ModelError` where there is none."""
        group = cls(path, kind)
        if not group.manifest.is_file():
            raise ModelError(f"holds no {kind}.json", where=str(path), hint="`scratchnn runs` shows what there is.")
        return group

    def read(self) -> dict[str, Any]:
        """What it was made for. Raises `ModelError` where the file is damaged."""
        with refusals(self.manifest):
            content = self.manifest.read_bytes()
        try:
            made = json.loads(content)
        except (ValueError, RecursionError):
            made = None
        if not isinstance(made, dict) or made.get("format") != 1:
            hint = "Use the version of scratchnn that wrote it, or start again in another directory."
            raise ModelError("cannot be read", where=str(self.manifest), hint=hint)
        return made

    def lock(self) -> None:
        """Makes this process the only one that works on it. Raises `BusyError`."""
        self._directory.lock()

    def unlock(self) -> None:
        """Lets others work on it."""
        self._directory.unlock()

    def write_summary(self, value: Mapping[str, Any]) -> None:
        """Writes what came out in one step, with null for NaN and infinity."""
        write_atomically(self.summary, (json.dumps(finite_json(value), indent=2) + "\n").encode(), sync=False)

    def _holds(self, wanted: Mapping[str, Any]) -> bool:
        try:
            return self.manifest.is_file() and self.read() == wanted
        except ModelError:
            return False

    def _made(self, manifest: Mapping[str, Any]) -> bool:
        """Makes the directory with its manifest in it; False where another process was faster."""
        root = self.path.parent
        with refusals(root):
            root.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        try:
            with refusals(made):
                made.chmod(root.stat().st_mode & 0o777)
            text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
            write_atomically(made / self.manifest.name, text.encode())
            made.rename(self.path)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not os.path.lexists(self.path):
                raise
            return False
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        return True


def group_kind(path: Path) -> str | None:
    """What kind of group a directory is, None where it is none."""
    return next((kind for kind in KINDS if (path / f"{kind}.json").is_file()), None)
