"""A sum of losses is the sum of what its terms say, and refuses terms that do not go together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.config.explain import validate
from scratchnn.config.load import read_document
from scratchnn.config.schema import Config
from scratchnn.errors import ConfigError, ShapeError, TargetError
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss, TargetSpec


def total_of(*terms: object) -> Loss:
    return Loss.parse({"type": "weighted_sum", "terms": list(terms)})


def run(loss: Loss, outputs, targets, weights=None):
    plan = loss.plan(InputSpec(outputs.shape[1:]))
    mem = Workspace(Arena(plan, outputs.dtype), plan, len(outputs), poison=True).memory(len(outputs))
    gradient, total = np.full_like(outputs, np.nan), float(len(outputs) if weights is None else weights.sum())
    value = loss.evaluate(outputs, targets, weights, total, gradient, mem)
    assert loss.evaluate(outputs, targets, weights, total, None, mem) == value
    return value / total, gradient


def test_numbers_by_hand():
    """Errors 2 and -1: mse 2.5, mae 1.5; 0.7 * 2.5 + 0.3 * 1.5 = 2.2; slopes 0.7 e + 0.3 sign(e) / 2."""
    both = total_of({"loss": "mse", "weight": 0.7}, {"loss": "mae", "weight": 0.3})
    value, gradient = run(both, np.array([[3.0], [0.0]]), np.array([[1.0], [1.0]]))
    assert value == pytest.approx(2.2, rel=1e-15)
    np.testing.assert_allclose(gradient, [[1.4 + 0.15], [-0.7 - 0.15]], rtol=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_nested_sum_is_the_sum_of_all_its_terms(weighted):
    rng = np.random.default_rng(3)
    z, ids = rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    weights = rng.uniform(0.5, 2, 5) if weighted else None
    inner = {"type": "weighted_sum", "terms": [{"loss": "focal", "weight": 0.5}, {"loss": "multi_margin"}]}
    value, gradient = run(total_of({"loss": "cross_entropy"}, {"loss": inner, "weight": 2.0}), z, ids, weights)
    parts = [run(Loss.parse(name), z, ids, weights) for name in ("cross_entropy", "focal", "multi_margin")]
    shares = (1.0, 1.0, 2.0)
    assert value == pytest.approx(sum(s * part for s, (part, _) in zip(shares, parts, strict=True)), rel=1e-14)
    expected = sum(s * slope for s, (_, slope) in zip(shares, parts, strict=True))
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-16)


def test_predictions_come_from_the_first_term():
    z = np.array([[0.0, math.log(3)]])
    np.testing.assert_allclose(total_of({"loss": "poisson"}, {"loss": "mse"}).predictions(z), [[1, 3]], rtol=1e-15)
    np.testing.assert_array_equal(total_of({"loss": "mse"}, {"loss": "poisson"}).predictions(z), z)


def test_what_the_terms_want_the_sum_wants():
    plain, raw = total_of({"loss": "mse"}, {"loss": "mae"}), total_of({"loss": "mse"}, {"loss": "gamma"})
    assert (plain.wants_raw_targets(), raw.wants_raw_targets()) == (False, True)
    assert (plain.reads_outputs_as_they_are(), raw.reads_outputs_as_they_are()) == (True, False)
    assert total_of({"loss": "ordinal"}).wants_ordered_classes()
    with pytest.raises(TargetError, match="0 is not above 0, but gamma") as caught:
        raw.check_numbers(np.array([[1.0, 2.0], [3.0, 0.0]]))
    assert (caught.value.row, caught.value.column) == (1, 1)
    plain.check_numbers(np.array([[-1.0]]))
    assert (raw.sample_targets(TargetSpec(columns=3), 50, np.random.default_rng(0)) > 0).all()


def test_output_sizes():
    assert total_of({"loss": "mse"}, {"loss": "mae"}).output_size(TargetSpec(columns=3)) == 3
    hinges = total_of({"loss": "binary_cross_entropy"}, {"loss": "ordinal"})
    assert hinges.output_size(TargetSpec(classes=2)) == 1
    nested = total_of({"loss": {"type": "weighted_sum", "terms": [{"loss": "mse"}]}})
    with pytest.raises(ShapeError, match="needs numbers as targets, got classes") as caught:
        nested.output_size(TargetSpec(classes=3))
    assert caught.value.where == "terms[0].loss.terms[0].loss"


TEXT = """
data: {source: a.csv, target: y}
model: {layers: [{type: dense, units: auto}]}
loss:
  type: weighted_sum
  terms:
    - loss: mse
    - {loss: %s, weight: %s}
"""


@pytest.mark.parametrize(
    "loss", ["cross_entropy", "hinge", "quantile", "gaussian_nll", "{type: weighted_sum, terms: [{loss: focal}]}"]
)
def test_terms_that_do_not_go_together_are_refused_with_the_config(tmp_path, loss):
    path = tmp_path / "a.yaml"
    path.write_text(TEXT % (loss, 1.0))
    with pytest.raises(
        ConfigError, match=r"a.yaml:6:3: loss: `terms\[1\]` \(\w+\) takes other targets or needs other outputs"
    ):
        validate(read_document(path), Config)


def test_a_weight_of_nothing_is_refused():
    for weight in (0, -1.0, math.inf):
        with pytest.raises(ConfigError):
            total_of({"loss": "mse", "weight": weight})
    with pytest.raises(ConfigError):
        total_of()
