"""Taking turns, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from benchmarks.libraries import OURS

Sample = TypeVar("Sample")


@dataclass(frozen=True)
class Ratio:
    """Peer / scratchnn within each round: the median over the rounds, the smallest, the largest."""

    median: float
    low: float
    high: float


def take_turns(players: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, list[Sample]]:
    """Calls each in turn, so many rounds; the samples of each by round."""
    samples: dict[str, list[Sample]] = {name: [] for name in players}
    for _ in range(rounds):
        for name, play in players.items():
            samples[name].append(play())
    return samples


def ratios(figures: Mapping[str, list[float]]) -> dict[str, Ratio]:
    """Of each peer, from the figures of each round."""
    found = {}
    for name, peer in figures.items():
        if name != OURS:
            values = [theirs / ours for theirs, ours in zip(peer, figures[OURS], strict=True)]
            found[name] = Ratio(median(values), min(values), max(values))
    return found
