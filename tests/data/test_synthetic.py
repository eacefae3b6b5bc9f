from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.sources import Source
from scratchnn.data.synthetic import Synthetic
from scratchnn.data.tables import Arrays
from scratchnn.errors import ConfigError

SETS = ["xor", "moons", "circles", "blobs", "spirals", "sine"]


def read(tag: str, **settings: object) -> Arrays:
    arrays = Source.parse({"type": tag, **settings}).read(Path())
    assert isinstance(arrays, Arrays)
    return arrays


@pytest.mark.parametrize("tag", SETS)
def test_same_seed_same_set_other_seed_another(tag: str) -> None:
    first, again, other = read(tag), read(tag, seed=0), read(tag, seed=1)
    assert first.inputs.tobytes() == again.inputs.tobytes()
    assert first.inputs.tobytes() != other.inputs.tobytes()
    assert len(first) == 1000
    assert len(read(tag, samples=7)) == 7


def test_every_synthetic_set_is_tested() -> None:
    made = [tag for tag, member in Source.members().items() if issubclass(member, Synthetic)]
    assert sorted(made) == sorted(SETS)


# The first four are by hand from the formulas in the docstrings; moons and circles also equal
# scikit-learn 1.9 make_moons(5, shuffle=False) and make_circles(5, shuffle=False, factor=0.5).
@pytest.mark.parametrize(
    ("tag", "settings", "inputs", "labels"),
    [
        ("xor", {"samples": 5}, [[-1, -1], [-1, 1], [1, -1], [1, 1], [-1, -1]], [0, 1, 1, 0, 0]),
        ("moons", {"samples": 5}, [[1, 0], [-1, 0], [0, 0.5], [1, -0.5], [2, 0.5]], [0, 0, 1, 1, 1]),
        (
            "circles",
            {"samples": 5},
            [[1, 0], [-1, 0], [0.5, 0], [-0.25, 0.4330127018922193], [-0.25, -0.4330127018922193]],
            [0, 0, 1, 1, 1],
        ),
        ("blobs", {"samples": 5, "classes": 4}, [[4, 0], [4, 0], [0, 4], [-4, 0], [0, -4]], [0, 0, 1, 2, 3]),
        (
            "spirals",
            {"samples": 4, "classes": 2, "turns": 1.0},
            [
                [0.05 * 0.9510565162951535, 0.05 * 0.3090169943749474],
                [1, 0],
                [-0.05 * 0.9510565162951535, -0.05 * 0.3090169943749474],
                [-1, 0],
            ],
            [0, 0, 1, 1],
        ),
    ],
)
def test_points_without_noise(
    tag: str, settings: dict[str, object], inputs: list[list[float]], labels: list[int]
) -> None:
    arrays = read(tag, noise=0.0, **settings)
    np.testing.assert_allclose(arrays.inputs, inputs, atol=1e-15)
    assert arrays.targets is not None
    assert arrays.targets.tolist() == labels
    assert arrays.task == "classification"


def test_noise_is_the_standard_deviation() -> None:
    clean, noisy = read("moons", samples=20_000, noise=0.0), read("moons", samples=20_000, noise=0.3)
    assert (noisy.inputs - clean.inputs).std() == pytest.approx(0.3, rel=0.02)


def test_sine_is_the_sine_over_its_periods() -> None:
    arrays = read("sine", noise=0.0, turns=2.0)
    assert arrays.task == "regression"
    assert arrays.inputs.shape == (1000, 1)
    np.testing.assert_allclose(arrays.targets, np.sin(arrays.inputs[:, 0]))
    assert 6.2 < np.abs(arrays.inputs).max() < 2 * np.pi


@pytest.mark.parametrize("tag", ["xor", "moons", "circles", "blobs", "spirals", "sine"])
def test_noise_beyond_all_measure_is_refused(tag: str) -> None:
    with pytest.raises(ConfigError, match="noise"):
        Source.parse({"type": tag, "noise": 1e308})
    made = Source.parse({"type": tag, "noise": 1e6, "samples": 500}).read(Path())
    assert np.isfinite(made.inputs).all()
