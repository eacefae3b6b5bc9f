"""Starting from the weights of another model: what is taken, and a report of every array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Settings
from scratchnn.data.targets import FittedTarget
from scratchnn.errors import ConfigError, ModelError
from scratchnn.nn.layer import Layer
from scratchnn.nn.memory import Array, Shape
from scratchnn.nn.network import Network
from scratchnn.nn.patterns import matching

MOST_NAMED = 8


class StartSettings(Settings):
    """A model to start from (fine-tuning). Its arrays, weights and running statistics alike, are taken by their names.

    Names are those of the network that is trained: `0.weight`, `3.running_mean`; `*` stands for any text. What a
    pattern of `take` matches and none of `skip` is taken; all else starts afresh, as without `from`. Every array is
    reported: taken, skipped, fresh (the model has none of this name) or unused (the network has none).

    A new last layer, the first one frozen, the next ones slower at first:

        from: {path: runs/low, skip: ["2.*"]}
        optimizer: {type: adam, learning_rate: 1e-3, groups: [{match: "1.*", learning_rate_factor: 0.1}]}
        training: {freeze: [{match: "0.*"}, {match: "1.*", until: 5}]}
    """

    path: str = Field(min_length=1, description="A run directory or a model file.")
    take: list[str] = Field(["*"], min_length=1, description="Patterns of the arrays that are taken.")
    skip: list[str] = Field([], description="Patterns of arrays that are not, such as 4.* for a new last layer.")
    rename: dict[str, str] = Field(
        {}, description='How names of the model begin, and how they begin here: {"0": "1"} makes 0.weight 1.weight.'
    )
    preprocessing: Literal["keep", "refit"] = Field(
        "keep",
        description="keep: inputs are encoded as the model has them, and classes that are the same keep their order; "
        "data.features then only drops rows. refit: all is fitted on the new training rows.",
    )
    mismatch: Literal["error", "skip"] = Field(
        "error", description="What an array of another shape does. skip: it starts afresh, and is reported."
    )


@dataclass(frozen=True)
class StartReport:
    """What became of each array, by name. `mismatched` has the shape in the model and that in the network."""

    model: str
    preprocessing: str
    taken: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    mismatched: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object under "from" in machine output."""
        shapes = {
            name: {"model": list(theirs), "network": list(ours)} for name, (theirs, ours) in self.mismatched.items()
        }
        return {
            "model": self.model,
            "preprocessing": self.preprocessing,
            "taken": self.taken,
            "skipped": self.skipped,
            "mismatched": shapes,
            "fresh": self.fresh,
            "unused": self.unused,
            "notes": self.notes,
        }

    def lines(self, most: int | None = None) -> list[str]:
        """The same in words; at most so many names in a row."""
        mismatched = [f"{name} {theirs} there, {ours} here" for name, (theirs, ours) in self.mismatched.items()]
        kinds = {
            "took": self.taken,
            "skipped": self.skipped,
            "another shape, so fresh:": mismatched,
            "not in the model, so fresh:": self.fresh,
            "only in the model:": self.unused,
        }
        what = {"keep": "preprocessing kept", "refit": "preprocessing fitted anew"}[self.preprocessing]
        lines = [f"from {self.model}: took {len(self.taken)} of {len(self._wanted)} arrays; {what}"]
        lines += [f"  {kind} {_listed(names, most)}" for kind, names in kinds.items() if names]
        return [*lines, *(f"  {note}" for note in self.notes)]

    @property
    def _wanted(self) -> list[str]:
        return [*self.taken, *self.skipped, *self.mismatched, *self.fresh]


@dataclass(frozen=True)
class Source:
    """The model that is started from: its arrays, and what its outputs mean. `name` is what to call it in messages."""

    name: str
    arrays: Mapping[str, Array]
    target: FittedTarget


def start_from(network: Network, source: Source, target: FittedTarget, settings: StartSettings) -> StartReport:
    """Copies arrays into an initialized network whose outputs mean `target`; the report.

    Raises `ConfigError` where a pattern matches nothing, where an array has another shape, where the last layer would
    be taken for other classes, and where nothing is taken; `ModelError` for numbers that are not finite.
    """
    report = StartReport(source.name, settings.preprocessing)
    wanted, found = network.arena.named_arrays(), _renamed(source, settings.rename)
    names = [*wanted, *(name for name in found if name not in wanted)]
    takes = _matched(settings.take, names, "from.take")
    skips = _matched(settings.skip, names, "from.skip")
    casts = set()
    for name in names:
        if name not in wanted:
            report.unused.append(name)
        elif name in skips or name not in takes:
            (report.skipped if name in found else report.fresh).append(name)
        elif name not in found:
            report.fresh.append(name)
        elif found[name].shape != wanted[name].shape:
            report.mismatched[name] = (found[name].shape, wanted[name].shape)
        else:
            report.taken.append(name)
            casts |= {str(found[name].dtype)} - {str(wanted[name].dtype)}
    head = head_of(network)
    own = [name for name in report.taken if name.startswith(head)]
    _check_shapes(report, source, target, head, settings)
    _check_meaning(source, target, head, own)
    if not report.taken:
        message = f"nothing is taken from {source.name}: it has {_listed(list(found), MOST_NAMED)}"
        hint = f"This network has {_listed(list(wanted), MOST_NAMED)}: see from.take, from.skip and from.rename."
        raise ConfigError(message, where="from", hint=hint)
    report.notes.extend(f"{dtype} numbers were converted to {network.dtype}" for dtype in sorted(casts))
    if own and _scale_differs(source.target, target):
        report.notes.append("the targets are scaled in another way than those of the model, whose last layer is taken")
    for name in report.taken:
        if not np.isfinite(found[name]).all():
            hint = "Choose another model, or skip this array with from.skip."
            raise ModelError(f"{name} holds numbers that are not finite", where=source.name, hint=hint)
        wanted[name][...] = found[name]
    return report


