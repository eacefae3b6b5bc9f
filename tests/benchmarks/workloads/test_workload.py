from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.workload import he_normal


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_data_are_the_same_in_every_process(name: str):
    workload = replace(WORKLOADS[name], rows=640)
    inputs, targets = workload.data()
    again, targets_again = workload.data()
    assert inputs.dtype == np.float32
    assert inputs.shape == (640, *workload.shape)
    np.testing.assert_array_equal(inputs, again)
    np.testing.assert_array_equal(targets, targets_again)
    assert set(targets) == set(range(workload.classes))
    for array, same in zip(workload.weights().values(), workload.weights().values(), strict=True):
        np.testing.assert_array_equal(array, same)
    orders = workload.orders()
    first = next(orders).copy()
    assert sorted(first) == list(range(640))
    assert (next(orders) != first).mean() > 0.98
    np.testing.assert_array_equal(next(workload.orders()), first)


def test_no_batch_is_short():
    assert all(workload.rows % workload.batch == 0 for workload in WORKLOADS.values())


def test_a_class_is_where_four_fifths_of_its_rows_are():
    inputs, targets = replace(WORKLOADS["lstm"], rows=2_000).data()
    centres = np.stack([np.median(inputs[targets == each], axis=0) for each in range(10)])
    distances = np.square(inputs[:, None] - centres).sum(axis=(2, 3))
    assert (distances.argmin(axis=1) == targets).mean() == pytest.approx(0.82, abs=0.03)  # 0.8, and a tenth of the rest


def test_weights_are_he_normal_over_all_that_goes_into_an_output():
    weights = he_normal({"dense": (200, 300), "conv": (3, 3, 40, 64)})
    assert weights["dense"].std() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert weights["conv"].std() == pytest.approx((2 / 360) ** 0.5, rel=0.02)


def test_only_what_drops_has_a_twin_without_dropout():
    assert [name for name, workload in WORKLOADS.items() if workload.drops] == ["cnn"]
    cnn, lstm = WORKLOADS["cnn"], WORKLOADS["lstm"]
    assert lstm.without_dropout() is lstm
    twin = cnn.without_dropout()
    assert not twin.drops
    assert [layer for layer in cnn.layers() if layer["type"] != "dropout"] == twin.layers()
    pairs = list(zip(cnn.weights().values(), twin.weights().values(), strict=True))
    assert len(pairs) == 4
    for array, same in pairs:
        np.testing.assert_array_equal(array, same)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("iris", "4-16-3 (16)"),
        ("cnn", "conv32-conv64-128-10 (64)"),
        ("lstm", "28x28 lstm128-10 (64)"),
        ("transformer", "64x64 encoder256h4-10 (32)"),
    ],
)
def test_titles(name: str, title: str):
    assert WORKLOADS[name].title == title
