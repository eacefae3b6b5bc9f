"""The report of runs of every task, of runs that lack something, and of hostile ones."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnn
from scratchnn.errors import DataError, ModelError, StorageError, UsageError
from scratchnn.reporting.drawing import Chart
from scratchnn.workflows.report import ReportResult, report
from scratchnn.workflows.train import train
from tests.reporting.conftest import Reader, read_page

HISTORY = ["loss", "metrics", "learning-rate", "gradient-norms"]
NETWORK = ["weights", "activations"]
CURVES = ["confusion", "roc", "precision-recall", "calibration"]
SMALL = [{"type": "dense", "units": 4, "activation": "tanh"}, {"type": "dense", "units": "auto"}]


def page(result: ReportResult) -> Reader:
    """The page, which must be whole and small and hold the charts that the result names."""
    content = result.output.read_text(encoding="utf-8")
    assert result.size == len(content.encode()) < 3_000_000
    reader = read_page(content)
    figures = [value for tag, name, value in reader.attributes if tag == "figure" and name == "id"]
    assert figures == [f"figure-{name}" for name in result.charts]
    assert reader.elements["svg"] == len(figures)
    return reader


@pytest.fixture
def drawn() -> None:
    """For tests that look at drawings, which take a second."""


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(Chart, "svg", lambda chart: "<svg></svg>")


@pytest.fixture
def run(config: Any) -> Path:
    return train(config(), overrides=["training.epochs=2"]).run


def test_classes(run: Path, drawn: None) -> None:
    result = report(run)
    assert result.output == run / "report.html"
    assert result.charts == [*HISTORY, *CURVES, *NETWORK]
    assert result.sections == ["figures", "training", "predictions", "worst", "network", "data", "config"]
    assert result.notes == []
    text = page(result).text
    for words in (
        "12 rows of 3 classes",
        "The 10 rows with the highest loss",
        "layers[1]",
        "batch_norm",
        "restore_best",
    ):
        assert words in text
    accuracy = json.loads((run / "summary.json").read_text())["metrics"]["test"]["accuracy"]
    assert f"{round(12 * accuracy)} of 12 rows are on the diagonal" in text


def test_the_public_api_writes_the_newest_run(run: Path) -> None:
    assert scratchnn.report().output.resolve() == (run / "report.html").resolve()


def test_equal_runs_have_equal_reports(run: Path, drawn: None) -> None:
    first = report(run).output.read_bytes()
    assert report(run, output="again.html").output.read_bytes() == first


def test_two_classes(config: Any, table: Any, write: Any, drawn: None) -> None:
    write("data/table.csv", [row for row in table(90) if row["kind"] != "k2"])
    result = report(train(config(), overrides=["training.epochs=2"]).run)
    assert result.charts == [*HISTORY, *CURVES, "threshold", *NETWORK]
    assert '"k1" against the other class: area' in page(result).text


def test_numbers(config: Any, drawn: None) -> None:
    path = config(data={"target": "price", "features": {"id": "ignore", "kind": "category", "price": None}})
    result = report(train(path, overrides=["training.epochs=2"]).run)
    residuals = ["predicted", "residuals", "residual-histogram"]
    assert [name for name in result.charts if name not in HISTORY + NETWORK and "metrics" not in name] == residuals
    reader = page(result)
    assert "true price" in reader.text
    assert "mean |residual|" in reader.text
    summary = json.loads((result.output.parent / "summary.json").read_text())["metrics"]["test"]
    assert f"{summary['mae']:.4g}" in reader.text.split("mean |residual|")[1]


def test_several_numbers(config: Any, table: Any, write: Any) -> None:
    rows = [row | {f"t{k}": str(k + float(row["x"])) for k in range(4)} for row in table()]
    write("data/table.csv", rows)
    features = {"id": "ignore", "kind": "ignore", "price": "ignore"}
    path = config(data={"target": [f"t{k}" for k in range(4)], "features": features}, model={"layers": SMALL})
    result = report(train(path, overrides=["training.epochs=1"]).run)
    assert "predicted-3" in result.charts
    assert "predicted-4" not in result.charts
    assert "Drawn are 3 of 4 targets, not: t3." in page(result).text


def test_inputs_again(config: Any, drawn: None) -> None:
    features = {"id": "ignore", "price": "ignore", "kind": "ignore", "color": {"type": "category", "encode": "one_hot"}}
    path = config(data={"target": None, "task": "reconstruction", "features": features}, model={"layers": SMALL})
    result = report(train(path, overrides=["training.epochs=2"]).run)
    assert "errors" in result.charts
    assert not set(CURVES) & set(result.charts)
    assert "Mean squared error by column, the worst first" in page(result).text


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("task", ["classification", "reconstruction"])
def test_images(task: str, channels: int) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (60, 6, 5, channels)).astype(np.uint8)
    np.savez("images.npz", inputs=inputs, targets=np.arange(60) % 2)
    size = 30 * channels
    tail: list[Any] = [{"type": "dense", "units": "auto"}]
    if task == "reconstruction":
        tail = [{"type": "dense", "units": size}, {"type": "reshape", "shape": [6, 5, channels]}]
    config = {
        "name": "images",
        "data": {"source": "images.npz", "task": task},
        "model": {"layers": [{"type": "conv2d", "filters": 3, "kernel_size": 3}, "relu", "flatten", *tail]},
        "training": {"epochs": 1},
    }
    result = report(train(config).run)
    pictures = [value for tag, name, value in page(result).attributes if (tag, name) == ("img", "alt")]
    assert len(pictures) == 9 * (1 if task == "classification" else 2)
    assert all(" of row " in shown for shown in pictures)


def test_a_text(drawn: None) -> None:
    Path("rhyme.txt").write_text("one two three <b>four</b> &amp;\n" * 40)
    config = {
        "name": "rhyme",
        "data": {"source": {"type": "text", "path": "rhyme.txt", "context": 8}},
        "model": {
            "layers": [
                {"type": "embedding", "units": 4},
                {"type": "lstm", "units": 6, "return_sequences": True},
                {"type": "dense", "units": "auto"},
            ]
        },
        "training": {"epochs": 1},
    }
    result = report(train(config).run)
    assert "bits" in result.charts
    assert not set(CURVES) & set(result.charts)
    reader = page(result)
    assert "there are no ROC" in reader.text
    assert "The 10 characters with the highest loss" in reader.text
    assert reader.elements["b"] == 0


def test_labels_that_may_be_true_together(config: Any, table: Any, write: Any, drawn: None) -> None:
    rows = [row | {"big": str(int(float(row["x"]) > 0)), "high": str(int(float(row["y"]) > 0))} for row in table()]
    write("data/table.csv", rows)
    features = {"id": "ignore", "price": "ignore", "kind": "ignore"}
    path = config(data={"target": ["big", "high"], "task": "multi_label", "features": features})
    result = report(train(path, overrides=["training.epochs=2"]).run)
    assert {"roc", "precision-recall", "calibration"} <= set(result.charts)
    assert "By label" in page(result).text


def test_the_worst_rows_are_those_of_the_source(config: Any) -> None:
    run = train(config(), overrides=["training.epochs=2", "data.features.price=number"]).run
    page = report(run).output.read_text()
    with Path("data/table.csv").open() as file:
        source = list(csv.DictReader(file))
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in page.split("<tr>")]
    worst = [row for row in cells if len(row) == 9 and row[0].isdigit()]
    assert len(worst) == 10
    for number, true, _, _, _, x, _, color, price in worst:
        row = source[int(number)]
        assert (row["kind"], row["color"]) == (true, color)
        assert float(row["x"]) == pytest.approx(float(x), abs=1e-3)
        assert float(row["price"]) == pytest.approx(float(price.replace(",", "")), abs=0.6)
    assert [float(row[4]) for row in worst] == sorted(float(row[4]) for row in worst)


def test_pngs(run: Path) -> None:
    result = report(run, output="page.html", png=True)
    assert [path.name for path in result.images] == [f"page-{name}.png" for name in result.charts]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in result.images)


def test_fewer_rows_are_judged_on_request(run: Path) -> None:
    result = report(run, rows=5)
    assert "Judged are 5 of 12 test rows, evenly apart" in result.notes[0]
    assert "5 rows of 3 classes" in page(result).text
    with pytest.raises(UsageError, match="expected 1 or more"):
        report(run, rows=0)


# What is missing or broken


def test_without_its_data(run: Path) -> None:
    Path("data/table.csv").unlink()
    result = report(run)
    assert result.charts == [*HISTORY, "weights"]
    assert "What needs rows is left out" in result.notes[0]
    assert "there is no such file" in result.notes[0]
    assert result.notes[0] in page(result).text


def test_with_other_data(run: Path) -> None:
    path = Path("data/table.csv")
    path.write_text(path.read_text().replace("k1", "k2", 1))
    assert "not those of the training" in report(run).notes[0]


def test_a_model_file_alone(run: Path) -> None:
    shutil.copy(run / "model.safetensors", "alone.safetensors")
    result = report("alone.safetensors")
    assert result.output == Path("report.html")
    assert (result.charts, result.sections) == (["weights"], ["network", "data", "config"])
    assert "a model file alone" in result.notes[0]
    assert "dense" in page(result).text


def test_a_run_without_a_model(run: Path) -> None:
    (run / "model.safetensors").unlink()
    (run / "summary.json").unlink()
    result = report(run)
    assert result.charts == HISTORY
    assert any("no summary.json" in note for note in result.notes)
    assert any("no model yet" in note for note in result.notes)
    page(result)


def test_without_metrics(run: Path) -> None:
    (run / "metrics.jsonl").unlink()
    result = report(run)
    assert result.charts == [*CURVES, *NETWORK]
    assert result.notes == ["There is no metrics.jsonl, so there are no curves of the training."]
    page(result)


def test_lines_that_are_no_rows(run: Path, drawn: None) -> None:
    path = run / "metrics.jsonl"
    lines = path.read_text().splitlines()
    odd = ['{"epoch": 3, "train": [1], "validation": {"loss": "x", "accuracy": true}, "gradient_norms": 7}', "\\udc80["]
    path.write_text("\n".join(["{broken", *lines, *odd, '{"epoch": "2"}', ""]))
    result = report(run)
    assert result.charts == [*HISTORY, *CURVES, *NETWORK]
    assert result.notes == ["Left out of metrics.jsonl, because no row of an epoch: line 1, 5, 6."]
    page(result)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"metrics": [], "status": 3, "best_epoch": "x"}'])
def test_a_broken_summary(run: Path, content: str) -> None:
    (run / "summary.json").write_text(content)
    (run / "environment.json").write_text(content)
    result = report(run)
    assert result.charts == [*HISTORY, *CURVES, *NETWORK]
    assert len(result.notes) == (0 if "metrics" in content else 2)
    page(result)


def test_a_run_that_diverged(config: Any, drawn: None) -> None:
    path = config(data={"target": "price", "features": {"id": "ignore", "kind": "ignore", "price": None}})
    overrides = ["optimizer.type=sgd", "optimizer.learning_rate=1e30", "training.early_stopping=null"]
    done = train(path, overrides=overrides)
    assert done.status == "diverged"
    with (done.run / "metrics.jsonl").open("a") as file:
        nothing = {"loss": None}
        row = {"epoch": 1, "step": 3, "learning_rate": None, "train": nothing, "validation": nothing}
        file.write(json.dumps(row | {"gradient_norms": {"0": None}}) + "\n")
    reader = page(report(done.run))
    assert "diverged" in reader.text
    assert ("div", "class", "card bad") in reader.attributes


def test_a_class_that_the_test_rows_lack(config: Any, table: Any, write: Any) -> None:
    for part, kinds in (("train", "k0 k1 k2"), ("test", "k0 k1"), ("one", "k1")):
        write(
            f"data/{part}.csv", [row for row in table() if row["kind"] in kinds.split()][: 1 if part == "one" else 60]
        )
    source = {"train": "../data/train.csv", "validation": "../data/test.csv", "test": "../data/test.csv"}
    text = page(report(train(config(data={"source": source}), overrides=["training.epochs=1"]).run)).text
    assert "No row is of 1 class: k2." in text
    assert "1 of 3 classes have no row here" in text
    source["test"] = "../data/one.csv"
    result = report(train(config(data={"source": source}), overrides=["training.epochs=1"]).run)
    assert "roc" not in result.charts
    text = page(result).text
    assert "1 row of 3 classes." in text
    assert "There is only one class in these rows" in text


def test_two_hundred_classes(drawn: None) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal():.3f},{rng.normal():.3f},c{k % 200}" for k in range(2000)]
    Path("many.csv").write_text("\n".join(["x,y,class", *lines]) + "\n")
    config = {
        "name": "many",
        "data": {"source": "many.csv", "target": "class"},
        "model": {"layers": SMALL},
        "training": {"epochs": 1},
    }
    result = report(train(config).run)
    text = page(result).text
    assert "20 of 200 classes with the most mistakes" in text
    assert "the 50 of 200 with the lowest recall" in text
    assert result.size < 400_000


HOSTILE = ["<script>alert(1)</script>", "a&b\"'<img src=x onerror=alert(1)>", "$\\frac{1}{2}$ \u202e\U0001f642"]


def test_hostile_names(table: Any, drawn: None) -> None:
    column, name = "<b onclick=alert(1)>x</b>", "c</title><script>"
    with Path("table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column, "y", "cell", name])
        for number, row in enumerate(table()):
            writer.writerow([row["x"], row["y"], HOSTILE[number % 2], HOSTILE[int(row["kind"][1])]])
    config = {"name": "hostile", "data": {"source": "table.csv", "target": name}, "model": {"layers": SMALL}}
    reader = page(report(train(config, overrides=["training.epochs=2"]).run))
    assert reader.elements["b"] == 0
    assert "alert" not in {found for _, found, _ in reader.attributes}
    for text in (*HOSTILE[:1], column):
        assert text in reader.text


# Where it goes


def test_an_output_that_cannot_be_written(run: Path) -> None:
    with pytest.raises(StorageError, match="There is no folder"):
        report(run, output="none/such/page.html")
    with pytest.raises(UsageError, match="is a folder"):
        report(run, output=run)


@pytest.mark.parametrize("name", ["model.safetensors", "config.yaml", "metrics.jsonl", "summary.json"])
def test_an_output_in_place_of_the_runs_own_file(run: Path, name: str) -> None:
    before = (run / name).read_bytes()
    with pytest.raises(UsageError, match="is there already, and is no HTML page"):
        report(run, output=run / ".." / run.name / name)
    assert (run / name).read_bytes() == before


def test_an_output_in_place_of_the_data(run: Path) -> None:
    before = Path("data/table.csv").read_bytes()
    with pytest.raises(UsageError, match="no HTML page"):
        report(run, output="data/table.csv")
    assert Path("data/table.csv").read_bytes() == before
    Path("empty.html").touch()
    for _ in range(2):  # an empty file and a page may be replaced
        report(run, output="empty.html")


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        report("nothing")
    with pytest.raises(ModelError, match="not a run directory"):
        report(tmp_path)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("ensemble", "seed-0", "an ensemble"),
        ("crossval", "fold-0", "a cross-validation"),
        ("tune", "trial-0000", "a search"),
    ],
)
def test_what_has_several_runs_names_them(run: Path, kind: str, name: str, words: str) -> None:
    group = Path("group")
    shutil.copytree(run, group / name)
    (group / f"{kind}.json").write_text("{}")
    with pytest.raises(UsageError, match=rf"is {words} of several runs.*scratchnn report group/{name}"):
        report(group)


def test_without_matplotlib(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.reporting.drawing.find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"matplotlib, which is not installed.*pip install 'scratchnn\[plot\]'"
    ) as caught:
        report(run)
    assert caught.value.exit_code == 2
    assert not (run / "report.html").exists()


def test_a_data_error_of_the_rows_is_told_not_raised(run: Path) -> None:
    Path("data/table.csv").write_text("x\n")
    result = report(run)
    assert "What needs rows is left out" in result.notes[0]
    with pytest.raises(DataError):
        scratchnn.evaluate(run)


def test_rows_that_cannot_be_judged_are_told_not_raised(config: Any, table: Any, write: Any) -> None:
    rows = [row | {"importance": "1"} for row in table()]
    write("data/table.csv", rows)
    write("data/test.csv", [row | {"importance": "0"} for row in rows[:5]] + [rows[5]])
    source = {"train": "../data/table.csv", "test": "../data/test.csv"}
    run = train(config(data={"source": source, "sample_weight": "importance"}), overrides=["training.epochs=1"]).run
    result = report(run, rows=1)
    assert "the weights of the rows sum to 0" in result.notes[0]
    assert "weights" in result.charts
    assert "confusion" not in result.charts
