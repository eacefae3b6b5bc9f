"""`python -m tests.faults [--jobs 2] [--only NAME]...`: seeds each fault, reports which the suite caught."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.catalogue import FAULTS
from tests.faults.trials import run_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Seeds faults that the suite catches.")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs of pytest at a time (default: 2)")
    parser.add_argument("--only", metavar="NAME", action="append", help="only faults whose name holds this; repeatable")
    arguments = parser.parse_args()
    chosen = [fault for fault in FAULTS if not arguments.only or any(part in fault.name for part in arguments.only)]
    if not chosen:
        parser.error("no fault has such a name")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each job has one core
    wrong = {fault.name: fault.wrong for fault in chosen}
    start = time.perf_counter()
    trials = []
    with tempfile.TemporaryDirectory(prefix="scratchnn-faults-") as folder:
        for trial in run_all(chosen, Path(folder).resolve(), arguments.jobs):
            trials.append(trial)
            print(f"{trial.outcome:8}  {trial.name}  ({trial.detail}, {trial.seconds:.1f} s)", flush=True)
            if not trial.good and trial.name in wrong:
                print(f"          {wrong[trial.name]}", flush=True)
    caught = sum(trial.outcome == "caught" for trial in trials)
    passing = sum(trial.outcome == "passes" for trial in trials)
    bad = [trial for trial in trials if not trial.good]
    print(
        f"{caught} of {len(chosen)} seeded faults caught; {passing} of {len(trials) - len(chosen)} selections of tests "
        f"pass without a fault; {time.perf_counter() - start:.0f} s"
    )
    for trial in bad:
        print(f"{trial.outcome}: {trial.name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
