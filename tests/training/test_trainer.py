from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

import scratchnn.training.trainer as module
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.training.events import EpochEnd, Finished, Progress, Started, StopRequest


@pytest.fixture
def every_batch(monkeypatch):
    """Progress after every batch."""
    monkeypatch.setattr(module, "PROGRESS_SECONDS", -1.0)


def weights(network):
    return np.concatenate([network.arena.parameters, network.arena.state])


def run(made):
    """All events, and the weights after each."""
    events, seen = [], []
    with np.errstate(all="ignore"):
        for event in made.trainer.events():
            events.append(event)
            seen.append(weights(made.network).copy())
    return events, seen


def ends(events):
    return [event for event in events if isinstance(event, EpochEnd)]


def test_an_epochs_loss_weighs_each_batch_by_its_samples(make, every_batch):
    made = make(optimizer={"type": "sgd", "learning_rate": 1e-12}, shuffle=False, layers=[Dense(units=3)], epochs=1)
    loss = made.evaluator.evaluate(made.train)["loss"]
    events, _ = run(made)
    assert ends(events)[0].train["loss"] == pytest.approx(loss, rel=1e-6)
    steps = [event for event in events if isinstance(event, Progress)]
    for step in steps:
        rows = slice(0, min(step.batch * 8, 23))
        so_far = replace(
            made.train,
            inputs=made.train.inputs[rows],
            targets=made.train.targets[rows],
            weights=made.train.weights[rows],
        )
        assert step.loss == pytest.approx(made.evaluator.evaluate(so_far)["loss"], rel=1e-6)
    assert [(step.epoch, step.batch, step.steps_per_epoch) for step in steps] == [(1, 1, 3), (1, 2, 3), (1, 3, 3)]


def orders(made, monkeypatch):
    """The rows of each batch, and the learning rates."""
    seen, rates = [], []
    step = made.trainer._step

    def spy(rows, rate):
        seen.append(rows.tolist())
        rates.append(rate)
        return step(rows, rate)

    monkeypatch.setattr(made.trainer, "_step", spy)
    run(made)
    return seen, rates


def test_accumulating_takes_fewer_and_larger_steps(make, monkeypatch):
    seen, rates = orders(make(batch_size=4, accumulate=3, epochs=2, schedule={"type": "linear"}), monkeypatch)
    assert [len(rows) for rows in seen] == [12, 11, 12, 11]
    assert rates == pytest.approx([1e-3, 7.5e-4, 5e-4, 2.5e-4])
    made = make(batch_size=4, accumulate=3, epochs=2)
    assert ends(run(made)[0])[-1].step == 4
    assert made.trainer.samples_seen == 46


def test_a_batch_of_all_rows(make, monkeypatch):
    seen, _ = orders(make(batch_size="all", epochs=2, shuffle=False), monkeypatch)
    assert seen == [[*range(23)]] * 2
    whole, large = make(batch_size="all"), make(batch_size=1000)
    assert ends(run(whole)[0]) == ends(run(large)[0])
    np.testing.assert_array_equal(weights(whole.network), weights(large.network))


def test_a_schedule_cycles_the_optimizers_momentum(make, monkeypatch):
    made = make(schedule={"type": "one_cycle", "curve": "linear", "momentum_cycle": {"low": 0.5, "high": 0.9}})
    seen = []
    step, updater = made.trainer._step, made.trainer._updater

    def spy(rows, rate):
        seen.append(updater.momentum)
        return step(rows, rate)

    monkeypatch.setattr(made.trainer, "_step", spy)
    run(made)
    assert seen[:3] == pytest.approx([0.9, 0.9 - 0.4 / 2.6, 0.9 - 0.8 / 2.6])
    assert seen[-1] == pytest.approx(0.9)
    assert min(seen) < 0.6


