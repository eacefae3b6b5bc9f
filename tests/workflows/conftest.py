"""A small table, a config for it, and a working directory of its own for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from scratchnn.training.events import EpochEnd, StopRequest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def table() -> Callable[..., list[dict[str, str]]]:
    """Rows of three noisy clouds: two numbers, a category, a class and a number to learn."""

    def rows(count: int = 60, seed: int = 0) -> list[dict[str, str]]:
        rng = np.random.default_rng(seed)
        made = []
        for number in range(count):
            kind = number % 3
            x, y = rng.standard_normal(2) + 1.2 * np.array([kind == 1, kind == 2])
            color = ["red", "green", "blue"][int(rng.integers(3))]
            price = f"{1000 + 250 * x - 100 * y + 40 * (color == 'red'):.2f}"
            made.append(
                {
                    "id": f"r{number}",
                    "x": f"{x:.3f}",
                    "y": f"{y:.3f}",
                    "color": color,
                    "kind": f"k{kind}",
                    "price": price,
                }
            )
        return made

    return rows


@pytest.fixture
def write() -> Callable[..., Path]:
    """Writes rows as CSV."""

    def made(path: str, rows: list[dict[str, str]], columns: list[str] | None = None, delimiter: str = ",") -> Path:
        names = columns or list(rows[0])
        lines = [delimiter.join(names), *(delimiter.join(row[name] for name in names) for row in rows)]
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("\n".join(lines) + "\n")
        return Path(path)

    return made


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`changes` over `base`, mapping by mapping; None removes a key."""
    made = dict(base)
    for key, value in changes.items():
        inner = made.get(key)
        made[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return {key: value for key, value in made.items() if value is not None}


CONFIG: dict[str, Any] = {
    "seed": 7,
    "data": {
        "source": "../data/table.csv",
        "target": "kind",
        "features": {"id": "ignore", "price": "ignore", "color": "category"},
        "split": {"type": "random", "validation": 0.2, "test": 0.2},
    },
    "model": {
        "layers": [
            {"type": "dense", "units": 8},
            "batch_norm",
            {"type": "activation", "function": "relu"},
            {"type": "dropout", "rate": 0.2},
            {"type": "dense", "units": "auto"},
        ]
    },
    "optimizer": {"type": "adam", "learning_rate": 0.02},
    "training": {"epochs": 5, "batch_size": 8, "early_stopping": {"patience": 4}},
}


@pytest.fixture
def config(table: Any, write: Any) -> Callable[..., Path]:
    """Writes configs/<name>.yaml beside data/table.csv; the arguments change single keys."""
    write("data/table.csv", table())

    def made(name: str = "small", **changes: Any) -> Path:
        path = Path("configs") / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(merged(CONFIG, changes)))
        return path

    return made


LINGER = '''from __future__ import annotations

import os
import time
from typing import Literal

import numpy as np

from scratchnn.nn.layer import Layer, Plan


class Linger(Layer):
    """y = x, after as many seconds as LINGER in the environment says."""

    type: Literal["linger"] = "linger"

    def plan(self, inputs):
        return Plan(inputs)

    def forward(self, x, y, mem, run):
        time.sleep(float(os.environ.get("LINGER", "0")))
        np.copyto(y, x)

    def backward(self, x, y, dy, dx, mem, run):
        if dx is not None:
            np.copyto(dx, dy)
'''


@pytest.fixture(scope="session")
def linger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin with a layer that takes its time; one file for all, as a process runs a plugin once."""
    path = tmp_path_factory.mktemp("plugins") / "linger.py"
    path.write_text(LINGER)
    return path


@pytest.fixture
def lingering(linger_file: Path) -> dict[str, Any]:
    """Changes of a config: a training that can be stopped before its end, see `linger`."""
    return {
        "training": {"epochs": 100, "early_stopping": None, "checkpoint": {"every_epochs": 50}, "batch_size": "all"},
        "model": {"layers": ["linger", {"type": "dense", "units": "auto"}]},
        "plugins": [str(linger_file)],
    }


@pytest.fixture
def linger(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes each step of such a training take as many seconds."""
    return lambda seconds: monkeypatch.setenv("LINGER", str(seconds))


@pytest.fixture
def stopping() -> Callable[[int], dict[str, Any]]:
    """The arguments of a training that is asked to stop at the end of an epoch."""

    def made(epoch: int) -> dict[str, Any]:
        stop = StopRequest()

        def listen(event: Any) -> None:
            stop.requested |= isinstance(event, EpochEnd) and event.epoch == epoch

        return {"stop": stop, "listener": listen}

    return made


@pytest.fixture
def binary(table: Any, write: Any) -> Callable[..., Path]:
    """Writes data/sick.csv and configs/<name>.yaml: two classes, of which `yes` is rare, and columns no input."""
    rng = np.random.default_rng(3)
    rows = table(200, 1)
    for number, row in enumerate(rows):
        logit = 1.5 * float(row["x"]) - 2
        row["sick"] = "yes" if rng.random() < 1 / (1 + np.exp(-logit)) else "no"
        row["ward"] = ["north", "south", ""][number % 3]
        row["unit"] = "one"
    write("data/sick.csv", rows)
    features = dict.fromkeys(("id", "price", "kind", "ward", "unit"), "ignore")
    data = {"source": "../data/sick.csv", "target": "sick", "features": features}

    def made(name: str = "sick", **changes: Any) -> Path:
        path = Path("configs") / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        layers = [{"type": "dense", "units": 16, "activation": "relu"}, {"type": "dense", "units": "auto"}]
        base = merged(CONFIG, {"data": data, "model": {"layers": layers}, "training": {"epochs": 20}})
        path.write_text(yaml.safe_dump(merged(base, changes)))
        return path

    return made
