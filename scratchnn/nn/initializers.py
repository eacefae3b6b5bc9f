"""How weights start, in order of growing complexity. `fans` is (fan_in, fan_out) of the weight."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from scratchnn.component import Component
from scratchnn.errors import ShapeError

Array = npt.NDArray[Any]
Fans = tuple[int, int]
Function = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
Gain = Annotated[float, Field(allow_inf_nan=False)] | Function

GAINS: dict[Function, float] = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + 0.01**2)),
    "selu": 3 / 4,
}


def gain_value(gain: Gain) -> float:
    """A gain as a number: an activation's is the one of PyTorch's `calculate_gain`. `leaky_relu` has slope 0.01.

    The deviation of weights times this gain keeps the variance from layer to layer, for tanh and selu about.

    >>> gain_value("tanh") == 5 / 3, gain_value(0.5)
    (True, 0.5)
    """
    return GAINS[gain] if isinstance(gain, str) else gain


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
    """Draws with variance gain^2 scale / n; n is fan_in, fan_out or their mean: the law behind glorot, he and lecun.

    uniform: U(-limit, limit) with limit = gain sqrt(3 scale / n). normal: N(0, gain^2 scale / n), not truncated
    (PyTorch's convention; Keras truncates). Source: He et al. 2015, as generalized in Keras.
    """

    type: Literal["variance_scaling"] = "variance_scaling"
    scale: float = Field(1.0, gt=0, description="Numerator of the variance.", allow_inf_nan=False)
    mode: Literal["fan_in", "fan_out", "fan_average"] = Field("fan_in", description="What n is.")
    distribution: Literal["uniform", "normal"] = Field("normal", description="The distribution to draw from.")
    gain: Gain = Field(1.0, description="Factor of the deviation: a number, or the activation whose gain it is.")

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws."""
        fan_in, fan_out = fans
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_average": (fan_in + fan_out) / 2}[self.mode]
        deviation = gain_value(self.gain) * math.sqrt(self.scale / max(n, 1))
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
    gain: Gain = Field(1.0, description="The length of the vectors: a number, or the activation whose gain it is.")

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the matrix. Raises `ShapeError` where `out` has less than two axes."""
        if out.ndim < 2:
            raise ShapeError(f"(orthogonal) expects two axes or more, got {out.shape}", hint="Use another init here.")
        rows, columns = math.prod(out.shape[:-1]), out.shape[-1]
        draws = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(draws)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
        out[...] = gain_value(self.gain) * (q if rows >= columns else q.T).reshape(out.shape)


class LSUV(Initializer):
    """Layer-sequential unit variance: orthogonal, then scaled so that the layer's outputs on data have variance 1.

    Starts as `orthogonal` with gain 1. Before the first step of a training the layers take their turn from the first
    on, on the first training rows: the weight of each `dense` and convolution layer that starts so is divided by the
    standard deviation of the outputs, before the activation and over all units together, until it is within `tolerance`
    of 1 or after `iterations`. Layers inside of other layers take part. Outputs that do not vary leave the weight as it
    is. The pass is one of evaluation: dropout is off, and `batch_norm` uses its running statistics.
    All other weights (recurrent layers, attention, embeddings) keep the orthogonal start.
    Source: Mishkin and Matas 2016.
    """

    type: Literal["lsuv"] = "lsuv"
    tolerance: float = Field(0.01, gt=0, lt=1, description="How far the deviation of the outputs may be from 1.")
    iterations: int = Field(10, ge=1, le=1000, description="The most often that a weight is scaled.")
    samples: int = Field(256, ge=1, description="How many training rows are looked at, from the first on.")

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the matrix before it is scaled. Raises `ShapeError` where `out` has less than two axes."""
        if out.ndim < 2:
            raise ShapeError(f"(lsuv) expects two axes or more, got {out.shape}", hint="Use another init here.")
        Orthogonal().fill(out, fans, rng)


class Sparse(Initializer):
    """N(0, deviation^2), where of the weights into each output a random share is 0. Takes two axes or more.

    The last axis of `out` counts the outputs. ceil(sparsity * inputs) weights are 0, whichever they are. Source:
    Martens 2010; PyTorch's `sparse_` with the axes the other way round: that one thins the weights out of each input.
    """

    type: Literal["sparse"] = "sparse"
    sparsity: float = Field(0.9, ge=0, lt=1, description="Share of the weights into each output that is 0.")
    deviation: float = Field(0.01, gt=0, description="The standard deviation of the others.", allow_inf_nan=False)

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the draws. Raises `ShapeError` where `out` has less than two axes."""
        if out.ndim < 2:
            raise ShapeError(f"(sparse) expects two axes or more, got {out.shape}", hint="Use another init here.")
        rows, columns = math.prod(out.shape[:-1]), out.shape[-1]
        draws = self.deviation * rng.standard_normal((rows, columns))
        zeros = rng.random((rows, columns)).argsort(axis=0)[: math.ceil(self.sparsity * rows)]
        np.put_along_axis(draws, zeros, 0, axis=0)
        out[...] = draws.reshape(out.shape)


class Dirac(Initializer):
    """A kernel that passes its input on: channel c of each group goes to filter c of the group, by a 1 in the middle.

    Takes kernels (K, ..., C / groups, F) of one axis or more; what is left of channels or filters gets 0. The middle of
    K is K // 2. PyTorch's `dirac_`. Source: Zagoruyko and Komodakis 2017.
    """

    type: Literal["dirac"] = "dirac"
    groups: int = Field(1, ge=1, description="Groups of the convolution; the filters must be a multiple.")

    def fill(self, out: Array, fans: Fans, rng: np.random.Generator) -> None:
        """Writes the kernel. Raises `ShapeError` where `out` is none."""
        if out.ndim < 3 or out.shape[-1] % self.groups:
            message = f"(dirac) expects a kernel for filters in {self.groups} equal groups, got {out.shape}"
            raise ShapeError(message, hint="Use another init here.")
        out[...] = 0
        channels, filters = out.shape[-2], out.shape[-1] // self.groups
        middle = out[tuple(size // 2 for size in out.shape[:-2])]
        passed = np.arange(min(channels, filters))
        for group in range(self.groups):
            middle[passed, group * filters + passed] = 1
