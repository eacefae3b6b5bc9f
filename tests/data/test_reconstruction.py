"""The inputs as targets: what is prepared for autoencoders, and what their settings refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.features.text import Text
from scratchnn.data.preparation import Prepared, prepare
from scratchnn.data.settings import DataSettings
from scratchnn.errors import DataError

ROWS = [
    f"{number},{number % 7}.5,{'red' if number % 3 else 'blue'},c{number % 2},{1 + number % 2}" for number in range(40)
]


def prepared(folder: Path, **settings: object) -> Prepared:
    (folder / "t.csv").write_text("\n".join(["id,x,color,kind,weight", *ROWS]) + "\n")
    given: dict[str, object] = {"source": "t.csv", "task": "reconstruction", "features": {"id": "ignore"}}
    return prepare(DataSettings.model_validate(given | settings), folder, np.random.default_rng(3))


def test_the_targets_are_the_very_array_of_the_inputs(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 28, "validation": 6, "test": 6}
    for part in data.parts.values():
        assert part.targets is part.inputs
    assert data.encoder.feature_names == ["x", "color=blue", "color=red", "kind=c0", "kind=c1", "weight"]
    assert (data.encoder.task, data.encoder.target.names, data.encoder.class_names) == ("reconstruction", [], [])
    assert data.summary()["task"] == "reconstruction"
    assert Encoder.model_validate_json(data.encoder.model_dump_json()) == data.encoder


def test_ignored_columns_and_the_weight_are_no_inputs(tmp_path: Path) -> None:
    data = prepared(tmp_path, features={"id": "ignore", "kind": "ignore"}, sample_weight="weight")
    assert data.encoder.feature_names == ["x", "color=blue", "color=red"]
    assert set(np.unique(data.train.weights)) == {1.0, 2.0}


def test_a_table_where_all_is_ignored_is_refused(tmp_path: Path) -> None:
    names = dict.fromkeys(["id", "x", "color", "kind", "weight"], "ignore")
    with pytest.raises(DataError, match="no column is left to learn from"):
        prepared(tmp_path, features=names)


@pytest.mark.parametrize("labelled", [False, True])
def test_images_need_no_targets_and_their_own_do_not_count(tmp_path: Path, labelled: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1)).astype(np.uint8)
    arrays = {"inputs": images}
    if labelled:
        arrays["targets"] = np.arange(20) % 3
    np.savez(tmp_path / "i.npz", **arrays)
    settings = DataSettings.model_validate({"source": "i.npz", "task": "reconstruction"})
    data = prepare(settings, tmp_path, np.random.default_rng(0))
    assert data.train.targets is data.train.inputs
    assert data.train.targets.shape == (14, 4, 4, 1)
    np.testing.assert_array_equal(data.train.inputs, (images[data.train.rows] / np.float32(255)).astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "kind"}, "reconstruction learns the inputs themselves. Remove `target`; where the column shall be"),
        ({"target": ["x", "kind"]}, "write `x: ignore` under `features`"),
        ({"target_scale": "none"}, "Remove `target_scale`; scale columns under `features`, arrays with `input_scale`"),
        ({"class_order": ["c0", "c1"]}, "`class_order` is for classes, but `task` is reconstruction"),
        ({"input_scale": "unit"}, "`input_scale` is for arrays"),
        ({"sample_weight": "id"}, '"id" is under `features`, but is the target or the weight'),
    ],
)
def test_what_has_no_meaning_beside_it_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        prepared(tmp_path, **changes)


def test_the_section_fits_its_json_schema() -> None:
    document = {"source": "a.csv", "task": "reconstruction", "features": {"kind": "ignore"}}
    Draft202012Validator(DataSettings.model_json_schema()).validate(document)
    settings = DataSettings.model_validate(document)
    assert DataSettings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize("changes", [{"names": ["y"]}, {"classes": ["a", "b"]}, {"width": [1.0]}])
def test_an_encoder_with_a_target_beside_its_inputs_is_refused(changes: dict[str, object]) -> None:
    inputs = ArrayInputs(shape=[2], offset=[0.0], scale=[1.0])
    good: dict[str, object] = {"type": "reconstruction"}
    assert Encoder.model_validate({"inputs": inputs, "target": good}).target.columns == 0
    with pytest.raises(ValidationError, match=f"target.reconstruction.{next(iter(changes))}"):
        Encoder.model_validate({"inputs": inputs, "target": good | changes})


def test_a_column_that_cannot_be_decoded_is_no_input_of_an_autoencoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the feature of a plugin says otherwise."""
    monkeypatch.setattr(Text, "can_be_reconstructed", True)
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, features={"id": "ignore", "kind": {"type": "text"}})
    message = "the inputs of kind cannot be turned back into cells, so none can be reconstructed"
    assert str(caught.value).endswith(f"{message}. Set another feature for data.features.kind, or ignore it.")
