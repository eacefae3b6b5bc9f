"""Losses that need raw targets refuse scaled ones before the training starts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scratchnn.config.schema import Config
from scratchnn.errors import ConfigError
from scratchnn.workflows.building import build_for


def encoder(offset: float, scale: float) -> SimpleNamespace:
    return SimpleNamespace(
        input_shape=(2,), classes=[], target_count=1, target_offset=[offset], target_scale=[scale], task="regression"
    )


def config(loss: str, activation: str | None = None) -> Config:
    layers = [{"type": "dense", "units": "auto", "activation": activation}]
    return Config.model_validate(
        {
            "name": "a",
            "data": {"source": "a.csv", "target": "y"},
            "model": {"layers": layers},
            "loss": loss,
        }
    )


@pytest.mark.parametrize(("offset", "scale"), [(0.5, 1.0), (0.0, 2.0)])
def test_scaled_targets_are_refused(offset, scale):
    with pytest.raises(ConfigError, match="poisson needs the targets as they are in the data") as caught:
        build_for(config("poisson"), encoder(offset, scale))
    assert caught.value.where == "loss"
    assert caught.value.hint == "Set data.target_scale: none."


def test_raw_targets_are_taken_and_others_may_be_scaled():
    assert build_for(config("poisson"), encoder(0.0, 1.0)).loss.tag() == "poisson"
    assert build_for(config("log_cosh"), encoder(0.5, 2.0)).loss.tag() == "log_cosh"


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh"])
def test_a_sigmoid_may_end_a_network_whose_loss_takes_outputs_as_they_are(loss):
    built = build_for(config(loss, "sigmoid"), encoder(0.5, 2.0))
    assert built.network.outputs.shape == (1,)


def test_a_sigmoid_before_a_loss_of_raw_outputs_is_refused():
    with pytest.raises(ConfigError, match="poisson takes raw outputs, not those of a sigmoid"):
        build_for(config("poisson", "sigmoid"), encoder(0.0, 1.0))
