"""From a config to encoded rows, in memory or beside the runs."""

from __future__ import annotations

from pathlib import Path

from scratchnn.config.schema import Config
from scratchnn.data.encoder import Encoder
from scratchnn.data.large_tables import Tell, is_large, prepare_large
from scratchnn.data.preparation import CheckNumbers, Prepared, prepare
from scratchnn.training.streams import Streams

CACHE = ".cache"
"""The folder beside the runs for the encoded rows of large tables."""


def silent(line: str) -> None:
    """Tells nobody."""


def prepare_rows(
    config: Config,
    base: Path,
    runs: Path,
    encoder: Encoder | None = None,
    check: CheckNumbers | None = None,
    tell: Tell = silent,
    start: Encoder | None = None,
) -> Prepared:
    """The rows of a config, divided by its seed; relative paths start at `base`. `runs` is the folder of the runs.

    With an `encoder` nothing is fitted; of the one that is to `start` the training the inputs are kept. `check`
    is asked about targets, `tell` hears of what takes long. Raises `DataError` or `StorageError`.
    """
    rng = Streams(config.seed_of_split).split
    settings, dtype = config.data, config.model.dtype
    fitted = config.start is None or config.start.preprocessing == "refit"
    if is_large(settings, base):
        return prepare_large(settings, base, rng, runs / CACHE, dtype, encoder, check, tell, start, fitted=fitted)
    return prepare(settings, base, rng, dtype, encoder, check, start, fitted=fitted)
