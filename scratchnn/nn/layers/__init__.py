"""The layers. Importing this package enrols every one of them, so that a new file is all that a new layer needs."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
