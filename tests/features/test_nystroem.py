import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import Columns, FeatureKernel, Gaussian, Laplacian, Linear, Nystroem, Polynomial
from kernelkit.engine import _memory
from kernelkit.features._landmarks import STRATEGIES

X = StandardScaler().fit_transform(load_breast_cancer().data)[:300, :6]
NEW = StandardScaler().fit_transform(load_breast_cancer().data)[300:350, :6]
KERNELS = [Gaussian(2.0), Laplacian(6.0), Polynomial(degree=2, gamma=0.2), RBF(2.0)]


@parametrize_with_checks(
    [
        *[Nystroem(n_components=5, landmarks=landmarks, random_state=0) for landmarks in STRATEGIES],
        Nystroem(Laplacian("scale"), n_components=5, rank=3, random_state=0),
        Nystroem(n_components=5, fit_inverse_transform=True, random_state=0),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def exact(kernel, A, B, Z):
    """k(A, Z) k(Z, Z)^-1 k(Z, B)."""
    return kernel(A, Z) @ np.linalg.pinv(kernel(Z, Z), rcond=1e-13, hermitian=True) @ kernel(Z, B)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
@pytest.mark.parametrize("landmarks", STRATEGIES)
def test_inner_products(landmarks, kernel):
    phi = Nystroem(kernel, n_components=40, landmarks=landmarks, random_state=0)
    F = phi.fit_transform(X)
    np.testing.assert_allclose(phi.transform(X), F, atol=1e-6)
    Z = phi.components_
    np.testing.assert_allclose(phi.transform(X) @ phi.transform(NEW).T, exact(kernel, X, NEW, Z), atol=1e-6)
    if landmarks == "kmeans":
        assert phi.landmark_indices_ is None
    else:
        np.testing.assert_array_equal(X[phi.landmark_indices_], Z)
        np.testing.assert_allclose(
            phi.transform(Z) @ phi.transform(Z).T, kernel(Z, Z), atol=1e-6
        )  # exact at the landmarks


@pytest.mark.parametrize("landmarks", STRATEGIES)
def test_every_strategy_converges(landmarks):
    errors = []
    for p in (20, 60, 180):
        report = Nystroem(Gaussian(3.0), n_components=p, landmarks=landmarks, random_state=0).fit(X).error_report(X)
        assert report.trace >= -1e-9
        errors.append(report.trace)
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[-1] < 1e-3


def test_chosen_landmarks_beat_drawn_ones_on_uneven_rows():
    rng = np.random.default_rng(0)
    rows = np.concatenate([0.1 * rng.normal(size=(900, 2)), 3 * rng.normal(size=(60, 2))])

    def trace(landmarks):
        maps = [Nystroem(Gaussian(1.0), n_components=40, landmarks=landmarks, random_state=s) for s in range(5)]
        return np.median([phi.fit(rows).error_report(rows, n_samples=960).trace for phi in maps])

    for landmarks in ("rpcholesky", "leverage", "farthest", "kmeans"):
        assert trace(landmarks) < 0.8 * trace("uniform"), landmarks


def test_given_landmarks():
    phi = Nystroem(Gaussian(2.0), landmarks=NEW).fit(X)
    assert phi.components_.shape == NEW.shape and phi.landmark_indices_ is None
    np.testing.assert_allclose(phi.transform(X) @ phi.transform(X).T, exact(Gaussian(2.0), X, X, NEW), atol=1e-6)
    assert Nystroem(Gaussian(2.0)).fit(X).components_.shape == (100, 6)
    assert Nystroem(Gaussian(2.0)).fit(X[:50]).components_.shape == (50, 6)
    assert Nystroem(Gaussian(2.0), landmarks=X, n_components=300).fit(X[:20]).components_.shape == (300, 6)


@pytest.mark.parametrize("landmarks", ["rpcholesky", "uniform", "leverage", "farthest"])
def test_precomputed(landmarks):
    K, cross = Gaussian(2.0)(X), Gaussian(2.0)(NEW, X)
    K.flags.writeable = False
    settings = {"n_components": 30, "landmarks": landmarks, "random_state": 0}
    rows = Nystroem(Gaussian(2.0), **settings).fit(X)
    matrix = Nystroem("precomputed", **settings)
    with pytest.raises(ValueError, match="error_report needs rows"):
        matrix.fit(K).error_report(K)
    F = matrix.fit_transform(K)
    np.testing.assert_array_equal(matrix.landmark_indices_, rows.landmark_indices_)
    assert matrix.components_ is None
    np.testing.assert_allclose(F @ F.T, rows.transform(X) @ rows.transform(X).T, atol=1e-8)
    np.testing.assert_allclose(matrix.transform(cross), rows.transform(NEW), atol=1e-6)


def test_rank():
    full = Nystroem(Gaussian(2.0), n_components=50, random_state=0).fit(X)
    low = Nystroem(Gaussian(2.0), n_components=50, rank=10, random_state=0)
    F = low.fit_transform(X)
    assert F.shape == (300, 10) and len(low.get_feature_names_out()) == 10
    np.testing.assert_allclose(low.transform(X), F)
    values, vectors = np.linalg.eigh(Gaussian(2.0)(full.components_))
    best = vectors[:, -10:] * values[-10:] @ vectors[:, -10:].T
    Z = low.transform(low.components_)
    np.testing.assert_allclose(Z @ Z.T, best, atol=1e-8)
    assert Nystroem(Linear(), n_components=50, random_state=0).fit_transform(X).shape == (300, 6)
    twice = np.concatenate([X[:20], X[:20]])
    for landmarks in STRATEGIES:
        F = Nystroem(Gaussian(1.0), n_components=40, landmarks=landmarks, random_state=0)
        if landmarks != "kmeans":
            F = F.fit_transform(twice)
            assert F.shape == (40, 20)
            np.testing.assert_allclose(F @ F.T, Gaussian(1.0)(twice), atol=1e-7)


def test_containers_and_types():
    phi = Nystroem(Gaussian(2.0), n_components=30, random_state=0)
    dense = phi.fit_transform(X)
    np.testing.assert_allclose(phi.fit_transform(np.asfortranarray(X)), dense, atol=1e-10)
    np.testing.assert_allclose(phi.fit_transform(sp.csr_array(X)), dense, atol=1e-6)
    single = phi.fit_transform(X.astype(np.float32))
    assert single.dtype == phi.transform(X.astype(np.float32)).dtype == np.float32
    assert phi.components_.dtype == np.float32
    assert list(phi.get_feature_names_out())[:2] == ["nystroem0", "nystroem1"]
    table = phi.set_output(transform="pandas").fit_transform(X)
    assert list(table.columns) == list(phi.get_feature_names_out())


@pytest.mark.parametrize("landmarks", ["uniform", "kmeans", "rpcholesky"])
def test_float32_is_near_float64(landmarks):
    rows = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    phi = Nystroem(Gaussian(1.0), n_components=150, landmarks=landmarks, random_state=0).fit(rows)
    Z = phi.components_.astype(float)
    F = phi.transform(rows).astype(float)
    np.testing.assert_allclose(F @ F.T, exact(Gaussian(1.0), rows.astype(float), rows.astype(float), Z), atol=5e-3)


@pytest.mark.parametrize("landmarks", ["rpcholesky", "leverage", "uniform"])
def test_kernels_that_are_not_finite_or_not_semidefinite(landmarks):
    def broken(A, B):
        squares = np.square(A[:, None] - B[None]).sum(axis=2)
        return np.where(squares == 0, 1.0, np.where(squares > 9, np.nan, np.exp(-squares)))

    with pytest.raises(ValueError, match="(not finite|NaN|semi-definite|infs or NaNs)"):
        Nystroem(broken, n_components=20, landmarks=landmarks, random_state=0).fit(X)
    if landmarks == "leverage":
        with pytest.raises(ValueError, match="leverage scores need a kernel that is positive semi-definite, and not"):
            Nystroem(Linear(), n_components=20, landmarks=landmarks, random_state=0).fit(np.zeros((50, 2)))


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    phi = Nystroem(n_components=20, random_state=0).fit(X)
    expected = phi.transform(NEW)
    with pytest.raises(ValueError, match="n_components must be at most"):
        phi.fit(X[:10, :3])
    assert phi.n_features_in_ == 6
    np.testing.assert_array_equal(phi.transform(NEW), expected)


def test_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X[:, :2], columns=["a", "b"]).assign(text="word")
    kernel = Columns(Gaussian("scale"), ["a"]) + Columns(Linear(), ["b"])
    phi = Nystroem(kernel, n_components=20, random_state=0).fit(table)
    assert list(phi.components_.columns) == ["a", "b", "text"]
    report = phi.error_report(table)
    assert report.trace < 1e-3 and report.rows == 300


def test_inverse():
    phi = Nystroem(Gaussian("scale"), n_components=60, fit_inverse_transform=True, alpha=1e-3, random_state=0).fit(X)
    assert np.square(phi.inverse_transform(phi.transform(NEW)) - NEW).mean() < 0.15 * np.square(NEW).mean()
    F = phi.transform(X)
    ridge = np.linalg.solve(F.T @ F + 1e-3 * np.eye(60), F.T @ X)
    np.testing.assert_allclose(phi.inverse_transform(F), F @ ridge, atol=1e-6)
    with pytest.raises(ValueError, match="X has 3 features, but the number of components is 60"):
        phi.inverse_transform(X[:, :3])
    phi.set_params(fit_inverse_transform=False).fit(X)
    with pytest.raises(NotFittedError, match="fit_inverse_transform=True"):
        phi.inverse_transform(F)


def test_in_a_grid_search_and_as_a_kernel():
    rows, y = load_digits(return_X_y=True)
    model = make_pipeline(Nystroem(Gaussian("scale"), n_components=60, random_state=0), LinearSVC())
    search = GridSearchCV(model, {"nystroem__kernel__sigma": [10.0, 30.0]}, cv=3).fit(rows[:400], y[:400])
    assert search.best_score_ > 0.85
    phi = Nystroem(Gaussian(2.0), n_components=30, random_state=0).fit(X)
    np.testing.assert_allclose(FeatureKernel(phi)(X), phi.transform(X) @ phi.transform(X).T)


def test_seeds():
    phi = Nystroem(n_components=20, random_state=0)
    first = phi.fit(X).landmark_indices_
    np.testing.assert_array_equal(phi.fit(X).landmark_indices_, first)
    assert not np.array_equal(phi.set_params(random_state=1).fit(X).landmark_indices_, first)


def test_primal_regression_on_real_rows_is_near_the_kernel():
    from sklearn.linear_model import Ridge

    from kernelkit import KernelRidge

    rows, y = load_diabetes(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    dual = KernelRidge(Gaussian(4.0), alpha=1.0).fit(rows, y).predict(rows)
    primal = make_pipeline(Nystroem(Gaussian(4.0), n_components=300, random_state=0), Ridge(1.0, fit_intercept=False))
    np.testing.assert_allclose(primal.fit(rows, y).predict(rows), dual, atol=0.02 * np.abs(dual).max())


@pytest.mark.parametrize(
    ("parameters", "rows", "message"),
    [
        ({"n_components": 0}, X, "n_components must be an integer >= 1, got 0"),
        ({"n_components": 301}, X, "n_components must be at most the number of rows, got 301 and n=300"),
        ({"rank": 0}, X, "rank must be an integer >= 1, got 0"),
        ({"alpha": 0}, X, "alpha must be a number > 0, got 0"),
        ({"landmarks": "best"}, X, "landmarks must be one of 'rpcholesky', 'uniform', 'kmeans', 'leverage', 'farth"),
        ({"landmarks": NEW[:, :3]}, X, "X has 6 features, but landmarks have 3"),
        ({"landmarks": NEW, "n_components": 7}, X, "n_landmarks must be None or the number of landmarks, 50, got 7"),
        ({"kernel": "precomputed", "n_components": 5}, X, "must be a square matrix"),
        ({"kernel": "precomputed", "n_components": 5, "landmarks": "kmeans"}, X @ X.T, "landmarks='kmeans' needs rows"),
        ({"kernel": "precomputed", "landmarks": NEW}, X @ X.T, "an array of landmarks needs rows"),
        ({"fit_inverse_transform": True}, sp.csr_array(X), "needs X as a dense array: got a sparse matrix"),
        ({}, np.where(X > 2, np.nan, X), "NaN"),
        ({"kernel": Polynomial(degree=300)}, 1e3 * X, "finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_mistakes(parameters, rows, message):
    phi = Nystroem(**parameters)
    with pytest.raises(ValueError, match=message):
        phi.fit(rows)
    with pytest.raises(NotFittedError):
        phi.transform(X)


def test_other_mistakes(monkeypatch):
    with pytest.raises(TypeError, match=r"did you mean n_components=50\?"):
        Nystroem(50).fit(X)
    phi = Nystroem(n_components=20, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but Nystroem is expecting 6"):
        phi.transform(X[:, :2])
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 100)
    with pytest.raises(MemoryError, match="300 x 20 features"):
        phi.transform(X)


def test_inverse_transform_is_there_where_it_is_learned(rng):
    X = rng.normal(size=(20, 2))
    assert not hasattr(Nystroem().fit(X), "inverse_transform")
    model = Nystroem(n_components=5, fit_inverse_transform=True)
    assert model.inverse_transform.__doc__ == Nystroem.inverse_transform.__doc__
    assert model.inverse_transform(model.fit(X).transform(X)).shape == X.shape  # looked up before it is learned
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(model).inverse_transform(X)
    with pytest.raises(NotFittedError, match="fit_inverse_transform=True"):
        Nystroem(n_components=5).fit(X).set_params(fit_inverse_transform=True).inverse_transform(X)
