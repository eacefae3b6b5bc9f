"""What `scratchnn predict` does with a model of a text: goes on with a prompt, token by token."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from scratchnn.data.files import decode, read_text
from scratchnn.data.passages import with_line_feeds
from scratchnn.data.vocabulary import UNKNOWN, TextInputs
from scratchnn.errors import ModelError, UsageError
from scratchnn.nn.sampling import Sampler
from scratchnn.training.storage import write_atomically
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.threads import choose_threads, computing

START = "\n"  # what an empty prompt stands for: the text begins as a line does


@dataclass(frozen=True)
class GenerateResult:
    """A prompt and its continuation of so many tokens."""

    prompt: str
    continuation: str
    tokens: int
    notes: list[str]

    @property
    def text(self) -> str:
        """Both."""
        return self.prompt + self.continuation

    def write(self, path: str | Path) -> None:
        """Writes the text in UTF-8, in one step."""
        write_atomically(Path(path), self.text.encode())


def generate(
    run: str | Path | Model | None = None,
    *,
    prompt: str = "",
    length: int = 500,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    plugins: Iterable[str | Path] = (),
) -> GenerateResult:
    """Goes on with a prompt by `length` tokens (characters or words) that a language model draws one after the other.

    Of each it sees the last `context` ones. The same arguments give the same text. `temperature` below 1 makes it
    more sure, 0 always takes the most probable token; `top_k` and `top_p` as in `Sampler`. An empty prompt begins a
    line; every kind of line end counts as a line feed. Raises the errors of `scratchnn.errors`.
    """
    _check("--length", length, length >= 0, "0 or more")
    _check("--temperature", temperature, math.isfinite(temperature) and temperature >= 0, "0 or more")
    _check("--top-k", top_k, top_k is None or top_k >= 1, "1 or more")
    _check("--top-p", top_p, top_p is None or 0 < top_p <= 1, "above 0, at most 1")
    _check("--seed", seed, seed >= 0, "0 or more")
    prompt = _text(prompt)
    model = run if isinstance(run, Model) else load_model(run, plugins)
    inputs = model.encoder.inputs
    if not isinstance(inputs, TextInputs):
        hint = "Use `predict` with a file of rows."
        raise UsageError(f"is for {model.encoder.task}, not a model of texts", where=str(model.path), hint=hint)
    if not prompt and START not in inputs.vocabulary:
        hint = "Give a text to go on from with --prompt."
        raise UsageError("the model has seen no line end to begin after", where="--prompt", hint=hint)
    ids = inputs.encode(prompt or START).tolist()
    rng = np.random.Generator(np.random.PCG64(seed))
    tokens = _tokens(model, ids, inputs.context, Sampler(temperature, top_k, top_p), rng)
    with computing(choose_threads(model.config, model.built.network, 1)):
        drawn = list(islice(tokens, length))
    notes = inputs.note_unseen(ids.count(UNKNOWN), "the prompt")
    return GenerateResult(prompt, inputs.decode(drawn), length, notes)


def read_prompt(path: str | Path) -> str:
    """The prompt in a file of UTF-8 text, unpacked where its name ends in `.gz`. Raises `DataError`."""
    return decode(read_text(Path(path)), str(path))


def _tokens(model: Model, ids: list[int], context: int, sampler: Sampler, rng: np.random.Generator) -> Iterator[int]:
    """One id after the other. Each pass computes a whole window, padded at its end, where nothing looks ahead."""
    window, seen = np.full((1, context), UNKNOWN), deque(ids, maxlen=context)
    while True:
        window[0, : len(seen)] = seen
        outputs = model.built.network.predict(window)[:, [len(seen) - 1]]
        logits = np.log(model.built.loss.predictions(outputs.astype(np.float64))[0, 0])
        logits[UNKNOWN] = -np.inf
        if np.isnan(logits).any() or logits.max() == -np.inf:
            raise ModelError("the outputs are not finite numbers", where=str(model.path))
        seen.append(sampler.draw(logits, rng))
        yield seen[-1]


def _text(prompt: str) -> str:
    """The prompt as the model knows texts. Raises `UsageError` where it holds bytes that are no text."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise UsageError("is not UTF-8 text", where="--prompt", hint="Give it in UTF-8.") from None
    return with_line_feeds(prompt)


def _check(name: str, value: float | None, fits: bool, wanted: str) -> None:
    if not fits:
        raise UsageError(f"got {value}, expected {wanted}", where=name)
