from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.audit.certain import certain
from scratchnn.data.preparation import prepare
from scratchnn.data.settings import DataSettings


def findings(columns: dict[str, list[object]], folder: Path, **settings: object) -> list[tuple[str, tuple[str, ...]]]:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    data = DataSettings.model_validate({"source": "t.csv", "target": "y", **settings})
    prepared = prepare(data, folder, np.random.default_rng(0))
    return [(finding.code, finding.columns) for finding in certain(prepared)]


@pytest.fixture
def columns() -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    x, z, y = rng.normal(size=(3, 100)).round(6).tolist()
    return {"x": x, "z": z, "c": [["a", "b"][row % 2] for row in range(100)], "y": y}


def test_ordinary_rows_have_none(columns, tmp_path):
    assert findings(columns, tmp_path) == []


def test_constants_but_zeros(columns, tmp_path):
    more = {"zero": [0] * 100, "seven": [7] * 100, "word": ["w"] * 100} | columns
    assert findings(more, tmp_path) == [("constant", ("seven", "word"))]


def test_a_scaled_copy_of_a_number(columns, tmp_path):
    more = {"copy": [32 + 1.8 * value for value in columns["y"]]} | columns
    assert findings(more, tmp_path) == [("target_copy", ("copy", "y"))]
    near = {"near": [value + 1e-3 * x for value, x in zip(columns["y"], columns["x"], strict=True)]} | columns
    assert findings(near, tmp_path) == []


def test_a_copy_of_a_class(columns, tmp_path):
    kinds = np.random.default_rng(1).integers(0, 3, 100).tolist()
    columns["y"] = [["ash", "elm", "oak"][kind] for kind in kinds]
    more = {"kind": [["x", "y", "z"][kind] for kind in kinds], "number": kinds} | columns
    assert findings(more, tmp_path) == [("target_copy", ("kind", "y")), ("target_copy", ("number", "y"))]
    more["kind"][5] = {"x": "y", "y": "z", "z": "x"}[more["kind"][5]]
    more["number"] = [min(kind, 1) for kind in kinds]  # two classes have one level
    assert findings(more, tmp_path, split="none") == []


def test_rare_classes(columns, tmp_path):
    columns["y"] = ["often"] * 97 + ["rare"] * 3
    assert findings(columns, tmp_path) == [("rare_class", ("y",))]
    columns["y"] = ["often"] * 90 + ["rare"] * 10
    assert findings(columns, tmp_path) == []


def test_rows_of_one_part_in_another(columns, tmp_path):
    columns = {name: cells[:50] * 2 for name, cells in columns.items()}
    assert findings(columns, tmp_path, split="position") == [("duplicates_across_parts", ())] * 2
    columns["y"] = [f"k{row % 3}" for row in range(100)]
    assert findings(columns, tmp_path, split={"type": "position", "validation": 0}) == [("duplicates_across_parts", ())]
