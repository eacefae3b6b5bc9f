"""Writes the data of this folder: `python datasets/make.py`.

The tables come from scikit-learn's copies, the text from Debian's packages `bible-kjv` and `bible-kjv-text`. Both are
needed for this script only. The files that are kept here were written with scikit-learn 1.9 and bible-kjv 4.38.
"""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from typing import Any

from sklearn import datasets


def snake(name: str) -> str:
    """`sepal length (cm)` -> `sepal_length_cm`, `od280/od315_of_diluted_wines` -> `od280_od315_of_diluted_wines`."""
    for mark in "()":
        name = name.replace(mark, "")
    return name.replace(" ", "_").replace("/", "_")


def number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def write(name: str, bunch: Any, target: str, names: list[str] | None) -> None:
    """One table, the target last."""
    header = [*map(snake, bunch.feature_names), target]
    with (Path(__file__).parent / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row, label in zip(bunch.data, bunch.target, strict=True):
            writer.writerow([*map(number, row), names[label] if names else number(label)])


def write_genesis() -> None:
    """The book of Genesis, one verse a line, without the reference (`Ge1:1 `) that the program puts before each."""
    done = subprocess.run(["bible", "-f", "Gen1:1-50:26"], capture_output=True, check=True)
    verses = [line.partition(" ")[2] for line in done.stdout.decode("ascii").splitlines()]
    text = "".join(f"{verse}\n" for verse in verses)
    (Path(__file__).parent / "genesis.txt").write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Writes all five tables and the text."""
    iris, wine, cancer = datasets.load_iris(), datasets.load_wine(), datasets.load_breast_cancer()
    write("iris", iris, "species", list(iris.target_names))
    write("wine", wine, "cultivar", list(wine.target_names))
    write("breast_cancer", cancer, "diagnosis", list(cancer.target_names))
    write("digits", datasets.load_digits(), "digit", None)
    write("diabetes", datasets.load_diabetes(scaled=False), "progression", None)
    write_genesis()


if __name__ == "__main__":
    main()
