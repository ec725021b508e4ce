import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import ExplicitMap, Gaussian, KernelRidge, Linear, Polynomial, explicit
from kernelkit.engine import _memory
from tests.registry import FEATURE_MAPS

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))


@parametrize_with_checks([feature_map for feature_map, _ in FEATURE_MAPS] + [ExplicitMap()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("feature_map", "kernel"), FEATURE_MAPS, ids=[repr(k) for _, k in FEATURE_MAPS])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_inner_product_is_the_kernel(feature_map, kernel, dtype):
    phi = feature_map.fit(X.astype(dtype))
    A, B = phi.transform(X.astype(dtype)), phi.transform(Y.astype(dtype))
    assert A.dtype == dtype
    tolerance = 1e-11 if dtype is np.float64 else 1e-3
    np.testing.assert_allclose(A @ B.T, kernel(X, Y), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("feature_map", "kernel"), FEATURE_MAPS, ids=[repr(k) for _, k in FEATURE_MAPS])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix])
def test_sparse_in_sparse_out(feature_map, kernel, container):
    S = sp.random(30, 4, density=0.4, random_state=0)
    features = feature_map.fit(container(S)).transform(container(S))
    assert sp.issparse(features)
    np.testing.assert_allclose(features.toarray(), feature_map.transform(S.toarray()), rtol=1e-12, atol=1e-15)


def test_weights_are_multinomial():
    phi = explicit(Polynomial(degree=2, gamma=1.0, coef0=1.0)).fit([[2.0, 3.0]])
    root = np.sqrt(2)
    assert phi.get_feature_names_out().tolist() == ["1", "x0", "x1", "x0^2", "x0 x1", "x1^2"]
    np.testing.assert_allclose(phi.transform([[2.0, 3.0]]), [[1, 2 * root, 3 * root, 4, 6 * root, 9]])


def test_names_follow_the_table():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X[:, :2], columns=["age", "size"])
    phi = explicit(Polynomial(degree=3, coef0=0.0)).fit(table)
    assert phi.get_feature_names_out().tolist() == ["age^3", "age^2 size", "age size^2", "size^3"]
    assert list(phi.set_output(transform="pandas").transform(table).columns) == phi.get_feature_names_out().tolist()


def test_parameters_that_depend_on_the_data():
    kernel = Polynomial(degree=2, gamma="scale")
    phi = explicit(kernel).fit(X)
    np.testing.assert_allclose(phi.transform(Y) @ phi.transform(X).T, kernel.resolve(X)(Y, X), rtol=1e-11, atol=1e-13)
    assert kernel.gamma == "scale"


@pytest.mark.parametrize("kernel", [Linear(), Polynomial(degree=3, gamma=0.3, coef0=0.7)])
def test_primal_is_dual(kernel):
    y = np.sin(X[:, 0])
    primal = make_pipeline(explicit(kernel), Ridge(alpha=0.3, fit_intercept=False)).fit(X, y)
    np.testing.assert_allclose(primal.predict(Y), KernelRidge(kernel, alpha=0.3).fit(X, y).predict(Y), rtol=1e-8)


@pytest.mark.parametrize(
    ("kernel", "error", "message"),
    [
        (Gaussian(), TypeError, "kernel must be Linear or Polynomial to be lifted explicitly, got Gaussian"),
        ("poly", TypeError, "got 'poly'"),
    ],
)
def test_kernels_without_a_finite_map(kernel, error, message):
    with pytest.raises(error, match=message):
        explicit(kernel)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (Polynomial(gamma=-1.0), "gamma >= 0 and coef0 >= 0"),
        (Polynomial(coef0=-1.0), "gamma >= 0 and coef0 >= 0"),
        (Polynomial(degree=1.5), "degree must be an integer >= 1, got 1.5"),
        (Polynomial(degree=0), "degree must be an integer >= 1, got 0"),
    ],
)
def test_bad_parameters(kernel, message):
    with pytest.raises(ValueError, match=message):
        explicit(kernel).fit(X)


def test_too_many_features_are_refused_before_they_are_made(monkeypatch):
    with pytest.raises(MemoryError, match="monomials needs .* keep the kernel"):
        explicit(Polynomial(degree=6)).fit(np.zeros((2, 300)))
    phi = explicit(Polynomial(degree=2)).fit(X)
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 100)
    with pytest.raises(MemoryError, match="30 x 15 features needs"):
        phi.transform(X)
