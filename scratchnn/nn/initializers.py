"""How weights start, in order of growing complexity. `fans` is (fan_in, fan_out) of the weight."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from scratchnn.component import Component
from scratchnn.errors import ShapeError

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


class Uniform(Initializer):
    """U(low, high). The default range is that of Keras."""

    type: Literal["uniform"] = "uniform"
    low: float = Field(-0.05, description="The lower limit, included.", allow_inf_nan=False)
    high: float = Field(0.05, description="The upper limit, left out; above `low`.", allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        return self

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        out[...] = rng.uniform(self.low, self.high, out.shape)


class Normal(Initializer):
    """N(mean, deviation^2). The default deviation is that of Keras."""

    type: Literal["normal"] = "normal"
    mean: float = Field(0.0, description="The mean.", allow_inf_nan=False)
    deviation: float = Field(0.05, gt=0, description="The standard deviation.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        out[...] = self.mean + self.deviation * rng.standard_normal(out.shape)


class TruncatedNormal(Initializer):
    """N(mean, deviation^2), where draws further than two deviations from the mean are drawn again.

    The deviation is that of the normal before the cut, as in Keras and PyTorch; that of the draws is 0.8796 of it.
    """

    type: Literal["truncated_normal"] = "truncated_normal"
    mean: float = Field(0.0, description="The mean.", allow_inf_nan=False)
    deviation: float = Field(0.05, gt=0, description="The standard deviation before the cut.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        draws = rng.standard_normal(out.shape)
        while len(outside := np.argwhere(np.abs(draws) > 2)):
            draws[tuple(outside.T)] = rng.standard_normal(len(outside))
        out[...] = self.mean + self.deviation * draws


class VarianceScaling(Initializer):
    """Draws with variance scale / n, where n is fan_in, fan_out or their mean: the law behind glorot, he and lecun.

    uniform: U(-limit, limit) with limit = sqrt(3 scale / n). normal: N(0, scale / n), not truncated (PyTorch's
    convention; Keras truncates). Source: He et al. 2015, as generalized in Keras.
    """

    type: Literal["variance_scaling"] = "variance_scaling"
    scale: float = Field(1.0, gt=0, description="Numerator of the variance.", allow_inf_nan=False)
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


class NamedScaling(Initializer):
    """The base of the initializers that are `VarianceScaling` with fixed settings."""

    law: ClassVar[VarianceScaling]

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        self.law.fill(out, fans, rng)


class GlorotUniform(NamedScaling):
    """U(-limit, limit) with limit = sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010."""

    type: Literal["glorot_uniform"] = "glorot_uniform"
    law = VarianceScaling(scale=1, mode="fan_average", distribution="uniform")


class GlorotNormal(NamedScaling):
    """N(0, 2 / (fan_in + fan_out)), not truncated. Source: Glorot and Bengio 2010."""

    type: Literal["glorot_normal"] = "glorot_normal"
    law = VarianceScaling(scale=1, mode="fan_average", distribution="normal")


class HeUniform(NamedScaling):
    """U(-limit, limit) with limit = sqrt(6 / fan_in). For relu and its kin. Source: He et al. 2015."""

    type: Literal["he_uniform"] = "he_uniform"
    law = VarianceScaling(scale=2, mode="fan_in", distribution="uniform")


class HeNormal(NamedScaling):
    """N(0, 2 / fan_in), not truncated. For relu and its kin. Source: He et al. 2015."""

    type: Literal["he_normal"] = "he_normal"
    law = VarianceScaling(scale=2, mode="fan_in", distribution="normal")


class LecunUniform(NamedScaling):
    """U(-limit, limit) with limit = sqrt(3 / fan_in). Source: LeCun et al. 1998."""

    type: Literal["lecun_uniform"] = "lecun_uniform"
    law = VarianceScaling(scale=1, mode="fan_in", distribution="uniform")


class LecunNormal(NamedScaling):
    """N(0, 1 / fan_in), not truncated. For selu. Source: LeCun et al. 1998."""

    type: Literal["lecun_normal"] = "lecun_normal"
    law = VarianceScaling(scale=1, mode="fan_in", distribution="normal")


class Identity(Initializer):
    """gain on the diagonal, else 0. Takes two axes; where they differ the rest of the longer one is 0."""

    type: Literal["identity"] = "identity"
    gain: float = Field(1.0, description="The number on the diagonal.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the matrix. Raises `ShapeError` where `out` is no matrix."""
        if out.ndim != 2:
            raise ShapeError(f"(identity) expects a matrix, got {out.shape}", hint="Use another init here.")
        out[...] = 0
        np.fill_diagonal(out, self.gain)


class Orthogonal(Initializer):
    """gain times a random orthogonal matrix, uniform over all; out is seen as (all but the last axis, last axis).

    With at least as many rows as columns W'W is gain^2 times the identity, else WW' is. From the QR decomposition of
    normal draws, with signs such that R's diagonal is positive. Source: Saxe et al. 2014; the signs: Mezzadri 2007.
    """

    type: Literal["orthogonal"] = "orthogonal"
    gain: float = Field(1.0, description="The length of the vectors.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the matrix. Raises `ShapeError` where `out` has less than two axes."""
        if out.ndim < 2:
            raise ShapeError(f"(orthogonal) expects two axes or more, got {out.shape}", hint="Use another init here.")
        rows, columns = math.prod(out.shape[:-1]), out.shape[-1]
        draws = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(draws)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
        out[...] = self.gain * (q if rows >= columns else q.T).reshape(out.shape)
