"""The range test on whole configs: repeatable, writes nothing, and says why it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnn
from scratchnn.errors import ConfigError, DivergedError, UsageError
from scratchnn.workflows import find_lr as module
from scratchnn.workflows.find_lr import find_lr

MOONS: dict[str, Any] = {
    "data": {"source": {"type": "moons", "samples": 400}},
    "model": {"layers": [{"type": "dense", "units": 16, "activation": "tanh"}, {"type": "dense", "units": "auto"}]},
    "optimizer": {"type": "sgd", "learning_rate": 0.01, "momentum": 0.9},
}


def test_the_steps_are_those_of_sgd(config):
    """Without momentum and shuffling the first losses are those of w -= rate * gradient, batch by batch."""
    made = {
        **MOONS,
        "model": {"dtype": "float64", "layers": [{"type": "dense", "units": "auto", "init": "zeros"}]},
        "optimizer": {"type": "sgd"},
        "training": {"shuffle": False, "batch_size": 40},
    }
    found = find_lr(made, from_lr=0.1, to_lr=10, steps=20).test
    from scratchnn.workflows.session import Session
    from scratchnn.workflows.train import load

    part = Session(load(made, (), ())).training_part
    weight, bias = np.zeros(2), 0.0
    rates = 0.1 * 100 ** (np.arange(20) / 19)
    count = len(part) // 40
    for step in range(10):
        rows = slice(step % count * 40, step % count * 40 + 40)
        x, y = part.inputs[rows], part.targets[rows]
        logits = x @ weight + bias
        assert found.losses[step] == pytest.approx(np.mean(np.logaddexp(0, logits) - y * logits), rel=1e-9)
        error = (1 / (1 + np.exp(-logits)) - y) / 40
        weight, bias = weight - rates[step] * x.T @ error, bias - rates[step] * error.sum()
    np.testing.assert_allclose(found.rates, rates[: len(found.rates)])


def test_it_suggests_a_rate_that_learns_and_repeats_to_the_bit():
    first, again = find_lr(MOONS), find_lr(MOONS)
    assert first.to_json() == again.to_json()
    rate = first.test.suggestion
    assert 1e-3 < rate < 1
    losses = {}
    for value in (rate / 1000, rate):
        made = {**MOONS, "optimizer": {**MOONS["optimizer"], "learning_rate": value}, "training": {"epochs": 3}}
        losses[value] = scratchnn.train(made).metrics["train"]["loss"]
    assert losses[rate] < 0.7 * losses[rate / 1000]
    assert find_lr(MOONS, overrides=["seed=1"]).to_json() != first.to_json()


def test_it_ends_where_the_loss_diverges():
    made = {
        **MOONS,
        "loss": "auto",
        "optimizer": "sgd",
        "model": {"layers": [{"type": "dense", "units": 32}] * 3 + [{"type": "dense", "units": "auto"}]},
    }
    found = find_lr(made, to_lr=1e6).test
    assert found.diverged
    assert 20 < len(found.rates) < 100
    assert np.isfinite(found.losses).all()


def test_nothing_is_written():
    before = sorted(Path().rglob("*"))
    find_lr(MOONS)
    assert sorted(Path().rglob("*")) == before


def test_frozen_parameters_and_other_starts_count():
    base = scratchnn.train({**MOONS, "training": {"epochs": 30}}, overrides=["optimizer.learning_rate=0.1"]).run
    trained = find_lr({**MOONS, "from": str(base)})
    assert trained.test.losses[0] < 0.7 * find_lr(MOONS).test.losses[0]
    frozen = find_lr({**MOONS, "training": {"freeze": [{"match": "0.*"}]}})
    assert frozen.to_json() != find_lr(MOONS).to_json()


def test_what_is_refused():
    with pytest.raises(
        ConfigError, match="lbfgs searches for the length of each step: there is no learning rate to find"
    ):
        find_lr({**MOONS, "optimizer": "lbfgs"})
    for arguments, message in (
        ({"from_lr": 0.0}, "--from-lr: got 0, expected a number above 0"),
        ({"to_lr": float("inf")}, "--to-lr: got inf"),
        ({"from_lr": 1e-2, "to_lr": 1e-3}, "--to-lr: got 0.001, expected more than --from-lr 0.01"),
        ({"steps": 3}, "--steps: got 3, expected 20 or more"),
    ):
        with pytest.raises(UsageError, match=message):
            find_lr(MOONS, **arguments)
    huge = {**MOONS, "model": {"init": {"type": "constant", "value": 3e38}, "layers": MOONS["model"]["layers"]}}
    with pytest.raises(DivergedError, match="the loss of the first batch is not a finite number"):
        find_lr(huge)


def test_a_plot_needs_matplotlib(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs the library matplotlib.*pip install 'scratchnn\[plot\]'"):
        find_lr(MOONS).write_plot("lr.svg")
    with pytest.raises(UsageError, match=r'cannot draw a "\.pdf"'):
        find_lr(MOONS).write_plot("lr.pdf")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_equal_curves_give_equal_plots(suffix):
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'scratchnn[plot]'")
    result = find_lr(MOONS)
    result.write_plot(f"a.{suffix}")
    find_lr(MOONS).write_plot(f"b.{suffix}")
    assert Path(f"a.{suffix}").read_bytes() == Path(f"b.{suffix}").read_bytes()
    assert Path(f"a.{suffix}").stat().st_size > 5000
