"""The libraries that are compared. Each has a module here that only its own worker process imports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from benchmarks.workloads import MLP, Workload

PIP = "pip install 'scratchnn[bench]'"


@dataclass(frozen=True)
class Library:
    """A library: how people call it, what Python imports, which module of this package trains with it.

    `own_order`: it shuffles the rows by itself, so its batches are not those of the others.
    `dense_only`: why it takes no other workloads than dense layers; empty where it takes all.
    """

    name: str
    imports: str
    module: str
    own_order: bool = False
    dense_only: str = ""

    def takes(self, workload: Workload) -> bool:
        """Whether it can train this workload."""
        return not self.dense_only or isinstance(workload, MLP)

    @property
    def installed(self) -> bool:
        """Whether it can be imported; does not import it."""
        return find_spec(self.imports) is not None


OURS = "scratchnn"
LIBRARIES = {
    library.name: library
    for library in (
        Library(OURS, "scratchnn", "benchmarks.libraries.engine"),
        Library("torch", "torch", "benchmarks.libraries.eager_torch"),
        Library(
            "scikit-learn",
            "sklearn",
            "benchmarks.libraries.scikit_learn",
            own_order=True,
            dense_only="it has dense layers only",
        ),
        Library(
            "jax", "jax", "benchmarks.libraries.jitted_jax", dense_only="only dense layers are written for it here"
        ),
    )
}


def contestants(names: Iterable[str]) -> tuple[list[Library], list[Library]]:
    """The named libraries that are installed, scratchnn first, and those that are missing.

    scratchnn always takes part: without it there is no ratio.
    """
    chosen = {OURS, *names}
    libraries = [library for library in LIBRARIES.values() if library.name in chosen]
    return [x for x in libraries if x.installed], [x for x in libraries if not x.installed]
