"""SIGINT and SIGTERM end a training gently: after the current batch, with its state saved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from scratchnn.training.events import StopRequest


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """The request that the signals set. A second signal ends the process at once."""
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if request.requested:
            raise SystemExit(128 + number)
        request.requested, request.signal = True, number

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
