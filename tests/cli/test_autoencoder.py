"""An autoencoder of images by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

AUTOENCODER = """\
data: {source: images.npz, task: reconstruction}
model: {layers: [flatten, {type: dense, units: 3}, {type: dense, units: auto}, {type: reshape, shape: [4, 4]}]}
training: {epochs: 1}
"""


def test_an_autoencoder_of_images_writes_arrays_and_says_what_csv_leaves_out(cli: Any, folder: Path) -> None:
    (folder / "a.yaml").write_text(AUTOENCODER)
    assert cli("train", "a.yaml", "--require", "test.mse<=10", "--quiet").code == 0
    outcome = cli("predict", "images.npz")
    assert outcome.out.splitlines()[0] == "row,reconstruction_error"
    assert "warning: CSV holds only the errors of reconstructions" in outcome.err
    outcome = cli("predict", "images.npz", "-o", "out.npz", "--json")
    assert (outcome.code, outcome.json) == (0, {"rows": 30, "output": "out.npz", "flagged": 0, "flags": {}})
    assert "warning" not in outcome.err
    with np.load(folder / "out.npz") as made, np.load(folder / "images.npz") as given:
        assert set(made) == {"reconstruction", "reconstruction_error"}
        assert made["reconstruction"].shape == given["inputs"].shape
    assert cli("evaluate", "--data", "images.npz", "--require", "mse<=0").code == 8
    assert cli("predict", "images.npz", "--proba").code == 2
