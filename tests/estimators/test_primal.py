"""Kernel ridge in the space of explicit features: the exact problem in one pass over rows, which may come in blocks."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import (
    Columns,
    Cosine,
    FeatureKernel,
    Gaussian,
    KernelRidge,
    KernelRidgeClassifier,
    Linear,
    Polynomial,
    RandomFourier,
)
from kernelkit.features import explicit

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3)) + 1
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1] ** 2, X[:, 2] + 3])
NEW = rng.normal(size=(30, 3))
WEIGHTS = rng.integers(0, 3, size=400).astype(float)
PHI = RandomFourier(Gaussian(1.5), n_components=60, random_state=0).fit(X)
KERNEL = FeatureKernel(PHI)
CUTS = np.split(rng.permutation(400), [1, 150, 210, 333])


def stream(rows=X, targets=Y, weights=None, **settings):
    """The model that shuffled blocks give, the first of them one row."""
    model = KernelRidge(KERNEL, solver="primal").set_params(**settings)
    for cut in CUTS:
        part = rows.iloc[cut] if hasattr(rows, "iloc") else rows[cut]
        model.partial_fit(part, targets[cut], None if weights is None else weights[cut])
    return model


@parametrize_with_checks([KernelRidge(Linear(), solver="primal"), KernelRidgeClassifier(Polynomial(), solver="primal")])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS + 0.5], ids=["unit", "weighted"])
def test_a_stream_is_one_fit_is_ridge_on_the_features(intercept, weights):
    alphas = np.array([0.1, 0.01])
    settings = dict(alpha=alphas, fit_intercept=intercept)
    ridge = Ridge(**settings, solver="cholesky").fit(PHI.transform(X), Y, weights)
    wanted = ridge.predict(PHI.transform(NEW))
    whole = KernelRidge(KERNEL, solver="primal", **settings).fit(X, Y, weights)
    for model in (whole, stream(weights=weights, **settings)):
        np.testing.assert_allclose(model.predict(NEW), wanted, rtol=1e-8)
        np.testing.assert_allclose(model.coef_, ridge.coef_, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(model.intercept_, ridge.intercept_, rtol=1e-8)
        assert model.solver_ == "primal" and model.X_fit_ is None


@pytest.mark.parametrize(
    "kernel",
    [
        Linear(),
        Polynomial(degree=2, gamma="scale"),
        Cosine() * Linear() + 1.0,
        Columns(Polynomial(degree=2), [0, 2]),
        KERNEL,
    ],
    ids=lambda kernel: type(kernel).__name__,
)
@pytest.mark.parametrize("intercept", [False, True])
def test_the_same_problem_as_that_of_the_matrix(kernel, intercept):
    settings = dict(kernel=kernel, alpha=[0.3, 0.1], fit_intercept=intercept)
    model = KernelRidge(**settings, solver="primal").fit(X, Y, WEIGHTS)
    exact = KernelRidge(**settings, solver="cholesky").fit(X, Y, WEIGHTS)
    np.testing.assert_allclose(model.predict(NEW), exact.predict(NEW), rtol=1e-8, atol=1e-9)
    if kernel is not KERNEL:
        phi = explicit(model.kernel_).fit(X)
        np.testing.assert_allclose(phi.transform(NEW) @ model.coef_.T + model.intercept_, model.predict(NEW))


def test_alpha_of_zero_is_least_squares():
    wanted = np.linalg.lstsq(np.column_stack([X, np.ones(400)]), Y[:, 0])[0]
    model = KernelRidge(Linear(), alpha=0.0, fit_intercept=True, solver="primal").fit(X, Y[:, 0])
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), wanted)


def test_one_target_and_shapes():
    model = KernelRidge(KERNEL, solver="primal", fit_intercept=True).fit(X, Y[:, 0])
    assert model.coef_.shape == (60,) and model.predict(NEW).shape == (30,) and isinstance(model.intercept_, float)
    assert model.set_params(solver="cholesky").fit(X, Y).dual_coef_.shape == (400, 2)
    assert not hasattr(model, "coef_")
    assert model.set_params(solver="primal").fit(X, Y).coef_.shape == (2, 60)


def test_there_are_no_coefficients_of_rows():
    model = KernelRidge(KERNEL, solver="primal", warm_start=True).fit(X, Y)
    with pytest.raises(AttributeError, match="solver='primal' keeps coef_, of features, and no dual_coef_, of rows"):
        _ = model.dual_coef_
    with pytest.raises(AttributeError, match="'KernelRidge' object has no attribute 'dual_coef_'"):
        _ = KernelRidge().dual_coef_
    for verb in (lambda: model.predict(NEW, return_std=True), lambda: model.predict_interval(NEW)):
        with pytest.raises(ValueError, match="needs a model fitted with uncertainty=True"):
            verb()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))
    again.partial_fit(X, Y)
    np.testing.assert_array_equal(again.fit(X, Y).coef_, model.coef_)
    assert not hasattr(clone(model), "coef_") and not hasattr(clone(model), "dual_coef_")


def test_a_file_of_rows(tmp_path):
    np.save(tmp_path / "rows.npy", X)
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    wanted = KernelRidge(KERNEL, solver="primal").fit(X, Y)
    np.testing.assert_array_equal(KernelRidge(KERNEL, solver="primal").fit(rows, Y).predict(rows), wanted.predict(X))
    np.testing.assert_allclose(stream(rows).predict(rows), wanted.predict(X), rtol=1e-8)


@pytest.mark.parametrize(("precision", "error"), [("auto", 1e-2), ("float32", 1e-2), ("float64", 1e-5)])
def test_float32(precision, error):
    rows = X.astype(np.float32)
    exact = KernelRidge(KERNEL, alpha=1e-4, solver="primal").fit(rows.astype(np.float64), Y)
    whole = KernelRidge(KERNEL, alpha=1e-4, solver="primal", precision=precision).fit(rows, Y)
    for model in (whole, stream(rows, alpha=1e-4, precision=precision)):
        assert model.predict(NEW.astype(np.float32)).dtype == model.coef_.dtype
        assert model.coef_.dtype == (np.float64 if precision == "float64" else np.float32)
        np.testing.assert_allclose(model.coef_, exact.coef_, atol=error)
        np.testing.assert_allclose(model.predict(NEW.astype(np.float32)), exact.predict(NEW), rtol=1e-3, atol=1e-3)


def test_sparse_rows():
    S = sp.random(400, 30, density=0.1, format="csr", random_state=0)
    wanted = KernelRidge(Linear(), alpha=0.1, fit_intercept=True).fit(S, Y).predict(S)
    for kernel in (Linear(), Polynomial(degree=1)):
        model = KernelRidge(kernel, alpha=0.1, fit_intercept=True, solver="primal").fit(S, Y)
        np.testing.assert_allclose(model.predict(S), wanted, rtol=1e-8)
    found = stream(S, kernel=Linear(), alpha=0.1, fit_intercept=True).predict(S.tocsc())
    np.testing.assert_allclose(found, wanted, rtol=1e-8)


def test_tables():
    names = ["a", "b", "c"]
    table, new = pd.DataFrame(X, columns=names), pd.DataFrame(NEW, columns=names)
    kernel = FeatureKernel(clone(PHI).fit(table))
    wanted = KernelRidge(KERNEL, solver="primal").fit(X, Y).predict(NEW)
    for model in (KernelRidge(kernel, solver="primal").fit(table, Y), stream(table, kernel=kernel)):
        np.testing.assert_allclose(model.predict(new), wanted, rtol=1e-8)
        with pytest.raises(ValueError, match="feature names"):
            model.predict(new[["b", "a", "c"]])
    by_name = Columns(Linear(), ["a", "c"])
    model = stream(table, kernel=by_name)
    np.testing.assert_allclose(model.predict(new), KernelRidge(by_name).fit(table, Y).predict(new), rtol=1e-8)


def test_texts():
    texts, y = ["a b c", "b c d", "d e f", "a f"] * 20, np.arange(80.0)
    kernel = FeatureKernel(TfidfVectorizer(token_pattern=r"\w"))
    model = KernelRidge(kernel, alpha=0.1, solver="primal").fit(texts, y)
    np.testing.assert_allclose(model.predict(texts), KernelRidge(kernel, alpha=0.1).fit(texts, y).predict(texts))
    np.testing.assert_allclose(model.partial_fit(texts, y).predict(texts), model.fit(texts, y).predict(texts))


def test_one_row_a_block():
    model = KernelRidge(KERNEL, alpha=0.1, fit_intercept=True, solver="primal")
    for i in range(60):
        model.partial_fit(X[i : i + 1], Y[i : i + 1])
    wanted = KernelRidge(KERNEL, alpha=0.1, fit_intercept=True).fit(X[:60], Y[:60])
    np.testing.assert_allclose(model.predict(NEW), wanted.predict(NEW), rtol=1e-8)


def test_the_first_block_fits_the_transformer():
    model = KernelRidge(FeatureKernel(RandomFourier(n_components=20, random_state=0)), solver="primal")
    model.partial_fit(X[:100], Y[:100]).partial_fit(X[100:], Y[100:])
    phi = RandomFourier(n_components=20, random_state=0).fit(X[:100])
    wanted = Ridge(1.0, fit_intercept=False).fit(phi.transform(X), Y).predict(phi.transform(NEW))
    np.testing.assert_allclose(model.predict(NEW), wanted, rtol=1e-8)


class TestBadBlocks:
    def test_they_are_named_and_change_nothing(self):
        model = KernelRidge(KERNEL, solver="primal").partial_fit(X[:150], Y[:150]).partial_fit(X[150:210], Y[150:210])
        before = model.predict(NEW)
        bad = X[:10].copy()
        bad[3, 1] = np.nan
        for rows, targets, message in [
            (bad, Y[:10], "Input X contains NaN"),
            (X[:10, :2], Y[:10], "X has 2 features, but KernelRidge is expecting 3"),
            (X[:10], Y[:10, 0], r"y must have shape \(n, 2\), as before, got \(n,\)"),
            (X[:10], np.full((10, 2), np.nan), "Input y contains NaN"),
        ]:
            with pytest.raises(ValueError, match=f"block 3, after 210 rows: {message}"):
                model.partial_fit(rows, targets)
        with pytest.raises(ValueError, match="block 3, .* solver must be 'primal', as before, got 'nystroem'; fit"):
            model.set_params(solver="nystroem").partial_fit(X[210:], Y[210:])
        np.testing.assert_array_equal(model.predict(NEW), before)
        model.set_params(solver="primal").partial_fit(X[210:], Y[210:])
        np.testing.assert_allclose(model.predict(NEW), KernelRidge(KERNEL).fit(X, Y).predict(NEW), rtol=1e-8)

    def test_in_one_fit(self, tmp_path):
        rows = np.tile(X, (50, 1))
        rows[12345, 1] = np.nan
        np.save(tmp_path / "rows.npy", rows)
        model = KernelRidge(KERNEL, solver="primal")
        with pytest.raises(ValueError, match="NaN"):
            model.fit(np.load(tmp_path / "rows.npy", mmap_mode="r"), rows[:, 0] * 0 + 1)
        assert not vars(model).get("kernel_")

    @pytest.mark.parametrize("kernel", [None, Gaussian(), Linear() + Gaussian(), "precomputed"])
    def test_kernels_without_explicit_features(self, kernel):
        model = KernelRidge(kernel, solver="primal")
        with pytest.raises(ValueError, match=r"FeatureKernel\(RandomFourier.*got .*: solver='nystroem' restricts"):
            model.fit(X[:3] if kernel != "precomputed" else np.eye(3), Y[:3])


def test_auto_for_very_many_rows_of_few_features(monkeypatch, capsys):
    monkeypatch.setattr("kernelkit.estimators._ridge_fit.DENSE_ROWS", 300)
    wanted = KernelRidge(KERNEL, solver="cholesky").fit(X, Y).predict(NEW)
    model = KernelRidge(KERNEL, verbose=True).fit(X, Y)
    assert model.solver_ == "primal"
    assert "solver='primal': normal equations of 400 rows, 60 features, in one pass" in capsys.readouterr().err
    np.testing.assert_allclose(model.predict(NEW), wanted, rtol=1e-8)
    assert KernelRidge(KERNEL).fit(X[:300], Y[:300]).solver_ == "cholesky"
    assert KernelRidge(Gaussian(), preconditioner_rank=50, random_state=0).fit(X, Y).solver_ == "cg"
    monkeypatch.setattr("kernelkit.estimators._primal_problem.FEW_FEATURES", 59)
    assert KernelRidge(KERNEL, preconditioner_rank=50, random_state=0).fit(X, Y).solver_ == "cg"


def test_classifier():
    rows, y = load_digits(return_X_y=True)
    names = np.array([f"digit {k}" for k in y])
    kernel = FeatureKernel(RandomFourier(Gaussian(25.0), n_components=400, random_state=0))
    model = KernelRidgeClassifier(kernel, alpha=0.01, solver="primal").fit(rows[:1200], names[:1200])
    dense = KernelRidgeClassifier(kernel, alpha=0.01).fit(rows[:1200], names[:1200])
    np.testing.assert_allclose(model.decision_function(rows), dense.decision_function(rows), rtol=1e-6, atol=1e-8)
    assert model.coef_.shape == (10, 400) and model.score(rows[1200:], names[1200:]) > 0.93


def test_no_more_than_a_block_of_features_is_held():
    rows = rng.normal(size=(40_000, 3))
    kernel = FeatureKernel(RandomFourier(Gaussian(1.5), n_components=200, random_state=0).fit(rows))
    model = KernelRidge(kernel, solver="primal").fit(rows[:100], rows[:100])
    tracemalloc.start()
    model.fit(rows, rows).predict(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45e6 < 40_000 * 200 * 8  # 64 MB


def test_too_many_features_for_the_memory(monkeypatch):
    monkeypatch.setattr("kernelkit.engine._memory.available_bytes", lambda: 50_000)
    with pytest.raises(MemoryError, match="sums of products of 60 features needs .* take fewer of them"):
        KernelRidge(KERNEL, solver="primal").fit(X, Y)
