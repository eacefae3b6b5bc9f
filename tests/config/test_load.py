from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scratchnn.config.document import Place, Position, locate
from scratchnn.config.load import MAX_BYTES, parse_document, read_document
from scratchnn.config.scalars import resolve_scalar
from scratchnn.errors import ConfigError, StorageError

TEXT = """\
name: iris
model:
  layers:
    - {type: dense, units: 64}
    - &drop
      type: dropout
      rate: 0.2
    - *drop
    - {<<: *drop, rate: 0.5}
"""


def fault(text: str, name: str = "c.yaml") -> str:
    with pytest.raises(ConfigError) as caught:
        parse_document(text, name)
    return str(caught.value)


def test_every_key_and_value_has_its_line_and_column() -> None:
    places = parse_document(TEXT, "c.yaml").places
    assert places[()] == Place(Position(1, 1), None)
    assert places[("name",)] == Place(Position(1, 7), Position(1, 1))
    assert places[("model",)] == Place(Position(3, 3), Position(2, 1))
    assert places[("model", "layers", 0)] == Place(Position(4, 7), None)
    assert places[("model", "layers", 0, "units")] == Place(Position(4, 28), Position(4, 21))
    assert places[("model", "layers", 1, "rate")] == Place(Position(7, 13), Position(7, 7))


def test_aliases_and_merge_keys_give_values_of_their_own() -> None:
    document = parse_document(TEXT, "c.yaml")
    layers = document.data["model"]["layers"]
    assert layers[1:] == [
        {"type": "dropout", "rate": 0.2},
        {"type": "dropout", "rate": 0.2},
        {"type": "dropout", "rate": 0.5},
    ]
    assert layers[1] is not layers[2]
    assert document.where(("model", "layers", 2, "rate")) == "c.yaml:7:13"  # where it was written
    assert document.where(("model", "layers", 3, "rate")) == "c.yaml:9:25"


def test_a_list_of_merges_lets_the_first_win_and_own_keys_before_all() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\n"
    assert parse_document(text, "c.yaml").data["c"] == {"x": 1, "y": 1, "z": 3}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("name", "c.yaml:1:7"),
        ("model", "c.yaml:2:1"),
        ("model.layers", "c.yaml:3:3"),
        ("model.layers[0]", "c.yaml:4:7"),
        ("model.layers.0.units", "c.yaml:4:28"),
        ("model.layers[0].activation", "c.yaml:4:7"),
        ("model.layers[9].units", "c.yaml:3:3"),
        ("model.dtype", "c.yaml:2:1"),
        ("training.epochs", "c.yaml:1:1"),
        ("", "c.yaml:1:1"),
    ],
)
def test_locate_falls_back_to_the_nearest_parent(path: str, place: str) -> None:
    assert locate(parse_document(TEXT, "c.yaml"), path) == place


def test_a_value_that_was_not_written_has_the_place_of_its_parents_key() -> None:
    document = parse_document(TEXT, "c.yaml")
    assert document.where(("model", "dtype")) == "c.yaml:2:1"
    assert document.where(("model",)) == "c.yaml:3:3"
    assert document.where(("name",), key=True) == "c.yaml:1:1"


