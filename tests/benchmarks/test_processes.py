from __future__ import annotations

import sys

import numpy as np
import pytest
import yaml

from benchmarks.environment import BenchmarkError
from benchmarks.iris import table
from benchmarks.processes import CONFIG, launch


def test_the_peak_is_that_of_the_child_alone():
    big = np.ones(40_000_000)  # 305 MiB in this process
    run = launch([sys.executable, "-IS", "-c", "import time; time.sleep(0.2)"], 1)
    assert run.peak_bytes < 40 * 2**20 < big.nbytes
    assert 0.2 <= run.seconds < 10
    assert run.cpu_seconds < run.seconds


def test_the_peak_grows_with_what_the_child_holds():
    run = launch([sys.executable, "-IS", "-c", "held = b'x' * 100 * 2**20"], 1)
    assert 100 * 2**20 < run.peak_bytes < 140 * 2**20


def test_a_command_that_fails_is_an_error_with_its_output():
    with pytest.raises(BenchmarkError, match="no luck"):
        launch([sys.executable, "-c", "import sys; sys.exit('no luck')"], 1)


def test_the_scripts_of_the_peers_follow_the_config():
    config = yaml.safe_load(CONFIG.read_text())
    [hidden, _] = config["model"]["layers"]
    assert hidden == {"type": "dense", "units": table.HIDDEN, "activation": "tanh"}
    assert config["optimizer"]["type"] == "adam"
    assert float(config["optimizer"]["learning_rate"]) == table.LEARNING_RATE
    assert config["training"] == {"epochs": table.EPOCHS, "batch_size": table.BATCH}
    assert config["data"]["split"] == {"type": "random", "validation": table.SHARE, "test": table.SHARE}


def test_the_table_is_split_and_standardized_on_its_training_rows():
    train, validation, test = table.parts()
    assert [len(x) for x, _ in (train, validation, test)] == [106, 22, 22]
    np.testing.assert_allclose(train[0].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train[0].std(axis=0), 1, rtol=1e-5)
    assert abs(test[0].mean(axis=0)).max() > 0.01
    assert set(train[1]) == {0, 1, 2}
