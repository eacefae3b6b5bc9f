"""Fixture scripts are run by hand: they need torch or scikit-learn, which the tests do not."""

from hypothesis import settings

collect_ignore_glob = ["fixtures/make_*.py"]

settings.register_profile("untimed", deadline=None)  # another program may take the processor meanwhile
settings.load_profile("untimed")
