"""Monte Carlo dropout in predict and evaluate: means over passes, their spread, and what is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnn
from scratchnn.errors import UsageError
from scratchnn.nn.monte_carlo import MonteCarlo
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict, write_predictions

NUMBERS = {"data": {"target": "price", "features": {"kind": "ignore", "price": None}}}


def rows_of(result: Any) -> dict[str, np.ndarray]:
    """The columns of a result that are numbers."""
    columns = zip(result.header, zip(*result.rows, strict=True), strict=True)
    made = {}
    for name, cells in columns:
        if name.startswith(("predicted", "spread", "probability", "entropy", "mutual", "deviation", "lower", "upper")):
            made[name] = np.array(cells, np.float64)
    return made


def passes_of(model: Any, path: str, samples: int, seed: int = 0) -> np.ndarray:
    """What each pass predicts (samples, N, K), by the engine alone."""
    from scratchnn.data.preparation import read_path

    inputs = model.encoder.encode_inputs(read_path(path, model.config.data.source))
    chunks = MonteCarlo(samples, seed).chunks(model.built.network, inputs)
    made = [np.stack([model.built.loss.predictions(out.copy()) for out in passes]) for _, passes in chunks]
    return np.concatenate(made, axis=1).astype(np.float64)


def test_numbers_have_mean_and_spread_in_their_own_units(config):
    model = load_model(scratchnn.train(config(**NUMBERS)).run)
    made = rows_of(predict("data/table.csv", model, mc_samples=30, seed=3))
    each = passes_of(model, "data/table.csv", 30, 3)[:, :, 0]
    target = model.encoder.target
    np.testing.assert_allclose(
        made["predicted_price"], each.mean(axis=0) * target.width[0] + target.offset[0], rtol=1e-9
    )
    np.testing.assert_allclose(made["spread_price"], each.std(axis=0) * target.width[0], rtol=1e-6)
    assert made["spread_price"].min() > 1  # prices are in the hundreds
    plain = rows_of(predict("data/table.csv", model))
    assert "spread_price" not in plain
    assert not np.allclose(plain["predicted_price"], made["predicted_price"])


def test_classes_have_mean_probabilities_and_what_they_do_not_know(config):
    model = load_model(scratchnn.train(config()).run)
    result = predict("data/table.csv", model, proba=True, mc_samples=40)
    made, each = rows_of(result), passes_of(model, "data/table.csv", 40)
    mean = each.mean(axis=0)
    for place, name in enumerate(["k0", "k1", "k2"]):
        np.testing.assert_allclose(made[f"probability_{name}"], mean[:, place], rtol=1e-9)
        np.testing.assert_allclose(made[f"spread_{name}"], each.std(axis=0)[:, place], rtol=1e-6)
    whole = -(mean * np.log(mean)).sum(axis=1)
    within = -(each * np.log(each)).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(made["entropy"], whole, rtol=1e-6)
    np.testing.assert_allclose(made["mutual_information"], whole - within, atol=1e-6)
    assert made["mutual_information"].min() >= 0
    assert made["mutual_information"].max() > 0.01
    assert result.predictions.labels == [f"k{place}" for place in mean.argmax(axis=1)]
    bare = predict("data/table.csv", model, mc_samples=40).header
    assert bare[-3:] == ["entropy", "mutual_information", "flags"]
    assert not [name for name in bare if name.startswith(("probability", "spread"))]


def test_noise_and_spread_add_up(config):
    """Of gaussian_nll: sqrt(mean of the learned variances + variance of the passes), and the interval of a Gaussian."""
    model = load_model(scratchnn.train(config(**NUMBERS, loss="gaussian_nll")).run)
    made = rows_of(predict("data/table.csv", model, mc_samples=25, interval=0.8))
    from scratchnn.data.preparation import read_path

    inputs = model.encoder.encode_inputs(read_path("data/table.csv", model.config.data.source))
    width, loss = model.encoder.target.width[0], model.built.loss
    variances = [
        loss.deviations(out.copy())[:, 0].astype(np.float64) ** 2
        for _, passes in MonteCarlo(25).chunks(model.built.network, inputs)
        for out in passes
    ]
    total = np.sqrt(np.mean(variances, axis=0) * width**2 + made["spread_price"] ** 2)
    np.testing.assert_allclose(made["deviation_price"], total, rtol=1e-6)
    np.testing.assert_allclose(made["upper_price"] - made["predicted_price"], 1.2815515655446004 * total, rtol=1e-6)
    np.testing.assert_allclose(made["predicted_price"] - made["lower_price"], 1.2815515655446004 * total, rtol=1e-6)


def test_learned_quantiles_are_averaged(config):
    model = load_model(scratchnn.train(config(**NUMBERS, loss={"type": "quantile", "quantiles": [0.1, 0.5, 0.9]})).run)
    made = predict("data/table.csv", model, mc_samples=10, interval=0.8)
    arrays = made.arrays
    np.testing.assert_array_equal(arrays["lower"], arrays["quantiles"][:, 0])
    np.testing.assert_array_equal(arrays["upper"], arrays["quantiles"][:, 2])
    np.testing.assert_array_equal(arrays["values"], arrays["quantiles"][:, 1])
    assert arrays["spread"].min() > 0


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_the_bytes_do_not_depend_on_the_blocks(config, table, write, suffix):
    model = load_model(scratchnn.train(config()).run)
    many = write("many.csv", table(1100, 4))
    predict(many, model, proba=True, mc_samples=3).write(f"whole{suffix}")
    for block_rows in (1, 300, 10_000):
        write_predictions(many, Path(f"out{suffix}"), model, proba=True, mc_samples=3, block_rows=block_rows)
        assert Path(f"out{suffix}").read_bytes() == Path(f"whole{suffix}").read_bytes()
    predict(many, model, proba=True, mc_samples=3, seed=1).write(f"other{suffix}")
    assert Path(f"other{suffix}").read_bytes() != Path(f"whole{suffix}").read_bytes()


def test_evaluating_judges_the_mean_of_the_passes(config):
    run = scratchnn.train(config(**NUMBERS)).run
    model = load_model(run)
    made = scratchnn.evaluate(run, data="data/table.csv", mc_samples=20, seed=3).metrics
    answers = rows_of(predict("data/table.csv", model, mc_samples=20, seed=3))["predicted_price"]
    with Path("data/table.csv").open() as file:
        truth = np.array([float(row["price"]) for row in csv.DictReader(file)])
    assert made["rmse"] == pytest.approx(np.sqrt(np.mean((answers - truth) ** 2)), rel=1e-6)
    each = passes_of(model, "data/table.csv", 20, 3)[:, :, 0]
    target = model.encoder.target
    losses = ((each - (truth - target.offset[0]) / target.width[0]) ** 2).mean()
    assert made["loss"] == pytest.approx(losses, rel=1e-4)
    assert made["rmse"] != scratchnn.evaluate(run, data="data/table.csv").metrics["rmse"]
    own = scratchnn.evaluate(run, data="data/table.csv", mc_samples=20).metrics
    assert own == scratchnn.evaluate(run, data="data/table.csv", mc_samples=20, seed=7).metrics  # the config's seed


def test_evaluating_classes_and_quantiles(config):
    run = scratchnn.train(config()).run
    made = scratchnn.evaluate(run, mc_samples=5, confidence=0.9, bootstrap=20)
    assert 0 <= made.metrics["accuracy"] <= 1
    assert "accuracy" in made.intervals
    gaussian = scratchnn.train(config("gaussian", **NUMBERS, loss="gaussian_nll")).run
    metrics = scratchnn.evaluate(gaussian, mc_samples=5).metrics
    plain = scratchnn.evaluate(gaussian).metrics
    assert metrics.keys() == plain.keys()
    assert metrics != plain


def test_what_is_refused(config, table):
    run = scratchnn.train(config()).run
    for samples in (0, -1):
        with pytest.raises(UsageError, match=rf"--mc-samples: got {samples} passes, expected 1 or more"):
            predict("data/table.csv", run, mc_samples=samples)
        with pytest.raises(UsageError, match="expected 1 or more"):
            scratchnn.evaluate(run, mc_samples=samples)
    with pytest.raises(UsageError, match="--seed: got -1, expected 0 or more"):
        predict("data/table.csv", run, mc_samples=2, seed=-1)
    layers = [{"type": "dense", "units": "auto"}]
    bare = scratchnn.train(config("bare", model={"layers": layers})).run
    for call in (lambda: predict("data/table.csv", bare, mc_samples=2), lambda: scratchnn.evaluate(bare, mc_samples=2)):
        with pytest.raises(UsageError, match=r"has no dropout: all passes are the same.*train with a dropout layer"):
            call()


def test_one_pass_has_no_spread(config):
    model = load_model(scratchnn.train(config(**NUMBERS)).run)
    np.testing.assert_array_equal(rows_of(predict("data/table.csv", model, mc_samples=1))["spread_price"], 0)


def test_a_reconstruction_is_refused(config):
    changes = {"data": {"target": None, "task": "reconstruction", "features": {"kind": "ignore", "color": "ignore"}}}
    run = scratchnn.train(config(**changes)).run
    with pytest.raises(UsageError, match=r"--mc-samples: .*for classes and numbers"):
        predict("data/table.csv", run, mc_samples=2)


def test_no_rows(config):
    model = load_model(scratchnn.train(config()).run)
    data = scratchnn.workflows.predict.file_blocks("data/table.csv", model.config.data.source)
    empty = next(data).take(np.arange(0))
    assert len(model.predict(empty, draws=MonteCarlo(3)).values) == 0


def test_stdin_gets_the_same(config):
    model = load_model(scratchnn.train(config()).run)
    made = io.BytesIO()
    with Path("data/table.csv").open("rb") as stream:
        write_predictions(stream, made.write, model, mc_samples=4)
    assert made.getvalue().decode() == predict("data/table.csv", model, mc_samples=4).to_csv()


def test_labels_have_a_spread_each_and_the_entropy_of_all(config, table, write):
    rows = [row | {"big": str(int(row["x"] > "0")), "red": str(int(row["color"] == "red"))} for row in table()]
    write("data/labels.csv", rows)
    data = {"source": "../data/labels.csv", "target": ["big", "red"], "task": "multi_label"}
    data["features"] = {"kind": "ignore", "color": "ignore", "price": None}
    model = load_model(scratchnn.train(config(data=data)).run)
    made, each = (
        rows_of(predict("data/labels.csv", model, proba=True, mc_samples=12)),
        passes_of(model, "data/labels.csv", 12),
    )
    mean = each.mean(axis=0)
    np.testing.assert_allclose(made["probability_red"], mean[:, 1], rtol=1e-9)
    np.testing.assert_allclose(made["spread_big"], each.std(axis=0)[:, 0], rtol=1e-6, atol=1e-12)
    whole = -(mean * np.log(mean) + (1 - mean) * np.log(1 - mean)).sum(axis=1)
    np.testing.assert_allclose(made["entropy"], whole, rtol=1e-5)
    metrics = scratchnn.evaluate(model.path, data="data/labels.csv", mc_samples=12).metrics
    assert metrics.keys() == scratchnn.evaluate(model.path, data="data/labels.csv").metrics.keys()


def test_an_ensemble_is_refused(config):
    run = scratchnn.train_ensemble(config(training={"epochs": 1}), [0, 1]).run
    for call in (lambda: predict("data/table.csv", run, mc_samples=2), lambda: scratchnn.evaluate(run, mc_samples=2)):
        with pytest.raises(UsageError, match=r"--mc-samples: is for one model, not for an ensemble"):
            call()


def test_a_threshold_is_for_the_mean(config, table, write):
    write("data/two.csv", [row for row in table(90) if row["kind"] != "k2"])
    run = scratchnn.train(config(data={"source": "../data/two.csv"}, training={"epochs": 2})).run
    made = predict("data/two.csv", run, proba=True, mc_samples=9, threshold=0.7)
    second = rows_of(made)["probability_k1"]
    assert made.predictions.labels == ["k1" if p > 0.7 else "k0" for p in second]
    assert 0 < sum(p > 0.5 for p in second) != sum(p > 0.7 for p in second)
    low, high = (scratchnn.evaluate(run, mc_samples=9, threshold=share).metrics for share in (0.0, 1.0))
    assert low["confusion_matrix"] != high["confusion_matrix"]
    with pytest.raises(UsageError, match=r"--calibrate: works on one pass without dropout.*--mc-samples"):
        scratchnn.evaluate(run, mc_samples=9, calibrate=True)
