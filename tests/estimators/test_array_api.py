"""Estimators on arrays of other libraries: as on NumPy's, where the arrays lie, and one clear error for what cannot."""

import pickle
import re
import warnings

import numpy as np
import pytest
import sklearn
from scipy.linalg import LinAlgError, LinAlgWarning
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kernelkit import (
    Columns,
    FeatureKernel,
    Gaussian,
    KernelRidge,
    KernelRidgeClassifier,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    Sigmoid,
    compare,
)
from kernelkit import _arrays as arrays
from tests.registry import ESTIMATORS

N, D, NEW = 60, 4, 13
SOLVERS = {
    "cholesky": {},
    "eigen": {},
    "cg": {"tol": 1e-13, "random_state": 0, "preconditioner_rank": 20},
    "nystroem": {"n_landmarks": 20, "random_state": 0},
}
TOLERANCE = {"float64": 1e-8, "float32": 2e-3}

solvers = pytest.mark.parametrize("solver", SOLVERS)
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def ridge(solver, kernel=None, alpha=0.01, kind=KernelRidge, **settings):
    kernel = Gaussian("scale") if kernel is None else kernel
    return kind(kernel, alpha=alpha, solver=solver, **SOLVERS[solver] | settings)


@pytest.fixture
def data(rng):
    X = rng.normal(size=(N + NEW, D)) + 3.0
    Y = np.stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] ** 2], axis=1)
    return X[:N], Y[:N], X[N:], Y[N:]


def on_host(model, *args):
    """A fit by NumPy, whatever scikit-learn was told to follow."""
    with sklearn.config_context(array_api_dispatch=False):
        return clone(model).fit(*args)


def assert_same(library, model, expected, X_new, tolerance):
    """The coefficients, intercepts and predictions, of the same types, and that of every array lies where it should."""
    got = model.predict(library(X_new))
    wanted = expected.predict(X_new)
    assert str(got.dtype).endswith(str(wanted.dtype))
    assert str(model.dual_coef_.dtype).endswith(str(expected.dual_coef_.dtype))
    assert model.solver_ == expected.solver_
    for value, known in [(got, wanted), (model.dual_coef_, expected.dual_coef_), (model.X_fit_, expected.X_fit_)]:
        np.testing.assert_allclose(library.back(value), known, rtol=tolerance, atol=tolerance * np.abs(known).max())
    shift = model.intercept_ if isinstance(model.intercept_, float) else library.back(model.intercept_)
    np.testing.assert_allclose(shift, expected.intercept_, rtol=tolerance, atol=tolerance)


@solvers
@dtypes
@pytest.mark.parametrize("columns", [0, [0, 1]], ids=["one", "two"])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_numpy(library, data, rng, solver, dtype, columns, intercept, weighted):
    X, Y, X_new, Y_new = data
    X, X_new, y = X.astype(dtype), X_new.astype(dtype), Y[:, columns]
    w = rng.integers(0, 3, N).astype(float) if weighted else None
    model = ridge(solver, alpha=0.01 if columns == 0 else [0.5, 0.01], fit_intercept=intercept)
    expected = on_host(model, X, y, w)
    model.fit(library(X), library(y), None if w is None else library(w))
    assert_same(library, model, expected, X_new, TOLERANCE[dtype])
    score = model.score(library(X_new), library(Y_new[:, columns]))
    assert score == pytest.approx(expected.score(X_new, Y_new[:, columns]), abs=10 * TOLERANCE[dtype])


KERNELS = [
    Laplacian("scale"),
    Matern("median", nu=1.5),
    Matern(2.0, nu=0.5),
    Gaussian([1.0, 2.0, 3.0, 4.0]),
    Polynomial(2, gamma="scale"),
    Linear() + 0.5 * Gaussian("auto"),
    Gaussian("scale") * Laplacian("median"),
    Columns(Gaussian("scale"), [2, 0]),
    "rbf",
]


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
@solvers
def test_kernels(library, data, kernel, solver):
    X, Y, X_new, _ = data
    model = ridge(solver, kernel, alpha=0.1)
    expected = on_host(model, X, Y, np.arange(N) % 3.0)
    assert_same(library, model.fit(library(X), Y, np.arange(N) % 3.0), expected, X_new, 1e-8)
    assert repr(model.kernel_) == repr(expected.kernel_) or "scale" in repr(kernel) or "median" in repr(kernel)


