from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.encoder import TableInputs
from scratchnn.data.features.number import NumberColumn
from scratchnn.data.idx import Idx
from scratchnn.data.preparation import Prepared, encode, prepare, read_path
from scratchnn.data.settings import DataSettings, Source
from scratchnn.data.tables import Arrays, Table
from scratchnn.errors import DataError

DATASETS = Path(__file__).parents[2] / "datasets"


def made(base: Path, document: dict[str, object], seed: int = 0, **options: object) -> Prepared:
    rng = np.random.Generator(np.random.PCG64(seed))
    return prepare(DataSettings.model_validate(document), base, rng, **options)  # type: ignore[arg-type]


def from_text(folder: Path, text: str, **document: object) -> Prepared:
    (folder / "data.csv").write_text(text, encoding="utf-8")
    return made(folder, {"source": "data.csv", "target": "y", "split": "none", **document})


def bytes_of(data: Prepared) -> bytes:
    parts = [part for part in data.parts.values() for part in (part.inputs, part.targets, part.rows)]
    return b"".join(part.tobytes() for part in parts) + data.encoder.model_dump_json().encode()


def test_wine_equals_scikit_learn() -> None:
    """StandardScaler of scikit-learn 1.9.1 on all rows: means, deviations and the first row."""
    data = made(DATASETS, {"source": "wine.csv", "target": "cultivar", "split": "none"}, dtype=np.float64)
    assert isinstance(data.encoder.inputs, TableInputs)
    first, last = data.encoder.inputs.columns[0], data.encoder.inputs.columns[12]
    assert isinstance(first, NumberColumn)
    assert isinstance(last, NumberColumn)
    assert (first.offset, last.offset) == pytest.approx((13.000617977528083, 746.8932584269663), rel=1e-14)
    assert (first.scale, last.scale) == pytest.approx((0.809542914528517, 314.0216568419877), rel=1e-14)
    assert data.train.inputs[0, [0, 12]] == pytest.approx((1.5186125409891542, 1.013008926747691), rel=1e-13)
    scaled = made(
        DATASETS,
        {
            "source": "wine.csv",
            "target": "cultivar",
            "split": "none",
            "features": {name: {"type": "number", "scale": "min_max"} for name in ("alcohol", "proline")},
        },
        dtype=np.float64,
    )
    assert scaled.train.inputs[0, [0, 12]] == pytest.approx((0.8421052631578951, 0.5613409415121255), rel=1e-13)
    assert data.validation is None
    assert data.test is None


def test_diabetes_targets_are_scaled_and_come_back() -> None:
    """Mean 152.13348416289594 and deviation 77.00574586945044 of all targets: NumPy 2.4, scikit-learn 1.9.1."""
    data = made(DATASETS, {"source": "diabetes.csv", "target": "progression", "split": "none"}, dtype=np.float64)
    assert data.encoder.task == "regression"
    assert data.encoder.target.offset == pytest.approx([152.13348416289594], rel=1e-14)
    assert data.encoder.target.width == pytest.approx([77.00574586945044], rel=1e-14)
    assert data.train.targets.shape == (442, 1)
    assert data.encoder.target.decode(data.train.targets)[:2, 0] == pytest.approx([151, 75], rel=1e-14)
    raw = made(DATASETS, {"source": "diabetes.csv", "target": "progression", "target_scale": "none"})
    assert raw.train.targets[0, 0] in (151, 75)


