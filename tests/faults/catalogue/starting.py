"""Faults in starting from another model."""

from __future__ import annotations

from tests.faults.fault import Fault

WORKFLOW = "workflows/test_starting.py"

FAULTS = (
    Fault(
        "fine-tuning-skips-a-mismatch-silently",
        "training/starting.py",
        'if not report.mismatched or settings.mismatch == "skip":',
        "if report.mismatched is not None:",
        "an array of another shape starts afresh without a word",
        WORKFLOW,
    ),
    Fault(
        "fine-tuning-takes-a-head-of-other-classes",
        "training/starting.py",
        "if not own or (theirs.class_names",
        "if own or (theirs.class_names",
        "outputs stand for other classes than they learned",
        WORKFLOW,
    ),
    Fault(
        "fine-tuning-loses-the-order-of-classes",
        "data/keeping.py",
        'return theirs.model_copy(update={"names": ours.names}) if same else ours',
        "return ours",
        "kept preprocessing gives classes in another order than the head has them",
        WORKFLOW,
    ),
    Fault(
        "fine-tuning-calibrates-what-it-took",
        "nn/network.py",
        "isinstance(init, LSUV) and name not in keep}",
        "isinstance(init, LSUV)}",
        "weights of the model are scaled as if they were new",
        WORKFLOW,
    ),
    Fault(
        "fine-tuning-keeps-no-copy-of-its-start",
        "workflows/train.py",
        "session.start.stored if session.start else None",
        "None",
        "a killed run cannot go on where the model is gone",
        WORKFLOW,
    ),
)
