"""Fixture scripts are run by hand: they need torch or scikit-learn, which the tests do not."""

collect_ignore_glob = ["fixtures/make_*.py"]
