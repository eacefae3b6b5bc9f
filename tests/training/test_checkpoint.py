from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ModelError, StorageError
from scratchnn.training.checkpoint import Checkpoints
from scratchnn.training.tensors import write_tensors
from scratchnn.training.trainer import Snapshot

SETTINGS = {
    "seed": 0,
    "optimizer": {"type": "adam", "learning_rate": 0.01, "beta1": 0.9},
    "model": {"layers": [{"type": "dense", "units": 8}, {"type": "dense", "units": "auto"}]},
    "loss": "auto",
}
IDENTITY = {"settings": SETTINGS, "training data": 2, "validation data": 3}


def snapshot(epochs, batches=0):
    position = {"epochs": epochs, "batches": batches, "loss_sum": 0.1, "weight_sum": 3.0}
    return Snapshot({"position": position, "step": epochs}, {"parameters": np.full(50, epochs, np.float32)})


@pytest.fixture
def make(tmp_path):
    def build(keep=2, identity=IDENTITY):
        return Checkpoints(tmp_path / "checkpoints", keep, identity)

    return build


def names(checkpoints):
    return [path.name for path in checkpoints.paths()]


def test_the_newest_comes_back_whole(make):
    make().save(snapshot(1))
    make().save(snapshot(2, 7))
    found = make().newest()
    assert found.numbers == snapshot(2, 7).numbers
    np.testing.assert_array_equal(found.arrays["parameters"], np.full(50, 2, np.float32))


def test_without_any_there_is_none(make):
    assert make().newest() is None
    assert make().paths() == []


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_only_the_newest_stay(make, keep):
    for epoch in range(1, 5):
        make(keep).save(snapshot(epoch))
    expected = [f"{epoch:06d}-000000.safetensors" for epoch in range(1, 5)]
    assert names(make()) == expected[-keep:]


def test_batches_of_the_next_epoch_are_newer(make):
    for position in [(1, 0), (1, 9), (1, 10), (2, 0)]:
        make(keep=9).save(snapshot(*position))
    assert names(make()) == [
        f"{name}.safetensors" for name in ("000001-000000", "000001-000009", "000001-000010", "000002-000000")
    ]


def damage(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "how", [damage, lambda path: path.write_bytes(path.read_bytes()[:-5]), lambda path: path.write_bytes(b"")]
)
def test_where_the_newest_is_damaged_the_one_before_serves(make, how):
    make().save(snapshot(1))
    how(make().save(snapshot(2)))
    assert make().newest().numbers["step"] == 1


def test_where_all_are_damaged_the_newest_is_named(make):
    damage(make().save(snapshot(1)))
    last = make().save(snapshot(2))
    damage(last)
    with pytest.raises(ModelError, match="damaged") as caught:
        make().newest()
    assert caught.value.where == str(last)


@pytest.mark.parametrize("keep", [1, 2])
def test_a_damaged_one_does_not_push_out_what_is_written_after_it(make, keep):
    make(2).save(snapshot(3))
    damage(make(2).save(snapshot(5)))
    make(keep).save(snapshot(3, 4))  # went on from the older one
    assert make().newest().numbers == snapshot(3, 4).numbers
    assert "000005-000000.safetensors" not in names(make())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 5}, "another config: seed: 0, now 5"),
        ({"seed": 5, "loss": {"type": "mse"}}, 'another config: seed: 0, now 5; loss: "auto", now {"type": "mse"}'),
        ({"optimizer": {"type": "sgd", "learning_rate": 0.1}}, 'another config: optimizer.type: "adam", now "sgd"'),
        (
            {"optimizer": {"type": "adam", "learning_rate": 0.1}},
            "another config: optimizer.learning_rate: 0.01, now 0.1; optimizer.beta1: 0.9, now absent",
        ),
        (
            {"model": {"layers": [{"type": "dense", "units": 9}, {"type": "dense", "units": "auto"}]}},
            "another config: model.layers[0].units: 8, now 9",
        ),
        ({"model": {"layers": [{"type": "dense", "units": 8}]}}, "another config: model.layers: 2 entries, now 1"),
        (
            {"a": 1, "b": None, "c": 3, "d": 4},
            "another config: a: absent, now 1; b: absent, now null; c: absent, now 3; and 1 more",
        ),
    ],
)
def test_another_config_is_refused_by_what_differs(make, changes, message):
    path = make().save(snapshot(1))
    with pytest.raises(ModelError) as caught:  # that the rows differ too may come from the settings
        make(identity={**IDENTITY, "settings": SETTINGS | changes, "training data": 9}).newest()
    assert str(caught.value) == f"{path}: was made with {message}. Put it back as it was, or start a new run."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training data": 9}, "other training data"),
        ({"training data": 9, "validation data": 0}, "other training data and validation data"),
    ],
)
def test_other_rows_are_refused(make, changes, message):
    path = make().save(snapshot(1))
    with pytest.raises(ModelError) as caught:
        make(identity={**IDENTITY, **changes}).newest()
    assert str(caught.value) == f"{path}: was made with {message}. Put them back as they were, or start a new run."


def test_the_damaged_ones_that_were_passed_over_are_known(make):
    make().save(snapshot(1))
    last = make().save(snapshot(2))
    damage(last)
    made = make()
    assert made.newest().numbers["step"] == 1
    assert made.damaged == [last]


@pytest.mark.parametrize(
    "document", [{}, {"format": 2}, {"format": 2, "identity": 3}, {"format": 1, "identity": IDENTITY, "numbers": {}}]
)
def test_a_document_of_another_kind_is_refused(make, document):
    path = make().save(snapshot(1))
    write_tensors(path, document, {})
    with pytest.raises(ModelError):
        make().newest()


@pytest.mark.parametrize("document", [{}, {"numbers": {}}])
def test_a_document_without_its_numbers_is_refused(make, document):
    path = make().save(snapshot(1))
    write_tensors(path, {"format": 2, "identity": IDENTITY, **document}, {})
    made = make()
    if document:
        assert made.newest().numbers == {}  # the trainer refuses it
    else:
        with pytest.raises(ModelError):
            made.newest()


def test_a_write_that_was_killed_leaves_nothing_that_counts(make, tmp_path):
    path = make().save(snapshot(1))
    (tmp_path / "checkpoints" / ".000002-000000.safetensors.part").write_bytes(path.read_bytes()[:100])
    assert make().newest().numbers["step"] == 1
    assert len(make().paths()) == 1


def test_a_full_disk_keeps_the_old_ones(make, monkeypatch):
    make().save(snapshot(1))

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", fail)
        with pytest.raises(StorageError, match="No space left on device"):
            make().save(snapshot(2))
    assert make().newest().numbers["step"] == 1
