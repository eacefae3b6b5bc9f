from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.config.schema import Config
from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError
from scratchnn.training.class_weights import weigh
from scratchnn.training.events import EpochEnd, Started
from scratchnn.training.sampling import (
    EpochOrder,
    NoSampling,
    Oversample,
    Sampling,
    Undersample,
    check_sampling,
    drawn_per_class,
)

COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)
CLASSES = ["a", "b", "c"]


def targets(counts, seed=0):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


def part(labels, weights=None):
    labels = np.array(labels)
    return Part(np.zeros((len(labels), 3), np.float32), labels, weights, np.arange(len(labels)))


@pytest.mark.parametrize(
    ("sampling", "counts", "expected"),
    [
        (NoSampling(), [5, 3, 9], [5, 3, 9]),
        (Oversample(), [5, 3, 9], [9, 9, 9]),
        (Oversample(ratio=0.5), [5, 3, 9], [5, 5, 9]),  # 4.5 rounds up
        (Oversample(ratio=0.4), [5, 3, 9], [5, 4, 9]),  # 3.6
        (Undersample(), [5, 3, 9], [3, 3, 3]),
        (Undersample(ratio=0.5), [5, 3, 9], [5, 3, 6]),
        (Undersample(ratio=0.4), [5, 3, 9], [5, 3, 8]),  # 7.5 rounds up
        (Undersample(ratio=0.01), [5, 3, 9], [5, 3, 9]),
    ],
)
def test_what_an_epoch_draws_of_each_class(sampling, counts, expected):
    assert sampling.drawn(np.array(counts)).tolist() == expected
    labels = targets(counts)
    order = EpochOrder(labels, sampling, shuffle=True)
    assert len(order) == sum(expected)
    assert np.bincount(labels[order.draw(np.random.default_rng(1))]).tolist() == expected
    assert drawn_per_class(part(labels), CLASSES, sampling).tolist() == expected


@given(COUNTS, st.integers(0, 30), st.floats(0.05, 1))
def test_oversampling_has_every_row_and_none_twice_more_than_another_of_its_class(counts, seed, ratio):
    labels = targets(counts, seed)
    order = EpochOrder(labels, Oversample(ratio=ratio), shuffle=True)
    rng = np.random.default_rng(seed)
    for _ in range(2):
        times = np.bincount(order.draw(rng), minlength=len(labels))
        for label in range(len(counts)):
            own = times[labels == label]
            assert own.min() >= 1
            assert own.max() - own.min() <= 1
            assert own.sum() >= math.floor(ratio * max(counts) + 0.5)


@given(COUNTS, st.integers(0, 30), st.floats(0.05, 1))
def test_undersampling_has_no_row_twice_and_all_of_the_smallest_class(counts, seed, ratio):
    labels = targets(counts, seed)
    drawn = EpochOrder(labels, Undersample(ratio=ratio), shuffle=True).draw(np.random.default_rng(seed))
    assert len(set(drawn.tolist())) == len(drawn)
    assert np.bincount(labels[drawn]).max() <= math.floor(min(counts) / ratio + 0.5)
    smallest = int(np.argmin(counts))
    assert set(np.flatnonzero(labels == smallest).tolist()) <= set(drawn.tolist())


@pytest.mark.parametrize("sampling", [Oversample(), Undersample()])
def test_each_epoch_draws_others_until_all_have_had_their_turn(sampling):
    labels = targets([30, 20])
    order = EpochOrder(labels, sampling, shuffle=False)
    rng = np.random.default_rng(0)
    epochs = [order.draw(rng).copy() for _ in range(60)]
    assert len({epoch.tobytes() for epoch in epochs}) > 50
    assert all((np.diff(epoch) >= 0).all() for epoch in epochs)
    random_class = 1 if isinstance(sampling, Oversample) else 0
    fixed_times = 1 if isinstance(sampling, Oversample) else 0
    extra = Counter()
    for epoch in epochs:
        times = np.bincount(epoch, minlength=50)[labels == random_class] - fixed_times
        extra.update(dict(enumerate(times.tolist())))
    share = 0.5 if isinstance(sampling, Oversample) else 2 / 3  # 10 of 20 more, 20 of 30
    assert all(abs(count - 60 * share) < 5 * math.sqrt(60 * share * (1 - share)) for count in extra.values())


def test_without_sampling_the_order_is_that_of_shuffling_alone():
    """As it was before there was any sampling: runs stay what they were."""
    rng, own = np.random.default_rng(3), np.random.default_rng(3)
    order = EpochOrder(np.zeros((7, 2)), NoSampling(), shuffle=True)
    for _ in range(2):
        expected = np.arange(7)
        rng.shuffle(expected)
        assert order.draw(own).tolist() == expected.tolist()
    still = EpochOrder(np.zeros(7), NoSampling(), shuffle=False)
    assert not still.is_random
    assert still.draw(own).tolist() == list(range(7))
    assert own.random() == rng.random()


def test_is_random_tells_whether_numbers_are_drawn():
    assert not EpochOrder(targets([4, 8]), Oversample(), shuffle=False).is_random  # each of the four just twice
    assert EpochOrder(targets([4, 9]), Oversample(), shuffle=False).is_random
    assert EpochOrder(targets([4, 8]), Oversample(), shuffle=True).is_random


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1.5])
@pytest.mark.parametrize("tag", ["oversample", "undersample"])
def test_a_ratio_is_above_0_and_at_most_1(tag, ratio):
    with pytest.raises(ConfigError):
        Sampling.parse({"type": tag, "ratio": ratio})


