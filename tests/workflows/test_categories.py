"""A table with category columns in several encodings and gaps, from a config to predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import Column, InputSpec
from scratchnn.nn.losses import TargetSpec
from scratchnn.workflows.building import build
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.gradients import gradcheck
from scratchnn.workflows.inspect import summary
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import resume, train

FEATURES: dict[str, Any] = {
    "home town": {"type": "category", "encode": "embedding", "missing": "as_category", "units": 3},
    "shop": {"type": "category", "encode": "target", "missing": "most_frequent", "min_count": 2},
    "deck": {"type": "category", "missing": "as_category"},
    "size": {"type": "category", "encode": "ordinal", "order": ["S", "M", "L"]},
    "code": {"type": "category", "encode": "hash", "buckets": 6},
}
CONFIG: dict[str, Any] = {
    "seed": 2,
    "data": {"source": "t.csv", "target": "kind", "features": FEATURES},
    "model": {
        "layers": [
            "column_embedding",
            {"type": "dense", "units": 16, "activation": "relu"},
            {"type": "dense", "units": "auto"},
        ]
    },
    "optimizer": {"type": "adam", "learning_rate": 0.02},
    "training": {"epochs": 25, "batch_size": 16},
}


def rows_of(count: int = 240) -> list[dict[str, str]]:
    """The kind is that of the town by its number modulo 3, but for a tenth of the rows."""
    rng = np.random.default_rng(4)
    towns = rng.integers(12, size=count)
    kinds = np.where(rng.random(count) < 0.1, rng.integers(3, size=count), towns % 3)
    return [
        {
            "x": f"{rng.standard_normal():.3f}",
            "home town": f"town {town}" if rng.random() > 0.1 else "",
            "shop": rng.choice(["NA", f"s{kind}", "s1"]),
            "deck": rng.choice(["A", "B", "", "?"]),
            "size": rng.choice(["S", "M", "L"]),
            "code": f"c{rng.integers(40)}",
            "kind": f"k{kind}",
            "price": f"{100 * kind + rng.standard_normal():.2f}",
        }
        for town, kind in zip(towns, kinds, strict=True)
    ]


def written(rows: list[dict[str, str]] | None = None, **data: Any) -> Path:
    rows = rows_of() if rows is None else rows
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    Path("t.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    other = {"kind": "price", "price": "kind"}[data.get("target", "kind")]
    config = CONFIG | {"data": CONFIG["data"] | data}
    config["data"]["features"] = config["data"]["features"] | {other: "ignore"}
    Path("c.yaml").write_text(yaml.safe_dump(config))
    return Path("c.yaml")


@pytest.mark.parametrize("target", ["kind", "price"])
def test_a_table_is_learned_judged_again_and_predicted(target):
    run = train(written(target=target))
    figures = run.metrics["test"]
    assert figures["accuracy"] > 0.7 if target == "kind" else figures["r2"] > 0.5  # guessing: 0.4 and 0
    for split in ("train", "validation", "test"):
        assert evaluate(run.run, split=split).metrics["loss"] == run.metrics[split]["loss"], split
    new = [dict(rows_of(1)[0]) for _ in range(3)]
    new[0] |= {"home town": "Atlantis", "shop": "new", "deck": "Z", "size": "XXL", "code": "zz"}
    new[1] |= {"home town": "Mu", "shop": "other", "deck": "Y", "size": "XS", "code": "zz"}
    new[2] |= {"home town": "?", "shop": "", "deck": "NA"}
    result = predict(_table("new.csv", new), run.run)
    if target == "price":
        assert result.rows[0][-1] == result.rows[1][-1] != result.rows[2][-1]
    unseen = {note.partition(":")[0] for note in result.notes}
    assert {"home town", "shop", "deck", "size"} <= unseen <= {*FEATURES}


def _table(path: str, rows: list[dict[str, str]]) -> str:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    Path(path).write_text("\n".join(map(",".join, lines)) + "\n")
    return path


def test_the_model_keeps_the_vector_of_unseen_towns_at_zero_and_those_of_others_apart():
    model = load_model(train(written()).run)
    arrays = model.built.network.arena.named_arrays()
    vectors = arrays["0.home_town.weight"]
    assert vectors.shape == (1 + 12 + 1, 3)  # unseen, the towns, missing
    assert not vectors[0].any()
    towns = sorted(f"town {number}" for number in range(12))
    groups = np.array([int(town.split()[1]) % 3 for town in towns])
    own = vectors[1:13]
    centres = np.stack([own[groups == group].mean(axis=0) for group in range(3)])
    nearest = np.linalg.norm(own[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == groups).mean() > 0.8  # towns of one kind lie together
    names = model.encoder.feature_names
    assert names[:4] == ["x", "home town", "shop=target1", "shop=target2"]
    assert names[4:8] == ["deck=A", "deck=B", "deck=(missing)", "size"]


def test_a_stopped_training_goes_on_to_the_same_bits(stopping):
    whole = train(written(), overrides=["training.epochs=4"])
    part = train(written(), overrides=["training.epochs=4"], **stopping(2))
    assert part.status == "interrupted"
    again = resume(part.run)
    first, second = (load_model(run.run).built.network.arena.parameters for run in (whole, again))
    assert first.tobytes() == second.tobytes()


def test_a_summary_and_the_gradients_of_the_config():
    path = written()
    found = summary(path)
    assert found.inputs == (1 + 1 + 2 + 3 + 1 + 6,)
    first = found.layers[0]
    assert (first.tag, first.output, first.parameters) == ("column_embedding", (16,), 14 * 3)
    report = gradcheck(path)
    assert report.passed
    assert {"0.home_town.weight", "1.weight", "input"} <= {check.array for check in report.checks}


def test_codes_need_their_layer():
    features = {**FEATURES, "deck": {**FEATURES["deck"], "encode": "embedding"}}
    path = written(features=features)
    with pytest.raises(ShapeError) as caught:
        train(path, overrides=["model.layers.0=flatten"])
    message = "(dense) expects numbers, but the columns home town, deck are codes"
    assert caught.value.message.endswith(message)
    assert caught.value.hint == 'Put "column_embedding" before it.'


def test_a_layer_for_codes_needs_them():
    with pytest.raises(ShapeError, match=r"\(column_embedding\) expects a table with columns of codes"):
        train(written(features={**FEATURES, "home town": {"type": "category", "missing": "as_category"}}))


def test_a_field_that_means_nothing_is_refused_where_it_is_written():
    path = written(features={**FEATURES, "deck": {"type": "category", "encode": "hash", "units": 3}})
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "units: 3" in text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "`units` is for encode: embedding, not for hash" in str(caught.value)
    assert str(caught.value).startswith(f"c.yaml:{line}:")


def test_autoencoders_take_no_codes():
    config = load_config(written()).config
    inputs = InputSpec((2,), columns=(Column("x"), Column("deck", 3)))
    with pytest.raises(ShapeError, match=r"data\.features: codes cannot be reconstructed: deck"):
        build(config, inputs, TargetSpec.of_inputs((2,)))
    path = written()
    document = yaml.safe_load(path.read_text())
    document["data"] = {"source": "t.csv", "task": "reconstruction", "features": FEATURES}
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match="cannot be turned back into its cells"):
        load_config(path)


def test_an_autoencoder_of_ranks_and_gaps_gives_back_their_levels():
    path = written()
    document = yaml.safe_load(path.read_text())
    kept = {"deck": FEATURES["deck"], "size": FEATURES["size"]}
    ignored = dict.fromkeys(["home town", "shop", "code", "kind", "price"], "ignore")
    document["data"] = {"source": "t.csv", "task": "reconstruction", "features": kept | ignored}
    document["model"]["layers"] = [{"type": "dense", "units": 5}, {"type": "dense", "units": "auto"}]
    path.write_text(yaml.safe_dump(document))
    result = predict("t.csv", train(path).run)
    rows = [dict(zip(result.header, row, strict=True)) for row in result.rows]
    assert np.mean([row["size"] == row["reconstructed_size"] for row in rows]) > 0.9
    decks = [row["deck"].replace("?", "") == row["reconstructed_deck"] for row in rows]
    assert np.mean(decks) > 0.9
