from __future__ import annotations

import json
import shlex
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest

TWO = """\
seed: 0
data:
  source: two.csv
  target: ill
  features: {ward: ignore}
model:
  layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: auto}]
optimizer: {type: adam, learning_rate: 1e-2}
training: {epochs: 20, batch_size: 16}
"""


@pytest.fixture
def trained(folder, cli):
    """A run `runs/two` with two classes and a column that is no input."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).round(3)
    ill = rng.random(200) < 1 / (1 + np.exp(1.5 - 2 * x[:, 0]))
    rows = [
        f"{a},{b},{'ab'[n % 2]},{'yes' if one else 'no'}" for n, ((a, b), one) in enumerate(zip(x, ill, strict=True))
    ]
    (folder / "two.csv").write_text("\n".join(["x,z,ward,ill", *rows]) + "\n")
    (folder / "two.yaml").write_text(TWO)
    assert cli("train", "two.yaml", "-q").code == 0
    return folder


@pytest.mark.parametrize(("bound", "code"), [("0.1", 0), ("1.01", 8)])
def test_a_shell_script_sees_whether_requirements_are_met(trained, program, bound, code):
    command = " ".join(map(shlex.quote, program))
    script = f"""
set -u
{command} evaluate runs/two --require 'accuracy>={bound}' --require 'group.ward=a.loss<9' --by ward \\
    --junit verdicts.xml --step-summary --json > out.json
code=$?
if [ "$code" -eq 0 ]; then echo met; elif [ "$code" -eq 8 ]; then echo missed; else echo broken; fi
exit $code
"""
    summary = trained / "step.md"
    summary.write_text("before\n")
    environment = {"PATH": "/usr/bin:/bin", "GITHUB_STEP_SUMMARY": str(summary), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        ["sh", "-c", script], cwd=trained, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (code, "met" if code == 0 else "missed")
    made = json.loads((trained / "out.json").read_text())
    assert [one["passed"] for one in made["requirements"]] == [code == 0, True]
    assert made["groups"]["ward"]["a"]["rows"] + made["groups"]["ward"]["b"]["rows"] == made["rows"]
    short = made["requirements"][0]["short_by"]
    root = ElementTree.parse(trained / "verdicts.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "0" if code == 0 else "1")
    assert summary.read_text().startswith("before\n\n### scratchnn evaluate: test")
    if code == 0:
        assert short is None
        assert "error" not in made
    else:
        assert short == pytest.approx(1.01 - made["metrics"]["accuracy"])
        assert made["error"]["kind"] == "requirement"
        message = root.find("testsuite/testcase/failure").get("message")
        assert message == made["error"]["message"]
        assert f"required >= 1.01: short by {short:.2g}" in done.stderr


def test_what_people_see(trained, cli):
    outcome = cli(
        "evaluate", "--by", "ward", "--choose-threshold", "f1", "--calibrate", "--importance", "--save", "--seed", "1"
    )
    assert outcome.code == 0
    lines = outcome.err.splitlines()
    assert "test: by ward" in lines
    assert sum("<- worst accuracy" in line for line in lines) == 1
    assert any(line.startswith("temperature ") and line.endswith(", fitted on 30 validation rows") for line in lines)
    assert any(line.startswith("threshold ") and "chosen on 30 validation rows for f1" in line for line in lines)
    place = next(n for n, line in enumerate(lines) if "when a column is permuted, mean of 5" in line)
    assert lines[place + 2].split()[0] == "x"
    assert lines[place + 2].rstrip().endswith(("█" * 30, "#" * 30))
    assert "wrote runs/two/model.safetensors" in lines
    assert max(map(len, lines)) < 160
    again = cli("evaluate")
    assert "yes is called where its probability is above" in again.err
    assert "with the temperature" in again.err


def test_predictions_follow_the_saved_threshold_unless_another_is_given(trained, cli):
    def called(*options):
        rows = cli("predict", "runs/two", "two.csv", *options).out.splitlines()
        return sum(row.split(",")[4] == "yes" for row in rows[1:])

    plain = called()
    assert cli("evaluate", "runs/two", "--threshold", "0.1", "--save", "-q").code == 0
    assert called() > plain
    assert called("--threshold", "0.5") == plain
    assert called("--threshold", "1") == 0
    outcome = cli("predict", "runs/two", "two.csv", "--threshold", "2")
    assert outcome.code == 2
    assert "--threshold: got 2, expected a probability from 0 to 1" in outcome.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--junit", "nowhere/j.xml", "--require", "f1>0"], 6, 'There is no folder "nowhere"'),
        (["--junit", "j.xml"], 2, "--junit: there are no requirements"),
        (["--step-summary"], 2, "$GITHUB_STEP_SUMMARY is not set"),
        (["--step-summary", "--json"], 2, "$GITHUB_STEP_SUMMARY is not set"),
        (["--require", "f1>=0.5.5"], 2, "cannot be read"),
        (["--require", "acuracy>=0.5"], 2, 'Did you mean "accuracy"?'),
        (["--by", "wardd"], 2, 'Did you mean "ward"?'),
        (["--choose-threshold", "fp=1,fn=x"], 2, "fp=1,fn=5"),
        (["--save"], 2, "there is nothing to save"),
        (["--data", "two.csv", "--targets", "two.csv"], 2, "the data are a table"),
        (["--seed", "3"], 2, "does nothing without --confidence"),
    ],
)
def test_wrong_options_are_told_in_one_line(trained, cli, monkeypatch, options, code, words):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    outcome = cli("evaluate", "runs/two", *options)
    assert outcome.code == code
    assert words in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (trained / "j.xml").exists()


def test_a_training_writes_the_same_files(trained, cli):
    outcome = cli(
        "train", "two.yaml", "-q", "--require", "test.accuracy>=1.1", "--junit", "t.xml", "--step-summary", "t.md"
    )
    assert outcome.code == 8
    root = ElementTree.parse(trained / "t.xml").getroot()
    assert root.find("testsuite").get("name") == "scratchnn train: two-2"
    assert root.get("failures") == "1"
    assert "### scratchnn train:" in (trained / "t.md").read_text()
    assert cli("train", "two.yaml", "-q", "--junit", "t.xml").code == 2
