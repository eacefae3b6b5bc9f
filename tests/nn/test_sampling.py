from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnn.nn.sampling import Sampler

LOGITS = np.log([0.1, 0.4, 0.3, 0.2])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.1, 0.4, 0.3, 0.2]),
        ({"temperature": 0.5}, np.array([0.01, 0.16, 0.09, 0.04]) / 0.3),
        ({"temperature": 2.0}, np.sqrt([0.1, 0.4, 0.3, 0.2]) / np.sqrt([0.1, 0.4, 0.3, 0.2]).sum()),
        ({"temperature": 0.0}, [0, 1, 0, 0]),
        ({"temperature": 0.0, "top_k": 3, "top_p": 0.9}, [0, 1, 0, 0]),
        ({"temperature": 1e-300}, [0, 1, 0, 0]),
        ({"top_k": 1}, [0, 1, 0, 0]),
        ({"top_k": 3}, np.array([0, 4, 3, 2]) / 9),
        ({"top_k": 99}, [0.1, 0.4, 0.3, 0.2]),
        ({"top_p": 0.39}, [0, 1, 0, 0]),
        ({"top_p": 0.41}, np.array([0, 4, 3, 0]) / 7),
        ({"top_p": 0.95}, [0.1, 0.4, 0.3, 0.2]),
        ({"top_k": 3, "top_p": 0.75}, np.array([0, 4, 3, 0]) / 7),  # of 4/9, 3/9, 2/9 the first two reach 7/9
    ],
)
def test_probabilities(settings, expected):
    found = Sampler(**settings).probabilities(LOGITS)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_of_equal_ones_the_first_stay():
    assert Sampler(top_k=2).probabilities(np.zeros(4)).tolist() == [0.5, 0.5, 0, 0]
    assert Sampler(top_p=0.5).probabilities(np.zeros(4)).tolist() == [0.5, 0.5, 0, 0]


@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=30, unique=True), st.data())
def test_the_fewest_that_reach_it(shares, data):
    """A share that the first k reach exactly needs no more than k."""
    logits = np.log(shares)
    sums = np.cumsum(np.sort(Sampler().probabilities(logits))[::-1])
    kept = data.draw(st.integers(1, len(shares) - 1))
    assert np.count_nonzero(Sampler(top_p=float(sums[kept - 1])).probabilities(logits)) == kept
    assert np.count_nonzero(Sampler(top_p=float(np.nextafter(sums[kept - 1], 1))).probabilities(logits)) == kept + 1


def test_top_p_is_of_what_the_temperature_makes():
    """Of 0.1, 0.4, 0.3, 0.2 at T = 1/2: 1, 16, 9, 4 of 30. The first two reach 25/30, the first 16/30."""
    cold = {"temperature": 0.5}
    assert Sampler(**cold, top_p=0.83).probabilities(LOGITS).tolist() == pytest.approx([0, 16 / 25, 9 / 25, 0])
    assert Sampler(**cold, top_p=0.53).probabilities(LOGITS).tolist() == [0, 1, 0, 0]
    assert Sampler(**cold, top_k=2, top_p=0.65).probabilities(LOGITS).tolist() == pytest.approx([0, 16 / 25, 9 / 25, 0])


def test_draws_follow_the_probabilities():
    rng, sampler = np.random.default_rng(0), Sampler(top_k=3)
    counts = np.bincount([sampler.draw(LOGITS, rng) for _ in range(9000)], minlength=4)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:], [4000, 3000, 2000], atol=180)  # four standard deviations


class Fixed:
    """A generator that always draws this number."""

    def __init__(self, value):
        self.value = value

    def random(self):
        return self.value


@pytest.mark.parametrize("value", [0.0, np.nextafter(1.0, 0.0)])
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30), st.floats(0.01, 1.0))
@example([0.0], 1.0)
def test_what_is_ruled_out_is_never_drawn(value, logits, share):
    logits = np.array([-np.inf, *logits, -np.inf])
    sampler = Sampler(top_p=share)
    assert sampler.probabilities(logits)[sampler.draw(logits, Fixed(value))] > 0
