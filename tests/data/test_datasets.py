"""The tables of datasets/ against scikit-learn 1.9.1: shape, sum of all inputs, and the count of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.csv import Csv

FOLDER = Path(__file__).parents[2] / "datasets"


@pytest.mark.parametrize(
    ("name", "target", "rows", "inputs", "total", "classes"),
    [
        ("iris", "species", 150, 4, 2078.7, {"setosa": 50, "versicolor": 50, "virginica": 50}),
        ("wine", "cultivar", 178, 13, 159975.295999, {"class_0": 59, "class_1": 71, "class_2": 48}),
        ("breast_cancer", "diagnosis", 569, 30, 1056474.4596356, {"malignant": 212, "benign": 357}),
        (
            "digits",
            "digit",
            1797,
            64,
            561718.0,
            dict(zip("0123456789", [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], strict=True)),
        ),
        ("diabetes", "progression", 442, 10, 276404.2336, None),
    ],
)
def test_the_tables_are_whole(
    name: str, target: str, rows: int, inputs: int, total: float, classes: dict[str, int] | None
) -> None:
    content = (FOLDER / f"{name}.csv").read_bytes()
    assert b"\r" not in content
    table = Csv(path=f"{name}.csv").read(FOLDER)
    names = list(table.columns)
    assert (len(table), len(names), names[-1]) == (rows, inputs + 1, target)
    assert all(column == column.lower() and " " not in column for column in names)
    values = np.stack([table.numbers(column) for column in names[:-1]])
    assert values.sum() == pytest.approx(total, rel=1e-12)
    cells = table.cells(target)
    if classes is None:
        assert table.numbers(target).sum() == 67243.0
    else:
        assert {label: cells.count(label) for label in set(cells)} == classes


def test_every_table_is_tested() -> None:
    names = {"iris", "wine", "breast_cancer", "digits", "diabetes"}
    assert {path.stem for path in FOLDER.glob("*.csv")} == names
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name}.csv |" in text and f"- **{name}**:" in text for name in names)
    assert {path.name for path in FOLDER.glob("*.txt")} == {"genesis.txt"}
    assert "- **genesis**:" in text


def test_the_text_is_whole() -> None:
    content = (FOLDER / "genesis.txt").read_bytes()
    assert content.isascii()
    assert b"\r" not in content
    verses = content.decode().splitlines()
    assert (len(verses), len(content), len(set(content))) == (1533, 196818, 60)  # Genesis has 1533 verses
    assert verses[0] == "In the beginning God created the heaven and the earth."
    assert verses[-1].endswith("and they embalmed him, and he was put in a coffin in Egypt.")
