"""What each command gives for its options."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from scratchnn.nn.gradcheck import GradCheck, check_all
from scratchnn.workflows import gradients

PLUGIN = """
from __future__ import annotations
from scratchnn.component import Literal
from scratchnn.nn.activations import ReLU

class Clipped(ReLU):
    \"\"\"As relu, under another name.\"\"\"
    type: Literal["clipped"] = "clipped"
"""


def test_train_gives_the_json_of_the_contract(cli: Any, folder: Path) -> None:
    result = cli("train", "c.yaml", "--json").json
    keys = ["run_dir", "status", "epochs", "best_epoch", "parameters", "metrics", "seconds", "samples_per_second"]
    assert list(result) == keys
    assert (result["run_dir"], result["status"], result["epochs"]) == ("runs/c", "completed", 2)
    assert result["parameters"] == 2 * 8 + 8 + 8 * 3 + 3
    assert list(result["metrics"]) == ["train", "validation", "test"]
    assert {"loss", "accuracy"} <= result["metrics"]["test"].keys()
    assert json.loads((folder / "runs/c/summary.json").read_text()) == result


def test_train_tells_what_each_column_has_become(cli: Any, folder: Path) -> None:
    assert "columns: number width, height\n" in cli("train", "c.yaml").err
    shown = cli("train", "c.yaml", "--dry-run", "--set", "data.features={width: ignore}").err
    assert "columns: number height; ignore width\n" in shown
    wide = "\n".join(
        [",".join([*(f"x{n}" for n in range(8)), "kind"]), *["1,2,3,4,5,6,7,8,a", "8,7,6,5,4,3,2,1,b"] * 5]
    )
    (folder / "flowers.csv").write_text(wide + "\n")
    assert "columns: number x0, x1, x2, x3, x4, x5 and 2 more\n" in cli("train", "c.yaml", "--dry-run").err


def test_a_start_that_looks_at_the_data(cli: Any) -> None:
    digits = str(Path(__file__).parents[2] / "configs" / "digits.yaml")
    settings = (
        "--set",
        "training.epochs=1",
        "--set",
        "model.init={type: lsuv, samples: 100}",
        "--require",
        "test.loss<2",
    )
    assert cli("train", digits, "--json", *settings).json["status"] == "completed"
    outcome = cli("train", digits, "--set", "model.init_by_name={'*.bias': lsuv}")
    assert outcome.code == 2
    assert "parameter 0.bias: (lsuv) expects two axes or more, got (256,). Use another init" in outcome.err


def test_a_run_directory_is_never_overwritten(cli: Any, folder: Path) -> None:
    names = [cli("train", "c.yaml", "--json").json["run_dir"] for _ in range(3)]
    assert names == ["runs/c", "runs/c-2", "runs/c-3"]
    outcome = cli("train", "c.yaml", "--run-dir", "runs/c")
    assert outcome.code == 2
    assert "runs/c: exists already. Choose another, or go on with it: --resume runs/c" in outcome.err
    assert cli("train", "c.yaml", "--run-dir", "else/where", "--json").json["run_dir"] == "else/where"


def test_a_dry_run_writes_nothing(cli: Any, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    outcome = cli("train", "c.yaml", "--dry-run", "--json", "--set", "name=dry")
    assert outcome.code == 0
    assert sorted(folder.rglob("*")) == before
    assert (outcome.json["name"], outcome.json["parameters"]) == ("dry", 51)
    assert outcome.json["data"]["rows"] == {"train": 31, "validation": 7, "test": 7}
    assert outcome.err.startswith("dry: classification, 31 train")
    assert cli("train", "c.yaml", "--dry-run", "--require", "test.acc>1").code == 2


def test_set_beats_the_file_and_the_last_one_wins(cli: Any) -> None:
    (defaults := ["train", "c.yaml", "--json"]).extend(["--set", "training.batch_size=31"])
    assert cli(*defaults).json["epochs"] == 2
    assert cli(*defaults, "--set", "training.epochs=3").json["epochs"] == 3
    assert cli(*defaults, "--set", "training.epochs=3", "--set", "training.epochs=4").json["epochs"] == 4
    wider = cli(*defaults, "--set", "model.layers.0.units=16").json
    assert wider["parameters"] == 2 * 16 + 16 + 16 * 3 + 3
    stored = Path(wider["run_dir"], "config.yaml").read_text()
    assert "units: 16" in stored
    assert "batch_size: 31" in stored


@pytest.mark.parametrize("words", [["--resume"], ["--resume", "runs/c"], ["--resume=runs/c"], ["c.yaml", "--resume"]])
def test_resume(words: list[str], cli: Any, folder: Path) -> None:
    straight = cli("train", "c.yaml", "--set", "training.epochs=5", "--run-dir", "straight", "--json").json
    assert cli("train", "c.yaml").code == 0
    resumed = cli("train", *words, "--set", "training.epochs=5", "--json").json
    assert (resumed["run_dir"], resumed["epochs"]) == ("runs/c", 5)
    assert resumed["metrics"] == straight["metrics"]
    rows = [json.loads(line)["epoch"] for line in (folder / "runs/c/metrics.jsonl").read_text().splitlines()]
    assert rows == [1, 2, 3, 4, 5]


def test_resume_with_a_config_after_it(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml").code == 0
    assert cli("train", "c.yaml", "--set", "name=other").code == 0
    outcome = cli("train", "--resume", "c.yaml", "--json")
    assert (outcome.code, outcome.json["run_dir"]) == (0, "runs/c")
    assert "resumed after epoch 2" in outcome.err
    outcome = cli("train", "--resume", "--set", "optimizer.learning_rate=1")
    assert outcome.code != 0


def test_an_interrupted_run_can_be_judged_and_resumed(cli: Any, program: list[str], folder: Path) -> None:
    arguments = [*program, "train", "c.yaml", "--set", "training.epochs=1000000"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not list(folder.glob("runs/c/checkpoints/*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    ending, advice = err.splitlines()[-2:]
    assert ending.startswith("interrupted after ")
    assert advice == "go on with: scratchnn train --resume runs/c"
    summary = json.loads((folder / "runs/c/summary.json").read_text())
    assert (summary["status"], summary["metrics"]) == ("interrupted", {})
    assert cli("evaluate", "runs/c", "--json").code == 0


def test_evaluate(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml", "--set", "training.epochs=60", "--set", "optimizer.learning_rate=0.05").code == 0
    outcome = cli("evaluate", "--require", "accuracy>=0.5", "--require", "loss<5", "--json")
    result = outcome.json
    assert (outcome.code, result["split"], result["rows"]) == (0, "test", 7)
    matrix = result["metrics"]["confusion_matrix"]
    assert sum(map(sum, matrix)) == 7
    assert result["metrics"]["accuracy"] == pytest.approx(sum(matrix[k][k] for k in range(3)) / 7)
    assert [verdict["passed"] for verdict in result["requirements"]] == [True, True]
    assert cli("evaluate", "runs/c", "--split", "train", "--json").json["rows"] == 31
    everything = cli("evaluate", "runs/c/model.safetensors", "--data", "flowers.csv", "--json").json
    assert (everything["rows"], everything["split"]) == (45, "flowers.csv")


def test_the_tables_of_evaluate(cli: Any) -> None:
    assert cli("train", "c.yaml", "--set", "training.epochs=60", "--set", "optimizer.learning_rate=0.05").code == 0
    figures = cli("evaluate", "--json").json["metrics"]
    lines = cli("evaluate").err.splitlines()
    assert lines[0] == "runs/c/model.safetensors, 7 rows"
    assert lines[1].split() == ["test", "majority"]
    assert lines[2].split() == ["loss", f"{figures['loss']:.4f}"]
    figures_end = {len(line) for line in lines[3 : lines.index("")]}
    assert figures_end == {len(lines[1])}  # in one column
    at = lines.index("test: by class")
    names = ["precision", "recall", "f1", "specificity", "jaccard", "roc_auc", "average_precision"]
    assert lines[at + 1].split() == ["class", *names]
    assert [line.split()[0] for line in lines[at + 2 : at + 5]] == ["ash", "elm", "oak"]
    at = lines.index("test: confusion_matrix (rows: true, columns: predicted)")
    assert lines[at + 1].split() == ["ash", "elm", "oak"]
    counts = [[int(word) for word in line.split()[1:]] for line in lines[at + 2 : at + 5]]
    assert counts == figures["confusion_matrix"]


def test_the_table_of_evaluate_with_intervals(cli: Any) -> None:
    assert cli("train", "c.yaml").code == 0
    options = ("--confidence", "0.9", "--bootstrap", "50", "--seed", "1")
    made = cli("evaluate", "--json", *options).json
    assert made["confidence"] == 0.9
    low, high = made["intervals"]["f1_macro"]
    lines = cli("evaluate", *options).err.splitlines()
    wanted = ["f1_macro", f"{made['metrics']['f1_macro']:.4f}", f"[{low:.4f},", f"{high:.4f}]"]
    wanted.append(f"{made['baselines']['majority']['f1_macro']:.4f}")
    assert wanted in [line.split() for line in lines]
    assert ["loss", f"{made['metrics']['loss']:.4f}"] in [line.split() for line in lines]
    outcome = cli("evaluate", "--confidence", "95")
    assert (outcome.code, "--confidence: got 95" in outcome.err) == (2, True)


def test_predict(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml").code == 0
    outcome = cli("predict", "flowers.csv")
    assert (outcome.code, outcome.err) == (0, "")
    rows = list(csv.reader(outcome.out.splitlines()))
    assert rows[0] == ["width", "height", "kind", "prediction"]
    assert len(rows) == 46
    outcome = cli("predict", "runs/c", "flowers.csv", "-o", "out.csv", "--proba", "--columns", "kind", "--json")
    assert outcome.json == {"rows": 45, "output": "out.csv", "flagged": 0, "flags": {}}
    made = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))
    assert list(made[0]) == ["kind", "prediction", "probability_ash", "probability_elm", "probability_oak"]
    assert [row["prediction"] for row in made] == [row[3] for row in rows[1:]]
    for row in made:
        chances = {kind: float(row[f"probability_{kind}"]) for kind in ("ash", "elm", "oak")}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert max(chances, key=lambda kind: chances[kind]) == row["prediction"]


def test_predict_numbers(cli: Any) -> None:
    words = ["--set", "data.source=homes.csv", "--set", "data.target=price", "--set", "training.epochs=200"]
    assert cli("train", "c.yaml", *words).code == 0
    rows = list(csv.DictReader(cli("predict", "homes.csv").out.splitlines()))
    assert list(rows[0]) == ["width", "height", "price", "predicted_price"]
    misses = [abs(float(row["predicted_price"]) - float(row["price"])) for row in rows]
    assert sum(misses) / len(misses) < 1
    outcome = cli("predict", "homes.csv", "--proba")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)


def test_the_numbers_of_summary(cli: Any) -> None:
    made = cli("summary", "c.yaml", "--json").json
    layers = [(row["type"], row["output"], row["parameters"], row["flops"]) for row in made["layers"]]
    assert layers == [("dense", [8], 2 * 8 + 8, 2 * 2 * 8), ("dense", [3], 8 * 3 + 3, 2 * 8 * 3)]
    assert (made["parameters"], made["flops"], made["loss"]) == (51, 80, "cross_entropy")
    arrays = [2 * 8, 8 * 3, 8, 3]  # each at a multiple of 64 bytes
    vector = sum(-(-4 * count // 64) * 64 for count in arrays)
    assert made["bytes"]["parameters"] == vector == 320
    assert made["bytes"]["optimizer"] == 2 * vector  # adam: two moments
    assert cli("summary", "c.yaml", "--set", "optimizer=sgd", "--json").json["bytes"]["optimizer"] <= vector
    double = cli("summary", "c.yaml", "--set", "model.dtype=float64", "--json").json["bytes"]["parameters"]
    assert double == sum(-(-8 * count // 64) * 64 for count in arrays)
    wide = cli("summary", "c.yaml", "--set", "training.batch_size=31", "--json").json["bytes"]["workspace"]
    assert wide > made["bytes"]["workspace"] > vector + 8 * 4 * (8 + 3)
    lines = cli("summary", "c.yaml").err.splitlines()
    assert lines[1].split() == ["type", "output", "parameters", "FLOPs"]
    assert lines[5].split() == ["total", "51", "80"]


def test_gradcheck_of_a_config(cli: Any) -> None:
    outcome = cli("gradcheck", "c.yaml", "--json")
    report = outcome.json
    assert (outcome.code, report["passed"]) == (0, True)
    arrays = {check["array"] for check in report["checks"]}
    assert arrays == {"0.weight", "0.bias", "1.weight", "1.bias", "input"}
    assert report["worst"]["error"] == max(check["error"] for check in report["checks"]) < 1e-6


def test_gradcheck_of_the_first_components(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.workflows.gradients.check_all", lambda: islice(check_all(), 20))
    outcome = cli("gradcheck", "--all", "--json")
    assert (outcome.code, outcome.json["passed"], len(outcome.json["checks"])) == (0, True, 20)
    assert outcome.err.splitlines()[-1].startswith("passed: 20 checks, worst relative error ")
    assert cli("gradcheck", "--all", "--set", "seed=1").code == 2


@pytest.mark.slow
def test_gradcheck_of_everything(process: Any) -> None:
    outcome = process("gradcheck", "--all", "--json")
    assert (outcome.code, outcome.json["passed"]) == (0, True)
    named = {check["component"] for check in outcome.json["checks"]}
    assert {"dense", "batch_norm", "relu", "softmax", "cross_entropy"} <= named


def test_gradcheck_of_a_wrong_backward(cli: Any, folder: Path) -> None:
    wrong = PLUGIN + "    def backward(self, z, y, dy, dz, mem):\n        dz[...] = dy\n"
    (folder / "wrong.py").write_text(wrong.replace("clipped", "slanted"))  # a tag belongs to one file
    words = ("--plugin", "wrong.py", "--set", "model.layers.0.activation=slanted", "--json")
    outcome = cli("gradcheck", "c.yaml", *words)
    assert outcome.code == 1
    assert outcome.json["passed"] is False
    assert "checks failed; the worst: " in outcome.json["error"]["message"]
    assert "Traceback" not in outcome.err


def test_gradcheck_names_a_component_without_rows(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = GradCheck("layer: permute", "", "rows in nn/cases", math.inf, False)
    report = gradients.GradCheckReport([GradCheck.of("dense", "(1, 3)", "input", 0.0), missing])
    monkeypatch.setattr(gradients, "gradcheck_all", lambda: report)
    outcome = cli("gradcheck", "--all")
    assert outcome.code == 1
    assert "error: layer: permute: 1 of 2 checks failed; the worst: too few rows in nn/cases" in outcome.err


def test_plugins(cli: Any, folder: Path) -> None:
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "d.yaml").write_text("plugins: [mine.py]\n" + (folder / "c.yaml").read_text().replace("relu", "clipped"))
    for words in (["d.yaml"], ["c.yaml", "--plugin", "mine.py", "--set", "model.layers.0.activation=clipped"]):
        run = cli("train", *words, "--json").json["run_dir"]
        assert cli("predict", run, "flowers.csv", "--plugin", "mine.py").code == 0
        assert cli("train", "--resume", run).code == 0
    listed = cli("list", "activations", "--plugin", "mine.py").out
    assert "clipped  As relu, under another name." in listed


def test_what_a_plugin_prints_stays_apart_from_the_output_of_a_command(cli: Any, folder: Path) -> None:
    noisy = (
        PLUGIN.replace("clipped", "noisy")
        + """
    def forward(self, z, y, mem):
        print("forward")
        super().forward(z, y, mem)

