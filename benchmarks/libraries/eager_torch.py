"""PyTorch: eager mode with its fused Adam, the fastest that it has on a CPU without a compiler."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import torch
from torch import nn

from benchmarks.workloads import LEARNING_RATE, MLP


def network(workload: MLP) -> nn.Sequential:
    """Linear and ReLU modules with the workload's first weights."""
    layers = [nn.Linear(*weight.shape) for weight in workload.weights()]
    with torch.no_grad():
        for layer, weight in zip(layers, workload.weights(), strict=True):
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.zero_()
    between = chain.from_iterable((layer, nn.ReLU(inplace=True)) for layer in layers[:-1])
    return nn.Sequential(*between, layers[-1])


class TorchTraining:
    """The usual training loop. `index_select` gathers faster than indexing."""

    version = torch.__version__

    def __init__(self, workload: MLP, threads: int) -> None:
        torch.set_num_threads(threads)
        self.threads = torch.get_num_threads()
        inputs, targets = workload.data()
        self._inputs, self._targets = torch.from_numpy(inputs), torch.from_numpy(targets)
        self._network = network(workload)
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=LEARNING_RATE, fused=True)
        self._batches = self._slices(workload)

    def run(self, steps: int) -> float:
        """Trains; the loss is read once, after the last step."""
        inputs, targets, model, optimizer = self._inputs, self._targets, self._network, self._optimizer
        batches, cross_entropy = self._batches, nn.functional.cross_entropy
        loss = torch.zeros(())
        for _ in range(steps):
            rows = next(batches)
            optimizer.zero_grad(set_to_none=True)
            loss = cross_entropy(model(inputs.index_select(0, rows)), targets.index_select(0, rows))
            loss.backward()
            optimizer.step()
        return loss.item()

    @staticmethod
    def _slices(workload: MLP) -> Iterator[torch.Tensor]:
        for order in workload.orders():
            yield from torch.from_numpy(order).split(workload.batch)


def start(workload: MLP, threads: int) -> TorchTraining:
    """A new training."""
    return TorchTraining(workload, threads)
