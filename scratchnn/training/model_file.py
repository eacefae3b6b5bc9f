"""`model.safetensors`: the one file to ship. Weights, config, fitted preprocessing, class names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from scratchnn.data.encoder import Encoder
from scratchnn.errors import ModelError
from scratchnn.nn.memory import Array
from scratchnn.nn.network import Network
from scratchnn.training.adjustment import Adjustment
from scratchnn.training.constant_baseline import ConstantBaseline
from scratchnn.training.tensors import read_tensors, write_tensors

FORMAT = 1
ADJUSTED = 2  # the same with an adjustment, which versions that read 1 alone would pass over
PREFIX = "layers."
BASELINE = "baseline."
_MEND = "Use the file as `scratchnn train` wrote it, or train again."


@dataclass(frozen=True)
class ModelFile:
    """What the file holds.

    `config` is the resolved config as plain values, `parts` a check sum of the rows of each part (train, validation,
    test) to know them again. A file that an older version wrote has no `baseline`. The `adjustment` is what was found
    after the training.
    """

    config: dict[str, Any]
    encoder: Encoder
    arrays: dict[str, Array]
    parts: dict[str, int] = field(default_factory=dict)
    where: str = ""
    baseline: ConstantBaseline | None = None
    adjustment: Adjustment = field(default_factory=Adjustment)

    def write(self, path: Path) -> None:
        """Writes the file in one step. Equal content gives equal bytes: no time, no place, no name of a machine."""
        document = {
            "format": FORMAT,
            "config": self.config,
            "encoder": self.encoder.model_dump(mode="json"),
            "parts": self.parts,
        }
        if self.adjustment.changes:
            document |= {"format": ADJUSTED, "adjustment": self.adjustment.model_dump(mode="json")}
        arrays = {PREFIX + name: array for name, array in self.arrays.items()}
        if self.baseline is not None:
            arrays |= {BASELINE + name: array for name, array in self.baseline.arrays.items()}
        write_tensors(path, document, arrays)

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Reads and checks a file that may come from anywhere. Raises `ModelError`."""
        document, arrays = read_tensors(path)
        adjusted = document.get("format") == ADJUSTED
        if document.get("format") not in (FORMAT, ADJUSTED):
            got = document.get("format")
            hint = "Use the version of scratchnn that wrote it."
            raise ModelError(
                f"has format {got}, this version reads {FORMAT} and {ADJUSTED}", where=str(path), hint=hint
            )
        for key in ("config", "encoder", "parts", *(["adjustment"] if adjusted else [])):
            if not isinstance(document.get(key), dict):
                raise ModelError(f"lacks its {key}", where=str(path), hint=_MEND)
        try:
            encoder = Encoder.model_validate_json(json.dumps(document["encoder"]))
        except ValidationError as error:
            raise ModelError(f"holds no usable preprocessing: {_fault(error)}", where=str(path), hint=_MEND) from error
        try:
            adjustment = Adjustment.model_validate(document["adjustment"] if adjusted else {})
        except ValidationError as error:
            raise ModelError(f"holds no usable adjustment: {_fault(error)}", where=str(path), hint=_MEND) from error
        known = {name.removeprefix(BASELINE): arrays.pop(name) for name in list(arrays) if name.startswith(BASELINE)}
        baseline = ConstantBaseline.of(known, encoder, str(path))
        arrays = {name.removeprefix(PREFIX): array for name, array in arrays.items()}
        return cls(document["config"], encoder, arrays, document["parts"], str(path), baseline, adjustment)

    def fill(self, network: Network) -> None:
        """Copies the arrays into a network. Raises `ModelError` where a name, a shape or a number does not fit."""
        wanted = network.arena.named_arrays()
        for name in sorted(wanted.keys() | self.arrays.keys()):
            got, want = self.arrays.get(name), wanted.get(name)
            if got is None or want is None:
                word = "lacks" if got is None else "has a surplus"
                raise ModelError(f"{word} array {PREFIX}{name}", where=self.where, hint=_MEND)
            if got.shape != want.shape or got.dtype != want.dtype:
                message = f"{PREFIX}{name} is {got.dtype}{got.shape}, the network needs {want.dtype}{want.shape}"
                raise ModelError(message, where=self.where, hint=_MEND)
            if not np.isfinite(got).all():
                raise ModelError(f"{PREFIX}{name} holds numbers that are not finite", where=self.where, hint=_MEND)
            want[...] = got


def _fault(error: ValidationError) -> str:
    """The first fault with its place, such as `inputs.columns.0.scale: ...`."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place}: {fault['msg']}" if place else fault["msg"]
