"""What `scratchnn report` does: a run in, one HTML page out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn import __version__
from scratchnn.config.dump import dump_config
from scratchnn.data.preparation import Part, Prepared
from scratchnn.data.samples import gather
from scratchnn.errors import ScratchnnError, UsageError
from scratchnn.nn.network import Network
from scratchnn.reporting.drawing import require_matplotlib
from scratchnn.reporting.histogram import Histogram
from scratchnn.reporting.page import Headline, Page, Section
from scratchnn.reporting.sections.about import config_section, data_section, figures_section
from scratchnn.reporting.sections.network import Layer, network_section
from scratchnn.reporting.sections.training import training_section
from scratchnn.reporting.wording import counted, figure
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.run_directory import RunDirectory
from scratchnn.training.run_group import group_kind
from scratchnn.training.storage import refusals, write_atomically
from scratchnn.workflows.ensembles import ensemble_folder
from scratchnn.workflows.judged_rows import SPLITS, own_rows
from scratchnn.workflows.layer_histograms import activation_histograms, layer_name, weight_histograms
from scratchnn.workflows.layer_table import layer_rows
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.report_rows import JudgedRows
from scratchnn.workflows.run_record import RunRecord, read_record
from scratchnn.workflows.threads import choose_threads, computing

NAME = "report.html"
MOST_FIGURES = 4
MOST_OPERATIONS = 3e10  # floating-point ones, to judge rows: a second or two
FEWEST_ROWS = 1000
_GROUPS = {"ensemble": "an ensemble", "crossval": "a cross-validation", "tune": "a search"}


@dataclass(frozen=True)
class ReportResult:
    """The page that was written, its size in bytes, its charts by name, and PNG files where they were asked for.

    `notes` say what the page leaves out, and why.
    """

    output: Path
    size: int
    sections: list[str]
    charts: list[str]
    images: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "output": str(self.output),
            "bytes": self.size,
            "sections": self.sections,
            "charts": self.charts,
            "images": [str(path) for path in self.images],
            "notes": self.notes,
        }


def report(
    run: str | Path | None = None,
    *,
    output: str | Path | None = None,
    png: bool = False,
    rows: int | None = None,
    plugins: Iterable[str | Path] = (),
) -> ReportResult:
    """Writes the report of a run directory, a model file, or the newest run: `report.html` beside the model.

    It judges the test rows, or the validation rows where there are none, or else the training rows: at most `rows` of
    them, evenly apart; where None so many that it takes a second or two. Where the data are
    gone, or there is only a model file, the page says so and has what is left. `output` is another place for the page;
    with `png` each chart is a file beside it too. Equal runs give equal bytes. Raises the errors of `scratchnn.errors`,
    `UsageError` where matplotlib is not installed.
    """
    require_matplotlib()
    if rows is not None and rows < 1:
        raise UsageError(f"got {rows}, expected 1 or more", where="--rows")
    plugins = tuple(plugins)
    source = _Source.find(run, plugins)
    path = Path(output) if output is not None else source.folder / NAME
    _refuse_other_files(path)
    page = _page(source, plugins, rows)
    content = page.html().encode()
    write_atomically(path, content, sync=False)
    images = []
    for chart in page.charts if png else ():
        images.append(path.with_name(f"{path.stem}-{chart.name}.png"))
        write_atomically(images[-1], chart.png(), sync=False)
    sections = [section.name for section in page.sections if not section.empty]
    charts = [chart.name for chart in page.charts]
    return ReportResult(path, len(content), sections, charts, images, list(page.notes))


@dataclass(frozen=True)
class _Source:
    """What there is to report of: a run directory, a model, or both."""

    record: RunRecord | None
    run: RunDirectory | None
    model: Model | None
    file: Path

    @classmethod
    def find(cls, path: str | Path | None, plugins: Iterable[str | Path]) -> _Source:
        """A run without a model yet is one too; everything else is what `load_model` takes."""
        if path is not None and Path(path).is_dir():
            _refuse_group(Path(path))
            run = RunDirectory.open(Path(path))
            if not run.model.is_file():
                return cls(read_record(run), run, None, run.model)
        model = load_model(path, plugins)
        return cls(read_record(model.run) if model.run is not None else None, model.run, model, model.path)

    @property
    def folder(self) -> Path:
        """Where the page goes unless another place is named."""
        return self.file.parent

    @property
    def name(self) -> str:
        """The run's name: that in its config, or of its folder."""
        return (self.model and self.model.config.name) or self.folder.resolve().name


