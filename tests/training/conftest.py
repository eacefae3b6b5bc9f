"""A small training that meets everything: dropout, batch norm, penalties, a short last batch."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.augmentation import Augmenter, Pixels, fills_of
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import Classes
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.losses import CrossEntropy
from scratchnn.nn.metrics import Accuracy
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Regularization
from scratchnn.nn.schedules import Schedule
from scratchnn.training.early_stopping import Watch
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.settings import TrainingSettings
from scratchnn.training.streams import Streams
from scratchnn.training.trainer import Recipe, Trainer

ENCODER = Encoder(
    inputs=ArrayInputs(shape=[3], offset=[0.0], scale=[1.0]),
    target=Classes(names=["target"], classes=["a", "b", "c"]),
)


def make_part(rows: int, seed: int, *, weighted: bool = False, dtype: str = "float32") -> Part:
    """Three noisy clouds."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, rows)
    inputs = (rng.standard_normal((rows, 3)) + 1.5 * np.eye(3)[targets]).astype(dtype)
    weights = rng.uniform(0.2, 3, rows).astype(dtype) if weighted else None
    return Part(inputs, targets, weights, np.arange(rows))


@pytest.fixture
def part() -> Callable[..., Part]:
    return make_part


@pytest.fixture
def encoder() -> Encoder:
    return ENCODER


@pytest.fixture
def make() -> Callable[..., Any]:
    """Makes a trainer and all around it; arguments are what a config would say."""

    def build(
        *,
        train: Part | None = None,
        validation: Part | str | None = "default",
        layers: list | None = None,
        loss: Any = None,
        optimizer: Any = "adam",
        schedule: Any = "constant",
        regularization: dict | None = None,
        monitor: str = "validation.loss",
        higher: bool = False,
        seed: int = 5,
        stop: Any = None,
        **training: Any,
    ) -> SimpleNamespace:
        train = make_part(23, 1, weighted=True) if train is None else train
        validation = make_part(11, 2) if isinstance(validation, str) else validation
        layers = layers or [Dense(units=5), BatchNorm(), Dropout(rate=0.3), Dense(units=3)]
        network = Network(layers, InputSpec((3,)), dtype=train.inputs.dtype.name)
        streams = Streams(seed)
        network.initialize(streams.init)
        settings = TrainingSettings.model_validate({"batch_size": 8, "epochs": 4, **training})
        loss = loss or CrossEntropy()
        recipe = Recipe(
            loss,
            Optimizer.parse(optimizer),
            Schedule.parse(schedule),
            Regularization.model_validate(regularization or {}),
            settings,
        )
        early = settings.early_stopping
        watch = Watch(higher, early.patience, early.min_delta) if early else Watch(higher)
        evaluator = Evaluator(network, loss, [Accuracy()], ENCODER)
        members = settings.augmentation
        fills = fills_of(members, train.inputs, Pixels.of(ENCODER))
        trainer = Trainer(
            network,
            recipe,
            train=train,
            validation=validation,
            evaluator=evaluator,
            monitor=monitor,
            watch=watch,
            streams=streams,
            stop=stop,
            augmenter=Augmenter(members, fills, streams.augmentation) if members else None,
        )
        return SimpleNamespace(
            trainer=trainer, network=network, evaluator=evaluator, train=train, validation=validation, watch=watch
        )

    return build
