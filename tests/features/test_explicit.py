import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import (
    Columns,
    Cosine,
    ExplicitMap,
    FeatureKernel,
    Gaussian,
    KernelRidge,
    Linear,
    Nystroem,
    Polynomial,
    RandomFourier,
    explicit,
)
from kernelkit.engine import _memory
from tests.registry import FEATURE_MAPS, KERNELS, combined

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
    if not kernel.accepts_sparse:
        pytest.skip("the features of these rows are dense")
    S = sp.random(30, 4, density=0.4, random_state=0)
    features = feature_map.fit(container(S)).transform(container(S))
    assert sp.issparse(features)
    np.testing.assert_allclose(features.toarray(), feature_map.transform(S.toarray()), rtol=1e-12, atol=1e-15)


def test_weights_are_multinomial():
    phi = explicit(Polynomial(degree=2, gamma=1.0, coef0=1.0)).fit([[2.0, 3.0]])
    root = np.sqrt(2)
    assert phi.get_feature_names_out().tolist() == ["1", "x0", "x1", "x0^2", "x0 x1", "x1^2"]
    np.testing.assert_allclose(phi.transform([[2.0, 3.0]]), [[1, 2 * root, 3 * root, 4, 6 * root, 9]])


def test_names_of_kernels():
    phi = explicit("poly").fit(X)
    K = Polynomial(3, gamma=0.25)(X, Y)
    np.testing.assert_allclose(phi.transform(X) @ phi.transform(Y).T, K, atol=1e-9)


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


def is_finite(kernel):
    try:
        return bool(explicit(kernel))
    except TypeError:
        return False


FINITE = [each for case in KERNELS if is_finite(case.kernel) for each in combined(case)]
MIXED = [
    Columns(Linear(), [0, 2]) + Columns(Polynomial(degree=2), [1]),
    (Linear() + 0.5 * Cosine()) ** 2,
    Linear() * Columns(Polynomial(degree=2, gamma=0.3), [2, 0]) + 3.0,
    2 * FeatureKernel(PolynomialFeatures(2, interaction_only=True, include_bias=False)) + Cosine() * Linear(),
]
FINITE_KERNELS = {case.name: case.kernel for case in FINITE} | {repr(kernel): kernel for kernel in MIXED}


def test_the_registry_has_finite_kernels():
    assert {"linear", "polynomial-2", "cosine", "constant", "power", "features"} <= set(FINITE_KERNELS)


@pytest.mark.parametrize("kernel", FINITE_KERNELS.values(), ids=FINITE_KERNELS)
def test_every_finite_kernel(kernel):
    A, B = X[:, :3], Y[:, :3]
    phi = explicit(kernel).fit(A)
    features = phi.transform(A)
    np.testing.assert_allclose(features @ phi.transform(B).T, phi.kernel_(A, B), rtol=1e-10, atol=1e-10)
    names = phi.get_feature_names_out()
    assert len(set(names)) == len(names) == features.shape[1] == phi._map.size
    assert phi.transform(A[:1].astype(np.float32)).dtype == np.float32 or kernel.requires_vector_input is False


