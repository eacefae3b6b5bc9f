from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.environment import BenchmarkError
from benchmarks.tables import SHIPPED, Score, named, score

ROOT = Path(__file__).parents[2]


def write(path: Path, target: str) -> None:
    """A gap, a text, and a target that the number alone decides."""
    rng = np.random.default_rng(0)
    lines = ["size,color,label,price"]
    for row in range(120):
        size = rng.normal()
        color = "red" if rng.random() < 0.5 else "blue"
        lines.append(f"{'' if row == 3 else size},{color},{'big' if size > 0 else 'small'},{3 * size:.3f}")
    kept = [line.split(",") for line in lines]
    place = {"label": 3, "price": 2}[target]
    path.write_text("\n".join(",".join(cells[:place] + cells[place + 1 :]) for cells in kept) + "\n")


def test_the_command(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", "label")
    file = tmp_path / "results.json"
    words = ["-m", "benchmarks", "tables", f"{tmp_path / 't.csv'}:label", "--seeds", "1", "--json", str(file)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["options"] == {"seeds": 1}
    (found,) = written["results"]
    assert (found["table"], found["figure"]) == ("t", "accuracy")
    assert len(found["ours"]) == 1
    assert min(found["ours"]) > 0.7


def test_numbers_are_judged_by_their_error(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", "price")
    found = score(tmp_path / "t.csv", "price", 1)
    assert found.figure == "rmse"
    assert found.ours[0] < 2
    assert bool(found.peers) == bool(find_spec("sklearn"))


@pytest.mark.parametrize(
    ("figure", "ours", "peers", "reached"),
    [
        ("accuracy", [0.9, 1.0], [0.95, 0.95], True),
        ("accuracy", [0.9, 0.9], [0.95, 0.95], False),
        ("rmse", [2.0, 4.0], [3.5, 3.5], True),
        ("rmse", [4.0, 4.0], [3.5, 3.5], False),
        ("rmse", [4.0], [], None),
    ],
)
def test_means_are_compared(figure: str, ours: list[float], peers: list[float], reached: bool | None) -> None:
    assert Score("t", figure, ours, peers).reached is reached


def test_files_and_their_targets() -> None:
    assert named(["a:b/c.csv:y"]) == [(Path("a:b/c.csv"), "y")]
    assert [path.stem for path, _ in named([])] == list(SHIPPED)
    assert all(path.is_file() for path, _ in named([]))
    with pytest.raises(BenchmarkError, match=r"t\.csv is not FILE:TARGET"):
        named(["t.csv"])
