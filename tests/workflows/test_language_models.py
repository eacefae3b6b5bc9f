"""Models of texts end to end: both architectures learn, are checked, resume bit for bit, and go on with a prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.vocabulary import UNKNOWN
from scratchnn.errors import ConfigError, ShapeError, UsageError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.generate import generate
from scratchnn.workflows.gradients import gradcheck
from scratchnn.workflows.inspect import summary
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import plan, resume, train

RHYME = "one two three four five six seven eight nine ten\n"
LSTM = [
    {"type": "embedding", "units": 8},
    {"type": "lstm", "units": 24, "return_sequences": True},
    {"type": "dense", "units": "auto"},
]
BLOCK = {"type": "transformer_decoder", "heads": 2, "feed_forward": 32, "dropout": 0.0, "norm_first": True}
TRANSFORMER = [
    {"type": "tied_embedding", "units": 16, "layers": ["learned_positions", BLOCK, BLOCK, "layer_norm"]},
]


def document(layers: Any = LSTM, **training: Any) -> dict[str, Any]:
    return {
        "name": "rhyme",
        "seed": 1,
        "data": {"source": {"type": "text", "path": "rhyme.txt", "context": 12, "stride": 5}},
        "model": {"layers": layers},
        "optimizer": {"type": "adam", "learning_rate": 0.02},
        "training": {"epochs": 20, "batch_size": 16, **training},
    }


@pytest.fixture(autouse=True)
def _text(_inside: None) -> None:
    Path("rhyme.txt").write_text(RHYME * 30)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rhyme")
    (folder / "rhyme.txt").write_text(RHYME * 30)
    made = document()
    made["data"]["source"]["path"] = str(folder / "rhyme.txt")
    return train(made, run_dir=folder / "run").run


@pytest.mark.parametrize("layers", [LSTM, TRANSFORMER], ids=["lstm", "transformer"])
def test_a_rhyme_is_learned_and_said(layers: Any) -> None:
    """Guessing among the 17 ids is a perplexity of 17; the rhyme leaves nothing open once its place is known."""
    made = document(layers, epochs=30)
    made["optimizer"]["learning_rate"] = 0.01
    result = train(made)
    assert list(result.metrics["test"]) == ["loss", "accuracy", "perplexity"]
    assert result.metrics["test"]["perplexity"] < 1.5
    assert result.metrics["test"]["accuracy"] > 0.9
    said = generate(result.run, prompt="one two three four", length=100, temperature=0)
    assert said.text == (RHYME * 4)[: 18 + 100]


@pytest.mark.parametrize("layers", [LSTM, TRANSFORMER], ids=["lstm", "transformer"])
def test_its_gradients_are_right(layers: Any) -> None:
    made = document(layers)
    made["loss"] = {"type": "cross_entropy", "label_smoothing": 0.1}
    made["data"]["source"]["context"] = 5
    Path("rhyme.yaml").write_text(json.dumps(made))
    report = gradcheck("rhyme.yaml")
    assert report.passed, report.worst
    assert summary("rhyme.yaml").loss == "cross_entropy"


@pytest.mark.parametrize("layers", [LSTM, TRANSFORMER], ids=["lstm", "transformer"])
def test_stopped_and_resumed_it_is_the_same_to_the_bit(layers: Any, stopping: Any) -> None:
    layers = [*layers[:-1], {"type": "dropout", "rate": 0.1}, layers[-1]] if layers is LSTM else layers
    made = document(layers, epochs=4)
    whole = train(made, run_dir="whole")
    again = train(made, run_dir="again")
    part = train(made, run_dir="part", **stopping(2))
    assert part.status == "interrupted"
    done = resume("part")
    models = [(run / "model.safetensors").read_bytes() for run in (whole.run, again.run, done.run)]
    assert models[0] == models[1] == models[2]
    assert whole.metrics == done.metrics


def test_the_vocabulary_and_the_embedding_follow_the_text(run: Path) -> None:
    model = load_model(run)
    arrays = model.built.network.arena.named_arrays()
    count = len(set(RHYME)) + 1
    assert arrays["0.weight"].shape == (count, 8)
    assert arrays["2.weight"].shape == (24, count)
    assert model.encoder.inputs.vocabulary == sorted(set(RHYME))


def test_a_split_and_a_new_text_are_judged(run: Path) -> None:
    Path("other.md").write_text("one two three four five six seven eight nine ten\none ZZZ two three\n")
    found = evaluate(run, data="other.md", require=["perplexity<1000"])
    assert found.rows == 5
    assert found.passed
    assert list(found.metrics) == ["loss", "accuracy", "perplexity", "log_loss", "bits_per_token"]
    assert found.metrics["perplexity"] == pytest.approx(np.exp(found.metrics["log_loss"]))
    assert found.metrics["bits_per_token"] == pytest.approx(found.metrics["log_loss"] / np.log(2))
    assert found.metrics["loss"] == pytest.approx(found.metrics["log_loss"], rel=1e-5)
    assert found.notes == ["3 characters never occur in the training text"]
    kept = json.loads((run / "summary.json").read_text())["metrics"]
    for split in ("train", "validation", "test"):
        assert evaluate(run, split=split).metrics["loss"] == kept[split]["loss"]


def test_the_same_seed_gives_the_same_text(run: Path) -> None:
    texts = [generate(run, prompt="one ", length=60, temperature=2.0, seed=seed).text for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert all(len(text) == 64 for text in texts)


def test_prompts_short_long_empty_and_strange(run: Path) -> None:
    assert generate(run, length=8, temperature=0).text == "one two "
    assert generate(run, prompt=RHYME * 3 + "one t", length=3, temperature=0).continuation == "wo "
    assert generate(run, prompt="any", length=0).text == "any"
    strange = generate(run, prompt="one ü", length=50, temperature=5.0)
    assert strange.notes == ["1 character of the prompt never occurs in the training text"]
    assert generate(run, prompt="éü", length=0).notes == ["2 characters of the prompt never occur in the training text"]
    assert strange.text.startswith("one ü")
    assert set(strange.continuation) <= set(RHYME)


def test_the_unknown_is_never_drawn_however_probable(run: Path) -> None:
    model = load_model(run)
    said = generate(model, prompt="one", length=30, temperature=0).continuation
    model.built.network.arena.named_arrays()["2.bias"][UNKNOWN] = 50
    assert generate(model, prompt="one", length=30, temperature=0).continuation == said
    assert set(generate(model, prompt="one", length=30, top_p=0.5).continuation) <= set(RHYME)


def test_top_k_of_one_is_greedy(run: Path) -> None:
    greedy = generate(run, prompt="six", length=40, temperature=0).text
    assert generate(run, prompt="six", length=40, temperature=3.0, top_k=1).text == greedy
    assert generate(run, prompt="six", length=40, temperature=3.0, top_p=1e-9).text == greedy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": -1}, "--length: got -1, expected 0 or more"),
        ({"temperature": -0.5}, "--temperature: got -0.5"),
        ({"temperature": float("nan")}, "--temperature: got nan"),
        ({"temperature": float("inf")}, "--temperature: got inf"),
        ({"top_k": 0}, "--top-k: got 0, expected 1 or more"),
        ({"top_p": 0.0}, "--top-p: got 0.0, expected above 0, at most 1"),
        ({"top_p": 1.5}, "--top-p: got 1.5"),
        ({"seed": -1}, "--seed: got -1"),
    ],
)
def test_options_out_of_range(run: Path, options: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        generate(run, **options)
    assert message in str(caught.value)


def test_words_are_tokens_too() -> None:
    made = document(epochs=30)
    made["data"]["source"] |= {"tokens": "words", "context": 4, "stride": 1}
    result = train(made)
    assert generate(result.run, prompt="nine ten\n", length=5, temperature=0).continuation == "one two three"


def test_without_line_ends_a_prompt_is_needed() -> None:
    Path("rhyme.txt").write_text("ab" * 300)
    result = train(document(epochs=1))
    with pytest.raises(UsageError, match="no line end to begin after"):
        generate(result.run)
    assert len(generate(result.run, prompt="a", length=5).text) == 6


def test_each_kind_of_model_has_its_own_command(run: Path, config: Any) -> None:
    with pytest.raises(UsageError, match="is a model of texts, which has no rows to predict"):
        predict("rhyme.txt", run)
    table = train(config()).run
    with pytest.raises(UsageError, match="is for classification, not a model of texts"):
        generate(table)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": {"layers": [LSTM[0], {"type": "lstm", "units": 4}, LSTM[2]]}}, ShapeError, "return_sequences: true"),
        ({"model": {"layers": [LSTM[0], {"type": "dense", "units": 4}]}}, ShapeError, "units: auto"),
        ({"model": {"layers": [{"type": "embedding", "units": 4, "count": 5}, LSTM[2]]}}, ShapeError, "inputs have"),
        ({"model": {"layers": [LSTM[0], {"type": "lstm", "units": 4, "return_sequences": True, "bidirectional": True},
                               LSTM[2]]}}, ConfigError, "depend on later steps"),
        ({"training": {"class_weights": "balanced"}}, ConfigError, "class weights are for one class a sample"),
        ({"loss": "mse"}, ShapeError, "numbers"),
        ({"loss": "ordinal"}, ConfigError, "order of the classes"),
        ({"metrics": ["f1"]}, ConfigError, "f1 is for classification"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_text(changes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        plan(document() | changes)
    assert message in str(caught.value)