def _page(source: _Source, plugins: Iterable[str | Path], most: int | None) -> Page:
    model, record = source.model, source.record or RunRecord()
    notes = list(record.notes)
    if source.record is None:
        notes.append(
            "This is of a model file alone: it knows no training, no figures and no rows, so they are left out."
        )
    seen = _Seen()
    if model is not None and model.run is not None:
        seen = _see(model, plugins, most)
        notes += filter(None, [seen.note])
    layers = _layer_names(model)
    sections = [figures_section(record.metrics)]
    if source.record is not None:
        sections.append(training_section(record.rows, record.best_epoch, layers))
    sections += seen.sections
    if model is None:
        notes.append(
            "The run has no model yet, so there are no predictions and no network. "
            f"Go on with: scratchnn train --resume {shlex.quote(str(source.folder))}"
        )
    else:
        sections += _of_model(model, seen)
    config = record.config or (dump_config(model.config) if model is not None else "")
    sections.append(config_section(config, record.environment))
    return Page(
        title=source.name,
        lead=_lead(model, record),
        headlines=_headlines(model, record),
        sections=sections,
        notes=notes,
        foot=f"Made by scratchnn {__version__}.",
    )


@dataclass(frozen=True)
class _Seen:
    """What the page has of rows, all empty where there are none; `note` says what is left out, and why."""

    prepared: Prepared | None = None
    sections: list[Section] = field(default_factory=list)
    activations: dict[str, Histogram] = field(default_factory=dict)
    said: str = ""
    note: str = ""


def _see(model: Model, plugins: Iterable[str | Path], most: int | None) -> _Seen:
    """Judges the last part that the run has rows of."""
    left_out = "What needs rows is left out (predictions, the worst of them, activations):"
    name = next((name for name in reversed(SPLITS) if name in model.parts), None)
    if name is None:
        return _Seen(note=f"{left_out} the model does not tell which rows it was trained on.")
    network = model.built.network
    try:
        prepared = own_rows(model, {name}, plugins)
        whole = prepared.parts[name]
        part = _thinned(whole, network, most)
        with computing(choose_threads(model.config, network, len(part))):
            _, scored = Evaluator(network, model.built.loss, (), model.encoder).judged(part)
            sections = JudgedRows(model.encoder, name, part, scored).sections()
            activations, count = activation_histograms(network, part.inputs)
    except ScratchnnError as error:
        return _Seen(note=f"{left_out} {error}")
    note = ""
    if len(part) < len(whole):
        note = f"Judged are {len(part):,} of {len(whole):,} {name} rows, evenly apart; figures from the training are "
        note += "of all. To judge more: --rows N."
    said = f"What each layer gives for {counted(count, f'{name} row')}, without dropout."
    return _Seen(prepared, sections, activations, said, note)


