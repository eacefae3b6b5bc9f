"""scratchnn tune, as it is typed."""

from __future__ import annotations

import io

import pytest

from scratchnn.cli.tuning import table
from scratchnn.workflows.tune import TuneProgress
from scratchnn.workflows.tuning.study import TrialRow

TUNE = """
tune:
  trials: 4
  sampler: random
  pruner: none
  space:
    optimizer.learning_rate: {type: log_uniform, low: 1e-3, high: 1e-1}
"""


@pytest.fixture
def search(folder):
    with (folder / "c.yaml").open("a") as file:
        file.write(TUNE)
    return "c.yaml"


def test_a_line_for_each_trial_and_the_best_at_the_end(cli, search, folder):
    outcome = cli("tune", search)
    assert outcome.code == 0
    assert outcome.out == ""
    lines = outcome.err.splitlines()
    assert lines[0] == "runs/c-tune: 0 of 4 trials done; validation.loss, the lower the better"
    assert [line.split("]")[0] for line in lines[1:5]] == ["[1/4", "[2/4", "[3/4", "[4/4"]
    assert lines[1].startswith("[1/4] trial 0  completed ")
    assert lines[5].startswith("completed: 4 completed in ")
    assert lines[6].startswith("best: trial ")
    assert "importance (PED-ANOVA)" in lines
    assert lines[-2:] == ["wrote runs/c-tune/best.yaml", "train it: scratchnn train runs/c-tune/best.yaml"]
    assert cli("train", "runs/c-tune/best.yaml").code == 0
    assert cli("evaluate").err.startswith("runs/c/model.safetensors")  # a trial is no newest run


def test_json_is_one_object(cli, search):
    outcome = cli("tune", search, "--json", "--keep", "best")
    assert outcome.code == 0
    assert outcome.json["counts"] == {"completed": 4, "pruned": 0, "failed": 0}
    assert outcome.json["best"]["config"] == "runs/c-tune/best.yaml"
    assert outcome.json["best"]["run_dir"] == f"runs/c-tune/trial-{outcome.json['best']['number']:04d}"
    assert len(outcome.json["trials"]) == 4


def test_quiet_says_nothing(cli, search):
    outcome = cli("tune", search, "-q")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--keep", "beast"], '--keep: got "beast", expected all or best. Did you mean "best"?'),
        (["--jobs", "0"], "--jobs: got 0"),
        (["--storage", "redis://x"], '"redis" is no storage of a search'),
        (["--set", "tune.metric=test.accuracy"], "must stay unseen"),
        (["--set", "tune.trials=0"], "expects a whole number of at least 1"),
        (["--set", "tune.space={}"], "tune.space: expects a mapping of length at least 1"),
    ],
)
def test_wrong_usage(cli, search, folder, arguments, words):
    outcome = cli("tune", search, *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert not (folder / "runs").exists()


def test_faults_of_the_space_are_told_where_they_stand(cli, search, folder):
    text = (folder / "c.yaml").read_text().replace("optimizer.learning_rate", "optimizer.learning_rat")
    (folder / "c.yaml").write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "learning_rat:" in row)
    said = f'error: c.yaml:{line}:5: optimizer: unknown key "learning_rat". Did you mean "learning_rate"?\n'
    for command in (["tune"], ["validate"], ["validate", "--config-only"]):
        outcome = cli(*command, search)
        assert (outcome.code, outcome.err) == (2, said)
    assert cli("train", search).code == 0  # which does not heed it


def test_all_trials_that_fail_end_with_their_code(cli, search):
    diverges = "tune.space={optimizer.learning_rate: [1e30, 1e31]}"
    outcome = cli("tune", search, "--json", "--set", diverges, "--set", "optimizer=sgd")
    assert outcome.code == 5
    assert outcome.json["error"]["kind"] == "diverged"
    assert outcome.json["best"] is None
    assert "failed: " in outcome.err
    assert outcome.err.splitlines()[-1].startswith("error: runs/c-tune: all 4 trials failed, the first with: ")


ROWS = [
    TrialRow(0, "completed", 0.5, {"rate": 0.1}, 3, 1.0),
    TrialRow(1, "completed", 0.25, {"rate": 0.2}, 3, 1.0),
    TrialRow(2, "failed", None, {"rate": 0.3}, 0, 1.0, error={"message": "too much"}),
    TrialRow(3, "pruned", 0.75, {"rate": 0.4}, 1, 1.0),
    TrialRow(4, "running", 0.6, {"rate": 0.5}, 2, 1.0),
]


def test_the_live_table_has_the_best_first_and_what_runs_last(tmp_path):
    from rich.console import Console as Drawn

    drawn = Drawn(width=100, record=True, file=io.StringIO())
    drawn.print(table(TuneProgress(tmp_path, "validation.loss", False, 9, ROWS)))
    text = drawn.export_text()
    assert "4 of 9 trials done" in text
    rows = [line.replace("│", " ").replace("┃", " ").split() for line in text.splitlines() if "│" in line]
    assert [row[:2] for row in rows] == [
        ["1", "best"],
        ["0", "completed"],
        ["2", "failed"],
        ["3", "pruned"],
        ["4", "running"],
    ]
    assert rows[2][2:] == ["too", "much"]
    long = {f"optimizer.{name}": 0.123456 for name in "abcdefghij"}
    crowded = Drawn(width=100, record=True, file=io.StringIO())
    crowded.print(
        table(TuneProgress(tmp_path, "validation.loss", False, 9, [TrialRow(0, "completed", 0.5, long, 3, 1)]))
    )
    secret = TrialRow(0, "failed", None, {}, 0, 1, error={"message": "class \x1b]0;mine"})
    obeyed = Drawn(width=100, record=True, file=io.StringIO())
    obeyed.print(table(TuneProgress(tmp_path, "validation.loss", False, 9, [secret])))
    assert "class ?]0;mine" in obeyed.export_text()
    (line,) = [line for line in crowded.export_text().splitlines() if "optimizer" in line]
    assert line.replace("│", " ").split()[:4] == ["0", "best", "0.5000", "3"]
    maximized = Drawn(width=100, record=True, file=io.StringIO())
    maximized.print(table(TuneProgress(tmp_path, "validation.accuracy", True, None, ROWS)))
    first = next(line for line in maximized.export_text().splitlines() if "rate" in line)
    assert "best" in first
    assert "0.5000" in first
