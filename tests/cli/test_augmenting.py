"""Augmentations in a config, by the command line: what they do, and what is said where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONFIG = """\
data:
  source: images.npz
model:
  layers: [flatten, {type: dense, units: 8, activation: relu}, {type: dense, units: auto}]
training:
  epochs: 2
  batch_size: 8
  augmentation:
    - ENTRY
"""

WRONG = {
    "a negative probability": ("{type: flip, probability: -0.5}", "9:33", "expects a number above 0", "got -0.5"),
    "a negative alpha": ("{type: mixup, alpha: -1}", "9:28", "augmentation[0].alpha", "got -1"),
    "longer than the image": (
        "{type: shift, largest: 4}",
        "9:7",
        "training.augmentation[0]",
        "(shift) moves by up to 4 pixels, but images are 4 high. Set largest below 4, or to a share",
    ),
    "a hole larger than the image": ("{type: cutout, size: 5}", "9:7", "(cutout) covers 5 x 5 pixels", "have 4 x 4"),
    "neither pixels nor a share": ("{type: shift, largest: 1.5}", "9:30", "got 1.5"),
    "no pixels": ("{type: shift, largest: 0}", "9:30", "got 0"),
    "an unknown one": ("flop", "9:7", 'training.augmentation[0]: unknown augmentation "flop". Did you mean "flip"?'),
    "an unknown one in full": ("{type: mix_up}", "9:14", 'unknown augmentation "mix_up". Did you mean "mixup"?'),
    "an unknown key": ("{type: rotate, degree: 5}", "9:22", 'Did you mean "degrees"?'),
    "factors turned round": ("{type: zoom, lowest: 1.2, highest: 0.8}", "9:20", "`lowest` is above `highest`"),
    "mixed twice": (
        "mixup\n    - cutmix",
        "8:3",
        "training: `augmentation` mixes samples twice: mixup and cutmix",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_entries(cli: Any, folder: Path, name: str) -> None:
    entry, place, *fragments = WRONG[name]
    (folder / "c.yaml").write_text(CONFIG.replace("ENTRY", entry))
    outcome = cli("train", "c.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    first = outcome.err.splitlines()[0]
    assert first.startswith(f"error: c.yaml:{place}: training"), first
    assert [fragment for fragment in fragments if fragment not in first] == []
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "place", "fragment"),
    [
        (
            "source: images.npz",
            "source: flowers.csv\n  target: kind",
            "10:7",
            "(rotate) needs images (H, W, C), got samples of shape (2,). Store images as arrays (N, H, W, C), or",
        ),
        (
            "- rotate",
            "- {type: cutmix}\noptimizer: lbfgs",
            "5:1",
            "lbfgs needs the same samples in every evaluation. Remove `training.augmentation`",
        ),
    ],
)
def test_what_does_not_fit_the_rest(cli: Any, folder: Path, old: str, new: str, place: str, fragment: str) -> None:
    text = CONFIG.replace("ENTRY", "rotate")
    assert old in text
    (folder / "c.yaml").write_text(text.replace(old, new))
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    first = outcome.err.splitlines()[0]
    assert fragment in first
    assert first.startswith(f"error: c.yaml:{place}: "), first


def test_mixup_cannot_reconstruct(cli: Any, folder: Path) -> None:
    text = CONFIG.replace("ENTRY", "mixup").replace("images.npz", "images.npz\n  task: reconstruction")
    text = text.replace("{type: dense, units: auto}", "{type: dense, units: auto}, {type: reshape, shape: [4, 4]}")
    (folder / "c.yaml").write_text(text)
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    assert "c.yaml:10:7: training.augmentation[0] (mixup) mixes targets, but a reconstruction has none" in outcome.err


def test_a_table_can_be_mixed(cli: Any, folder: Path) -> None:
    text = (folder / "c.yaml").read_text()
    (folder / "c.yaml").write_text(text + "  augmentation: [mixup]\n  class_weights: balanced\n  accumulate: 2\n")
    outcome = cli("train", "c.yaml", "--json", "--set", "training.epochs=30", "--require", "test.accuracy>=0.7")
    assert outcome.code == 0, outcome.err
    for table in ("homes.csv", "flowers.csv"):
        words = ["--set", f"data.source={table}", "--set", "data.target=price"] if table == "homes.csv" else []
        words += ["--set", "training.class_weights=null"] if words else []
        outcome = cli("train", "c.yaml", "--json", "--quiet", *words)
        assert outcome.code == 0, outcome.err


def test_images_are_augmented_from_the_command_line(cli: Any, folder: Path) -> None:
    (folder / "c.yaml").write_text(CONFIG.replace("    - ENTRY\n", "    []\n"))
    entries = (
        "[{type: flip}, {type: shift, largest: 0.25, fill: reflect}, resized_crop, {type: cutout, size: 1}, cutmix]"
    )
    plain = cli("train", "c.yaml", "--json")
    outcome = cli("train", "c.yaml", "--json", "--set", f"training.augmentation={entries}")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["test"] != plain.json["metrics"]["test"]
    kept = (Path(outcome.json["run_dir"]) / "config.yaml").read_text()
    assert "reflect" in kept
    assert "cutmix" in kept
    listing = cli("list", "augmentations")
    assert listing.code == 0
    assert "resized_crop" in listing.out


def test_a_text_cannot_be_augmented(cli: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("to be or not to be that is the question " * 20)
    (folder / "t.yaml").write_text(
        "data: {source: {type: text, path: a.txt, context: 8}}\n"
        "model: {layers: [{type: embedding, units: 4}, {type: gru, units: 8, return_sequences: true}, "
        "{type: dense, units: auto}]}\n"
        "training: {epochs: 1, augmentation: [mixup]}\n"
    )
    outcome = cli("train", "t.yaml")
    assert outcome.code == 2
    assert (
        "t.yaml:3:38: training.augmentation[0] (mixup) changes numbers, but the inputs are ids of tokens" in outcome.err
    )


def test_flat_pixels_are_images_where_the_first_layer_makes_them(cli: Any, folder: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 17, (40, 6))
    lines = [",".join(map(str, [*row, "ab"[int(row[0] > 8)]])) for row in rows]
    (folder / "pixels.csv").write_text("\n".join(["p0,p1,p2,p3,p4,p5,kind", *lines]) + "\n")
    text = CONFIG.replace("images.npz", "pixels.csv\n  target: kind").replace("ENTRY", "{type: shift, largest: 1}")
    (folder / "c.yaml").write_text(text)
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    assert "(shift) needs images (H, W, C), got samples of shape (6,)" in outcome.err
    (folder / "c.yaml").write_text(text.replace("[flatten,", "[{type: reshape, shape: [2, -1, 1]}, flatten,"))
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    assert "(shift) is for pixels that are scaled alike, but each has a scale of its own" in outcome.err
    assert "set scale: none for each column" in outcome.err
    raw = "{" + ", ".join(f"p{place}: {{type: number, scale: none}}" for place in range(6)) + "}"
    outcome = cli("train", "c.yaml", "--set", f"data.features={raw}", "--json")
    assert outcome.code == 0, outcome.err
