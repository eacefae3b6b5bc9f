"""What a run is tied to: its settings and the rows of its parts, as check sums."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from scratchnn.config.dump import plain
from scratchnn.config.schema import Config
from scratchnn.data.preparation import Part, Prepared
from scratchnn.data.samples import Inputs, Samples
from scratchnn.data.synthetic import Synthetic


def identity(config: Config, train: Part, validation: Part | None) -> dict[str, Any]:
    """What a checkpoint must have been made with: the settings but those that may change, and the rows."""
    settings = plain(config)
    for key in ("name", "threads", "plugins", "tune"):
        del settings[key]
    if settings["from"] is None:
        del settings["from"]
    else:  # the run holds that model, wherever it was
        settings["from"] = {**plain(config.start), "path": ""}
    for key in ("epochs", "checkpoint"):
        del settings["training"][key]
    # The rows themselves are compared, wherever they and the file that divides them lie.
    for key in ("source", "cache", "split_seed"):
        del settings["data"][key]
    for key in config.data.split.paths:
        del settings["data"]["split"][key]
    return {
        "settings": settings,
        "training data": _checksum(train.inputs, train.targets, train.weights),
        "validation data": 0
        if validation is None
        else _checksum(validation.inputs, validation.targets, validation.weights),
    }


def fingerprints(config: Config, data: Prepared) -> dict[str, int]:
    """A check sum of each part, to know its rows again.

    Of points that a source makes only the row numbers count: another machine may round their coordinates in another
    way.
    """
    if isinstance(config.data.source, Synthetic):
        return {name: _checksum(part.rows) for name, part in data.parts.items()}
    return {name: _checksum(part.rows, part.inputs, part.targets, part.weights) for name, part in data.parts.items()}


def _checksum(*arrays: Inputs | None) -> int:
    value = 0
    for array in arrays:
        if isinstance(array, Samples):
            value = array.checksum(value)
        elif array is not None:
            value = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, value)
    return value
