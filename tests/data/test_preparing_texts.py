"""Texts from a file to parts: cut by position, windows in one part only, everything fitted on the training part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnn.data.preparation import Prepared, prepare, read_path, read_text
from scratchnn.data.settings import DataSettings, Source, Text
from scratchnn.data.vocabulary import UNKNOWN, TextInputs
from scratchnn.errors import DataError

LETTERS = "".join(chr(ord("a") + number) for number in range(26))


def made(folder: Path, source: object, **document: object) -> Prepared:
    rng = np.random.Generator(np.random.PCG64(0))
    return prepare(DataSettings.model_validate({"source": source, **document}), folder, rng)


def text_of(data: Prepared, name: str) -> list[str]:
    assert isinstance(data.encoder.inputs, TextInputs)
    return ["".join("?" if t == UNKNOWN else data.encoder.inputs.vocabulary[t - 1] for t in row)
            for row in data.parts[name].inputs.tolist()]  # fmt: skip


def test_parts_lie_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LETTERS[:20])
    data = made(tmp_path, {"type": "text", "path": "a.txt", "context": 2}, split={"type": "position"})
    assert data.encoder.task == "language_modeling"
    assert data.encoder.target.names == ["next_character"]
    # 20 characters: 14 train, 3 validation, 3 test
    assert text_of(data, "train") == ["ab", "cd", "ef", "gh", "ij", "kl"]
    assert text_of(data, "validation") == ["??"]
    assert [part.rows.tolist() for part in data.parts.values()] == [[0, 2, 4, 6, 8, 10], [14], [17]]
    assert data.unseen == {"validation": {"characters": 3}, "test": {"characters": 3}}
    assert data.summary()["rows"] == {"train": 6, "validation": 1, "test": 1}


@given(st.integers(40, 400), st.integers(1, 6), st.integers(1, 6), st.sampled_from([0.1, 0.25, 0.4]))
@example(40, 2, 1, 0.25)
def test_no_window_has_characters_of_two_parts(length: int, context: int, stride: int, share: float) -> None:
    import tempfile

    marks = "".join(chr(0x100 + number) for number in range(length))  # every place has its own character
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.txt").write_text(marks, encoding="utf-8")
        source = {"type": "text", "path": "a.txt", "context": context, "stride": stride}
        whole = made(Path(folder), source, split="none")
        try:
            data = made(Path(folder), source, split={"type": "position", "validation": share, "test": 0.2})
        except DataError as error:
            assert "too few for a window" in error.message  # noqa: PT017  # either outcome is right
            return
    size = {"validation": int(share * length + 0.5), "test": int(0.2 * length + 0.5)}
    size["train"] = length - sum(size.values())
    begin = {"train": 0, "validation": size["train"], "test": length - size["test"]}
    for name, part in data.parts.items():
        assert part.rows.min() >= begin[name]
        assert part.rows.max() + context + 1 <= begin[name] + size[name]
    assert isinstance(whole.encoder.inputs, TextInputs)
    assert isinstance(data.encoder.inputs, TextInputs)
    assert data.encoder.inputs.vocabulary == list(marks[: size["train"]])
    assert (data.parts["validation"].targets == UNKNOWN).all()  # fitted on the training part alone
    if data.parts["test"].rows.size > 1:
        assert (np.diff(data.parts["test"].rows) == context).all()  # judged once each, whatever the stride


def test_files_of_their_own(tmp_path: Path) -> None:
    for name, text in {"a": "abcabcabc", "b": "cab\ncab\n", "c": "bca"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    files = {part: {"type": "text", "path": f"{name}.txt", "context": 2} for part, name in
             {"train": "a", "validation": "b", "test": "c"}.items()}  # fmt: skip
    data = made(tmp_path, files)
    assert text_of(data, "train") == ["ab", "ca", "bc", "ab"]
    assert text_of(data, "validation") == ["ca", "b?", "ca"]
    assert text_of(data, "test") == ["bc"]
    del files["validation"]
    data = made(tmp_path, files, split={"type": "position", "validation": 0.34})
    assert text_of(data, "train") == ["ab", "ca"]
    assert text_of(data, "validation") == ["ab"]
    assert text_of(data, "test") == ["bc"]


def test_a_fitted_encoder_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abcabcabcabc")
    source = {"type": "text", "path": "a.txt", "context": 2}
    data = made(tmp_path, source, split="none")
    (tmp_path / "a.txt").write_text("abxabxa")
    settings = DataSettings.model_validate({"source": source, "split": "none"})
    again = prepare(settings, tmp_path, np.random.default_rng(0), encoder=data.encoder)
    assert text_of(again, "train") == ["ab", "?a", "b?"]


def test_a_part_too_short_for_a_window_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ab" * 50)
    with pytest.raises(DataError, match="the validation part holds 15 characters, too few for a window of 30"):
        made(tmp_path, {"type": "text", "path": "a.txt", "context": 30})
    with pytest.raises(DataError, match="the train part holds 100 characters, too few for a window of 100"):
        made(tmp_path, {"type": "text", "path": "a.txt", "context": 100}, split="none")


def test_a_new_text_has_the_tokens_of_the_old_one_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("one two")
    assert read_text(tmp_path / "notes", Text(path="a.txt", tokens="words")).tokens == ("one", " ", "two")


def test_a_table_may_still_be_called_txt(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x;y\n1;2\n")
    like = Source.parse({"type": "csv", "path": "old.txt", "delimiter": ";"})
    assert len(read_path(tmp_path / "a.txt", like)) == 1
    with pytest.raises(DataError, match=r"cannot tell the type.*Known: \.csv, \.tsv, \.npz"):
        read_path(tmp_path / "a.txt", Source.parse("moons"))
