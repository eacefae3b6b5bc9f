"""What `scratchnn validate` and `summary` do: look at a config without training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.nn.updater import Updater
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.layer_table import LayerRow, layer_rows
from scratchnn.workflows.session import Ready, Session
from scratchnn.workflows.tuning.assigning import check_space


@dataclass(frozen=True)
class Summary:
    """The network of a config: its layers, and what a training step costs."""

    name: str
    inputs: tuple[int, ...]
    layers: list[LayerRow]
    parameters: int
    batch_size: int
    parameter_bytes: int
    workspace_bytes: int
    optimizer_bytes: int
    loss: str

    @property
    def flops(self) -> int:
        """Floating-point operations of one sample's forward pass."""
        return sum(row.flops for row in self.layers)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        layers = [
            {"index": row.index, "type": row.tag, "output": list(row.output), "parameters": row.parameters}
            | {"flops": row.flops}
            for row in self.layers
        ]
        return {
            "name": self.name,
            "input": list(self.inputs),
            "layers": layers,
            "parameters": self.parameters,
            "flops": self.flops,
            "loss": self.loss,
            "batch_size": self.batch_size,
            "bytes": {
                "parameters": self.parameter_bytes,
                "optimizer": self.optimizer_bytes,
                "workspace": self.workspace_bytes,
            },
        }


def validate(
    config: str | Path, overrides: Sequence[str] = (), plugins: Iterable[str | Path] = (), *, data: bool = True
) -> Ready | None:
    """Checks a config, with its search, and with `data` also that its data can be read and fits the network.

    Raises what is wrong.
    """
    loaded = load_config(config, overrides, plugins)
    check_space(loaded)
    return Session(loaded).ready(None) if data else None


def summary(config: str | Path, overrides: Sequence[str] = (), plugins: Iterable[str | Path] = ()) -> Summary:
    """Shapes, parameters, memory and operations of a config's network. Reads the data to know its shape."""
    session = Session(load_config(config, overrides, plugins))
    network = session.built.network
    batch = session.batch_size
    vector = network.arena.parameters.nbytes
    return Summary(
        name=session.loaded.name,
        inputs=network.inputs.shape,
        layers=layer_rows(network),
        parameters=network.arena.count,
        batch_size=batch,
        parameter_bytes=vector,
        workspace_bytes=network.workspace(batch).nbytes + vector + network.arena.state.nbytes + _augmenting(session),
        optimizer_bytes=sum(slot.nbytes for slot in Updater(session.config.optimizer, network.arena).slots.values()),
        loss=session.built.loss.title,
    )


def _augmenting(session: Session) -> int:
    """What the augmentations of a batch work in."""
    augmenter, network = session.augmenter, session.built.network
    if augmenter is None:
        return 0
    augmenter(np.zeros((session.batch_size, *network.inputs.shape), network.dtype))
    return augmenter.nbytes