def test_locate_takes_keys_in_quotes() -> None:
    document = parse_document('a:\n  "b.c": 1\n', "c.yaml")
    assert locate(document, 'a."b.c"') == "c.yaml:2:10"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1", -1),
        ("+2", 2),
        ("0x10", 16),
        ("0o17", 15),
        ("010", 10),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("null", None),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        ("1e", "1e"),
        (".", "."),
        ("nan", "nan"),
        ("=", "="),
        ("'3'", "3"),
        ('"true"', "true"),
        ("'~'", "~"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(word: str, value: object) -> None:
    read = parse_document(f"a: {word}\n", "c.yaml").data["a"]
    assert read == value
    assert type(read) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(parse_document("a: .nan", "c.yaml").data["a"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "c.yaml: the file is empty"),
        ("# only a comment\n", "c.yaml: the file is empty"),
        ("- a\n", "c.yaml:1:1: the top level is a list"),
        ("\n  hello\n", "c.yaml:2:3: the top level is a single value"),
        ("a: 1\nb: 2\na: 3\n", 'c.yaml:3:1: the key "a" stands here again, first at 1:1'),
        ("a:\n  b: {c: 1, c: 2}\n", 'c.yaml:2:13: the key "c" stands here again, first at 2:7'),
        ("a: &a {x: 1}\nb: {<<: *a, <<: *a}\n", 'c.yaml:2:13: the key "<<" stands here again, first at 2:5'),
        ("a: 1\n---\nb: 2\n", "c.yaml:2:1: a second document"),
        ("a:\n\t- 1\n", "c.yaml:2:1: a tab cannot stand here"),
        ("a:\n  b: 1\n c: 2\n", "c.yaml:3:2: this does not fit the lines above"),
        ("a: b: c\n", 'c.yaml:1:5: a ":" cannot stand here'),
        ("a: 'x\n", "c.yaml:2:1: the file ends inside quotes"),
        ("a: [1, 2\nb: 3\n", 'c.yaml:2:2: the list lacks a "," or its "]"'),
        ("a: {b: 1\nc: 3\n", 'c.yaml:2:2: the mapping lacks a "," or its "}"'),
        ("a: [1,", "c.yaml:1:7: the text ends too early"),
        ("a: 1\nb\n", 'c.yaml:3:1: the key lacks its ":"'),
        ("a: *b\n", "c.yaml:1:4: the alias names no anchor"),
        ("a: &x 1\nb: &x 2\n", "c.yaml:2:4: the anchor's name is taken"),
        ("a: &a [1, *a]\n", "c.yaml:1:4: an alias refers to a value that it is part of"),
        ("a: &a {<<: *a}\n", "c.yaml:1:4: an alias refers to a value that it is part of"),
        ("a: {<<: 3}\n", 'c.yaml:1:9: "<<" merges mappings only'),
        ("a: !!python/name:os.system x\n", 'c.yaml:1:4: the tag "!!python/name:os.system" is not allowed'),
        ("a: !foo [1]\n", 'c.yaml:1:4: the tag "!foo" is not allowed'),
        ("a: !!set {x, y}\n", 'c.yaml:1:4: the tag "!!set" is not allowed'),
        ("1: x\n", 'c.yaml:1:1: a key must be text. Put it in quotes: "1".'),
        ("a: {true: x}\n", "c.yaml:1:5: a key must be text"),
        ("? [a]\n: x\n", "c.yaml:1:3: a list cannot be a key"),
        ("a: 1\nb: c\0d\n", "c.yaml:2:5: holds the control character U+0000"),
        ("a: \x1b[0m\n", "c.yaml:1:4: holds the control character U+001B"),
        ('a: "\\0"\n', "c.yaml:1:4: text may not hold a NUL"),
        ('a: "\\ud800"\n', "c.yaml:1:4: half a surrogate pair"),
        ('a: "\\UFFFFFFFF"\n', "c.yaml:1:7: not a valid character"),
        ("%YAML " + "9" * 5000 + "\n---\na: 1\n", "c.yaml:1:7: not a valid character or number"),
        ("a: 1e999\n", "c.yaml:1:4: a number beyond"),
        (f"a: {'9' * 5000}\n", "c.yaml:1:4: a whole number of more than 300 digits"),
        ("a: " + "[" * 60 + "]" * 60, "c.yaml:1:53: nested more than 50 deep"),
        ("a: " + "[" * 5000, "c.yaml:1:53: nested more than 50 deep"),
        ("a: &a [" + "1, " * 1000 + "]\nb: [" + "*a, " * 101 + "]", "c.yaml:1:"),
        ("a: [" + "1," * 100_001 + "]", "c.yaml:1:199999: more than 100,000 values"),
    ],
)
def test_faults_name_their_place(text: str, message: str) -> None:
    assert fault(text).startswith(message)


def test_a_fault_that_spans_lines_names_its_start() -> None:
    assert "what started at line 1" in fault("a: [1,\n  2\nb: 3\n")


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than 100,000 values" in fault("\n".join(lines))


def test_a_bomb_of_merges_is_refused_at_once() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    assert "more than 100,000 values" in fault("\n".join(lines))