@pytest.mark.parametrize("solver", ["cholesky", "eigen", "cg", "nystroem"])
def test_kernel_matrices(library, data, solver):
    X, Y, X_new, _ = data
    K, K_new = Gaussian(2.0)(X), Gaussian(2.0)(X_new, X)
    model = ridge(solver, "precomputed")
    expected = on_host(model, K, Y)
    got = model.fit(library(K), library(Y)).predict(library(K_new))
    np.testing.assert_allclose(library.back(got), expected.predict(K_new), rtol=1e-8)
    with pytest.raises(ValueError, match="symmetric"):
        model.fit(library(K + np.tri(N)), Y)


@solvers
def test_targets_and_weights_of_numpy_follow(library, data, solver):
    X, Y, X_new, _ = data
    w = np.arange(N) % 4.0
    model = ridge(solver).fit(library(X), Y[:, 0].tolist(), w)
    same = ridge(solver).fit(library(X), library(Y[:, 0]), library(w))
    np.testing.assert_array_equal(library.back(model.dual_coef_), library.back(same.dual_coef_))
    on_numpy = ridge(solver).fit(X, library(Y[:, 0]), library(w))
    assert type(on_numpy.predict(X_new)) is np.ndarray
    np.testing.assert_allclose(on_numpy.dual_coef_, library.back(same.dual_coef_), rtol=1e-8)


@solvers
def test_nothing_large_comes_back(library, data, monkeypatch, solver):
    fetched, fetch = [], arrays.to_numpy

    def to_numpy(x):
        if arrays.is_foreign(x):
            fetched.append(tuple(x.shape))
        return fetch(x)

    from kernelkit.solvers import _pivoted_cholesky

    monkeypatch.setattr(arrays, "to_numpy", to_numpy)
    monkeypatch.setattr(_pivoted_cholesky, "to_numpy", to_numpy)
    X, Y, X_new, _ = data
    ridge(solver, fit_intercept=True).fit(library(X), library(Y)).predict(library(X_new))
    proposed = _pivoted_cholesky.NARROWEST
    assert set(fetched) <= {(proposed,), (proposed, proposed)}
    assert bool(fetched) == (solver == "cg")


@solvers
def test_copies_of_a_fitted_model(library, data, solver):
    X, Y, X_new, _ = data
    model = ridge(solver, alpha=0.1).fit(library(X), Y)
    expected = library.back(model.predict(library(X_new)))
    np.testing.assert_array_equal(library.back(pickle.loads(pickle.dumps(model)).predict(library(X_new))), expected)
    assert clone(model).get_params()["solver"] == solver
    assert not hasattr(clone(model), "kernel_")
    array_api = pytest.importorskip("sklearn.utils._array_api", reason="move_estimator_to")
    if not hasattr(array_api, "move_estimator_to"):
        pytest.skip("this scikit-learn has no move_estimator_to")
    moved = array_api.move_estimator_to(model, np, "cpu")
    np.testing.assert_allclose(moved.predict(X_new), expected, rtol=1e-8)


def test_without_dispatch_a_model_says_what_it_needs(library, data):
    X, Y, X_new, _ = data
    model = ridge("cholesky").fit(library(X), Y)
    with sklearn.config_context(array_api_dispatch=False), pytest.raises(ValueError, match="array_api_dispatch=True"):
        model.predict(X_new)


