"""Windows over the rows of a table, from settings to parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.data.column_splits import TimeSplit
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part, Prepared, encode, prepare, read_path
from scratchnn.data.samples import held
from scratchnn.data.settings import DataSettings
from scratchnn.data.splits import PositionSplit
from scratchnn.data.targets import Numbers
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import latest_windows, row_encoder
from scratchnn.errors import DataError

PLAIN = {"features": {"x": {"type": "number", "scale": "none"}, "y": {"type": "number", "scale": "none"}}}


def write(folder: Path, rows: list[tuple[object, ...]], header: str = "x,y") -> None:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")


def prepared(folder: Path, encoder: Encoder | None = None, **settings: Any) -> Prepared:
    chosen = {"source": "t.csv", "target": "y", "task": "regression", "target_scale": "none", **settings}
    return prepare(DataSettings.model_validate(chosen), folder, np.random.default_rng(0), np.float64, encoder)


def inputs(part: Part | None) -> np.ndarray:
    assert part is not None
    return held(part.inputs)


def test_windows_and_the_values_after_them(tmp_path: Path) -> None:
    """12 rows, 8 of them for training: 5 windows of 2 rows with the next 2 values of y."""
    write(tmp_path, [(i, 100 + i) for i in range(12)])
    split = {"type": "position", "validation": 0.33, "test": 0}
    data = prepared(tmp_path, windows={"window": 2, "horizon": 2}, split=split, **PLAIN)
    assert inputs(data.train).tolist() == [[[i, 100 + i], [i + 1, 101 + i]] for i in range(5)]
    assert data.train.targets.tolist() == [[102 + i, 103 + i] for i in range(5)]
    assert data.train.rows.tolist() == [0, 1, 2, 3, 4]
    assert inputs(data.validation)[:, 0, 0].tolist() == [8]
    assert data.encoder.target.names == ["y+1", "y+2"]
    assert data.encoder.input_shape == (2, 2)
    assert data.encoder.input_columns == ["x", "y"]


def test_no_window_reaches_into_another_part_or_series(tmp_path: Path) -> None:
    """Row numbers are the numbers in x: those of a window and of its targets are of one part and series."""
    write(tmp_path, [(i, i, "ab"[i % 2]) for i in range(80)], "x,y,s")
    windows = {"window": 3, "horizon": 2, "by": "s"}
    data = prepared(tmp_path, windows=windows, **PLAIN)
    owners: dict[int, str] = {}
    for name, part in data.parts.items():
        seen = np.concatenate([inputs(part)[..., 0], part.targets], axis=1)
        assert (np.diff(seen, axis=1) == 2).all()  # every other row is of the other series
        for row in set(seen.reshape(-1).tolist()):
            assert owners.setdefault(row, name) == name
        assert {row % 2 for row in part.rows.tolist()} == {0, 1}
    assert len(owners) == 80  # each series of 40 is cut in three: 28, 6 and 6 rows
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 48, "validation": 4, "test": 4}
    assert data.encoder.input_columns == ["x", "y", "s"]


def test_stride_thins_out_training_windows_alone(tmp_path: Path) -> None:
    write(tmp_path, [(i, i) for i in range(40)])
    data = prepared(tmp_path, windows={"window": 2, "stride": 5}, **PLAIN)
    assert data.train.rows.tolist() == [0, 5, 10, 15, 20, 25]
    assert data.validation is not None
    assert np.diff(data.validation.rows).tolist() == [1, 1, 1]


def test_rows_out_of_order_are_sorted(tmp_path: Path) -> None:
    """The default split is that of time, and the rows are found again in the file."""
    order = np.random.default_rng(1).permutation(40)
    write(tmp_path, [(i, i, f"2024-01-{i // 24 + 1:02}T{i % 24:02}:00") for i in order.tolist()], "x,y,t")
    data = prepared(tmp_path, windows={"window": 3, "order": "t"}, **PLAIN)
    starts = inputs(data.train)[:, 0, 0].astype(int)
    assert starts.tolist() == list(range(25))
    assert order[data.train.rows].tolist() == starts.tolist()
    assert inputs(data.test)[0, 0, 0] == 34
    assert data.encoder.input_columns == ["x", "y", "t"]
    assert data.encoder.feature_names == ["x", "y"]


def test_the_past_of_the_target_can_be_left_out(tmp_path: Path) -> None:
    write(tmp_path, [(i, -i) for i in range(20)])
    features = {"x": {"type": "number", "scale": "none"}}
    data = prepared(tmp_path, windows={"window": 2, "include_target": False}, features=features)
    assert inputs(data.train)[0].tolist() == [[0], [1]]
    assert data.train.targets[0].tolist() == [-2]


def test_classes_are_those_of_the_next_row(tmp_path: Path) -> None:
    write(tmp_path, [(i, "nyy"[i % 3]) for i in range(30)])
    data = prepared(tmp_path, windows={"window": 2}, task="classification", target_scale="standard")
    assert data.train.targets[:4].tolist() == [1, 0, 1, 1]
    assert data.encoder.class_names == ["n", "y"]
    assert data.encoder.feature_names[1:] == ["y=n", "y=y"] or len(data.encoder.feature_names) == 2


def test_several_targets(tmp_path: Path) -> None:
    write(tmp_path, [(i, 10 * i) for i in range(20)])
    data = prepared(tmp_path, target=["y", "x"], windows={"window": 1, "horizon": 2}, **PLAIN)
    assert data.encoder.target.names == ["y+1", "x+1", "y+2", "x+2"]
    assert data.train.targets[0].tolist() == [10, 1, 20, 2]


def test_scales_are_those_of_the_training_rows(tmp_path: Path) -> None:
    """Row by row, whatever windows a row is in; targets of every horizon share one scale."""
    write(tmp_path, [(i, (i * 7) % 11) for i in range(40)])
    data = prepared(tmp_path, windows={"window": 2, "horizon": 3}, target_scale="standard")
    y = np.array([(i * 7) % 11 for i in range(28)])
    assert isinstance(data.encoder.target, Numbers)
    assert data.encoder.target.offset == pytest.approx([y.mean()] * 3)
    assert data.encoder.target.width == pytest.approx([y.std()] * 3)
    np.testing.assert_allclose(inputs(data.train)[4, :, 1], (y[4:6] - y.mean()) / y.std(), rtol=1e-12)
    np.testing.assert_allclose(data.train.targets[4], (y[6:9] - y.mean()) / y.std(), rtol=1e-12)
    np.testing.assert_allclose(data.encoder.target.decode(data.train.targets)[4], y[6:9], rtol=1e-12)


def test_the_encoder_is_kept_as_json_and_gives_the_same_rows(tmp_path: Path) -> None:
    write(tmp_path, [(i, (i * 7) % 11, "ab"[i % 2]) for i in range(60)], "x,y,s")
    settings: dict[str, Any] = {"windows": {"window": 2, "horizon": 2, "by": "s"}, "target_scale": "standard"}
    first = prepared(tmp_path, **settings)
    again = Encoder.model_validate_json(first.encoder.model_dump_json())
    assert again == first.encoder
    second = prepared(tmp_path, again, **settings)
    assert np.array_equal(inputs(first.test), inputs(second.test))
    new = encode(read_path(tmp_path / "t.csv"), again, np.float64)
    assert len(new) == 2 * 27
    assert isinstance(again.inputs, WindowInputs)
    assert row_encoder(again.inputs).target.names == ["y"]


def test_the_window_that_ends_with_each_row(tmp_path: Path) -> None:
    write(tmp_path, [(i, i, "ab"[i % 2]) for i in range(60)], "x,y,s")
    encoder = prepared(tmp_path, windows={"window": 3, "by": "s"}, **PLAIN).encoder
    write(tmp_path, [(i, i, s) for i, s in enumerate("acaaaccb")], "x,y,s")
    samples, rows = latest_windows(read_path(tmp_path / "t.csv"), encoder, np.float64)
    assert rows.tolist() == [3, 4, 6]
    assert held(samples)[..., 0].tolist() == [[0, 2, 3], [2, 3, 4], [1, 5, 6]]


def test_rows_that_a_feature_drops_break_a_series(tmp_path: Path) -> None:
    write(tmp_path, [("" if i == 10 else i, i) for i in range(30)])
    features = {"x": {"type": "number", "scale": "none", "missing": "drop_row"}}
    data = prepared(tmp_path, windows={"window": 3}, features=features)
    for window in inputs(data.train)[..., 0]:
        assert (np.diff(window) == 1).all()
    assert len(data.train) == (10 - 3) + (11 - 3)  # 21 training rows: 0 to 9 and 11 to 21


@pytest.mark.parametrize(
    ("windows", "settings", "message"),
    [
        ({"window": 30}, {}, "no 31 rows of a series follow each other in the train part, as a window of 30 and a hor"),
        ({"window": 6}, {}, "in the validation part, as a window of 6 and a horizon of 1 need: the most are 6. Use a"),
        ({"window": 2, "by": "s"}, {}, '2 rows are too few for parts of 1 and 1 beside training, in the series "b"'),
        (
            {"window": 2, "horizon": 2},
            {"task": "classification", "target_scale": "standard"},
            "a class is predicted one row ahead, but data.windows.horizon is 2. Set horizon: 1",
        ),
        (
            {"window": 2},
            {"task": "multi_label", "target": "l", "target_scale": "standard", "label_separator": " "},
            "which windows cannot",
        ),
        ({"window": 2}, {"features": {"l": "sequence"}}, "l is a sequence, which windows cannot hold. Set another"),
    ],
)
def test_windows_that_are_refused(
    tmp_path: Path, windows: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    write(tmp_path, [(i, i % 3, "b" if i in (2, 7) else "a", "1 2") for i in range(40)], "x,y,s,l")
    features = {"s": "category", "l": "ignore"} | settings.pop("features", {})
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, windows=windows, features=features, **settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": {"window": 2, "horizon": 0}}, "horizon"),
        ({"windows": {"window": 0}}, "window"),
        ({"windows": {"window": 2, "stride": 0}}, "stride"),
        ({"windows": {"window": 2, "by": "t", "order": "t"}}, "`by` and `order` name one column"),
        (
            {"windows": {"window": 2, "by": "y"}},
            '`windows` takes "y" for the series or their time',
        ),
        ({"split": "random"}, "`split` random would put rows of one window into several parts. Use position, time,"),
        ({"split": {"type": "random", "folds": 3}}, "`split` random would put rows of one window into several parts"),
        ({"cache": "always"}, "`cache` keeps single rows, but `windows` has several. Remove it"),
        ({"sample_weight": "w"}, "`sample_weight` is for rows, but `windows` has several"),
        ({"task": "reconstruction", "target": None}, "`windows` needs a target to predict"),
        (
            {"source": "x.npy", "target": None, "windows": {"window": 2, "by": "x1"}},
            "`windows` names a column, but a source of type npy has none. Remove `by` and `order`",
        ),
        ({"source": "x.npy", "target": None, "input_scale": "none"}, "`input_scale` none is for single samples; rows"),
        ({"source": "x.txt", "target": None}, "`windows` is for rows; of a text the source's own `context` and"),
        ({"windows": {"window": 2, "include_target": False}, "features": {"y": "number"}}, '"y" is under `features`'),
    ],
)
def test_wrong_settings(change: dict[str, Any], message: str) -> None:
    data = {"source": "t.csv", "target": "y", "windows": {"window": 2}, **change}
    with pytest.raises(ValidationError) as caught:
        DataSettings.model_validate({key: value for key, value in data.items() if value is not None})
    assert message in str(caught.value)


def test_the_usual_split_follows_time() -> None:
    def usual(**windows: Any) -> object:
        data = {"source": "t.csv", "target": "y", "windows": {"window": 2, **windows}}
        return DataSettings.model_validate(data).split

    assert usual() == PositionSplit()
    assert usual(order="t") == TimeSplit(column="t")


@pytest.mark.parametrize("include_target", [True, False])
def test_arrays_are_taken_as_columns(tmp_path: Path, include_target: bool) -> None:
    rows = np.arange(60, dtype=np.float64)
    np.savez(tmp_path / "s.npz", inputs=np.stack([rows % 7, rows % 5], axis=1), targets=rows)
    windows = {"window": 3, "include_target": include_target}
    settings = {"source": "s.npz", "task": "regression", "target_scale": "none", "windows": windows}
    data = prepare(DataSettings.model_validate(settings), tmp_path, np.random.default_rng(0), np.float64)
    assert data.encoder.target.names == ["target+1"]
    assert data.encoder.input_columns == ["x1", "x2", *(["target"] if include_target else [])]
    assert data.train.targets[:3].tolist() == [[3], [4], [5]]
    first = np.arange(42) % 7
    np.testing.assert_allclose(inputs(data.train)[5, :, 0], (first[5:8] - first.mean()) / first.std(), rtol=1e-12)
    np.save(tmp_path / "new.npy", np.ones((5, 2)))
    new = read_path(tmp_path / "new.npy")
    if include_target:
        with pytest.raises(DataError, match='there is no column "target"'):
            latest_windows(new, data.encoder)
    else:
        samples, numbers = latest_windows(new, data.encoder)
        assert numbers.tolist() == [2, 3, 4]
        assert samples.shape == (3, 3, 2)


def test_images_have_no_windows(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", inputs=np.zeros((20, 4, 4)), targets=np.arange(20.0))
    settings = {"source": "s.npz", "task": "regression", "windows": {"window": 3}}
    with pytest.raises(DataError, match=r"samples have the shape \(4, 4\), but windows are made of flat ones"):
        prepare(DataSettings.model_validate(settings), tmp_path, np.random.default_rng(0))


def test_a_split_by_lists_of_rows_counts_rows_of_the_file(tmp_path: Path) -> None:
    """The rows lie backwards in the file: its first ten are the last of the series."""
    write(tmp_path, [(i, i) for i in reversed(range(40))])
    (tmp_path / "rows.json").write_text(f'{{"test": {list(range(10))}}}')
    windows = {"window": 3, "order": "x"}
    data = prepared(tmp_path, windows=windows, split={"type": "index", "path": "rows.json"}, **PLAIN)
    assert inputs(data.test)[0, :, 0].tolist() == [30, 31, 32]
    assert inputs(data.train)[-1, :, 0].tolist() == [26, 27, 28]
    assert len(data.train) == 27
    assert data.test is not None
    assert data.test.rows.tolist() == [9, 8, 7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 0}, "greater than or equal to 1"),
        ({"horizon": 3}, "the target of windows must be that of their rows, so many rows ahead"),
        ({"columns": "twice"}, "columns must be distinct"),
        ({"columns": "sequence"}, "a row of a window has no sequences"),
        ({"target": {"type": "classification", "names": ["y"], "classes": ["a", "b"]}}, "a class is predicted one row"),
    ],
)
def test_damaged_encoders_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    write(tmp_path, [(i, i) for i in range(30)])
    made = prepared(tmp_path, windows={"window": 2, "horizon": 2}).encoder.model_dump(mode="json")
    columns = made["inputs"]["columns"]
    sequence = {"type": "sequence", "name": "s", "length": 2, "offset": 0.0, "scale": 1.0}
    made["inputs"] |= change
    if change.get("columns"):
        made["inputs"]["columns"] = [columns[0], columns[0] if change["columns"] == "twice" else sequence]
    with pytest.raises(ValidationError, match=message):
        Encoder.model_validate_json(json.dumps(made))
