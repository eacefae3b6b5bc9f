"""What losses refuse once the data are known: scaled targets, outputs that went through a sigmoid."""

from __future__ import annotations

import pytest

from scratchnn.config.schema import Config
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.number import NumberColumn
from scratchnn.data.targets import Numbers
from scratchnn.errors import ConfigError, ShapeError
from scratchnn.workflows.building import build_for


def encoder(offset: float, scale: float) -> Encoder:
    columns = [NumberColumn(name=name, offset=0.0, scale=1.0) for name in ("a", "b")]
    return Encoder(
        inputs=TableInputs(columns=columns),
        target=Numbers(names=["y"], offset=[offset], width=[scale]),
    )


def config(loss: object, activation: str | None = None) -> Config:
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


def test_a_term_that_does_not_fit_the_target_is_named():
    terms = [{"loss": "mse"}, {"loss": {"type": "weighted_sum", "terms": [{"loss": "cosine_similarity"}]}}]
    with pytest.raises(ShapeError, match="needs two columns of numbers or more as targets, got one") as caught:
        build_for(config({"type": "weighted_sum", "terms": terms}), encoder(0.0, 1.0))
    assert caught.value.where == "loss.terms[1].loss.terms[0].loss"
    with pytest.raises(ShapeError) as caught:
        build_for(config("cosine_similarity"), encoder(0.0, 1.0))
    assert caught.value.where == "loss"


def test_a_sigmoid_may_end_a_network_whose_terms_all_take_outputs_as_they_are():
    plain = {"type": "weighted_sum", "terms": [{"loss": "mse"}, {"loss": "mae"}]}
    assert build_for(config(plain, "sigmoid"), encoder(0.0, 1.0)).loss.tag() == "weighted_sum"
    mixed = {"type": "weighted_sum", "terms": [{"loss": "mse"}, {"loss": "poisson"}]}
    with pytest.raises(ConfigError, match="weighted_sum takes raw outputs, not those of a sigmoid"):
        build_for(config(mixed, "sigmoid"), encoder(0.0, 1.0))
