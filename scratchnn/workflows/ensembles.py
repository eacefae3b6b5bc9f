"""Several models of the same data that answer together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from statistics import NormalDist
from typing import Any

import numpy as np

from scratchnn.data.decoding import decode_inputs
from scratchnn.data.preparation import Part
from scratchnn.data.samples import Inputs, held
from scratchnn.data.targets import InputsAgain
from scratchnn.errors import ModelError, UsageError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric, Scored
from scratchnn.nn.monte_carlo import MonteCarlo
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.run_directory import ROOT
from scratchnn.training.run_group import RunGroup, group_kind
from scratchnn.workflows.jobs import read_summary
from scratchnn.workflows.model import Model, load_model, row_errors
from scratchnn.workflows.predictions import Predictions
from scratchnn.workflows.spread import Spread, spreads_of

KIND = "ensemble"
ONE_DEVIATION = NormalDist().cdf(1.0)


@dataclass(frozen=True)
class Ensemble(Model):
    """Models that differ in their random numbers, and what they say on average.

    Class probabilities, numbers and reconstructions are averaged. Of Gaussians (the loss `gaussian_nll`) the mixture
    counts: its mean is the mean of the members' means m, its variance mean(s^2 + m^2) - mean(m)^2, and quantiles and
    intervals are those of the Gaussian with these two (Lakshminarayanan et al. 2017). So where members disagree, the
    interval is wider. Learned quantiles are averaged one by one (Vincent 1912).

    All else, such as `encoder`, is that of the first member; the others have the same.
    """

    members: tuple[Model, ...] = ()

    def _predict(
        self, inputs: Inputs, shares: tuple[float, float] | None, rows: Array, draws: MonteCarlo | None = None
    ) -> Predictions:
        """What the members say on average, and how far they disagree."""
        made = [member._predict(inputs, shares, rows) for member in self.members]
        values = _mean([one.values for one in made])
        target = self.encoder.target
        if isinstance(target, InputsAgain):
            errors, columns = row_errors(held(inputs), values), decode_inputs(self.encoder, values)
            spread = _deviation([one.values for one in made]).reshape(len(values), -1)
            disagreement = np.sqrt(np.mean(spread**2, axis=1))
            return Predictions(values, [], columns, errors, disagreement=disagreement)
        if target.label_names:
            disagreement = _deviation([one.values for one in made])
            return replace(made[0], values=values, labels=target.words(values), disagreement=disagreement)
        if not target.is_number:
            return replace(made[0], values=values, labels=target.words(values), disagreement=_doubt(made, values))
        lower, upper = (_mean_or_none([getattr(one, name) for one in made]) for name in ("lower", "upper"))
        deviations = None
        known = [one.deviations for one in made if one.deviations is not None]
        if known:
            deviations = mixed_deviations([one.values for one in made], known)
            if shares is not None:
                lower, upper = (values + NormalDist().inv_cdf(share) * deviations for share in shares)
        quantiles = {share: _mean([one.quantiles[share] for one in made]) for share in made[0].quantiles}
        disagreement = _deviation([one.values for one in made])
        return Predictions(
            values,
            [],
            lower=lower,
            upper=upper,
            deviations=deviations,
            quantiles=quantiles,
            disagreement=disagreement,
        )

    def at_threshold(self, threshold: float | None) -> Ensemble:
        """The ensemble itself. Raises `UsageError` for a threshold: the most probable class on average is called."""
        if threshold is not None:
            refuse_ensemble(self, "--threshold")
        return self

    def evaluator(self, metrics: Sequence[Metric]) -> EnsembleEvaluator:
        """What scores it on encoded rows."""
        return EnsembleEvaluator(self, metrics)


class EnsembleEvaluator(Evaluator):
    """Scores the averaged predictions. There is no `loss` of them: that is one of raw outputs, which no average has."""

    tells_loss = False

    def __init__(self, ensemble: Ensemble, metrics: Sequence[Metric]) -> None:
        first = ensemble.members[0]
        super().__init__(first.built.network, first.built.loss, metrics, first.encoder)
        self._evaluators = [member.evaluator(metrics) for member in ensemble.members]
        self._judged: list[tuple[float, Scored]] = []

    def judged(self, part: Part) -> tuple[float, Scored]:
        """NaN, and the averaged predictions beside targets."""
        self._judged = [evaluator.judged(part) for evaluator in self._evaluators]
        scored = [one for _, one in self._judged]
        changed: dict[str, Any] = {"predictions": _mean([one.predictions for one in scored]), "notes": []}
        changed |= {"called": None, "_made": {}}
        if scored[0].quantiles is not None:
            changed["quantiles"] = _quantiles(scored, self._loss.quantiles_known() is None)
        return float("nan"), replace(scored[0], **changed)

    def figures(self, loss: float, scored: Scored) -> dict[str, Any]:
        """Each metric by its name."""
        figures = super().figures(loss, scored)
        del figures["loss"]
        return figures

    def members(self) -> dict[str, Spread]:
        """How the members by themselves do on the part that was judged last: `loss` and each single number."""
        each = []
        for evaluator, (loss, scored) in zip(self._evaluators, self._judged, strict=True):
            figures = evaluator.figures(loss, scored)
            each.append({name: float(value) for name, value in figures.items() if isinstance(value, int | float)})
        return spreads_of(each)[0]


def mixed_deviations(means: Sequence[Array], deviations: Sequence[Array]) -> Array:
    """The standard deviation of an equal mixture of Gaussians, (N, K).

    >>> mixed_deviations([np.array([0.0]), np.array([2.0])], [np.array([1.0]), np.array([1.0])]) ** 2
    array([2.])
    """
    within = np.mean([deviation**2 for deviation in deviations], axis=0)
    mixed: Array = np.sqrt(within + np.var(means, axis=0))
    return mixed


def load_ensemble(folder: Path, plugins: Iterable[str | Path] = ()) -> Ensemble:
    """Reads every member that `ensemble.json` names. Raises `ModelError` where one is missing or does not fit."""
    group = RunGroup.open(folder, KIND)
    plugins = tuple(plugins)
    members = [load_model(_place(group, name), plugins) for name in _member_names(group)]
    first = members[0]
    if first.built.target.steps:
        hint = "Use one of them: their tokens cannot be drawn together."
        raise ModelError("holds models of texts", where=str(group.manifest), hint=hint)
    for member in members[1:]:
        if what := _difference(first, member):
            message = f"{member.path.parent.name} and {first.path.parent.name} have other {what}"
            hint = "Members of an ensemble are trained on the same rows by the same config: train --seeds."
            raise ModelError(message, where=str(group.manifest), hint=hint)
    same = {
        part: checksum
        for part, checksum in first.parts.items()
        if all(member.parts.get(part) == checksum for member in members)
    }
    return Ensemble(
        first.config, first.encoder, first.built, group.path, first.run, same, first.baseline, members=tuple(members)
    )


def ensemble_folder(path: Path | None, newest_run: Callable[[], float]) -> Path | None:
    """The directory of the ensemble that a path means; None where it means a run.

    Without a path the newest whole one under `runs/`, where it is younger than `newest_run` (seconds).
    """
    if path is not None:
        folder = path.parent if path.name == f"{KIND}.json" else path
        return folder if (folder / f"{KIND}.json").is_file() else None
    found = [manifest for manifest in ROOT.glob(f"*/{KIND}.json") if read_summary(manifest.parent).get("metrics")]
    if not found:
        return None
    newest = max(found, key=lambda manifest: manifest.stat().st_mtime)
    return newest.parent if newest.stat().st_mtime > newest_run() else None


def ensemble_of(resume: str | None) -> Path | None:
    """The ensemble that `train --resume RUN` means, of a bare one the newest under `runs/`, where no run is newer."""
    if resume is None:
        return None
    if resume:
        return Path(resume) if group_kind(Path(resume)) == KIND else None
    started = {path.parent: path.stat().st_mtime for path in ROOT.glob(f"*/{KIND}.json")}
    runs = [path.stat().st_mtime for path in ROOT.glob("*/config.yaml")]
    newest = max(started, key=lambda folder: started[folder], default=None)
    return newest if newest is not None and started[newest] > max(runs, default=0.0) else None


def _member_names(group: RunGroup) -> list[str]:
    names = group.read().get("members")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ModelError("names no members", where=str(group.manifest), hint='Write "members": ["seed-0", "seed-1"].')
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ModelError(f'names the member "{twice}" twice', where=str(group.manifest), hint="Name each once.")
    for name in names:
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name:
            hint = "Members lie in the directory of the ensemble."
            raise ModelError(f'the member "{name}" is outside', where=str(group.manifest), hint=hint)
    return names


def _place(group: RunGroup, name: str) -> Path:
    """Where a member lies. Raises `ModelError` where it is not there, or its training did not end well."""
    place = group.path / name
    go_on = f"Go on with: scratchnn train --resume {group.path}; or take it out of {group.manifest.name}."
    if not place.exists() or (place.is_dir() and not (place / "model.safetensors").is_file()):
        raise ModelError(f'the member "{name}" has no model', where=str(group.path), hint=go_on)
    status = read_summary(place).get("status")
    if place.is_dir() and status in ("interrupted", "diverged"):
        raise ModelError(f'the training of the member "{name}" was {status}', where=str(group.path), hint=go_on)
    return place


def _difference(first: Model, other: Model) -> str:
    """What keeps two models from answering together, in one word; nothing where they can."""
    one, two = first.encoder, other.encoder
    if one.target.names != two.target.names or one.task != two.task:
        return "targets"
    if one.class_names != two.class_names or one.target.label_names != two.target.label_names:
        return "classes"
    if one.input_columns != two.input_columns or one.input_shape != two.input_shape:
        return "inputs"
    if one != two:
        return "preprocessing"
    return "losses" if first.built.loss != other.built.loss else ""


def _mean(arrays: Sequence[Array]) -> Array:
    """The mean, taken in float64, in the type of the first."""
    made: Array = np.mean(arrays, axis=0, dtype=np.float64).astype(arrays[0].dtype, copy=False)
    return made


def _mean_or_none(arrays: Sequence[Array | None]) -> Array | None:
    known = [array for array in arrays if array is not None]
    return _mean(known) if known else None


def _deviation(arrays: Sequence[Array]) -> Array:
    """The sample standard deviation over the members; 0 of one."""
    deviation: Array = np.std(arrays, axis=0, dtype=np.float64, ddof=min(1, len(arrays) - 1))
    return deviation


def _doubt(made: Sequence[Predictions], values: Array) -> Array:
    """How far members disagree on the probability of the class that is most probable on average (N,)."""
    labels = values.argmax(axis=1)
    return _deviation([one.values[np.arange(len(values)), labels] for one in made])


def _quantiles(scored: Sequence[Scored], gaussian: bool) -> Callable[[float], Array]:
    """The quantiles of the members together, see `Ensemble`."""

    def averaged(share: float) -> Array:
        return _mean([one.quantile(share) for one in scored])

    def mixed(share: float) -> Array:
        means = [one.numbers for one in scored]
        deviations = [one.quantile(ONE_DEVIATION) - one.numbers for one in scored]
        made: Array = np.mean(means, axis=0) + NormalDist().inv_cdf(share) * mixed_deviations(means, deviations)
        return made

    return mixed if gaussian else averaged


def refuse_ensemble(model: Model, option: str) -> None:
    """Raises `UsageError` where the option is for one model, and this is an ensemble."""
    if isinstance(model, Ensemble):
        hint = f"Name one of its members, such as {model.members[0].path.parent}."
        raise UsageError("is for one model, not for an ensemble", where=option, hint=hint)


def refuse_disagreement(model: Model) -> None:
    """Raises `UsageError` where one model has nobody to disagree with."""
    if not isinstance(model, Ensemble):
        hint = "Train several: scratchnn train CONFIG --seeds 0-4."
        raise UsageError("is for ensembles, but this is one model", where="--disagreement", hint=hint)
