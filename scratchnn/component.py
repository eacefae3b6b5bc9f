"""A component is one class: a frozen pydantic model. Its fields are hyper-parameters, its methods are mathematics.

A *family* (layers, losses, ...) is a subclass of `Component` that sets `family`. A *member* is a subclass of a family
that declares `type: Literal["its_tag"] = "its_tag"`; declaring it is enough to make it usable in a config:

>>> class Greeting(Component):
...     family: ClassVar[str] = "greeting"
>>> class Hello(Greeting):
...     type: Literal["hello"] = "hello"
...     name: str = "world"
>>> Greeting.parse("hello")
Hello(type='hello', name='world')
>>> Greeting.parse({"type": "hello", "name": "you"})
Hello(type='hello', name='you')

A field annotated with a family (`loss: Loss`, `layers: list[Layer]`) takes any member, also recursively.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
import zlib
from collections.abc import Callable, Mapping
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from scratchnn.errors import ConfigError, UsageError

__all__ = ["Component", "Literal", "families", "load_plugin"]

_FAMILIES: dict[str, type[Component]] = {}
_PLUGINS: dict[Path, list[type[Component]]] = {}


class Settings(BaseModel):
    """The base of everything a config can hold: frozen, strict (no `"3"` for 3, no `true` for 1), no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True, defer_build=True)


class Component(Settings):
    """The base of all families. See the module's docstring."""

    family: ClassVar[str] = ""
    listed: ClassVar[bool] = True  # False: a family that configs do not name
    _members: ClassVar[dict[str, type[Component]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "family" in cls.__dict__:
            cls._members = {}
            _FAMILIES[cls.family] = cls
        elif "type" in cls.model_fields:
            taken = cls._members.setdefault(cls.tag(), cls)
            # The same class again is a cell of a notebook that runs twice.
            if (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f'"{cls.tag()}" is already declared by {taken.__module__}.{taken.__qualname__}')
            cls._members[cls.tag()] = cls

    @classmethod
    def tag(cls) -> str:
        """The value of `type` that names this member in a config."""
        return cast("str", cls.model_fields["type"].default)

    @classmethod
    def members(cls) -> Mapping[str, type[Self]]:
        """Every member of this family by its tag, in order of declaration."""
        return cast("Mapping[str, type[Self]]", cls._members)

    @classmethod
    def shorthand(cls, value: object) -> object:
        """The full form of a short one; a family may override it to take more than bare tags.

        >>> Component.shorthand("relu")
        {'type': 'relu'}
        """
        return {"type": value} if isinstance(value, str) else value

    @classmethod
    def parse(cls, value: object) -> Self:
        """The component for a tag, a mapping or a component. Raises `ConfigError`."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            faults = [
                ConfigError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": "), where=cls.family)
                for fault in error.errors(include_url=False)
            ]
            raise ConfigError.of(faults) from None

    @classmethod
    def needs_fields(cls) -> bool:
        """Whether the bare tag is not enough, because a field has no default."""
        return any(field.is_required() for field in cls.model_fields.values())

    @classmethod
    def open_methods(cls) -> list[str]:
        """The methods that the family leaves to its members (all they do there is to raise) and that this one lacks."""
        codes = {name: getattr(getattr(_FAMILIES[cls.family], name, None), "__code__", None) for name in dir(cls)}
        left = [name for name, code in codes.items() if code and code.co_names == ("NotImplementedError",)]
        return [name for name in left if getattr(getattr(cls, name), "__code__", None) is codes[name]]

    @classmethod
    def meaning(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """A tagged union for a family's base class, the plain model for a member."""
        if "family" not in source.__dict__:
            return handler(source)
        family = cast("type[Component]", source)
        choices = {tag: handler.generate_schema(member) for tag, member in family._members.items()}
        union = core_schema.tagged_union_schema(choices, discriminator="type")

        def expand(value: object, validate: Callable[[object], object]) -> object:
            return value if isinstance(value, family) else validate(family.shorthand(value))

        return core_schema.no_info_wrap_validator_function(expand, union, ref=f"{family.__name__}:family")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors accept the bare tag too; in the long form `type` is required."""
        made = handler(schema)
        if "family" in cls.__dict__:
            short = [tag for tag, member in cls._members.items() if not member.needs_fields()]
            return {"anyOf": [{"enum": short}, made]} if short else made
        body = handler.resolve_ref_schema(made)
        if "type" in body.get("properties", {}):
            body["required"] = ["type", *(name for name in body.get("required", []) if name != "type")]
        return made


def families() -> Mapping[str, type[Component]]:
    """Every family that configs name and that has been imported, by its name in the singular."""
    return {name: family for name, family in _FAMILIES.items() if family.listed}


def load_plugin(path: Path) -> list[type[Component]]:
    """Runs a Python file that declares components, and returns the ones it added. A file is run only once.

    Raises `UsageError` where the file cannot be read or run, or where a component lacks methods; it adds nothing then.
    """
    path = Path(os.path.realpath(path))
    if path in _PLUGINS:
        return _PLUGINS[path]
    before = {member for family in _FAMILIES.values() for member in family._members.values()}
    if not path.exists():
        raise UsageError("there is no such file", where=str(path))
    name = f"scratchnn_plugin_{path.stem}_{zlib.crc32(str(path).encode()):08x}"  # two folders may hold one name
    spec = importlib.util.spec_from_file_location(name, path) if path.suffix == ".py" else None
    if spec is None or spec.loader is None or not path.is_file():
        hint = "A plugin is a .py file that declares components."
        raise UsageError("is not a Python file", where=str(path), hint=hint)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic resolves annotations by the module's name
    try:
        _run_plugin(spec.loader, module, path)
        added = [member for family in _FAMILIES.values() for member in family._members.values() if member not in before]
        _check_plugin(added, path)
    except BaseException:
        del sys.modules[name]
        for family in _FAMILIES.values():
            family._members = {tag: kept for tag, kept in family._members.items() if kept.__module__ != name}
        raise
    _PLUGINS[path] = added
    rebuild(Settings)
    return added


def _run_plugin(loader: Loader, module: ModuleType, path: Path) -> None:
    """Runs the file as this module. Raises `UsageError` with the line that failed."""
    where = str(path)
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == where]
        lines += [error.lineno or 1] if isinstance(error, SyntaxError) and error.filename == where else []
        place = f" in line {lines[-1]}" if lines else ""
        message = f"the plugin failed{place}: {type(error).__name__}: {error}"
        hint = "Mend the plugin; run it with python to see the whole traceback."
        raise UsageError(message, where=where, hint=hint) from error


def _check_plugin(added: list[type[Component]], path: Path) -> None:
    """Raises `UsageError` where a plugin added no component, or one that lacks methods."""
    if not added:
        hint = "Subclass Layer, Loss or another family, and give it a `type`."
        raise UsageError("the plugin declares no component", where=str(path), hint=hint)
    for member in added:
        if lacking := member.open_methods():
            message = f'the {member.family} "{member.tag()}" lacks {", ".join(f"{name}()" for name in lacking)}'
            raise UsageError(message, where=str(path), hint=f"Write them in the class {member.__name__}.")


def rebuild(settings: type[Settings]) -> None:
    """Makes every schema below `settings` that was already built see the members that came later."""
    for child in settings.__subclasses__():
        rebuild(child)
    if settings.__pydantic_complete__:
        settings.model_rebuild(force=True)
