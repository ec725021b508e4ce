"""Every kernel inside scikit-learn's own estimators."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR

from kernelkit.kernels import Columns, FeatureKernel, Gaussian, Laplacian, Linear, Matern, Polynomial, RationalQuadratic
from tests.kernels.helpers import PLAIN

each = pytest.mark.parametrize("case", PLAIN, ids=str)
definite = pytest.mark.parametrize("case", [c for c in PLAIN if c.positive_definite], ids=str)


@pytest.fixture
def data(rng):
    X = rng.uniform(-1, 1, size=(30, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=30), rng.uniform(-1, 1, size=(8, 3))


@each
def test_pairwise_kernels_makes_one_call(case, data, monkeypatch):
    X, _, Z = data
    calls = []
    original = type(case.kernel).__call__
    monkeypatch.setattr(type(case.kernel), "__call__", lambda *args, **kw: calls.append(1) or original(*args, **kw))
    K = pairwise_kernels(X, Z, metric=case.kernel)
    assert len(calls) == 1
    np.testing.assert_array_equal(K, original(case.kernel, X, Z))


@each
def test_kernel_ridge(case, data):
    X, y, Z = data
    alpha = 0.5 if case.positive_definite else 100.0  # large enough for a Cholesky factor
    ours = KernelRidge(kernel=case.kernel, alpha=alpha).fit(X, y)
    theirs = KernelRidge(kernel="precomputed", alpha=alpha).fit(case.kernel(X), y)
    np.testing.assert_allclose(ours.predict(Z), theirs.predict(case.kernel(Z, X)), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.predict(X), ours.predict(X.copy()), rtol=1e-12, atol=1e-13)


@each
def test_kernel_pca(case, data):
    X, _, Z = data
    ours = KernelPCA(n_components=2, kernel=case.kernel, eigen_solver="dense").fit(X)
    theirs = KernelPCA(n_components=2, kernel="precomputed", eigen_solver="dense").fit(case.kernel(X))
    np.testing.assert_allclose(ours.eigenvalues_, theirs.eigenvalues_, rtol=1e-8, atol=1e-8)
    if case.name != "constant":
        np.testing.assert_allclose(np.abs(ours.transform(Z)), np.abs(theirs.transform(case.kernel(Z, X))), atol=1e-6)


@each
def test_nystroem(case, data):
    X, _, _ = data
    approximate = Nystroem(kernel=case.kernel, n_components=len(X), random_state=0).fit_transform(X)
    if case.positive_definite:
        K = case.kernel(X)
        np.testing.assert_allclose(approximate @ approximate.T, K, atol=1e-5 * np.abs(K).max())


@each
def test_support_vectors(case, data):
    X, y, Z = data
    K, test = case.kernel(X), case.kernel(Z, X)
    labels = y > np.median(y)
    classifier = SVC(kernel=case.kernel).fit(X, labels)
    np.testing.assert_allclose(
        classifier.decision_function(Z), SVC(kernel="precomputed").fit(K, labels).decision_function(test), atol=1e-6
    )
    regressor = SVR(kernel=case.kernel).fit(X, y)
    np.testing.assert_allclose(regressor.predict(Z), SVR(kernel="precomputed").fit(K, y).predict(test), atol=1e-6)


@definite
def test_gaussian_process_without_tuning(case, data):
    X, y, Z = data
    process = GaussianProcessRegressor(clone(case.kernel), alpha=0.1, optimizer=None).fit(X, y)
    mean, sd = process.predict(Z, return_std=True)
    inverse = np.linalg.inv(case.kernel(X) + 0.1 * np.eye(len(X)))
    cross = case.kernel(Z, X)
    np.testing.assert_allclose(mean, cross @ inverse @ y, rtol=1e-6, atol=1e-8)
    variance = case.kernel.diag(Z) - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    np.testing.assert_allclose(sd, np.sqrt(variance), rtol=1e-5, atol=1e-6)


@definite
def test_marginal_likelihood_gradient(case, data):
    X, y, _ = data
    process = GaussianProcessRegressor(clone(case.kernel), alpha=0.1, optimizer=None).fit(X, y)
    theta = process.kernel_.theta
    if not len(theta):
        return
    value, gradient = process.log_marginal_likelihood(theta, eval_gradient=True)
    assert np.isfinite(value)
    step = 1e-5
    for j, h in enumerate(step * np.eye(len(theta))):
        difference = process.log_marginal_likelihood(theta + h) - process.log_marginal_likelihood(theta - h)
        assert gradient[j] == pytest.approx(difference / (2 * step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Gaussian() + sk.WhiteKernel(0.1), sk.RBF() + sk.WhiteKernel(0.1)),
        (sk.WhiteKernel(0.1) + Gaussian(), sk.WhiteKernel(0.1) + sk.RBF()),
        (1.5 * Matern(nu=2.5) + sk.WhiteKernel(0.1), sk.ConstantKernel(1.5) * sk.Matern(nu=2.5) + sk.WhiteKernel(0.1)),
        (
            RationalQuadratic(1.0, 2.0, shape_bounds="fixed") + sk.WhiteKernel(0.1),
            sk.RationalQuadratic(1.0, 2.0, alpha_bounds="fixed") + sk.WhiteKernel(0.1),
        ),
    ],
    ids=["gaussian", "noise-first", "matern", "rational-quadratic"],
)
def test_gaussian_process_tuned_like_scikit_learns(ours, theirs, data):
    X, y, Z = data
    mine, wanted = (GaussianProcessRegressor(k, normalize_y=True).fit(X, y) for k in (ours, theirs))
    assert mine.log_marginal_likelihood_value_ == pytest.approx(wanted.log_marginal_likelihood_value_, abs=1e-4)
    for a, b in zip(mine.predict(Z, return_std=True), wanted.predict(Z, return_std=True), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-2)
    assert mine.kernel == ours
    assert mine.sample_y(Z, random_state=0).shape == (8, 1)


def test_gaussian_process_tunes_one_width_per_feature(data):
    X, y, _ = data
    process = GaussianProcessRegressor(Gaussian(np.ones(3)), alpha=0.01).fit(X, y)
    sigma = process.kernel_.sigma
    assert sigma.shape == (3,)
    assert sigma[2] > 3 * sigma[0]  # the third feature does not matter


@pytest.mark.parametrize(
    "kernel", [Gaussian(), 2.0 * Matern(), RationalQuadratic(shape_bounds="fixed"), Laplacian(3.0)], ids=repr
)
def test_gaussian_process_classifier(kernel, data):
    X, y, Z = data
    labels = np.where(y > np.median(y), "high", "low")
    plain = GaussianProcessClassifier(clone(kernel), optimizer=None).fit(X, labels)
    tuned = GaussianProcessClassifier(clone(kernel), max_iter_predict=50).fit(X, labels)
    assert tuned.log_marginal_likelihood_value_ >= plain.log_marginal_likelihood_value_ - 1e-6
    assert tuned.score(X, labels) > 0.8
    assert tuned.predict_proba(Z).shape == (8, 2)


def test_gaussian_process_classifier_with_three_classes(data):
    X, y, _ = data
    labels = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    process = GaussianProcessClassifier(Gaussian()).fit(X, labels)
    assert process.score(X, labels) > 0.7


@pytest.mark.parametrize("estimator", [KernelRidge(kernel=Gaussian(), alpha=0.1), SVR(kernel=Gaussian())], ids=repr)
def test_search_over_sigma(estimator, data):
    X, y, _ = data
    search = GridSearchCV(estimator, {"kernel__sigma": [0.01, 1.0, 100.0]}, cv=3, error_score="raise").fit(X, y)
    assert search.best_params_ == {"kernel__sigma": 1.0}
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 3
    assert estimator.kernel.sigma == 1.0


def test_search_over_a_nested_sigma(data):
    X, y, _ = data
    pipeline = make_pipeline(StandardScaler(), KernelRidge(kernel=Gaussian() + Linear(), alpha=0.1))
    grid = {"kernelridge__kernel__k1__sigma": [0.01, 1.0], "kernelridge__kernel__k2": [Linear(), Polynomial(2)]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert search.best_params_["kernelridge__kernel__k1__sigma"] == 1.0
    kernels = [KernelRidge(kernel=k, alpha=0.1) for k in (Gaussian(0.01) + Linear(), Gaussian(1.0) + Linear())]
    Z = StandardScaler().fit_transform(X)
    assert not np.allclose(*(k.fit(Z, y).predict(Z) for k in kernels))


def test_search_over_kernels(data):
    X, y, _ = data
    grid = [
        {"kernel": [Gaussian(), Laplacian()], "kernel__sigma": [0.5, 2.0]},
        {"kernel": [Polynomial()], "kernel__degree": [2, 3]},
    ]
    search = GridSearchCV(SVR(), grid, cv=3, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_columns_and_features_inside_scikit_learn(data):
    X, y, Z = data
    lifted = FeatureKernel(FrozenEstimator(PolynomialFeatures(2).fit(X)))
    for kernel in (Columns(Gaussian(), [0, 1]), lifted, Columns(Gaussian(), [0]) + lifted):
        fitted = clone(KernelRidge(kernel=kernel, alpha=0.1)).fit(X, y)
        assert fitted.score(X, y) > 0.8
        assert np.isfinite(fitted.predict(Z)).all()


def test_an_unresolved_kernel_in_a_foreign_estimator_says_what_to_do(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="resolve"):
        KernelRidge(kernel=Gaussian("scale")).fit(X, y)
