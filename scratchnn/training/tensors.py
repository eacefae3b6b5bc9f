"""safetensors files with one JSON document beside the arrays, and a check sum over both. No pickle, no code.

The document is a single metadata entry: the library writes several in no fixed order, and equal content must give
equal bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.errors import ModelError
from scratchnn.nn.memory import Array
from scratchnn.training.storage import refusals, write_atomically

KEY = "scratchnn"


def write_tensors(path: Path, document: Mapping[str, Any], arrays: Mapping[str, Array], *, sync: bool = True) -> None:
    """Writes the file in one step. NaN and infinity in the document are refused (they are no JSON)."""
    from safetensors.numpy import save

    text = json.dumps({"crc32": _checksum(document, arrays), **document}, allow_nan=False)
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata={KEY: text})
    write_atomically(path, content, sync=sync)


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The document and the arrays. Raises `ModelError` for anything that `write_tensors` did not write whole."""
    from safetensors import safe_open

    with refusals(path):
        path.open("rb").close()
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except Exception as error:  # what a damaged file makes the library raise has no common base
        hint = "It may be cut short, or not be a safetensors file."
        raise ModelError(f"cannot be read: {error}", where=str(path), hint=hint) from error
    try:
        document = json.loads(metadata[KEY])
        expected = document.pop("crc32")
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
        hint = "Give a model.safetensors or a run directory that `scratchnn train` wrote."
        raise ModelError("is not a file of scratchnn", where=str(path), hint=hint) from error
    if expected != _checksum(document, arrays):
        raise ModelError("is damaged: its check sum does not fit", where=str(path), hint="Use another copy.")
    return document, arrays


def _checksum(document: Mapping[str, Any], arrays: Mapping[str, Array]) -> int:
    value = zlib.crc32(json.dumps(document, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        value = zlib.crc32(f"{name}{array.shape}{array.dtype}".encode(), value)
        value = zlib.crc32(array.reshape(-1).view(np.uint8).data, value)
    return value