def test_iris_parts() -> None:
    data = made(DATASETS, {"source": "iris.csv", "target": "species"})
    rows = np.concatenate([part.rows for part in data.parts.values()])
    assert sorted(rows.tolist()) == list(range(150))
    assert data.train.inputs.mean(axis=0) == pytest.approx([0] * 4, abs=1e-6)
    assert data.train.inputs.std(axis=0) == pytest.approx([1] * 4, rel=1e-6)
    for part in data.parts.values():
        assert part.inputs.dtype == np.float32
        assert part.inputs.flags.c_contiguous
        assert part.targets.tolist() == (part.rows // 50).tolist()  # the file has 50 of each in a row
    assert data.summary() == {
        "task": "classification",
        "rows": {"train": 104, "validation": 23, "test": 23},
        "input_shape": [4],
        "features": ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"],
        "target": ["species"],
        "columns": {"number": ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"]},
        "classes": {
            "setosa": {"train": 34, "validation": 8, "test": 8},
            "versicolor": {"train": 35, "validation": 8, "test": 7},
            "virginica": {"train": 35, "validation": 7, "test": 8},
        },
    }


def test_what_became_of_each_column_is_told_by_kind() -> None:
    features = {"sepal_width_cm": "ignore", "petal_length_cm": {"type": "number", "scale": "quantile"}}
    document = {"source": "iris.csv", "target": "species", "features": features, "sample_weight": "petal_width_cm"}
    assert made(DATASETS, document).summary()["columns"] == {
        "number": ["sepal_length_cm"],
        "quantile": ["petal_length_cm"],
        "ignore": ["sepal_width_cm"],
    }
    assert "columns" not in made(DATASETS, {"source": "moons"}).summary()


def test_the_seed_decides_to_the_bit() -> None:
    document: dict[str, object] = {"source": "iris.csv", "target": "species"}
    assert bytes_of(made(DATASETS, document, 3)) == bytes_of(made(DATASETS, document, 3))
    assert bytes_of(made(DATASETS, document, 3)) != bytes_of(made(DATASETS, document, 4))


@pytest.mark.parametrize("stratify", [True, False])
def test_nothing_leaks_into_training(tmp_path: Path, stratify: bool) -> None:
    """Other validation and test rows leave the encoder and the training part as they were, to the bit."""
    rng = np.random.Generator(np.random.PCG64(5))
    rows = [
        [f"{a:.3f}", "pqr"[b], "no" if a < 0 else "yes"]
        for a, b in zip(rng.normal(size=60), rng.integers(3, size=60), strict=True)
    ]

    def run() -> Prepared:
        lines = [["a", "b", "y"], *rows]
        text = "\n".join(map(",".join, lines))
        return from_text(tmp_path, text, split={"type": "random", "stratify": stratify})

    before = run()
    assert before.validation is not None
    assert before.test is not None
    for row in [*before.validation.rows, *before.test.rows]:
        rows[row][:2] = ["1e6", "new"]
    after = run()
    assert after.encoder.model_dump_json() == before.encoder.model_dump_json()
    assert after.train.inputs.tobytes() == before.train.inputs.tobytes()
    assert after.train.targets.tobytes() == before.train.targets.tobytes()
    assert after.test is not None
    assert after.test.inputs.tobytes() != before.test.inputs.tobytes()
    assert after.unseen == {"validation": {"b": 9}, "test": {"b": 9}}


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        ("a b a", "classification"),
        ("0 1 1", "classification"),
        ("1.0 2.0 1", "classification"),
        ("0.5 1 2", "regression"),
        (" ".join(map(str, range(20))), "classification"),
        (" ".join(map(str, range(21))), "regression"),
    ],
)
def test_the_task_is_inferred_from_the_target(tmp_path: Path, targets: str, task: str) -> None:
    text = "x,y\n" + "".join(f"{number},{target}\n" for number, target in enumerate(targets.split()))
    assert from_text(tmp_path, text).encoder.task == task


def test_classes_are_numbers_by_value_and_texts_by_alphabet(tmp_path: Path) -> None:
    numbers = from_text(tmp_path, "x,y\n1,10\n2,9\n3,9.0\n4,2.50\n", task="classification")
    assert numbers.encoder.class_names == ["2.5", "9", "10"]
    assert numbers.train.targets.tolist() == [2, 1, 1, 0]
    assert from_text(tmp_path, "x,y\n1,10\n2,9\n3,9.0\n").encoder.class_names == ["9", "10"]
    assert from_text(tmp_path, "x,y\n1,b\n2,a\n3,10\n").encoder.class_names == ["10", "a", "b"]


def test_several_targets_are_regression(tmp_path: Path) -> None:
    data = from_text(tmp_path, "x,y,z\n1,1,0\n2,3,0\n", target=["z", "y"])
    assert data.encoder.task == "regression"
    assert data.encoder.target.names == ["z", "y"]
    assert data.train.targets.tolist() == [[0, -1], [0, 1]]  # a constant target is only moved to 0


