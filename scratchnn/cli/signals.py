"""SIGHUP, SIGINT and SIGTERM: they end a command at once, but a training gently, with its state saved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from scratchnn.training.events import StopRequest

NAMES = ("SIGHUP", "SIGINT", "SIGTERM")  # Windows has no SIGHUP


class Stopped(BaseException):
    """A signal ends the command. No `Exception`, so that nothing on the way takes it for a fault."""

    def __init__(self, number: int, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number
        self.where = where
        self.hint = hint

    def to_json(self) -> dict[str, object]:
        """The object under "error" in machine output."""
        return {"kind": "interrupted", "message": str(self), "where": self.where, "hint": self.hint}


@dataclass
class GentleStop(StopRequest):
    """A request to stop that the signals set once `gentle` is true: from then on there is a state to save."""

    gentle: bool = False


def heeded() -> list[signal.Signals]:
    """The signals that count: not those that the process was told to ignore, as by nohup."""
    known = [signal.Signals[name] for name in NAMES if name in signal.Signals.__members__]
    return [number for number in known if signal.getsignal(number) != signal.SIG_IGN]


def end_on_signals() -> None:
    """From now on a signal raises `Stopped`."""
    for number in heeded():
        signal.signal(number, _raise)


@contextmanager
def stop_on_signals() -> Iterator[GentleStop]:
    """The request that the first signal sets, if it is gentle by then; any other signal raises `Stopped`."""
    request = GentleStop()

    def handle(number: int, frame: FrameType | None) -> None:
        if request.requested or not request.gentle:
            raise Stopped(number)
        request.requested, request.signal = True, number

    before = {number: signal.signal(number, handle) for number in heeded()}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
