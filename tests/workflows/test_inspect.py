from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.errors import ConfigError, DataError
from scratchnn.workflows.gradients import gradcheck
from scratchnn.workflows.inspect import summary, validate


def test_a_summary_counts_parameters_memory_and_operations(config):
    found = summary(config())
    assert [(row.tag, row.output, row.parameters) for row in found.layers] == [
        ("dense", (8,), 5 * 8 + 8),
        ("batch_norm", (8,), 16),
        ("activation", (8,), 0),
        ("dropout", (8,), 0),
        ("dense", (3,), 8 * 3 + 3),
    ]
    assert (found.name, found.inputs, found.loss, found.batch_size) == ("small", (5,), "cross_entropy", 8)
    assert found.parameters == 48 + 16 + 27
    assert found.flops == sum(row.flops for row in found.layers) >= 2 * (5 * 8 + 8 * 3)
    # each array starts at a cache line of 16 numbers, Adam keeps two vectors
    assert found.parameter_bytes >= 4 * found.parameters
    assert found.optimizer_bytes == 2 * found.parameter_bytes
    assert found.to_json()["layers"][4]["output"] == [3]


def test_a_summary_of_a_batch_of_all_rows(config):
    assert summary(config(), ["training.batch_size=all"]).batch_size == 36


def test_gradients_of_a_config(config):
    report = gradcheck(config())
    assert report.passed
    assert len(report.checks) >= 6
    assert report.worst.error == max(check.error for check in report.checks) < 1e-6


def test_validating_reads_the_data_unless_told_not_to(config):
    path = config()
    assert validate(path).data["rows"] == {"train": 36, "validation": 12, "test": 12}
    Path("data/table.csv").unlink()
    assert validate(path, data=False) is None
    with pytest.raises(DataError, match="there is no such file"):
        validate(path)
    with pytest.raises(ConfigError, match=r"training\.epochs"):
        validate(path, ["training.epochs=0"], data=False)
