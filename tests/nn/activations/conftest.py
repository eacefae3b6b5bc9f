from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.nn.activations import Activation
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Batch, Network


@pytest.fixture
def activate() -> Callable[..., Batch]:
    """The batch after a pass forward and back, where the gradient of the outputs is all ones."""

    def run(function: object, z: object, dtype: str = "float64") -> Batch:
        rows = np.atleast_2d(np.asarray(z, dtype))
        layer = ActivationLayer(function=Activation.parse(function))
        network = Network([layer], InputSpec(rows.shape[1:]), dtype=dtype)
        batch = network.workspace(len(rows), input_gradient=True, poison=True).batch(len(rows))
        batch.inputs[...] = rows
        batch.forward(Pass(training=True))
        batch.output_gradient[...] = 1
        batch.backward(Pass(training=True))
        return batch

    return run
