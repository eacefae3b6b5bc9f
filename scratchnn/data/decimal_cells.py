"""Numbers of many cells at once, to the bit those that `float` makes of their texts."""

from __future__ import annotations

import numpy as np

from scratchnn.data.lazy_columns import Array

MOST_DIGITS = 19  # an integer of so many fits into 64 bits
EXACT_DIGITS = 15  # one of so many is exact in a float64
MOST_PLACES = 22  # so large a power of ten is exact in a float64
LONGEST = 25  # bytes of a cell
_POWERS = 10.0 ** np.arange(MOST_PLACES + 1)
_SPLIT = 134217729.0  # 2^27 + 1 cuts a float64 into two halves that multiply without rounding
_HIGH = _POWERS * _SPLIT - (_POWERS * _SPLIT - _POWERS)
_LOW = _POWERS - _HIGH
_EXPONENT = np.uint64(0x7FF0000000000000)


def decimals(data: Array, starts: Array, stops: Array) -> tuple[Array, Array]:
    """The numbers of cells of bytes, and which cells (N,) are to be read in another way; their numbers mean nothing.

    `data` (M,) uint8; cell i is `data[starts[i] : stops[i]]`. What is read here is an optional sign, digits and an
    optional point: at most 19 digits after leading zeros, 22 after the point, one at least. Up to 15 digits integer and
    power of ten are exact, and so their quotient is the nearest float (Clinger 1990); of more see `_quotient`.
    """
    lengths = stops - starts
    count, last = len(starts), len(data) - 1
    digits, places = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    integer = np.zeros(count, np.uint64)
    pointed, negative, begun, some = (np.zeros(count, bool) for _ in range(4))
    other = lengths > LONGEST
    for position in range(min(int(lengths.max(initial=0)), LONGEST)):
        sign = np.take(data, np.minimum(starts + position, last))
        inside = lengths > position
        digit = sign - np.uint8(ord("0"))  # wraps below
        is_digit = (digit < 10) & inside
        np.copyto(integer, integer * np.uint64(10) + digit, where=is_digit)
        some |= is_digit
        begun |= is_digit & (digit > 0)
        digits += is_digit & begun
        places += is_digit & pointed
        rest = inside & ~is_digit
        if rest.any():
            point = rest & (sign == ord("."))
            other |= point & pointed
            pointed |= point
            rest &= ~point
            if position == 0:
                negative = rest & (sign == ord("-"))
                rest &= ~negative & (sign != ord("+"))
            other |= rest
    other |= ~some | (digits > MOST_DIGITS) | (places > MOST_PLACES)
    places[other] = 0
    integer[other] = 0
    if int(digits.max(initial=0)) <= EXACT_DIGITS:
        values = integer / _POWERS[places]
    else:
        values, unsure = _quotient(integer, places)
        other |= unsure
    np.negative(values, out=values, where=negative)
    return values, other


def _quotient(integer: Array, places: Array) -> tuple[Array, Array]:
    """The nearest floats to integer / 10^places, and where (N,) this cannot be told.

    The quotient q of the rounded integer is corrected by its remainder, which Dekker's product 1971 gives exactly. The
    error of q + correction is far below its last place, so that the sum is rounded rightly unless it lies next to the
    middle between two floats.
    """
    power, high, low = _POWERS[places], _HIGH[places], _LOW[places]
    rounded = integer.astype(np.float64)
    left = (integer - rounded.astype(np.uint64)).view(np.int64)  # what rounding took; below 0 it wraps
    quotient = rounded / power
    cut = quotient * _SPLIT
    upper = cut - (cut - quotient)
    lower = quotient - upper
    product = quotient * power
    error = ((upper * high - product) + upper * low + lower * high) + lower * low
    correction = ((rounded - product) - error + left) / power
    nearest = quotient + correction
    beside = np.abs((quotient - nearest) + correction)
    half = (nearest.view(np.uint64) & _EXPONENT).view(np.float64) * 2.0**-53  # of the last place
    unsure = (np.abs(beside - half) < 1e-6 * half) | (np.abs(beside - half / 2) < 1e-6 * half)
    return nearest, unsure
