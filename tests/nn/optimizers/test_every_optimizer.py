"""What holds for every optimizer: compared somewhere, the same bits however the work is cut, and sound in float32."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.errors import ConfigError
from scratchnn.nn import updater as module
from scratchnn.nn.arena import Arena
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.optimizers import Optimizer, SearchingOptimizer
from scratchnn.nn.updater import Updater

SEARCHING = {tag for tag, member in Optimizer.members().items() if issubclass(member, SearchingOptimizer)}
TAGS = sorted(Optimizer.members().keys() - SEARCHING)  # the others need a loss: see test_quasi_newton
GROUPS = [
    {"match": "a.*", "learning_rate_factor": 0.5, "weight_decay": 0.3},
    {"match": "*.weight", "learning_rate_factor": 2.0},
]


def arena_of(dtype: str = "float32") -> Arena:
    """Three matrices of odd sizes and three biases, random."""
    params = {}
    for index, name in enumerate("abc"):
        shape = (7 + index, 5 - index)
        params[f"{name}.weight"] = Param(shape, None, Normal(), shape)
        params[f"{name}.bias"] = Param(shape[1:], None, Zeros(), (1, 1), decay=False)
    arena = Arena(Plan(InputSpec((1,)), params=params), np.dtype(dtype))
    rng = np.random.default_rng(0)
    for slot in arena.slots.values():
        slot.view(arena.parameters)[...] = rng.normal(size=slot.shape)
    return arena


def trained(settings, threads: int = 1, steps: int = 12, dtype: str = "float32") -> tuple[Arena, Updater]:
    arena = arena_of(dtype)
    updater = Updater(Optimizer.parse(settings), arena, threads)
    go_on(arena, updater, 0, steps)
    updater.close()
    return arena, updater


def go_on(arena: Arena, updater: Updater, start: int, stop: int) -> None:
    for step in range(start, stop):
        rng = np.random.default_rng(step)
        for slot in arena.slots.values():
            slot.view(arena.gradients)[...] = rng.normal(size=slot.shape)
        updater.step(0.1 / (step + 1))


def settings_of(tag: str, **more: object) -> dict[str, object]:
    return {"type": tag, "weight_decay": 0.1, **more}


def load(name: str):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"rows_of_{name}", path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


def test_every_optimizer_is_compared():
    compared = {"sgd", "nesterov", "rmsprop", "adam", "adamw", "schedule_free_adamw"}
    compared |= {settings["type"] for settings in load("test_against_torch").SETTINGS.values()}
    compared |= {settings["type"] for settings, *_ in load("test_against_papers").CASES.values()}
    assert compared == set(TAGS)
    assert load("test_quasi_newton").COMPARED == SEARCHING


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("threads", [2, 3])
def test_chunks_and_threads_change_no_bit(monkeypatch, tag, threads):
    expected, _ = trained(settings_of(tag))
    grouped, _ = trained(settings_of(tag, groups=GROUPS))
    monkeypatch.setattr(module, "CHUNK", 16)
    monkeypatch.setattr(module, "THREADED", 50)
    np.testing.assert_array_equal(trained(settings_of(tag), threads)[0].parameters, expected.parameters)
    made, updater = trained(settings_of(tag, groups=GROUPS), threads)
    np.testing.assert_array_equal(made.parameters, grouped.parameters)
    assert len(updater._lanes) == threads


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("more", [{}, {"groups": GROUPS, "lookahead": {"every": 3}}], ids=["plain", "grouped"])
def test_a_restored_updater_goes_on_to_the_bit(tag, more):
    settings = settings_of(tag, **more)
    whole, _ = trained(settings)
    half, before = trained(settings, steps=5)
    after = Updater(Optimizer.parse(settings), half)
    for name, slot in before.slots.items():
        after.slots[name][...] = slot
    after.step_count = before.step_count
    after.load_carried([dict(numbers) for numbers in before.carried])
    go_on(half, after, 5, 12)
    np.testing.assert_array_equal(half.parameters, whole.parameters)


@pytest.mark.parametrize("tag", TAGS)
def test_gaps_stay_zero(tag):
    arena, updater = trained(settings_of(tag))
    inside = np.zeros(len(arena.parameters), bool)
    for slot in arena.slots.values():
        slot.view(inside)[...] = True
    assert not inside.all()
    assert not arena.parameters[~inside].any()
    assert not arena.gradients[~inside].any()
    if updater.keeps_average:
        out = np.empty_like(arena.parameters)
        updater.average(out)
        assert not out[~inside].any()


@pytest.mark.parametrize("tag", TAGS)
def test_float32_follows_float64(tag):
    narrow, updater = trained(settings_of(tag))
    wide, _ = trained(settings_of(tag), dtype="float64")
    assert all(slot.dtype == np.float32 for slot in updater.slots.values())
    for name, slot in narrow.slots.items():
        expected = wide.slots[name].view(wide.parameters)
        np.testing.assert_allclose(slot.view(narrow.parameters), expected, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("tag", TAGS)
def test_every_optimizer_goes_down_a_bowl(tag):
    arena = arena_of()
    more = {"lars": {"trust": 0.05}, "adadelta": {"epsilon": 0.01}, "muon": {"weight_decay": 0.0}}.get(tag, {})
    updater = Updater(Optimizer.parse({"type": tag, **more}), arena)
    rate = {"lars": 0.3, "adadelta": 1.0, "adafactor": 0.05, "ftrl": 0.5, "adagrad": 0.5}.get(tag, 0.03)
    before = float(np.square(arena.parameters - 1).mean())
    out = arena.parameters
    for _ in range(400):
        for slot in arena.slots.values():
            slot.view(arena.gradients)[...] = slot.view(arena.parameters) - 1
        updater.step(rate)
    if updater.keeps_average:
        out = np.empty_like(arena.parameters)
        updater.average(out)
    after = np.mean([np.square(slot.view(out) - 1).mean() for slot in arena.slots.values()])
    assert after < 0.03 * before


@pytest.mark.parametrize("tag", TAGS)
def test_a_factor_of_0_freezes(tag):
    arena, _ = trained(settings_of(tag, groups=[{"match": "b.*", "learning_rate_factor": 0}]))
    start = arena_of()
    for name, slot in arena.slots.items():
        same = np.array_equal(slot.view(arena.parameters), slot.view(start.parameters))
        assert same == name.startswith("b."), name


@pytest.mark.parametrize("tag", ["sgd", "adamw", "schedule_free_adamw", "lars"])
def test_groups_are_the_same_as_training_apart(tag):
    """Each parameter moves as it does under an optimizer that has the group's numbers for all."""
    made, _ = trained(settings_of(tag, groups=GROUPS), dtype="float64")
    for prefix, factor, decay in (("a.", 0.5, 0.3), ("b.weight", 2.0, 0.1), ("b.bias", 1.0, 0.1)):
        everything = "*" if prefix == "a." else "*.weight"
        group = {"match": everything, "learning_rate_factor": factor, "weight_decay": decay}
        apart, _ = trained({"type": tag, "groups": [group] if prefix != "b.bias" else []}, dtype="float64")
        names = [name for name in made.slots if name.startswith(prefix)]
        assert names
        for name in names:
            slot = made.slots[name]
            np.testing.assert_allclose(slot.view(made.parameters), slot.view(apart.parameters), rtol=1e-13)


