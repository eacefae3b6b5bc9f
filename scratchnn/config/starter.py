"""A good config for a table that nobody has seen: valid, commented, trained as written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scratchnn.config.scalars import resolve_scalar
from scratchnn.data.dialects import Dialect
from scratchnn.data.proposals import Proposal, TargetProposal
from scratchnn.data.tables import Task

MOST_LISTED = 40
"""Of a wider table only the columns that are no plain numbers are listed."""
COMMENTS = 40
"""The column before which comments do not begin."""
USUAL = Dialect()
_PLAIN = re.compile(r"[A-Za-z_./](?:[\w ./-]*[\w./-])?", re.ASCII)


FEW_ROWS = 3_000
"""Up to so many rows a class is learned without validation rows: each is worth more to the training."""
VERY_FEW_ROWS = 600
"""Up to so many rows weights decay faster. Up to so many also numbers are learned without validation rows: where there
are more, they are better stopped early.
"""
NUMBERS: tuple[Task, ...] = ("regression", "count")


@dataclass(frozen=True)
class Recipe:
    """How much to train how large a network, by the rows that there are.

    With few rows a wide layer is held back by weight decay alone and trained for a fixed time (`patience` is 0):
    a validation part would be too small to tell the best epoch, and is missed in training. With more rows training
    stops where validation rows say so.
    """

    units: int
    depth: int
    batch_size: int
    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float

    @classmethod
    def of(cls, rows: int, task: Task) -> Recipe:
        """With few rows 100 epochs; else about 20,000 steps, in 20 to 300 epochs. Larger batches for more rows.

        >>> Recipe.of(150, "classification").units, Recipe.of(1_000_000, "regression").epochs
        (256, 20)
        """
        very_few = rows <= VERY_FEW_ROWS
        few = very_few or (rows <= FEW_ROWS and task not in NUMBERS)
        learned = round((0.85 if few else 0.7) * rows)
        sizes = ((16, 300), (32, 3_000), (64, 10_000), (128, math.inf))
        batch_size = next(size for size, most in sizes if learned <= most)
        if few:
            return cls(256, 1, batch_size, 100, 0, 5e-3, 1.0 if very_few else 0.1)
        epochs = max(20, min(300, 20_000 // math.ceil(learned / batch_size)))
        return cls(64 if learned <= 5_000 else 128, 2, batch_size, epochs, max(10, epochs // 6), 1e-2, 1e-2)


def starter(
    source: str,
    name: str,
    rows: int,
    targets: Sequence[str],
    target: TargetProposal,
    columns: Sequence[Proposal],
    dialect: Dialect = USUAL,
) -> str:
    """The text of the config. `source` is the path as seen from the config's folder, `name` that of the runs."""
    recipe = Recipe.of(rows, target.task)
    parts = 3 if recipe.patience else 2
    unstratified = target.task == "classification" and target.rarest < parts
    fraction = 0.15 if recipe.patience else 0
    split = f"type: random, validation: {fraction}, test: 0.15" + (", stratify: false" if unstratified else "")
    why = "" if recipe.patience else "too few rows to hold some back for validation"
    dense = f"    - {{type: dense, units: {recipe.units}, activation: relu}}"
    names = _word(targets[0]) if len(targets) == 1 else f"[{', '.join(map(_word, targets))}]"
    lines = [
        (f"# Written for {source}: {rows:,} rows, {len(columns) + len(targets)} columns.", ""),
        ("# Change what you know better, then: scratchnn train THIS_FILE", ""),
        (f"name: {name}", "names the run directory"),
        ("seed: 0", "another seed: another split, other first weights"),
        ("data:", ""),
        (f"  source: {_source(source, dialect)}", "; ".join(dialect.reasons)),
        (f"  target: {names}", target.reason),
        (f"  task: {target.task}", f"or {target.other}" if target.other else ""),
        *_features(columns),
        (f"  split: {{{split}}}", "some class has too few rows for every part" if unstratified else why),
        ("model:", ""),
        ("  layers:", ""),
        *_first_layers(columns),
        *([(dense, "")] * recipe.depth),
        ("    - {type: dense, units: auto}", "as many as the target needs"),
        (f"optimizer: {{type: adamw, learning_rate: {recipe.learning_rate}, weight_decay: {recipe.weight_decay}}}", ""),
        ("schedule: {type: cosine, warmup_epochs: 1}", ""),
        ("training:", ""),
        (f"  epochs: {recipe.epochs}", "at most: it stops where validation gets no better" if recipe.patience else ""),
        (f"  batch_size: {recipe.batch_size}", ""),
        ("  averaging: ema", "a moving average of the weights is judged and kept"),
        *_stopping(recipe),
    ]
    return "".join(
        f"{text:<{COMMENTS}}  # {_line(comment)}\n" if comment else f"{_line(text)}\n" for text, comment in lines
    )


