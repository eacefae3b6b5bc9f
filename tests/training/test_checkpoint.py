from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ModelError, StorageError
from scratchnn.training.checkpoint import Checkpoints
from scratchnn.training.tensors import write_tensors
from scratchnn.training.trainer import Snapshot

IDENTITY = {"config": 1, "training data": 2}


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
    ("identity", "message"),
    [
        ({"config": 9, "training data": 2}, "another config"),
        ({"config": 1, "training data": 9}, "another training data"),
        ({"config": 8, "training data": 9}, "another config and training data"),
    ],
)
def test_another_training_is_refused_by_what_differs(make, identity, message):
    path = make().save(snapshot(1))
    with pytest.raises(ModelError) as caught:
        make(identity=identity).newest()
    assert str(caught.value) == f"{path}: was made with {message}. Put it back as it was, or start a new run."


@pytest.mark.parametrize(
    "document", [{}, {"format": 1}, {"format": 1, "identity": 3}, {"format": 2, "identity": IDENTITY}]
)
def test_a_document_of_another_kind_is_refused(make, document):
    path = make().save(snapshot(1))
    write_tensors(path, document, {})
    with pytest.raises(ModelError):
        make().newest()


@pytest.mark.parametrize("document", [{}, {"numbers": {}}])
def test_a_document_without_its_numbers_is_refused(make, document):
    path = make().save(snapshot(1))
    write_tensors(path, {"format": 1, "identity": IDENTITY, **document}, {})
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
