"""scikit-learn's own checks, and what every estimator with a kernel must do."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from kernelkit import (
    Columns,
    Gaussian,
    KernelPCA,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeClassifierCV,
    KernelRidgeCV,
    KernelSVC,
    KernelSVCCV,
    KernelSVRCV,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
)
from tests.conftest import SCIPY_FOLLOWS
from tests.registry import ESTIMATORS

FULL_RANK = [Laplacian("scale"), Matern("scale", nu=0.5)]
LOW_RANK = [
    Polynomial(degree=2, gamma="scale"),
    Linear() + 0.5 * Gaussian("scale"),
    RBF(20.0),
]
VARIANTS = [
    KernelPCA(n_components=2, eigen_solver="lanczos", random_state=0),
    KernelPCA(n_components=2, n_landmarks=5, landmarks="kmeans", fit_inverse_transform=True, random_state=0),
    KernelRidge(fit_intercept=True, solver="eigen"),
    KernelRidge(uncertainty=True),
    KernelRidgeClassifier(class_weight="balanced", fit_intercept=True),
    KernelRidgeCV([Gaussian("scale"), Laplacian("scale")], cv=3, fit_intercept=True),
    KernelRidgeCV(cv="gcv"),
    KernelRidgeClassifierCV(cv=3, scoring="accuracy"),
    KernelSVC(multi_class="ovr", tol=1e-12),
    KernelSVCCV(multi_class="ovr", class_weight="balanced", scoring="balanced_accuracy", cv=3, tol=1e-12),
    KernelSVRCV([Gaussian("scale"), Laplacian("scale")], epsilons=[0.01, 0.1], cv=3, tol=1e-12),
]


def with_kernels(estimator):
    # Few dimensions leave the coefficients of support vector machines open: no solver gets to their last digits.
    kernels = FULL_RANK if hasattr(estimator, "shrinking") else FULL_RANK + LOW_RANK
    return [clone(estimator).set_params(kernel=kernel) for kernel in kernels]


def values(estimator, X):
    verbs = ("decision_function", "predict", "transform")
    return getattr(estimator, next(verb for verb in verbs if hasattr(estimator, verb)))(X)


@parametrize_with_checks([*ESTIMATORS, *VARIANTS, *[e for estimator in ESTIMATORS for e in with_kernels(estimator)]])
def test_scikit_learn_checks(estimator, check, monkeypatch):
    # Its check of other arrays calls `inverse_transform` of every model that has one, fitted for it or not.
    if SCIPY_FOLLOWS and not hasattr(estimator, "inverse_transform"):
        monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


@pytest.fixture(params=ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def estimator(request):
    return clone(request.param)


@pytest.fixture
def data(estimator):
    X, y = load_iris(return_X_y=True)
    return X[::3], np.array(["a", "b", "c"])[y[::3]] if is_classifier(estimator) else X[::3, 0] ** 2


def test_estimators_share_no_kernel(estimator):
    other = type(estimator)(kernel=Gaussian())
    other.set_params(kernel__sigma=7.0)
    fresh = type(estimator)()
    assert fresh.kernel is None
    assert type(estimator)(kernel=Gaussian()).kernel.sigma == 1.0


@pytest.mark.parametrize("kernel", [None, "rbf", "precomputed"])
def test_kernel_parameters_without_a_kernel_object(estimator, kernel):
    message = f"kernel__sigma cannot be set on kernel={kernel!r}.*pass a kernel object first"
    with pytest.raises(ValueError, match=message):
        estimator.set_params(kernel=kernel, kernel__sigma=1.0)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (0.5, r"got 0.5; did you mean (alpha|C|nu|n_components|time)=0.5\?"),
        (Gaussian, r"did you mean Gaussian\(\)\?"),
        ("gauss", "kernel must be a kernel object or one of linear"),
        (Gaussian() + WhiteKernel(), "white noise.*(set (alpha|C|nu) instead|leave it out)"),
        (Gaussian(sigma=-1.0), "sigma must be a number > 0, got -1.0"),
        (Gaussian(sigma=[1.0, 2.0]), r"sigma must be a number or one for each of 4 features, got shape \(2,\)"),
        (Gaussian(sigma="wide"), "sigma must be one of 'scale', 'auto', 'median', got 'wide'"),
        (lambda X, Y: 1.0, r"kernel must return a matrix of shape"),
        (Columns(Gaussian(), ["length"]), "X has no column names"),
    ],
)
def test_bad_kernels_are_refused_and_nothing_is_fitted(estimator, data, kernel, message):
    estimator.set_params(kernel=kernel)
    with pytest.raises((TypeError, ValueError), match=message):
        estimator.fit(*data)
    assert not [name for name in vars(estimator) if name.endswith("_")]


def test_a_fit_that_fails_leaves_the_model_as_it_was(estimator, data):
    X, y = data
    expected = values(estimator.fit(X, y), X)
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.full((50, 3), np.nan), y)
    with pytest.raises(ValueError, match="sigma must be a number > 0"):
        estimator.set_params(kernel=Gaussian(-1.0)).fit(X[:, :3], y)
    assert estimator.n_features_in_ == 4
    np.testing.assert_array_equal(values(estimator, X), expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (-np.ones(50), "sample_weight must be >= 0, got -1"),
        (np.zeros(50), "sample_weight is zero for every row"),
        (np.ones(3), "inconsistent numbers of samples"),
        (np.ones((50, 2)), "sample_weight must have one value for each row"),
        (np.full(50, np.nan), "sample_weight contains NaN"),
    ],
)
def test_bad_weights(estimator, data, weights, message):
    if not has_fit_parameter(estimator, "sample_weight"):
        pytest.skip("takes no weights")
    with pytest.raises(ValueError, match=message):
        estimator.fit(*data, sample_weight=weights)


def test_predictions_of_a_copy_of_another_layout_and_type(estimator, data):
    X, y = data
    estimator.fit(X, y)
    expected = values(estimator, X)
    X_read_only = X.copy()
    X_read_only.flags.writeable = False
    for same in (X.copy(), np.asfortranarray(X), X_read_only, sp.csr_array(X), sp.csc_matrix(X)):
        np.testing.assert_allclose(values(estimator, same), expected, rtol=1e-10, atol=1e-12)
    for one in range(3):
        np.testing.assert_allclose(values(estimator, X[one : one + 1]), expected[one : one + 1], rtol=1e-10, atol=1e-12)


def test_fitted_on_sparse_and_on_float32(estimator, data):
    X, y = data
    expected = values(estimator.fit(X, y), X)
    sparse = clone(estimator).fit(sp.csr_array(X), y)
    single = clone(estimator).fit(X.astype(np.float32), y)
    assert values(single, X).dtype == np.float32
    np.testing.assert_allclose(values(sparse, X), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(values(single, X), expected, rtol=1e-3, atol=1e-3)
    assert values(single, X.astype(np.float32)).dtype == np.float32


def test_tables(estimator, data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    table = pandas.DataFrame(X, columns=list("abcd")).assign(text="word")
    kernel = Columns(Gaussian("scale"), ["a", "b"]) + Columns(Linear(), ["d"])
    estimator.set_params(kernel=kernel).fit(table, y)
    if is_classifier(estimator):
        expected = clone(estimator).set_params(kernel=kernel.resolve(table)).fit(X, y)
        assert (estimator.predict(table) == expected.predict(X)).all()
    assert list(estimator.feature_names_in_) == ["a", "b", "c", "d", "text"]
    assert estimator.kernel_.k1.columns == [0, 1]
    assert estimator.kernel.k1.columns == ["a", "b"]
    with pytest.raises(ValueError, match="feature names"):
        values(estimator, table.rename(columns={"a": "z"}))


def test_pickles(estimator, data):
    X, y = data
    estimator.fit(X, y)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(values(again, X), values(estimator, X))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_over_kernels_in_a_pipeline(n_jobs):
    X, y = load_diabetes(return_X_y=True)
    grid = [
        {
            "kernelridge__kernel": [Gaussian(), Laplacian()],
            "kernelridge__kernel__sigma": ["scale", 0.5, 1.0],
        },
        {"kernelridge__kernel": [Polynomial()], "kernelridge__kernel__degree": [2, 3]},
    ]
    model = make_pipeline(StandardScaler(), KernelRidge())
    search = GridSearchCV(model, grid, n_jobs=n_jobs, cv=3).fit(X[:150], y[:150])
    assert len(search.cv_results_["params"]) == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len({repr(p["kernelridge__kernel"]) for p in search.cv_results_["params"]}) >= 3
    best = {name.removeprefix("kernelridge__kernel__"): value for name, value in search.best_params_.items()}
    kernel = clone(best.pop("kernelridge__kernel")).set_params(**best)
    assert search.best_estimator_[-1].kernel == kernel
    assert model[-1].kernel is None
