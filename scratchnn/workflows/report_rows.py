"""What a report says of judged rows: the section on the predictions, and the one on the worst of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.decoding import decode_inputs
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.preparation import Part
from scratchnn.data.samples import gather
from scratchnn.data.targets import InputsAgain
from scratchnn.data.vocabulary import UNKNOWN, TextInputs
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Scored, ScoredSteps
from scratchnn.reporting.page import Section
from scratchnn.reporting.sections.classes import Classified, classes_section, labels_section
from scratchnn.reporting.sections.numbers import Estimated, numbers_section, rebuilt_section, tokens_section
from scratchnn.reporting.sections.worst import MOST_ROWS, Worst, worst_section
from scratchnn.reporting.thumbnails import is_picture
from scratchnn.reporting.wording import figure, short

_BEFORE = 24  # letters of a text that stand before a token
_BLOCK = 1024  # rows whose errors are taken at once


@dataclass(frozen=True)
class JudgedRows:
    """A part of the data by its name, and predictions beside what is true, as `Evaluator.judged` gives them."""

    encoder: Encoder
    name: str
    part: Part
    scored: Scored

    def sections(self) -> list[Section]:
        """Both sections, of whatever the target is."""
        target, scored = self.encoder.target, self.scored
        if isinstance(scored, ScoredSteps):
            return self._tokens(scored)
        if isinstance(target, InputsAgain):
            return self._rebuilt()
        if target.class_names:
            return self._classes(target.class_names)
        if target.label_names:
            return self._labels(target.label_names)
        return self._numbers(target.names)

    def _classes(self, names: Sequence[str]) -> list[Section]:
        scored = self.scored
        data = Classified(names, scored.targets, scored.predictions, scored.weights)
        losses = -scored.log_likelihoods
        rows, labels = _highest(losses), data.labels
        said = [
            [
                short(names[int(scored.targets[row])], 40),
                short(names[int(labels[row])], 40),
                figure(float(scored.predictions[row, labels[row]])),
                figure(float(scored.predictions[row, scored.targets[row]])),
            ]
            for row in rows
        ]
        header = ["true", "predicted", "its probability", "of the true"]
        measure = "-log of the probability of the true class"
        return [classes_section(self.name, data), self._worst(rows, header, said, measure, texts=2)]

    def _labels(self, names: Sequence[str]) -> list[Section]:
        scored = self.scored
        truth, predictions = scored.targets > 0, np.asarray(scored.predictions, np.float64)
        data = Classified(names, truth, predictions, scored.weights)
        eps = float(np.finfo(scored.predictions.dtype).eps)
        right = np.clip(np.where(truth, predictions, 1 - predictions), eps, 1)
        rows = _highest(-np.log(right).mean(axis=1))
        said = [[_true_of(names, truth[row]), _true_of(names, predictions[row] > 0.5)] for row in rows]
        measure = "the mean of -log of the probability that each label is as it is"
        return [labels_section(self.name, data), self._worst(rows, ["true", "predicted"], said, measure, texts=2)]

    def _numbers(self, names: Sequence[str]) -> list[Section]:
        truth, predicted = self.scored.truth, self.scored.numbers
        errors = np.abs(truth - predicted)
        spread = truth.std(axis=0)
        rows = _highest((errors / np.where(spread > 0, spread, 1)).max(axis=1))
        shown = range(min(len(names), 3))
        header = [f"{word} {short(names[k])}" for k in shown for word in ("true", "predicted")]
        said = [[figure(float(array[row, k])) for k in shown for array in (truth, predicted)] for row in rows]
        several = ", in deviations of each target" if len(names) > 1 else ""
        data = Estimated(names, truth, predicted)
        return [numbers_section(self.name, data), self._worst(rows, header, said, f"|residual|{several}")]

    def _rebuilt(self) -> list[Section]:
        errors, places = self._squares()
        rows = _highest(errors)
        said = [[figure(float(errors[row]))] for row in rows]
        encoder = self.encoder
        names = encoder.feature_names if len(places) == len(encoder.feature_names) else []
        by_column = dict(zip(names, places.tolist(), strict=False))
        pictures = {}
        if is_picture(encoder.input_shape) and isinstance(encoder.inputs, ArrayInputs):
            rebuilt = decode_inputs(encoder, self.scored.predictions[rows].reshape(-1, *encoder.input_shape))["inputs"]
            pictures = {"rebuilt": np.asarray(rebuilt)}
        worst = self._worst(rows, ["error"], said, "mean squared error", pictures)
        return [rebuilt_section(self.name, errors, by_column), worst]

    def _squares(self) -> tuple[Array, Array]:
        """The mean squared error (N,) of each row, and of each place (F,) of flat inputs."""
        truth, rebuilt = self.scored.targets, self.scored.predictions
        errors, places = np.empty(len(truth)), np.zeros(int(np.prod(truth.shape[1:])))
        for start in range(0, len(truth), _BLOCK):
            rows = slice(start, start + _BLOCK)
            squares = (np.asarray(truth[rows], np.float64) - rebuilt[rows].reshape(truth[rows].shape)) ** 2
            flat = squares.reshape(len(squares), -1)
            errors[rows] = flat.mean(axis=1)
            places += flat.sum(axis=0)
        return errors, places / len(truth) if len(self.encoder.input_shape) == 1 else places[:0]

    def _tokens(self, scored: ScoredSteps) -> list[Section]:
        inputs = self.encoder.inputs
        if not isinstance(inputs, TextInputs):
            return []
        section = tokens_section(self.name, scored.log_likelihoods, scored.right, inputs.tokens)
        rows = _highest(-scored.log_likelihoods)
        size = self.part.inputs.shape[1]
        before, said, numbers = [], [], []
        for place in rows:
            sample, step = divmod(int(place), size)
            window = self.part.inputs[sample : sample + 1][0][: step + 1]
            before.append(_text_of(inputs, window)[-_BEFORE:])
            true, most = int(scored.targets[place]), int(scored.labels[place])
            probability = float(np.exp(scored.log_likelihoods[place]))
            said.append([repr(_text_of(inputs, [true])), repr(_text_of(inputs, [most])), figure(probability)])
            numbers.append(int(self.part.rows[sample]) + step + 1)
        one = inputs.tokens.removesuffix("s")
        header = ["true", "most probable", "probability of the true"]
        cells = {"after": [repr(text) for text in before]}
        measure = "-log of the probability of the true one"
        return [section, worst_section(Worst(numbers, header, said, cells, {}, measure, texts=2), one)]

    def _worst(
        self,
        rows: Array,
        header: Sequence[str],
        said: Sequence[Sequence[str]],
        measure: str,
        more: Mapping[str, Array] | None = None,
        *,
        texts: int = 0,
    ) -> Section:
        inputs = np.empty((len(rows), *self.part.inputs.shape[1:]), self.part.inputs.dtype)
        gather(self.part.inputs, rows, inputs)
        cells, pictures = _held(self.encoder, inputs)
        numbers = self.part.rows[rows].tolist()
        return worst_section(Worst(numbers, header, said, cells, {**pictures, **(more or {})}, measure, texts))


def _highest(losses: Array) -> Array:
    """The places of the highest numbers, falling; NaN first, of equal ones the first."""
    keys = np.where(np.isnan(losses), np.inf, losses)
    return np.argsort(-keys, kind="stable")[:MOST_ROWS]


def _held(encoder: Encoder, inputs: Array) -> tuple[dict[str, Sequence[object]], dict[str, Array]]:
    """What encoded rows hold, in the units of the source: cells by column, or pictures."""
    if isinstance(encoder.inputs, TableInputs):
        placed = [(column, place) for column, place in encoder.inputs.placed(inputs) if column.can_be_decoded]
        return {column.name: list(column.decode(place)) for column, place in placed}, {}
    if not isinstance(encoder.inputs, ArrayInputs):
        return {}, {}
    units = np.asarray(decode_inputs(encoder, inputs)["inputs"])
    if is_picture(encoder.input_shape):
        return {}, {"input": units}
    return {name: units[:, place].tolist() for place, name in enumerate(encoder.input_columns)}, {}


def _true_of(names: Sequence[str], marks: Array) -> str:
    chosen = [short(names[k]) for k in np.flatnonzero(marks).tolist()]
    return short(", ".join(chosen), 60) if chosen else "none"


def _text_of(inputs: TextInputs, ids: Sequence[int] | Array) -> str:
    """The text of ids, with a mark for tokens that training never saw."""
    return "".join("\N{REPLACEMENT CHARACTER}" if k == UNKNOWN else inputs.decode([int(k)]) for k in ids)
