from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scratchnn import component
from scratchnn.component import Component, Settings
from scratchnn.config.dump import dump_config
from scratchnn.config.explain import validate
from scratchnn.config.load import parse_document
from scratchnn.config.overrides import apply_overrides
from scratchnn.errors import ConfigError


@contextmanager
def own_families() -> Iterator[None]:
    """Families declared inside do not stay in the table of all families."""
    before = dict(component._FAMILIES)
    yield
    component._FAMILIES.clear()
    component._FAMILIES.update(before)


with own_families():

    class Layer(Component):
        family: ClassVar[str] = "layer"

    class Activation(Component):
        family: ClassVar[str] = "activation"

        @classmethod
        def shorthand(cls, value: object) -> object:
            if value == "forbidden":
                raise PydanticCustomError("forbidden", "is forbidden here.")
            return super().shorthand(value)

    class Feature(Component):
        family: ClassVar[str] = "feature"


class Relu(Activation):
    type: Literal["relu"] = "relu"


class LeakyRelu(Activation):
    type: Literal["leaky_relu"] = "leaky_relu"
    slope: float = Field(0.01, ge=0, le=1)


class Dense(Layer):
    type: Literal["dense"] = "dense"
    units: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(description="Number of outputs.")
    activation: Activation | None = None


class Dropout(Layer):
    type: Literal["dropout"] = "dropout"
    rate: float = Field(0.5, ge=0, lt=1, allow_inf_nan=False)


class Residual(Layer):
    type: Literal["residual"] = "residual"
    layers: list[Layer]


class Number(Feature):
    type: Literal["number"] = "number"
    scale: Literal["standard", "none"] = "standard"


class Category(Feature):
    type: Literal["category"] = "category"
    levels: int = 2


class Parts(Settings):
    train: str
    test: str | None = None


class Training(Settings):
    epochs: int = Field(50, ge=1)
    shuffle: bool = True
    monitor: str = Field("loss", min_length=1, pattern="^[a-z]+$")

    @field_validator("monitor")
    @classmethod
    def _known(cls, value: str) -> str:
        if value == "gain":
            raise ValueError('"gain" cannot be monitored. Monitor "loss".')
        return value


class Root(Settings):
    name: str = "x"
    seed: int = 0
    source: str | Parts | Feature = "x"
    features: dict[str, Feature] | Feature | None = None
    layers: list[Layer] = Field([])
    loss: Literal["auto"] | Activation = "auto"
    metrics: list[Activation] | None = None
    threads: int | Literal["auto"] = "auto"
    weights: dict[str, float] | Literal["balanced"] | None = None
    size: list[int] | int = Field(3)
    training: Training = Training()

    @model_validator(mode="after")
    def _lucky(self) -> Self:
        if self.seed == 13:
            raise PydanticCustomError("lucky", "{number} is unlucky. Change `seed`.", {"number": 13})
        return self


