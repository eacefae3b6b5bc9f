"""What is trained: networks, their data and the order of the batches. The same numbers for every library."""

from __future__ import annotations

from benchmarks.workloads.cnn import CNN
from benchmarks.workloads.lstm import LSTM
from benchmarks.workloads.mlp import MLP
from benchmarks.workloads.transformer import Transformer
from benchmarks.workloads.workload import Workload

_ALL: tuple[Workload, ...] = (
    MLP(name="iris", widths=(4, 16, 3), batch=16, rows=3_200),
    MLP(name="digits", widths=(64, 128, 64, 10), batch=64, rows=6_400),
    MLP(name="mnist", widths=(784, 256, 128, 10), batch=128, rows=59_904),
    MLP(name="wide", widths=(784, 1024, 1024, 10), batch=256, rows=59_904),
    CNN(name="cnn", size=28, filters=(32, 64), units=128, outputs=10, dropout=(0.4, 0.3), batch=64, rows=12_800),
    LSTM(name="lstm", steps=28, features=28, units=128, outputs=10, batch=64, rows=12_800),
    Transformer(name="transformer", steps=64, features=64, heads=4, feed_forward=256, outputs=10, batch=32, rows=3_200),
)
WORKLOADS = {workload.name: workload for workload in _ALL}
