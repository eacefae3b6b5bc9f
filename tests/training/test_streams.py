from __future__ import annotations

import json

import numpy as np
import pytest

from scratchnn.training.streams import NAMES, Streams, set_state, state_of

DRAWN = {
    "init": 0.9167441575549085,
    "shuffle": 0.4674907799518424,
    "dropout": 0.07123920291270869,
    "split": 0.7639328676507445,
}


def test_the_streams_are_the_children_of_the_seed_in_their_order():
    streams = Streams(42)
    for name, child in zip(NAMES, np.random.SeedSequence(42).spawn(5), strict=True):
        expected = np.random.Generator(np.random.PCG64(child)).random(3)
        np.testing.assert_array_equal(getattr(streams, name).random(3), expected)


def test_the_first_four_draw_what_they_always_did():
    """A stream that comes later changes no run that does not use it. Numbers from when there were four."""
    streams = Streams(42)
    drawn = {name: getattr(streams, name).random() for name in ("init", "shuffle", "dropout", "split")}
    assert drawn == DRAWN


@pytest.mark.parametrize("name", NAMES)
def test_drawing_from_one_stream_leaves_the_others_alone(name):
    disturbed, quiet = Streams(3), Streams(3)
    getattr(disturbed, name).random(1000)
    for other in set(NAMES) - {name}:
        assert getattr(disturbed, other).random() == getattr(quiet, other).random()


def test_streams_of_one_seed_and_of_two_seeds_differ():
    draws = [getattr(Streams(seed), name).random() for seed in range(5) for name in NAMES]
    assert len(set(draws)) == len(draws)


@pytest.mark.parametrize("halves", [0, 1, 2, 3])
def test_a_state_comes_back_through_json_with_its_buffered_half(halves):
    generator = Streams(1).shuffle
    for _ in range(halves):
        generator.integers(0, 2**32, dtype=np.uint32)  # takes half of a 64 bit draw, and keeps the other half
    state = json.loads(json.dumps(state_of(generator)))
    assert state["has_uint32"] == halves % 2
    first = generator.integers(0, 2**32, 5, dtype=np.uint32)
    other = Streams(99).dropout
    set_state(other, state)
    np.testing.assert_array_equal(other.integers(0, 2**32, 5, dtype=np.uint32), first)
    assert other.random() == generator.random()
