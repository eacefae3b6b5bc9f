"""Runs one command and says what it took: `python -IS launcher.py COMMAND...`, as one line of JSON on stdout.

A process of its own, and imports next to nothing: on Linux the peak memory of a child starts with that of its parent.
The command's own output goes to stderr.
"""

import json
import os
import sys
import time

BYTES = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss


def main(command: list[str]) -> None:
    """Starts the command, waits for it."""
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    took = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * BYTES,
    }
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
