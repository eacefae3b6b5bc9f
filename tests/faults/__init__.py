"""Faults seeded into formulas, one at a time, each of which the suite must catch: `python -m tests.faults`."""
