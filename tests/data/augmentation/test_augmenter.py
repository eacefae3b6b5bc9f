from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.augmentation import Augmentation, Augmenter, Fills, Pixels, check_augmentation, fills_of
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.codes import CodeColumn
from scratchnn.data.features.number_column import NumberColumn
from scratchnn.data.samples import Samples
from scratchnn.data.targets import Classes, InputsAgain
from scratchnn.errors import ConfigError

CLASSES = Classes(names=["y"], classes=["a", "b"])
EVERY = [
    {"type": "flip", "direction": "both"},
    {"type": "shift", "largest": 2, "fill": "reflect"},
    "brightness",
    "contrast",
    {"type": "crop", "padding": 1, "fill": "mean"},
    {"type": "rotate", "fill": "edge"},
    {"type": "zoom", "fill": "mean"},
    "resized_crop",
    {"type": "cutout", "size": 2},
    "mixup",
]


def encoder(shape: list[int], offset: Any = 0.0, scale: Any = 1.0, task: str = "classification") -> Encoder:
    inputs = ArrayInputs(shape=shape, offset=np.atleast_1d(offset).tolist(), scale=np.atleast_1d(scale).tolist())
    if task == "reconstruction":
        return Encoder(inputs=inputs, target=InputsAgain())
    return Encoder(inputs=inputs, target=CLASSES)


def parsed(*members: object) -> list[Augmentation]:
    return [Augmentation.parse(member) for member in members]


class Lazy(Samples):
    """Samples that tell how many of them were asked for."""

    def __init__(self, array: Any) -> None:
        self.array, self.asked = array, 0

    shape = property(lambda self: self.array.shape)  # type: ignore[assignment]
    dtype = property(lambda self: self.array.dtype)  # type: ignore[assignment]

    def gather(self, rows: Any, out: Any) -> None:
        self.asked += len(rows)
        np.take(self.array, rows, axis=0, out=out)


def test_one_after_the_other_from_one_generator() -> None:
    images = np.random.default_rng(0).normal(size=(9, 6, 8, 3)).astype(np.float32)
    fills = Fills(np.full(3, -1, np.float32), np.zeros(3, np.float32))
    at_once, in_turn = images.copy(), images.copy()
    mix = Augmenter(parsed(*EVERY), fills, np.random.default_rng(5))(at_once)
    rng = np.random.default_rng(5)
    for member in EVERY:
        last = Augmenter(parsed(member), fills, rng)(in_turn)
    np.testing.assert_array_equal(at_once, in_turn)
    assert (np.abs(at_once - images) > 1e-3).mean() > 0.9
    assert mix is not None
    assert last is not None
    np.testing.assert_array_equal(mix.shares, last.shares)


def test_batches_of_any_size_share_what_they_work_in() -> None:
    images = np.random.default_rng(0).normal(size=(64, 6, 8, 3)).astype(np.float32)
    fills = Fills(np.full(3, -1, np.float32), np.zeros(3, np.float32))
    fresh, used = (Augmenter(parsed(*EVERY), fills, np.random.default_rng(5)) for _ in range(2))
    other = images[:31].copy()
    used(images.copy())
    before = used.nbytes
    used(other)
    assert used.nbytes == before > images.nbytes
    fresh(images.copy())
    expected = images[:31].copy()
    fresh(expected)
    np.testing.assert_array_equal(other, expected)


@pytest.fixture
def _small_buffers() -> Iterator[None]:
    """NumPy itself works through buffers of 8192 numbers; here through 16, so that they do not hide ours."""
    before = np.setbufsize(16)
    yield
    np.setbufsize(before)


