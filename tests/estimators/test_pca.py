import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.decomposition
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.preprocessing import StandardScaler

from kernelkit import Columns, Constant, FeatureKernel, Gaussian, KernelPCA, Linear, Polynomial, Sigmoid
from kernelkit.engine import _memory
from tests.registry import KERNELS

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}
VARYING = {case.name: case.kernel for case in KERNELS if case.width is None and case.name != "constant"}
X = StandardScaler().fit_transform(load_wine().data)
WIDE = [KernelPCA(Gaussian(3.0)), KernelPCA(Gaussian(3.0), n_landmarks=60, random_state=0)]


@pytest.fixture(params=WIDE, ids=["all rows", "landmarks"])
def model(request):
    return clone(request.param)


def rows(name):
    X = StandardScaler().fit_transform(DATA[name]().data)
    step = max(1, len(X) // 150)
    return X[::step], X[1::step]


def signed(scores, like):
    """Scores with the signs of others: theirs are fixed by another rule where entries are about equal."""
    return scores * np.sign(np.einsum("ij,ij->j", scores, like))


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("kernel", VARYING.values(), ids=VARYING)
def test_equals_scikit_learn(name, kernel):
    train, new = rows(name)
    ours = KernelPCA(kernel, n_components=4)
    theirs = sklearn.decomposition.KernelPCA(4, kernel=kernel)
    scores, expected = ours.fit_transform(train), theirs.fit_transform(train)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(ours.eigenvalues_, theirs.eigenvalues_, rtol=1e-8, atol=1e-10 * scale**2)
    # Components of about equal eigenvalues may be turned in their plane.
    gaps = -np.diff(theirs.eigenvalues_) / theirs.eigenvalues_[0]
    alone = np.flatnonzero(np.minimum(gaps, np.append(1, gaps[:-1])) > 1e-5)
    for mine, other in ((scores, expected), (ours.transform(new), theirs.transform(new))):
        mine, other = mine[:, alone], other[:, alone]
        np.testing.assert_allclose(signed(mine, other), other, atol=1e-6 * scale)
    assert len(alone) or kernel == Gaussian(0.3)  # whose matrix is nearly the identity


def test_linear_kernel_is_pca():
    model, pca = KernelPCA(Linear()).fit(X), sklearn.decomposition.PCA().fit(X)
    np.testing.assert_allclose(model.explained_variance_, pca.explained_variance_, rtol=1e-10)
    np.testing.assert_allclose(model.explained_variance_ratio_, pca.explained_variance_ratio_, rtol=1e-10)
    np.testing.assert_allclose(signed(model.transform(X), pca.transform(X)), pca.transform(X), atol=1e-9)
    few = KernelPCA(Linear(), n_components=3).fit(X)
    np.testing.assert_allclose(few.explained_variance_ratio_, pca.explained_variance_ratio_[:3], rtol=1e-10)


def test_scores_are_centred_uncorrelated_and_of_the_stated_variance(model):
    scores = model.set_params(n_components=5).fit_transform(X)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(np.cov(scores.T), np.diag(model.explained_variance_), atol=1e-10)
    np.testing.assert_allclose(model.transform(X), scores, atol=1e-10)
    assert 0 < model.explained_variance_ratio_.sum() < 1
    np.testing.assert_allclose(model.set_params(n_components=None).fit(X).explained_variance_ratio_.sum(), 1, rtol=1e-6)


def test_default_kernel():
    model = KernelPCA().fit(X)
    assert model.kernel_ == Gaussian("scale").resolve(X)
    assert model.n_iter_ is None and model.eigen_solver_ == "dense"
    assert len(model.eigenvalues_) == len(X) - 1


def test_names_and_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X[:, :3], columns=["a", "b", "c"])
    model = KernelPCA(Columns(Gaussian("scale"), ["a", "c"]), n_components=2).set_output(transform="pandas")
    assert list(model.fit_transform(table).columns) == ["kernelpca0", "kernelpca1"]
    assert list(model.transform(table).columns) == list(model.get_feature_names_out())
    landmarks = KernelPCA(Columns(Gaussian("scale"), ["a", "c"]), n_components=2, n_landmarks=20, random_state=0)
    assert landmarks.fit(table).X_fit_.shape == (20, 3)


