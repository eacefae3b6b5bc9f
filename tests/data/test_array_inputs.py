from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.array_inputs import ArrayInputs, ScaledSamples, fit_array
from scratchnn.data.stored_array import ArrayFile, StoredArray
from scratchnn.errors import DataError


def stored(folder: Path, values: np.ndarray[Any, Any]) -> StoredArray:
    (folder / "raw").write_bytes(values.tobytes())
    return StoredArray(ArrayFile(folder / "raw", values.dtype, values.shape, 0))


Scale = Literal["standard", "standard_by_channel", "unit", "none"]


@pytest.mark.parametrize("scale", ["standard", "standard_by_channel", "unit", "none"])
@pytest.mark.parametrize("shape", [(50, 3), (50, 2, 4)])
def test_a_file_is_scaled_as_an_array_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], scale: Scale
) -> None:
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 700)  # several blocks, the last one short
    values = np.random.default_rng(0).normal(5, 3, shape)
    values[:, 1] = 7.25
    held, apart = fit_array(values, scale, "x"), fit_array(stored(tmp_path, values), scale, "x")
    np.testing.assert_allclose(apart.offset, held.offset, rtol=1e-14)
    np.testing.assert_allclose(apart.scale, held.scale, rtol=1e-14)
    if scale == "standard" and len(shape) == 2:
        assert (apart.offset[1], apart.scale[1]) == (7.25, 0.0)  # exactly, though it is no power of two
    out = np.empty(shape, np.float32)
    apart.encode(values, out)
    samples = ScaledSamples(stored(tmp_path, values), apart, np.float32, "x")
    assert samples.shape == shape
    assert samples.dtype == np.float32
    assert samples.held().tobytes() == out.tobytes()
    rows = np.random.default_rng(1).permutation(50)
    gathered = np.empty(shape, np.float32)
    samples.gather(rows, gathered)
    assert gathered.tobytes() == out[rows].tobytes()


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), min_size=1, max_size=30), st.integers(1, 9))
def test_blocks_have_the_mean_and_deviation_of_the_whole(rows: list[list[float]], size: int) -> None:
    values = np.array(rows)

    class InMemory(StoredArray):
        def __init__(self) -> None: ...

        @property
        def shape(self) -> tuple[int, ...]:
            return values.shape

        @property
        def dtype(self) -> np.dtype[Any]:
            return values.dtype

        def __getitem__(self, rows: slice) -> np.ndarray[Any, Any]:
            return values[rows]

        def in_file_order(self) -> StoredArray:
            return self

        def blocks(self) -> Any:
            return ((start, values[start : start + size]) for start in range(0, len(values), size))

    held, apart = fit_array(values, "standard", "x"), fit_array(InMemory(), "standard", "x")
    np.testing.assert_allclose(apart.offset, held.offset, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(apart.scale, held.scale, rtol=1e-9, atol=1e-9)


def test_a_number_that_overflows_is_named_by_its_row(tmp_path: Path) -> None:
    values = np.array([[1.0], [2.0], [1e200]])
    samples = ScaledSamples(
        stored(tmp_path, values), ArrayInputs(shape=[1], offset=[0.0], scale=[1.0]), np.float32, "x.npy"
    )
    with pytest.raises(DataError) as caught:
        samples.gather(np.array([0, 2]), np.empty((2, 1), np.float32))
    assert caught.value.where == "x.npy:inputs[2]"
    with pytest.raises(DataError, match="too large for float32"):
        samples[1:]
    with pytest.raises(DataError, match="too large to scale"):
        fit_array(stored(tmp_path, np.array([[1e308], [-1e308]])), "standard", "x.npy")


@pytest.mark.parametrize("shape", [(40, 5), (40, 3, 5), (40, 4, 3, 5)])
def test_each_channel_has_its_own_mean_and_deviation(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]) -> None:
    """In blocks, of bytes too: the last axis has the channels; one that never changes is exact, and gives 0."""
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 700)
    values = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    values[..., 2] = 77
    fitted = fit_array(values, "standard_by_channel", "x")
    flat = values.reshape(-1, 5).astype(np.float64)
    np.testing.assert_allclose(fitted.offset, flat.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(fitted.scale, flat.std(axis=0), rtol=1e-13)
    assert (fitted.offset[2], fitted.scale[2]) == (77.0, 0.0)
    out = np.empty(shape, np.float64)
    fitted.encode(values, out)
    made = out.reshape(-1, 5)
    np.testing.assert_allclose(made.mean(axis=0), np.zeros(5), atol=1e-13)
    np.testing.assert_allclose(made.std(axis=0), [1, 1, 0, 1, 1], rtol=1e-13)


def test_one_channel_is_scaled_as_all_together() -> None:
    values = np.random.default_rng(1).normal(3, 2, (30, 4, 5, 1))
    apart, together = (fit_array(values, scale, "x") for scale in ("standard_by_channel", "standard"))
    np.testing.assert_allclose(apart.offset + apart.scale, together.offset + together.scale, rtol=1e-13)


def test_channels_that_are_too_large_are_refused() -> None:
    values = np.full((4, 2, 3), 1e308)
    values[0, 0, 1] = -1e308
    with pytest.raises(DataError, match="too large to scale"):
        fit_array(values, "standard_by_channel", "x")
