"""Windows over time series end to end: better than the last value, judged again, resumed, predicted row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from scratchnn.errors import DataError
from scratchnn.workflows.audit import audit
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict, write_predictions
from scratchnn.workflows.train import resume, train

LSTM = [{"type": "lstm", "units": 16}, {"type": "dense", "units": "auto"}]
DENSE = ["flatten", {"type": "dense", "units": 16, "activation": "relu"}, {"type": "dense", "units": "auto"}]


def waves(count: int = 500, sites: str = "A") -> list[str]:
    """A sine of period 25 with noise of 0.1, for each site with another phase."""
    rng = np.random.default_rng(1)
    lines = ["hour,load,site"]
    for hour in range(count):
        for number, site in enumerate(sites):
            lines.append(f"{hour},{np.sin(hour / 4 + number) + rng.normal(0, 0.1):.4f},{site}")
    return lines


def config(layers: list[Any] = LSTM, lines: list[str] | None = None, **data: Any) -> Path:
    Path("s.csv").write_text("\n".join(lines or waves()) + "\n")
    document = {
        "seed": 0,
        "data": {
            "source": "s.csv",
            "target": "load",
            "windows": {"window": 12, "horizon": 2, "order": "hour"},
            "features": {"site": "ignore"},
            **data,
        },
        "model": {"layers": layers},
        "optimizer": {"type": "adam", "learning_rate": 0.01},
        "training": {"epochs": 8, "batch_size": 16},
    }
    Path("c.yaml").write_text(yaml.safe_dump(document))
    return Path("c.yaml")


@pytest.mark.parametrize("layers", [LSTM, DENSE], ids=["lstm", "dense"])
def test_it_beats_the_last_value(layers: list[Any]) -> None:
    """The last value is off by the noise of two rows and by what the sine moves; one and two rows ahead."""
    run = train(config(layers))
    values = np.array([float(line.split(",")[1]) for line in waves()[1:]])
    tested = values[425:]
    now, ahead = tested[11:-2], np.stack([tested[12:-1], tested[13:]], axis=1)
    naive = float(np.sqrt(np.mean((ahead - now[:, None]) ** 2)))
    assert naive > 0.3
    assert run.metrics["test"]["rmse"] < 0.5 * naive
    again = evaluate(run.run)
    assert again.rows == len(now)
    assert again.metrics["rmse"] == run.metrics["test"]["rmse"]


def test_each_row_is_predicted_from_those_up_to_it() -> None:
    """In the order of the file, whatever that is; the same as from a file that ends with the row."""
    lines = waves(400, "AB")
    run = train(config(lines=lines, windows={"window": 12, "horizon": 2, "order": "hour", "by": "site"})).run
    shown = lines[1:61]
    np.random.default_rng(0).shuffle(shown)
    Path("new.csv").write_text("\n".join([lines[0], *shown]) + "\n")
    made = predict("new.csv", run)
    assert made.header == ["hour", "load", "site", "predicted_load+1", "predicted_load+2", "flags"]
    assert made.flags == {"no_window": 22}
    assert made.flagged == 22
    assert "22 rows have no prediction" in made.notes[0]
    found = {(int(row[0]), row[2]): row[3:] for row in made.rows}
    assert [",".join(row[:3]) for row in made.rows] == shown
    assert found[(10, "A")] == ["", "", "no_window"]
    for hour, site in ((11, "A"), (20, "B"), (29, "A")):
        up_to = [line for line in lines[1:61] if line.endswith(site) and int(line.split(",")[0]) <= hour]
        Path("up_to.csv").write_text("\n".join([lines[0], *up_to]) + "\n")
        last = predict("up_to.csv", run).rows[-1]
        np.testing.assert_allclose(np.array(last[3:5], float), np.array(found[(hour, site)][:2], float), rtol=1e-5)


def test_predictions_follow_the_series_over_the_blocks_of_a_file() -> None:
    run = train(config()).run
    model = load_model(run)
    whole = predict("s.csv", model).rows
    write_predictions(Path("s.csv"), Path("out.jsonl"), model, block_rows=100)
    written = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [row["predicted_load+1"] for row in written[:11]] == [None] * 11
    assert [row["predicted_load+2"] for row in written[11:]] == [float(row[4]) for row in whole[11:]]
    write_predictions(Path("s.csv"), Path("out.npz"), model)
    with np.load("out.npz") as arrays:
        assert np.isnan(arrays["values"]).any(axis=1).tolist() == [True] * 11 + [False] * 489
        assert arrays["targets"].tolist() == ["load+1", "load+2"]


def test_a_trained_model_forecasts_a_sine() -> None:
    """The prediction in a row is of the rows after it."""
    run = train(config()).run
    rows = predict("s.csv", run).rows
    values = np.array([float(row[1]) for row in rows])
    one, two = (np.array([float(row[place]) for row in rows[11:-2]]) for place in (3, 4))
    assert np.sqrt(np.mean((one - values[12:-1]) ** 2)) < 0.17
    assert np.sqrt(np.mean((two - values[13:]) ** 2)) < 0.17


def test_a_resumed_training_is_the_same() -> None:
    path = config()
    whole = train(path, run_dir="whole")
    train(path, overrides=["training.epochs=3"], run_dir="part")
    resume("part", overrides=["training.epochs=8"])
    assert load_model("part").built.network.arena.parameters.tobytes() == (
        load_model(whole.run).built.network.arena.parameters.tobytes()
    )


def test_classes_one_row_ahead() -> None:
    """a a b, again and again: what comes next is known from two rows."""
    lines = ["k,z", *(f"{'aab'[row % 3]},{row % 2}" for row in range(200))]
    path = config(lines=lines, target="k", windows={"window": 2}, features={"z": "ignore"})
    run = train(path, overrides=["training.epochs=15"])
    assert run.metrics["test"]["accuracy"] == 1
    made = predict("s.csv", run.run, proba=True)
    assert made.header == ["k", "z", "prediction", "probability_a", "probability_b", "flags"]
    assert made.rows[0][2:] == ["", "", "", "no_window"]
    assert [row[2] for row in made.rows[1:-1]] == [row[0] for row in made.rows[2:]]


def test_new_rows_are_judged_by_their_windows() -> None:
    run = train(config()).run
    Path("new.csv").write_text("\n".join(waves(60)[:1] + waves(60)[1:31]) + "\n")
    judged = evaluate(run, data="new.csv")
    assert judged.rows == 30 - 13
    Path("short.csv").write_text("\n".join(waves(60)[:14]) + "\n")
    with pytest.raises(DataError, match=r"no 14 rows of a series follow .* in the data.* the most are 13\. Give"):
        evaluate(run, data="short.csv")
    Path("short.csv").write_text("\n".join(waves(60)[:12]) + "\n")
    with pytest.raises(DataError, match=r"the longest series has 11 rows, fewer than a window of 12\. Give the rows"):
        predict("short.csv", run)
    Path("other.csv").write_text("hour,site\n1,A\n2,A\n")
    with pytest.raises(DataError, match='there is no column "load"'):
        predict("other.csv", run)


def test_an_audit_looks_at_rows_but_not_for_twins_among_them() -> None:
    """Rows that are alike are no samples that are alike."""
    lines = ["hour,load,site", *(f"{row},{row % 5},A" for row in range(200))]
    assert not {finding.code for finding in audit(config(lines=lines)).findings} & {
        *("duplicates", "duplicates_across_parts", "conflicting_targets", "target_copy", "target_leak")
    }
    lines[50] = "49,,A"
    assert "missing_target" in {finding.code for finding in audit(config(lines=lines)).findings}


def test_codes_are_embedded_at_each_step() -> None:
    lines = waves(150, "AB")
    features = {"site": {"type": "category", "encode": "embedding"}}
    windows = {"window": 4, "order": "hour", "by": "site"}
    run = train(config(["column_embedding", *LSTM], lines, windows=windows, features=features))
    assert run.metrics["test"]["rmse"] < 0.5
    assert load_model(run.run).built.network.arena.named_arrays()["0.site.weight"].shape == (3, 3)


def test_no_window_of_new_rows_reaches_over_one_that_is_dropped() -> None:
    """30 rows, one without a temperature: 10 before it and 19 after it."""
    lines = [f"{line},{row % 5}" for row, line in enumerate(waves(200))]
    lines[0] = "hour,load,site,temperature"
    features = {"site": "ignore", "temperature": {"type": "number", "missing": "drop_row"}}
    run = train(config(lines=lines, windows={"window": 4, "order": "hour"}, features=features)).run
    new = lines[:31]
    new[11] = new[11].rpartition(",")[0] + ","
    Path("new.csv").write_text("\n".join(new) + "\n")
    assert evaluate(run, data="new.csv").rows == (10 - 4) + (19 - 4)
    made = predict("new.csv", run)  # a prediction is made for every row, with the median
    assert made.flags == {"missing:temperature": 1, "no_window": 3}


def test_windows_are_judged_by_series_and_by_what_their_columns_tell() -> None:
    """The rows of two sites lie one beside the other in the file; a window is of one of them."""
    lines = [f"{line},{number % 7}" if number else f"{line},noise" for number, line in enumerate(waves(300, "AB"))]
    windows = {"window": 12, "horizon": 1, "order": "hour", "by": "site"}
    run = train(config(DENSE, lines, windows=windows)).run
    found = evaluate(run, by=["site"], importance=True, metric="rmse", repeats=2)
    groups = found.groups["site"].groups
    assert {name: group.rows for name, group in groups.items()} == {"A": found.rows // 2, "B": found.rows // 2}
    squares = [group.metrics["mse"] for group in groups.values()]
    assert found.metrics["mse"] == pytest.approx(np.mean(squares))
    assert found.importance is not None
    assert found.importance.columns[0].name == "load"
    assert found.importance.columns[0].mean > 0.3
    assert {one.name for one in found.importance.columns} == columns_of(run)
    Path("new.csv").write_text("\n".join(lines) + "\n")
    new = evaluate(run, data="new.csv", by=["site"]).groups["site"].groups
    assert {name: group.rows for name, group in new.items()} == {"A": 288, "B": 288}


def columns_of(run: Path) -> set[str]:
    return {column.name for column in load_model(run).encoder.columns}
