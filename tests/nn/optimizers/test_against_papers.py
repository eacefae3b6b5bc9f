"""Optimizers that PyTorch lacks against references written from the formulas of their papers, slow and clear."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.updater import Updater


def lion(p, rates, noise, b1, b2, decay, shape):
    """Chen et al. 2023, algorithm 2."""
    m = np.zeros_like(p)
    for rate, e in zip(rates, noise, strict=True):
        g = 0.5 * p + e
        u = np.sign(b1 * m + (1 - b1) * g)
        p = p - rate * (u + decay * p)
        m = b2 * m + (1 - b2) * g
        yield p


def lars(p, rates, noise, momentum, trust, decay, shape):
    """You et al. 2017, algorithm 1."""
    v = np.zeros_like(p)
    for rate, e in zip(rates, noise, strict=True):
        g = 0.5 * p + e
        local = trust * np.linalg.norm(p) / (np.linalg.norm(g) + decay * np.linalg.norm(p)) if len(shape) > 1 else 1.0
        v = momentum * v + rate * local * (g + decay * p)
        p = p - v
        yield p


def lamb(p, rates, noise, b1, b2, epsilon, decay, shape):
    """You et al. 2020, algorithm 2, phi the identity."""
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, (rate, e) in enumerate(zip(rates, noise, strict=True), 1):
        g = 0.5 * p + e
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + epsilon) + decay * p
        p = p - rate * (np.linalg.norm(p) / np.linalg.norm(u) if len(shape) > 1 else 1.0) * u
        yield p


def ftrl(p, rates, noise, beta, l1, l2, shape):
    """McMahan et al. 2013, algorithm 1, a coordinate at a time; z starts so that p is where it is."""
    z = np.array([-(beta / rates[0] + l2) * w - l1 * np.sign(w) for w in p.ravel()])
    n = np.zeros(p.size)
    before = rates[0]
    for rate, e in zip(rates, noise, strict=True):
        g = (0.5 * p + e).ravel()
        w = p.ravel().copy()
        for i in range(p.size):
            sigma = (beta + np.sqrt(n[i] + g[i] ** 2)) / rate - (beta + np.sqrt(n[i])) / before
            z[i] += g[i] - sigma * w[i]
            n[i] += g[i] ** 2
            q = (beta + np.sqrt(n[i])) / rate
            w[i] = 0 if abs(z[i]) <= l1 else -(z[i] - np.sign(z[i]) * l1) / (q + l2)
        before, p = rate, w.reshape(p.shape)
        yield p


def schedule_free(p, rates, noise, b1, b2, epsilon, decay, shape):
    """Defazio et al. 2024, algorithm 1 with x, y, z apart, and the authors' weights lr_max^2. Yields y, then x."""
    x = z = p
    v, largest, total = np.zeros_like(p), 0.0, 0.0
    for t, (rate, e) in enumerate(zip(rates, noise, strict=True), 1):
        y = (1 - b1) * z + b1 * x
        g = 0.5 * y + e
        v = b2 * v + (1 - b2) * g * g
        z = z - rate * (g / (np.sqrt(v / (1 - b2**t)) + epsilon) + decay * y)
        largest = max(largest, rate)
        total += largest**2
        x = x + largest**2 / total * (z - x)
        yield (1 - b1) * z + b1 * x, x


