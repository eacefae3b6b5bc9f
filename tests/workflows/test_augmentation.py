"""Trainings on augmented batches: what they change, what they leave alone, how they go on after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmenter
from scratchnn.data.npz import Npz
from scratchnn.data.preparation import prepare
from scratchnn.errors import ConfigError, ModelError
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.inspect import summary
from scratchnn.workflows.model import load_model
from scratchnn.workflows.train import resume, train

CONFIG = """
seed: 3
data:
  source: {type: npz, path: images.npz}
  input_scale: SCALE
  split: {type: random, validation: 0.2, test: 0.2}
model:
  layers:
    - {type: conv2d, filters: 4, kernel_size: 3, activation: relu}
    - flatten
    - {type: dropout, rate: 0.2}
    - {type: dense, units: auto}
optimizer: {type: adam, learning_rate: 1e-2}
training:
  epochs: EPOCHS
  batch_size: 16
  augmentation: AUGMENTATION
"""
ALL = (
    "[flip, {type: shift, largest: 1, fill: edge}, {type: rotate, degrees: 20}, {type: cutout, size: 2}, "
    "{type: mixup, alpha: 0.4}]"
)


@pytest.fixture
def config():
    """Bright squares in one of four corners, in two colors."""
    rng = np.random.default_rng(0)
    targets = rng.integers(4, size=150)
    images = rng.integers(0, 90, (150, 6, 6, 2)).astype(np.uint8)
    for image, target in zip(images, targets, strict=True):
        image[3 * (target // 2) :, 3 * (target % 2) :][:3, :3] += 120
    np.savez("images.npz", inputs=images, targets=targets)

    def made(augmentation=ALL, epochs=3, scale="auto"):
        text = CONFIG.replace("AUGMENTATION", augmentation).replace("EPOCHS", str(epochs)).replace("SCALE", scale)
        Path("c.yaml").write_text(text)
        return Path("c.yaml")

    return made


def rows(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_run_without_augmentation_is_what_it_always_was(config):
    """Adding the key and no entry, or none, changes no bit; an entry does."""
    path = config("[]")
    first = train(path, run_dir="first")
    path.write_text(path.read_text().replace("  augmentation: []\n", ""))
    second = train(path, run_dir="second")
    third = train(config("[flip]"), run_dir="third")
    models = [(result.run / "model.safetensors").read_bytes()[-2000:] for result in (first, second, third)]
    assert models[0] == models[1] != models[2]
    assert first.metrics == second.metrics


def test_the_same_seed_gives_the_same_bits_and_another_does_not(config):
    one, two = train(config(), run_dir="one"), train(config(), run_dir="two")
    other = train(config(), run_dir="other", overrides=["seed=4"])
    assert (one.run / "model.safetensors").read_bytes() == (two.run / "model.safetensors").read_bytes()
    assert rows(one.run) == rows(two.run) != rows(other.run)


def test_only_training_batches_are_changed(config, monkeypatch):
    """Everything that is judged sees the rows as they are, also the training rows after the last epoch."""
    seen = []
    call = Augmenter.__call__

    def spy(self, samples):
        seen.append(len(samples))
        return call(self, samples)

    monkeypatch.setattr(Augmenter, "__call__", spy)
    result = train(config(epochs=2), run_dir="run")
    assert sum(seen) == 2 * 90  # 60% of 150, twice
    del seen[:]
    again = evaluate(result.run, split="validation")
    assert again.metrics["loss"] == result.metrics["validation"]["loss"]
    labels = load_model(result.run).predict(Npz(path="images.npz").read(Path())).labels
    assert len(labels) == 150
    assert seen == []
    assert rows(result.run)[-1]["validation"]["loss"] == result.metrics["validation"]["loss"]


def test_the_loss_of_the_training_is_of_the_changed_batches(config):
    """With weights that stay, the figure of an epoch is another one than that of the rows as they are."""
    path = config("[{type: cutout, size: 6}]", epochs=1)
    still = train(path, run_dir="still", overrides=["optimizer.learning_rate=1e-30", "model.layers.2.rate=0"])
    assert rows(still.run)[0]["train"]["loss"] != pytest.approx(still.metrics["train"]["loss"], rel=1e-3)
    plain = train(
        config("[]", epochs=1),
        run_dir="plain",
        overrides=["optimizer.learning_rate=1e-30", "model.layers.2.rate=0"],
    )
    assert rows(plain.run)[0]["train"]["loss"] == pytest.approx(plain.metrics["train"]["loss"], rel=1e-6)


def test_each_channel_is_scaled_by_itself_on_the_training_rows(config):
    result = train(config("[cutout]", epochs=1, scale="standard_by_channel"), run_dir="run")
    loaded = load_config("c.yaml")
    data = prepare(loaded.config.data, loaded.base, Streams(3).split)
    raw = np.load("images.npz")["inputs"][data.train.rows].astype(np.float64)
    np.testing.assert_allclose(data.encoder.inputs.offset, raw.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(data.encoder.inputs.scale, raw.std(axis=(0, 1, 2)), rtol=1e-12)
    scaled = (raw - raw.mean(axis=(0, 1, 2))) / raw.std(axis=(0, 1, 2))
    np.testing.assert_allclose(data.train.inputs, scaled, rtol=0, atol=1e-6)
    assert evaluate(result.run).metrics["accuracy"] == result.metrics["test"]["accuracy"]


def test_the_memory_of_the_summary_has_what_augmentations_work_in(config):
    without, with_all = summary(config("[]")), summary(config())
    assert with_all.workspace_bytes > without.workspace_bytes + 16 * 6 * 6 * 2 * 4


def test_a_resumed_run_is_the_one_that_never_stopped(config, stopping):
    whole = train(config(), run_dir="whole")
    part = train(config(), run_dir="part", **stopping(1))
    assert part.status == "interrupted"
    rest = resume(part.run)
    assert (rest.run / "model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()
    assert rows(rest.run) == rows(whole.run)


PROGRAM = [sys.executable, "-c", "from scratchnn.cli.app import main; main()", "train"]


def test_killed_and_gone_on(config):
    path = config(epochs=60)
    whole = train(path, run_dir="whole")
    process = subprocess.Popen([*PROGRAM, str(path), "--run-dir", "run", "--quiet"])
    while not [file for file in Path("run").glob("checkpoints/[0-9]*") if int(file.name[:6]) > 2]:
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert len(rows(Path("run"))) < 60
    subprocess.run([*PROGRAM, "--resume", "run", "--quiet"], check=True)
    assert Path("run/model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()
    assert rows(Path("run")) == rows(whole.run)


def test_other_augmentations_are_another_run(config, stopping):
    part = train(config(), run_dir="run", **stopping(1))
    with pytest.raises(ModelError, match=r"training\.augmentation\[0\]"):
        resume(part.run, overrides=["training.augmentation.0.probability=0.1"])


AUTOENCODER = """
data: {source: {type: npz, path: images.npz}, task: reconstruction, input_scale: SCALE}
model: {layers: [flatten, {type: dense, units: 12}, {type: dense, units: auto}, {type: reshape, shape: [6, 6, 2]}]}
loss: LOSS
training: {epochs: 2, augmentation: [flip, ENTRY]}
"""


def autoencoder(entry, loss, scale):
    text = AUTOENCODER.replace("ENTRY", entry).replace("LOSS", loss).replace("SCALE", scale)
    Path("a.yaml").write_text(text)
    return Path("a.yaml")


def test_an_autoencoder_learns_the_changed_images(config):
    config()
    result = train(autoencoder("{type: rotate, degrees: 10}", "mse", "unit"), run_dir="run")
    assert result.metrics["test"]["loss"] < 0.2


def test_new_numbers_are_refused_where_the_loss_may_not_take_them(config):
    config()
    with pytest.raises(ConfigError, match=r"\(brightness\) makes new numbers, and msle may not take them") as caught:
        train(autoencoder("brightness", "msle", "none"), run_dir="run")
    assert caught.value.where.startswith("a.yaml:5:44")
    assert "Keep to flip" in str(caught.value)
    train(autoencoder("{type: flip, direction: vertical}", "msle", "none"), run_dir="run")


def test_images_that_stay_in_their_file_are_changed_alike(config, monkeypatch):
    path = config("[{type: flip}, {type: cutout, size: 2, fill: mean}, mixup]", scale="none")
    data = np.load("images.npz")
    np.save("x.npy", data["inputs"])
    np.save("y.npy", data["targets"])
    path.write_text(
        path.read_text().replace("{type: npz, path: images.npz}", "{type: npy, path: x.npy, targets: y.npy}")
    )
    held = train(path, run_dir="held")
    monkeypatch.setattr("scratchnn.data.npy.LARGE", 1)
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 1000)
    stored = train(path, run_dir="stored")
    assert stored.metrics == held.metrics
    assert rows(stored.run) == rows(held.run)
