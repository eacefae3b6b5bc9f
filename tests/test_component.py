from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

import scratchnn.config.schema  # noqa: F401  # enrols every component
from scratchnn import component
from scratchnn.component import Component, Settings, families, load_plugin
from scratchnn.errors import ConfigError, UsageError

_BEFORE = dict(component._FAMILIES)


class Shape(Component):
    """A shape."""

    family: ClassVar[str] = "test_shape"

    def area(self) -> float:
        raise NotImplementedError


class Point(Shape):
    """A point.

    It has no size.
    """

    type: Literal["point"] = "point"

    def area(self) -> float:
        return 0.0


class Square(Shape):
    """A square."""

    type: Literal["square"] = "square"
    side: int = Field(ge=1)

    def area(self) -> float:
        return float(self.side**2)


class Group(Shape):
    """Shapes side by side."""

    type: Literal["group"] = "group"
    shapes: list[Shape] = Field([])
    scale: float = 1.0

    def area(self) -> float:
        return self.scale * sum(shape.area() for shape in self.shapes)


class Size(Component):
    """A family whose short form is a number."""

    family: ClassVar[str] = "test_size"

    @classmethod
    def shorthand(cls, value: object) -> object:
        return {"type": "exactly", "value": value} if isinstance(value, int) else super().shorthand(value)


class Exactly(Size):
    type: Literal["exactly"] = "exactly"
    value: int


class Drawing(Settings):
    shapes: list[Shape] = Field([])
    cover: Shape | None = None
    named: dict[str, Shape] = Field({})
    title: str = ""
    visible: bool = True
    size: Size = Exactly(value=1)


component._FAMILIES.clear()
component._FAMILIES.update(_BEFORE)


