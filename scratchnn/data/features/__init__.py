"""The features of columns. Importing this package enrols every one, so that a new file is all that a new one needs."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
