"""What `scratchnn find-lr` does: a config in, a learning-rate range test out. Writes nothing but a plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.errors import ConfigError, DivergedError, UsageError
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.optimizers import SearchingOptimizer
from scratchnn.nn.regularizers import Penalty
from scratchnn.nn.updater import Updater
from scratchnn.training.freezing import Freezing
from scratchnn.training.range_test import RangeTest, has_diverged, rates_between
from scratchnn.training.sampling import EpochOrder
from scratchnn.training.step import Step
from scratchnn.training.storage import replacing
from scratchnn.training.streams import Streams
from scratchnn.workflows.session import Session
from scratchnn.workflows.threads import available_cores, computing
from scratchnn.workflows.train import load

INSTALL = "pip install 'scratchnn[plot]'"
FEWEST = 20


@dataclass(frozen=True)
class FindLrResult:
    """A range test, and the learning rate that the config has. `notes` are warnings about the data."""

    name: str
    test: RangeTest
    configured: float
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        test = self.test
        return {
            "suggestion": test.suggestion,
            "steepest": test.steepest,
            "below_lowest": test.below_lowest,
            "lowest": test.lowest,
            "configured": self.configured,
            "diverged": test.diverged,
            "rates": test.rates.tolist(),
            "losses": test.losses.tolist(),
            "smoothed": test.smoothed.tolist(),
        }

    def write_plot(self, path: str | Path) -> None:
        """Draws loss over learning rate into an .svg or .png. Raises `UsageError`, also without matplotlib."""
        path = Path(path)
        check_plot(path)
        import matplotlib as mpl
        from matplotlib.figure import Figure

        test = self.test
        with mpl.rc_context({"svg.hashsalt": "scratchnn"}):  # equal curves give equal bytes
            figure = Figure(figsize=(7, 4.5), layout="constrained")
            axes = figure.add_subplot()
            axes.plot(test.rates, test.losses, color="0.8", linewidth=1, label="loss")
            axes.plot(test.rates, test.smoothed, linewidth=2, label="smoothed")
            marks = {"steepest": test.steepest, "a tenth of the lowest": test.below_lowest}
            for (label, rate), style in zip(marks.items(), ("--", ":"), strict=True):
                if rate is not None:
                    axes.axvline(rate, color="0.3", linestyle=style, label=f"{label}: {rate:.2g}")
            axes.set(xscale="log", xlabel="learning rate", ylabel="training loss", title=self.name)
            low, high = float(test.smoothed.min()), float(test.smoothed[0])
            axes.set_ylim(low - 0.1 * (high - low or 1), high + 0.5 * (high - low or 1))
            axes.legend()
            with replacing(path) as file:
                metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
                figure.savefig(file, format=path.suffix.lower().removeprefix("."), metadata=metadata)


def check_plot(path: Path) -> None:
    """Raises `UsageError` for a suffix that is not drawn, and where matplotlib is not installed."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f'cannot draw a "{path.suffix}"', where=str(path), hint="Name it .svg or .png.")
    if find_spec("matplotlib") is None:
        message = "a plot needs the library matplotlib, which is not installed"
        raise UsageError(message, where=str(path), hint=f"Run: {INSTALL}")


def find_lr(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    from_lr: float = 1e-7,
    to_lr: float = 1.0,
    steps: int = 100,
) -> FindLrResult:
    """Trains for `steps` mini-batches from new weights (or those of the config's `from`) with growing learning rates.

    They grow by the same factor from `from_lr` to `to_lr`; the test ends before that where the loss diverges. All but
    the schedule is as the config has it. The result depends on the config, its seed and the range alone; no run is
    made. Raises `UsageError` for a range that is none, `ConfigError` for an optimizer that takes no learning rate,
    `DivergedError` where the first loss is no number.
    """
    _check_range(from_lr, to_lr, steps)
    session = Session(load(config, overrides, plugins))
    optimizer = session.config.optimizer
    if isinstance(optimizer, SearchingOptimizer):
        message = f"{optimizer.tag()} searches for the length of each step: there is no learning rate to find"
        error = ConfigError(message, where="optimizer", hint="Choose another optimizer, such as adam.")
        raise session.loaded.placed(error)
    threads = min(session.threads, available_cores())
    with computing(session.threads):
        rates, losses, diverged = _climb(session, rates_between(from_lr, to_lr, steps), threads)
    if not losses:
        hint = "Scale the data, or choose a smaller model.init."
        raise DivergedError("the loss of the first batch is not a finite number", where=session.loaded.name, hint=hint)
    test = RangeTest(np.array(rates), np.array(losses), diverged)
    return FindLrResult(session.loaded.name, test, optimizer.learning_rate, session.ready(None).notes)


def _climb(session: Session, rates: Array, threads: int) -> tuple[list[float], list[float], bool]:
    """The rates and losses of the steps that were taken, and whether the loss diverged."""
    config, network, train = session.config, session.built.network, session.training_part
    streams, settings = Streams(config.seed), config.training
    network.calibrate(train.inputs, keep=session.started.taken if session.started else ())
    freezing = Freezing(settings.freeze, network, settings.epochs)
    updater = Updater(config.optimizer, network.arena, threads, freezing.until)
    penalty = Penalty(config.regularization, network.arena)
    run = Pass(training=True, rng=streams.dropout)
    if freezing.active:
        penalty.freeze(freezing.parameters(0))
        run.frozen, run.lowest = freezing.layers(0), freezing.lowest(0)
    order = EpochOrder(train.targets, settings.sampling, shuffle=settings.shuffle)
    size = min(session.batch_size * settings.accumulate, len(order))
    step = Step(network, session.built.loss, penalty, updater, train, session.batch_size, run, session.augmenter)
    seen: list[float] = []
    losses: list[float] = []
    rows = order.draw(streams.shuffle)
    place = 0
    try:
        for rate in rates:
            if place + size > len(rows):  # only whole batches: a short one has a loss of its own
                rows, place = order.draw(streams.shuffle), 0
            loss, weight = step(rows[place : place + size], float(rate))
            place += size
            mean = loss / weight if weight else 0.0
            if has_diverged(mean, losses):
                return seen, losses, True
            seen.append(float(rate))
            losses.append(mean)
    finally:
        updater.close()
    return seen, losses, False


def _check_range(first: float, last: float, steps: int) -> None:
    for name, value in (("--from-lr", first), ("--to-lr", last)):
        if not 0 < value < math.inf:
            raise UsageError(f"got {value:g}, expected a number above 0", where=name)
    if last <= first:
        message = f"got {last:g}, expected more than --from-lr {first:g}"
        raise UsageError(message, where="--to-lr", hint="The learning rate grows from step to step.")
    if steps < FEWEST:
        raise UsageError(f"got {steps}, expected {FEWEST} or more", where="--steps", hint="100 is usual.")
