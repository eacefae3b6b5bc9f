"""The training loop: an iterator of events. It prints nothing and writes nothing.

Between two events the trainer's `snapshot` holds all that is needed to go on bit for bit, also in mid-epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from scratchnn.data.augmentation import Augmenter
from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError, ModelError
from scratchnn.nn.arena import Arena
from scratchnn.nn.averaging import Average
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer, SearchingOptimizer
from scratchnn.nn.patterns import matching
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.schedules import Schedule, Span
from scratchnn.nn.updater import Updater
from scratchnn.training.early_stopping import Watch
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.events import EpochEnd, Event, Finished, Progress, Started, Status, StopRequest
from scratchnn.training.freezing import Freezing
from scratchnn.training.sampling import EpochOrder
from scratchnn.training.searching import SearchingStep
from scratchnn.training.settings import TrainingSettings
from scratchnn.training.step import Step
from scratchnn.training.streams import Streams, set_state, state_of

PROGRESS_SECONDS = 0.1


@dataclass
class Position:
    """Where the loop stands: complete epochs, steps done of the next one, and that epoch's sums so far.

    `gradient_norms` are those of the epoch's last step, once it is done.
    """

    epochs: int = 0
    batches: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    activity_sum: float = 0.0
    gradient_norms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """Everything that a training is: `numbers` is plain JSON, `arrays` are flat vectors by name."""

    numbers: dict[str, Any]
    arrays: dict[str, Array]


@dataclass(frozen=True)
class Recipe:
    """How to train: the components that a config names."""

    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    regularization: Regularization = field(default_factory=Regularization)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def check(self, arena: Arena) -> None:
        """Raises `ConfigError` for a pattern that matches no parameter, and for a constraint beside a search."""
        names = list(arena.slots)
        for index, group in enumerate(self.optimizer.groups):
            matching(group.match, names, f"optimizer.groups[{index}].match")
        for index, entry in enumerate(self.regularization.constraints):
            matching(entry.match, names, f"regularization.constraints[{index}].match")
        own = next((name for name, param in arena.params.items() if param.constraint is not None), None)
        if own is not None and isinstance(self.optimizer, SearchingOptimizer):
            message = f"{self.optimizer.tag()} cannot see what a constraint does to {own}"
            where = f"model.layers[{own.partition('.')[0]}]"
            raise ConfigError(message, where=where, hint="Remove the constraint, or choose another optimizer.")


class Trainer:
    """Trains an initialized network on `train`; judges every epoch on `validation` where there is one.

    An epoch has the rows that `training.sampling` draws.

    Where weights are averaged, by `training.averaging` or by the optimizer, the average is what is judged, what the
    best epoch's copy and the finished network hold, and what `train.penalty` is of. `train.loss` is of the weights in
    training, which are put aside for that time.

    `augmenter` changes each training batch, drawing from `streams.augmentation`; `train.loss` is of what it makes.

    `monitor` names the figure that `watch` follows: `train.loss`, `validation.loss` or `validation.<metric>`.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        *,
        train: Part,
        validation: Part | None,
        evaluator: Evaluator,
        monitor: str,
        watch: Watch,
        streams: Streams,
        threads: int = 1,
        stop: StopRequest | None = None,
        augmenter: Augmenter | None = None,
    ) -> None:
        settings = recipe.training
        self._network = network
        self._settings = settings
        self._schedule = recipe.schedule
        self._schedule_state = recipe.schedule.start()
        self._learning_rate = recipe.optimizer.learning_rate
        self._validation = validation
        self._evaluator = evaluator
        self._streams = streams
        self._monitor = monitor
        self._watch = watch
        self._freezing = Freezing(settings.freeze, network, settings.epochs)
        self._updater = Updater(recipe.optimizer, network.arena, threads, self._freezing.until)
        self._penalty = Penalty(recipe.regularization, network.arena)
        self._order = EpochOrder(train.targets, settings.sampling, shuffle=settings.shuffle)
        rows = len(self._order)
        batch_size = settings.rows_per_batch(rows)
        searches = isinstance(recipe.optimizer, SearchingOptimizer)
        self._step_rows = rows if searches else min(batch_size * settings.accumulate, rows)
        self._span = Span(math.ceil(rows / self._step_rows), settings.epochs)
        self._run = Pass(training=True, rng=streams.dropout)
        around = (network, recipe.loss, self._penalty, self._updater, train, batch_size, self._run)
        self._step = SearchingStep(*around) if searches else Step(*around, augmenter)
        self._norms = self._step.norms
        self._position = Position()
        self._epoch_stream = state_of(streams.shuffle)  # of the generator before it drew the current epoch's order
        self._stop = stop or StopRequest()
        early = settings.early_stopping
        self._best = self._copy() if early is not None and early.restore_best else None
        self._average = Average(settings.averaging, network.arena) if settings.averaging is not None else None
        averages = self._average is not None or self._updater.keeps_average
        self._aside = self._copy() if averages else None  # the weights in training while their average is shown
        self._shown = False
        self._last_good = self._copy()

    @property
    def epochs_done(self) -> int:
        """Complete epochs."""
        return self._position.epochs

    @property
    def samples_seen(self) -> int:
        """Training samples that were stepped on, each as often as it was drawn."""
        position, rows = self._position, len(self._order)
        return position.epochs * rows + min(position.batches * self._step_rows, rows)

    def close(self) -> None:
        """Ends the optimizer's threads."""
        self._updater.close()

    def events(self) -> Iterator[Event]:
        """Trains, from where the trainer stands to the end. The last event is `Finished`."""
        self._hide()
        position, span = self._position, self._span
        yield Started(span.epochs, span.steps_per_epoch, position.epochs, position.batches)
        while position.epochs < span.epochs and not self._watch.exhausted:
            self._free()
            loss = yield from self._batches()
            if not math.isfinite(loss):
                yield self._diverged(f"the training loss became {loss} at step {self._updater.step_count + 1}")
                return
            if position.batches < span.steps_per_epoch:
                self._show()
                yield self._finished("interrupted", self._stop.reason)
                return
            self._take(each_step=False)
            self._show()
            validation = self._evaluator.evaluate(self._validation) if self._validation is not None else {}
            if not math.isfinite(validation.get("loss", 0.0)) or not self._finite():
                epoch = position.epochs + 1
                yield self._diverged(f"the network's outputs were no longer finite after epoch {epoch}")
                return
            end = self._end_epoch(validation)
            self._fill(self._last_good)
            self._hide()
            yield end
        self._show()
        if self._best is not None and self._watch.best_epoch:
            self._restore(self._best)
        if position.epochs < span.epochs:
            reason = f"{self._monitor} has not improved for {self._watch.waited} epochs"
            yield self._finished("stopped_early", reason)
        else:
            yield self._finished("completed")

    def snapshot(self) -> Snapshot:
        """The whole state, as copies of nothing: the arrays are the live ones, write them before going on."""
        position = self._position
        numbers = {
            "step": self._updater.step_count,
            "optimizer": self._updater.carried,
            "began": self._updater.began,
            "averaged": self._average.count if self._average is not None else 0,
            "schedule": dict(self._schedule_state),
            "position": asdict(position),
            "watch": {"best": self._watch.best, "best_epoch": self._watch.best_epoch, "waited": self._watch.waited},
            "streams": {
                "shuffle": self._epoch_stream,
                "dropout": state_of(self._streams.dropout),
                "augmentation": state_of(self._streams.augmentation),
            },
        }
        return Snapshot(numbers, self._arrays(in_epoch=position.batches > 0))

    def load(self, snapshot: Snapshot) -> None:
        """Puts the trainer where `snapshot` was taken. Raises `ModelError` where it is of another kind of training.

        Raises `ConfigError` where it has more epochs than are to be trained.
        """
        try:
            self._load(snapshot)
        except (KeyError, TypeError, ValueError) as error:
            hint = "Start a new run."
            raise ModelError(f"the checkpoint does not fit this training: {error}", hint=hint) from error
        if self._position.epochs > self._span.epochs:
            message = f"{self._position.epochs} epochs are trained already, training.epochs is {self._span.epochs}"
            raise ConfigError(message, where="training.epochs", hint="Choose as many or more, or start a new run.")

    def _load(self, snapshot: Snapshot) -> None:
        numbers = snapshot.numbers
        self._shown = False
        self._position = Position(**numbers["position"])
        for name, array in self._arrays(in_epoch=self._position.batches > 0).items():
            array[...] = snapshot.arrays[name]
        self._updater.step_count = numbers["step"]
        self._updater.load_carried(numbers["optimizer"])
        self._updater.load_began(numbers.get("began", self._updater.began))  # absent: nothing was frozen
        if self._average is not None:
            self._average.count = numbers["averaged"]
        if self._position.batches == 0:
            self._show()
            self._fill(self._last_good)
            self._hide()
        self._schedule_state = numbers["schedule"]
        watch = numbers["watch"]
        self._watch.best, self._watch.best_epoch = watch["best"], watch["best_epoch"]
        self._watch.waited = watch["waited"]
        self._epoch_stream = numbers["streams"]["shuffle"]
        set_state(self._streams.dropout, numbers["streams"]["dropout"])
        set_state(self._streams.augmentation, numbers["streams"]["augmentation"])

    def _batches(self) -> Generator[Event, None, float]:
        """The rest of the current epoch, until its end, a request to stop or a loss that is not finite."""
        position, step, size = self._position, self._step, self._step_rows
        if self._order.is_random:
            set_state(self._streams.shuffle, self._epoch_stream)
        order = self._order.draw(self._streams.shuffle)
        schedule, span, updater, base = self._schedule, self._span, self._updater, self._learning_rate
        stop, loss, shown = self._stop, 0.0, time.perf_counter()
        cycles, averages = schedule.cycles_momentum, self._average is not None
        norms, last = self._norms, span.steps_per_epoch - 1
        for batch in range(position.batches, span.steps_per_epoch):
            if stop.requested:
                break
            rate = base * schedule.factor(updater.step_count, span, self._schedule_state)
            if cycles:
                updater.momentum = schedule.momentum(updater.step_count, span)
            norms.want(batch == last)
            loss, weight = step(order[batch * size : (batch + 1) * size], rate)
            if not math.isfinite(loss):
                break
            if averages and weight:
                self._take(each_step=True)
            position.loss_sum += loss
            position.weight_sum += weight
            position.activity_sum += self._run.penalty
            position.batches = batch + 1
            position.gradient_norms = norms.found
            if (now := time.perf_counter()) - shown > PROGRESS_SECONDS:
                shown = now
                mean = position.loss_sum / (position.weight_sum or 1)
                yield Progress(position.epochs + 1, position.batches, span.steps_per_epoch, mean)
        return loss

    def _free(self) -> None:
        """Freezes and frees what the settings say of the epoch that comes."""
        if not self._freezing.active:
            return
        epochs, run = self._position.epochs, self._run
        self._updater.free(epochs)
        self._penalty.freeze(self._freezing.parameters(epochs))
        run.frozen, run.lowest = self._freezing.layers(epochs), self._freezing.lowest(epochs)

    def _end_epoch(self, validation: dict[str, Any]) -> EpochEnd:
        position = self._position
        train = {"loss": position.loss_sum / (position.weight_sum or 1)}
        if self._penalty.active:
            train["penalty"] = self._penalty.value()
        if position.activity_sum:
            train["activity_penalty"] = position.activity_sum / (position.weight_sum or 1)
        epoch = position.epochs + 1
        part, _, figure = self._monitor.partition(".")
        value = {"train": train, "validation": validation}[part][figure]
        improved = self._watch.improved(epoch, value)
        if improved and self._best is not None:
            self._fill(self._best)
        self._epoch_stream = state_of(self._streams.shuffle)
        norms, position.gradient_norms = position.gradient_norms, {}
        position.epochs, position.batches = epoch, 0
        position.loss_sum = position.weight_sum = position.activity_sum = 0.0
        step = self._updater.step_count
        rate = self._learning_rate * self._schedule.factor(max(step - 1, 0), self._span, self._schedule_state)
        self._schedule_state = self._schedule.observe(self._schedule_state, value, self._watch.higher_is_better)
        return EpochEnd(epoch, step, rate, train, validation, norms)

    def _take(self, *, each_step: bool) -> None:
        """Takes the weights into their average, where it is time."""
        average = self._average
        if average is None or average.settings.each_step != each_step:
            return
        if self._position.epochs >= round(average.settings.start * self._span.epochs):
            average.add()

    def _show(self) -> None:
        """Puts the weights in training aside, and their average in the network."""
        if self._aside is None or self._shown:
            return
        self._fill(self._aside)
        self._shown = True
        if self._average is not None:
            self._average.show()
        else:
            average = np.empty_like(self._aside["parameters"])
            self._updater.average(average)
            self._network.arena.parameters[...] = average

    def _hide(self) -> None:
        """Puts the weights in training back."""
        if self._aside is not None and self._shown:
            self._restore(self._aside)
            self._shown = False

    def _finished(self, status: Status, reason: str = "") -> Finished:
        return Finished(status, self._position.epochs, self._watch.best_epoch, reason)

    def _diverged(self, reason: str) -> Finished:
        self._restore(self._last_good)
        return self._finished("diverged", reason)

    def _finite(self) -> bool:
        """Whether all that a model file holds is finite (a sum is infinite or NaN where one of its numbers is)."""
        arena = self._network.arena
        sums = [np.add.reduce(vector, dtype=np.float64) for vector in (arena.parameters, arena.state)]
        return bool(np.isfinite(sums).all())

    def _arrays(self, *, in_epoch: bool) -> dict[str, Array]:
        arena = self._network.arena
        arrays = {"parameters": arena.parameters, "state": arena.state}
        if self._aside is not None and self._shown:
            arrays = dict(self._aside)
        if self._average is not None:
            arrays |= {f"average.{name}": array for name, array in self._average.arrays.items()}
        arrays |= {f"slots.{name}": slot for name, slot in self._updater.slots.items()}
        if self._best is not None:
            arrays |= {f"best.{name}": array for name, array in self._best.items()}
        if in_epoch:
            arrays |= {f"last_good.{name}": array for name, array in self._last_good.items()}
        return arrays

    def _copy(self) -> dict[str, Array]:
        arena = self._network.arena
        return {"parameters": arena.parameters.copy(), "state": arena.state.copy()}

    def _fill(self, copy: dict[str, Array]) -> None:
        copy["parameters"][...] = self._network.arena.parameters
        copy["state"][...] = self._network.arena.state

    def _restore(self, copy: dict[str, Array]) -> None:
        self._network.arena.parameters[...] = copy["parameters"]
        self._network.arena.state[...] = copy["state"]
