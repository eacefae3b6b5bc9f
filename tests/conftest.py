"""Fixture scripts are run by hand: they need torch or scikit-learn, which the tests do not."""

from hypothesis import Phase, settings

collect_ignore_glob = ["fixtures/make_*.py"]

settings.register_profile("untimed", deadline=None)  # another program may take the processor meanwhile
settings.register_profile("examples", deadline=None, phases=[Phase.explicit])  # draws nothing
settings.load_profile("untimed")
