"""Tables of texts, lists and series from outside: trained on, judged, predicted, and refused with a mend."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TRAINING = "optimizer: {type: adam, learning_rate: 2e-2}\ntraining: {epochs: 8, batch_size: 16}\n"
GRU = "[{type: embedding, units: 6}, {type: gru, units: 6}, {type: dense, units: auto}]"
LSTM = "[{type: lstm, units: 8}, {type: dense, units: auto}]"
JOINED = """
    - type: parallel
      merge: concat
      branches:
        - [{type: select, columns: [review]}, {type: embedding, units: 6}, {type: gru, units: 6}]
        - [{type: select, without: [review]}, {type: dense, units: 4, activation: relu}]
    - {type: dense, units: auto}"""


def config(folder: Path, data: str, layers: str) -> None:
    (folder / "c.yaml").write_text(f"seed: 0\ndata:\n{data}model:\n  layers: {layers}\n{TRAINING}")


def reviews(folder: Path) -> None:
    """The class is told by one word of a sentence, the price by nothing."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(160):
        words = [*rng.choice(["the", "film", "was", "a", "story"], rng.integers(2, 9)), ["poor", "great"][number % 2]]
        rng.shuffle(words)
        rows.append((" ".join(words) + "!", f"{rng.normal():.2f}", "abc"[number % 3], ["bad", "good"][number % 2]))
    with (folder / "r.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("review", "price", "shop", "kind"), *rows])


def beats(folder: Path) -> None:
    """Lists that rise or fall, of 3 to 9 numbers, and the pages of a visit."""
    rng = np.random.default_rng(0)
    with (folder / "b.jsonl").open("w") as file:
        for number in range(160):
            slope = [-1, 1][number % 2]
            beat = (slope * np.arange(rng.integers(3, 10)) + rng.normal(0, 0.3)).round(2).tolist()
            pages = [*rng.choice(["home", "list"], rng.integers(1, 5)).tolist(), ["leave", "buy"][number % 2]]
            file.write(json.dumps({"beat": beat, "pages": pages, "kind": ["down", "up"][number % 2]}) + "\n")


def trained(cli: Any) -> dict[str, Any]:
    outcome = cli("train", "c.yaml", "--run-dir", "run", "--json")
    assert outcome.code == 0, outcome.err
    judged = cli("evaluate", "run", "--json")
    assert judged.json["metrics"]["loss"] == outcome.json["metrics"]["test"]["loss"]
    assert cli("gradcheck", "c.yaml").code == 0
    assert cli("audit", "c.yaml").code == 0
    figures: dict[str, Any] = outcome.json["metrics"]["test"]
    return figures


def test_a_text_as_tokens(cli: Any, folder: Path) -> None:
    reviews(folder)
    config(folder, "  {source: r.csv, target: kind, features: {review: tokens, price: ignore, shop: ignore}}\n", GRU)
    assert trained(cli)["accuracy"] > 0.9
    (folder / "new.csv").write_text('review\na great film\n"poor, POOR"\nxyz\n\n'.replace("\n\n", '\n""\n'))
    outcome = cli("predict", "run", "new.csv", "-o", "out.jsonl", "--json")
    assert outcome.json["flags"] == {"unseen:review": 1, "missing:review": 1}
    made = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["prediction"] for row in made[:2]] == ["good", "bad"]
    assert [row["flags"] for row in made] == ["", "", "unseen:review", "missing:review"]


def test_a_text_beside_other_columns(cli: Any, folder: Path) -> None:
    reviews(folder)
    config(folder, "  {source: r.csv, target: kind, features: {review: {type: tokens, length: 8}}}\n", JOINED)
    assert trained(cli)["accuracy"] > 0.9
    shown = cli("summary", "c.yaml", "--json")
    assert shown.code == 0
    assert cli("predict", "run", "r.csv", "-o", "out.csv").code == 0


@pytest.mark.parametrize(
    ("features", "layers"), [("pages: ignore", LSTM), ("beat: ignore", GRU)], ids=["sequence", "items"]
)
def test_lists_of_json_lines(cli: Any, folder: Path, features: str, layers: str) -> None:
    beats(folder)
    config(folder, f"  {{source: b.jsonl, target: kind, features: {{{features}}}}}\n", layers)
    assert trained(cli)["accuracy"] > 0.9
    (folder / "new.jsonl").write_text(
        '{"beat": [0, 1, 2, 3], "pages": ["home", "buy"]}\n{"beat": [0, -1, -2], "pages": ["leave"]}\n'
        '{"beat": [], "pages": []}\n'
    )
    assert cli("predict", "run", "new.jsonl", "-o", "out.jsonl").code == 0
    made = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["prediction"] for row in made[:2]] == ["up", "down"]
    assert made[2]["flags"].startswith("missing:")
    assert made[0]["beat"] == [0, 1, 2, 3]


