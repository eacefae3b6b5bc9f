from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.quantile import MOST_QUANTILES, QuantileColumn, quantiles_of

HIGHEST = 5.1993375827  # -Φ^-1(1e-7 - 2^-52), by scikit-learn 1.9.1


def test_quantiles_by_hand() -> None:
    """Half of the rows lie between 0 and 10, half between 10 and 30: 5 has p = 1/4, 20 has 3/4, Φ^-1 = 0.67449."""
    column = QuantileColumn(name="a", quantiles=[0.0, 10.0, 30.0])
    got = column.forward(np.array([5.0, 10.0, 20.0, 0.0, 30.0, -7.0, 99.0]))
    quartile = 0.6744897501960817
    assert got == pytest.approx([-quartile, 0, quartile, -HIGHEST, HIGHEST, -HIGHEST, HIGHEST], rel=1e-9)
    assert column.backward(got) == pytest.approx([5, 10, 20, 0, 30, 0, 30], rel=1e-12)


def test_equal_quantiles_have_the_middle_of_their_probabilities() -> None:
    """2 fills p from 1/4 to 3/4."""
    column = QuantileColumn(name="a", quantiles=[0.0, 2.0, 2.0, 2.0, 5.0])
    got = column.forward(np.array([2.0, 2.0]))
    assert got.tolist() == [0, 0]
    assert column.backward(got).tolist() == [2, 2]


def test_the_ends_come_back_exactly_from_float32() -> None:
    column = QuantileColumn(name="a", quantiles=[1.0, 2.0, 1e6])
    ends = column.forward(np.array([1.0, 1e6]))
    assert column.backward(ends.astype(np.float32).astype(np.float64)).tolist() == [1, 1e6]
    assert column.backward(np.array([-40.0, 40.0])).tolist() == [1, 1e6]


def test_at_most_1000_are_kept() -> None:
    assert len(quantiles_of(np.arange(5000.0))) == MOST_QUANTILES == 1000
    assert quantiles_of(np.array([4.0, 0.0, 2.0])) == [0, 2, 4]


@pytest.mark.parametrize("quantiles", [[1.0], [2.0, 1.0], [1.0, 1.0], [0.0, float("nan")], list(range(1001))])
def test_a_column_from_a_broken_file_is_refused(quantiles: list[float]) -> None:
    good = {"type": "quantile", "name": "a", "quantiles": [0.0, 1.0]}
    assert FittedColumn.model_validate(good).scaled
    with pytest.raises(ValueError, match="validation error"):
        FittedColumn.model_validate(good | {"quantiles": quantiles})
