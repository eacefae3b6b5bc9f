"""What requirements came to, in the files that CI reads: JUnit XML, and a step summary of GitHub in Markdown."""

from __future__ import annotations

import errno
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from scratchnn.errors import StorageError, UsageError
from scratchnn.training.storage import refusals, write_atomically
from scratchnn.workflows.evaluate import EvaluateResult
from scratchnn.workflows.requirements import Verdict
from scratchnn.workflows.session import TrainResult

SUMMARY = "GITHUB_STEP_SUMMARY"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Result = EvaluateResult | TrainResult


def check_junit(path: Path | None, require: Sequence[str]) -> None:
    """Raises `UsageError` where there is nothing to write, `StorageError` where the file has no folder."""
    if path is None:
        return
    if not require:
        raise UsageError("there are no requirements to tell of", where="--junit", hint="Add --require 'accuracy>=0.9'.")
    _check_place(path)


def summary_file(option: Path | None) -> Path | None:
    """The file of `--step-summary`: the one named, or what GitHub's runner names where the option stands alone.

    None where the option is absent. Raises `UsageError` where no file is named at all, `StorageError` where it has no
    folder.
    """
    if option is None:
        return None
    named = os.environ.get(SUMMARY, "")
    if option == Path() and not named:
        hint = f"Name a file: --step-summary summary.md. In a job of GitHub Actions ${SUMMARY} is set."
        raise UsageError(f"no file is named, and ${SUMMARY} is not set", where="--step-summary", hint=hint)
    path = Path(named) if option == Path() else option
    _check_place(path, summary=True)
    return path


def _check_place(path: Path, *, summary: bool = False) -> None:
    """Before anything takes long."""
    with refusals(path):
        if path.parent.stat() and not path.parent.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if path.is_dir():
        hint = "Name a file, or write --step-summary after everything else."
        raise StorageError("this is a folder", where=str(path), hint=hint if summary else "Name a file.")


def junit(command: str, suite: str, verdicts: Sequence[Verdict], seconds: float) -> bytes:
    """JUnit XML: a test case for each requirement, with a failure that says by how much it is missed.

    All times are of the whole command, which each of them took part in: the cases themselves take none.
    """
    failures = str(sum(not verdict.passed for verdict in verdicts))
    counts = {"tests": str(len(verdicts)), "failures": failures, "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": "scratchnn", **counts, "time": f"{seconds:.3f}"})
    name = _xml(f"scratchnn {command}: {suite}")
    own = ElementTree.SubElement(root, "testsuite", {"name": name, **counts, "skipped": "0", "time": f"{seconds:.3f}"})
    for verdict in verdicts:
        text = _xml(verdict.requirement.text.strip())
        case = ElementTree.SubElement(own, "testcase", {"classname": name, "name": text, "time": "0.000"})
        if not verdict.passed:
            message = _xml(str(verdict))
            told = ElementTree.SubElement(case, "failure", {"message": message, "type": "requirement"})
            told.text = message
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def write_junit(path: Path, command: str, suite: str, result: Result) -> None:
    """Writes the file in one step. Raises `StorageError`."""
    write_atomically(path, junit(command, suite, result.requirements, result.seconds))


def append_summary(path: Path, text: str) -> None:
    """Adds Markdown to what steps before have written, on lines of its own. Raises `StorageError`."""
    with refusals(path):
        before = path.read_bytes()[-1:] if path.is_file() else b""
        with path.open("ab") as file:  # a pipe or a device too
            file.write((b"" if not before else b"\n" if before == b"\n" else b"\n\n") + text.encode())


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A table of the requirements in Markdown; none where there are none."""
    if not verdicts:
        return []
    rows = []
    for verdict in verdicts:
        told = "" if verdict.short_by is None else figure(verdict.short_by)
        mark = "met" if verdict.passed else "**not met**"
        rows.append([code(verdict.requirement.text.strip()), figure(verdict.value), mark, told])
    missed = sum(not verdict.passed for verdict in verdicts)
    title = "All requirements are met" if not missed else f"{missed} of {len(verdicts)} requirements are not met"
    return [f"**{title}**", "", *_table(["requirement", "value", "", "short by"], rows), ""]


def evaluation_summary(result: EvaluateResult) -> str:
    """The requirements, the metrics that are single numbers, and the groups, in Markdown."""
    title = f"scratchnn evaluate: {result.split}, {result.rows} rows"
    lines = [f"### {escaped(title)}", "", f"Model: {code(str(result.model))}", "", *verdict_lines(result.requirements)]
    header, rows = ["metric", "value"], []
    if result.intervals:
        header.append(f"{result.confidence:g} interval")
    header += list(result.baselines)
    for name, value in result.metrics.items():
        if isinstance(value, int | float):
            cells = [code(name), figure(value)]
            if result.intervals:
                cells.append(" to ".join(map(figure, result.intervals.get(name, ()))))
            rows.append(cells + [figure(one[name]) if name in one else "" for one in result.baselines.values()])
    lines += [*_table(header, rows), ""]
    for column, grouped in result.groups.items():
        rows = []
        for value, group in grouped.groups.items():
            mark = " (worst)" if value == grouped.worst else ""
            rows.append(
                [escaped(f"{value}{mark}"), str(group.rows), *(figure(group.metrics[name]) for name in result.main)]
            )
        lines += [f"By {code(column)}", "", *_table(["group", "rows", *result.main], rows), ""]
    return "\n".join(lines)


def training_summary(result: TrainResult) -> str:
    """The requirements and the metrics of each part that are single numbers, in Markdown."""
    title = f"scratchnn train: {result.status.replace('_', ' ')} after {result.epochs} epochs"
    lines = [f"### {escaped(title)}", "", f"Run: {code(str(result.run))}", "", *verdict_lines(result.requirements)]
    names = [
        name for figures in result.metrics.values() for name, value in figures.items() if isinstance(value, int | float)
    ]
    rows = []
    for name in dict.fromkeys(names):
        rows.append([code(name), *(figure(figures.get(name)) for figures in result.metrics.values())])
    return "\n".join([*lines, *(_table(["metric", *result.metrics], rows) if rows else []), ""])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def figure(value: object) -> str:
    """A number in Markdown; nothing where it has no value.

    >>> figure(0.123456), figure(float("nan")), figure(None)
    ('0.1235', '', '')
    """
    return f"{value:.4g}" if isinstance(value, int | float) and not math.isnan(value) else ""


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line and in one cell of a table.

    >>> escaped("a|b <i> _x_")
    'a\\\\|b &lt;i&gt; \\\\_x\\\\_'
    """
    text = " ".join(_NO_XML.sub("?", text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", text)


def code(text: str) -> str:
    """The same as code.

    >>> code("loss<0.5"), code("a`|b")
    ('`loss<0.5`', '`` a`\\\\|b ``')
    """
    text = " ".join(_NO_XML.sub("?", text).split()).replace("|", "\\|")
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"`{text}`"


def _xml(text: str) -> str:
    """Without what XML cannot hold."""
    return _NO_XML.sub("?", text)


def write_summary(path: Path, result: Result) -> None:
    """Adds the summary of a result to a file. Raises `StorageError`."""
    append_summary(path, evaluation_summary(result) if isinstance(result, EvaluateResult) else training_summary(result))