def test_float32_is_kept(model):
    model.set_params(n_components=3, fit_inverse_transform=True, alpha=1e-3)
    expected = model.fit_transform(X)
    single = model.fit(X.astype(np.float32))
    for array in (single.eigenvalues_, single.eigenvectors_, single.explained_variance_ratio_, single.dual_coef_):
        assert array.dtype == np.float32
    np.testing.assert_allclose(single.transform(X.astype(np.float32)), expected, atol=1e-4)
    assert single.inverse_transform(expected.astype(np.float32)).dtype == np.float32


def test_precomputed():
    K = Gaussian(3.0)(X)
    K.flags.writeable = False
    before = K.copy()
    expected = KernelPCA(Gaussian(3.0), n_components=4).fit_transform(X)
    for solver in ("dense", "arpack", "lanczos", "randomized"):
        model = KernelPCA("precomputed", n_components=4, eigen_solver=solver, random_state=0)
        np.testing.assert_allclose(model.fit_transform(K), expected, atol=1e-7)
        np.testing.assert_allclose(model.transform(K[:7]), expected[:7], atol=1e-7)
        assert model.X_fit_ is None
    np.testing.assert_array_equal(K, before)


def test_sparse_rows():
    expected = KernelPCA(Gaussian(3.0), n_components=3).fit_transform(X)
    for given in (sp.csr_array(X), sp.csc_matrix(X)):
        np.testing.assert_allclose(KernelPCA(Gaussian(3.0), n_components=3).fit_transform(given), expected, atol=1e-8)
    model = KernelPCA(Gaussian(3.0), n_components=3, n_landmarks=60, landmarks="kmeans", random_state=0)
    dense = model.fit(X).transform(X)
    model.set_params(landmarks=sp.csr_array(model.X_fit_))
    np.testing.assert_allclose(model.fit(sp.csr_array(X)).transform(sp.csr_array(X)), dense, atol=1e-8)


def test_the_model_does_not_change_with_the_array_it_was_fitted_on():
    mine = X.copy()
    model = KernelPCA(Gaussian(3.0), n_components=2).fit(mine)
    expected = model.transform(X)
    mine[:] = 7.0
    np.testing.assert_array_equal(model.transform(X), expected)


def test_zero_eigenvalues():
    low = X[:, :3]
    assert KernelPCA(Linear()).fit_transform(low).shape == (len(X), 3)
    kept = KernelPCA(Linear(), n_components=5).fit(low)
    assert kept.transform(low).shape == (len(X), 5) and (kept.eigenvalues_[3:] == 0).all()
    np.testing.assert_array_equal(kept.transform(low)[:, 3:], 0.0)
    assert KernelPCA(Linear(), n_components=5, remove_zero_eig=True).fit_transform(low).shape == (len(X), 3)
    landmarks = KernelPCA(Linear(), n_components=5, n_landmarks=20, random_state=0)
    assert landmarks.fit_transform(low).shape == (len(X), 5)
    assert landmarks.set_params(remove_zero_eig=True).fit_transform(low).shape == (len(X), 3)
    assert KernelPCA(n_components=1000).fit_transform(X).shape == (len(X), len(X))


