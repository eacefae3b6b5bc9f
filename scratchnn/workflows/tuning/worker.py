"""A process that runs trials for `scratchnn.workflows.tuning.workers`.

It reads what to do, one line of JSON, from stdin, and writes an error, if there is one, as JSON to stdout. When stdin
ends, because the parent wants it to stop or is gone, it gives its trial back and ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TextIO

from scratchnn.config.document import Document
from scratchnn.errors import ConfigError, ScratchnnError
from scratchnn.training.events import StopRequest


def main() -> int:
    """Runs trials until there are enough; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent heeds it
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints is no line of ours
    sys.stdout = sys.stderr
    line = sys.stdin.readline()
    if not line:
        return 0
    stop = StopRequest()
    threading.Thread(target=_await_end, args=(sys.stdin, stop), daemon=True).start()
    task = json.loads(line)
    from scratchnn.workflows.configs import check_document
    from scratchnn.workflows.tune import prepare_search
    from scratchnn.workflows.tuning.trials import run_trials

    until = None if task["seconds"] is None else time.monotonic() + task["seconds"]
    try:
        document = Document(task["config"], task["origin"])
        loaded = check_document(document, Path(task["base"]), task["plugins"])
        search = prepare_search(loaded, task["storage"], Path(task["folder"])).open(task["keep"], task["threads"])
        with closing(search.study):
            run_trials(search, stop, _nothing, until)
    except ScratchnnError as error:
        whole = error if not isinstance(error, ConfigError) else ConfigError(str(error))
        json.dump(whole.to_json(), said)
        said.close()
        return error.exit_code
    return 0


def _nothing() -> None:
    """The parent looks into the study by itself."""


def _await_end(stream: TextIO, stop: StopRequest) -> None:
    stream.read()
    stop.requested = True


if __name__ == "__main__":
    sys.exit(main())
