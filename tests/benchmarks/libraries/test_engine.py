from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from threadpoolctl import threadpool_limits

from benchmarks.libraries import engine
from benchmarks.timing import first_loss
from benchmarks.workloads import WORKLOADS
from scratchnn.config.schema import Config
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.network import Network

CONFIGS = Path(__file__).parents[3] / "configs"

# Mean loss of the first 20 batches, made with benchmarks/libraries/eager_torch.py and torch 2.13.0.
FIRST_LOSS = {"cnn": 4.5112200737, "lstm": 1.9768643022, "transformer": 2.1169236004}


@pytest.mark.parametrize("name", FIRST_LOSS)
def test_the_first_losses_are_those_of_torch(name: str):
    with threadpool_limits(1, user_api="blas"):  # puts back what the training sets
        training = engine.start(WORKLOADS[name].without_dropout(), 1)
        assert first_loss(training) == pytest.approx(FIRST_LOSS[name], rel=1e-5)  # rounding grows from step to step


def test_the_first_losses_with_dropout_are_far_from_those_without():
    with threadpool_limits(1, user_api="blas"):
        loss = first_loss(engine.start(WORKLOADS["cnn"], 1))
    assert abs(loss / FIRST_LOSS["cnn"] - 1) > 0.06  # twice what may differ between two libraries' draws


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_has_no_first_weights_is_a_bias(name: str):
    workload = WORKLOADS[name]
    network = Network(engine.settings(workload).model.layers, InputSpec(workload.shape))
    weights = workload.weights()
    arrays = network.arena.named_arrays()
    assert {key: array.shape for key, array in weights.items()} == {key: arrays[key].shape for key in weights}
    rest = {key.rpartition(".")[2] for key in arrays.keys() - weights.keys()}
    assert rest <= {"bias", "output_bias", "beta"}
    assert network.outputs.shape == (workload.classes,)


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_a_workload_is_the_network_of_its_config(name: str):
    written = yaml.safe_load((CONFIGS / f"mnist_{name}.yaml").read_text())
    layers = [layer for layer in written["model"]["layers"] if layer != {"type": "reshape", "shape": [28, 28]}]
    layers[-1]["units"] = 10
    data = {"source": "rows.csv", "target": "class"}
    expected = Config.model_validate({"data": data, "model": {"layers": layers}}).model.layers
    workload = WORKLOADS[name]
    assert engine.settings(workload).model.layers == expected
    assert workload.batch == written["training"]["batch_size"]
