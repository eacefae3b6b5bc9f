from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import GELU, ReLU
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.composite import Residual
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.embedding import Embedding, SinusoidalPositions
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.layers.transformer import TransformerDecoder, TransformerEncoder
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network

GELU_UNIT = GELU()


@pytest.mark.parametrize(
    ("case", "layers"),
    [
        ("encoder", [TransformerEncoder(heads=2, feed_forward=7, dropout=0.0)]),
        (
            "encoder_masked",
            [RaggedMask(), TransformerEncoder(heads=2, feed_forward=5, dropout=0.0, activation=GELU_UNIT)],
        ),
        ("encoder_first", [TransformerEncoder(heads=4, feed_forward=6, dropout=0.0, norm_first=True)]),
        ("decoder", [RaggedMask(), TransformerDecoder(heads=3, feed_forward=5, dropout=0.0)]),
        (
            "decoder_first",
            [TransformerDecoder(heads=2, feed_forward=3, dropout=0.0, norm_first=True, activation=GELU_UNIT)],
        ),
    ],
)
def test_it_agrees_with_torch(case: str, layers: list[Layer], agree: Callable[..., None]) -> None:
    agree(case, layers)


def test_dropout_is_where_torch_has_it() -> None:
    names = [
        layer.tag() for part in TransformerEncoder(heads=2, feed_forward=3).layers(4)[::2] for layer in part.layers
    ]
    assert names == ["multi_head_attention", "dropout", "dense", "dropout", "dense", "dropout"]
    first = TransformerEncoder(heads=2, feed_forward=3, dropout=0.2, norm_first=True, norm="rms_norm").layers(4)
    assert [layer.tag() for layer in first[0].layers] == ["rms_norm", "multi_head_attention", "dropout"]
    assert first[0].layers[1].dropout == 0.2
    assert TransformerEncoder(heads=2, feed_forward=3, dropout=0.0).layers(4)[0].layers[0].dropout == 0


def test_settings_reach_the_layers() -> None:
    block = TransformerDecoder(heads=4, key_heads=2, feed_forward=3, rotary=True, bias=False)
    first, _, second, _ = block.layers(8)
    attention = MultiHeadAttention(heads=4, key_heads=2, causal=True, rotary=True, dropout=0.1, bias=False)
    drop = Dropout(rate=0.1)  # PyTorch's default
    assert first == Residual(layers=[attention, drop])
    hidden = Dense(units=3, activation=ReLU(), bias=False)
    assert second == Residual(layers=[hidden, drop, Dense(units=8, bias=False), drop])


@pytest.mark.parametrize("norm_first", [False, True])
def test_only_a_decoder_hides_what_comes_later(norm_first: bool) -> None:
    x = np.random.default_rng(0).standard_normal((1, 4, 4))
    changed = x.copy()
    changed[0, 2, 0] += 1

    def touched(layer: Layer) -> list[bool]:
        network = Network([layer], InputSpec((4, 4)), dtype="float64")
        network.initialize(np.random.default_rng(0))
        return np.any(network.predict(x) != network.predict(changed), axis=-1)[0].tolist()

    assert touched(TransformerEncoder(heads=2, feed_forward=3, norm_first=norm_first)) == [True] * 4
    assert touched(TransformerDecoder(heads=2, feed_forward=3, norm_first=norm_first)) == [False, False, True, True]


def test_without_biases_only_the_norms_have_some() -> None:
    network = Network([TransformerEncoder(heads=2, feed_forward=3, bias=False)], InputSpec((2, 4)))
    assert [name.split(".")[-1] for name in network.arena.slots] == [
        *("weight", "output_weight", "weight", "weight"),
        *("gamma", "beta", "gamma", "beta"),
    ]


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            TransformerEncoder(heads=2, feed_forward=3),
            InputSpec((6,)),
            r"\(transformer_encoder\) expects steps of numbers",
        ),
        (
            TransformerDecoder(heads=2, feed_forward=3),
            InputSpec((6,), "ids"),
            r"\(transformer_decoder\) expects numbers",
        ),
        (
            TransformerDecoder(heads=4, feed_forward=3),
            InputSpec((2, 6)),
            r"\(multi_head_attention\) cannot share 6 units among 4 heads",
        ),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=r"^model\.layers\[0\]: " + message):
        Network([layer], inputs)


@pytest.mark.parametrize("fields", [{"heads": 2}, {"feed_forward": 2}, {"heads": 2, "feed_forward": 0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "transformer_encoder", **fields})


@pytest.mark.parametrize(
    "layer",
    [
        TransformerEncoder(heads=2, feed_forward=16, dropout=0.0),
        TransformerEncoder(heads=2, feed_forward=16, dropout=0.0, norm_first=True, rotary=True),
        TransformerDecoder(heads=2, feed_forward=16, dropout=0.0, norm_first=True, norm="rms_norm"),
    ],
)
def test_it_overfits_eight_samples(layer: Layer, overfit: Callable[..., float]) -> None:
    layers = [Embedding(count=2, units=8), SinusoidalPositions(), layer, Flatten(), Dense(units=2)]
    assert overfit(layers, InputSpec((6,), kind="ids")) < 1e-3


def test_training_draws_and_inference_does_not() -> None:
    network = Network([TransformerEncoder(heads=2, feed_forward=8, dropout=0.5)], InputSpec((3, 4)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(2, poison=True).batch(2)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((2, 3, 4))

    def once(training: bool, seed: int) -> np.ndarray:
        return batch.forward(Pass(training, np.random.Generator(np.random.PCG64(seed)))).copy()

    np.testing.assert_array_equal(once(False, 0), once(False, 1))
    np.testing.assert_array_equal(once(True, 0), once(True, 0))
    assert np.abs(once(True, 0) - once(True, 1)).max() > 0.1
