"""L-BFGS against PyTorch (tests/fixtures/make_torch_lbfgs.py names the version) and where minima are known."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError
from scratchnn.nn import updater as module
from scratchnn.nn.arena import Arena
from scratchnn.nn.initializers import Normal
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.losses import CrossEntropy
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.updater import Updater
from scratchnn.training.searching import SearchingStep

COMPARED = {"lbfgs"}
with np.load(Path(__file__).parents[2] / "fixtures" / "torch_lbfgs.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
ORIGIN = json.loads(str(TORCH["origin"]))
NAMES = {
    "lr": "learning_rate",
    "history_size": "history",
    "max_iter": "iterations",
    "max_eval": "evaluations",
    "tolerance_grad": "gradient_tolerance",
    "tolerance_change": "change_tolerance",
}
ALIKE = {
    "one": 70,
    "short_history": 50,
    "many": 8,
    "budget": 6,
    "small_gradient": 3,
    "small_change": 3,
}  # steps before rounding grows beyond 1e-9


def lbfgs(**more):
    return {"type": "lbfgs", **more}


def bound(function, start, settings, dtype="float64", threads=1):
    """A function of one vector with an updater; `evaluations` counts its calls, `seen` keeps where they were."""
    arena = Arena(Plan(InputSpec((1,)), params={"p": Param((len(start),), None, Normal())}), np.dtype(dtype))
    p, g = (arena.slots["p"].view(flat) for flat in (arena.parameters, arena.gradients))
    p[...] = start
    made = SimpleNamespace(arena=arena, p=p, g=g, updater=Updater(Optimizer.parse(settings), arena, threads), seen=[])

    def evaluate():
        made.seen.append(p.copy())
        value, g[...] = function(p)
        return value

    made.step = lambda rate=1.0: made.updater.search(rate, evaluate)
    return made


def rosenbrock(x):
    """Rosenbrock 1960, chained; its minimum is 0 where all are 1."""
    rest = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[1:] = 200 * rest
    g[:-1] += -400 * rest * x[:-1] - 2 * (1 - x[:-1])
    return float((100 * rest**2 + (1 - x[:-1]) ** 2).sum()), g


def test_303_searches_look_where_pytorchs_do():
    for numbers, looks, end in zip(TORCH["line.numbers"], TORCH["line.looks"], TORCH["line.end"], strict=True):
        a, b, w, c, m = numbers

        def line(x, a=a, b=b, w=w, c=c, m=m):
            value = a * (x[0] - m) ** 2 + b * math.sin(w * x[0] + c)
            return value, 2 * a * (x - m) + b * w * np.cos(w * x + c)

        made = bound(line, [0.0], lbfgs(iterations=1))
        made.step()
        seen = np.concatenate(made.seen)
        np.testing.assert_allclose(seen, looks[np.isfinite(looks)], rtol=1e-9, atol=1e-12)
        assert made.p[0] == pytest.approx(end, rel=1e-9, abs=1e-12)


def test_rosenbrocks_valley_as_pytorch_walks_it():
    """12 parameters, one iteration a step; rounding grows by 1.5 in each, to 1e-9 after 43."""
    made = bound(rosenbrock, TORCH["rosenbrock.start"], lbfgs(iterations=1, history=100))
    for expected, (before, evaluations) in zip(
        TORCH["rosenbrock.path"][:43], TORCH["rosenbrock.figures"][:43], strict=True
    ):
        assert rosenbrock(made.p)[0] == pytest.approx(before, rel=1e-7)
        made.step()
        np.testing.assert_allclose(made.p, expected, rtol=0, atol=1e-9)
        assert len(made.seen) == evaluations


def network_of(settings):
    """The fixture's network on its data, with its l2."""
    network = Network([Dense(units=8, activation="tanh"), Dense(units=3)], InputSpec((4,)), dtype="float64")
    arrays = network.arena.named_arrays()
    for name, array in arrays.items():
        array[...] = TORCH[f"start.{name}"]
    updater = Updater(Optimizer.parse(settings), network.arena)
    penalty = Penalty(Regularization(l2=ORIGIN["l2"]), network.arena)
    rows = np.arange(len(TORCH["targets"]))
    part = Part(TORCH["inputs"], TORCH["targets"], None, rows)
    run = Pass(training=True, rng=np.random.default_rng(0))
    step = SearchingStep(network, CrossEntropy(), penalty, updater, part, len(rows), run)
    calls = []
    inner = step._evaluate
    step._evaluate = lambda: calls.append(0) or inner()
    return SimpleNamespace(arrays=arrays, step=step, rows=rows, calls=calls, penalty=penalty)


