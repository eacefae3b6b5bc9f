"""What `scratchnn train --seeds` does: a config in, several trainings that differ in their random numbers out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import scratchnn
from scratchnn.config.document import Document
from scratchnn.config.dump import plain
from scratchnn.errors import ConfigError, UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.run_directory import ROOT
from scratchnn.training.run_group import RunGroup
from scratchnn.workflows.building import figure_names, resolve_metrics
from scratchnn.workflows.configs import LoadedConfig, check_document
from scratchnn.workflows.ensembles import KIND, EnsembleEvaluator, load_ensemble
from scratchnn.workflows.group_training import GroupResult, GroupTraining
from scratchnn.workflows.jobs import JobListener, JobOutcome
from scratchnn.workflows.judged_rows import own_parts
from scratchnn.workflows.requirements import Verdict, judge
from scratchnn.workflows.session import Session
from scratchnn.workflows.spread import Spread
from scratchnn.workflows.threads import choose_threads, computing
from scratchnn.workflows.train import load, moved_to

MOST_SEEDS = 1000
_RANGE = re.compile(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", re.ASCII)


@dataclass(frozen=True)
class EnsembleResult(GroupResult):
    """What the training of an ensemble came to.

    `metrics` are those of the averaged predictions on each part, `spreads` what the members reach there by themselves.
    """

    unit: ClassVar[str] = "member"
    run: Path
    members: list[JobOutcome]
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    spreads: dict[str, dict[str, Spread]] = field(default_factory=dict)
    requirements: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[JobOutcome]:
        """How each member ended."""
        return self.members

    @property
    def parameters(self) -> int:
        """Those of all members together."""
        return sum(int(member.summary.get("parameters") or 0) for member in self.members)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output, also summary.json."""
        made: dict[str, Any] = {
            "run_dir": str(self.run),
            "status": self.status,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "metrics": self.metrics,
            "members": [member.to_json() for member in self.members],
            "members_alone": {
                part: {name: spread.to_json() for name, spread in spreads.items()}
                for part, spreads in self.spreads.items()
            },
            "seconds": round(self.seconds, 6),
        }
        if self.requirements:
            made["requirements"] = [verdict.to_json() for verdict in self.requirements]
        return made | ({} if self.error is None else {"error": self.error.to_json()})


def parse_seeds(text: str) -> list[int]:
    """The seeds of a list such as "0-4" or "0,2,5". Raises `UsageError`.

    >>> parse_seeds("0-2,7")
    [0, 1, 2, 7]
    """

    def refused(message: str, hint: str = "Write a range or a list: --seeds 0-4, or --seeds 0,2,5.") -> UsageError:
        return UsageError(message, where=f"--seeds {text}", hint=hint)

    seeds: list[int] = []
    for piece in text.split(","):
        match = _RANGE.fullmatch(piece)
        if match is None:
            raise refused(f'cannot read "{piece.strip()}"')
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise refused(f"the range {first}-{last} is empty", f"Write the smaller one first: {last}-{first}.")
        if len(seeds) + last - first + 1 > MOST_SEEDS:
            raise refused(f"these are more than {MOST_SEEDS} seeds")
        seeds += range(first, last + 1)
    twice = [seed for place, seed in enumerate(seeds) if seed in seeds[:place]]
    if twice:
        raise refused(f"the seed {twice[0]} stands there twice", "Name each once: two equal members are one.")
    if len(seeds) < 2:
        raise refused("an ensemble needs two seeds or more", f"For a single training: --set seed={seeds[0]}.")
    return seeds


def train_ensemble(
    config: str | Path | Mapping[str, Any],
    seeds: Sequence[int],
    *,
    jobs: int = 1,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    run_dir: str | Path | None = None,
    require: Iterable[str] = (),
    listener: JobListener | None = None,
    stop: StopRequest | None = None,
) -> EnsembleResult:
    """Trains one model for each seed, in `runs/<name>-ensemble/seed-<s>`; `predict` and `evaluate` take the directory.

    The rows are divided by the config's own `seed`, and so the same for all: only initial weights, the order of the
    samples, dropout and augmentation differ. A member is an ordinary run, to the bit that of the config with
    `seed=<s>` and `data.split_seed=<seed of the config>`, whatever `jobs` says. Called again for the same config it
    goes on where it was. Where a member fails or diverges there is no ensemble, see `error`.
    """
    loaded = load(config, overrides, plugins)
    seeds = parse_seeds(",".join(map(str, seeds)))
    path = None if run_dir is None else Path(run_dir)
    start = {
        "format": 1,
        "scratchnn": scratchnn.__version__,
        "members": [f"seed-{seed}" for seed in seeds],
        "seeds": seeds,
        "config": plain(moved_to(loaded, path or ROOT / f"{loaded.name}-{KIND}")),
    }
    work = _Work(loaded, seeds, jobs, require, listener, stop)
    work.check(path or ROOT)
    return work.run(RunGroup.start(KIND, f"{loaded.name}-{KIND}", start, path))