def test_weights_and_ignored_columns_are_no_features(tmp_path: Path) -> None:
    data = from_text(tmp_path, "x,w,id,y\n1,0.5,,a\n2,2,k,b\n", sample_weight="w", features={"id": "ignore"})
    assert data.encoder.input_columns == ["x"]
    assert data.train.weights is not None
    assert data.train.weights.tolist() == [0.5, 2.0]
    assert data.train.weights.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "document", "message"),
    [
        ("x,z\n1,2\n", {}, 'there is no column "y"'),
        ("x,y\n1,a\n2,a\n", {}, 'every training row has the class "a"'),
        ("x,y\n1,a\n2,\n", {}, "data.csv:3:y: the value is missing"),
        ("x,y\n1,1\n2,NA\n3,0\n", {}, 'data.csv:3:y: the value is missing ("NA")'),
        ("x,y\n1,1\n2,NA\n3,0\n", {"task": "classification"}, 'data.csv:3:y: the value is missing ("NA")'),
        ("x,y\n1,a\n2,b\n", {"task": "regression"}, 'data.csv:2:y: "a" is not a number'),
        ("x,y\n1,1e308\n2,-1e308\n3,1.5\n4,1e308\n", {}, "the targets are too large to scale"),
        ("x,y\n1,a\n,b\n", {}, "data.csv:3:x: the value is missing"),
        ("x,y\n1,a\n1e999,b\n", {}, 'data.csv:3:x: "1e999" is not a finite number'),
        ("x,y\nk,a\nl,b\n", {}, "data.csv:x: every row has a level of its own"),
        ("x,y\n1,a\n2,b\n", {"features": {"x": "ignore"}}, "no column is left to learn from"),
        ("xx,y\n1,a\n2,b\n", {"features": {"x": "ignore"}}, 'names a column "x" that is not there'),
        ("x,w,y\n1,1,a\n2,-1,b\n", {"sample_weight": "w"}, 'data.csv:3:w: the weight "-1" is negative'),
        ("x,w,y\n1,0,a\n2,0,b\n", {"sample_weight": "w"}, "data.csv:w: every weight is 0"),
        ("x,w,y\n1,1e99,a\n2,0,b\n", {"sample_weight": "w"}, "data.csv:w: the weights are too large"),
        ("x,y\n1,a\n2,b\n", {"sample_weight": "v"}, 'there is no column "v"'),
        ("x,y\n1,a\n2,b\n", {"split": "random"}, "2 rows are too few for parts of"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, document: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        from_text(tmp_path, text, **document)
    assert message in str(caught.value)
    assert caught.value.hint


def test_explicit_parts_override_the_split(tmp_path: Path) -> None:
    for name, rows in {"a": "1,p\n2,q\n3,p\n", "b": "5,q\n", "c": "4,p\n6,q\n"}.items():
        (tmp_path / f"{name}.csv").write_text("x,y\n" + rows)
    source = {"train": "a.csv", "validation": "b.csv", "test": "c.csv"}
    data = made(tmp_path, {"source": source, "target": "y"}, dtype=np.float64)
    assert {name: part.rows.tolist() for name, part in data.parts.items()} == {
        "train": [0, 1, 2],
        "validation": [0],
        "test": [0, 1],
    }
    deviation = (2 / 3) ** 0.5
    assert data.validation is not None
    assert data.validation.inputs.tolist() == [[(5 - 2) / deviation]]
    (tmp_path / "b.csv").write_text("x,y\n5,r\n")
    with pytest.raises(DataError, match=r'b.csv:2:y: the class "r" does not occur in the training rows'):
        made(tmp_path, {"source": source, "target": "y"})


def test_a_missing_validation_part_is_taken_from_training(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{row},{'pq'[row % 2]}\n" for row in range(20)))
    (tmp_path / "c.csv").write_text("x,y\n1,p\n")
    split = {"type": "random", "validation": 0.2, "test": 0.3}
    data = made(tmp_path, {"source": {"train": "a.csv", "test": "c.csv"}, "target": "y", "split": split})
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 16, "validation": 4, "test": 1}
    data = made(tmp_path, {"source": {"train": "a.csv"}, "target": "y", "split": split})
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 16, "validation": 4}


def test_a_trained_encoder_is_used_as_it_is() -> None:
    document: dict[str, object] = {"source": "iris.csv", "target": "species"}
    first = made(DATASETS, document, 3)
    again = made(DATASETS, document, 3, encoder=first.encoder)
    assert again.encoder is first.encoder
    assert bytes_of(again) == bytes_of(first)


@pytest.mark.parametrize(
    ("inputs", "scale", "offset", "divisor"),
    [
        (np.array([[0, 4], [2, 4]], np.uint8), "auto", [0], [255]),
        (np.array([[0, 4], [2, 4]], np.uint8), "standard", [1, 4], [1, 0]),
        (np.array([[0, 4], [2, 4]], np.uint16), "auto", [1, 4], [1, 0]),
        (np.array([[0, 4], [2, 4]], np.int64), "auto", [1, 4], [1, 0]),
        (np.array([[[0.0], [4.0]], [[2.0], [2.0]]]), "auto", [2], [2**0.5]),
        (np.array([[True], [False]]), "auto", [0], [1]),
        (np.array([[3.0], [7.0]]), "none", [0], [1]),
        (np.array([[3.0], [7.0]]), "unit", [0], [255]),
    ],
)
def test_scales_of_arrays(
    tmp_path: Path, inputs: np.ndarray, scale: str, offset: list[float], divisor: list[float]
) -> None:
    np.savez(tmp_path / "data.npz", inputs=inputs, targets=np.array(["b", "a"]))
    data = made(tmp_path, {"source": "data.npz", "split": "none", "input_scale": scale}, dtype=np.float64)
    assert data.encoder.inputs.model_dump() == {
        "type": "array",
        "shape": list(inputs.shape[1:]),
        "offset": offset,
        "scale": divisor,
    }
    assert data.encoder.class_names == ["a", "b"]
    assert data.train.targets.tolist() == [1, 0]
    shifted, wide = inputs - np.array(offset, float), np.array(divisor, float)
    assert np.array_equal(data.train.inputs, np.divide(shifted, wide, out=np.zeros_like(shifted), where=wide > 0))


@pytest.mark.parametrize(
    ("targets", "task", "names"),
    [
        (np.array([0.0, 1.0, 1.0]), "classification", ["target"]),
        (np.array([[0], [1], [1]]), "classification", ["target"]),
        (np.array([True, False, True]), "classification", ["target"]),
        (np.array([0.5, 1.0, 1.0]), "regression", ["target"]),
        (np.array([[0, 1], [1, 0], [1, 1]]), "multi_label", ["target_1", "target_2"]),
        (np.array([[0, 1], [1, 0], [1, 2]]), "regression", ["target_1", "target_2"]),
    ],
)
def test_the_task_of_arrays(tmp_path: Path, targets: np.ndarray, task: str, names: list[str]) -> None:
    np.savez(tmp_path / "data.npz", x=np.eye(3), y=targets)
    data = made(tmp_path, {"source": "data.npz", "split": "none"})
    assert (data.encoder.task, data.encoder.target.names) == (task, names)


@pytest.mark.parametrize(
    ("arrays", "task", "message"),
    [
        ({"x": np.eye(2)}, "auto", "there are no targets"),
        ({"x": np.eye(2), "y": np.array([0.5, 1])}, "classification", "targets[0] is 0.5, not a class"),
        ({"x": np.eye(2), "y": np.eye(2)}, "classification", "targets have the shape (2, 2), not one class a sample"),
        ({"x": np.eye(2), "y": np.array(["a", "b"])}, "regression", "the targets are texts, not numbers"),
        (
            {"x": np.array([[1e308], [-1e308], [1e308]]), "y": np.arange(3)},
            "auto",
            "the numbers are too large to scale",
        ),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, arrays: dict[str, np.ndarray], task: str, message: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(DataError) as caught:
        made(tmp_path, {"source": "data.npz", "split": "none", "task": task})
    assert caught.value.message == message


def test_new_files_are_read_like_the_training_file(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x;y\n1;a\n")
    like = Source.parse({"type": "csv", "path": "old.csv", "delimiter": ";"})
    table = read_path(tmp_path / "new.csv", like)
    assert isinstance(table, Table)
    assert table.columns == {"x": ("1",), "y": ("a",)}
    (tmp_path / "new.tsv").write_text("x\ty\n1\ta\n")
    assert read_path(tmp_path / "new.tsv", Source.parse({"train": "old.csv"})).columns == table.columns  # type: ignore[union-attr]
    (tmp_path / "new.txt").write_text("x;y\n1;a\n")
    assert read_path(str(tmp_path / "new.txt"), like).columns == table.columns  # type: ignore[union-attr]
    np.savez(tmp_path / "new.npz", a=np.eye(2))
    arrays = read_path(tmp_path / "new.npz", Source.parse({"type": "npz", "path": "old.npz", "inputs_key": "a"}))
    assert isinstance(arrays, Arrays)
    assert arrays.inputs.tolist() == [[1, 0], [0, 1]]
    (tmp_path / "images").write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6]))
    images = read_path(tmp_path / "images", Idx(images="a", labels="b"))
    assert isinstance(images, Arrays)
    assert images.inputs.tolist() == [[5, 6]]
    with pytest.raises(DataError, match="cannot tell the type of the file"):
        read_path(tmp_path / "new.txt", Source.parse("moons"))


def test_evaluating_rows_of_a_new_file(tmp_path: Path) -> None:
    encoder = made(DATASETS, {"source": "iris.csv", "target": "species"}).encoder
    part = encode(read_path(DATASETS / "iris.csv"), encoder)
    assert part.inputs.shape == (150, 4)
    assert part.rows.tolist() == list(range(150))
    assert part.weights is None
