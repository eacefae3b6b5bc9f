"""`model.safetensors`: the one file to ship. Weights, config, fitted preprocessing, class names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from scratchnn.data.encoder import Encoder
from scratchnn.errors import ModelError
from scratchnn.nn.memory import Array
from scratchnn.nn.network import Network
from scratchnn.training.tensors import read_tensors, write_tensors

FORMAT = 1
PREFIX = "layers."


@dataclass(frozen=True)
class ModelFile:
    """What the file holds. `config` is the resolved config as plain values."""

    config: dict[str, Any]
    encoder: Encoder
    arrays: dict[str, Array]
    where: str = ""

    def write(self, path: Path) -> None:
        """Writes the file in one step. Equal content gives equal bytes: no time, no place, no name of a machine."""
        document = {"format": FORMAT, "config": self.config, "encoder": self.encoder.model_dump(mode="json")}
        write_tensors(path, document, {PREFIX + name: array for name, array in self.arrays.items()})

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Reads and checks a file that may come from anywhere. Raises `ModelError`."""
        document, arrays = read_tensors(path)
        if document.get("format") != FORMAT:
            got = document.get("format")
            hint = "Use the version of scratchnn that wrote it."
            raise ModelError(f"has format {got}, this version reads {FORMAT}", where=str(path), hint=hint)
        try:
            encoder = Encoder.model_validate_json(_json(document["encoder"]))
            config = dict(document["config"])
        except (ValidationError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"holds no usable preprocessing: {_first_line(error)}", where=str(path)) from error
        return cls(config, encoder, {name.removeprefix(PREFIX): array for name, array in arrays.items()}, str(path))

    def fill(self, network: Network) -> None:
        """Copies the arrays into a network. Raises `ModelError` where a name, a shape or a number does not fit."""
        wanted = network.arena.named_arrays()
        for name in sorted(wanted.keys() | self.arrays.keys()):
            got, want = self.arrays.get(name), wanted.get(name)
            if got is None or want is None:
                word = "lacks" if got is None else "has a surplus"
                raise ModelError(f"{word} array {PREFIX}{name}", where=self.where)
            if got.shape != want.shape or got.dtype != want.dtype:
                message = f"{PREFIX}{name} is {got.dtype}{got.shape}, the network needs {want.dtype}{want.shape}"
                raise ModelError(message, where=self.where)
            if not np.isfinite(got).all():
                raise ModelError(f"{PREFIX}{name} holds numbers that are not finite", where=self.where)
            want[...] = got


def _json(value: object) -> str:
    import json

    return json.dumps(value)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
