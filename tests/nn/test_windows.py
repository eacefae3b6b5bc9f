from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnn.nn.windows import Axis, Windows

AXES = st.builds(
    Axis.of,
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(["valid", "same", "causal", 0, 1, 2]),
).filter(lambda axis: axis.out > 0)


def reads(axis: Axis) -> list[list[int]]:
    """For each output the inputs that it reads, -1 for padding: the definition, step by step."""
    found = []
    for o in range(axis.out):
        places = [o * axis.stride + k * axis.dilation - axis.before for k in range(axis.kernel)]
        found.append([place if 0 <= place < axis.size else -1 for place in places])
    return found


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
def test_same_gives_the_input_size_over_the_stride_rounded_up(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    axis = Axis.of(size, kernel, stride, dilation, "same")
    assert axis.out == -(-size // stride)
    assert 0 <= axis.after - axis.before <= 1


def test_sizes_worked_out_by_hand() -> None:
    assert Axis.of(7, 3, 1, 1, "valid").out == 5
    assert Axis.of(7, 3, 2, 1, 1).out == 4
    assert Axis.of(8, 2, 3, 1, "valid").out == 3
    assert Axis.of(7, 3, 1, 2, "causal").out == 7
    assert Axis.of(3, 3, 1, 2, "valid").out == -1


@given(AXES)
def test_taps_are_the_inputs_that_lie_inside(axis: Axis) -> None:
    pairs = {
        (output, place)
        for outputs, inputs in axis.taps()
        for output, place in zip(range(axis.out)[outputs], np.arange(axis.size)[inputs].tolist(), strict=True)
    }
    assert pairs == {(o, place) for o, places in enumerate(reads(axis)) for place in places if place >= 0}


@given(AXES.filter(lambda axis: axis.stride == 1))
@example(Axis.of(5, 3, 1, 1, "causal"))
def test_the_way_back_reads_the_outputs_that_read_an_input(axis: Axis) -> None:
    back = axis.back()
    assert back.out == axis.size
    for place, outputs in enumerate(reads(back)):
        assert sorted(o for o in outputs if o >= 0) == [o for o, inputs in enumerate(reads(axis)) if place in inputs]


@given(AXES, AXES, st.sampled_from([(1, 1), (2, 1), (2, 2), (17, 1), (6, 3)]))
def test_the_matrix_holds_every_window(rows: Axis, columns: Axis, channels: tuple[int, int]) -> None:
    count, groups = channels
    windows = Windows(rows, columns, count, groups)
    images = np.random.default_rng(0).standard_normal((3, rows.size, columns.size, count))
    room = np.full(windows.column_numbers, np.nan)
    matrices = [block.fill().copy() for block in windows.blocks(images, np.zeros(windows.padded_numbers), room)]
    padded = np.concatenate([images, np.zeros((3, 1, columns.size, count))], axis=1)
    padded = np.concatenate([padded, np.zeros((3, rows.size + 1, 1, count))], axis=2)  # index -1 is 0
    cells = padded[:, np.array(reads(rows))[:, None, :, None], np.array(reads(columns))[None, :, None, :]]
    expected = cells.reshape(3 * windows.positions, -1, groups, count // groups)
    expected = expected.transpose(2, 0, 1, 3).reshape(groups, 3 * windows.positions, -1)
    np.testing.assert_array_equal(np.concatenate(matrices, axis=1), expected)