def test_a_groups_decay_reaches_biases_and_may_spare_weights():
    """Without a gradient sgd multiplies with 1 - lr factor decay: 0.98 for biases, 1 for a.weight, else 0.99."""
    groups = [
        {"match": "*.bias", "weight_decay": 0.4, "learning_rate_factor": 0.5},
        {"match": "a.*", "weight_decay": 0},
    ]
    arena, start = arena_of("float64"), arena_of("float64")
    Updater(Optimizer.parse({"type": "sgd", "weight_decay": 0.1, "groups": groups}), arena).step(0.1)
    for name, slot in arena.slots.items():
        factor = 0.98 if name.endswith("bias") else 1.0 if name == "a.weight" else 0.99
        np.testing.assert_allclose(slot.view(arena.parameters), factor * slot.view(start.parameters), rtol=1e-14)


def test_a_group_for_nothing_is_refused():
    optimizer = Optimizer.parse({"type": "sgd", "groups": [{"match": "*.weight"}, {"match": "*.kernel"}]})
    with pytest.raises(ConfigError, match="kernel") as caught:
        Updater(optimizer, arena_of())
    assert caught.value.where == "optimizer.groups[1].match"


def test_lookahead_by_hand():
    """Zhang et al. 2019, algorithm 1: two steps of sgd, then half of the way from where they began."""
    arena = arena_of("float64")
    optimizer = Optimizer.parse({"type": "sgd", "lookahead": {"every": 2, "share": 0.25}})
    updater = Updater(optimizer, arena)
    slow = arena.parameters.copy()
    for step in range(6):
        before = arena.parameters.copy()
        for slot in arena.slots.values():
            slot.view(arena.gradients)[...] = step + 1
        expected = before - 0.1 * arena.gradients
        updater.step(0.1)
        if step % 2:
            expected = slow = slow + 0.25 * (expected - slow)
        np.testing.assert_allclose(arena.parameters, expected, rtol=1e-13)


def test_cycled_momentum_stands_in_for_the_optimizers_own():
    for tag, field in (("nesterov", "momentum"), ("adam", "beta1")):
        expected, _ = trained({"type": tag, field: 0.6})
        arena = arena_of()
        updater = Updater(Optimizer.parse({"type": tag, field: 0.9}), arena)
        updater.momentum = 0.6
        go_on(arena, updater, 0, 12)
        np.testing.assert_array_equal(arena.parameters, expected.parameters)


def test_adafactor_and_muon_keep_no_more_than_they_need():
    sizes = {name: slot.size for name, slot in trained("adafactor")[1].slots.items()}
    assert sizes == {"rows": 16 * 3, "columns": 16 * 3, "squares": 16 * 3}
    _, updater = trained("muon")
    assert updater.slots["velocity"].size == 48 + 32 + 32
    assert updater.slots["squares"].size == 16 * 3


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "rprop", "smallest": 2.0, "largest": 1.0},
        {"type": "ftrl", "beta": 0},
        {"type": "adafactor", "clip": 0.5},
        {"type": "muon", "iterations": 0},
        {"type": "schedule_free_adamw", "beta1": 0.0},
        {"type": "adam", "lookahead": {"share": 0}},
        {"type": "adam", "groups": [{"learning_rate_factor": 0.1}]},
        {"type": "adam", "groups": [{"match": "*", "learning_rate_factor": -1}]},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises((ConfigError, ValidationError)):
        Optimizer.parse(settings)