def test_each_epoch_takes_every_sample_once_in_an_order_that_the_seed_decides(make, monkeypatch):
    first, _ = orders(make(), monkeypatch)
    again, _ = orders(make(), monkeypatch)
    other, _ = orders(make(seed=6), monkeypatch)
    assert first == again
    assert first != other
    epochs = [[*chain(*first[start : start + 3])] for start in range(0, 12, 3)]
    assert [len(batch) for batch in first] == [8, 8, 7] * 4
    assert all(sorted(epoch) == list(range(23)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_the_order_does_not_depend_on_dropout(make, monkeypatch):
    assert orders(make(), monkeypatch)[0] == orders(make(layers=[Dense(units=3)]), monkeypatch)[0]


def test_without_shuffling_the_order_is_that_of_the_rows(make, monkeypatch):
    seen, _ = orders(make(shuffle=False, epochs=2), monkeypatch)
    assert [*chain(*seen)] == [*range(23), *range(23)]


def test_the_schedule_counts_steps_and_the_rate_of_an_epoch_is_that_of_its_last_step(make, monkeypatch):
    schedule = {"type": "exponential", "gamma": 0.5, "warmup_steps": 3}
    made = make(optimizer={"type": "sgd", "learning_rate": 0.1}, schedule=schedule)
    rates = [0.1 / 3, 0.2 / 3, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025]
    assert orders(made, monkeypatch)[1] == pytest.approx(rates)
    made = make(optimizer={"type": "sgd", "learning_rate": 0.1}, schedule=schedule)
    assert [end.learning_rate for end in ends(run(made)[0])] == pytest.approx([0.1, 0.1, 0.05, 0.025])


def test_the_events_of_a_training(make):
    made = make(regularization={"l2": 0.1})
    events, seen = run(made)
    assert events[0] == Started(4, 3)
    assert [(end.epoch, end.step) for end in ends(events)] == [(1, 3), (2, 6), (3, 9), (4, 12)]
    for event, after in zip(events, seen, strict=True):
        if isinstance(event, EpochEnd):
            made.network.arena.parameters[...] = after[: made.network.arena.parameters.size]
            made.network.arena.state[...] = after[made.network.arena.parameters.size :]
            assert event.validation == made.evaluator.evaluate(made.validation)
            kernels = [made.network.arena.named_arrays()[name] for name in ("0.weight", "3.weight")]
            assert event.train["penalty"] == pytest.approx(
                0.05 * sum((kernel**2).sum() for kernel in kernels), rel=1e-5
            )
    losses = [end.validation["loss"] for end in ends(events)]
    best = int(np.argmin(losses)) + 1
    assert events[-1] == Finished("completed", 4, best)


def test_an_activity_penalty_is_told_beside_the_loss_and_not_judged_on(make, every_batch):
    """As the penalty on weights. At a rate of 0 and without shuffling the mean is that over the whole part."""
    sgd = {"type": "sgd", "learning_rate": 1e-12}
    made = make(layers=[Dense(units=3), ActivityPenalty(l1=0.5, l2=2)], optimizer=sgd, epochs=2)
    plain = make(layers=[Dense(units=3)], optimizer=sgd, epochs=1)
    (first, told), (without,) = ends(run(made)[0]), ends(run(plain)[0])
    outputs, weights = made.network.predict(made.train.inputs), made.train.weights
    penalties = 0.5 * np.abs(outputs).sum(axis=1) + (outputs**2).sum(axis=1)
    assert told.train["activity_penalty"] == pytest.approx((weights * penalties).sum() / weights.sum(), rel=1e-5)
    assert told.train["activity_penalty"] == pytest.approx(first.train["activity_penalty"], rel=1e-5)
    assert "activity_penalty" not in without.train
    assert told.train["loss"] == pytest.approx(without.train["loss"], rel=1e-6)
    assert told.validation == pytest.approx(without.validation, rel=1e-6)


def test_without_validation_the_training_loss_is_watched(make):
    made = make(validation=None, monitor="train.loss")
    events, _ = run(made)
    assert all(end.validation == {} for end in ends(events))
    assert "validation" not in ends(events)[0].row()
    assert events[-1].best_epoch == 1 + int(np.argmin([end.train["loss"] for end in ends(events)]))


def worsening(make, **more):
    """A training whose validation loss soon gets worse: it learns the noise of a few samples."""
    early = {"patience": 3, **more}
    return make(
        early_stopping=early, epochs=60, optimizer={"type": "adam", "learning_rate": 0.1}, layers=[Dense(units=3)]
    )


def test_early_stopping_restores_the_best_epoch(make):
    made = worsening(make)
    events, seen = run(made)
    losses = [end.validation["loss"] for end in ends(events)]
    best = int(np.argmin(losses)) + 1
    assert 1 < best == len(losses) - 3
    assert events[-1] == Finished("stopped_early", len(losses), best, "validation.loss has not improved for 3 epochs")
    at = events.index(ends(events)[best - 1])
    np.testing.assert_array_equal(weights(made.network), seen[at])
    assert made.evaluator.evaluate(made.validation)["loss"] == min(losses)


def test_without_restoring_the_last_epoch_stays(make):
    made = worsening(make, restore_best=False)
    events, seen = run(made)
    assert events[-1].status == "stopped_early"
    np.testing.assert_array_equal(weights(made.network), seen[events.index(ends(events)[-1])])


def test_the_best_epoch_is_restored_also_where_all_epochs_were_run(make):
    made = worsening(make, patience=60)
    events, _ = run(made)
    assert (events[-1].status, events[-1].epochs) == ("completed", 60)
    assert made.evaluator.evaluate(made.validation)["loss"] == min(end.validation["loss"] for end in ends(events))


def test_a_monitored_metric_where_higher_is_better(make):
    made = make(
        monitor="validation.accuracy", higher=True, epochs=60, early_stopping={"patience": 4, "min_delta": 0.01}
    )
    events, _ = run(made)
    accuracies = [end.validation["accuracy"] for end in ends(events)]
    assert events[-1].status == "stopped_early"
    assert events[-1].best_epoch == int(np.argmax(accuracies)) + 1 == len(accuracies) - 4
    assert events[-1].reason == "validation.accuracy has not improved for 4 epochs"


@pytest.mark.parametrize("batch", range(12))
def test_a_request_to_stop_ends_the_training_after_the_batch(make, every_batch, batch):
    stop = StopRequest()
    made = make(stop=stop)
    done = 0
    for event in made.trainer.events():
        done += isinstance(event, Progress)
        if done == batch and not isinstance(event, EpochEnd):
            stop.requested = True
        last = event
    assert last == Finished("interrupted", batch // 3, last.best_epoch, "asked to stop")
    assert made.trainer.samples_seen == batch // 3 * 23 + batch % 3 * 8
    assert made.trainer.snapshot().numbers["step"] == batch


def test_the_samples_of_a_short_last_batch_are_counted_as_they_are(make, every_batch):
    made = make(epochs=2)
    seen = [made.trainer.samples_seen for event in made.trainer.events() if isinstance(event, Progress | EpochEnd)]
    assert seen == [8, 16, 23, 23, 31, 39, 46, 46]


def test_a_request_in_the_last_batch_leaves_a_completed_training(make, every_batch):
    stop = StopRequest()
    made = make(stop=stop, epochs=1)
    for event in made.trainer.events():
        stop.requested = isinstance(event, Progress) and event.batch == 3
        last = event
    assert last.status == "completed"


@pytest.mark.parametrize("in_epoch", [1, 3])
def test_divergence_restores_the_last_good_epoch(make, monkeypatch, in_epoch):
    made = make(validation=None, monitor="train.loss", optimizer="sgd")
    step, calls = made.trainer._step, []

    def burst(rows, rate):
        calls.append(rate)
        return step(rows, 1e30 if len(calls) == 3 * in_epoch - 1 else rate)

    monkeypatch.setattr(made.trainer, "_step", burst)
    start = weights(made.network).copy()
    events, seen = run(made)
    assert events[-1].status == "diverged"
    assert (events[-1].epochs, len(ends(events))) == (in_epoch - 1, in_epoch - 1)
    assert f"at step {3 * in_epoch}" in events[-1].reason
    expected = seen[events.index(ends(events)[-1])] if in_epoch > 1 else start
    np.testing.assert_array_equal(weights(made.network), expected)


def test_a_huge_learning_rate_diverges_in_the_first_epoch(make):
    made = make(optimizer={"type": "sgd", "learning_rate": 1e30}, epochs=20, layers=[Dense(units=9), Dense(units=3)])
    start = weights(made.network).copy()
    events, _ = run(made)
    assert events[-1].status == "diverged"
    assert events[-1].epochs == events[-1].best_epoch == 0
    np.testing.assert_array_equal(weights(made.network), start)


def test_nan_that_only_validation_shows_is_divergence_too(make, part):
    broken = part(11, 2)
    made = make(validation=broken, monitor="train.loss", early_stopping={"monitor": "train.loss"})
    seen = []
    for event in made.trainer.events():
        if isinstance(event, EpochEnd):
            seen.append(weights(made.network).copy())
            if event.epoch == 2:
                broken.inputs[0, 0] = np.nan
        last = event
    assert (last.status, last.epochs) == ("diverged", 2)
    assert last.best_epoch <= 2
    assert "after epoch 3" in last.reason
    np.testing.assert_array_equal(weights(made.network), seen[1])


@pytest.mark.parametrize("vector", ["parameters", "state"])
def test_parameters_that_are_not_finite_after_the_last_step_are_divergence(make, monkeypatch, vector):
    made = make(validation=None, monitor="train.loss")
    step, calls = made.trainer._step, []

    def spoil(rows, rate):
        calls.append(rate)
        result = step(rows, rate)
        if len(calls) == 6:
            getattr(made.network.arena, vector)[-1] = np.inf
        return result

    monkeypatch.setattr(made.trainer, "_step", spoil)
    events, seen = run(made)
    assert (events[-1].status, events[-1].epochs, len(ends(events))) == ("diverged", 1, 1)
    np.testing.assert_array_equal(weights(made.network), seen[events.index(ends(events)[-1])])


@pytest.mark.parametrize("regularization", [{}, {"l2": 0.5, "clip_norm": 1e-3}])
def test_the_norms_of_an_epoch_are_those_of_its_last_steps_loss(make, regularization):
    """One batch an epoch: its gradient is that of the mean loss at the weights before, whatever is added or clipped."""
    layers = [Dense(units=4, activation="tanh"), Dense(units=3)]
    made = make(layers=layers, batch_size="all", epochs=1, shuffle=False, regularization=regularization)
    network, part = made.network, made.train
    x, y, w = (np.asarray(array, np.float64) for array in (part.inputs, part.targets, part.weights))
    p = {name: array.astype(np.float64) for name, array in network.arena.named_arrays().items()}
    hidden = np.tanh(x @ p["0.weight"] + p["0.bias"])
    z = np.exp(hidden @ p["1.weight"] + p["1.bias"])
    dz = (z / z.sum(axis=1, keepdims=True) - np.eye(3)[y.astype(int)]) * w[:, None] / w.sum()
    da = dz @ p["1.weight"].T * (1 - hidden**2)
    expected = [np.hypot(np.linalg.norm(a.T @ d), np.linalg.norm(d.sum(0))) for a, d in ((x, da), (hidden, dz))]
    (end,) = ends(run(made)[0])
    assert list(end.gradient_norms) == ["0", "1"]
    assert list(end.gradient_norms.values()) == pytest.approx(expected, rel=1e-5)
    assert end.row()["gradient_norms"] == end.gradient_norms


def test_norms_are_of_the_last_step_and_change_nothing(make, monkeypatch):
    made, asked = make(epochs=2), []
    norms = made.trainer._norms
    monkeypatch.setattr(norms, "measure", lambda: asked.append(made.trainer._updater.step_count) or {})
    run(made)
    assert asked == [2, 5]  # three steps an epoch
    other = make(epochs=2)
    run(other)
    np.testing.assert_array_equal(weights(made.network), weights(other.network))
