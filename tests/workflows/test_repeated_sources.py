from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.workflows.train import train


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_training_rows_given_again_are_warned_of(config, part):
    Path("data/link.csv").symlink_to("table.csv")
    source = {"train": "../data/table.csv", part: "../configs/../data/link.csv"}
    (note,) = train(config(data={"source": source})).notes
    assert note == f"{part} has the same source as train: its figures say nothing about new rows"


def test_points_made_with_the_same_settings_are_warned_of(config):
    points = {"type": "moons", "samples": 40}
    data = {"source": {"train": points, "test": points}, "target": None, "features": None}
    assert "test has the same source as train" in train(config(data=data)).notes[0]


def test_other_files_are_not_warned_of(config, table, write):
    write("data/other.csv", table(20, 5))
    assert train(config(data={"source": {"train": "../data/table.csv", "test": "../data/other.csv"}})).notes == []
