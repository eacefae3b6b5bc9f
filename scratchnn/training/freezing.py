"""Parameters that stay as they are for a while, or for good."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from pydantic import Field

from scratchnn.component import Settings
from scratchnn.errors import ConfigError
from scratchnn.nn.network import Network
from scratchnn.nn.patterns import matching

WHERE = "training.freeze"


class Freeze(Settings):
    """Arrays that do not change in the first epochs. A parameter is frozen as long as one entry that matches says so.

    Nothing moves a frozen parameter: no gradient, weight decay or constraint; its gradient is left out of the norms
    that limit it, and its optimizer state starts, with a step count of its own, when it is freed. Its l1 and l2 stay in
    the reported penalty, as constants. Layers whose running statistics match (`1.*`, not `1.gamma`) work as outside of
    training, with those statistics, which stay: Keras' rule; PyTorch would go on moving them. Dropout stays on.
    """

    match: str = Field(min_length=1, description="Pattern of the names, such as 0.* or *.bias.")
    until: int | None = Field(None, ge=1, description="Epochs that they stay frozen; absent: the whole training.")


class Freezing:
    """The entries bound to a network: what is frozen after so many complete epochs.

    Raises `ConfigError` for a pattern that matches nothing, and where no parameter is ever trained in `epochs`.
    """

    def __init__(self, entries: Sequence[Freeze], network: Network, epochs: int) -> None:
        arena = network.arena
        names = [*arena.slots, *arena.state_slots]
        for index, entry in enumerate(entries):
            matching(entry.match, names, f"{WHERE}[{index}].match")
        self._entries = entries
        self._layers = len(network.layers)
        self.until: Mapping[str, float] = {name: self._until(name) for name in arena.slots}
        self._state: Mapping[str, float] = {name: self._until(name) for name in arena.state_slots}
        if arena.slots and all(until >= epochs for until in self.until.values()):
            message = f"every parameter is frozen in all {epochs} epochs: nothing would be trained"
            raise ConfigError(message, where=WHERE, hint="Free some, or let until be smaller.")

    @property
    def active(self) -> bool:
        """Whether anything is ever frozen."""
        return bool(self._entries)

    def notes(self, epochs: int) -> list[str]:
        """Warnings about entries that free nothing within the training."""
        late = [entry for entry in self._entries if entry.until is not None and entry.until >= epochs]
        return [f'{WHERE}: "{entry.match}" stays frozen: until is {entry.until}, of {epochs} epochs' for entry in late]

    def parameters(self, epochs: int) -> frozenset[str]:
        """The parameters that are frozen after so many epochs."""
        return _frozen(self.until, epochs)

    def layers(self, epochs: int) -> frozenset[str]:
        """How the names of layers begin whose running statistics are frozen: `1.`."""
        return frozenset(name[: name.rindex(".") + 1] for name in _frozen(self._state, epochs))

    def lowest(self, epochs: int) -> int:
        """The first layer of the network that still needs gradients: below it lies nothing that is trained."""
        frozen = self.parameters(epochs)
        trained = [int(name.partition(".")[0]) for name in self.until if name not in frozen]
        return min(trained, default=self._layers - 1)

    def _until(self, name: str) -> float:
        found: Iterable[Freeze] = (entry for entry in self._entries if fnmatchcase(name, entry.match))
        return max((math.inf if entry.until is None else entry.until for entry in found), default=0)


def _frozen(until: Mapping[str, float], epochs: int) -> frozenset[str]:
    return frozenset(name for name, last in until.items() if epochs < last)
