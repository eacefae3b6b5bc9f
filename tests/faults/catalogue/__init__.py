"""The faults, in files by what they are in."""

from __future__ import annotations

import importlib
import pkgutil

from tests.faults.fault import Fault

_MODULES = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
FAULTS: tuple[Fault, ...] = tuple(fault for module in _MODULES for fault in module.FAULTS)