CASES = {
    "lion": ({"type": "lion", "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3}, lion, (0.8, 0.95)),
    "lars": ({"type": "lars", "momentum": 0.8, "trust": 0.4, "weight_decay": 0.1}, lars, (0.8, 0.4)),
    "lars_plain": ({"type": "lars", "momentum": 0.0, "trust": 0.2}, lars, (0.0, 0.2)),
    "lamb": (
        {"type": "lamb", "beta1": 0.8, "beta2": 0.95, "epsilon": 0.3, "weight_decay": 0.1},
        lamb,
        (0.8, 0.95, 0.3),
    ),
    "lamb_default": ({"type": "lamb"}, lamb, (0.9, 0.999, 1e-6)),
    "ftrl": ({"type": "ftrl", "beta": 0.5, "l1": 0.4, "l2": 0.2}, ftrl, (0.5, 0.4, 0.2)),
    "ftrl_default": ({"type": "ftrl"}, ftrl, (1.0, 0.0, 0.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_the_papers_over_100_steps(walk, torch, name):
    settings, reference, numbers = CASES[name]
    kept = [step for step in range(100) if step < 3 or step % 10 == 9]
    made = []
    for part in ("weight", "bias"):
        start, noise = torch[part].copy(), torch[f"{part}.noise"]
        decay = Optimizer.parse(settings).weight_decay if part == "weight" else 0.0
        extra = () if settings["type"] == "ftrl" else (decay,)
        path = list(reference(start, torch["rates"], noise, *numbers, *extra, start.shape))
        made.append(np.array([path[step].ravel() for step in kept]))
    np.testing.assert_allclose(walk(settings), np.concatenate(made, axis=1), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("l1", "zeros"), [(0.0, False), (10.0, True)])
def test_l1_of_ftrl_gives_zeros(arena, l1, zeros):
    """At the bottom of a bowl at 0, whose noise moves the weights, l1 holds them."""
    updater = Updater(Optimizer.parse({"type": "ftrl", "l1": l1}), arena)
    slot = arena.slots["weight"]
    rng = np.random.default_rng(0)
    for _ in range(300):
        slot.view(arena.gradients)[...] = slot.view(arena.parameters) + 0.3 * rng.normal(size=slot.shape)
        updater.step(1.0)
    share = float((slot.view(arena.parameters) == 0).mean())
    assert share > 0.5 if zeros else share == 0


def test_schedule_free_equals_the_paper(arena, torch):
    settings = {"type": "schedule_free_adamw", "beta1": 0.8, "beta2": 0.95, "epsilon": 0.2, "weight_decay": 0.1}
    updater = Updater(Optimizer.parse(settings), arena)
    references = [
        schedule_free(torch[part], torch["rates"], torch[f"{part}.noise"], 0.8, 0.95, 0.2, decay, ())
        for part, decay in (("weight", 0.1), ("bias", 0.0))
    ]
    out = np.full_like(arena.parameters, np.nan)
    updater.average(out)
    np.testing.assert_array_equal(out, arena.parameters)
    for step, rate in enumerate(torch["rates"]):
        for part, slot in arena.slots.items():
            slot.view(arena.gradients)[...] = 0.5 * slot.view(arena.parameters) + torch[f"{part}.noise"][step]
        updater.step(float(rate))
        updater.average(out)
        for reference, slot in zip(references, arena.slots.values(), strict=True):
            y, x = next(reference)
            np.testing.assert_allclose(slot.view(arena.parameters), y, rtol=1e-9, atol=1e-10)
            np.testing.assert_allclose(slot.view(out), x, rtol=1e-9, atol=1e-10)


def test_muons_direction_has_singular_values_near_to_1(arena, torch):
    """Jordan et al. 2024: five iterations take them to between 0.7 and 1.2."""
    settings = {"type": "muon", "momentum": 0.0, "weight_decay": 0.0, "adjust": "original"}
    before = arena.slots["weight"].view(arena.parameters).copy()
    arena.slots["weight"].view(arena.gradients)[...] = torch["weight.noise"][0]
    Updater(Optimizer.parse(settings), arena).step(1.0)
    step = before - arena.slots["weight"].view(arena.parameters)
    values = np.linalg.svd(step, compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.25
    u, _, vt = np.linalg.svd(torch["weight.noise"][0], full_matrices=False)
    assert np.vdot(step, u @ vt) > 0.9 * np.linalg.norm(step) * np.linalg.norm(u @ vt)


def test_muons_step_depends_on_the_shape():
    """Jordan et al. 2024: sqrt(max(1, outputs / inputs)); Liu et al. 2025: 0.2 sqrt(max(outputs, inputs))."""
    original = Optimizer.parse({"type": "muon", "adjust": "original"})
    assert [original.shape_factor(shape) for shape in ((4, 16), (16, 4))] == [2, 1]
    matched = Optimizer.parse({"type": "muon"})
    assert [matched.shape_factor(shape) for shape in ((4, 16), (16, 4), (9, 9))] == pytest.approx([0.8, 0.8, 0.6])
