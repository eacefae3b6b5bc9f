from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn import updater as module
from scratchnn.nn.arena import Arena
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.updater import Updater

SETTINGS = [
    {"type": "sgd", "weight_decay": 0.1},
    {"type": "sgd", "momentum": 0.9},
    {"type": "nesterov", "weight_decay": 0.1},
    {"type": "rmsprop", "momentum": 0.5, "weight_decay": 0.1},
    {"type": "adam", "weight_decay": 0.1},
    "adamw",
]


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of 64 numbers and threads from 100, so that small arenas meet every boundary."""
    monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(module, "THREADED", 100)


def arena_of(weights: int, biases: int, dtype: str = "float32") -> Arena:
    fans = (1, 1)
    params = {
        "weight": Param((weights,), None, Normal(), fans),
        "bias": Param((biases,), None, Zeros(), fans, decay=False),
    }
    return Arena(Plan(InputSpec((1,)), params=params), np.dtype(dtype))


def trained(settings, threads: int, steps: int = 4, weights: int = 1000, biases: int = 333) -> tuple[Arena, Updater]:
    arena = arena_of(weights, biases)
    rng = np.random.default_rng(3)
    arena.parameters[...] = rng.normal(size=len(arena.parameters))
    updater = Updater(Optimizer.parse(settings), arena, threads)
    for step in range(steps):
        arena.gradients[...] = rng.normal(size=len(arena.gradients))
        updater.step(0.1 / (step + 1))
    updater.close()
    return arena, updater


def by_hand(settings, steps: int = 4, weights: int = 1000, biases: int = 333) -> np.ndarray:
    """The same training in one piece: no chunks, no threads."""
    arena = arena_of(weights, biases)
    rng = np.random.default_rng(3)
    p = rng.normal(size=len(arena.parameters)).astype(np.float32)
    optimizer, work = Optimizer.parse(settings), [np.empty_like(p)]
    slots = [np.zeros_like(p) for _ in optimizer.slots()]
    for step in range(steps):
        g = rng.normal(size=len(p)).astype(np.float32)
        if optimizer.weight_decay:
            optimizer.decay(p[:weights], g[:weights], work[0][:weights], 0.1 / (step + 1))
        numbers = [np.array(number, p.dtype) for number in optimizer.numbers(0.1 / (step + 1), step + 1, {})]
        optimizer.update(p, g, slots, work, numbers)
    return p


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_chunks_and_threads_change_no_bit(settings, threads):
    arena, updater = trained(settings, threads)
    assert arena.decayed == 1000  # inside a chunk
    assert arena.decayed % 64 != 0
    np.testing.assert_array_equal(arena.parameters, by_hand(settings))
    assert updater.step_count == 4


@pytest.mark.usefixtures("small_chunks")
def test_threads_write_to_cache_lines_of_their_own():
    updater = Updater(Optimizer.parse("adam"), arena_of(1003, 77), 3)
    starts = [lane[0].p.ctypes.data for lane in updater._lanes]
    ends = [lane[-1].p.ctypes.data + lane[-1].p.nbytes for lane in updater._lanes]
    updater.close()
    assert len(starts) == 3
    assert starts[1:] == ends[:-1]
    assert all(start % 64 == 0 for start in starts)


def test_few_parameters_need_no_thread():
    updater = Updater(Optimizer.parse("adam"), arena_of(50, 5), 8)
    assert updater._pool is None
    updater.close()


@pytest.mark.usefixtures("small_chunks")
def test_decay_stops_at_the_biases():
    arena = arena_of(100, 60)
    arena.parameters[...] = 1
    updater = Updater(Optimizer.parse({"type": "sgd", "weight_decay": 0.5}), arena)
    updater.step(0.1)
    np.testing.assert_allclose(arena.parameters[:100], 0.95, rtol=1e-6)
    np.testing.assert_array_equal(arena.parameters[arena.slots["bias"].start :], 1)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_restored_updater_goes_on_to_the_bit(settings):
    whole, _ = trained(settings, 2, steps=4)
    half, before = trained(settings, 2, steps=2)
    after = Updater(Optimizer.parse(settings), half, 1)
    for name, slot in before.slots.items():
        after.slots[name][...] = slot
    after.step_count = before.step_count
    rng = np.random.default_rng(3)
    gradients = [rng.normal(size=len(half.parameters)) for _ in range(5)][3:]  # the first are parameters and 2 steps
    for step, gradient in enumerate(gradients, 2):
        half.gradients[...] = gradient
        after.step(0.1 / (step + 1))
    np.testing.assert_array_equal(half.parameters, whole.parameters)


@pytest.mark.usefixtures("small_chunks")
def test_a_fault_in_a_thread_is_raised(monkeypatch):
    updater = Updater(Optimizer.parse("sgd"), arena_of(500, 5), 2)
    last = updater._lanes[1][-1]
    object.__setattr__(last, "g", np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="broadcast"):
        updater.step(0.1)
    updater.close()


@pytest.mark.usefixtures("small_chunks")
def test_an_overflow_in_a_thread_is_left_to_the_loss_to_tell():
    arena = arena_of(500, 5)
    updater = Updater(Optimizer.parse("adam"), arena, 2)
    arena.gradients[...] = 1e30
    with np.errstate(over="ignore"):
        updater.step(0.1)
    updater.close()
    assert np.isinf(updater.slots["squares"]).all()