class TestInverse:
    @pytest.mark.parametrize("kernel", [Gaussian(2.0), Polynomial(degree=2, gamma=0.1)])
    def test_equals_scikit_learn(self, kernel):
        settings = {"n_components": 4, "fit_inverse_transform": True, "alpha": 0.01}
        ours = KernelPCA(kernel, **settings).fit(X)
        theirs = sklearn.decomposition.KernelPCA(kernel=kernel, **settings).fit(X)
        mine = ours.inverse_transform(ours.transform(X))
        np.testing.assert_allclose(mine, theirs.inverse_transform(theirs.transform(X)), atol=1e-6)

    def test_landmarks_do_nearly_as_well(self):
        model = KernelPCA(Gaussian("scale"), n_components=10, fit_inverse_transform=True, alpha=1e-3, random_state=0)
        errors = []
        for count in (None, 60, 30):
            model.set_params(n_landmarks=count).fit(X[::2])
            errors.append(np.square(model.inverse_transform(model.transform(X[1::2])) - X[1::2]).mean())
        assert errors[0] < 0.5 and errors[1] < 1.1 * errors[0] and errors[2] < 1.5 * errors[0]
        assert model.X_transformed_fit_.shape == (30, 10) and model.dual_coef_.shape == (30, 13)

    def test_rules_are_applied_to_the_scores(self):
        model = KernelPCA(Gaussian("scale"), n_components=5, fit_inverse_transform=True, alpha=1e-4).fit(X)
        assert np.square(model.inverse_transform(model.transform(X)) - X).mean() < 0.3
        fixed = KernelPCA(model.kernel_, n_components=5, fit_inverse_transform=True, alpha=1e-4).fit(X)
        assert model.kernel_ == fixed.kernel_ and not np.allclose(model.dual_coef_, fixed.dual_coef_)

    def test_not_there(self):
        model = KernelPCA(n_components=2).fit(X)
        with pytest.raises(NotFittedError, match="fitted with fit_inverse_transform=True"):
            model.inverse_transform(model.transform(X))
        with pytest.raises(NotFittedError):
            model.set_params(fit_inverse_transform=True).inverse_transform(model.transform(X))
        model.fit(X)
        with pytest.raises(ValueError, match="X has 3 features, but the number of components is 2"):
            model.inverse_transform(X[:, :3])
        model.set_params(fit_inverse_transform=False).fit(X)
        assert not hasattr(model, "dual_coef_")

    @pytest.mark.parametrize(
        "kernel", [Gaussian(np.arange(1.0, 14)), Columns(Gaussian(), [12]), FeatureKernel(StandardScaler().fit(X))]
    )
    def test_kernels_of_the_rows_only(self, kernel):
        with pytest.raises(ValueError, match="needs a kernel of 2 components as well as of the rows, got kernel="):
            KernelPCA(kernel, n_components=2, fit_inverse_transform=True).fit(X)


