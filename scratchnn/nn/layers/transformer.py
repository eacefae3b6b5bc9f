"""The blocks that transformers are stacked from: attention and a feed-forward part, each with a residual and a norm.

A chain carries one input. So there is no cross attention: `transformer_decoder` is the block of decoder-only models.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.activations import Activation, ReLU
from scratchnn.nn.chain import Chain
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.composite import Residual
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.row_normalization import LayerNorm, RMSNorm
from scratchnn.nn.memory import Array, Memory, Pass


class TransformerBlock(Layer):
    """The base of both blocks. x, y: (B, T, F)."""

    causal: ClassVar[bool]

    heads: int = Field(ge=1, description="Heads of the attention; divides F.")
    feed_forward: int = Field(ge=1, description="Units between the two dense layers.")
    key_heads: int | None = Field(None, ge=1, description="Heads of K and V; divides `heads`, which it is when absent.")
    activation: Activation = Field(ReLU(), description="Between the two dense layers.")
    dropout: float = Field(0.1, ge=0, lt=1, description="On attention weights, hidden units and both outputs.")
    norm: Literal["layer_norm", "rms_norm"] = Field("layer_norm", description="The kind of normalization.")
    norm_first: bool = Field(False, description="Whether to normalize before each part (pre-norm) or after its sum.")
    rotary: bool = Field(False, description="Whether attention turns Q and K by the place of their step.")
    bias: bool = Field(True, description="Whether attention and the dense layers add biases.")

    def layers(self, features: int) -> list[Layer]:
        """The layers that the block stands for, on steps of so many numbers."""
        norm: list[Layer] = [LayerNorm() if self.norm == "layer_norm" else RMSNorm()]
        drop: list[Layer] = [Dropout(rate=self.dropout)] if self.dropout else []
        attention = MultiHeadAttention(
            heads=self.heads,
            key_heads=self.key_heads,
            causal=self.causal,
            rotary=self.rotary,
            dropout=self.dropout,
            bias=self.bias,
        )
        hidden = Dense(units=self.feed_forward, activation=self.activation, bias=self.bias)
        parts: list[list[Layer]] = [
            [attention, *drop],
            [hidden, *drop, Dense(units=features, bias=self.bias), *drop],
        ]
        if self.norm_first:
            return [Residual(layers=[*norm, *part]) for part in parts]
        return [layer for part in parts for layer in (Residual(layers=part), *norm)]

    def plan(self, inputs: InputSpec) -> Plan:
        """That of a chain."""
        self.expects_numbers(inputs)
        hint = 'Add "reshape" or "embedding" before it.'
        self.expects(len(inputs.shape) == 2, "steps of numbers (T, F)", inputs, hint)
        try:
            return Chain(self.layers(inputs.shape[-1]), inputs).plan()
        except ShapeError as error:  # its place is among layers that the config does not show
            raise ShapeError(error.message, hint=error.hint) from None

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mem.program.steps(x, y, mem).forward(run)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of every layer, and dx."""
        mem.program.steps(x, y, mem).backward(dy, dx, run)


class TransformerEncoder(TransformerBlock):
    """z = norm(x + attention(x)), y = norm(z + W_2 f(W_1 z + b_1) + b_2); every step sees every other. x, y: (B, T, F).

    With `norm_first` z = x + attention(norm(x)), y = z + W_2 f(W_1 norm(z) + b_1) + b_2; then a norm is wanted after
    the last block. The mask of real steps holds in attention. Sources: Vaswani et al. 2017; Xiong et al. 2020 for
    `norm_first`. PyTorch's `TransformerEncoderLayer`.
    """

    type: Literal["transformer_encoder"] = "transformer_encoder"
    causal: ClassVar[bool] = False


class TransformerDecoder(TransformerBlock):
    """The block of decoder-only models: `transformer_encoder`, where a step sees only itself and those before.

    x, y: (B, T, F). There is no attention to an encoder's output. Source: Radford et al. 2018. PyTorch's
    `TransformerEncoderLayer` with `is_causal`.
    """

    type: Literal["transformer_decoder"] = "transformer_decoder"
    causal: ClassVar[bool] = True
