"""A process that does jobs of `scratchnn.workflows.jobs`, one after the other.

It reads jobs, each a line of JSON, from stdin, and says what it does in lines of JSON on stdout: the epoch that it has
reached, and of each job that is over its exit code, with the error where there is one. When stdin ends, because the
parent wants it to stop or is gone, it saves the state of the job that it is at, and ends.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, TextIO

from scratchnn.errors import ScratchnnError
from scratchnn.training.events import StopRequest
from scratchnn.training.storage import finite_json

QUIET_SECONDS = 0.2


def main() -> None:
    """Does jobs until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent heeds it
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints is no line of ours
    sys.stdout = sys.stderr
    stop = StopRequest()
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(sys.stdin, lines, stop), daemon=True).start()
    while line := lines.get():
        _say(said, stop, _do(line, said, stop))


def _do(line: str, said: TextIO, stop: StopRequest) -> dict[str, Any]:
    """How a job ended."""
    from scratchnn.workflows.jobs import Job, do, progress_of

    spoken = 0.0

    def tell(epoch: int, epochs: int) -> None:
        nonlocal spoken
        if time.monotonic() - spoken > QUIET_SECONDS or epoch == epochs:
            spoken = time.monotonic()
            _say(said, stop, {"epoch": epoch, "epochs": epochs})

    try:
        do(Job.of(json.loads(line)), progress_of(tell), stop)
    except ScratchnnError as error:
        return {"exit_code": error.exit_code, "error": error.to_json()}
    return {"exit_code": 0}


def _say(said: TextIO, stop: StopRequest, value: dict[str, Any]) -> None:
    try:
        said.write(json.dumps(finite_json(value)) + "\n")
        said.flush()
    except OSError:  # the parent is gone
        stop.requested = True


def _read(stream: TextIO, lines: queue.Queue[str | None], stop: StopRequest) -> None:
    for line in stream:
        lines.put(line)
    stop.requested = True
    lines.put(None)


if __name__ == "__main__":
    main()
