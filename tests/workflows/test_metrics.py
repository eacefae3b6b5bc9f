"""Metrics with fields and demands of their own, from the config to the figures of a run."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ConfigError, DataError, UsageError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train

FBETAS = [{"type": "fbeta", "beta": 0.5}, {"type": "fbeta", "beta": 2}, {"type": "top_k_accuracy", "k": 2}]
NUMBERS = {"target": "price", "features": {"price": None, "kind": "ignore"}}
LEARNED = {"type": "quantile", "quantiles": [0.1, 0.5, 0.9]}


def test_one_metric_with_two_fields_has_two_names(config):
    monitor = {"monitor": "validation.fbeta_0.5", "patience": 5}
    result = train(config(metrics=FBETAS, training={"early_stopping": monitor}), require=["test.top_2_accuracy>=0.1"])
    names = ["loss", "fbeta_0.5", "fbeta_2", "top_2_accuracy"]
    assert list(result.metrics["test"]) == names
    assert result.requirements[0].value == result.metrics["test"]["top_2_accuracy"]
    found = evaluate(result.run, require=["fbeta_0.5>=0"])
    assert list(found.metrics)[:4] == names
    assert found.passed
    assert found.metrics["fbeta_2"] == result.metrics["test"]["fbeta_2"]


@pytest.mark.parametrize("metrics", [["f1", "f1"], [FBETAS[0], {"type": "fbeta", "beta": 0.50}]])
def test_one_name_twice_is_refused(config, metrics):
    with pytest.raises(ConfigError, match=r"names (f1|fbeta_0\.5) twice"):
        train(config(metrics=metrics))


def test_a_name_that_is_not_measured_is_refused(config):
    with pytest.raises(UsageError, match=r'no figure "test\.fbeta_3"'):
        train(config(metrics=FBETAS), require=["test.fbeta_3>=0.1"])


def test_coverage_of_a_gaussian_is_that_of_the_written_interval(config, table, write):
    run = train(config("gauss", data=NUMBERS, loss="gaussian_nll", metrics=["interval_coverage", "mae"])).run
    rows = table(50, 5)
    data = write("new.csv", rows)
    price = np.array([float(row["price"]) for row in rows])
    said = predict(data, run, interval=0.9).predictions
    inside = np.mean((said.lower[:, 0] <= price) & (price <= said.upper[:, 0]))
    assert evaluate(run, data=data).metrics["interval_coverage_0.9"] == pytest.approx(inside)


def test_quantiles_are_judged_in_the_units_of_the_target(config, table, write):
    metrics = [{"type": "pinball", "quantile": 0.9}, {"type": "interval_coverage", "interval": 0.8}]
    run = train(config("quantiles", data=NUMBERS, loss=LEARNED, metrics=metrics)).run
    rows = table(50, 5)
    data = write("new.csv", rows)
    price = np.array([float(row["price"]) for row in rows])
    said = predict(data, run, interval=0.8).predictions
    above = price - said.quantiles[0.9][:, 0]
    found = evaluate(run, data=data).metrics
    assert found["pinball_0.9"] == pytest.approx(np.mean(np.maximum(0.9 * above, -0.1 * above)), rel=1e-6)
    inside = np.mean((said.lower[:, 0] <= price) & (price <= said.upper[:, 0]))
    assert found["interval_coverage_0.8"] == pytest.approx(inside)
    assert "interval_coverage_0.9" not in found  # not learned


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ["mae", "interval_coverage"]}, "but mse tells none"),
        ({"loss": LEARNED, "metrics": ["mae", {"type": "pinball", "quantile": 0.3}]}, "the loss has 0.1, 0.5, 0.9"),
    ],
)
def test_metrics_that_need_another_loss_are_refused_with_their_place(config, changes, words):
    with pytest.raises(ConfigError, match=words) as caught:
        train(config("numbers", data=NUMBERS, **changes))
    assert "metrics[1]" in str(caught.value)


def test_coverage_tells_no_best_epoch(config):
    stopping = {"early_stopping": {"monitor": "validation.interval_coverage_0.9"}}
    settings = {"data": NUMBERS, "loss": "gaussian_nll", "metrics": ["interval_coverage"], "training": stopping}
    with pytest.raises(ConfigError, match="neither a high nor a low one is good"):
        train(config("gauss", **settings))


def test_a_target_without_a_deviance_is_told_with_its_line(config, table, write):
    rows = table(40)
    rows[2]["price"] = "0"
    write("data/free.csv", rows)
    data = {**NUMBERS, "source": "../data/free.csv"}
    with pytest.raises(DataError, match="the target 0 has no gamma_deviance") as caught:
        train(config("free", data=data, metrics=["gamma_deviance"]))
    assert caught.value.where.endswith("free.csv:4:price")
    run = train(config("paid", data=NUMBERS, metrics=["gamma_deviance", "msle"])).run
    with pytest.raises(DataError, match="the target 0 has no gamma_deviance"):
        evaluate(run, data="data/free.csv")


def test_the_usual_metrics_are_measured_unasked(config):
    found = evaluate(train(config()).run).metrics
    assert {"matthews_corrcoef", "cohen_kappa", "jaccard", "brier", "average_precision"} <= found.keys()
    assert not {"roc_auc_ovo", "jaccard_micro", "fbeta"} & found.keys()
    numbers = evaluate(train(config("price", data=NUMBERS)).run).metrics
    assert {"median_absolute_error", "max_error", "pearson", "spearman", "explained_variance"} <= numbers.keys()
    assert not {"mape", "msle", "gamma_deviance", "interval_coverage_0.9"} & numbers.keys()