def test_far_rows(library, data):
    """A GEMM of rows that are far from the origin keeps no digit of their distances: they are centred first."""
    X, Y, X_new, _ = data
    far = 1e5
    for dtype, tolerance in (("float64", 1e-8), ("float32", 1e-3)):
        A, B = ((rows * 64).round() / 64 for rows in (X, X_new))
        model = ridge("cholesky", Gaussian(2.0), alpha=0.1)
        expected = on_host(model, A, Y).predict(B)
        got = model.fit(library((A + far / 100 if dtype == "float32" else A + far), dtype), Y)
        got = got.predict(library((B + far / 100 if dtype == "float32" else B + far), dtype))
        np.testing.assert_allclose(library.back(got), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("solver", ["cg", "nystroem"])
def test_warm_start(library, data, solver):
    X, Y, *_ = data
    model = ridge(solver, warm_start=True, fit_intercept=True).fit(library(X), Y)
    before, rows = library.back(model.dual_coef_), library.back(model.X_fit_)
    model.fit(library(X), Y)
    np.testing.assert_array_equal(library.back(model.X_fit_), rows)
    np.testing.assert_allclose(library.back(model.dual_coef_), before, rtol=1e-6)
    if solver == "cg":
        assert model.n_iter_ == 1


def test_iterations_that_do_not_converge_are_warned_of(library, data):
    X, Y, *_ = data
    with pytest.warns(ConvergenceWarning, match="solver='cg' ended after 2 steps"):
        ridge("cg", alpha=1e-8, max_iter=2, preconditioner_rank=0).fit(library(X), Y)


def test_jitter_is_warned_of(library):
    X = np.repeat(np.linspace(0, 1, 30), 2)[:, None]
    model = KernelRidge(Gaussian(10.0), alpha=1e-17, solver="cholesky")
    with pytest.warns(LinAlgWarning, match="was added to its diagonal"):
        model.fit(library(X), X[:, 0])
    assert np.isfinite(library.back(model.dual_coef_)).all()


def test_indefinite_kernels_are_refused(library, data):
    X, Y, *_ = data
    for solver in ("cholesky", "eigen"):
        with pytest.raises(LinAlgError, match="smallest eigenvalue before alpha is -"):
            ridge(solver, Sigmoid(), alpha=1e-3).fit(library(X - 3), Y)


def test_alpha_zero(library, data):
    X, Y, X_new, _ = data
    regular = ridge("cholesky", Laplacian(5.0), alpha=0)
    assert_same(library, regular.fit(library(X), Y), on_host(regular, X, Y), X_new, 1e-8)
    for intercept in (False, True):
        singular = ridge("cholesky", Linear(), alpha=0, fit_intercept=intercept)
        with pytest.warns(LinAlgWarning, match="least-squares solution of smallest norm"):
            expected = on_host(singular, X, Y)
        with pytest.warns(LinAlgWarning, match="least-squares solution of smallest norm"):
            singular.fit(library(X), Y)
        assert_same(library, singular, expected, X_new, 1e-8)
        assert singular.solver_ == "eigen"


def test_a_condition_number_is_not_missed(library):
    """A factor exists, but nothing of its solution would be right."""
    X = np.linspace(0, 1, 12)[:, None]
    model = KernelRidge(Gaussian(0.8), alpha=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        expected = on_host(model, X, X[:, 0])
    with pytest.warns(LinAlgWarning):
        model.fit(library(X), X[:, 0])
    assert model.solver_ == expected.solver_ == "eigen"


@pytest.fixture
def narrow(array_api):
    """A device that has no float64."""
    try:
        array_api.Device("no_float64")
    except ValueError:
        pytest.skip("this array_api_strict has no device without float64")
    return lambda values: array_api.asarray(np.array(values, dtype=np.float32), device=array_api.Device("no_float64"))


@solvers
def test_a_device_without_float64(narrow, data, solver):
    X, Y, X_new, _ = data
    model = ridge(solver, alpha=1.0, tol=1e-4)
    expected = on_host(model, X, Y).predict(X_new)
    got = model.fit(narrow(X), Y).predict(narrow(X_new))
    np.testing.assert_allclose(arrays.to_numpy(got), expected, atol=2e-3)


def test_a_device_without_float64_is_honest(narrow, data):
    X, Y, *_ = data
    with pytest.warns(LinAlgWarning, match="alpha=1e-05 is below .*32-bit floats resolve"):
        ridge("cholesky", alpha=1e-5).fit(narrow(X), Y)
    with pytest.raises(ValueError, match="precision='float64' needs 64-bit floats, which array_api_strict on no_fl"):
        ridge("nystroem", precision="float64").fit(narrow(X), Y)


@pytest.mark.parametrize("landmarks", ["uniform", "rpcholesky", "farthest", "given"])
def test_landmarks(library, data, landmarks):
    X, Y, X_new, _ = data
    count, w = 9, np.arange(N) % 3.0
    model = ridge("nystroem", landmarks=X[:9] if landmarks == "given" else landmarks, n_landmarks=count)
    expected = on_host(model, X, Y, w)
    assert_same(library, model.fit(library(X), Y, w), expected, X_new, 1e-8)
    if landmarks == "given":
        model.set_params(landmarks=library(X[:9])).fit(library(X), Y, w)
        assert_same(library, model, expected, X_new, 1e-8)


def test_searches_and_pipelines(library, data):
    X, Y, X_new, _ = data
    if library.xp.__name__ != "torch":
        pytest.skip("scikit-learn's folds are NumPy's, which array_api_strict does not take rows at")
    grid = {"kernelridge__kernel__sigma": [1.0, 2.0], "kernelridge__alpha": [0.1, 10.0]}
    model = make_pipeline(StandardScaler(), ridge("cholesky", Gaussian()))
    search = GridSearchCV(model, grid, cv=3).fit(library(X), library(Y))
    expected = on_host(GridSearchCV(model, grid, cv=3), X, Y)
    assert search.best_params_ == expected.best_params_
    np.testing.assert_allclose(library.back(search.predict(library(X_new))), expected.predict(X_new), rtol=1e-8)


# What is refused, and that it is said so before anything is fitted.


def labels_or_targets(estimator, Y):
    return (Y[:, 0] > np.median(Y[:, 0])).astype(int) if is_classifier(estimator) else Y[:, 0]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_every_estimator_takes_other_arrays_or_says_that_it_does_not(library, data, estimator):
    X, Y, *_ = data
    estimator, y = clone(estimator), labels_or_targets(estimator, Y)
    if sklearn.utils.get_tags(estimator).array_api_support:
        estimator.fit(library(X), library(y))
        verb = "predict" if hasattr(estimator, "predict") else "transform"
        library.back(getattr(estimator, verb)(library(X)))
        return
    name = type(estimator).__name__
    with pytest.raises(TypeError, match=f"{name} cannot be fitted to X of {library.xp.__name__} on .*: take .*host"):
        estimator.fit(library(X), library(y))
    assert not [name for name in vars(estimator) if name.endswith("_")]
    estimator.fit(X, library(y))
    verb = next(verb for verb in ("predict", "transform") if hasattr(estimator, verb))
    with pytest.raises(ValueError, match=f"{name}.{verb}.. must use the same namespace and the same device .* NumPy"):
        getattr(estimator, verb)(library(X))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"solver": "primal", "kernel": Linear()}, TypeError, "take solver='cholesky', 'eigen', 'cg' or 'nystroem'"),
        ({"uncertainty": True}, TypeError, "KernelRidge cannot be fitted to X of .*: take uncertainty=False"),
        ({"kernel": lambda A, B: A @ B.T}, TypeError, "kernel=FunctionKernel.* needs NumPy arrays, got .* on .*host"),
        ({"kernel": RBF()}, TypeError, "kernel=SklearnWrapper.* needs NumPy arrays"),
        ({"kernel": 2 * Gaussian() + RBF()}, TypeError, "(?s)kernel=Sum.* needs NumPy arrays"),
        ({"kernel": "chi2"}, TypeError, "needs NumPy arrays"),
        ({"kernel": Matern(nu=0.8)}, TypeError, r"kernel=Matern\(nu=0.8\) needs NumPy arrays"),
        ({"kernel": FeatureKernel(StandardScaler())}, TypeError, "needs NumPy arrays"),
        ({"kernel": Columns(Gaussian(), ["a"])}, ValueError, "no column names"),
        (
            {"solver": "nystroem", "n_landmarks": 9, "landmarks": "kmeans"},
            TypeError,
            "landmarks must be .* got 'kmeans'",
        ),
        ({"alpha": -1.0}, ValueError, "alpha must be a number >= 0"),
        ({"solver": "cg", "alpha": 0.0}, ValueError, "alpha > 0"),
        ({"solver": "nystroem", "n_landmarks": 500}, ValueError, "n_landmarks must be at most the number of rows"),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),  # the same in every process
)
def test_bad_settings(library, data, settings, error, message):
    X, Y, *_ = data
    model = KernelRidge(**settings)
    with pytest.raises(error, match=message):
        model.fit(library(X), library(Y))
    assert not [name for name in vars(model) if name.endswith("_")]


