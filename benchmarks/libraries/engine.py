"""scratchnn: the step of its trainer, driven as the trainer drives it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

import scratchnn
from benchmarks.workloads.workload import LEARNING_RATE, Array, Workload
from scratchnn.config.schema import Config
from scratchnn.data.preparation import Part
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import CrossEntropy
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.regularizers import Penalty
from scratchnn.nn.schedules import Span
from scratchnn.nn.updater import Updater
from scratchnn.training.step import Step
from scratchnn.workflows.threads import choose_threads


def settings(workload: Workload) -> Config:
    """The workload as a user would write it. Nothing is read from its source."""
    return Config.model_validate(
        {
            "data": {"source": "rows.csv", "target": "class"},
            "model": {"layers": workload.layers()},
            "optimizer": {"type": "adam", "learning_rate": LEARNING_RATE},
            "training": {"batch_size": workload.batch},
        }
    )


class EngineTraining:
    """As `Trainer` without evaluation: its schedule, its slices of a shuffled order, its threads."""

    version = scratchnn.__version__

    def __init__(self, workload: Workload, threads: int) -> None:
        config = settings(workload)
        network = Network(config.model.layers, InputSpec(workload.shape))
        arrays = network.arena.named_arrays()  # all 0
        for name, weight in workload.weights().items():
            arrays[name][...] = weight
        self.threads = min(threads, choose_threads(config, network, workload.batch))
        threadpool_limits(self.threads, user_api="blas")
        inputs, targets = workload.data()
        part = Part(inputs, targets, None, np.arange(workload.rows))
        self._updater = Updater(config.optimizer, network.arena, self.threads)
        penalty = Penalty(config.regularization, network.arena)
        run = Pass(training=True)
        self._step = Step(network, CrossEntropy(), penalty, self._updater, part, workload.batch, run)
        self._schedule = config.schedule
        self._base = config.optimizer.learning_rate
        self._span = Span(workload.steps_per_epoch, config.training.epochs)
        self._batches = self._slices(workload)

    def run(self, steps: int) -> float:
        """Trains; the loss is the mean over the batch."""
        step, factor, updater, span, base = self._step, self._schedule.factor, self._updater, self._span, self._base
        batches, loss, weight = self._batches, 0.0, 1.0
        for _ in range(steps):
            loss, weight = step(next(batches), base * factor(updater.step_count, span))
        return loss / weight

    @staticmethod
    def _slices(workload: Workload) -> Iterator[Array]:
        size = workload.batch
        for order in workload.orders():
            for batch in range(workload.steps_per_epoch):
                yield order[batch * size : (batch + 1) * size]


def start(workload: Workload, threads: int) -> EngineTraining:
    """A new training."""
    return EngineTraining(workload, threads)