def test_lists_in_cells_of_csv(cli: Any, folder: Path) -> None:
    lines = [
        "beat,kind",
        *(f"{';'.join(str(s * i) for i in range(3 + n % 4))},{s}" for n in range(80) for s in (1, -1)),
    ]
    (folder / "b.csv").write_text("\n".join(lines) + "\n")
    feature = '{beat: {type: sequence, separator: ";"}}'
    config(folder, f"  {{source: b.csv, target: kind, features: {feature}}}\n", LSTM)
    assert trained(cli)["accuracy"] == 1


def test_windows(cli: Any, folder: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [f"{hour},{np.sin(hour / 4) + rng.normal(0, 0.1):.3f}" for hour in range(400)]
    (folder / "s.csv").write_text("\n".join(["hour,load", *rows]) + "\n")
    config(folder, "  {source: s.csv, target: load, windows: {window: 10, horizon: 2, order: hour}}\n", LSTM)
    assert trained(cli)["r2"] > 0.9
    (folder / "new.csv").write_text("\n".join(["hour,load", *rows[:14]]) + "\n")
    outcome = cli("predict", "run", "new.csv", "-o", "out.csv", "--json")
    assert outcome.json == {"rows": 14, "output": "out.csv", "flagged": 9, "flags": {"no_window": 9}}
    made = (folder / "out.csv").read_text().splitlines()
    assert made[0] == "hour,load,predicted_load+1,predicted_load+2,flags"
    assert made[9].endswith(",,,no_window")
    assert made[10].count(",") == 4
    assert "no_window" not in made[10]
    again = cli("predict", "run", "-", "--format", "csv", "-o", "two.csv")
    assert again.code != 0  # there is nothing on stdin


@pytest.mark.parametrize(
    ("rows", "settings", "code", "message"),
    [
        ("x,y\n,1\n,0\n,1\n,0\n", "features: {x: tokens}", 3, "no training row has an item, so nothing can be learned"),
        ("x,y\na b,1\nc,0\nd,1\ne,0\n", "features: {x: tokens}", 3, "no item occurs 2 times in the training rows"),
        ("x,y\n[1],1\n[2 x],0\n[3],1\n[4],0\n", "features: {x: sequence}", 3, '"[2 x]" is not a JSON list'),
        ("x,y\n1 a,1\n2 3,0\n3,1\n4,0\n", "features: {x: sequence}", 3, 'item 1 of the list, "a", is not a number'),
        (
            "x,y\n[[1]],1\n[[2]],0\n[],1\n[],0\n",
            "features: {x: items}",
            3,
            "item 0 of the list is a list, not a number",
        ),
        ("x,y\n1,1\n2,0\n3,1\n4,0\n", "windows: {window: 9}", 3, "no 10 rows of a series follow each other in the tr"),
        ("x,y\n1,1\n2,0\n3,1\n4,0\n", "windows: {window: 2, horizon: 0}", 2, "data.windows.horizon"),
        ("x,y\n1,1\n1,0\n3,1\n4,0\n", "windows: {window: 1, order: x}", 3, '"1" is the time of t.csv:2 too. Name the'),
        ("x,y\n1,1\n,0\n3,1\n4,0\n", "windows: {window: 1, by: x}", 3, "t.csv:3:x: the value is missing, but data.win"),
        ("x,y\n1,1\nsoon,0\n3,1\n4,0\n", "windows: {window: 1, order: x}", 3, 't.csv:3:x: "soon" is not a number'),
        ("x,y\n1,1\n2,0\n3,1\n4,0\n", "windows: {window: 1}\n  split: random", 2, "would put rows of one window into"),
        ("x,y\n1,1\n2,0\n3,1\n4,0\n", "windows: {window: 1, by: z}", 3, 'names a column "z" that is not there'),
        ("x,y\n1,1\n2,0\n3,1\n4,0\n", "windows: {window: 1}\n  task: reconstruction", 2, "reconstruction"),
    ],
)
def test_what_is_refused(cli: Any, folder: Path, rows: str, settings: str, code: int, message: str) -> None:
    (folder / "t.csv").write_text(rows)
    split = "" if "windows" in settings else "  split: none\n"
    config(folder, f"  source: t.csv\n  target: y\n  {settings}\n{split}", "[flatten, {type: dense, units: auto}]")
    outcome = cli("train", "c.yaml")
    assert outcome.code == code, outcome.err
    assert message in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
