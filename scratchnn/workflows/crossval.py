"""What `scratchnn crossval` does: a config in, a training for each fold and what they come to together out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import scratchnn
from scratchnn.config.document import Document
from scratchnn.config.dump import plain
from scratchnn.errors import UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.run_directory import ROOT
from scratchnn.training.run_group import RunGroup
from scratchnn.workflows.building import figure_names
from scratchnn.workflows.configs import check_document
from scratchnn.workflows.folding import FoldOf, folds_of
from scratchnn.workflows.group_training import GroupResult, GroupTraining
from scratchnn.workflows.jobs import INTERRUPTED, JobListener, JobOutcome
from scratchnn.workflows.out_of_fold import OutOfFold, judge_fold, pooled_figures, raw_rows, write_out_of_fold
from scratchnn.workflows.requirements import Requirement, Verdict, judge
from scratchnn.workflows.session import Session
from scratchnn.workflows.spread import Spread, spreads_of
from scratchnn.workflows.train import load, moved_to

KIND = "crossval"
OUT_OF_FOLD = "out_of_fold.csv"


@dataclass(frozen=True)
class FoldResult:
    """A fold and how its training ended; `metrics` are those of its test rows that are single numbers."""

    repeat: int
    fold: int
    outcome: JobOutcome

    @property
    def metrics(self) -> dict[str, float]:
        """Those that have a value; of a training that is not done none."""
        figures = self.outcome.summary.get("metrics", {}).get("test", {}) if self.outcome.done else {}
        return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        places = {"repeat": self.repeat, "fold": self.fold}
        return places | self.outcome.to_json() | ({"metrics": self.metrics} if self.metrics else {})


@dataclass(frozen=True)
class CrossvalResult(GroupResult):
    """What a cross-validation came to.

    `metrics` tell how much each figure varies from fold to fold. Their deviation is no standard error of the mean: the
    trainings share rows, and no unbiased estimate of that is to be had from one cross-validation (Bengio and
    Grandvalet 2004).
    `pooled` are the metrics over all out-of-fold rows together, see `pooled_figures`; `rows` is how many the file
    `out_of_fold` has, which is None where none was written.
    """

    unit: ClassVar[str] = "fold"
    run: Path
    folds: list[FoldResult]
    metrics: dict[str, Spread]
    pooled: dict[str, float] = field(default_factory=dict)
    out_of_fold: Path | None = None
    rows: int = 0
    requirements: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[JobOutcome]:
        """How each fold ended."""
        return [one.outcome for one in self.folds]

    @property
    def parameters(self) -> int:
        """Those of one network, the largest: its inputs depend on the levels that its training rows have."""
        return max((int(one.summary.get("parameters") or 0) for one in self.outcomes), default=0)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output, also summary.json."""
        made: dict[str, Any] = {
            "run_dir": str(self.run),
            "status": self.status,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "metrics": {name: spread.to_json() for name, spread in self.metrics.items()},
            "folds": [one.to_json() for one in self.folds],
            "pooled": self.pooled,
            "out_of_fold": None if self.out_of_fold is None else str(self.out_of_fold),
            "rows": self.rows,
            "seconds": round(self.seconds, 6),
        }
        if self.requirements:
            made["requirements"] = [verdict.to_json() for verdict in self.requirements]
        return made | ({} if self.error is None else {"error": self.error.to_json()})


def crossval(
    config: str | Path | Mapping[str, Any],
    *,
    folds: int | None = None,
    repeats: int = 1,
    jobs: int = 1,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    run_dir: str | Path | None = None,
    out_of_fold: str | Path | None = None,
    require: Iterable[str] = (),
    listener: JobListener | None = None,
    stop: StopRequest | None = None,
) -> CrossvalResult:
    """Trains once for each fold, and tests every row by a model that was not trained on it. For splits see `folds_of`.

    Each fold is an ordinary training in `runs/<name>-cv/fold-<k>`: to the bit what `train` makes of the config with
    that split and `data.split.fold=<k>`, with preprocessing fitted on its own training rows, whatever `jobs` says (as
    many trainings run side by side in processes of their own). Called again for the same config it goes on where it
    was: folds that are complete stay as they are. A fold that fails or diverges does not stop the others; see `error`.

    `require` names the mean of a metric (`accuracy>=0.9`), or `accuracy.min`, `.max`, `.std`, `pooled.accuracy`.
    The predictions are written to `out_of_fold`, `out_of_fold.csv` beside the folds where None.
    """
    loaded = load(config, overrides, plugins)
    every = folds_of(loaded, folds, repeats)
    path = None if run_dir is None else Path(run_dir)
    place = path or ROOT / f"{loaded.name}-cv"
    split = plain(every[0].loaded.config.data.split)
    start = {
        "format": 1,
        "scratchnn": scratchnn.__version__,
        "config": plain(moved_to(every[0].loaded, place)),
        "folds": len(every) // repeats,
        "repeats": repeats,
        "split": split["type"],
    }
    work = _Work(every, jobs, require, out_of_fold, listener, stop)
    work.check(path or ROOT)
    return work.run(RunGroup.start(KIND, f"{loaded.name}-cv", start, path))


