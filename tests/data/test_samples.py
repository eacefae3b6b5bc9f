from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from scratchnn.data.samples import Samples, gather, held, rows_at_once

VALUES = np.arange(24, dtype=np.float32).reshape(6, 2, 2)


class Doubled(Samples):
    """Twice the numbers of `VALUES`; counts how many samples it made."""

    made = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return VALUES.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return VALUES.dtype

    def gather(self, rows: np.ndarray[Any, Any], out: np.ndarray[Any, Any]) -> None:
        self.made += len(rows)
        out[...] = 2 * VALUES[rows]


def test_they_look_like_an_array() -> None:
    samples = Doubled()
    assert (len(samples), samples.ndim, samples.nbytes) == (6, 3, 96)
    assert samples.held().tolist() == (2 * VALUES).tolist()
    assert samples[4:].tolist() == (2 * VALUES[4:]).tolist()
    assert samples[1:2].shape == (1, 2, 2)
    assert len(samples[6:]) == 0


@pytest.mark.parametrize("inputs", [VALUES, Doubled()])
def test_rows_are_gathered_in_the_order_asked_for(inputs: Any) -> None:
    out = np.empty((3, 2, 2), np.float32)
    gather(inputs, np.array([5, 0, 5]), out)
    assert out.tolist() == held(inputs)[[5, 0, 5]].tolist()


def test_blocks_are_all_samples_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 40)
    samples = Doubled()
    assert rows_at_once(samples) == rows_at_once(VALUES) == 2
    blocks = list(samples.blocks())
    assert [start for start, _ in blocks] == [0, 2, 4]
    assert np.concatenate([block for _, block in blocks]).tolist() == (2 * VALUES).tolist()
    assert samples.made == 6


def test_a_sample_larger_than_a_block_is_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 1)
    assert rows_at_once(VALUES) == 1
    assert len(list(Doubled().blocks())) == 6


def test_the_checksum_is_that_of_the_numbers_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = zlib.crc32((2 * VALUES).tobytes(), 7)
    assert Doubled().checksum(7) == expected
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 40)
    assert Doubled().checksum(7) == expected
