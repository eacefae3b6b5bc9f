from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.bent import LogColumn, PowerColumn, most_normal_power, yeo_johnson
from scratchnn.data.features.number_column import standard
from scratchnn.data.tables import Array

GOLDEN = np.load(Path(__file__).parents[2] / "fixtures" / "sklearn_scalers.npz")


def column(power: float, train: Array) -> PowerColumn:
    offset, scale = standard(yeo_johnson(train, power))
    ends = {"low": float(train.min()), "high": float(train.max())}
    return PowerColumn(name="a", offset=offset, scale=scale, power=power, **ends)


@pytest.mark.parametrize("name", ["normal", "incomes", "mixed", "left", "small", "counts", "many", "two"])
def test_the_transform_equals_scikit_learn_for_its_own_power(name: str) -> None:
    """scikit-learn 1.9.1, PowerTransformer: with its λ all the rest is the same to rounding."""
    train, power = GOLDEN[f"{name}.train"], float(GOLDEN[f"{name}.power.lambda"])
    for part in ("train", "new"):
        got = column(power, train).forward(GOLDEN[f"{name}.{part}"])
        np.testing.assert_allclose(got, GOLDEN[f"{name}.power.{part}"], rtol=1e-9, atol=1e-9)


def test_yeo_johnson_by_hand() -> None:
    """λ = 2 squares what is above 0: ((1 + 3)^2 - 1) / 2 = 7.5; below 0 it is -log(1 + 3). λ = 0 is its mirror."""
    x = np.array([3.0, -3.0, 0.0])
    np.testing.assert_allclose(yeo_johnson(x, 2.0), [7.5, -np.log(4), 0], rtol=1e-15)
    np.testing.assert_allclose(yeo_johnson(x, 0.0), [np.log(4), -7.5, 0], rtol=1e-15)
    np.testing.assert_allclose(yeo_johnson(x, 1.0), x, rtol=1e-15)
    np.testing.assert_allclose(yeo_johnson(x, -1.0), [0.75, -21, 0], rtol=1e-15)


def test_the_best_power_of_a_known_shape() -> None:
    """e^y - 1 of symmetric y is undone by the logarithm, λ = 0; its mirror by λ = 2."""
    y = np.linspace(0.5, 3.5, 41)
    assert most_normal_power(np.expm1(y)) == pytest.approx(0, abs=0.2)
    assert most_normal_power(-np.expm1(y)) == pytest.approx(2, abs=0.2)


def test_numbers_far_from_0_with_little_spread_keep_their_spread() -> None:
    """Skewed numbers ask for a λ far below 0, which rounds them all to -1 / λ."""
    values = 1e6 - 30 * np.log(np.linspace(1, 0.02, 50))
    fitted = column(most_normal_power(values), values)
    encoded = fitted.forward(values)
    assert encoded.std() == pytest.approx(1)
    assert (np.diff(encoded) > 0).all()
    np.testing.assert_allclose(fitted.backward(encoded), values, rtol=0, atol=1e-4)


def test_outputs_that_stand_for_no_number_end_near_the_training_rows() -> None:
    """For λ = -1 the transform stays below 1; an output beyond it would stand for more than infinity."""
    fitted = PowerColumn(name="a", offset=0.0, scale=1.0, power=-1.0, low=1.0, high=3.0)
    np.testing.assert_allclose(fitted.backward(np.array([0.5, 0.75, 0.8, 1.5, -50])), [1, 3, 4, 5, -1], rtol=1e-12)


@settings(deadline=None)
@given(st.floats(-5, 5), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_powers_are_inverted(power: float, values: list[float]) -> None:
    x = np.array(values)
    fitted = PowerColumn(name="a", offset=0.0, scale=1.0, power=power, low=-1e3, high=1e3)
    bent = fitted.forward(x)
    slope = np.where(x >= 0, (1 + np.abs(x)) ** (power - 1), (1 + np.abs(x)) ** (1 - power))
    error = 1e-12 * (1 + np.abs(x)) + 1e-15 * np.abs(bent) / slope  # what rounding of s(x) does to x
    assert (np.abs(fitted.backward(bent) - x) <= 10 * error).all()


@settings(deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_logarithms_are_inverted(values: list[float]) -> None:
    fitted = LogColumn(name="a", offset=0.5, scale=2.0)
    np.testing.assert_allclose(fitted.backward(fitted.forward(np.array(values))), values, rtol=1e-9, atol=1e-14)


def test_decoding_never_overflows() -> None:
    assert np.isfinite(LogColumn(name="a", offset=0.0, scale=1.0).backward(np.array([1e6, -1e6]))).all()


@pytest.mark.parametrize("change", [{"power": 6.0}, {"power": float("nan")}, {"low": 4.0}, {"scale": -1.0}])
def test_a_power_column_from_a_broken_file_is_refused(change: dict[str, float]) -> None:
    good = {"type": "power", "name": "a", "offset": 0.0, "scale": 1.0, "power": 1.0, "low": 0.0, "high": 3.0}
    assert FittedColumn.model_validate(good).scaled
    with pytest.raises(ValueError, match="validation error"):
        FittedColumn.model_validate(good | change)
