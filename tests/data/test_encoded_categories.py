"""Category columns in every encoding, from a file to encoded parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Prepared, encode, prepare
from scratchnn.data.settings import DataSettings
from scratchnn.data.tables import Table

ENCODINGS: dict[str, dict[str, object]] = {
    "one_hot": {"min_count": 3},
    "embedding": {"units": 2},
    "ordinal": {},
    "hash": {"buckets": 8},
    "target": {"smoothing": 1.0},
}
TARGETS = ("kind", "price")


def rows_of(seed: int = 5, count: int = 60) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    cells = rng.choice(["p", "q", "r", "s", ""], size=count, p=[0.3, 0.3, 0.2, 0.05, 0.15])
    prices = rng.normal(size=count) + 2 * (cells == "p")
    return [
        [cell, f"{price:.3f}", f"c{int(price > 1) + int(price > 2)}"] for cell, price in zip(cells, prices, strict=True)
    ]


def prepared(
    folder: Path, rows: list[list[str]], encoding: str, target: str, encoder: Encoder | None = None
) -> Prepared:
    lines = [["deck", "price", "kind"], *rows]
    (folder / "data.csv").write_text("\n".join(map(",".join, lines)), encoding="utf-8")
    feature = {"type": "category", "encode": encoding, "missing": "as_category", **ENCODINGS[encoding]}
    other = next(name for name in TARGETS if name != target)
    document = {"source": "data.csv", "target": target, "features": {"deck": feature, other: "ignore"}}
    document["split"] = {"type": "random", "stratify": False}
    return prepare(DataSettings.model_validate(document), folder, np.random.default_rng(0), encoder=encoder)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_rows_change_no_fitted_number_and_no_training_row(tmp_path: Path, encoding: str, target: str) -> None:
    rows = rows_of()
    before = prepared(tmp_path, rows, encoding, target)
    assert before.validation is not None
    assert before.test is not None
    for row in [*before.validation.rows, *before.test.rows]:
        rows[row] = ["new", "1e6", "c1"]
    after = prepared(tmp_path, rows, encoding, target)
    assert after.encoder.model_dump_json() == before.encoder.model_dump_json()
    assert after.train.inputs.tobytes() == before.train.inputs.tobytes()
    expected = {} if encoding == "hash" and not after.unseen else {"validation": {"deck": 9}, "test": {"deck": 9}}
    assert after.unseen == expected


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_training_rows_come_back_from_the_encoder_to_the_bit(tmp_path: Path, encoding: str, target: str) -> None:
    before = prepared(tmp_path, rows_of(), encoding, target)
    encoder = Encoder.model_validate_json(before.encoder.model_dump_json())
    again = prepared(tmp_path, rows_of(), encoding, target, encoder)
    for name, part in before.parts.items():
        assert again.parts[name].inputs.tobytes() == part.inputs.tobytes(), name


def test_only_the_training_rows_are_encoded_out_of_fold(tmp_path: Path) -> None:
    """The whole statistics of new rows take few values; those of the training rows one for each fold as well."""
    data = prepared(tmp_path, rows_of(), "target", "price")
    assert data.test is not None
    cells = [rows_of()[row] for row in data.train.rows]
    table = Table("new.csv", {"deck": tuple(c[0] for c in cells), "price": tuple(c[1] for c in cells)}, np.arange(42))
    new = encode(table, data.encoder)
    assert len(np.unique(new.inputs)) == 5
    assert len(np.unique(data.train.inputs)) > 15
    assert np.corrcoef(new.inputs[:, 0], data.train.inputs[:, 0])[0, 1] > 0.8


def test_a_row_s_own_price_does_not_move_its_inputs_by_way_of_the_target_s_scale(tmp_path: Path) -> None:
    rows = rows_of()
    before = prepared(tmp_path, rows, "target", "price")
    place = 7
    rows[before.train.rows[place]][1] = "40.0"
    after = prepared(tmp_path, rows, "target", "price")
    assert after.encoder.target.width[0] > 3 * before.encoder.target.width[0]
    assert after.train.inputs[place] == pytest.approx(before.train.inputs[place], abs=1e-5)  # rounding of float32
    assert np.abs(after.train.inputs - before.train.inputs).max() > 0.5
