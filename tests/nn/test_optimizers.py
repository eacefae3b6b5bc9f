"""Optimizers against PyTorch (tests/fixtures/make_torch_training.py names the version) and over long runs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.optimizers import Optimizer

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_training.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
DECAYED = 8  # of the parameters in the fixture, from the left
SETTINGS = {
    "sgd": {"type": "sgd"},
    "sgd_decay": {"type": "sgd", "weight_decay": 0.1},
    "momentum": {"type": "sgd", "momentum": 0.9},
    "momentum_decay": {"type": "sgd", "momentum": 0.8, "weight_decay": 0.05},
    "nesterov": {"type": "nesterov"},
    "nesterov_decay": {"type": "nesterov", "weight_decay": 0.05},
    "rmsprop": {"type": "rmsprop", "alpha": 0.95, "epsilon": 0.1},
    "rmsprop_momentum": {"type": "rmsprop", "alpha": 0.9, "epsilon": 0.2, "momentum": 0.7, "weight_decay": 0.05},
    "adam": {"type": "adam"},
    "adam_epsilon": {"type": "adam", "epsilon": 0.3, "beta1": 0.8, "beta2": 0.95},
    "adam_decay": {"type": "adam", "weight_decay": 0.1},
    "adamw": {"type": "adamw", "weight_decay": 0.1},
    "adamw_epsilon": {"type": "adamw", "epsilon": 0.1, "beta2": 0.98, "weight_decay": 0.2},
}


class Stepper:
    """An optimizer with its slots for one vector; work arrays hold NaN before each step."""

    def __init__(self, settings: object, size: int, dtype: str = "float64", decayed: int = 0) -> None:
        self.optimizer = Optimizer.parse(settings)
        self.slots = [np.zeros(size, dtype) for _ in self.optimizer.slots()]
        self.decayed = decayed
        self.t = 0
        self.carried = self.optimizer.carried()

    def step(self, p: np.ndarray, g: np.ndarray, rate: float) -> None:
        self.t += 1
        optimizer, end = self.optimizer, self.decayed
        work = [np.full_like(p, np.nan) for _ in range(optimizer.work_arrays)]
        if optimizer.weight_decay and end:
            optimizer.decay(p[:end], g[:end], work[0][:end], rate)
        numbers = [np.array(number, p.dtype) for number in optimizer.numbers(rate, self.t, self.carried)]
        optimizer.update(p, g, self.slots, work, numbers)


def path_of(settings: object) -> np.ndarray:
    """What the fixture's script does with PyTorch, done with ours."""
    p = TORCH["optimizer.start"].copy()
    stepper = Stepper(settings, len(p), decayed=DECAYED)
    path = []
    for step, (noise, rate) in enumerate(zip(TORCH["optimizer.noise"], TORCH["optimizer.rates"], strict=True)):
        stepper.step(p, 0.5 * p + noise, float(rate))
        if step < 3 or step % 10 == 9:
            path.append(p.copy())
    return np.array(path)


