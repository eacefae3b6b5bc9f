"""Rows of attention, and of the blocks made of it."""

from __future__ import annotations

from scratchnn.nn.activations import GELU, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.attention import MultiHeadAttention as Attention
from scratchnn.nn.layers.composite import Repeat, Residual
from scratchnn.nn.layers.embedding import SinusoidalPositions
from scratchnn.nn.layers.time import TimeDistributed
from scratchnn.nn.layers.transformer import TransformerDecoder as Decoder
from scratchnn.nn.layers.transformer import TransformerEncoder as Encoder

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Attention(heads=1), (1, 3), 1),
    LayerCase(Attention(heads=2), (5, 4), 3),
    LayerCase(Attention(heads=3, units=6, bias=False), (4, 5), 2),
    LayerCase(Attention(heads=2, causal=True), (5, 4), 2),
    LayerCase(Attention(heads=2, units=4), (4, 3), 5, masked=True),
    LayerCase(Attention(heads=2, causal=True, dropout=0.3), (4, 4), 4, masked=True),
    LayerCase(Attention(heads=4, key_heads=2), (3, 8), 2),
    LayerCase(Attention(heads=6, key_heads=1, units=6, causal=True), (3, 5), 3),
    LayerCase(Attention(heads=2, rotary=True), (5, 8), 2),
    LayerCase(Attention(heads=4, key_heads=2, units=8, rotary=True, causal=True, dropout=0.2), (3, 4), 3, masked=True),
    LayerCase(Attention(heads=2, key_heads=1, rotary=True), (1, 4), 1),
    LayerCase(Attention(heads=1, dropout=0.5), (7, 3), 3),
    LayerCase(Encoder(heads=1, feed_forward=3, dropout=0.0), (1, 2), 1),
    LayerCase(Encoder(heads=2, feed_forward=5, activation=GELU()), (3, 4), 3, masked=True),
    LayerCase(Encoder(heads=2, feed_forward=3, norm_first=True, activation=Tanh(), dropout=0.3), (4, 6), 2),
    LayerCase(Encoder(heads=2, key_heads=1, feed_forward=3, norm="rms_norm", rotary=True, bias=False), (3, 4), 2),
    LayerCase(Decoder(heads=2, feed_forward=3, dropout=0.0), (1, 4), 1),
    LayerCase(Decoder(heads=3, feed_forward=7, activation=Tanh()), (5, 3), 2, masked=True),
    LayerCase(Decoder(heads=2, feed_forward=3, norm_first=True, rotary=True, activation=GELU()), (4, 4), 3),
    LayerCase(Decoder(heads=1, feed_forward=2, bias=False, activation=Tanh()), (3, 2), 3),
    LayerCase(Decoder(heads=4, key_heads=2, feed_forward=2, norm="rms_norm", norm_first=True), (3, 4), 2, masked=True),
    LayerCase(Repeat(times=2, layers=[Decoder(heads=2, feed_forward=3, norm_first=True)]), (3, 4), 3, masked=True),
    LayerCase(TimeDistributed(layers=[Attention(heads=2, key_heads=1, rotary=True, dropout=0.2)]), (3, 4, 4), 2),
    LayerCase(Residual(layers=[Attention(heads=1, causal=True)], shortcut=[SinusoidalPositions()]), (3, 4), 3),
)
