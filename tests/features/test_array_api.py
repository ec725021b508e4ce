"""Feature maps and kernel PCA of arrays of other libraries: what NumPy's give, made where the rows lie."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF

from kernelkit import FourierFeatures, KernelPCA, Nystroem, RandomFourier, RandomNeural
from kernelkit.features import explicit
from kernelkit.kernels import (
    NTK,
    Columns,
    Constant,
    Cosine,
    EmpiricalNTK,
    Gaussian,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
)

GIVEN = np.random.default_rng(1).normal(size=(6, 4))
INVERTIBLE = [
    Nystroem(Gaussian(2.0), n_components=10, fit_inverse_transform=True, alpha=0.1, random_state=0),
    KernelPCA(NTK(), n_components=3, fit_inverse_transform=True, alpha=0.1),
    KernelPCA(Gaussian(3.0), n_components=3, n_landmarks=12, fit_inverse_transform=True, random_state=0),
]
MAPS = [
    RandomFourier(n_components=20, random_state=0),
    RandomFourier(Laplacian("median"), n_components=21, sampling="iid", random_state=0),
    RandomFourier(
        Gaussian("scale") + Columns(Matern("median"), [0, 2]), n_components=20, sampling="qmc", random_state=0
    ),
    FourierFeatures("basic"),
    FourierFeatures("positional", n_frequencies=3, scale=2.0),
    FourierFeatures(scale=0.5, n_frequencies=7, random_state=1),
    explicit(Linear()),
    explicit(Polynomial(gamma="scale")),
    explicit(Polynomial(3, 0.5, 0.0)),
    explicit((Linear() + 1) ** 2 * Cosine() + Columns(Linear(), [0, 3])),
    explicit((Polynomial(2) * 2.0 + Constant(2.0)) ** 2),
    Nystroem(n_components=12, random_state=0),
    Nystroem(NTK(2, bias_variance=0.1), n_components=12, landmarks="farthest", random_state=0),
    Nystroem(Matern(2.0), n_components=12, landmarks="uniform", rank=5, random_state=0),
    Nystroem(Gaussian(2.0), landmarks=GIVEN),
    KernelPCA(),
    KernelPCA(Polynomial(), n_components=4),
    KernelPCA(n_components=4, n_landmarks=10, random_state=0),
    KernelPCA(Linear(), n_components=7, n_landmarks=8, landmarks="farthest", random_state=0),
    *INVERTIBLE,
]
each = pytest.mark.parametrize("model", MAPS, ids=lambda model: " ".join(repr(model).split()))
TOLERANCES = {np.float64: 1e-10, np.float32: 2e-4}


@pytest.fixture
def rows(rng):
    return rng.normal(size=(40, 4)) + 1, rng.normal(size=(9, 4)) + 1


def comparable(model, features):
    """What does not depend on the signs, and the rotation, that a decomposition leaves open."""
    Z = np.asarray(features, dtype=np.float64)
    return Z @ Z.T if isinstance(model, Nystroem) else Z


@each
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_as_numpy(model, dtype, library, rows):
    X, Z = (part.astype(dtype) for part in rows)
    there, new = library(X), library(Z)
    expected, found = clone(model).fit(X), clone(model).fit(there)
    features = found.transform(new)
    assert features.dtype == there.dtype
    tol = TOLERANCES[dtype]
    wanted = comparable(model, expected.transform(Z))
    np.testing.assert_allclose(
        comparable(model, library.back(features)), wanted, rtol=tol, atol=tol * np.abs(wanted).max()
    )
    of_training = comparable(model, library.back(clone(model).fit_transform(there)))
    wanted = comparable(model, clone(model).fit_transform(X))
    np.testing.assert_allclose(of_training, wanted, rtol=tol, atol=tol * np.abs(wanted).max())
    np.testing.assert_array_equal(library.back(there), X)
    np.testing.assert_array_equal(library.back(new), Z)
    if hasattr(model, "get_feature_names_out"):
        assert list(found.get_feature_names_out()) == list(expected.get_feature_names_out())


@each
def test_all_that_is_fitted_lies_where_the_rows_do(model, library, rows):
    expected, found = clone(model).fit(rows[0]), clone(model).fit(library(rows[0]))
    for name, value in vars(expected).items():
        if isinstance(value, np.ndarray) and name != "landmarks":
            assert library.back(getattr(found, name)).shape == value.shape, name


@pytest.mark.parametrize("model", INVERTIBLE, ids=lambda model: " ".join(repr(model).split()))
def test_inverse_transform(model, library, rows):
    X, Z = rows
    expected, found = clone(model).fit(X), clone(model).fit(library(X))
    wanted = expected.inverse_transform(expected.transform(Z))
    got = found.inverse_transform(found.transform(library(Z)))
    np.testing.assert_allclose(library.back(got), wanted, rtol=1e-8, atol=1e-9)
    with pytest.raises(ValueError, match="inverse_transform.. must use the same namespace.*got NumPy"):
        found.inverse_transform(expected.transform(Z))


@pytest.mark.parametrize("landmarks", [None, 12])
def test_components_are_those_of_numpy(landmarks, library, rows):
    X, _ = rows
    model = KernelPCA(n_components=3, n_landmarks=landmarks, random_state=0)
    expected, found = clone(model).fit(X), clone(model).fit(library(X))
    for name in ("eigenvalues_", "eigenvectors_", "explained_variance_", "explained_variance_ratio_"):
        np.testing.assert_allclose(library.back(getattr(found, name)), getattr(expected, name), rtol=1e-9, atol=1e-11)
    assert found.eigen_solver_ == "dense"


def test_components_of_a_kernel_matrix(library, rows):
    X, Z = rows
    k = Gaussian(2.0)
    model = KernelPCA("precomputed", n_components=3)
    expected = clone(model).fit(k(X)).transform(k(Z, X))
    got = clone(model).fit(library(k(X))).transform(library(k(Z, X)))
    np.testing.assert_allclose(library.back(got), expected, rtol=1e-9, atol=1e-11)


def test_nystroem_of_a_kernel_matrix(library, rows):
    X, _ = rows
    K = Gaussian(2.0)(X)
    model = Nystroem("precomputed", n_components=5, landmarks="uniform", random_state=0)
    expected, got = clone(model).fit_transform(K), library.back(clone(model).fit_transform(library(K)))
    np.testing.assert_allclose(got @ got.T, expected @ expected.T, rtol=1e-9, atol=1e-11)
    with pytest.raises(TypeError, match="landmarks must be 'uniform' for X of .*got 'rpcholesky'"):
        clone(model).set_params(landmarks="rpcholesky").fit(library(K))


def test_landmarks_of_another_library_than_the_rows(library, rows):
    X, Z = rows
    wanted = Nystroem(Gaussian(2.0), landmarks=GIVEN).fit_transform(X)
    of_numpy = Nystroem(Gaussian(2.0), landmarks=library(GIVEN)).fit_transform(X)
    np.testing.assert_allclose(of_numpy, wanted, rtol=1e-10)


def test_what_is_kept_is_a_copy(library, rows):
    X, Z = library(rows[0]), library(rows[1])
    landmarks = library(GIVEN)
    models = [KernelPCA(n_components=2), Nystroem(Gaussian(2.0), landmarks=landmarks)]
    before = [library.back(model.fit(X).transform(Z)) for model in models]
    X[:, :], landmarks[:, :] = 0.0, 0.0
    for model, features in zip(models, before, strict=True):
        np.testing.assert_array_equal(library.back(model.transform(Z)), features)


@each
def test_rows_that_do_not_follow_fit(model, library, rows):
    X, Z = rows
    found = clone(model).fit(library(X))
    name = type(model).__name__
    with pytest.raises(ValueError, match=rf"X of {name}.transform\(\) must use the same namespace.*got NumPy"):
        found.transform(Z)
    with pytest.raises(
        ValueError, match=rf"X of {name}.transform\(\) must use the same.*NumPy, got (torch|array_api_s)"
    ):
        clone(model).fit(X).transform(library(Z))
    if library.device != "cpu":
        with pytest.raises(ValueError, match="the same device as that of fit.*device1, got .*CPU_DEVICE"):
            found.transform(library.xp.asarray(Z))
    with sklearn.config_context(array_api_dispatch=False), pytest.raises(ValueError, match="array_api_dispatch=True"):
        found.transform(Z)


@each
def test_bad_rows_leave_nothing_half_fitted(model, library, rows):
    X = library(rows[0])
    nan = library(np.where(rows[0] > 2, np.nan, rows[0]))
    model = clone(model).fit(X)
    before = library.back(model.transform(X))
    bad_rows = [(nan, "NaN"), (X[:, 0], "2D array|not contain any features")]
    if "Columns" not in repr(model):  # which may be of anything
        bad_rows.append((X[:0, :], "0 sample"))
    for bad, message in bad_rows:
        with pytest.raises(ValueError, match=message):
            model.fit(bad)
        with pytest.raises(ValueError, match=message):
            model.transform(bad)
    np.testing.assert_array_equal(library.back(model.transform(X)), before)


@each
def test_integers_are_taken_as_floats(model, library, rng):
    X = rng.integers(-3, 4, size=(40, 4))
    found = comparable(model, library.back(clone(model).fit_transform(library(X))))
    wanted = comparable(model, clone(model).fit_transform(X))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize("kind", [Nystroem, KernelPCA])
@pytest.mark.parametrize("kernel", [lambda X, Y: X @ Y.T, RBF(2.0), Matern(nu=0.8), EmpiricalNTK(8, random_state=0)])
def test_kernels_that_need_numpy(kind, kernel, library, rows):
    model = kind(kernel, n_components=2)
    with pytest.raises(TypeError, match="kernel=.* needs NumPy arrays, got (torch|array_api_strict) on"):
        model.fit(library(rows[0]))
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (KernelPCA(eigen_solver="lanczos"), "take eigen_solver='dense'"),
        (KernelPCA(n_landmarks=5, landmarks="leverage"), "take landmarks='rpcholesky' or 'uniform' or 'farthest'"),
        (Nystroem(landmarks="kmeans"), "take landmarks='rpcholesky' or 'uniform' or 'farthest'"),
        (RandomNeural(), "take Nystroem, which can"),
    ],
    ids=lambda value: " ".join(str(value).split()),
)
def test_settings_that_need_numpy(model, message, library, rows):
    with pytest.raises(TypeError, match=f"cannot be fitted to X of (torch|array_api_strict) on .*{message}"):
        model.fit(library(rows[0]))
    assert not [name for name in vars(model) if name.endswith("_")]


def test_the_frequencies_are_those_of_numpy(library, rows):
    model = RandomFourier(Matern("scale"), n_components=11, random_state=0)
    expected, found = clone(model).fit(rows[0]), clone(model).fit(library(rows[0]))
    np.testing.assert_allclose(library.back(found.frequencies_), expected.frequencies_, rtol=1e-12)
    np.testing.assert_allclose(library.back(found.weights_), expected.weights_, rtol=1e-12)


def test_error_report(library, rows):
    X, _ = rows
    expected, found = (Nystroem(n_components=12, random_state=0).fit(Z) for Z in (X, library(X)))
    wanted, got = expected.error_report(X, n_samples=20), found.error_report(library(X), n_samples=20)
    np.testing.assert_allclose(list(vars(got).values()), list(vars(wanted).values()), rtol=1e-6)