def faults(text: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(apply_overrides(parse_document(text, "c.yaml"), overrides), Root)
    return str(caught.value).split("\n")


def test_a_good_document_becomes_settings() -> None:
    document = parse_document("layers: [{type: residual, layers: [{type: dense, units: auto}]}, dropout]", "c.yaml")
    assert validate(document, Root).layers == [Residual(layers=[Dense(units="auto")]), Dropout()]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("sede: 1", '1:1: unknown key "sede". Did you mean "seed"?'),
        ("epochs: 1", '1:1: unknown key "epochs". "epochs" belongs under "training".'),
        ("slope: 1", '1:1: unknown key "slope". "slope" belongs under "loss".'),
        ("training: {seed: 1}", '1:12: training: unknown key "seed". "seed" belongs at the top level.'),
        ("training: {epoch: 1}", '1:12: training: unknown key "epoch". Did you mean "epochs"?'),
        ("training: 5", "1:11: training: expects a mapping, got 5"),
        ("training: []", "1:1: training: expects a mapping, got []"),
        ("training:", "1:10: training: expects a mapping, got null. Write a value, or take the key out."),
        ("training: {epochs: 0}", "1:20: training.epochs: expects a whole number of at least 1, got 0"),
        ("training: {epochs: 1.5}", "1:20: training.epochs: expects a whole number of at least 1, got 1.5"),
        ("training: {epochs: true}", "1:20: training.epochs: expects a whole number of at least 1, got true"),
        (
            "training: {epochs: '5'}",
            '1:20: training.epochs: expects a whole number of at least 1, got "5". Write it without quotes.',
        ),
        ("training: {shuffle: yes}", '1:21: training.shuffle: expects true or false, got "yes". Write true or false.'),
        (
            "training: {monitor: X}",
            '1:21: training.monitor: expects text of length at least 1 that matches "^[a-z]+$", got "X"',
        ),
        ("training: {monitor: gain}", '1:21: training.monitor: "gain" cannot be monitored. Monitor "loss".'),
        ("name: 5", '1:7: name: expects text, got 5. Put it in quotes: "5".'),
        ("seed: 13", "1:1: 13 is unlucky. Change `seed`."),
        ("name: a\nseed: 13", "2:1: 13 is unlucky. Change `seed`."),
        ("layers: dense", '1:9: layers: expects a list, got "dense". Write it as a list: ["dense"].'),
        ("layers: [dense]", '1:10: layers[0]: lacks the required key "units". Write {type: dense, units: ...}.'),
        ("layers: [{type: dense}]", '1:10: layers[0]: lacks the required key "units". Number of outputs.'),
        ("layers: [{type: dens, units: 1}]", '1:17: layers[0]: unknown layer "dens". Did you mean "dense"?'),
        ("layers: [banana]", '1:10: layers[0]: unknown layer "banana". Choose one of: dense, dropout, residual.'),
        ("layers: [3]", "1:10: layers[0]: expects a layer, got 3. Choose one of: dense, dropout, residual."),
        ("layers: [{type: 3}]", "1:17: layers[0]: unknown layer 3. Choose one of: dense, dropout, residual."),
        ("layers: [{}]", "1:10: layers[0]: lacks `type`, the name of the layer. Choose one of: dense"),
        ("layers: [{rate: 0}]", '1:10: layers[0]: lacks `type`, the name of the layer. Write "type: dropout"'),
        ("layers: [{typ: dense}]", '1:10: layers[0]: lacks `type`, the name of the layer. Write "type" for "typ".'),
        ("layers: [{dense: {units: 3}}]", '1:10: layers[0]: lacks `type`, the name of the layer. Write "type: dense"'),
        ("layers: [{type: dropout, rte: 0}]", '1:26: layers[0]: unknown key "rte". Did you mean "rate"?'),
        ("layers: [{type: dropout, units: 0}]", '1:26: layers[0]: unknown key "units". "units" is a key of dense.'),
        ("layers: [{type: dropout, rate: .nan}]", "1:32: layers[0].rate: expects a finite number, got .nan"),
        (
            "layers: [{type: dropout, rate: 1}]",
            "1:32: layers[0].rate: expects a number of at least 0 and below 1, got 1",
        ),
        (
            "layers: [{type: dense, units: 0}]",
            "1:31: layers[0].units: expects a whole number of at least 1, got 0",
        ),
        (
            "layers: [{type: dense, units: aut}]",
            '1:31: layers[0].units: expects a whole number of at least 1 or "auto", got "aut". Did you mean "auto"?',
        ),
        (
            "layers:\n  - {type: residual, layers: [dropout, {type: dense, units: 1, activation: leaky_rleu}]}",
            '2:76: layers[0].layers[1].activation: unknown activation "leaky_rleu". Did you mean "leaky_relu"?',
        ),
        (
            "layers: [{type: dense, units: 1, activation: {type: leaky_relu, slope: 2}}]",
            "1:72: layers[0].activation.slope: expects a number from 0 to 1, got 2",
        ),
        ("layers: [{type: dense, units: 1, activation: forbidden}]", "1:46: layers[0].activation: is forbidden here"),
        ("threads: x", '1:10: threads: expects a whole number or "auto", got "x"'),
        ("threads: 1.5", '1:10: threads: expects a whole number or "auto", got 1.5'),
        ("loss: rleu", '1:7: loss: unknown activation "rleu". Did you mean "relu"?'),
        ("loss: atuo", '1:7: loss: unknown activation "atuo". Did you mean "auto"?'),
        ("loss: {type: relu, slope: 1}", '1:20: loss: unknown key "slope". "slope" is a key of leaky_relu.'),
        ("metrics: relu", '1:10: metrics: expects a list or null, got "relu". Write it as a list'),
        ("loss: {type: relu, gamma: 1}", '1:20: loss: unknown key "gamma". relu has no keys besides `type`.'),
        ("loss: {type: leaky_relu, x: 1}", '1:26: loss: unknown key "x". Choose one of: slope.'),
        ("metrics: [rleu]", '1:11: metrics[0]: unknown activation "rleu". Did you mean "relu"?'),
        ("weights: {a: x}", '1:14: weights.a: expects a number, got "x"'),
        ("weights: balance", '1:10: weights: expects a mapping, "balanced" or null, got "balance". Did you mean'),
        ("weights: [1]", '1:1: weights: expects a mapping, "balanced" or null, got [1]'),
        ("size: [1, x]", '1:11: size[1]: expects a whole number, got "x"'),
        ("size: x", '1:7: size: expects a list or a whole number, got "x"'),
        ("source: 5", "1:9: source: expects text, a mapping or a feature, got 5"),
        ("source: {trian: x, train: y}", '1:10: source: unknown key "trian". Did you mean "train"?'),
        ("source: {train: 1}", '1:17: source.train: expects text, got 1. Put it in quotes: "1".'),
        ("source: {type: nmber}", '1:16: source: unknown feature "nmber". Did you mean "number"?'),
        ("source: {type: category, levels: x}", '1:34: source.levels: expects a whole number, got "x"'),
        ("features: nmber", '1:11: features: unknown feature "nmber". Did you mean "number"?'),
        ("features: {age: nmber}", '1:17: features.age: unknown feature "nmber". Did you mean "number"?'),
        ("features: {age: {type: number, scal: x}}", '1:32: features.age: unknown key "scal". Did you mean "scale"?'),
        ("features: {type: number, scale: non}", '1:33: features.scale: expects "standard" or "none", got "non"'),
        ('features: {"a.b": 5}', '1:19: features."a.b": expects a feature, got 5'),
        (f"seed: {'x' * 100}", f'1:7: seed: expects a whole number, got "{"x" * 58}…'),
    ],
)
def test_each_class_of_fault(text: str, fault: str) -> None:
    found = faults(text)
    assert len(found) == 1, found
    assert found[0].startswith(f"c.yaml:{fault}")