print("declared")
"""
    )
    (folder / "noisy.py").write_text(noisy)
    words = ("--plugin", "noisy.py", "--set", "model.layers.0.activation=noisy")
    outcome = cli("train", "c.yaml", *words, "--json")
    assert outcome.json["status"] == "completed"
    assert outcome.err.startswith("declared\n")
    assert "forward\n" in outcome.err
    outcome = cli("predict", outcome.json["run_dir"], "flowers.csv", "--plugin", "noisy.py")
    assert outcome.out.startswith("width,height,")
    assert "forward" not in outcome.out
    assert json.loads(cli("schema", "--plugin", "noisy.py").out)["title"] == "Config"


def test_a_plugin_that_lacks_methods_is_refused_before_anything_runs(cli: Any, folder: Path) -> None:
    bare = """
from __future__ import annotations
from scratchnn.component import Literal
from scratchnn.nn.activations import Activation

class Bare(Activation):
    type: Literal["bare"] = "bare"
"""
    (folder / "bare.py").write_text(bare)
    (folder / "d.yaml").write_text("plugins: [bare.py]\n" + (folder / "c.yaml").read_text().replace("relu", "bare"))
    for words in (["validate", "d.yaml"], ["train", "d.yaml"], ["train", "c.yaml", "--plugin", "bare.py"]):
        outcome = cli(*words)
        assert outcome.code == 2
        assert 'the activation "bare" lacks backward(), forward(). Write them in the class Bare.' in outcome.err
    assert not (folder / "runs").exists()


def test_a_component_without_a_docstring_is_listed(cli: Any, folder: Path) -> None:
    (folder / "silent.py").write_text(
        PLUGIN.replace('    """As relu, under another name."""\n', "").replace("clipped", "silent")
    )
    lines = cli("list", "activations", "--plugin", "silent.py").out.splitlines()
    assert "silent" in lines


def test_validate(cli: Any, folder: Path) -> None:
    outcome = cli("validate", "c.yaml", "--json")
    assert (outcome.code, outcome.json["valid"], outcome.json["parameters"]) == (0, True, 51)
    assert outcome.err.startswith("c.yaml: valid; c: classification, 31 train")
    (folder / "flowers.csv").unlink()
    assert cli("validate", "c.yaml").code == 3
    assert cli("validate", "c.yaml", "--config-only").err == "c.yaml: valid\n"
    assert not (folder / "runs").exists()


def test_json_is_accepted_by_schema_and_explained_before_a_command(cli: Any, folder: Path) -> None:
    assert cli("schema", "--json").out == cli("schema").out
    outcome = cli("--json", "train", "c.yaml")
    assert (outcome.code, outcome.json["error"]["message"]) == (2, "--json stands before the command")


def test_the_line_that_goes_on_with_a_run_is_quoted() -> None:
    from scratchnn.cli.console import outcome
    from scratchnn.workflows.session import TrainResult

    result = TrainResult(Path("a b"), "interrupted", "", 2, 2, 2, 51, {}, 1.0, 1.0)
    assert outcome(result)[-1] == "go on with: scratchnn train --resume 'a b'"


@pytest.mark.parametrize("command", [["evaluate", "runs/zzzzzzzz"], ["predict", "runs/zzzzzzzz", "flowers.csv"]])
def test_an_unknown_run_among_many(command: list[str], cli: Any, folder: Path) -> None:
    for number in range(12):
        (folder / "runs" / f"r{number}").mkdir(parents=True)
        config = folder / "runs" / f"r{number}" / "config.yaml"
        config.touch()
        os.utime(config, (1000 + number, 1000 + number))
    outcome = cli(*command)
    assert (outcome.code, outcome.out) == (4, "")
    newest = ", ".join(f"runs/r{number}" for number in range(11, 1, -1))
    assert outcome.err.endswith(f"Choose one of: {newest}, or an older one (2 more).\n")


def test_an_unknown_run_may_have_a_similar_name(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml", "--set", "name=tulips").code == 0
    assert cli("evaluate", "runs/tulip").err.endswith('Did you mean "runs/tulips"?\n')
