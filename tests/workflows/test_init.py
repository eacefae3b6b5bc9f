"""A table in, a config out, which trains as it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.features.category import Category
from scratchnn.errors import DataError, ScratchnnError, UsageError
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.init import init
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train

ROOT = Path(__file__).parents[2]


def write_people(path: str, rows: int = 240) -> None:
    """Everything at once: gaps, rare and many levels, a counter, a constant, an unused text; taller people win."""
    rng = np.random.default_rng(0)
    lines = ["id,height,team,city,note,unit,won"]
    for row in range(rows):
        height = rng.normal(1.7, 0.1)
        city = "" if row % 11 == 0 else f"c{rng.integers(70)}"
        team = "rare" if row == 7 else "ab"[int(rng.integers(2))]
        shown = "" if row % 9 == 0 else f"{height:.3f}"
        lines.append(f"{row + 1},{shown},{team},{city},note{row},cm,{'yes' if height > 1.7 else 'no'}")
    Path(path).write_text("\n".join(lines) + "\n")


def test_a_table_with_everything_is_trained_as_written() -> None:
    write_people("people.csv")
    made = init("people.csv", "won")
    assert made.config == Path("config.yaml")
    assert {column.name: column.settings for column in made.columns} == {
        "id": {"type": "ignore"},
        "height": {"type": "number", "missing": "indicator"},
        "team": {"type": "category", "min_count": 3},
        "city": {"type": "category", "encode": "embedding", "missing": "as_category", "min_count": 3},
        "note": {"type": "ignore"},
        "unit": {"type": "ignore"},
    }
    result = train("config.yaml")
    assert result.metrics["test"]["accuracy"] > 0.8
    Path("new.csv").write_text("city,team,height\nnowhere,c,\nc1,a,1.9\n")
    predicted = predict("new.csv", result.run)
    assert predicted.header[-2:] == ["prediction", "flags"]
    assert predicted.rows[1][-2:] == ["yes", ""]
    assert predicted.rows[0][-1] == "missing:height;unseen:team;unseen:city"


def test_a_table_as_another_country_writes_it_is_trained_as_written() -> None:
    text = (ROOT / "datasets/iris.csv").read_text().replace(",", ";").replace(".", ",").replace("setosa", "setosä")
    Path("euro.csv").write_text(text, encoding="cp1252")
    made = init("euro.csv", "species")
    assert made.dialect.settings == {"encoding": "cp1252", "delimiter": ";", "decimal": ","}
    line = next(line for line in made.text.splitlines() if "source:" in line)
    assert line == (
        '  source: {type: csv, path: euro.csv, encoding: cp1252, delimiter: ";", decimal: ","}  '
        "# not UTF-8: are its accents right?; as its first line is cut; its numbers have commas"
    )
    result = train("config.yaml", overrides=["training.epochs=60"])
    assert result.metrics["test"]["accuracy"] > 0.85
    Path("new.csv").write_text("\n".join(text.splitlines()[:4]), encoding="cp1252")
    assert [row[-1] for row in predict("new.csv", result.run, columns=[]).rows] == ["setosä"] * 3


def test_columns_become_what_is_set() -> None:
    """One text among numbers is a guess, which is refused, unless it is said what the column is."""
    write_people("people.csv")
    lines = Path("people.csv").read_text().splitlines()
    lines[5] = lines[5].replace(",cm,", ",km ,")
    lines[9] = lines[9].replace(lines[9].split(",")[1], "tall")
    Path("people.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r'"tall" is not a number.*'):
        init("people.csv", "won")
    assert not Path("config.yaml").exists()
    overrides = ["data.features.height={type: category, min_count: 2, missing: as_category}", "data.features.id=number"]
    made = init("people.csv", "won", overrides=[*overrides, "data.features.unit={type: binary, positive: 'km '}"])
    settings = {column.name: column.settings for column in made.columns}
    assert settings["height"] == {"type": "category", "min_count": 2, "missing": "as_category"}
    assert settings["id"] == {"type": "number"}
    assert settings["unit"] == {"type": "binary", "positive": "km "}
    assert settings["note"] == {"type": "ignore"}
    assert "as you set it" in made.text
    assert train("config.yaml", overrides=["training.epochs=2"]).status == "completed"


def test_what_is_set_is_written_as_yaml_reads_it() -> None:
    order = ["😀", "no", "1", "a: b", "a\u2028b", 'q"', "[x"]
    write_people("people.csv", 60)
    settings = {"type": "category", "encode": "ordinal", "order": order}
    init("people.csv", "won", overrides=[f"data.features.team={json.dumps(settings, ensure_ascii=False)}"])
    feature = (load_config("config.yaml").config.data.features or {})["team"]
    assert isinstance(feature, Category)
    assert feature.order == order


@pytest.mark.parametrize("others", [0, 1])
def test_a_text_that_is_set_to_tokens_is_read_in_its_order(others: int) -> None:
    rows = [f"{'a b' if row % 2 else 'b a'} c{',1.5' * others},{'yes' if row % 2 else 'no'}" for row in range(80)]
    Path("t.csv").write_text("\n".join([f"words{',x' * others},y", *rows]) + "\n")
    chosen = ["data.features.words=tokens"] + ["data.features.x={type: number, scale: none}"] * others
    init("t.csv", "y", overrides=chosen)
    assert train("config.yaml").metrics["test"]["accuracy"] == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs=5", "only data.features is set here"),
        ("data.source=a.csv", "only data.features is set here"),
        ("data.features.heigth=ignore", 'there is no column "heigth". Did you mean "height"?'),
        ("data.features.won=ignore", "it is the target, not a feature"),
        ("data.features.height=numbers", 'unknown feature "numbers"'),
        ("data.features.height={type: number, clips: 3}", 'unknown key "clips"'),
        ("data.features=3", "expects a mapping"),
        ("data.features.height", 'lacks a "="'),
    ],
)
def test_what_cannot_be_set(override: str, message: str) -> None:
    write_people("people.csv", 60)
    with pytest.raises(ScratchnnError) as caught:
        init("people.csv", "won", overrides=[override])
    assert message in str(caught.value)
    assert "--set data." in str(caught.value) or "--set training." in str(caught.value)
    assert caught.value.exit_code == 2
    assert not Path("config.yaml").exists()


@pytest.mark.parametrize(("name", "target"), [("iris", "species"), ("diabetes", "progression")])
def test_shipped_tables(name: str, target: str) -> None:
    init(ROOT / "datasets" / f"{name}.csv", target, "c.yaml")
    result = train("c.yaml", overrides=["training.epochs=40"])
    if name == "iris":
        assert result.metrics["test"]["accuracy"] > 0.85
    else:
        assert result.metrics["test"]["r2"] > 0.3


def test_the_data_are_found_from_the_folder_of_the_config() -> None:
    write_people("people.csv", 60)
    Path("configs").mkdir()
    made = init("people.csv", "won", "configs/people.yaml")
    assert "  source: ../people.csv\n" in made.text
    assert train("configs/people.yaml", overrides=["training.epochs=1"]).epochs == 1


def test_a_config_that_is_there_is_kept() -> None:
    write_people("people.csv", 60)
    Path("config.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"config.yaml: is there already\. Name another file"):
        init("people.csv", "won")
    assert Path("config.yaml").read_text() == "mine"
    init("people.csv", "won", force=True)
    assert Path("config.yaml").read_text().startswith("# Written for people.csv")


def test_what_cannot_be_a_start_writes_nothing() -> None:
    write_people("people.csv", 60)
    np.savez("a.npz", inputs=np.zeros((3, 2)), targets=np.arange(3))
    with pytest.raises(UsageError, match=r'there is no column "win"\. Did you mean "won"\?'):
        init("people.csv", "win")
    with pytest.raises(UsageError, match="a column is named twice"):
        init("people.csv", ["height", "height"])
    with pytest.raises(UsageError, match="holds arrays, not a table"):
        init("a.npz", "y")
    with pytest.raises(DataError, match="every row has the class"):
        init("people.csv", "unit")
    with pytest.raises(DataError, match="there is no such file"):
        init("peopel.csv", "won")
    assert not Path("config.yaml").exists()


def test_a_table_with_lists_is_trained_as_it_is_written() -> None:
    rows = [
        {"beat": [i % 2 * 2 - 1.0] * (2 + i % 3), "pages": ["a", "b" if i % 2 else "c"], "x": i % 7, "kind": i % 2}
        for i in range(60)
    ]
    Path("visits.jsonl").write_text("\n".join(map(json.dumps, rows)))
    made = init("visits.jsonl", "kind")
    assert [column.settings["type"] for column in made.columns] == ["sequence", "items", "number"]
    run = train("config.yaml", overrides=["training.epochs=8"])
    assert run.metrics["test"]["accuracy"] == 1