def test_bad_rows(library, data):
    X, Y, *_ = data
    hole = X.copy()
    hole[3, 1] = np.nan
    weights = np.ones(N)
    weights[2] = -1.0
    for rows, y, w, message in [
        (hole, Y, None, "Input X contains NaN"),
        (X, hole[:, 1], None, "Input y contains NaN"),
        (X, Y, hole[:, 1], "sample_weight contains NaN"),
        (X, Y, weights, "sample_weight must be >= 0, got -1"),
        (X, Y, np.zeros(N), "sample_weight is zero for every row"),
        (X, Y, np.ones((N, 2)), r"one value for each row, shape \(60,\), got shape \(60, 2\)"),
        (X[:, 0], Y, None, "Expected 2D array"),
        (X[:0], Y[:0], None, "0 sample"),
        (X[:, :0], Y, None, "0 feature"),
        (X, Y[:-1], None, "inconsistent numbers of samples"),
        (X, Y[:, :, None], None, "Found array with dim 3"),
    ]:
        model = ridge("cholesky")
        with pytest.raises(ValueError, match=message):
            model.fit(library(rows), library(y), None if w is None else library(w))
        assert not hasattr(model, "kernel_")
    with pytest.raises(ValueError, match="could not convert string"):
        ridge("cholesky").fit(library(X), ["word"] * N)