@pytest.mark.parametrize("name", ALIKE)
def test_a_network_follows_pytorch(name):
    settings = {NAMES[key]: value for key, value in ORIGIN["runs"][name].items()}
    made = network_of(lbfgs(**{"history": 100} | settings))
    path, figures = TORCH[f"{name}.path"][: ALIKE[name]], TORCH[f"{name}.figures"]
    for index, expected in enumerate(path):
        loss, weight = made.step(made.rows, settings.get("learning_rate", 1.0))
        flat = np.concatenate([array.ravel() for array in made.arrays.values()])
        np.testing.assert_allclose(flat, expected, rtol=0, atol=1e-9, err_msg=f"step {index + 1}")
        if name != "budget":  # there a search may end elsewhere than at its last evaluation
            assert len(made.calls) == figures[index][1]
        if index + 1 < len(figures):  # PyTorch gives the loss before the next step
            assert loss / weight + made.penalty.value() == pytest.approx(figures[index + 1][0], rel=1e-9)


def test_there_is_a_path_for_every_setting():
    assert {key for settings in ORIGIN["runs"].values() for key in settings} == set(NAMES)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("one", {"learning_rate": 0.99}),
        ("short_history", {"history": 5}),
        ("many", {"evaluations": 11}),
        ("many", {"iterations": 8}),
        ("small_gradient", {"gradient_tolerance": 0.02}),
        ("small_change", {"change_tolerance": 2e-3}),
    ],
)
def test_the_comparison_sees_every_setting(name, change):
    settings = {"history": 100} | {NAMES[key]: value for key, value in ORIGIN["runs"][name].items()} | change
    made = network_of(lbfgs(**settings))
    worst = 0.0
    for expected in TORCH[f"{name}.path"][: ALIKE[name]]:
        made.step(made.rows, settings.get("learning_rate", 1.0))
        flat = np.concatenate([array.ravel() for array in made.arrays.values()])
        worst = max(worst, float(np.abs(flat - expected).max()))
    assert worst > 1e-7


@pytest.mark.parametrize("count", [2, 5, 20])
def test_the_minimum_of_rosenbrocks_valley_is_reached(count):
    made = bound(rosenbrock, np.tile([-1.2, 1.0], count)[:count], lbfgs(iterations=300, change_tolerance=0))
    assert made.step() < 1e-14
    np.testing.assert_allclose(made.p, 1, rtol=1e-6)