def resume_crossval(
    run_dir: str | Path,
    *,
    jobs: int = 1,
    plugins: Iterable[str | Path] = (),
    out_of_fold: str | Path | None = None,
    require: Iterable[str] = (),
    listener: JobListener | None = None,
    stop: StopRequest | None = None,
) -> CrossvalResult:
    """Goes on with a cross-validation that was interrupted; of one that is complete it reads the results."""
    group = RunGroup.open(Path(run_dir), KIND)
    stored = group.read()
    loaded = check_document(Document(stored["config"], str(group.manifest)), group.path, map(Path, plugins))
    folds = None if loaded.config.data.split.tag() == "index" else stored["folds"]
    work = _Work(folds_of(loaded, folds, stored["repeats"]), jobs, require, out_of_fold, listener, stop)
    work.check(group.path)
    group.lock()
    return work.run(group)


class _Work(GroupTraining[CrossvalResult]):
    """What is left to do once the folds are known."""

    def __init__(
        self,
        folds: Sequence[FoldOf],
        jobs: int,
        require: Iterable[str],
        out_of_fold: str | Path | None,
        listener: JobListener | None,
        stop: StopRequest | None,
    ) -> None:
        repeated = len({one.repeat for one in folds}) > 1
        names = [f"repeat-{one.repeat}-fold-{one.fold}" if repeated else f"fold-{one.fold}" for one in folds]
        configs = [one.loaded for one in folds]
        super().__init__(dict(zip(names, configs, strict=True)), jobs, require, listener, stop)
        self._folds = folds
        self._out_of_fold = None if out_of_fold is None else Path(out_of_fold)

    def check(self, runs: Path) -> None:
        """Reads the data and builds the network of the first fold: what can be refused is refused before any run."""
        path = self._out_of_fold
        if path is not None and path.suffix.lower() != ".csv":
            raise UsageError(f'writes CSV, got "{path}"', where="--out-of-fold", hint="Name a .csv file.")
        session = Session(self._folds[0].loaded, runs=runs)
        if path is not None and session.built.target.steps:
            raise UsageError("a text has no rows", where="--out-of-fold", hint="Remove it.")
        names = figure_names(session.metrics)
        pooled = () if session.built.target.steps or session.built.target.is_reconstruction else names[1:]
        known = [f"{name}{part}" for name in names for part in ("", ".mean", ".std", ".min", ".max")]
        for requirement in self.requirements:
            requirement.check_name([*known, *(f"pooled.{name}" for name in pooled)])
        self.note_sharing(session.threads)

    def judged(self, group: RunGroup, outcomes: list[JobOutcome]) -> CrossvalResult:
        """The spread of each figure, and the figures of all out-of-fold rows; without them where it was interrupted."""
        pairs = zip(self._folds, outcomes, strict=True)
        results = [FoldResult(one.repeat, one.fold, outcome) for one, outcome in pairs]
        if any(one.exit_code == INTERRUPTED for one in outcomes):
            return CrossvalResult(group.path, results, {}, notes=self.notes)
        done = [one for one in results if one.outcome.done]
        spreads, lost = spreads_of(one.metrics for one in done)
        notes = self.notes + lost
        plugins = self._folds[0].loaded.plugins
        raw = raw_rows(self._folds[0].loaded)
        judged = [judge_fold(one.outcome.run, one.repeat, one.fold, raw, plugins) for one in done]
        pooled, more = pooled_figures(judged) if judged else ({}, [])
        path, rows = self._write(group, judged)
        figures = {f"pooled.{name}": value for name, value in pooled.items()}
        for name, spread in spreads.items():
            figures |= {name: spread.mean} | {f"{name}.{part}": value for part, value in spread.to_json().items()}
        failed = len(done) < len(results)
        return CrossvalResult(
            run=group.path,
            folds=results,
            metrics=spreads,
            pooled=pooled,
            out_of_fold=path,
            rows=rows,
            requirements=[] if failed else judge(self.requirements, _with_missing(self.requirements, figures)),
            notes=notes + [f"pooled: {note}" for note in more],
        )

    def _write(self, group: RunGroup, judged: Sequence[OutOfFold]) -> tuple[Path | None, int]:
        """The file of predictions, and its rows; none where nothing is said of rows one by one."""
        if not judged or not judged[0].said:
            return None, 0
        path = self._out_of_fold or group.path / OUT_OF_FOLD
        return path, write_out_of_fold(path, judged)


def _with_missing(requirements: Iterable[Requirement], figures: Mapping[str, float]) -> dict[str, float]:
    """The figures, with NaN, which meets no requirement, for one that has no value in any fold."""
    return {one.name: float("nan") for one in requirements} | dict(figures)
