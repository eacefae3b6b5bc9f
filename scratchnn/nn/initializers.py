"""How weights start, in order of growing complexity. `fans` is (fan_in, fan_out) of the weight."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from scratchnn.component import Component

Array = npt.NDArray[Any]
Fans = tuple[int, int]


class Initializer(Component):
    """The base of all initializers."""

    family: ClassVar[str] = "initializer"

    @classmethod
    def shorthand(cls, value: object) -> object:
        """A bare number is a constant.

        >>> Initializer.parse(0.1)
        Constant(type='constant', value=0.1)
        """
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"type": "constant", "value": value}
        return super().shorthand(value)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes starting values into `out`.

        Draws in float64, so that a float32 network starts from the same numbers.
        """
        raise NotImplementedError


class Zeros(Initializer):
    """Every value is 0."""

    type: Literal["zeros"] = "zeros"

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes zeros."""
        out[...] = 0


class Ones(Initializer):
    """Every value is 1."""

    type: Literal["ones"] = "ones"

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes ones."""
        out[...] = 1


class Constant(Initializer):
    """Every value is `value`."""

    type: Literal["constant"] = "constant"
    value: float = Field(description="The value.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the value."""
        out[...] = self.value


class VarianceScaling(Initializer):
    """Draws with variance scale / n, where n is fan_in, fan_out or their mean.

    uniform: U(-limit, limit) with limit = sqrt(3 scale / n). normal: N(0, scale / n), not truncated.
    Source: He et al. 2015, as generalized in Keras.
    """

    type: Literal["variance_scaling"] = "variance_scaling"
    scale: float = Field(1.0, gt=0, description="Numerator of the variance.")
    mode: Literal["fan_in", "fan_out", "fan_average"] = Field("fan_in", description="What n is.")
    distribution: Literal["uniform", "normal"] = Field("normal", description="The distribution to draw from.")

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        fan_in, fan_out = fans
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_average": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(n, 1))
        if self.distribution == "normal":
            out[...] = rng.standard_normal(out.shape) * deviation
        else:
            out[...] = rng.uniform(-1, 1, out.shape) * (deviation * math.sqrt(3))


class GlorotUniform(Initializer):
    """U(-limit, limit) with limit = sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010."""

    type: Literal["glorot_uniform"] = "glorot_uniform"

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        VarianceScaling(scale=1, mode="fan_average", distribution="uniform").fill(out, fans, rng)


class HeNormal(Initializer):
    """N(0, 2 / fan_in), not truncated. For relu and its kin. Source: He et al. 2015."""

    type: Literal["he_normal"] = "he_normal"

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        VarianceScaling(scale=2, mode="fan_in", distribution="normal").fill(out, fans, rng)