def test_merging_many_keys_many_times_is_refused() -> None:
    wide = ", ".join(f"k{n}: 1" for n in range(1000))
    assert "more than 100,000 values" in fault(f"a: &a {{{wide}}}\nb: {{<<: [{'*a, ' * 101}]}}\n")


def test_aliases_cannot_nest_past_the_depth() -> None:
    lines = ["a0: &a0 [[[[[1]]]]]"] + [f"a{n}: &a{n} [[[[[*a{n - 1}]]]]]" for n in range(1, 12)]
    assert "nested more than 50 deep" in fault("\n".join(lines))


def test_json_reads_as_yaml_also_with_tabs(tmp_path: Path) -> None:
    data = {"a": [1, 2.5e-7, True, None], "smile": "😀/é", "nested": {"b": "x\ty"}, "empty": {}}
    path = tmp_path / "c.json"
    path.write_text(json.dumps(data, indent="\t"), encoding="utf-8")
    document = read_document(path)
    assert document.data == data
    assert document.where(("a", 1)) == f"{path}:4:3"


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\nb: 2\r\n")
    document = read_document(path)
    assert document.data == {"a": "é", "b": 2}
    assert document.places[("a",)] == Place(Position(1, 4), Position(1, 1))
    assert document.places[("b",)] == Place(Position(2, 4), Position(2, 1))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a: 1\nb: caf\xe9\n", ":2:7: byte 0xe9 is not UTF-8. Save the file as UTF-8 text."),
        ("a: 1".encode("utf-16"), ": is UTF-16 text, not UTF-8."),
        (b"a: " + b"x" * MAX_BYTES, ": is larger than 1 MiB"),
        (b"\x00\x01", ":1:1: holds the control character U+0000"),
    ],
)
def test_bytes_that_are_no_config(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_missing_file_names_a_near_one(tmp_path: Path) -> None:
    (tmp_path / "iris.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"there is no such file\. Did you mean .*iris\.yaml") as caught:
        read_document(tmp_path / "irs.yaml")
    assert caught.value.where == str(tmp_path / "irs.yaml")
    with pytest.raises(ConfigError, match=r"There is no folder"):
        read_document(tmp_path / "nowhere" / "iris.yaml")
    with pytest.raises(ConfigError, match=r"there is no such file"):
        read_document(tmp_path / "iris.yaml" / "c.yaml")


def test_directories_and_impossible_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        read_document(tmp_path)
    with pytest.raises(ConfigError, match="is no name that a file can have"):
        read_document("a\0b")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    with pytest.raises(StorageError, match="Check who may read it"):
        read_document(path)


def test_a_refusal_of_the_system_is_no_fault_of_the_config(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_document(tmp_path / ("x" * 300))


def texts() -> st.SearchStrategy[str]:
    """Text, but for words such as `1e5` and `08`: PyYAML writes them bare, and YAML 1.2 reads numbers."""
    return st.text(max_size=12).filter(lambda text: isinstance(_read(text), str) and "\0" not in text)


def _read(text: str) -> object:
    try:
        return resolve_scalar(text)
    except ValueError:
        return None


scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | texts()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(texts(), values, min_size=1, max_size=5))
@example({"a": {"b": [1e-300, -0.0, 5e22]}, "<<": "x", "yes": "no"})
def test_what_pyyaml_writes_reads_back_equal(data: dict[str, object]) -> None:
    document = parse_document(yaml.safe_dump(data), "c.yaml")
    assert document.data == data


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="ab01:-?[]{},&*!|>'\"%@`#~<. \n\t\\x", max_size=40))
def test_no_text_ends_in_anything_but_a_config_error(text: str) -> None:
    try:
        document = parse_document(text, "c.yaml")
    except ConfigError as error:
        assert error.where.startswith("c.yaml")  # noqa: PT017 - most texts are refused, some are not
    else:
        assert isinstance(document.data, dict)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_end_in_anything_but_a_config_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(raw)
    try:
        document = read_document(path)
    except ConfigError as error:
        assert error.where.startswith(str(path))  # noqa: PT017 - most bytes are refused, some are not
    else:
        assert isinstance(document.data, dict)
