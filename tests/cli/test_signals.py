from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from scratchnn.cli.signals import heeded

ALL = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def none_ignored() -> Iterator[None]:
    """A shell starts its background jobs with SIGINT ignored, nohup with SIGHUP, and so the tests."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ALL}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("none_ignored")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under nohup: the training goes on when the terminal is closed."""
    assert heeded() == ALL
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert heeded() == [signal.SIGINT, signal.SIGTERM]
