"""What `scratchnn predict` does: a model and rows in, predictions joined to the rows out."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scratchnn.data.blocks import file_blocks, stream_blocks
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.errors import UsageError
from scratchnn.nn.memory import Array
from scratchnn.training.storage import replacing
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.monte_carlo import draws_of
from scratchnn.workflows.prediction_files import DelimitedFile, PredictionFile, Sink, check_format, prediction_file
from scratchnn.workflows.prediction_rows import PredictedRows, Predictor, notes_of, texts
from scratchnn.workflows.predictions import Predictions

BLOCK_ROWS = 8192
FORMATS = {"csv": ".csv", "tsv": ".tsv", "jsonl": ".jsonl"}


@dataclass(frozen=True)
class PredictResult:
    """The rows with their predictions: column names and one list of cells for each row, in the order of the input.

    `arrays`: what an NPZ file holds of the predictions; `left_out`: what a table of them lacks; `flags`: how many rows
    have each reason for a flag (`unseen:deck`, `missing:age`); `flagged`: how many rows have one.
    """

    header: list[str]
    rows: list[list[str]]
    predictions: Predictions
    notes: list[str]
    arrays: dict[str, Array]
    left_out: list[str]
    flags: dict[str, int]
    flagged: int
    _predictor: Predictor = field(repr=False)
    _made: PredictedRows = field(repr=False)

    def to_csv(self, *, raw_text: bool = False) -> str:
        """As CSV with a header and LF line ends, see `DelimitedFile`."""
        text = io.BytesIO()
        DelimitedFile(text.write, raw_text=raw_text).add(self._made)
        return text.getvalue().decode()

    def write(self, path: str | Path, *, raw_text: bool = False) -> None:
        """Writes CSV, TSV, JSON Lines, NPZ or Parquet by the suffix of the path, in one step. Raises `UsageError`."""
        suffix = check_format(Path(path))
        with replacing(Path(path)) as file:
            writer = prediction_file(suffix, file, self._predictor, raw_text=raw_text)
            writer.add(self._made)
            writer.finish()


@dataclass(frozen=True)
class PredictSummary:
    """What is known of predictions that were written: see `PredictResult`."""

    rows: int
    notes: list[str]
    flags: dict[str, int]
    flagged: int


def predict(
    data: str | Path,
    run: str | Path | Model | None = None,
    *,
    proba: bool = False,
    columns: Sequence[str] | None = None,
    interval: float | None = None,
    disagreement: bool = False,
    threshold: float | None = None,
    plugins: Iterable[str | Path] = (),
    mc_samples: int | None = None,
    seed: int | None = None,
) -> PredictResult:
    """Predicts every row of a file. The target column is not needed; other columns are carried along.

    `columns` chooses the input columns that appear in the result (all of a table's where None); `proba` adds a
    probability for each class or label. Predictions follow: `prediction` for a class, `predicted_<target>` for numbers
    and for labels in columns of their own, where it is 0 or 1, `prediction` for labels in one column; for a
    reconstruction `reconstructed_<column>` for each input column in its own units, and `reconstruction_error`.

    Beside numbers of a model with the loss `gaussian_nll` stand `lower_<target>` and `upper_<target>`, the bounds of
    the central interval of the probability `interval` (0.9 where None), and the standard deviation
    `deviation_<target>`; of one with the loss `quantile` every `quantile_<share>_<target>`, and the two bounds where an
    `interval` is asked for that lies between two learned quantiles.

    Of two classes the second is called where its probability is above `threshold`; None means the one that the model
    file holds, see `evaluate`, or else 1/2.

    A model of windows predicts what comes after each row; the cells of rows with too few rows before them are empty.

    `disagreement` adds, for an ensemble, the standard deviation of what its members say: `disagreement_<target>` of
    numbers, `disagreement` of the probability of the predicted class, or of a reconstruction.

    `mc_samples` asks for the mean of so many passes with dropout, drawn from `seed` (0 where None). Then beside each
    number stands its `spread_<target>` over the passes, in the target's units; beside a class `entropy` and
    `mutual_information`, with `proba` also the `spread_<class>` of each probability; see
    `scratchnn.workflows.monte_carlo.Averaged`.

    The last column, `flags`, is there for models of tables in which a cell may be missing or hold a level that training
    never saw: the reasons why a row is to be trusted less, as in `unseen:deck;missing:age`, empty where there are none.
    """
    draws = draws_of(mc_samples, seed)
    model = (run if isinstance(run, Model) else load_model(run, plugins)).at_threshold(threshold)
    predictor = Predictor(model, proba, columns, interval, disagreement, draws)
    predictor.check()
    rows = next(file_blocks(data, model.config.data.source))
    made = predictor.rows(rows)
    cells = [*made.carried.values(), *map(texts, made.added.values())]
    lines = [list(row) for row in zip(*cells, strict=True)]
    notes = notes_of(made.counts, made.crossed)
    arrays, left_out, flags = predictor.arrays(made), predictor.left_out(), dict(made.counts)
    return PredictResult(
        made.header, lines, made.predictions, notes, arrays, left_out, flags, made.flagged, predictor, made
    )


def write_predictions(
    data: Path | io.BufferedIOBase,
    output: Path | Sink,
    model: Model,
    *,
    proba: bool = False,
    columns: Sequence[str] | None = None,
    interval: float | None = None,
    disagreement: bool = False,
    threshold: float | None = None,
    format: str | None = None,
    raw_text: bool = False,
    mc_samples: int | None = None,
    seed: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> PredictSummary:
    """The same for rows that need not fit in memory: reads, predicts and writes them a block at a time.

    `data` is a file or a stream (such as stdin, of which `format`, csv, tsv or jsonl, tells what it holds; absent, that
    of the training); `output` a file whose suffix tells the format (CSV, TSV, JSON Lines; NPZ and Parquet keep all rows
    until the end), or what takes the bytes of a CSV. `block_rows` counts as the next number of whole passes of the
    network: what is written does not depend on it; a model of windows takes all rows at once. The file is there when
    all rows are, or not at all.
    """
    draws = draws_of(mc_samples, seed)
    predictor = Predictor(model.at_threshold(threshold), proba, columns, interval, disagreement, draws)
    predictor.check()
    passes = model.built.network.predict_rows
    step = -(-max(block_rows, 1) // passes) * passes
    suffix = _suffix(format)
    rows = None if isinstance(model.encoder.inputs, WindowInputs) else step  # windows reach over the ends of blocks
    like = model.config.data.source
    if isinstance(data, Path):
        blocks: Iterator[Table | Arrays] = file_blocks(data, like, suffix, rows)
    else:
        blocks = stream_blocks(data, like, suffix or "", rows)
    if not isinstance(output, Path):
        return _write(blocks, predictor, DelimitedFile(output, raw_text=raw_text))
    kind = check_format(output)
    if _is_file_of(data, output):
        hint = "Name another file: the rows would be lost."
        raise UsageError("is the file of the rows itself", where=str(output), hint=hint)
    with replacing(output) as file:
        return _write(blocks, predictor, prediction_file(kind, file, predictor, raw_text=raw_text))


def _write(blocks: Iterator[Table | Arrays], predictor: Predictor, writer: PredictionFile) -> PredictSummary:
    rows = flagged = crossed = 0
    counts: Counter[str] = Counter()
    for block in blocks:
        made = predictor.rows(block, rows)
        writer.add(made)
        rows += len(made)
        counts += made.counts
        flagged += made.flagged
        crossed += made.crossed
    writer.finish()
    return PredictSummary(rows, notes_of(counts, crossed), dict(counts), flagged)


def _is_file_of(data: Path | io.BufferedIOBase, output: Path) -> bool:
    """Whether the output would take the place of the file that the rows are read from."""
    try:
        read = data.stat() if isinstance(data, Path) else os.fstat(data.fileno())
        return os.path.samestat(read, output.stat())
    except OSError:  # there is no such file, or the stream is none
        return False


def _suffix(format: str | None) -> str | None:
    if format is not None and format not in FORMATS:
        raise UsageError(f'unknown format "{format}"', where="--format", hint=f"Choose one of: {', '.join(FORMATS)}.")
    return None if format is None else FORMATS[format]
