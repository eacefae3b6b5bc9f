"""Events in one plain line each: for train.log, and for output that is no terminal."""

from __future__ import annotations

from scratchnn.training.events import EpochEnd, Event, Finished, Started


def describe(event: Event) -> str:
    """The line of an event; empty for one that is not worth a line.

    >>> describe(EpochEnd(3, 30, 0.01, {"loss": 0.25}, {"loss": 0.5, "accuracy": 0.875}))
    'epoch 3  loss 0.25  validation loss 0.5  accuracy 0.875'
    """
    if isinstance(event, Started) and (event.epochs_done or event.batches_done):
        batches = f", batch {event.batches_done} of the next" if event.batches_done else ""
        return f"resumed after epoch {event.epochs_done}{batches}"
    if isinstance(event, EpochEnd):
        return f"epoch {event.epoch}  {figures(event)}"
    if isinstance(event, Finished):
        because = f": {event.reason}" if event.reason else ""
        return f"{event.status.replace('_', ' ')} after {event.epochs} epochs, best epoch {event.best_epoch}{because}"
    return ""


def figures(event: EpochEnd) -> str:
    """The figures of an epoch that are single numbers, with four significant digits."""
    shown = {"loss": event.train["loss"]}
    for name, value in event.validation.items():
        if isinstance(value, int | float):
            shown["validation loss" if name == "loss" else name] = value
    return "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
