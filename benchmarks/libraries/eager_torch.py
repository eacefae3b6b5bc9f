"""PyTorch: eager mode with its fused Adam, the fastest that it has on a CPU without a compiler."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from benchmarks.libraries.torch_networks import network
from benchmarks.workloads.workload import LEARNING_RATE, Workload


class TorchTraining:
    """The usual training loop. `index_select` gathers faster than indexing."""

    version = torch.__version__

    def __init__(self, workload: Workload, threads: int) -> None:
        torch.set_num_threads(threads)
        self.threads = torch.get_num_threads()
        torch.manual_seed(0)
        inputs, targets = workload.data()
        self._inputs, self._targets = torch.from_numpy(inputs), torch.from_numpy(targets)
        self._network = network(workload)
        trained = [parameter for parameter in self._network.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.Adam(trained, lr=LEARNING_RATE, fused=True)
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
    def _slices(workload: Workload) -> Iterator[torch.Tensor]:
        for order in workload.orders():
            yield from torch.from_numpy(order).split(workload.batch)


def start(workload: Workload, threads: int) -> TorchTraining:
    """A new training."""
    return TorchTraining(workload, threads)