def _stopping(recipe: Recipe) -> list[tuple[str, str]]:
    """The line on when to stop, where validation rows tell."""
    stopping = f"monitor: validation.loss, patience: {recipe.patience}, restore_best: true"
    return [(f"  early_stopping: {{{stopping}}}", "")] if recipe.patience else []


def _source(path: str, dialect: Dialect) -> str:
    """The path alone, or with how the file is written."""
    if not dialect.settings:
        return _word(path)
    return flow({"type": "csv", "path": path, **dialect.settings})


def _features(columns: Sequence[Proposal]) -> list[tuple[str, str]]:
    """The lines of `features`, each with its comment."""
    listed = noteworthy(columns)
    lines = [(f"    {_word(column.name)}: {_settings(column)}", column.reason) for column in listed]
    if lines:
        lines.insert(0, ("  features:", "what each column becomes; `scratchnn list features` shows all kinds"))
    used = [column for column in columns if not column.ignored]
    if len(used) == 1 and used[0].kind == "text":
        gru = "[{type: embedding, units: 32}, {type: gru, units: 32}, {type: dense, units: auto}]"
        lines.append((f"  # for the order of words: {_word(used[0].name)}: tokens, and layers: {gru}", ""))
    if len(listed) < len(columns):
        others = "numbers, each scaled to mean 0 and deviation 1"
        lines.append((f"  # {len(columns) - len(listed)} {'other ' if listed else ''}columns are {others}", ""))
    return lines


def _first_layers(columns: Sequence[Proposal]) -> list[tuple[str, str]]:
    """What stands before the dense layers: embeddings, and layers of their own for sequences."""
    used = [column for column in columns if not column.ignored]
    steps = [column for column in used if column.sequence]
    embeds = any(column.embedded for column in used)
    if not steps:
        why = "learned numbers for each level of what is encoded as embedding"
        return [("    - column_embedding", why)] if embeds else []
    reads = {column.name: _reader(column) for column in steps}
    if len(used) == 1:
        return [(f"    - {layer}", "") for layer in reads[steps[0].name]]
    lines = [
        ("    - type: parallel", "each sequence has layers of its own, all other columns pass by"),
        ("      merge: concat", ""),
        ("      branches:", ""),
    ]
    for name, layers in reads.items():
        lines.append((f"        - [{', '.join([f'{{type: select, columns: [{_word(name)}]}}', *layers])}]", ""))
    if len(steps) < len(used):
        others = [f"{{type: select, without: [{', '.join(_word(column.name) for column in steps)}]}}"]
        lines.append((f"        - [{', '.join(others + ['column_embedding'] * embeds)}]", ""))
    return lines


def _reader(column: Proposal) -> list[str]:
    """The layers that turn a sequence into numbers."""
    embedding = ["{type: embedding, units: 16}"] if column.kind in ("items", "tokens") else []
    return [*embedding, "{type: gru, units: 64}"]


def noteworthy(columns: Sequence[Proposal]) -> list[Proposal]:
    """All columns, or of a wide table those that are not plain numbers."""
    return [column for column in columns if len(columns) <= MOST_LISTED or column.settings != {"type": "number"}]


def _settings(column: Proposal) -> str:
    return column.kind if len(column.settings) == 1 else flow(column.settings)


def flow(value: Any) -> str:
    """A value of a config on one line, as YAML reads it back.

    >>> flow("median"), flow(None), flow({"parts": ["month", "day"], "cyclic": False})
    ('median', 'null', '{parts: [month, day], cyclic: false}')
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(key)}: {flow(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    """A text as YAML reads it back: bare where that is safe, else in quotes.

    >>> _word("age"), _word("true"), _word("a: b"), _word("12"), _word("été")
    ('age', '"true"', '"a: b"', '"12"', '"été"')
    """
    if _PLAIN.fullmatch(text) and isinstance(resolve_scalar(text), str):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
