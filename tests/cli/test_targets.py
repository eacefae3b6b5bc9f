"""Each kind of target from the command line: train, evaluate, predict; and what is wrong with one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.audit.finding import Finding
from scratchnn.workflows.audit import audit
from tests.cli.conftest import Cli, Outcome

ROWS = 200
LABELS = ("action", "drama", "war")
RNG = np.random.default_rng(7)
X = RNG.normal(size=(ROWS, 2)).round(3)
TRUE = np.stack([X[:, 0] > 0, X[:, 1] > 0.2, X[:, 0] + X[:, 1] < -0.5], axis=1).astype(int)
WORDS = ["|".join(name for name, true in zip(LABELS, row, strict=True) if true) or "|" for row in TRUE]
COUNTS = RNG.poisson(np.exp(0.5 + X[:, 0]))
GRADES = np.array(["low", "mid", "high"])[np.digitize(X.sum(axis=1), [-0.6, 0.6])]
NOISY = (100 + 30 * X[:, 0] + 10 * RNG.normal(size=ROWS)).round(3)

TEXT = ("data.target=genres", "data.label_separator=|")
COLUMNS = ("data.target=[action, drama, war]",)


def write(name: str, columns: dict[str, object]) -> None:
    cells = [list(map(str, values)) for values in ({"x": X[:, 0], "y": X[:, 1]} | columns).values()]
    lines = [",".join(["x", "y", *columns]), *map(",".join, zip(*cells, strict=True))]
    Path(name).write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def _tables(folder: Path) -> None:
    write("columns.csv", dict(zip(LABELS, TRUE.T, strict=True)))
    write("text.csv", {"genres": WORDS})
    write("visits.csv", {"visits": COUNTS})
    write("grades.csv", {"grade": GRADES})
    write("prices.csv", {"price": NOISY})
    np.savez("array.npz", inputs=X, targets=TRUE)


def train(cli: Cli, source: str, *settings: str) -> Outcome:
    chosen = [f"data.source={source}", "training.epochs=40", "training.batch_size=16", *settings]
    if source.endswith(".npz"):
        chosen.append("data.target=null")
    return cli("train", "c.yaml", *(part for text in chosen for part in ("--set", text)), "--run-dir", "run", "--json")


def trained(cli: Cli, source: str, *settings: str) -> dict[str, dict[str, float]]:
    outcome = train(cli, source, *settings)
    assert outcome.code == 0, outcome.err
    made: dict[str, dict[str, float]] = outcome.json["metrics"]
    return made


def predicted(cli: Cli, source: str, *options: str) -> list[dict[str, str]]:
    outcome = cli("predict", "run", source, *options)
    assert outcome.code == 0, outcome.err
    return list(csv.DictReader(outcome.out.splitlines()))


def test_labels_in_columns(cli: Cli) -> None:
    made = trained(cli, "columns.csv", *COLUMNS)
    assert list(made["test"]) == ["loss", "exact_match", "hamming_loss", "f1_micro", "f1_macro"]
    assert made["test"]["exact_match"] > 0.7
    judged = cli("evaluate", "run", "--json").json["metrics"]
    assert {name: judged[name] for name in made["test"]} == made["test"]
    assert list(judged["recall_per_class"]) == list(LABELS)
    rows = predicted(cli, "columns.csv", "--proba")
    assert list(rows[0])[-6:] == [*(f"predicted_{name}" for name in LABELS), *(f"probability_{n}" for n in LABELS)]
    said = np.array([[int(row[f"predicted_{name}"]) for name in LABELS] for row in rows])
    likely = np.array([[float(row[f"probability_{name}"]) for name in LABELS] for row in rows])
    assert np.array_equal(said, likely > 0.5)
    assert (said == TRUE).mean() > 0.85
    shown = cli("evaluate", "run")
    assert "drama" in shown.err
    assert "test: by label" in shown.err.splitlines()
    assert "class" not in shown.err
    assert cli("evaluate", "run", "--require", "f1_macro>=0.99999").code == 8


def test_labels_in_one_text_are_the_same_numbers(cli: Cli) -> None:
    columns = trained(cli, "columns.csv", *COLUMNS)
    likely = [[row[f"probability_{name}"] for name in LABELS] for row in predicted(cli, "columns.csv", "--proba")]
    Path("run").rename("of_columns")
    assert trained(cli, "text.csv", *TEXT) == columns
    rows = predicted(cli, "text.csv", "--proba")
    assert [[row[f"probability_{name}"] for name in LABELS] for row in rows] == likely
    for row, shares in zip(rows, likely, strict=True):
        labels = [name for name, share in zip(LABELS, shares, strict=True) if float(share) > 0.5]
        assert row["prediction"] == ("|".join(labels) or "|")
    plain = cli("predict", "run", "text.csv", "--columns", "genres", "-o", "p.jsonl")
    assert plain.code == 0
    first = json.loads(Path("p.jsonl").read_text().splitlines()[0])
    assert first == {"genres": WORDS[0], "prediction": rows[0]["prediction"]}


def test_labels_in_an_array(cli: Cli, folder: Path) -> None:
    assert trained(cli, "array.npz")["test"]["exact_match"] > 0.7
    rows = predicted(cli, "array.npz")
    assert list(rows[0]) == ["row", "predicted_target_1", "predicted_target_2", "predicted_target_3"]
    assert cli("predict", "run", "array.npz", "--proba", "-o", "p.npz").code == 0
    with np.load(folder / "p.npz") as made:
        assert made["labels"].tolist() == ["target_1", "target_2", "target_3"]
        assert np.array_equal(made["prediction"], made["probabilities"] > 0.5)
        assert made["prediction"].tolist() == [[int(cell) for cell in list(row.values())[1:]] for row in rows]


def test_rare_labels_are_found_more_often_with_a_weight(cli: Cli) -> None:
    said = []
    for weight in (1, 50):
        loss = f"loss={{type: multi_label_cross_entropy, positive_weight: [1, 1, {weight}]}}"
        trained(cli, "columns.csv", *COLUMNS, loss, "training.epochs=8")
        said.append(sum(int(row["predicted_war"]) for row in predicted(cli, "columns.csv")))
        Path("run").rename(f"run_{weight}")
    assert said[1] > said[0] + 5


def test_a_count(cli: Cli) -> None:
    made = trained(cli, "visits.csv", "data.target=visits", "data.task=count")
    assert list(made["test"])[:3] == ["loss", "rmse", "mae"]
    rates = np.array([float(row["predicted_visits"]) for row in predicted(cli, "visits.csv")])
    assert (rates > 0).all()
    assert np.corrcoef(rates, np.exp(0.5 + X[:, 0]))[0, 1] > 0.9
    judged = cli("evaluate", "run", "--split", "train", "--json").json["metrics"]
    assert judged["mae"] == made["train"]["mae"]
    assert cli("predict", "run", "visits.csv", "--proba").code == 2


def test_classes_in_an_order(cli: Cli) -> None:
    order = ("data.target=grade", "data.task=ordinal", "data.class_order=[low, mid, high]")
    made = trained(cli, "grades.csv", *order)
    assert list(made["test"]) == ["loss", "accuracy", "rank_mae", "quadratic_weighted_kappa"]
    assert made["test"]["quadratic_weighted_kappa"] > 0.8
    judged = cli("evaluate", "run", "--json").json["metrics"]
    assert judged["rank_mae"] == made["test"]["rank_mae"]
    rows = predicted(cli, "grades.csv", "--proba")
    assert list(rows[0])[-3:] == ["probability_low", "probability_mid", "probability_high"]
    shares = np.array([[float(row[name]) for name in list(row)[-3:]] for row in rows])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert [row["prediction"] for row in rows] == np.array(["low", "mid", "high"])[shares.argmax(axis=1)].tolist()


def test_quantiles_of_a_scaled_target_are_in_its_units(cli: Cli) -> None:
    loss = "loss={type: quantile, quantiles: [0.1, 0.5, 0.9]}"
    made = trained(cli, "prices.csv", "data.target=price", "training.epochs=150", loss)
    rows = predicted(cli, "prices.csv", "--interval", "0.8")
    low, middle, high = (np.array([float(row[f"quantile_{q}_price"]) for row in rows]) for q in (0.1, 0.5, 0.9))
    assert [row["lower_price"] for row in rows] == [row["quantile_0.1_price"] for row in rows]
    assert [row["predicted_price"] for row in rows] == [row["quantile_0.5_price"] for row in rows]
    assert 0.7 < np.mean((low <= NOISY) & (high >= NOISY)) < 0.9
    assert 10 < np.mean(high - low) < 40  # 2.56 deviations of 10
    judged = cli("evaluate", "run", "--split", "train", "--json").json["metrics"]
    assert judged["mae"] == made["train"]["mae"] < 12
    assert abs(np.mean(np.abs(NOISY - middle)) - judged["mae"]) < 3


@pytest.mark.parametrize(
    ("source", "settings", "spoil", "place", "words"),
    [
        ("columns.csv", COLUMNS, ("drama", 5, "2"), "columns.csv:7:drama", '"2" is neither 0 nor 1, as a label is'),
        ("columns.csv", COLUMNS, ("drama", 5, ""), "columns.csv:7:drama", "the value is missing. Write 0 or 1"),
        ("columns.csv", COLUMNS, ("war", None, "0"), "columns.csv:war", 'no training row has the label "war"'),
        ("text.csv", TEXT, ("genres", 5, ""), "text.csv:7:genres", "the value is missing. Write the labels with"),
        ("text.csv", TEXT, ("genres", 5, "a||b"), "text.csv:7:genres", '"a||b" has nothing on one side of a separator'),
        ("visits.csv", ("data.target=visits",), ("visits", 5, "1.5"), "visits.csv:7:visits", "1.5 is a fraction"),
        ("visits.csv", ("data.target=visits",), ("visits", 5, "-2"), "visits.csv:7:visits", "-2 is below 0"),
        (
            "grades.csv",
            ("data.target=grade",),
            ("x", 0, "1"),
            "grades.csv:grade",
            '"high" is a text, and texts have',
        ),
    ],
)
def test_targets_that_are_wrong(
    cli: Cli, source: str, settings: tuple[str, ...], spoil: tuple[str, int | None, str], place: str, words: str
) -> None:
    column, row, cell = spoil
    lines = [line.split(",") for line in Path(source).read_text().splitlines()]
    for line in lines[1:] if row is None else [lines[row + 1]]:
        line[lines[0].index(column)] = cell
    Path(source).write_text("".join(",".join(line) + "\n" for line in lines))
    tasks = {"columns.csv": "multi_label", "text.csv": "multi_label", "visits.csv": "count", "grades.csv": "ordinal"}
    outcome = train(cli, source, *settings, f"data.task={tasks[source]}")
    assert outcome.code == 3
    assert outcome.err.startswith(f"error: {place}: ")
    assert words in outcome.err.splitlines()[0]
    assert not Path("run").exists()


def test_a_label_that_the_split_keeps_from_the_training_is_named(cli: Cli) -> None:
    lines = Path("text.csv").read_text().splitlines()
    lines[-1] = "1,2,action|opera"
    Path("text.csv").write_text("\n".join(lines) + "\n")
    outcome = train(cli, "text.csv", *TEXT, "data.split=position")
    assert outcome.code == 3
    place = f"text.csv:{ROWS + 1}:genres"
    assert outcome.err.startswith(f'error: {place}: the label "opera" does not occur in the training rows.')
    assert "or train on rows that have it" in outcome.err


def test_a_label_that_training_never_saw(cli: Cli) -> None:
    trained(cli, "text.csv", *TEXT)
    Path("new.csv").write_text("x,y,genres\n1,2,action\n1,2,drama|opera\n")
    outcome = cli("evaluate", "run", "--data", "new.csv")
    assert outcome.code == 3
    assert outcome.err.startswith('error: new.csv:3:genres: the label "opera" does not occur in the training rows.')


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            ["training.class_weights=balanced"],
            "class weights need one class a sample, but the target is several lab",
        ),
        (["training.sampling=oversample"], "oversample needs one class a sample, but the target is several labels"),
        (["loss=mse"], "mse tells no probabilities of labels that may be true together"),
        (["loss=cross_entropy"], "(cross_entropy) needs classes as targets"),
        (["metrics=[accuracy]"], "accuracy is for classification and language_modeling"),
        (["loss={type: multi_label_cross_entropy, positive_weight: [1, 2]}"], "holds 2 weights for 3 labels"),
    ],
)
def test_what_does_not_fit_labels(cli: Cli, settings: list[str], words: str) -> None:
    outcome = train(cli, "columns.csv", *COLUMNS, *settings)
    assert outcome.code == 2
    assert words in outcome.err.splitlines()[0]


def test_other_commands_take_each_kind(cli: Cli) -> None:
    for source, settings in {"columns.csv": COLUMNS, "text.csv": TEXT}.items():
        chosen = [part for text in (f"data.source={source}", *settings) for part in ("--set", text)]
        assert cli("gradcheck", "c.yaml", *chosen).code == 0
        assert "multi_label_cross_entropy" in cli("summary", "c.yaml", *chosen).err
        shown = train(cli, source, *settings, "training.epochs=1")
        assert shown.code == 0
        Path("run").rename(f"run_{source}")


def test_an_audit_looks_at_labels(cli: Cli) -> None:
    Path("a.yaml").write_text(Path("c.yaml").read_text().replace("flowers.csv", "columns.csv"))
    text = Path("a.yaml").read_text().replace("target: kind", "target: [action, drama, war]")
    Path("a.yaml").write_text(text)
    result = audit("a.yaml")
    assert result.task == "multi_label"
    assert all(isinstance(finding, Finding) and finding.severity != "serious" for finding in result.findings)


def test_a_started_config_learns_labels(cli: Cli) -> None:
    options = [part for name in LABELS for part in ("--target", name)]
    assert cli("init", "columns.csv", *options, "-o", "i.yaml").code == 0
    text = Path("i.yaml").read_text()
    assert "task: multi_label" in text
    assert f"3 labels: action ({TRUE[:, 0].sum()}), drama ({TRUE[:, 1].sum()})" in text
    assert cli("train", "i.yaml", "--dry-run").code == 0
    for source, name, words in [
        ("text.csv", "genres", "or multi_label, with label_separator: '|'"),
        ("visits.csv", "visits", "or ordinal, where the order means something; count, where it counts something"),
    ]:
        assert cli("init", source, "--target", name, "-o", f"{name}.yaml").code == 0
        assert words in Path(f"{name}.yaml").read_text()


@pytest.mark.parametrize("form", ["columns", "text"])
def test_a_label_that_is_seldom_true_is_told_of(cli: Cli, form: str) -> None:
    lines = Path(f"{form}.csv").read_text().splitlines()
    first = {"columns": "1,2,0,0,1", "text": "1,2,war"}[form]
    rest = [line.rsplit(",", 1)[0] + ",0" if form == "columns" else line.replace("war", "drama") for line in lines[2:]]
    Path(f"{form}.csv").write_text("\n".join([lines[0], first, *rest]) + "\n")
    settings = COLUMNS if form == "columns" else TEXT
    outcome = train(cli, f"{form}.csv", *settings, "data.split=none", "training.epochs=1")
    assert outcome.code == 0
    assert "label war with only 1 training row" in outcome.err.replace('"', "")


def test_labels_are_judged_beside_their_shares(cli: Cli) -> None:
    trained(cli, "columns.csv", *COLUMNS, "data.split={type: random, validation: 0, test: 0.3}")
    judged = cli("evaluate", "run", "--baseline", "linear", "--json").json
    assert judged["baselines"].keys() == {"majority", "linear"}
    majority, linear = judged["baselines"]["majority"], judged["baselines"]["linear"]
    assert majority["hamming_loss"] > 2 * judged["metrics"]["hamming_loss"]
    assert majority["log_loss"] > linear["log_loss"]
    assert majority["roc_auc"] == 0.5
    assert linear["exact_match"] > 0.6 > majority["exact_match"]
    assert judged["metrics"]["roc_auc_per_class"].keys() == judged["metrics"]["f1_per_class"].keys()
