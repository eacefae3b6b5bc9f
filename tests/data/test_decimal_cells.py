"""Numbers of cells against Python's own `float`."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.decimal_cells import decimals


def read(cells: list[str]) -> tuple[list[float], list[bool]]:
    data = ",".join(cells).encode()
    lengths = np.array([len(cell.encode()) for cell in cells])
    starts = np.cumsum([0, *(lengths[:-1] + 1)])
    values, other = decimals(np.frombuffer(data, np.uint8), starts, starts + lengths)
    return values.tolist(), other.tolist()


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@given(st.lists(st.text(st.sampled_from("0123456789.+- e_é"), min_size=1, max_size=20), min_size=1))
def test_what_is_read_is_what_float_reads(cells: list[str]) -> None:
    for cell, value, other in zip(cells, *read(cells), strict=True):
        if not other:
            assert bits(float(cell)) == bits(value)
            assert "_" not in cell


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=5).map(str), min_size=1))
def test_usual_numbers_are_read_to_the_bit(cells: list[str]) -> None:
    for cell, value, other in zip(cells, *read(cells), strict=True):
        digits = cell.lstrip("-").replace(".", "").lstrip("0")
        if "E" in cell or len(digits) > 19 or len(cell) > 25:
            assert other
        elif len(digits) <= 15:
            assert not other
        if not other:
            assert bits(float(cell)) == bits(value)


def test_numbers_with_all_their_digits_are_read_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    numbers = [*rng.normal(size=20_000), *rng.uniform(size=20_000), *(10.0 ** rng.uniform(-4, 15, 20_000))]
    cells = [repr(float(number)) for number in numbers]
    values, other = read(cells)
    assert sum(other) < 200  # those below 1e-4, which repr writes with an exponent, and long ones
    assert all(
        bits(value) == bits(float(number))
        for number, value, left in zip(numbers, values, other, strict=True)
        if not left
    )


def test_what_lies_in_the_middle_of_two_floats_is_left() -> None:
    cells = [
        "9007199254740993",
        "4503599627370496.5",
        "4503599627370497.5",
        "9007199254740995",
        "1.5",
        "18014398509481990",
    ]
    assert read(cells)[1] == [True, True, True, True, False, True]


@given(st.lists(st.integers(0, 10**19 - 1), min_size=1), st.integers(0, 22))
def test_any_integer_over_any_power_of_ten(integers: list[int], places: int) -> None:
    texts = [str(integer).rjust(places + 1, "0") for integer in integers]
    cells = [text[: len(text) - places] + "." + text[len(text) - places :] for text in texts]
    for cell, value, other in zip(cells, *read(cells), strict=True):
        assert other or bits(value) == bits(float(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "0",
        "-0",
        "-0.0",
        "+.5",
        "5.",
        "123456789012345",
        "0.00000000000001",
        "999999999.99999",
        "0.1234567890123456",
        "-0.0000000000000000012345",
    ],
)
def test_cells_that_are_read(cell: str) -> None:
    [value], [other] = read([cell])
    assert not other
    assert bits(value) == bits(float(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "",
        ".",
        "-",
        "+.",
        "1.2.3",
        "--1",
        "1-",
        "1e5",
        "nan",
        "inf",
        " 1",
        "1 ",
        "1_0",
        "12345678901234567890",
        "0.00000000000000000000001",
        "é",
        "/",
        ":",
    ],
)
def test_cells_that_are_left(cell: str) -> None:
    assert read(["1", cell, "2"]) == ([1.0, read([cell])[0][0], 2.0], [False, True, False])
