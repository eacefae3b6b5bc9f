"""What the table of cases covers: every choice of every setting, and batches and shapes of several kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

from scratchnn.component import Component, families
from scratchnn.nn import cases
from scratchnn.nn.layer import Layer

ROWS = (*cases.LAYERS, *cases.ACTIVATIONS, *cases.LOSSES)
MEMBERS = {
    member
    for family in cases.FAMILIES
    for member in families()[family].members().values()
    if member.__module__.startswith("scratchnn.")
}
OF_ALL = {"type", *(name for name in Layer.model_fields)}
OF_TRAINING = {"init", "bias_init", "recurrent_init", "slope_init", "l1", "l2", "constraint"}  # no matter to a gradient


def inside(value: object) -> Iterator[Component]:
    """A component and those in its settings."""
    if isinstance(value, Component):
        yield value
        for name in type(value).model_fields:
            yield from inside(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from inside(each)


def choices(annotation: Any) -> set[object]:
    """The values that a setting chooses from; none for numbers and components. `auto` units are filled in before."""
    if annotation is bool:
        return {True, False}
    if get_origin(annotation) is Literal:
        return set(get_args(annotation)) - {"auto"}
    return {value for part in get_args(annotation) for value in choices(part)}


USED = [component for row in ROWS for component in inside(row.component)]


@pytest.mark.parametrize("member", sorted(MEMBERS, key=lambda member: member.tag()), ids=lambda member: member.tag())
def test_every_setting_is_tried_with_every_choice_or_two_values(member: type[Component]) -> None:
    of_kind = [component for component in USED if type(component) is member]
    for name in member.model_fields.keys() - OF_ALL - OF_TRAINING:
        field = member.model_fields[name]
        seen = [getattr(component, name) for component in of_kind]
        wanted = choices(field.annotation)
        lacking = [choice for choice in wanted if not any(type(s) is type(choice) and s == choice for s in seen)]
        assert not lacking, f"no row with {name}: {lacking}"
        if not wanted and not field.is_required():
            assert len({repr(value) for value in seen}) > 1, f"every row has {name}: {seen[0]}"


@pytest.mark.parametrize("member", sorted(MEMBERS, key=lambda member: member.tag()), ids=lambda member: member.tag())
def test_batches_of_one_and_odd_ones(member: type[Component]) -> None:
    batches = {row.batch for row in ROWS if type(row.component) is member}
    assert 1 in batches
    assert any(batch > 1 and batch % 2 for batch in batches)


@pytest.mark.parametrize("family", [cases.LAYERS, cases.ACTIVATIONS], ids=["layers", "activations"])
def test_three_shapes_each(family: tuple[cases.LayerCase, ...]) -> None:
    kinds = {type(row.component) for row in family}
    shapes = {kind.tag(): {row.shape for row in family if type(row.component) is kind} for kind in kinds}
    assert {tag: found for tag, found in shapes.items() if len(found) < 3} == {}


def test_strides_beyond_the_kernel() -> None:
    """They leave numbers out, whose gradient is 0."""
    moving = [component for component in USED if "stride" in type(component).model_fields]
    found = {layer.tag() for layer in moving if _first(layer, "stride") > _first(layer, "kernel_size", "pool_size")}
    assert found == {member.tag() for member in MEMBERS if "stride" in member.model_fields}


def _first(layer: Component, *names: str) -> int:
    """A setting that is one number, or one for each axis; 0 where it is that of the pool."""
    value = next(getattr(layer, name) for name in names if hasattr(layer, name))
    return int(value[0] if isinstance(value, list | tuple) else value or 0)
