"""From a config's augmentations to what changes the training batches."""

from __future__ import annotations

import numpy as np

from scratchnn.config.schema import Config
from scratchnn.data.augmentation import Augmenter, Pixels, check_augmentation, fills_of
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError
from scratchnn.nn.layers.shape import Reshape
from scratchnn.nn.losses import Loss
from scratchnn.workflows.building import Built


def augmenter_for(
    config: Config, encoder: Encoder, built: Built, train: Part, rng: np.random.Generator
) -> Augmenter | None:
    """None where the config has none. Raises `ConfigError` where the data or the loss cannot be augmented so.

    Flat samples are images where the first layer is a reshape that makes images of them.
    """
    members = config.training.augmentation
    if not members:
        return None
    network, loss = built.network, built.loss
    first = network.layers[0]
    reshaped = network.chain.plans[0].output.shape if isinstance(first, Reshape) else ()
    pixels = Pixels.of(encoder, reshaped)
    check_augmentation(members, encoder, train.inputs, pixels)
    if train.targets is train.inputs and _is_choosy(loss):
        for index, member in enumerate(members):
            if not member.moves:
                message = f"({member.tag()}) makes new numbers, and {loss.title} may not take them as targets"
                hint = "Keep to flip, or reconstruct with another loss, such as mse."
                raise ConfigError(message, where=f"training.augmentation[{index}]", hint=hint)
    return Augmenter(members, fills_of(members, train.inputs, pixels), rng, pixels.shape)


def _is_choosy(loss: Loss) -> bool:
    """Whether there are inputs that the loss refuses to reconstruct."""
    return type(loss).check_inputs is not Loss.check_inputs or type(loss).check_numbers is not Loss.check_numbers
