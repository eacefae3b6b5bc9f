"""A starter is a config: whatever the names in the table, it is read back as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.config.explain import validate
from scratchnn.config.load import parse_document
from scratchnn.config.schema import Config
from scratchnn.config.starter import Recipe, noteworthy, starter
from scratchnn.data.proposals import Proposal, TargetProposal
from scratchnn.data.tables import Task
from scratchnn.nn.layers.column_embedding import ColumnEmbedding
from scratchnn.nn.layers.composite import Parallel
from scratchnn.nn.layers.select import Select

CLASSES = TargetProposal("classification", "2 classes: no (60), yes (40)", 2, 40)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    str.strip
)


def config_of(text: str) -> Config:
    return validate(parse_document(text, "c.yaml"), Config)


@settings(deadline=None)
@given(
    names=st.lists(NAMES, min_size=2, max_size=4, unique=True),
    source=NAMES.map(lambda text: f"{text}t.csv"),
    reason=st.text(max_size=20),
)
def test_any_name_comes_back(names: list[str], source: str, reason: str) -> None:
    target, *others = names
    columns = [Proposal(name, {"type": "number"}, reason) for name in others]
    made = config_of(starter(source, "x", 100, [target], CLASSES, columns))
    assert made.data.target == [target]
    assert list(made.data.features or {}) == others
    assert made.data.source.first.path == source


def test_settings_of_columns_and_the_layer_for_embedded_ones() -> None:
    columns = [
        Proposal("age", {"type": "number", "missing": "median"}, "0 to 80"),
        Proposal("port", {"type": "category", "encode": "embedding", "min_count": 3}),
        Proposal("id", {"type": "ignore"}),
    ]
    text = starter("t.csv", "t", 1000, ["y"], CLASSES, columns)
    made = config_of(text)
    features = {name: feature.model_dump(exclude_defaults=True) for name, feature in made.data.features.items()}
    assert features == {"age": {"missing": "median"}, "port": {"encode": "embedding", "min_count": 3}, "id": {}}
    assert [layer.tag() for layer in made.model.layers] == ["column_embedding", "dense", "dense"]
    assert "column_embedding" not in starter("t.csv", "t", 1000, ["y"], CLASSES, columns[:1])
    assert "{type: number, missing: median}" in text
    assert "# 0 to 80" in text


@pytest.mark.parametrize(("rarest", "stratified"), [(1, False), (2, True)])
def test_classes_that_cannot_be_in_every_part_are_not_stratified(rarest: int, stratified: bool) -> None:
    target = TargetProposal("classification", "", 3, rarest)
    made = config_of(starter("t.csv", "t", 100, ["y"], target, [Proposal("x", {"type": "number"})]))
    assert made.data.split.stratify is stratified


def test_several_targets() -> None:
    target = TargetProposal("regression", "y 0 to 1; z 0 to 2")
    made = config_of(starter("t.csv", "t", 100, ["y", "a, b"], target, [Proposal("x", {"type": "number"})]))
    assert made.data.target == ["y", "a, b"]
    assert made.data.task == "regression"


def test_of_a_wide_table_only_what_needs_words_is_listed() -> None:
    columns = [Proposal(f"x{number}", {"type": "number"}) for number in range(41)]
    columns.append(Proposal("id", {"type": "ignore"}, "it counts the rows"))
    text = starter("t.csv", "t", 100, ["y"], CLASSES, columns)
    assert list(config_of(text).data.features) == ["id"]
    assert "# 41 other columns are numbers" in text
    assert noteworthy(columns[:40]) == columns[:40]
    assert config_of(starter("t.csv", "t", 100, ["y"], CLASSES, columns[:41])).data.features is None


@pytest.mark.parametrize(
    ("rows", "task", "recipe"),
    [
        (1, "classification", Recipe(256, 1, 16, 100, 0, 5e-3, 1.0)),
        (600, "multi_label", Recipe(256, 1, 32, 100, 0, 5e-3, 1.0)),
        (601, "multi_label", Recipe(256, 1, 32, 100, 0, 5e-3, 0.1)),
        (3_000, "ordinal", Recipe(256, 1, 32, 100, 0, 5e-3, 0.1)),
        (600, "regression", Recipe(256, 1, 32, 100, 0, 5e-3, 1.0)),
        (601, "count", Recipe(64, 2, 32, 300, 50, 1e-2, 1e-2)),
        (9_571, "multi_label", Recipe(128, 2, 64, 190, 31, 1e-2, 1e-2)),
        (142_857, "regression", Recipe(128, 2, 128, 25, 10, 1e-2, 1e-2)),
    ],
)
def test_sizes_follow_the_rows(rows: int, task: Task, recipe: Recipe) -> None:
    """20,000 steps: of 9,571 rows 6,700 make 105 batches of 64, so 190 epochs."""
    assert Recipe.of(rows, task) == recipe


@pytest.mark.parametrize(("rows", "fraction"), [(3_000, 0.0), (3_001, 0.15)])
def test_few_rows_have_no_part_for_validation(rows: int, fraction: float) -> None:
    made = config_of(starter("t.csv", "t", rows, ["y"], CLASSES, [Proposal("x", {"type": "number"})]))
    assert made.data.split.validation == fraction
    assert (made.training.early_stopping is None) == (fraction == 0)


def test_sequences_have_layers_of_their_own() -> None:
    """One alone is what the network is given; beside others each has a branch."""
    beat, pages = Proposal("the beat", {"type": "sequence"}), Proposal("pages: all", {"type": "items"})
    alone = config_of(starter("t.jsonl", "t", 100, ["y"], CLASSES, [beat, Proposal("id", {"type": "ignore"})]))
    assert [layer.tag() for layer in alone.model.layers] == ["gru", "dense", "dense"]
    ids = config_of(starter("t.jsonl", "t", 100, ["y"], CLASSES, [pages]))
    assert [layer.tag() for layer in ids.model.layers] == ["embedding", "gru", "dense", "dense"]
    port = Proposal("port", {"type": "category", "encode": "embedding"})
    joined = config_of(starter("t.jsonl", "t", 100, ["y"], CLASSES, [beat, port, pages]))
    parallel = joined.model.layers[0]
    assert isinstance(parallel, Parallel)
    first, second, rest = parallel.branches
    assert [layer.tag() for layer in first] == ["select", "gru"]
    assert [layer.tag() for layer in second] == ["select", "embedding", "gru"]
    assert second[0] == Select(columns=["pages: all"])
    assert rest == [Select(without=["the beat", "pages: all"]), ColumnEmbedding()]


def test_a_table_of_one_text_is_told_of_the_order_of_words() -> None:
    text = Proposal("review", {"type": "text", "buckets": 64})
    assert "# for the order of words: review: tokens, and layers: [{type: emb" in starter(
        "t.csv", "t", 100, ["y"], CLASSES, [text, Proposal("id", {"type": "ignore"})]
    )
    others = starter("t.csv", "t", 100, ["y"], CLASSES, [text, Proposal("age", {"type": "number"})])
    assert "order of words" not in others
