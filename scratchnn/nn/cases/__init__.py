"""The table that drives every component through every check: three rows or more for each layer, activation and loss.

The rows lie in the modules of this package, beside their kin; every module is read.
"""

from __future__ import annotations

import importlib
import pkgutil

from scratchnn.component import Component, families
from scratchnn.nn.cases.rows import LayerCase, LossCase

ROWS_NEEDED = 3
FAMILIES = ("layer", "activation", "loss")

_MODULES = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
LAYERS: tuple[LayerCase, ...] = tuple(row for module in _MODULES for row in getattr(module, "LAYERS", ()))
ACTIVATIONS: tuple[LayerCase, ...] = tuple(row for module in _MODULES for row in getattr(module, "ACTIVATIONS", ()))
LOSSES: tuple[LossCase, ...] = tuple(row for module in _MODULES for row in getattr(module, "LOSSES", ()))


def missing_cases() -> list[str]:
    """The members of this package without `ROWS_NEEDED` rows, as "layer: dense". Users' own components need none."""
    rows: list[Component] = [case.component for case in (*LAYERS, *ACTIVATIONS)]
    rows += [case.component for case in LOSSES]
    return [
        f"{family}: {tag}"
        for family in FAMILIES
        for tag, member in families()[family].members().items()
        if member.__module__.startswith("scratchnn.") and sum(type(row) is member for row in rows) < ROWS_NEEDED
    ]