MISTAKES = [
    ({}, np.where(X > 2, np.nan, X), "Input X contains NaN"),
    ({}, X[:1], "at least 2 rows, got 1 sample"),
    ({}, np.ones_like(X), "X has constant columns only: 178 rows that are all the same"),
    ({"kernel": Constant()}, X, "the kernel does not tell the rows apart"),
    ({"kernel": Gaussian(1e9)}, X, "the kernel does not tell the rows apart"),
    ({"kernel": "precomputed"}, X, r"must be a square matrix .* got shape \(178, 13\)"),
    ({"kernel": "precomputed"}, np.triu(Gaussian()(X)), "symmetric"),
    ({"kernel": "precomputed"}, np.diag(np.arange(178.0) - 90), "significant negative eigenvalues.*Ask for fewer comp"),
    ({"kernel": Sigmoid(gamma=1.0)}, X, "significant negative eigenvalues"),
    ({"kernel": "precomputed", "fit_inverse_transform": True}, X @ X.T, "Cannot fit_inverse_transform"),
    ({"kernel": "precomputed", "n_landmarks": 5}, X @ X.T, "n_landmarks must be None"),
    ({"kernel": Polynomial(degree=300)}, 1e3 * X, "(finite|infinity)"),
    ({"n_components": 0}, X, "n_components must be an integer >= 1, got 0"),
    ({"n_components": 0.5}, X, "n_components must be an integer >= 1, got 0.5"),
    ({"eigen_solver": "svd"}, X, "eigen_solver must be one of 'auto', 'dense', 'lanczos', 'arpack', 'randomized'"),
    ({"tol": -1}, X, "tol must be a number >= 0, got -1"),
    ({"max_iter": 0}, X, "max_iter must be an integer >= 1, got 0"),
    ({"iterated_power": -2}, X, "iterated_power must be an integer >= 1, got -2"),
    ({"alpha": -1.0}, X, "alpha must be a number >= 0, got -1.0"),
    ({"alpha": 0, "n_landmarks": 20, "fit_inverse_transform": True}, X, "alpha must be a number > 0, got 0"),
    ({"remove_zero_eig": "no"}, X, "remove_zero_eig must be one of True, False, got 'no'"),
    ({"fit_inverse_transform": True}, sp.csr_array(X), "needs X as a dense array: got a sparse matrix"),
    ({"n_landmarks": 179}, X, "n_landmarks must be at most the number of rows, got n_landmarks=179 and n=178"),
    ({"n_landmarks": 5, "n_components": 6}, X, "n_components=6 must be at most the number of landmarks, 5"),
    ({"landmarks": "kmeans"}, X, "landmarks='kmeans' needs n_landmarks, got None"),
    ({"landmarks": "kmenas"}, X, "landmarks must be one of"),
    ({"landmarks": X[:5, :4]}, X, "X has 13 features, but landmarks have 4"),
    ({"landmarks": "best", "n_landmarks": 5}, X, "landmarks must be one of"),
]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize(("parameters", "rows", "message"), MISTAKES)
def test_mistakes_are_named_and_nothing_is_fitted(parameters, rows, message):
    model = KernelPCA(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(rows)
    assert not [name for name in vars(model) if name.endswith("_")]


def test_indefinite_kernels_are_fine_for_components_of_positive_eigenvalue():
    sigmoid = KernelPCA(Sigmoid(gamma=1.0), n_components=3).fit(X)
    mostly_negative = KernelPCA("precomputed", n_components=2).fit(np.diag(np.r_[5.0, 4.0, 3.0, np.full(97, -0.2)]))
    for model in (sigmoid, mostly_negative):
        shares = model.explained_variance_ratio_
        assert model.eigenvalues_.min() > 0 and shares.min() > 0 and shares.sum() <= 1 + 1e-12


@pytest.mark.parametrize("solver", ["dense", "lanczos"])
@pytest.mark.parametrize("shift", [0, 1e3, 1e5])
def test_rows_far_from_zero_have_no_more_components(shift, solver):
    few = np.random.default_rng(0).normal(size=(400, 4))
    model = KernelPCA(Linear(), n_components=6, eigen_solver=solver, random_state=0).fit(few + shift)
    assert (model.eigenvalues_ > 0).sum() == 4
    exact = np.linalg.svd(few - few.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose(model.eigenvalues_[:4], exact, rtol=1e-12 + 1e-14 * shift**2)
    assert (KernelPCA(Linear(), n_components=6).fit((few + 10).astype(np.float32)).eigenvalues_ > 0).sum() == 4


def test_settings_reach_the_solver():
    many = np.random.default_rng(0).normal(size=(900, 8))
    model = KernelPCA(Gaussian(0.7), n_components=5, eigen_solver="lanczos", random_state=0)
    exact = model.fit(many).n_iter_
    assert model.set_params(tol=0.1).fit(many).n_iter_ < exact
    with pytest.warns(ConvergenceWarning, match="after 3 products"):
        assert model.set_params(tol=0, max_iter=3.0).fit(many).n_iter_ == 3
    model.set_params(eigen_solver="randomized", iterated_power=4.0, n_components=5.0)
    assert model.fit(many).n_iter_ == 4
    rough = [model.set_params(random_state=seed).fit(many).eigenvalues_ for seed in (0, 0, 1)]
    np.testing.assert_array_equal(rough[0], rough[1])
    assert not np.array_equal(rough[0], rough[2])


def test_a_fit_that_failed_is_no_fit():
    model = KernelPCA(n_components=2)
    with pytest.raises(ValueError):
        model.fit(np.ones((5, 3)))
    with pytest.raises(NotFittedError):
        model.transform(np.ones((5, 3)))


def test_new_rows_of_the_wrong_shape():
    K = Gaussian()(X)
    with pytest.raises(ValueError, match="X has 3 features, but KernelPCA is expecting 13 features"):
        KernelPCA().fit(X).transform(X[:, :3])
    with pytest.raises(ValueError, match="X has 70 features, but KernelPCA is expecting 178 features"):
        KernelPCA("precomputed").fit(K).transform(K[:, :70])


def test_memory_that_is_not_there(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 1000)
    with pytest.raises(MemoryError, match="178 x 178 matrix .* ask for fewer components"):
        KernelPCA().fit(X)


def test_landmarks_hold_no_more_than_a_block_of_features():
    many = np.random.default_rng(0).normal(size=(40_000, 5))
    model = KernelPCA(Gaussian(2.0), n_components=5, n_landmarks=200, random_state=0).fit(many[:1000])
    tracemalloc.start()
    model.fit_transform(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.9 * 8 * 40_000 * 200