@pytest.mark.parametrize("sampling", [Oversample(), Undersample(), NoSampling()])
def test_what_has_no_classes_cannot_be_sampled(sampling):
    numbers = part([0.5, 1.5])
    steps = part([[0, 1], [1, 0]])
    if isinstance(sampling, NoSampling):
        check_sampling(numbers, [], sampling)
        check_sampling(steps, ["x", "y"], sampling)
        return
    with pytest.raises(ConfigError, match="needs one class a sample, but the targets are numbers") as caught:
        check_sampling(numbers, [], sampling)
    assert caught.value.where == "training.sampling"
    with pytest.raises(ConfigError, match="each step of a text has one"):
        check_sampling(steps, ["x", "y"], sampling)
    check_sampling(part([0, 1]), ["x", "y"], sampling)


def test_balanced_weights_even_out_what_is_drawn():
    """Drawn 5, 5 and 9 of 19: 19 / (3 * 5) and 19 / (3 * 9); after full oversampling nothing is left to weigh."""
    labels = part(np.repeat([0, 1, 2], [5, 3, 9]))
    weights = weigh(labels, CLASSES, "balanced", Oversample(ratio=0.5)).weights
    np.testing.assert_allclose(weights[[0, 5, 8]], [19 / 15, 19 / 15, 19 / 27], rtol=1e-6)
    drawn = EpochOrder(labels.targets, Oversample(ratio=0.5), shuffle=True).draw(np.random.default_rng(0))
    by_class = np.bincount(labels.targets[drawn], weights=weights[drawn])
    np.testing.assert_allclose(by_class, [19 / 3] * 3, rtol=1e-6)
    assert weigh(labels, CLASSES, "balanced", Undersample()).weights.tolist() == [1.0] * 17
    assert weigh(labels, CLASSES, {"b": 2.0}, Oversample()).weights[[0, 5]].tolist() == [1, 2]


def test_a_search_takes_no_sampling():
    config = {
        "data": {"source": "moons"},
        "model": {"layers": [{"type": "dense", "units": "auto"}]},
        "optimizer": "lbfgs",
        "training": {"sampling": "oversample"},
    }
    with pytest.raises(ValueError, match=r"lbfgs needs the same rows in every step\. Remove `training\.sampling`"):
        Config.model_validate(config)


def counted(made, monkeypatch):
    """The rows of each epoch of a trainer, by the steps that it takes."""
    epochs, steps = [[]], []
    step = made.trainer._step

    def count(rows, rate):
        epochs[-1].extend(rows.tolist())
        steps.append((len(rows), rate))
        return step(rows, rate)

    monkeypatch.setattr(made.trainer, "_step", count)
    events = []
    for event in made.trainer.events():
        events.append(event)
        if isinstance(event, EpochEnd):
            epochs.append([])
    return epochs[:-1], steps, events


@pytest.mark.parametrize("tag", ["oversample", "undersample"])
def test_a_trainer_steps_on_what_is_drawn(make, part_of, tag, monkeypatch):
    """Ten, six and four rows: 30 or 12 an epoch, in batches of 8 with a schedule of as many steps."""
    train = part_of([10, 6, 4])
    made = make(train=train, sampling=tag, schedule="linear", optimizer={"type": "sgd", "learning_rate": 1.0}, epochs=3)
    before = [train.inputs.copy(), train.targets.copy()]
    epochs, steps, events = counted(made, monkeypatch)
    each, batches = (10, [8, 8, 8, 6]) if tag == "oversample" else (4, [8, 4])
    assert [np.bincount(train.targets[rows]).tolist() for rows in epochs] == [[each] * 3] * 3
    assert [size for size, _ in steps] == batches * 3
    started = next(event for event in events if isinstance(event, Started))
    assert started.steps_per_epoch == len(batches)
    rates = [rate for _, rate in steps]
    assert len(set(rates)) == len(rates) == len(batches) * 3
    assert made.trainer.samples_seen == 9 * each
    assert len({tuple(rows) for rows in epochs}) == 3
    assert [np.array_equal(one, other) for one, other in zip(before, [train.inputs, train.targets], strict=True)] == [
        True,
        True,
    ]


def test_all_rows_in_one_batch_are_all_that_are_drawn(make, part_of, monkeypatch):
    _, steps, _ = counted(make(train=part_of([10, 6, 3]), sampling="oversample", batch_size="all"), monkeypatch)
    assert [size for size, _ in steps] == [30] * 4


@pytest.mark.parametrize("tag", ["oversample", "undersample"])
def test_the_same_seed_gives_the_same_bytes(make, tag):
    runs = [make(sampling=tag, seed=seed) for seed in (5, 5, 6)]
    for made in runs:
        list(made.trainer.events())
    first, again, other = (made.network.arena.parameters.tobytes() for made in runs)
    assert first == again != other


@pytest.fixture
def part_of():
    def made(counts):
        labels = targets(counts)
        inputs = (np.random.default_rng(1).standard_normal((len(labels), 3)) + np.eye(3)[labels]).astype(np.float32)
        return Part(inputs, labels, None, np.arange(len(labels)))

    return made