def test_every_path_of_the_fixture_is_compared():
    assert json.loads(str(TORCH["origin"]))["optimizers"] == list(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_pytorch_over_120_steps_with_changing_learning_rate(name):
    np.testing.assert_allclose(path_of(SETTINGS[name]), TORCH[f"optimizer.{name}"], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("adam_decay", {"type": "adamw", "weight_decay": 0.1}),
        ("adamw", {"type": "adam", "weight_decay": 0.1}),
        ("adam_epsilon", {"type": "adam", "epsilon": 0.29, "beta1": 0.8, "beta2": 0.95}),
        ("nesterov", {"type": "sgd", "momentum": 0.9}),
        ("sgd_decay", {"type": "sgd", "weight_decay": 0.0999}),
        ("rmsprop", {"type": "rmsprop", "alpha": 0.95, "epsilon": 0.1001}),
        ("adam", {"type": "adam", "epsilon": 1e-7}),
    ],
)
def test_the_comparison_sees_every_effect(name, other):
    """The nearest wrong settings differ by far more than the tolerance above, already in the first steps."""
    differences = np.abs(path_of(other)[1:4] - TORCH[f"optimizer.{name}"][1:4])
    assert differences.max() > 1e-9


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_every_optimizer_finds_the_bottom_of_a_bowl(settings):
    p = np.array([3.0, -2.0, 0.5], np.float32)
    stepper = Stepper(settings, 3, "float32")
    for step in range(600):
        stepper.step(p, 2 * (p - 1), 0.05 if step < 300 else 0.01)
    np.testing.assert_allclose(p, 1, atol=0.02)
    assert p.dtype == np.float32
    assert all(slot.dtype == np.float32 for slot in stepper.slots)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_no_gradient_no_change(settings):
    """Gaps between the arrays of an arena hold zeros, and must keep them."""
    p = np.zeros(5, np.float32)
    stepper = Stepper(settings, 5, "float32", decayed=5)
    for _ in range(5):
        stepper.step(p, np.zeros(5, np.float32), 0.1)
    np.testing.assert_array_equal(p, 0)


def test_decoupled_decay_alone_shrinks_by_its_share_of_the_learning_rate():
    p = np.array([2.0, 2.0])
    stepper = Stepper({"type": "adamw", "weight_decay": 0.1}, 2, decayed=1)
    stepper.step(p, np.zeros(2), 0.5)
    np.testing.assert_allclose(p, [2 * (1 - 0.5 * 0.1), 2], rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_first_step_of_adam_has_the_size_of_the_learning_rate(scale):
    p = np.zeros(2)
    Stepper("adam", 2).step(p, np.array([scale, -scale]), 0.01)
    np.testing.assert_allclose(p, [-0.01, 0.01], rtol=0.011)


def test_unscaled_moments_are_the_moments():
    rng = np.random.default_rng(0)
    stepper = Stepper({"type": "adam", "beta1": 0.7, "beta2": 0.9}, 4)
    m, v, p = np.zeros(4), np.zeros(4), np.zeros(4)
    for _ in range(50):
        g = rng.normal(size=4)
        m, v = 0.7 * m + 0.3 * g, 0.9 * v + 0.1 * g * g
        stepper.step(p, g, 0.01)
    np.testing.assert_allclose(stepper.slots[0] * 0.3, m, rtol=1e-12)
    np.testing.assert_allclose(stepper.slots[1] * 0.1, v, rtol=1e-12)


@pytest.mark.parametrize(
    ("steps", "scale"), [(3000, 1e-12), (3000, 1.0), (3000, 1e12), pytest.param(100_000, 1.0, marks=pytest.mark.slow)]
)
def test_adam_in_float32_stays_sound_in_long_runs(steps, scale):
    """The last step against the textbook's form in float64."""
    rng = np.random.default_rng(1)
    noise = (rng.normal(size=(1000, 8)) * scale).astype(np.float32)
    p, m, v = np.zeros(8, np.float32), np.zeros(8), np.zeros(8)
    stepper = Stepper("adam", 8, "float32")
    for t in range(1, steps + 1):
        g = noise[t % 1000]
        p[...] = 0
        stepper.step(p, g.copy(), 0.01)
        wide = g.astype(np.float64)
        m = 0.9 * m + 0.1 * wide
        v = 0.999 * v + 0.001 * wide**2
    expected = -0.01 * m / (1 - 0.9**steps) / (np.sqrt(v / (1 - 0.999**steps)) + 1e-8)
    np.testing.assert_allclose(p, expected, rtol=2e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "sgd", "momentum": 1.0},
        {"type": "adam", "beta2": 1.0},
        {"type": "adam", "epsilon": 0},
        {"type": "rmsprop", "alpha": 1},
        {"type": "adam", "learning_rate": 0},
        {"type": "adam", "learning_rate": math.inf},
        {"type": "sgd", "nesterov": True},
        {"type": "adam", "weight_decay": -1e-3},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Optimizer.parse(settings)