TEXT = """\
sede: 1
training:
  epochs: x
layers:
  - dropout
  - type: dense
    units: 0
"""


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    assert [fault.split(" ")[0] for fault in faults(TEXT)] == ["c.yaml:1:1:", "c.yaml:3:11:", "c.yaml:7:12:"]


def test_faults_of_overrides_name_the_override_and_come_last() -> None:
    found = faults(TEXT, "seed=a", "layers.1.units=b", "training={epochs: 1, x: 2}", "new.key=1")
    assert [fault.partition(": ")[0] for fault in found] == [
        "c.yaml:1:1",
        "--set seed=a",
        "--set layers.1.units=b",
        "--set training={epochs",
        "--set new.key=1",
    ]
    assert found[1] == '--set seed=a: seed: expects a whole number, got "a"'


def test_a_tag_written_out_by_an_override_keeps_its_place() -> None:
    assert faults("loss: rleu", "loss.slope=1") == ['c.yaml:1:7: loss: unknown activation "rleu". Did you mean "relu"?']


def test_a_missing_key_is_reported_at_its_parent() -> None:
    assert faults("source:\n  test: x\n") == ['c.yaml:1:1: source: lacks the required key "train"']
    with pytest.raises(ConfigError) as caught:
        validate(parse_document("\n\ntest: x\n", "c.yaml"), Parts)
    assert str(caught.value) == 'c.yaml:3:1: lacks the required key "train"'


def test_a_prefix_checks_one_part_with_full_key_paths() -> None:
    document = parse_document("other: 1\nparts: [{train: x}, {train: 5}]\ntraining: {epochs: 3, seed: 1}\n", "c.yaml")
    assert validate(document, Parts, "parts[0]") == Parts(train="x")
    assert validate(document, Training, "nowhere") == Training()
    with pytest.raises(ConfigError, match=r"^c\.yaml:2:29: parts\[1\]\.train: expects text, got 5"):
        validate(document, Parts, "parts.-1")
    with pytest.raises(ConfigError, match=r'^c\.yaml:3:23: training: unknown key "seed". Choose one of: epochs'):
        validate(document, Training, "training")


def test_the_error_holds_each_fault_apart() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(parse_document("seed: x\nnaem: y\n", "c.yaml"), Root)
    first, second = caught.value.faults
    assert (first.where, first.message, first.hint) == ("c.yaml:1:7", 'seed: expects a whole number, got "x"', "")
    assert (second.where, second.hint) == ("c.yaml:2:1", 'Did you mean "name"?')
    assert caught.value.exit_code == 2


def test_at_most_fifty_faults_are_shown() -> None:
    found = faults("size: [" + "x, " * 60 + "]")
    assert len(found) == 51
    assert found[-1] == "c.yaml: and 10 more faults"


def test_what_an_alias_repeats_is_reported_once() -> None:
    assert len(faults("weights: {a: &x y, b: 1}\nsource: {type: number, scale: &s z}\n")) == 2
    assert faults("layers: [&d {type: dropout, rate: 2}, *d]") == [
        "c.yaml:1:35: layers[0].rate: expects a number of at least 0 and below 1, got 2",
        "c.yaml:1:35: layers[1].rate: expects a number of at least 0 and below 1, got 2",
    ]


keys = st.sampled_from([*Root.model_fields, "type", "units", "rate", "train", "epochs", "activation", "scale", "x"])
words = st.sampled_from(["relu", "dense", "dropout", "number", "residual", "auto", "forbidden", "gain", "x", "a: b"])
plain = st.none() | st.booleans() | st.integers(-2, 14) | st.floats() | words
nested = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=10
)


@given(st.dictionaries(keys, nested, max_size=4))
def test_any_data_becomes_settings_or_plain_words(data: dict[str, Any]) -> None:
    document = parse_document(dump_config(_Any(data=data)), "c.yaml")
    try:
        made = validate(document, Root, "data")
    except ConfigError as error:
        for fault in error.faults or [error]:
            assert fault.where.startswith("c.yaml:")
            for word in ("pydantic", "Input should", "valid", "function-wrap", "constrained", "union"):
                assert word not in str(fault)
    else:
        assert isinstance(made, Root)


class _Any(Settings):
    data: Any
