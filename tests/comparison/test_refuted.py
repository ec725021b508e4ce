import numpy as np
import pytest

from kernelkit.comparison import compare
from kernelkit.comparison._statistics import mean_with_error


def shifted(n=400, seed=0):
    """What the nonlinearity does turns round in the last fifth of the time, which is what is held out."""
    rng = np.random.default_rng(seed)
    time = np.arange(n)
    X = rng.normal(size=(n, 3))
    turn = np.where(time < 0.8 * n, 1.0, -1.0)
    return X, 2 * X[:, 0] + turn * X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n), time


@pytest.fixture(scope="module")
def result():
    X, y, time = shifted()
    return compare(X, y, time=time, candidates="linear,poly2-lifted,gaussian", cv=3)


def test_folds_alone_recommend_the_nonlinear_model():
    X, y, _ = shifted()
    before = slice(0, 320)
    assert compare(X[before], y[before], candidates="linear,poly2-lifted,gaussian", cv=3).recommended == "poly2-lifted"


def test_linear_is_recommended_where_the_held_out_rows_refute_the_folds(result):
    assert result.recommended == "linear"
    assert result.verdict.startswith("Use the linear model: the held-out rows do not confirm what the folds show.")
    assert "Polynomial 2, lifted, which the folds recommend, has R²" in result.verdict
    assert "clearly worse on new rows, so the linear model is recommended" in result.verdict
    assert "▶ Linear" in repr(result)


def test_the_refuted_model_is_kept_in_the_numbers_only(result):
    held = result.to_dict()["held_out"]
    assert held["gain"] < -2 * held["gain_standard_error"]
    assert held["refuted"]["name"] == "poly2-lifted" and held["refuted"]["r2"] < held["linear"]["r2"]
    assert held["recommended"] == held["linear"]


def test_best_estimator_is_the_linear_one(result):
    X, y, _ = shifted()
    model = result.best_estimator_
    weights = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), model.predict(X), rcond=None)
    assert weights[1][0] < 1e-12  # what it predicts is linear in the columns
    error = np.mean((y[320:] - model.predict(X[320:])) ** 2)
    assert 1 - error / np.var(y[320:]) == pytest.approx(result.to_dict()["held_out"]["recommended"]["r2"])


def test_a_model_that_explodes_on_one_row_is_refuted_though_its_error_is_as_large_as_its_loss():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = X[:, 0] + X[:, 1] ** 2 + 0.1 * rng.normal(size=400)
    X[399, 1] = 60.0
    result = compare(X, y, time=np.arange(400), candidates="linear,poly2-lifted", cv=3)
    held = result.to_dict()["held_out"]
    assert -2 * held["gain_standard_error"] < held["gain"] < -2 * held["linear_standard_error"]
    assert result.recommended == "linear"


def test_a_confirmed_gain_is_left_alone():
    X, y, _ = shifted()
    result = compare(X[:320], y[:320], candidates="linear,poly2-lifted", cv=3)
    assert result.to_dict()["held_out"]["refuted"] is None


def test_error_of_a_mean_without_and_with_clusters():
    gains = np.random.default_rng(0).normal(size=60)
    mean, error = mean_with_error(gains)
    assert mean == pytest.approx(gains.mean()) and error == pytest.approx(gains.std(ddof=1) / 60**0.5)
    repeated = mean_with_error(np.repeat(gains, 3), np.repeat(np.arange(60), 3))
    assert repeated == pytest.approx((mean, error))
    assert mean_with_error(np.repeat(gains, 3))[1] < 0.6 * error