def _thinned(part: Part, network: Network, most: int | None) -> Part:
    """At most so many rows of a part, evenly apart; where None as many as `MOST_OPERATIONS` are enough for."""
    if most is None:
        most = max(FEWEST_ROWS, int(MOST_OPERATIONS // max(network.plan.flops, 1)))
    if len(part) <= most:
        return part
    chosen = np.linspace(0, len(part) - 1, most).round().astype(np.int64)
    inputs = np.empty((most, *part.inputs.shape[1:]), part.inputs.dtype)
    gather(part.inputs, chosen, inputs)
    targets = inputs if part.targets is part.inputs else part.targets[chosen]
    weights = None if part.weights is None else part.weights[chosen]
    return Part(inputs, targets, weights, part.rows[chosen])


def _of_model(model: Model, seen: _Seen) -> list[Section]:
    network = model.built.network
    layers = [Layer(row.index, row.tag, row.output, row.parameters, row.flops) for row in layer_rows(network)]
    encoder = model.encoder
    known = {
        "task": encoder.task,
        "input_shape": list(encoder.input_shape),
        "features": encoder.feature_names,
        "target": encoder.target.names,
    }
    summary = known if seen.prepared is None else seen.prepared.summary()
    weights = weight_histograms(network)
    return [network_section(network.inputs.shape, layers, weights, seen.activations, seen.said), data_section(summary)]


def _layer_names(model: Model | None) -> dict[str, str]:
    """Names for people of the layers that gradient norms are recorded of, by their paths."""
    network: Network | None = model.built.network if model is not None else None
    if network is None:
        return {}
    paths = {name.rpartition(".")[0] for name in network.arena.params}
    return {path: layer_name(network, path) for path in paths}


def _lead(model: Model | None, record: RunRecord) -> str:
    said = []
    if model is not None:
        said.append(f"{model.encoder.task.replace('_', ' ')} by {model.built.loss.title}")
    seconds = record.summary.get("seconds")
    if record.status:
        took = f" in {figure(float(seconds))} s" if isinstance(seconds, int | float) else ""
        said.append(f"{record.status.replace('_', ' ')}{took}")
    started = record.environment.get("started")
    if isinstance(started, str):
        said.append(f"started {started.replace('T', ' ').replace('+00:00', ' UTC')}")
    return "; ".join(said)


def _headlines(model: Model | None, record: RunRecord) -> list[Headline]:
    """Test figures first (or of the last part that has some), then how the training ended, then the size."""
    made = []
    if record.status == "diverged":
        error = record.summary.get("error")
        reason = error.get("message", "") if isinstance(error, dict) else ""
        made.append(Headline("status", "diverged", str(reason), bad=True))
    part = next((name for name in reversed(SPLITS) if record.metrics.get(name)), "")
    figures = record.metrics.get(part, {})
    single = [name for name, value in figures.items() if isinstance(value, int | float) and name != "loss"]
    for name in single[:MOST_FIGURES] or [name for name in figures if name == "loss"]:
        beside = record.metrics.get("validation", {}).get(name) if part == "test" else None
        note = f"validation {figure(beside)}" if isinstance(beside, int | float) else ""
        made.append(Headline(f"{part} {name}", figure(figures[name]), note))
    epochs = record.summary.get("epochs", record.rows[-1]["epoch"] if record.rows else None)
    if isinstance(epochs, int):
        best = f"best {record.best_epoch}" if record.best_epoch else ""
        made.append(Headline("epochs", f"{epochs:,}", best))
    if model is not None:
        count = model.built.network.arena.count
        made.append(Headline("parameters", f"{count:,}", counted(len(model.built.network.layers), "layer")))
    return made


def _refuse_group(folder: Path) -> None:
    """The curves and layers of an ensemble, a cross-validation or a search are those of its runs."""
    kind = "ensemble" if ensemble_folder(folder, lambda: 0.0) is not None else group_kind(folder)
    if kind is None:
        return
    members = sorted(path.parent for path in folder.glob("*/config.yaml"))
    hint = f"Report one of its runs: scratchnn report {shlex.quote(str(members[0]))}" if members else ""
    raise UsageError(f"is {_GROUPS[kind]} of several runs", where=str(folder), hint=hint)


def _refuse_other_files(path: Path) -> None:
    """A report takes the place of nothing but a page: not of a model, a config or data."""
    if path.is_dir():
        raise UsageError("is a folder", where=str(path), hint=f"Name a file: -o {shlex.quote(str(path / NAME))}.")
    if not path.is_file():
        return
    with refusals(path), path.open("rb") as file:
        start = file.read(64)
    if start and not start.lstrip().lower().startswith(b"<!doctype html"):
        hint = f"Choose another name: -o {NAME}."
        raise UsageError("is there already, and is no HTML page", where=str(path), hint=hint)
