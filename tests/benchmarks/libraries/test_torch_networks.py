from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.libraries.engine import settings
from benchmarks.workloads import WORKLOADS, Workload
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.network import Network

torch = pytest.importorskip("torch", reason="torch is no dependency of the tests; the `bench` extra installs it")

from benchmarks.libraries.torch_networks import network  # noqa: E402  imports torch


def ours(workload: Workload) -> Network:
    made = Network(settings(workload).model.layers, InputSpec(workload.shape))
    for name, weight in workload.weights().items():
        made.arena.named_arrays()[name][...] = weight
    return made


@pytest.mark.parametrize("name", ["digits", "cnn", "lstm", "transformer"])
def test_the_first_outputs_are_ours(name: str):
    workload = replace(WORKLOADS[name], rows=32)
    inputs, _ = workload.data()
    with torch.no_grad():
        outputs = network(workload).eval()(torch.from_numpy(inputs)).numpy()
    expected = ours(workload).predict(inputs)
    assert expected.std() > 0.1
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("name", ["digits", "cnn", "lstm", "transformer"])
def test_as_many_numbers_are_trained(name: str):
    workload = WORKLOADS[name]
    trained = sum(parameter.numel() for parameter in network(workload).parameters() if parameter.requires_grad)
    assert trained == ours(workload).arena.count


def test_dropout_has_the_rates_of_the_workload():
    rates = [module.p for module in network(WORKLOADS["cnn"]) if isinstance(module, torch.nn.Dropout)]
    assert rates == [0.4, 0.3]


def test_convolutions_have_their_channels_last_in_memory():
    modules = network(WORKLOADS["cnn"])
    second = [module for module in modules if isinstance(module, torch.nn.Conv2d)][1]
    assert second.weight.is_contiguous(memory_format=torch.channels_last)
    images = torch.zeros(64, 28, 28, 1)
    for module in modules[:-6]:  # up to the last pooling
        images = module(images)
    assert images.shape == (64, 64, 4, 4)
    assert images.is_contiguous(memory_format=torch.channels_last)
