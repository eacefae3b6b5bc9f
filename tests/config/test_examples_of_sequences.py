"""The examples in the docstrings of what learns from sequences are configs, and their layers fit their data."""

from __future__ import annotations

import inspect
from textwrap import dedent
from typing import Any

import pytest

from scratchnn.config.explain import validate
from scratchnn.config.load import parse_document
from scratchnn.config.schema import Config
from scratchnn.data.features.items import Items
from scratchnn.data.features.sequence import Sequence
from scratchnn.data.features.tokens import Tokens
from scratchnn.data.window_inputs import WindowSettings
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.select import Select
from scratchnn.nn.network import Network

IDS = InputSpec((7,), "ids", count=9, padded=True)


def example(documented: Any) -> str:
    """The indented lines of a docstring."""
    lines = inspect.getdoc(documented).splitlines()
    return dedent("\n".join(line for line in lines if line.startswith("    "))) + "\n"


@pytest.mark.parametrize(
    ("documented", "inputs", "outputs"),
    [
        (Tokens, IDS, 1),
        (Items, IDS, 1),
        (Sequence, InputSpec((7, 1), padded=True), 1),
        (WindowSettings, InputSpec((24, 3)), 3),
    ],
    ids=["tokens", "items", "sequence", "windows"],
)
def test_examples_are_configs(documented: Any, inputs: InputSpec, outputs: int) -> None:
    config = validate(parse_document(example(documented), "c.yaml"), Config)
    layers = [layer.with_outputs(outputs) for layer in config.model.layers]
    assert Network(layers, inputs).outputs.shape == (outputs,)


def test_the_example_of_select_joins_a_text_and_numbers() -> None:
    document = parse_document(f"layers:\n{example(Select)}", "c.yaml")
    layers = [Layer.parse(layer) for layer in document.data["layers"]]
    columns = (Column("price"), Column("review", 5, width=6, sequence=True), Column("stars"))
    assert Network(layers, InputSpec((8,), columns=columns)).outputs.shape == (24,)
