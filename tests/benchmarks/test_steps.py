from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import libraries, steps, timing
from benchmarks.environment import BenchmarkError, child_environment
from benchmarks.libraries import LIBRARIES, Library, contestants
from benchmarks.report import make_console, show_load, show_skipped
from benchmarks.rounds import Ratio, ratios, take_turns
from benchmarks.steps import check_losses, compare_steps, working
from benchmarks.timing import CHECKED_STEPS, Measurement, first_loss, measure
from benchmarks.workloads import WORKLOADS, Workload


class Steady:
    """Trains nothing: a step takes 2^-13 s (122 us) of its own clock; the loss is the number of the step."""

    version, threads = "0", 1

    def __init__(self) -> None:
        self.calls: list[int] = []

    def run(self, steps: int) -> float:
        self.calls.append(steps)
        return float(sum(self.calls))

    def clock(self) -> float:
        return sum(self.calls) * 2**-13


def test_a_measurement_is_the_median_of_its_best_chunk():
    assert Measurement(4, [[5.0, 1.0, 9.0], [3.0, 4.0, 30.0], [6.0, 6.0, 6.0]]).microseconds == 4.0


def test_measuring_warms_up_then_times_blocks_of_ten_milliseconds(monkeypatch: pytest.MonkeyPatch):
    training = Steady()
    monkeypatch.setattr(timing, "perf_counter", training.clock)
    measured = measure(training, 1.0)
    assert measured.block_steps == 82
    assert training.calls[:4] == [1, 2, 4, 8]
    blocks = [block for chunk in measured.chunks for block in chunk]
    assert blocks == pytest.approx([122.07] * len(blocks))  # microseconds per step
    assert [len(chunk) for chunk in measured.chunks] == pytest.approx([20] * 5, abs=1)  # 0.2 s each
    warm_up = sum(training.calls[: -len(blocks)])
    assert 1_638 <= warm_up <= 1_721  # 0.2 s, and the block that passed it


def test_a_slow_step_is_a_block_and_a_chunk_has_two(monkeypatch: pytest.MonkeyPatch):
    training = Steady()
    monkeypatch.setattr(timing, "perf_counter", lambda: 2**13 * training.clock())  # a second a step
    assert measure(training, 0.1) == Measurement(1, [[1e6, 1e6]] * 5)


def test_the_first_loss_is_the_mean_of_single_steps():
    training = Steady()
    assert first_loss(training) == (1 + CHECKED_STEPS) / 2
    assert training.calls == [1] * CHECKED_STEPS


def test_turns_alternate():
    heard: list[str] = []

    def player(name: str, figure: int):
        def play() -> int:
            heard.append(name)
            return figure * len(heard)

        return play

    assert take_turns({"a": player("a", 1), "b": player("b", 10)}, 3) == {"a": [1, 3, 5], "b": [20, 40, 60]}
    assert heard == ["a", "b"] * 3


def test_a_ratio_compares_within_a_round():
    figures = {"scratchnn": [10.0, 20.0, 40.0], "torch": [30.0, 40.0, 200.0]}
    assert ratios(figures) == {"torch": Ratio(3.0, 2.0, 5.0)}


def test_libraries_that_do_other_work_are_refused():
    check_losses({"scratchnn": 1.0, "torch": 1.0009, "jax": 0.9991, "scikit-learn": 1.09})
    for name, loss in (("torch", 1.002), ("scikit-learn", 0.89), ("jax", float("nan"))):
        with pytest.raises(BenchmarkError, match=name):
            check_losses({"scratchnn": 1.0, name: loss})


def test_draws_of_dropout_may_differ_by_three_hundredths():
    check_losses({"scratchnn": 1.0, "torch": 1.025}, drops=True)
    with pytest.raises(BenchmarkError, match="torch"):
        check_losses({"scratchnn": 1.0, "torch": 1.035}, drops=True)


def test_with_dropout_the_losses_without_it_are_compared_too(monkeypatch: pytest.MonkeyPatch):
    def about(without: float) -> dict[str, Any]:
        return {"version": "0", "threads": 1, "first_loss": 2.0, "first_loss_without_dropout": without}

    @contextmanager
    def pretend(library: Library, workload: Workload, threads: int) -> Iterator[SimpleNamespace]:
        without = 3.01 if library.name == "torch" and workload.drops else 3.0
        yield SimpleNamespace(library=library, about=about(without), measure=lambda seconds: Measurement(1, [[1.0]]))

    monkeypatch.setattr(steps, "working", pretend)
    both = [LIBRARIES["scratchnn"], LIBRARIES["torch"]]
    assert [row.first_loss for row in compare_steps(WORKLOADS["lstm"], both, 1, 1, 0.0)] == [2.0, 2.0]
    with pytest.raises(BenchmarkError, match="of torch are"):
        compare_steps(WORKLOADS["cnn"], both, 1, 1, 0.0)


def test_a_worker_that_dies_is_an_error():
    broken = replace(LIBRARIES["scratchnn"], module="benchmarks.libraries.nothing")
    with pytest.raises(BenchmarkError, match="process of scratchnn ended"), working(broken, WORKLOADS["iris"], 1):
        pass


def test_missing_libraries_are_named_with_what_installs_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name == "jax" else object())
    present, missing = contestants(["jax", "torch"])
    assert [library.name for library in present] == ["scratchnn", "torch"]
    show_skipped(make_console(), missing)
    assert capsys.readouterr().out == "skipped jax: it is not installed. pip install 'scratchnn[bench]'\n"


def test_a_busy_machine_is_warned_about(capsys: pytest.CaptureFixture[str]):
    show_load(make_console(), 0.4)
    assert capsys.readouterr().out == ""
    show_load(make_console(), 1.7)
    assert "warning: the machine is busy (load 1.7)" in capsys.readouterr().out


def test_children_get_the_number_of_threads():
    environment = child_environment(3)
    assert {environment[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")} == {"3"}
