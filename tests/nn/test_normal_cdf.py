from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.nn.normal_cdf import normal_cdf


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-15), (np.float32, 2e-7)])
def test_it_agrees_with_the_standard_library(dtype: type, tolerance: float) -> None:
    z = np.concatenate([np.linspace(-10, 10, 2001), [0.0, -0.0, 1e4, -1e4, 1e30, -1e30]]).astype(dtype)
    cdf, bell, *work = (np.full_like(z, np.nan) for _ in range(4))
    normal_cdf(z, cdf, bell, work)
    exact = z.astype(np.float64)
    np.testing.assert_allclose(cdf, [math.erfc(-x / math.sqrt(2)) / 2 for x in exact], rtol=0, atol=tolerance)
    np.testing.assert_allclose(bell, [math.exp(-x * x / 2) for x in exact], rtol=0, atol=tolerance)
