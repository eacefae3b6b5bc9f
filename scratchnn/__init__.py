"""Train neural networks described in YAML, on an engine written from scratch in NumPy.

The names below load what they need when they are first used: importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scratchnn.nn.network import Network
    from scratchnn.workflows.audit import audit
    from scratchnn.workflows.compare import compare
    from scratchnn.workflows.crossval import crossval
    from scratchnn.workflows.evaluate import evaluate
    from scratchnn.workflows.find_lr import find_lr
    from scratchnn.workflows.generate import generate
    from scratchnn.workflows.model import load_model
    from scratchnn.workflows.predict import predict
    from scratchnn.workflows.report import report
    from scratchnn.workflows.runs import runs
    from scratchnn.workflows.train import resume, train
    from scratchnn.workflows.train_ensemble import train_ensemble

__version__ = "0.1.0"
__all__ = [
    "Network",
    "audit",
    "compare",
    "crossval",
    "evaluate",
    "find_lr",
    "generate",
    "load_model",
    "predict",
    "report",
    "resume",
    "runs",
    "train",
    "train_ensemble",
]

_HOMES = {
    "Network": "scratchnn.nn.network",
    "audit": "scratchnn.workflows.audit",
    "compare": "scratchnn.workflows.compare",
    "crossval": "scratchnn.workflows.crossval",
    "evaluate": "scratchnn.workflows.evaluate",
    "find_lr": "scratchnn.workflows.find_lr",
    "generate": "scratchnn.workflows.generate",
    "load_model": "scratchnn.workflows.model",
    "predict": "scratchnn.workflows.predict",
    "report": "scratchnn.workflows.report",
    "resume": "scratchnn.workflows.train",
    "runs": "scratchnn.workflows.runs",
    "train": "scratchnn.workflows.train",
    "train_ensemble": "scratchnn.workflows.train_ensemble",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