@pytest.mark.usefixtures("_small_buffers")
@pytest.mark.parametrize("member", [*EVERY, "cutmix"], ids=str)
def test_steady_batches_allocate_nothing_of_their_size(member: object) -> None:
    """Nothing but a few numbers for each image; and its rows and columns, where pixels come from some."""
    images = np.random.default_rng(0).normal(size=(50, 64, 64, 3)).astype(np.float32)  # 2.4 MB
    augmenter = Augmenter(
        parsed(member), Fills(np.zeros(3, np.float32), np.zeros(3, np.float32)), np.random.default_rng(1)
    )
    for _ in range(3):
        augmenter(images)
    tracemalloc.start()
    for _ in range(5):
        augmenter(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000


def test_black_is_the_zero_of_the_data_and_the_mean_of_standard_inputs_is_zero() -> None:
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (50, 4, 5, 3)).astype(np.float64)
    offset, scale = raw.mean(axis=(0, 1, 2)), raw.std(axis=(0, 1, 2))
    samples = ((raw - offset) / scale).astype(np.float32)
    members = parsed("cutout", {"type": "cutout", "fill": "black"})
    found = fills_of(members, samples, Pixels.of(encoder([4, 5, 3], offset, scale)))
    np.testing.assert_allclose(found.black, -offset / scale, rtol=1e-6)
    assert found.mean.tolist() == [0, 0, 0]
    assert (found.black.dtype, found.mean.dtype) == (np.float32, np.float32)
    unit = (raw / 255).astype(np.float32)
    found = fills_of(members, unit, Pixels.of(encoder([4, 5, 3], 0.0, 255.0)))
    assert found.black.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.mean, offset / 255, rtol=1e-6)


def test_a_channel_that_never_changes_is_filled_with_what_it_is() -> None:
    found = fills_of(
        parsed("cutout"), np.zeros((3, 2, 2, 2), np.float32), Pixels.of(encoder([2, 2, 2], [7.0, 1.0], [0.0, 2.0]))
    )
    assert found.black.tolist() == [0, -0.5]


def test_the_mean_of_many_samples_is_that_of_some_that_lie_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.augmentation.augmenter.MEAN_ROWS", 5)
    samples = Lazy(np.arange(41.0).repeat(4).reshape(41, 2, 2))
    found = fills_of(parsed({"type": "shift", "fill": "mean"}), samples, Pixels.of(encoder([2, 2])))
    assert found.mean.tolist() == [20]  # of 0, 10, 20, 30, 40
    assert samples.asked == 5
    fills_of(parsed("flip", {"type": "shift", "fill": "black"}), samples, Pixels.of(encoder([2, 2])))
    assert samples.asked == 5


NUMBER = NumberColumn(name="age", offset=0.0, scale=1.0)
CODES = CodeColumn(name="deck", levels=["A", "B"])


def table(*columns: Any) -> Encoder:
    return Encoder(inputs=TableInputs(columns=list(columns)), target=CLASSES)


@pytest.mark.parametrize(
    ("members", "data", "dtype", "place", "message"),
    [
        (
            ["mixup", "flip"],
            table(NUMBER),
            "float32",
            1,
            r"\(flip\) needs images \(H, W, C\), got samples of shape \(1,\)",
        ),
        (
            ["cutmix"],
            table(NUMBER),
            "float32",
            0,
            r"\(cutmix\) needs images .* or reshape plain numbers in the first layer",
        ),
        (["mixup"], table(NUMBER, CODES), "float32", 0, r"averages numbers, but deck are codes .* Set encode: one_hot"),
        (["mixup"], encoder([3]), "int64", 0, r"changes numbers, but the inputs are ids of tokens\. Remove it"),
        (
            ["flip", "cutmix"],
            encoder([4, 4], task="reconstruction"),
            "float32",
            1,
            "mixes targets, but a reconstruction",
        ),
        (
            ["flip"],
            encoder([4, 3], [0.0] * 3, [1.0] * 3),
            "float32",
            0,
            r"\(flip\) is for pixels that are scaled alike",
        ),
    ],
)
def test_what_cannot_be_augmented_is_refused(
    members: list[object], data: Encoder, dtype: str, place: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        check_augmentation(parsed(*members), data, np.zeros((5, *data.input_shape), dtype), Pixels.of(data))
    assert caught.value.where == f"training.augmentation[{place}]"


@pytest.mark.parametrize(
    ("members", "data"),
    [
        (["mixup"], table(NUMBER)),
        (["flip", "cutmix"], encoder([4, 4])),
        (["flip", "cutmix"], encoder([4, 4, 3], [0.0] * 3, [1.0] * 3)),
        (["mixup"], encoder([4, 3], [0.0] * 3, [1.0] * 3)),
        (["flip", "cutout"], encoder([4, 4, 1], task="reconstruction")),
    ],
)
def test_what_can_be_augmented_is_taken(members: list[object], data: Encoder) -> None:
    check_augmentation(parsed(*members), data, np.zeros((5, *data.input_shape), np.float32), Pixels.of(data))