@pytest.mark.parametrize("kernel", FINITE_KERNELS.values(), ids=FINITE_KERNELS)
def test_primal_is_dual(kernel):
    A, B, y = X[:, :3], Y[:, :3], np.sin(X[:, 0])
    primal = make_pipeline(explicit(kernel), Ridge(alpha=0.3, fit_intercept=False)).fit(A, y)
    dual = KernelRidge(kernel, alpha=0.3).fit(A, y)
    np.testing.assert_allclose(primal.predict(B), dual.predict(B), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kernel", [case.kernel for case in FINITE if case.sparse])
def test_sparse_rows_have_sparse_features(kernel):
    S = sp.csr_array(sp.random(30, 3, density=0.4, random_state=0))
    features = explicit(kernel).fit(S).transform(S)
    assert sp.issparse(features) and features.format == "csr"
    np.testing.assert_allclose((features @ features.T).toarray(), kernel(S), rtol=1e-10, atol=1e-12)


def test_names_are_readable():
    def names(kernel):
        return explicit(kernel).fit(X[:, :2]).get_feature_names_out().tolist()

    assert names((Linear() + 1) ** 2) == ["x0^2", "x0 x1", "x0", "x1^2", "x1", "1"]
    assert names(Linear() * Linear() + 2 * Linear()) == ["x0 x0", "x0 x1", "x1 x0", "x1 x1", "x0", "x1"]
    assert names(Linear() + Columns(Linear(), [1])) == ["x0", "x1", "x1 #2"]
    assert names(Polynomial(degree=2, coef0=0.0) ** 2)[:2] == ["(x0^2)^2", "x0^2 x0 x1"]
    pairs = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    assert explicit(FeatureKernel(pairs)).fit(X[:, :3]).get_feature_names_out().tolist() == [
        "x0", "x1", "x2", "x0 x1", "x0 x2", "x1 x2"
    ]  # fmt: skip


def test_columns_named_by_numbers_and_transformers():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X[:, :2], columns=["0", "1"])
    phi = explicit(Polynomial(degree=2)).fit(table)
    assert phi.get_feature_names_out().tolist() == ["1", "0", "1 #2", "0^2", "0 1", "1^2"]
    chosen = explicit(Linear() + Columns(FeatureKernel(StandardScaler()), [2])).fit(X)
    assert chosen.get_feature_names_out().tolist() == ["x0", "x1", "x2", "x3", "x2 #2"]
    assert chosen.get_feature_names_out(list("abcd")).tolist() == ["a", "b", "c", "d", "c #2"]
    for transformer in (FunctionTransformer(np.abs), FunctionTransformer(np.abs, feature_names_out="one-to-one")):
        piped = explicit(FeatureKernel(make_pipeline(transformer))).fit(X)
        np.testing.assert_array_equal(piped.transform(X), np.abs(X))
        assert len(piped.get_feature_names_out()) == 4


def test_columns_of_a_table():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X[:, :2], columns=["age", "size"]).assign(town="here")
    kernel = Columns(Polynomial(degree=2), ["age"]) + Columns(Linear(), ["size"])
    phi = explicit(kernel).fit(table)
    assert phi.get_feature_names_out().tolist() == ["1", "age", "age^2", "size"]
    np.testing.assert_allclose(phi.transform(table) @ phi.transform(table).T, phi.kernel_(table), rtol=1e-12)


@pytest.mark.parametrize(
    "transformer", [RandomFourier(n_components=20, random_state=0), Nystroem(n_components=8, random_state=0)]
)
def test_primal_is_dual_for_random_features_too(transformer):
    y = np.sin(X[:, 0])
    fitted = transformer.fit(X)
    primal = make_pipeline(FrozenEstimator(fitted), Ridge(alpha=0.3, fit_intercept=False)).fit(X, y).predict(Y)
    for kernel in (FeatureKernel(fitted), FeatureKernel(FrozenEstimator(fitted))):
        np.testing.assert_allclose(KernelRidge(kernel, alpha=0.3).fit(X, y).predict(Y), primal, rtol=1e-8)
    np.testing.assert_allclose(explicit(FeatureKernel(fitted)).fit(X).transform(Y), fitted.transform(Y))


@pytest.mark.parametrize(
    ("kernel", "error", "message"),
    [
        (
            Gaussian(),
            TypeError,
            "must have a finite feature space .* got Gaussian.*Nystroem, RandomFourier and",
        ),
        (Linear() + 2 * Gaussian(), TypeError, "got Gaussian"),
        (Columns(Gaussian(), [0]) ** 2, TypeError, "got Gaussian"),
        ("rbf", TypeError, "got Gaussian"),
        ("precomputed", TypeError, "got 'precomputed'"),
        (2, TypeError, "kernel must be a kernel object, a callable or a string, got 2"),
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
    wide = np.zeros((2, 50))
    products = explicit(Polynomial(degree=2) * Linear()).fit(wide)
    phi = explicit(Polynomial(degree=2)).fit(X)
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 100)
    for rows in (wide, sp.csr_array(wide)):
        with pytest.raises(MemoryError, match="66300 .*features .*keep the kernel"):
            products.transform(rows)
    with pytest.raises(MemoryError, match="30 x 15 features needs"):
        phi.transform(X)
