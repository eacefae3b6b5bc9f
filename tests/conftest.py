"""Fixture scripts are run by hand: they need torch or scikit-learn, which the tests do not."""

import signal

from hypothesis import Phase, settings

collect_ignore_glob = ["fixtures/make_*.py"]

# No profile has a deadline: another program may take the processor meanwhile.
settings.register_profile("same", deadline=None, derandomize=True)  # a failure is of the change that shows it
settings.register_profile("random", deadline=None)
settings.register_profile("examples", deadline=None, phases=[Phase.explicit])  # draws nothing
settings.load_profile("same")

# A shell starts a background job with SIGINT ignored, and so would be the programs that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
