"""Tables whose encoded rows stay on the disk, against the same tables in memory."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data import large_tables
from scratchnn.data.large_tables import is_large, prepare_large
from scratchnn.data.preparation import Part, Prepared, prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.data.stored_array import StoredArray
from scratchnn.errors import DataError, StorageError, TargetError

COLORS = ["red", "green", "blue", "a, b"]


def write(path: Path, count: int = 200, seed: int = 0, extra: str = "") -> None:
    rng = np.random.default_rng(seed)
    lines = ["id,x,y,color,when,w,label,amount"]
    for row in range(count):
        x, y, z = rng.normal(size=3)
        color = COLORS[int(rng.integers(4))]
        gap = "" if row % 17 == 3 else f"{y:.3f}"
        quoted = f'"{color}"' if "," in color else color
        day = f"2024-0{1 + row % 9}-1{row % 8}"
        lines.append(
            f"g{row % 23},{x:.4g},{gap},{quoted},{day},{row % 3},{'yes' if x + z > 0 else 'no'},{x * 2 + z:.5g}"
        )
    path.write_text("\n".join(lines) + "\n" + extra)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "t.csv")
    monkeypatch.setattr(large_tables, "BLOCK_ROWS", 37)
    return tmp_path


FEATURES: dict[str, Any] = {
    "id": "ignore",
    "y": {"type": "number", "missing": "median"},
    "color": {"type": "category", "encode": "target"},
}


def settings(**given: Any) -> DataSettings:
    return DataSettings.model_validate(
        {"source": "t.csv", "target": "label", "features": FEATURES, "cache": "always", **given}
    )


def both(given: DataSettings, folder: Path, encoder: Any = None) -> tuple[Prepared, Prepared]:
    held = prepare(given, folder, np.random.default_rng(3), np.float64, encoder)
    apart = prepare_large(given, folder, np.random.default_rng(3), folder / "cache", np.float64, encoder)
    return held, apart


def same(held: Part | None, apart: Part | None) -> None:
    assert (held is None) == (apart is None)
    if held is None or apart is None:
        return
    assert isinstance(held.inputs, np.ndarray)
    assert isinstance(apart.inputs, StoredArray)
    assert apart.inputs.held().tobytes() == held.inputs.tobytes()
    assert apart.targets.tobytes() == held.targets.tobytes()
    assert apart.rows.tolist() == held.rows.tolist()
    assert (apart.weights is None) == (held.weights is None)
    if held.weights is not None and apart.weights is not None:
        assert apart.weights.tolist() == held.weights.tolist()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"split": {"type": "random", "validation": 0.2, "test": 0.0, "stratify": False}},
        {"split": {"type": "group", "column": "id"}},
        {"split": {"type": "time", "column": "when"}},
        {"split": {"type": "hash", "column": "id"}},
        {"split": {"type": "random_folds", "folds": 4, "fold": 1}},
        {"features": {**FEATURES, "y": {"type": "number", "missing": "drop_row"}}},
        {"sample_weight": "w"},
        {"target": "amount", "features": {**FEATURES, "label": "ignore"}},
        {"target": ["amount", "x"], "features": {**FEATURES, "label": "ignore"}},
        {"target": "w", "task": "regression"},
        {"source": {"type": "csv", "path": "t.csv", "header": True}, "task": "classification"},
    ],
    ids=str,
)
def test_the_rows_are_those_of_a_table_in_memory(folder: Path, given: dict[str, Any]) -> None:
    held, apart = both(settings(**given), folder)
    assert apart.encoder == held.encoder
    assert (apart.unseen, apart.ignored) == (held.unseen, held.ignored)
    assert apart.summary() == held.summary()
    same(held.train, apart.train)
    same(held.validation, apart.validation)
    same(held.test, apart.test)


def test_parts_of_their_own_and_several_files(folder: Path) -> None:
    write(folder / "v1.csv", 40, 1)
    write(folder / "v2.csv", 50, 2, extra="g1,1,2,violet,2024-01-10,1,yes,3\n")
    held, apart = both(settings(source={"train": "t.csv", "validation": "v*.csv"}), folder)
    same(held.train, apart.train)
    same(held.validation, apart.validation)
    assert apart.test is held.test is None
    assert apart.unseen == held.unseen == {"validation": {"color": 1}}


def test_what_was_kept_is_found_again_and_nothing_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def run(given: DataSettings, **more: Any) -> Prepared:
        rng = np.random.default_rng(more.pop("seed", 3))
        return prepare_large(given, folder, rng, folder / "cache", tell=told.append, **more)

    first = run(settings())
    assert len(told) == 1
    assert told[0].startswith(f"encoding 0.0 MiB of rows into {folder}")
    monkeypatch.setattr(large_tables, "_encode", None)  # would raise a TypeError
    again = run(settings())
    assert again.train.inputs[:].tobytes() == first.train.inputs[:].tobytes()
    assert again.encoder == first.encoder
    assert len(told) == 1
    judged = run(settings(), encoder=first.encoder)  # a model that was trained on them
    assert judged.train.inputs[:].tobytes() == first.train.inputs[:].tobytes()
    for changed in ({"split": "position"}, {"class_order": ["yes", "no"]}, {"sample_weight": "w"}):
        with pytest.raises(TypeError):
            run(settings(**changed))
    with pytest.raises(TypeError):
        run(settings(), seed=4)
    with pytest.raises(TypeError):
        run(settings(), dtype=np.float64)
    (folder / "t.csv").rename(folder / "moved.csv")
    run(settings(source="moved.csv"))
    write(folder / "moved.csv", seed=9)
    with pytest.raises(TypeError):
        run(settings(source="moved.csv"))


def test_the_same_files_in_other_parts_are_other_rows(folder: Path) -> None:
    for name, seed in (("a1.csv", 1), ("a2.csv", 2), ("b.csv", 3), ("c1.csv", 1), ("d1.csv", 2), ("d2.csv", 3)):
        write(folder / name, 40, seed)
    both(settings(source={"train": "a*.csv", "test": "b.csv"}), folder)
    held, apart = both(settings(source={"train": "c*.csv", "test": "d*.csv"}), folder)
    same(held.train, apart.train)
    same(held.test, apart.test)


def test_kept_targets_are_judged_by_the_loss_of_today(folder: Path) -> None:
    given = settings(target="amount", target_scale="none")

    def positive(targets: Any, scaled: bool) -> None:
        wrong = np.argwhere(targets < -1)
        if len(wrong):
            row, column = wrong[0].tolist()
            raise TargetError("is below -1", hint="Raise it.", row=row, column=column)

    refusals = []
    for root in ("cold", "warm"):
        if root == "warm":
            prepare_large(given, folder, np.random.default_rng(3), folder / root)
        with pytest.raises(DataError) as caught:
            prepare_large(given, folder, np.random.default_rng(3), folder / root, check=positive)
        refusals.append((caught.value.message, caught.value.where))
    assert refusals[0] == refusals[1]
    assert str(refusals[0][1]).endswith(":amount")


def test_another_encoder_has_rows_of_its_own(folder: Path) -> None:
    other = prepare(settings(), folder, np.random.default_rng(99), np.float64).encoder
    prepare_large(settings(), folder, np.random.default_rng(3), folder / "cache", np.float64)
    held, apart = both(settings(), folder, other)
    same(held.train, apart.train)
    assert apart.encoder == other
    assert len(list((folder / "cache").iterdir())) == 2


def test_rows_that_another_process_has_kept_meanwhile_are_left_to_it(folder: Path) -> None:
    def run(tell: Any = lambda line: None) -> Prepared:
        return prepare_large(settings(), folder, np.random.default_rng(3), folder / "cache", tell=tell)

    made: list[int] = []

    def meanwhile(line: str) -> None:
        run()
        made.extend(path.stat().st_ino for path in (folder / "cache").glob("*/train.inputs"))

    run(meanwhile)
    [kept] = (folder / "cache").iterdir()
    assert [(kept / "train.inputs").stat().st_ino] == made


@pytest.mark.parametrize("left", [0, 20])
@pytest.mark.parametrize("name", ["facts.json", "encoder.json", "parts.npz", "train.inputs"])
def test_a_damaged_folder_is_made_again(folder: Path, name: str, left: int) -> None:
    held, _ = both(settings(), folder)
    [made] = (folder / "cache").iterdir()
    (made / name).write_bytes((made / name).read_bytes()[:left])
    _, apart = both(settings(), folder)
    same(held.train, apart.train)
    assert [made] == list((folder / "cache").iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"shapes": 3},
        {"shapes": {"train": "wide"}},
        {"shapes": {}},
        {"parts": ["train"]},
        {"parts": {"train": "other"}},
        {"parts": {}},
        {"unseen": None},
        {"ignored": 1},
    ],
)
def test_facts_of_something_else_are_made_again(folder: Path, change: dict[str, Any]) -> None:
    held, _ = both(settings(), folder)
    [made] = (folder / "cache").iterdir()
    facts = json.loads((made / "facts.json").read_text())
    (made / "facts.json").write_text(json.dumps(facts | change))
    _, apart = both(settings(), folder)
    same(held.train, apart.train)
    assert json.loads((made / "facts.json").read_text()) == facts


def test_features_are_fitted_on_some_rows_and_targets_on_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_tables, "FITTED_CELLS", 8 * 20)
    write(folder / "t.csv", extra="g1,1,2,red,2024-01-10,1,perhaps,3\n")
    given = settings(split={"type": "position", "validation": 0.0, "test": 0.0})
    held, apart = both(given, folder)
    assert apart.encoder.class_names == held.encoder.class_names == ["no", "perhaps", "yes"]
    assert apart.encoder.inputs != held.encoder.inputs
    rows = np.unique(np.linspace(0, 200, 20).astype(int))
    lines = (folder / "t.csv").read_text().splitlines()
    (folder / "some.csv").write_text("\n".join([lines[0], *(lines[1 + row] for row in rows)]) + "\n")
    some = prepare(
        given.model_copy(update={"source": settings(source="some.csv").source}),
        folder,
        np.random.default_rng(3),
        np.float64,
    )
    assert apart.encoder.inputs == some.encoder.inputs
    # the rows that were fitted on do not see their own target, the others need not be kept from it
    assert apart.train.inputs[:][rows].tobytes() == some.train.inputs[:].tobytes()
    table = read_path(folder / "t.csv")
    others = np.setdiff1d(np.arange(201), rows)
    plain = apart.encoder.encode_inputs(table.take(others), np.float64)
    assert apart.train.inputs[:][others].tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("extra", "given", "place", "message"),
    [
        ("g1,oops,2,red,2024-01-10,1,yes,3\n", {}, "t.csv:202:x", '"oops" is not a number'),
        ("g1,1,2,red,2024-01-10,1,,3\n", {}, "t.csv:202:label", "the value is missing"),
        ("g1,1,2,red,2024-01-10,-1,yes,3\n", {"sample_weight": "w"}, "t.csv:202:w", 'the weight "-1" is negative'),
        ("g1,1,2\n", {}, "t.csv:202", "3 cells, expected 8"),
        ("", {"target": "lable"}, "t.csv", 'there is no column "lable"'),
        ("", {"split": {"type": "group", "column": "idd"}}, "t.csv", 'data.split names a column "idd" that is not'),
        ("", {"features": {"zz": "ignore"}}, "t.csv", 'data.features names a column "zz" that is not there'),
    ],
)
def test_a_fault_has_its_place_and_leaves_nothing(
    folder: Path, extra: str, given: dict[str, Any], place: str, message: str
) -> None:
    write(folder / "t.csv", extra=extra)
    split = {"type": "position", "validation": 0.1, "test": 0.1}
    with pytest.raises(DataError) as caught:
        prepare_large(settings(**{"split": split, **given}), folder, np.random.default_rng(0), folder / "cache")
    assert message in caught.value.message
    assert str(caught.value.where) == str(folder / place)
    assert not list((folder / "cache").glob("*")) + list((folder / "cache").glob(".*"))


def test_a_disk_that_refuses_is_told_with_a_way_out(folder: Path) -> None:
    (folder / "cache").write_text("a file")
    with pytest.raises(StorageError, match=r"Mend it, or set data\.cache: never"):
        prepare_large(settings(), folder, np.random.default_rng(0), folder / "cache")


def test_which_tables_are_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_large(settings(), folder)
    assert not is_large(settings(cache="never"), folder)
    auto = settings(cache="auto")
    size = (folder / "t.csv").stat().st_size
    monkeypatch.setattr(large_tables, "memory", lambda: 4 * size)
    assert not is_large(auto, folder)
    monkeypatch.setattr(large_tables, "memory", lambda: 4 * size - 1)
    assert is_large(auto, folder)
    assert not is_large(DataSettings.model_validate({"source": "moons", "cache": "always"}), folder)
    assert not is_large(
        DataSettings.model_validate({"source": "t.csv", "task": "reconstruction", "cache": "always"}), folder
    )


def test_parquet_and_json_lines(folder: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_csv(folder / "t.csv")
    frame.write_parquet(folder / "t.parquet")
    frame.write_ndjson(folder / "t.jsonl")
    for name in ("t.parquet", "t.jsonl"):
        held, apart = both(settings(source=name), folder)
        assert apart.encoder == held.encoder
        same(held.train, apart.train)
        same(held.test, apart.test)


@pytest.mark.parametrize(
    ("feature", "dtype"), [({"type": "tokens", "split": "characters"}, np.int64), ("sequence", np.float64)]
)
def test_a_single_sequence_is_kept_as_its_steps(folder: Path, feature: Any, dtype: type) -> None:
    lines = [
        "s,label",
        *(f"{' '.join(str(row % 7 + step) for step in range(row % 5))},{row % 2}" for row in range(150)),
    ]
    (folder / "s.csv").write_text("\n".join(lines) + "\n")
    held, apart = both(settings(source="s.csv", features={"s": feature}), folder)
    assert apart.train.inputs.dtype == dtype
    for name in ("train", "validation", "test"):
        same(getattr(held, name), getattr(apart, name))


def test_windows_are_over_rows_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_tables, "SHARE", 0)
    assert is_large(settings(target="amount", cache="auto"), folder)
    assert not is_large(settings(target="amount", windows={"window": 3}, cache="auto"), folder)


def test_what_a_killed_process_left_is_removed_when_it_is_old(folder: Path) -> None:
    for name, age in ((".new-old", 7200), (".new-fresh", 60)):
        (folder / "cache" / name).mkdir(parents=True)
        (folder / "cache" / name / "train.inputs").write_bytes(b"half")
        for path in (folder / "cache" / name / "train.inputs", folder / "cache" / name):
            os.utime(path, (time.time() - age, time.time() - age))
    both(settings(), folder)
    assert [path.name for path in (folder / "cache").glob(".new-*")] == [".new-fresh"]
