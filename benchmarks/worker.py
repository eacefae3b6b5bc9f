"""The process of one library and one workload: `python -m benchmarks.worker MODULE WORKLOAD THREADS`.

Says on stdout, as one line of JSON, who it is. Then it answers each line of stdin, a number of seconds, by measuring.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module

from benchmarks.timing import first_loss, measure
from benchmarks.workloads import WORKLOADS


def main(module: str, workload: str, threads: int) -> None:
    """Trains and measures until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get between the answers
    start, chosen = import_module(module).start, WORKLOADS[workload]
    without = first_loss(start(chosen.without_dropout(), threads)) if chosen.drops else None
    training = start(chosen, threads)
    about = {
        "version": training.version,
        "threads": training.threads,
        "first_loss": first_loss(training),
        "first_loss_without_dropout": without,
    }
    answers.write(json.dumps(about) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(asdict(measure(training, float(line)))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