def resume_ensemble(
    run_dir: str | Path,
    *,
    jobs: int = 1,
    plugins: Iterable[str | Path] = (),
    require: Iterable[str] = (),
    listener: JobListener | None = None,
    stop: StopRequest | None = None,
) -> EnsembleResult:
    """Goes on with an ensemble whose training was interrupted; one that is complete is only judged again."""
    group = RunGroup.open(Path(run_dir), KIND)
    stored = group.read()
    if not isinstance(stored.get("config"), dict) or not isinstance(stored.get("seeds"), list):
        hint = "`predict` and `evaluate` can use it all the same."
        raise UsageError("does not tell how its members were trained", where=str(group.manifest), hint=hint)
    loaded = check_document(Document(stored["config"], str(group.manifest)), group.path, map(Path, plugins))
    work = _Work(loaded, parse_seeds(",".join(map(str, stored["seeds"]))), jobs, require, listener, stop)
    work.check(group.path)
    group.lock()
    return work.run(group)


def member_config(loaded: LoadedConfig, seed: int) -> LoadedConfig:
    """The config of a member: another seed, but the same division of the rows."""
    document = loaded.document
    data = {**document.data["data"], "split_seed": loaded.config.seed_of_split}
    changed = {**document.data, "seed": seed, "data": data}
    made = Document(changed, document.name, document.places, document.origins)
    return check_document(made, loaded.base, loaded.plugins)


class _Work(GroupTraining[EnsembleResult]):
    """What is left to do once the members are known."""

    def __init__(
        self,
        loaded: LoadedConfig,
        seeds: Sequence[int],
        jobs: int,
        require: Iterable[str],
        listener: JobListener | None,
        stop: StopRequest | None,
    ) -> None:
        members = {f"seed-{seed}": member_config(loaded, seed) for seed in seeds}
        super().__init__(members, jobs, require, listener, stop)
        self._loaded = loaded

    def check(self, runs: Path) -> None:
        """Reads the data and builds the first network: what can be refused is refused before any training."""
        session = Session(next(iter(self.trainings.values())), runs=runs)
        if session.built.target.steps:
            hint = "Train one model: their tokens cannot be drawn together."
            raise self._loaded.placed(ConfigError("a text takes no ensemble", where="data.source", hint=hint))
        names = figure_names(session.metrics)[1:]
        for requirement in self.requirements:
            requirement.check_name(f"{part}.{name}" for part in session.data.parts for name in names)
        self.note_sharing(session.threads)

    def judged(self, group: RunGroup, outcomes: list[JobOutcome]) -> EnsembleResult:
        """The figures of all members together, where each is trained."""
        result = EnsembleResult(group.path, outcomes, notes=self.notes)
        if result.status != "completed":
            return result
        ensemble = load_ensemble(group.path, self._loaded.plugins)
        parts = own_parts(ensemble, set(ensemble.parts), self._loaded.plugins)
        evaluator = EnsembleEvaluator(ensemble, resolve_metrics(ensemble.config, ensemble.built))
        metrics: dict[str, dict[str, Any]] = {}
        spreads: dict[str, dict[str, Spread]] = {}
        notes = list(self.notes)
        network = ensemble.built.network
        with computing(choose_threads(ensemble.config, network, len(parts["train"]))):
            for name, part in parts.items():
                metrics[name] = evaluator.figures(*evaluator.judged(part))
                notes += [f"{name}: {note}" for note in evaluator.notes]
                spreads[name] = evaluator.members()
        figures = {f"{part}.{name}": value for part, values in metrics.items() for name, value in values.items()}
        return EnsembleResult(group.path, outcomes, metrics, spreads, judge(self.requirements, figures), notes)
