"""What was trained on what, and where: figures, data, config, environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scratchnn.reporting.page import Listing, Section, Table
from scratchnn.reporting.wording import figure, listed, short

MOST_CLASSES = 30
MOST_NAMES = 20


def figures_section(parts: Mapping[str, Mapping[str, Any]]) -> Section:
    """The metrics that are single numbers, side by side for each part."""
    section = Section("figures", "Figures")
    names = list(dict.fromkeys(name for figures in parts.values() for name in figures))
    single = [name for name in names if any(_is_number(figures.get(name)) for figures in parts.values())]
    if single:
        rows = [[name, *(figure(figures.get(name)) for figures in parts.values())] for name in single]
        section.tables.append(Table("Loss and metrics", ["", *parts], rows))
    return section


def data_section(summary: Mapping[str, Any]) -> Section:
    """What there is of rows, inputs and classes; of a model whose data are gone only what it knows itself."""
    section = Section("data", "Data")
    rows = [["task", str(summary.get("task", "")).replace("_", " ")]]
    counts = summary.get("rows")
    if isinstance(counts, Mapping):
        rows.append(["rows", ", ".join(f"{count:,} {part}" for part, count in counts.items())])
    rows.append(["shape of a sample", " x ".join(map(str, summary.get("input_shape", ())))])
    columns = summary.get("columns")
    names = list(summary.get("features") or ())
    if names:
        rows.append(["inputs", f"{len(names):,}" if columns else f"{len(names):,}: {listed(names, MOST_NAMES)}"])
    if names := list(summary.get("target") or ()):
        rows.append(["target", listed(names, MOST_NAMES)])
    if isinstance(columns, Mapping):
        rows += [[f"columns: {kind}", listed(list(names), MOST_NAMES)] for kind, names in columns.items()]
    unseen = summary.get("unseen")
    if isinstance(unseen, Mapping):
        rows += [[f"unseen in {part}", _counts(counts)] for part, counts in unseen.items()]
    section.tables.append(Table("Summary of the data", [], rows, left=2))
    classes = summary.get("classes")
    if isinstance(classes, Mapping) and classes:
        section.tables.append(_classes(classes))
    return section


def config_section(config: str, environment: Mapping[str, Any]) -> Section:
    """The whole config, and what the run ran on."""
    section = Section("config", "Config and environment")
    if config:
        section.tables.append(Listing("The config, complete", config))
    if environment:
        rows = [[name, _said(value)] for name, value in environment.items()]
        section.tables.append(Table("Environment", [], rows, left=2))
    return section


def _classes(classes: Mapping[str, Mapping[str, int]]) -> Table:
    shown = list(classes.items())[:MOST_CLASSES]
    parts = list(shown[0][1])
    caption = "Rows of each class"
    if len(classes) > MOST_CLASSES:
        caption += f" (the first {MOST_CLASSES} of {len(classes):,})"
    rows = [[short(name, 60), *(f"{counts.get(part, 0):,}" for part in parts)] for name, counts in shown]
    return Table(caption, ["class", *parts], rows, folded=len(rows) > 12)


def _counts(counts: Mapping[str, int]) -> str:
    return listed([f"{name}: {count}" for name, count in counts.items()])


def _said(value: object) -> str:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return ", ".join(map(str, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