@pytest.fixture(autouse=True)
def own_tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Families, members, plugins and plugin modules of a test end with it."""
    modules = set(sys.modules)
    monkeypatch.setattr(component, "_FAMILIES", {**component._FAMILIES, "test_shape": Shape, "test_size": Size})
    monkeypatch.setattr(component, "_PLUGINS", {})
    monkeypatch.setattr(Shape, "_members", dict(Shape._members))
    yield
    for name in set(sys.modules) - modules:
        if name.startswith("scratchnn_plugin_"):
            del sys.modules[name]


def test_a_family_lists_its_members_by_tag_in_order() -> None:
    assert list(Shape.members().items()) == [("point", Point), ("square", Square), ("group", Group)]
    assert families()["test_shape"] is Shape
    assert Square.tag() == "square"
    assert list(Size.members()) == ["exactly"]


def test_a_member_tells_its_meaning_and_whether_the_tag_is_enough() -> None:
    assert Point.meaning() == "A point."
    assert [member.needs_fields() for member in (Point, Square, Group)] == [False, True, False]


def test_components_come_from_tags_mappings_and_components() -> None:
    square = Square(side=2)
    drawing = Drawing.model_validate(
        {"shapes": ["point", {"type": "square", "side": 3}, square], "cover": "group", "named": {"a": "point"}}
    )
    assert drawing.shapes == [Point(), Square(side=3), square]
    assert drawing.shapes[2] is square
    assert (drawing.cover, drawing.named) == (Group(), {"a": Point()})


def test_components_nest() -> None:
    inner = {"type": "group", "scale": 0.5, "shapes": [{"type": "square", "side": 2}, "point"]}
    shape = Shape.parse({"type": "group", "shapes": [inner, {"type": "square", "side": 3}]})
    assert shape.area() == 0.5 * 4 + 9


def test_a_family_has_short_forms_of_its_own() -> None:
    assert Drawing.model_validate({"size": 7}).size == Exactly(value=7)
    assert Size.parse("exactly" if not Exactly.needs_fields() else 3) == Exactly(value=3)


@pytest.mark.parametrize(
    "data",
    [
        {"shapes": [{"type": "square", "side": "3"}]},
        {"shapes": [{"type": "square", "side": True}]},
        {"shapes": [{"type": "square", "side": 3.0}]},
        {"shapes": [{"type": "square", "side": 0}]},
        {"shapes": [{"type": "square"}]},
        {"shapes": ["square"]},
        {"shapes": [{"type": "square", "side": 1, "color": "red"}]},
        {"shapes": [{"type": "circle"}]},
        {"shapes": [{"side": 1}]},
        {"shapes": [3]},
        {"shapes": [None]},
        {"shapes": "point"},
        {"shapes": [{"type": "group", "scale": "1"}]},
        {"shapes": [{"type": "group", "scale": True}]},
        {"shapes": [{"type": "group", "shapes": [{"type": "square", "side": -1}]}]},
        {"title": 3},
        {"visible": 1},
        {"visible": "true"},
        {"colour": "red"},
        {"cover": {"type": "exactly", "value": 1}},
    ],
)
def test_nothing_is_guessed(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Drawing.model_validate(data)


def test_a_component_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Square(side=2).side = 3  # type: ignore[misc]


def test_parse_explains_each_fault() -> None:
    with pytest.raises(ConfigError) as caught:
        Shape.parse({"type": "square", "side": 0, "color": "red"})
    assert [fault.where for fault in caught.value.faults] == ["test_shape", "test_shape"]
    assert "square.side: " in str(caught.value)
    assert "square.color: " in str(caught.value)


def test_two_members_cannot_share_a_tag() -> None:
    with pytest.raises(TypeError, match=r'"point" is already declared by .*Point'):

        class Other(Shape):
            type: Literal["point"] = "point"

    assert Shape.members()["point"] is Point


def test_a_written_component_reads_back() -> None:
    shape = Group(shapes=[Square(side=2), Group(shapes=[Point()])], scale=0.25)
    assert Shape.parse(shape.model_dump()) == shape
    assert Drawing.model_validate(Drawing(cover=shape).model_dump()).cover == shape


tags = st.sampled_from(["point", "square", "group", "exactly", "circle", "", "type"])
numbers = st.integers(-2, 5) | st.floats(-2, 5).filter(lambda value: value != int(value)) | st.just("3")
plain = st.none() | st.booleans() | numbers | tags
shapes = st.recursive(
    plain,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": tags | plain,
            "side": plain,
            "scale": plain,
            "shapes": st.lists(inner, max_size=3) | inner,
            "value": plain,
        },
    ),
    max_leaves=6,
)
drawings = st.fixed_dictionaries(
    {},
    optional={
        "shapes": st.lists(shapes, max_size=3) | plain,
        "cover": shapes,
        "named": st.dictionaries(tags, shapes, max_size=2),
        "title": plain,
        "visible": plain,
        "other": plain,
    },
)


@given(drawings)
def test_the_json_schema_accepts_what_validation_accepts(data: dict[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator(Drawing.model_json_schema())
    try:
        Drawing.model_validate(data)
        accepted = True
    except ValidationError:
        accepted = False
    assert checker.is_valid(data) == accepted


def test_the_json_schema_is_itself_valid_and_wants_the_type() -> None:
    schema = Drawing.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    assert checker.is_valid({"shapes": ["point", {"type": "square", "side": 1}]})
    assert not checker.is_valid({"shapes": [{"side": 1}]})
    assert not checker.is_valid({"shapes": ["square"]})


PLUGIN = """
from __future__ import annotations
from typing import Literal
from scratchnn.component import families
Shape = families()["test_shape"]
print("run")
class {name}(Shape):
    type: Literal["{tag}"] = "{tag}"
    parts: list[Shape] = []
    def area(self):
        return 7.0
"""

BARE = """
from __future__ import annotations
from typing import Literal
from scratchnn.component import families
Shape = families()["test_shape"]
class Bare(Shape):
    type: Literal["bare"] = "bare"
"""

HALF = """
class Half(Shape):
    type: Literal["half"] = "half"
    def area(self):
        return 1.0