def test_integers_are_numbers(library, data):
    X = np.arange(24).reshape(12, 2)
    model = ridge("cholesky").fit(library(X), library(X[:, 0]))
    expected = on_host(ridge("cholesky"), X, X[:, 0])
    np.testing.assert_allclose(library.back(model.predict(library(X))), expected.predict(X), rtol=1e-8)


def test_rows_of_another_library_or_device(library, data):
    strict = pytest.importorskip("array_api_strict")
    X, Y, X_new, _ = data
    other = strict.asarray(X_new, device=strict.Device("device2"))
    model = ridge("cholesky").fit(library(X), Y)
    for rows, got in [(X_new, "NumPy"), (X_new.tolist(), "NumPy"), (other, "array_api_strict on device2")]:
        message = rf"KernelRidge.predict\(\) must use the same namespace and the same device .* on .*, got {got}"
        with pytest.raises(ValueError, match=message):
            model.predict(rows)
    with pytest.raises(ValueError, match="features"):
        model.predict(library(X_new[:, :3]))
    for Z, got in [(X_new, "NumPy"), (other, "array_api_strict on device2")]:
        with pytest.raises(ValueError, match=f"Y must be of the library and on the device of X, .* got {got}"):
            Gaussian()(library(X), Z)


def test_blocks_and_comparisons_need_numpy(library, data):
    X, Y, *_ = data
    model = KernelRidge(solver="nystroem", n_landmarks=5)
    with pytest.raises(TypeError, match="partial_fit takes NumPy arrays, got X of"):
        model.partial_fit(library(X), Y)
    with pytest.raises(ValueError, match="X must be a NumPy array or a table, got an array of"):
        compare(library(X), Y[:, 0])


# Classifiers.


@solvers
@dtypes
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("words", [False, True])
def test_classifier(library, data, solver, dtype, classes, words):
    X, Y, X_new, _ = data
    X, X_new = X.astype(dtype), X_new.astype(dtype)
    y = np.digitize(Y[:, 0], [2.5, 4.0][: classes - 1])
    model = ridge(solver, alpha=0.1, kind=KernelRidgeClassifier, fit_intercept=True, class_weight="balanced")
    labels = np.array(["a", "b", "c"])[y] if words else y
    expected = on_host(model, X, labels, 1.0 + y)
    model.fit(library(X), labels if words else library(y), library(1.0 + y))
    decision, wanted = library.back(model.decision_function(library(X_new))), expected.decision_function(X_new)
    np.testing.assert_allclose(decision, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    predicted = model.predict(library(X_new))
    assert (type(predicted) is np.ndarray) == words
    np.testing.assert_array_equal(predicted if words else library.back(predicted), expected.predict(X_new))
    if not words:
        assert model.score(library(X), library(y)) == pytest.approx(expected.score(X, y), abs=1e-6)