def head_of(network: Network) -> str:
    """How the names of the layer that makes the outputs begin: `4.`."""
    layers: Sequence[Layer] = network.layers
    last = len(layers) - 1
    while last > 0 and layers[last].keeps_size:
        last -= 1
    return f"{last}."


def _renamed(source: Source, rename: Mapping[str, str]) -> dict[str, Array]:
    """The arrays under their names here; of several beginnings the longest counts."""
    made: dict[str, Array] = {}
    used = set()
    for name, array in source.arrays.items():
        begins = [old for old in rename if name == old or name.startswith(f"{old.removesuffix('.')}.")]
        new = name
        if begins:
            old = max(begins, key=len)
            used.add(old)
            new = rename[old].removesuffix(".") + name[len(old.removesuffix(".")) :]
        if new in made:
            message = f"two arrays of {source.name} would be {new}"
            raise ConfigError(message, where="from.rename", hint="Give the other one a new name too.")
        made[new] = array
    for old in rename:
        if old not in used:
            hint = f"It has {_listed(list(source.arrays), MOST_NAMED)}."
            raise ConfigError(f'no array of {source.name} begins with "{old}"', where="from.rename", hint=hint)
    return made


def _matched(patterns: Iterable[str], names: Sequence[str], where: str) -> set[str]:
    """The names that some pattern matches. Raises `ConfigError` for a pattern that matches none."""
    for index, pattern in enumerate(patterns):
        if pattern != "*":
            matching(pattern, names, f"{where}[{index}]")
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


def _check_shapes(
    report: StartReport, source: Source, target: FittedTarget, head: str, settings: StartSettings
) -> None:
    """Refuses arrays of another shape, all at once, unless they may start afresh."""
    if not report.mismatched or settings.mismatch == "skip":
        return
    shapes = [f"{name} is {theirs} in the model and {ours} here" for name, (theirs, ours) in report.mismatched.items()]
    message = f"{source.name} does not fit: {'; '.join(shapes[:MOST_NAMED])}"
    message += f"; and {len(shapes) - MOST_NAMED} more" if len(shapes) > MOST_NAMED else ""
    layers = list(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in report.mismatched))
    skips = ", ".join(f'"{pattern}"' for pattern in layers)
    why = ""
    if all(name.startswith(head) for name in report.mismatched) and source.target.class_names != target.class_names:
        why = f"The last layer has {_meaning(source.target)} there and {_meaning(target)} here. "
    hint = f"{why}To start them afresh, set from.skip: [{skips}], or from.mismatch: skip."
    raise ConfigError(message, where="from", hint=hint)


def _check_meaning(source: Source, target: FittedTarget, head: str, own: Sequence[str]) -> None:
    """Refuses a last layer of the same shape whose outputs stand for something else."""
    theirs, ours = source.target, target
    if not own or (theirs.class_names or theirs.label_names) == (ours.class_names or ours.label_names):
        return
    message = f"the outputs of {source.name} stand for {_meaning(theirs)}, those of this network for {_meaning(ours)}"
    hint = f'To start the last layer afresh, set from.skip: ["{head}*"].'
    if sorted(theirs.class_names) == sorted(ours.class_names):
        order = ", ".join(theirs.class_names)
        hint = f'Set data.class_order: [{order}] to keep the model\'s order, or from.skip: ["{head}*"].'
    raise ConfigError(message, where="from", hint=hint)


def _meaning(target: FittedTarget) -> str:
    """What the outputs stand for: `the 3 classes a, b, c`."""
    names = target.class_names or target.label_names
    if not names:
        return f"numbers ({_listed(target.names, MOST_NAMED)})"
    kind = "classes" if target.class_names else "labels"
    return f"the {len(names)} {kind} {_listed(names, MOST_NAMED)}"


def _scale_differs(theirs: FittedTarget, ours: FittedTarget) -> bool:
    """Whether numbers are targets on another scale, or in other columns."""
    return ours.is_number and theirs.model_dump() != ours.model_dump()


def _listed(names: Sequence[str], most: int | None) -> str:
    left = 0 if most is None else max(len(names) - most, 0)
    return ", ".join(names[:most]) + (f" and {left} more" if left else "")
