"""A step whose targets are its inputs against one that is given a copy of them."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmenter, Fills, Flip
from scratchnn.data.preparation import Part
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.updater import Updater
from scratchnn.training import step as module
from scratchnn.training.step import Step

FLAT = ["tanh", {"type": "dense", "units": 3}, {"type": "dense", "units": 12}]
IMAGES = [
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "same", "stride": 2, "activation": "relu"},
    {"type": "conv2d_transpose", "filters": 3, "kernel_size": 2, "stride": 2},
]
UPSAMPLED = [IMAGES[0], "upsample2d", {"type": "conv2d", "filters": 3, "kernel_size": 3, "padding": "same"}]
CASES = [
    ((12,), FLAT),
    ((12,), [{"type": "dropout", "rate": 0.5}, *FLAT]),
    ((4, 4, 3), IMAGES),
    ((4, 4, 3), UPSAMPLED),
    ((4, 4, 3), [{"type": "gaussian_noise", "deviation": 0.3}, *IMAGES]),
    ((2, 6), ["flatten", "relu", *FLAT, {"type": "reshape", "shape": [2, 6]}]),
]


def build(
    part: Part, layers: list[object], loss: str, batch_size: int = 6, augmenter: Augmenter | None = None
) -> tuple[Network, Step]:
    network = Network([Layer.parse(layer) for layer in layers], InputSpec(part.inputs.shape[1:]), dtype="float64")
    network.initialize(np.random.default_rng(0))
    bound = Updater(Optimizer.parse("adam"), network.arena, 1)
    penalty = Penalty(Regularization(), network.arena)
    run = Pass(training=True, rng=np.random.default_rng(1))
    return network, Step(network, Loss.parse(loss), penalty, bound, part, batch_size, run, augmenter)


@pytest.mark.parametrize("loss", ["mse", "log_cosh", "multi_label_cross_entropy"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("shape", "layers"), CASES)
def test_shared_targets_train_as_a_clean_copy_does(shape, layers, weighted, loss):
    """Also behind noise, in short batches and in accumulated ones."""
    inputs = np.random.default_rng(2).random((20, *shape))
    weights = np.random.default_rng(3).uniform(0.2, 3, 20) if weighted else None
    shared, one = build(Part(inputs, inputs, weights, np.arange(20)), layers, loss)
    copy = Part(inputs, inputs.reshape(20, -1).copy(), weights, np.arange(20))
    separate, other = build(copy, layers, loss)
    for rows in (np.arange(6), np.arange(18, 20), np.array([3, 3, 17, 9]), np.arange(20)) * 2:
        assert one(rows, 0.01) == other(rows, 0.01)
        np.testing.assert_array_equal(shared.arena.parameters, separate.arena.parameters)
    np.testing.assert_array_equal(inputs, np.random.default_rng(2).random((20, *shape)))


def test_the_loss_of_a_row_is_its_mean_squared_error():
    inputs = np.random.default_rng(2).random((5, 2, 2, 1))
    network, step = build(Part(inputs, inputs, None, np.arange(5)), [{"type": "dense", "units": 1}], "mse")
    expected = ((network.predict(inputs[1:4]) - inputs[1:4]) ** 2).mean(axis=(1, 2, 3)).sum()
    assert step(np.arange(1, 4), 0.1) == (pytest.approx(expected, rel=1e-12), 3.0)


def test_inputs_that_are_targets_are_gathered_once(monkeypatch):
    counted = []
    take = np.take

    def counting(array, *arguments, **keywords):
        counted.append(array)
        return take(array, *arguments, **keywords)

    inputs = np.random.default_rng(2).random((20, 12))
    part = Part(inputs, inputs, None, np.arange(20))
    _, shared = build(part, FLAT, "mse")
    _, separate = build(Part(inputs, inputs.copy(), None, np.arange(20)), FLAT, "mse")
    monkeypatch.setattr(module.np, "take", counting)
    shared(np.arange(6), 0.1)
    assert len(counted) == 1
    assert counted[0] is inputs
    separate(np.arange(6), 0.1)
    assert len(counted) == 3


def test_an_autoencoder_gives_back_what_the_augmentation_made():
    """The targets are the changed inputs, and the rows themselves stay as they are."""
    images = np.random.default_rng(2).random((6, 4, 4, 3))
    fills = Fills(np.zeros(3), np.zeros(3))
    mirrored = images[:, :, ::-1].copy()
    expected, plain = build(Part(mirrored, mirrored, None, np.arange(6)), IMAGES, "mse")
    augmenter = Augmenter([Flip(probability=1.0)], fills, np.random.default_rng(0))
    network, step = build(Part(images, images, None, np.arange(6)), IMAGES, "mse", augmenter=augmenter)
    before = images.copy()
    assert step(np.arange(6), 0.1) == plain(np.arange(6), 0.1)
    np.testing.assert_array_equal(network.arena.parameters, expected.arena.parameters)
    np.testing.assert_array_equal(images, before)
