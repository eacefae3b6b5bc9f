"""Faults in the encodings of categories and in the layer that takes their codes."""

from __future__ import annotations

from tests.faults.fault import Fault

LEVELS = "data/features/test_levels.py"
TARGET = "data/features/test_target.py"
PARTS = "data/test_encoded_categories.py"
COLUMNS = "nn/layers/test_column_embedding.py"

FAULTS = (
    Fault(
        "training-rows-see-their-own-target",
        "data/features/target.py::TargetColumn.encode_training",
        "Statistics.of(places[others], values[others],",
        "Statistics.of(places, values,",
        "a training row's inputs hold its own target",
        TARGET,
    ),
    Fault(
        "one-scale-for-all-folds",
        "data/features/target.py::TargetColumn.encode_training",
        "found.encoded(places[~others])",
        "Statistics(found.prior, found.means, np.array(self.offset), np.array(self.scale)).encoded(places[~others])",
        "a row's own target reaches its inputs by the scale of all rows",
        TARGET,
    ),
    Fault(
        "training-rows-encoded-like-new-ones",
        "data/preparation.py",
        "targets if fitted_on else None",
        "None",
        "the training rows are not encoded out of fold",
        PARTS,
    ),
    Fault(
        "smoothing-toward-zero",
        "data/features/target.py",
        "(sums + smoothing * prior)",
        "sums",
        "means of few rows are drawn to 0, not to the prior",
        TARGET,
    ),
    Fault(
        "folds-in-turn",
        "data/features/target.py::folds",
        "return fold",
        "return np.arange(rows) % FOLDS",
        "rows that come in turn share a fold",
        TARGET,
    ),
    Fault(
        "unseen-levels-not-among-the-rare",
        "data/features/levels.py",
        "others=len(self.levels) if self.rare else -1",
        "others=-1",
        "rare and unseen levels are 0 throughout",
        LEVELS,
    ),
    Fault(
        "rare-levels-are-unseen",
        "data/features/levels.py",
        "known = {*self.levels, *self.rare}",
        "known = {*self.levels}",
        "levels that training saw are reported as new",
        LEVELS,
    ),
    Fault(
        "last-of-equals-fills-gaps",
        "data/features/levels.py",
        "max(counts, key=lambda level: counts[level])",
        "max(counts, key=lambda level: (counts[level], level))",
        "of several most frequent levels the last one fills gaps",
        LEVELS,
    ),
    Fault(
        "first-level-shares-the-code-of-unseen-ones",
        "data/features/codes.py",
        "places + 1, 0)",
        "places, 0)",
        "codes start at 0, the code of unseen levels",
        "data/features/test_codes.py",
    ),
    Fault(
        "missing-ranks-in-the-mean",
        "data/features/ordinal.py",
        "places[places < column.ranks]",
        "places",
        "missing cells count as the highest rank",
        "data/features/test_ordinal.py",
    ),
    Fault(
        "digest-read-from-its-end",
        "data/features/hashing.py::bucket",
        '"little"',
        '"big"',
        "levels go to other buckets than the documented ones",
        "data/features/test_hashing.py",
    ),
    Fault(
        "buckets-without-training-rows-used",
        "data/features/hashing.py",
        "place if place in used else -1",
        "place",
        "an unseen level turns on an input that was never learned",
        "data/features/test_hashing.py",
    ),
    Fault(
        "unseen-vectors-start-at-random",
        "nn/layers/column_embedding.py",
        "out[0] = 0",
        "out[0] = out[0]",
        "unseen levels have a random vector",
        COLUMNS,
    ),
    Fault(
        "square-root-of-the-codes",
        "nn/layers/column_embedding.py::usual_units",
        "codes, 0.56)",
        "codes, 0.5)",
        "embeddings have another size than the rule says",
        COLUMNS,
    ),
    Fault(
        "codes-have-a-gradient",
        "nn/layers/column_embedding.py",
        "0 if piece.table is not None else dy[..., piece.outputs]",
        "dy[:, piece.outputs.start : piece.outputs.start + piece.inputs.stop - piece.inputs.start]",
        "the gradient of a vector goes to its code",
        COLUMNS,
    ),
    Fault(
        "flatten-hides-codes",
        "nn/layers/shape.py",
        "inputs if len(inputs.shape) == 1 else inputs.reshaped(inputs.size)",
        "inputs.reshaped(inputs.size)",
        "dense takes codes for numbers behind a flatten",
        COLUMNS,
    ),
)
