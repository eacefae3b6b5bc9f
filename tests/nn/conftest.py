"""Comparison with what PyTorch computed: tests/fixtures/make_torch_*.py name the version and the modules."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnn.nn.gradcheck import GradCheck
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Batch, Network
from scratchnn.nn.samples import random_inputs

TORCH_NAMES = {"running_mean": "running_mean", "running_variance": "running_var"}


@pytest.fixture(scope="session")
def torch_layers() -> dict[str, np.ndarray]:
    """The arrays of the cases, `case/array`, of every torch_*.npz; no two of them name a case alike."""
    arrays: dict[str, np.ndarray] = {}
    for path in sorted((Path(__file__).parents[1] / "fixtures").glob("torch_*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            names = [name for name in archive.files if "/" in name]
            assert not arrays.keys() & set(names), path.name
            arrays |= {name: archive[name] for name in names}
    return arrays


@pytest.fixture
def agree(torch_layers: dict[str, np.ndarray]) -> Callable[..., None]:
    """Runs layers on the case's arrays and compares everything to 1e-9, absolute and relative.

    `before`: the case whose running statistics are the state to start from.
    """

    def close(ours: np.ndarray, theirs: np.ndarray, what: str) -> None:
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=what)

    def check(name: str, layers: list, *, training: bool = True, before: str = "") -> None:
        case = {
            key.removeprefix(f"{name}/"): array for key, array in torch_layers.items() if key.startswith(f"{name}/")
        }
        network = Network(layers, InputSpec(case["x"].shape[1:]), dtype="float64")
        network.initialize(np.random.default_rng(0))
        arena = network.arena
        names = list(network.arena.named_arrays())[: len(arena.slots)]  # in the order of the layers
        theirs = [key.removeprefix("param/") for key in case if key.startswith("param/")]
        for our_name, their_name in zip(names, theirs, strict=True):
            arena.slots[our_name].view(arena.parameters)[...] = case[f"param/{their_name}"].T
        for our_name, slot in arena.state_slots.items():
            if before:
                slot.view(arena.state)[...] = torch_layers[f"{before}/after/{TORCH_NAMES[our_name.split('.')[-1]]}"]
        batch = network.workspace(len(case["x"]), input_gradient=True, poison=True).batch(len(case["x"]))
        batch.inputs[...] = case["x"]
        run = Pass(training)
        close(batch.forward(run), case["y"], "outputs")
        batch.output_gradient[...] = case["dy"]
        batch.backward(run)
        close(batch.input_gradient, case["dx"], "input gradient")
        for our_name, their_name in zip(names, theirs, strict=True):
            gradient = arena.slots[our_name].view(arena.gradients)
            close(gradient, case[f"grad/{their_name}"].T, f"gradient of {our_name}")
        for our_name, slot in arena.state_slots.items():
            key = next(key for key in case if key.endswith(TORCH_NAMES[our_name.split(".")[-1]]))
            close(slot.view(arena.state), case[key], our_name)

    return check


@pytest.fixture
def overfit() -> Callable[..., float]:
    """Trains layers on 8 samples with random targets, and returns the mean squared error outside of training.

    With an Adam of its own, so that only the layers can fail.
    """

    def train(layers: list[Layer], inputs: InputSpec, *, steps: int = 400, rate: float = 0.02) -> float:
        rng = np.random.default_rng(3)
        network = Network(layers, inputs)
        network.initialize(rng)
        targets = rng.standard_normal((8, *network.outputs.shape))
        batch = network.workspace(8).batch(8)
        batch.inputs[...] = x = random_inputs(inputs, 8, rng)
        run = Pass(training=True, rng=rng)
        parameters, gradients = network.arena.parameters, network.arena.gradients
        mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
        for step in range(steps):
            np.subtract(batch.forward(run), targets, out=batch.output_gradient)
            batch.backward(run)
            mean += 0.1 * (gradients - mean)
            square += 0.001 * (gradients**2 - square)
            corrected = mean / (1 - 0.9 ** (step + 1)), square / (1 - 0.999 ** (step + 1))
            parameters -= rate * (1 - step / steps) * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        return float(np.square(network.predict(x) - targets).mean())

    return train


@pytest.fixture
def step_memory() -> Callable[..., tuple[int, int]]:
    """What a step on a batch allocates once it has settled, in bytes: at most at a time, and still after it.

    NumPy works on casts and on views in buffers of its own, of 8192 numbers for an operand at any size of the batch.
    """

    def measure(batch: Batch) -> tuple[int, int]:
        run = Pass(training=True)

        def step() -> None:
            batch.forward(run)
            batch.output_gradient[...] = 1
            batch.backward(run)

        step()
        tracemalloc.start()
        try:
            step()
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            step()
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return peak - before, after - before

    return measure


@pytest.fixture
def failures() -> Callable[..., list[str]]:
    """The arrays of the checks that failed."""

    def names(checks: list[GradCheck]) -> list[str]:
        return [check.array for check in checks if not check.passed]

    return names
