from __future__ import annotations

import signal

from scratchnn.cli.signals import heeded


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under nohup: the training goes on when the terminal is closed."""
    assert heeded() == [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert heeded() == [signal.SIGINT, signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, before)