def test_least_squares_are_solved_in_few_iterations():
    """10 unknowns: with exact searches it would take 10 iterations."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(40, 10)), rng.normal(size=40)

    def squares(x):
        rest = a @ x - b
        return float(rest @ rest) / 80, a.T @ rest / 40

    made = bound(squares, np.zeros(10), lbfgs(iterations=20, gradient_tolerance=1e-9, change_tolerance=0))
    made.step()
    np.testing.assert_allclose(made.p, np.linalg.lstsq(a, b, rcond=None)[0], atol=1e-7)
    assert len(made.seen) < 30


def test_a_step_ends_where_the_gradient_is_small_enough():
    made = bound(lambda x: (float(x @ x) / 2, x.copy()), [3.0, 4.0], lbfgs())
    assert made.step() < 1e-15
    count = len(made.seen)
    assert count <= 4
    made.step()
    assert len(made.seen) == count + 1
    assert made.updater.step_count == 2


def log_barrier(x):
    """-sum log(1 - x) - 5 x, from 1 on without values; its minimum is at 0.8."""
    if (x >= 1).any():
        return math.inf, np.full_like(x, np.nan)
    return float(-np.log(1 - x).sum() - 5 * x.sum()), 1 / (1 - x) - 5


def test_a_search_steps_back_from_what_is_not_finite():
    made = bound(log_barrier, [0.5, -8.0, -3.0], lbfgs(learning_rate=50.0))
    made.step(50.0)
    assert any((point >= 1).any() for point in made.seen)
    np.testing.assert_allclose(made.p, 0.8, rtol=1e-6)


def test_a_search_steps_back_from_a_gradient_that_is_not_finite():
    made = bound(lambda x: (-float(x[0]), np.where(x < 1, -1.0, np.nan)), [0.0], lbfgs(learning_rate=50.0))
    assert -1 < made.step(50.0) < 0
    assert 0 < made.p[0] < 1


def test_a_step_ends_where_the_parameters_hardly_change():
    def narrow(x):
        steepness = np.array([1e12, 1e14])
        return float(steepness @ x**2) / 2, steepness * x

    made = bound(narrow, [1e-6, 1e-6], lbfgs(change_tolerance=1e-5))
    made.step()
    assert made.updater.carried[0]["iterations"] == 1
    assert np.abs(made.g).max() > 1


@pytest.mark.parametrize("function", [log_barrier, lambda x: (1.0, np.where(x > 1, np.inf, 1.0))])
def test_a_start_that_is_not_finite_leaves_all_as_it_was(function):
    made = bound(function, [0.5, 2.0], lbfgs())
    before = dict(made.updater.carried[0])
    assert math.isnan(made.step())
    np.testing.assert_array_equal(made.p, [0.5, 2.0])
    assert (made.updater.step_count, made.updater.carried[0], len(made.seen)) == (0, before, 1)


def test_the_last_evaluation_is_where_the_parameters_are_left():
    """Also where a search ends at a point that is not the last it looked at: its budget is used up, uphill."""
    made = bound(rosenbrock, [-1.2, 1.0], lbfgs(iterations=1, evaluations=1))
    values = []
    for _ in range(5):
        value = made.step(4.0)
        np.testing.assert_array_equal(made.seen[-1], made.p)
        assert value == rosenbrock(made.p)[0]
        np.testing.assert_array_equal(made.g, rosenbrock(made.p)[1])
        values.append(value)
    assert values == sorted(values, reverse=True)
    assert len(made.seen) > 2 * 5


def test_a_restored_updater_goes_on_to_the_bit():
    settings = lbfgs(iterations=3, history=4)
    whole, half = (bound(rosenbrock, TORCH["rosenbrock.start"], settings) for _ in range(2))
    for _ in range(9):
        whole.step()
    for _ in range(4):
        half.step()
    after = bound(rosenbrock, half.p, settings)
    for name, slot in half.updater.slots.items():
        after.updater.slots[name][...] = slot
    after.updater.load_carried(json.loads(json.dumps(half.updater.carried)))
    for _ in range(5):
        after.step()
    np.testing.assert_array_equal(after.p, whole.p)
    assert after.updater.carried == whole.updater.carried


def test_float32_comes_near():
    made = bound(rosenbrock, np.array([-1.2, 1.0], np.float32), lbfgs(iterations=100), "float32")
    made.step()
    assert all(slot.dtype == np.float32 for slot in made.updater.slots.values())
    np.testing.assert_allclose(made.p, 1, atol=2e-2)


def test_the_whole_vector_is_one_piece_and_gaps_stay_zero(monkeypatch):
    expected = bound(rosenbrock, TORCH["rosenbrock.start"], lbfgs())
    expected.step()
    monkeypatch.setattr(module, "CHUNK", 4)
    monkeypatch.setattr(module, "THREADED", 2)
    made = bound(rosenbrock, TORCH["rosenbrock.start"], lbfgs(), threads=2)
    made.step()
    np.testing.assert_array_equal(made.p, expected.p)
    inside = np.zeros(len(made.arena.parameters), bool)
    made.arena.slots["p"].view(inside)[...] = True
    assert not inside.all()
    for flat in (made.arena.parameters, made.arena.gradients, *made.updater.slots.values()):
        assert not flat[~inside].any()
    out = np.empty_like(made.arena.parameters)
    made.updater.average(out)
    np.testing.assert_array_equal(out, made.arena.parameters)


def test_steady_steps_allocate_nothing_the_size_of_the_parameters():
    size = 50_000
    scale = np.linspace(1, 30, size)
    made = bound(rosenbrock, np.ones(size), lbfgs(iterations=2, history=3, gradient_tolerance=0, change_tolerance=0))

    def evaluate():
        np.multiply(made.p, scale, out=made.g)
        return float(np.dot(made.p, made.g)) / 2

    for _ in range(4):
        made.updater.search(1.0, evaluate)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        made.updater.search(1.0, evaluate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 20_000  # the vector has 400,000 bytes
    assert made.updater.step_count == 14


def test_an_updater_knows_who_searches():
    made = bound(rosenbrock, [1.0, 1.0], "sgd")
    with pytest.raises(TypeError, match="sgd does not search"):
        made.step()
    with pytest.raises(TypeError, match="lbfgs searches"):
        bound(rosenbrock, [1.0, 1.0], lbfgs()).updater.step(1.0)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"weight_decay": 0.1}, "regularization.l2"),
        ({"groups": [{"match": "*.bias"}]}, "groups"),
        ({"lookahead": {}}, "lookahead"),
        ({"history": 0}, "history"),
        ({"iterations": 0}, "iterations"),
        ({"evaluations": 0}, "evaluations"),
        ({"gradient_tolerance": -1e-9}, "gradient_tolerance"),
        ({"change_tolerance": math.nan}, "change_tolerance"),
    ],
)
def test_what_is_refused(more, told):
    with pytest.raises(ConfigError, match=told):
        Optimizer.parse(lbfgs(**more))
