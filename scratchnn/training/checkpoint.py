"""The resumable state on disk: `checkpoints/000012-000000.safetensors` is the state after 12 epochs and 0 batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from scratchnn.errors import ModelError
from scratchnn.training.storage import refusals
from scratchnn.training.tensors import read_tensors, write_tensors
from scratchnn.training.trainer import Snapshot

FORMAT = 2
SHOWN = 3  # settings that differ, in one message
ABSENT = object()


class Checkpoints:
    """The newest `keep` snapshots of one run.

    `identity` ties them to a config (under "settings") and to check sums of its data: a snapshot with another one is
    refused. `damaged` are those that `newest` had to pass over. Files are not forced to the
    disk, for speed: killing the process loses nothing, and after a loss of power the check sum tells, and the one
    before it serves.
    """

    def __init__(self, folder: Path, keep: int, identity: Mapping[str, object]) -> None:
        self._folder = folder
        self._keep = keep
        self._identity = dict(identity)
        self.damaged: list[Path] = []

    def save(self, snapshot: Snapshot) -> Path:
        """Writes a snapshot, then removes the oldest beyond `keep` and those that claim to be newer."""
        position = snapshot.numbers["position"]
        path = self._folder / f"{position['epochs']:06d}-{position['batches']:06d}.safetensors"
        document = {"format": FORMAT, "identity": self._identity, "numbers": snapshot.numbers}
        with refusals(self._folder):
            self._folder.mkdir(exist_ok=True)
        write_tensors(path, document, snapshot.arrays, sync=False)
        paths = self.paths()
        place = paths.index(path) + 1
        stale = paths[place:]  # damaged ones, which an older one was loaded instead of
        for other in [*paths[: max(place - self._keep, 0)], *stale]:
            with refusals(other):
                other.unlink()
        return path

    def paths(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self._folder.glob("[0-9]*.safetensors"))

    def newest(self) -> Snapshot | None:
        """The newest whole snapshot, or None where there is none. Raises `ModelError` where all are damaged."""
        damage: ModelError | None = None
        for path in reversed(self.paths()):
            try:
                document, arrays = read_tensors(path)
            except ModelError as error:
                damage = damage or error
                self.damaged.append(path)
                continue
            self._check(document, path)
            return Snapshot(document["numbers"], arrays)
        if damage is not None:
            raise damage
        return None

    def _check(self, document: Mapping[str, object], path: Path) -> None:
        if document.get("format") != FORMAT or "numbers" not in document:
            raise ModelError("is a checkpoint of another version", where=str(path), hint="Start a new run.")
        found, wanted = document.get("identity"), self._identity
        if not isinstance(found, dict) or found.keys() != wanted.keys():
            raise ModelError("is a checkpoint of another version", where=str(path), hint="Start a new run.")
        if changed := list(_differences(found.get("settings"), wanted.get("settings"))):
            more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
            message = f"was made with another config: {'; '.join(changed[:SHOWN] + more)}"
            raise ModelError(message, where=str(path), hint="Put it back as it was, or start a new run.")
        if names := [name for name in wanted if found[name] != wanted[name]]:
            message = f"was made with other {' and '.join(names)}"
            raise ModelError(message, where=str(path), hint="Put them back as they were, or start a new run.")


def _differences(old: object, new: object, place: str = "") -> Iterator[str]:
    """What differs between two settings: `optimizer.learning_rate: 0.01, now 0.1`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if old.get("type") != new.get("type"):  # then the other keys mean other things
            old, new = ({"type": each.get("type", ABSENT)} for each in (old, new))
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key, ABSENT), new.get(key, ABSENT), f"{place}.{key}".removeprefix("."))
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{place}: {len(old)} entries, now {len(new)}"
            return
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(before, after, f"{place}[{index}]")
    elif old != new:
        yield f"{place}: {_shown(old)}, now {_shown(new)}"


def _shown(value: object) -> str:
    return "absent" if value is ABSENT else json.dumps(value)