"""


def write_plugin(path: Path, tag: str) -> Path:
    path.write_text(PLUGIN.format(name=tag.title(), tag=tag), encoding="utf-8")
    return path


def test_a_plugin_adds_members_also_to_schemas_that_were_already_built(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Drawing.model_validate({"shapes": ["blob"]})
    with pytest.raises(ValidationError):
        Shape.parse("group").model_validate({"type": "group", "shapes": ["blob"]})
    (added,) = load_plugin(write_plugin(tmp_path / "blob.py", "blob"))
    assert (added.tag(), Shape.members()["blob"]) == ("blob", added)
    nested = {"type": "group", "shapes": ["blob", {"type": "blob", "parts": ["blob", "point"]}]}
    assert Shape.parse(nested).area() == 14.0
    assert Drawing.model_validate({"shapes": ["blob", nested], "cover": "blob"}).shapes[1].area() == 14.0
    assert jsonschema.Draft202012Validator(Drawing.model_json_schema()).is_valid({"shapes": ["blob"]})


def test_a_plugin_runs_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    path = write_plugin(tmp_path / "once.py", "once")
    first = load_plugin(path)
    monkeypatch.chdir(tmp_path)
    assert load_plugin(Path("once.py")) == first
    assert capsys.readouterr().out == "run\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("broken.py", "x = 1\ndef f(:\n", "the plugin failed in line 2: SyntaxError: "),
        ("raises.py", "\n1 / 0\n", "the plugin failed in line 2: ZeroDivisionError: division by zero. Mend the plugin"),
        ("calls.py", "import json\n\njson.loads('')\n", "the plugin failed in line 3: JSONDecodeError: "),
        ("imports.py", "import no_such_module_anywhere\n", "the plugin failed in line 1: ModuleNotFoundError: "),
        ("exits.py", "raise SystemExit(0)\n", "the plugin failed in line 1: SystemExit: 0"),
        ("empty.py", "x = 1\n", "the plugin declares no component. Subclass Layer"),
        ("plugin.txt", "x = 1\n", "is not a Python file"),
        ("taken.py", PLUGIN.format(name="Point2", tag="point"), 'the plugin failed in line 7: TypeError: "point" is'),
        ("same.py", PLUGIN.format(name="Point", tag="point"), 'the plugin failed in line 7: TypeError: "point" is'),
        (
            "late.py",
            PLUGIN.format(name="Late", tag="late") + "1 / 0\n",
            "the plugin failed in line 12: ZeroDivisionError",
        ),
        ("bare.py", BARE, 'the test_shape "bare" lacks area(). Write them in the class Bare.'),
        ("half.py", BARE + HALF, 'the test_shape "bare" lacks area(). Write them in the class Bare.'),
    ],
)
def test_a_plugin_that_cannot_be_used(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_plugin(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert list(Shape.members()) == ["point", "square", "group"]
    assert not [module for module in sys.modules if module.startswith(f"scratchnn_plugin_{path.stem}")]


def test_a_plugin_that_is_missing_or_a_directory(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="there is no such file"):
        load_plugin(tmp_path / "missing.py")
    for path in (tmp_path / "folder.py", tmp_path):
        with pytest.raises(UsageError, match="is not a Python file"):
            load_plugin(path)
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    with pytest.raises(UsageError, match="there is no such file"):
        load_plugin(loop)


def test_a_mended_plugin_loads_after_it_failed(tmp_path: Path) -> None:
    path = write_plugin(tmp_path / "mended.py", "mended")
    good = path.read_text(encoding="utf-8")
    path.write_text(good + "\n1 / 0\n", encoding="utf-8")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        load_plugin(path)
    path.write_text(good + "\n\n", encoding="utf-8")
    assert [member.tag() for member in load_plugin(path)] == ["mended"]


def test_two_plugins_of_one_name_cannot_share_a_tag(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "blob.py" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        write_plugin(path, "blob")
    (first,) = load_plugin(paths[0])
    with pytest.raises(UsageError, match='"blob" is already declared'):
        load_plugin(paths[1])
    assert Shape.members()["blob"] is first
    assert [member.tag() for member in load_plugin(write_plugin(paths[1], "other"))] == ["other"]


def test_a_cell_of_a_notebook_may_run_twice() -> None:
    def declare() -> type[Shape]:
        class Cell(Shape):
            type: Literal["cell"] = "cell"

        return Cell

    first, second = declare(), declare()
    assert first is not second
    assert Shape.members()["cell"] is second


def test_no_component_that_is_built_in_leaves_a_method_open() -> None:
    assert Point.open_methods() == []
    members = [member for family in _BEFORE.values() for member in family.members().values()]
    assert {member.tag(): member.open_methods() for member in members if member.open_methods()} == {}
