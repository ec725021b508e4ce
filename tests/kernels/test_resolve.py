"""Parameters that depend on the data become numbers once, in `resolve`, and nowhere else."""

import copy

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler

from kernelkit.kernels import (
    Columns,
    FeatureKernel,
    Gaussian,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    RationalQuadratic,
    Sigmoid,
)
from tests import references as ref
from tests.kernels.helpers import CASES, sample
from tests.registry import UNRESOLVED

unresolved = pytest.mark.parametrize("kernel", UNRESOLVED.values(), ids=UNRESOLVED)


@unresolved
def test_unresolved_kernels_say_what_to_do(kernel, rng):
    X = rng.normal(size=(5, 3))
    for use in (kernel, kernel.rows, kernel.diag, lambda X: kernel(X, eval_gradient=True)):
        with pytest.raises(ValueError, match="resolve"):
            use(X)


@unresolved
def test_resolve_returns_a_copy_that_works(kernel, rng):
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(6, 3))
    before = repr(kernel)
    resolved = kernel.resolve(X)
    assert resolved is not kernel
    assert repr(kernel) == before
    assert type(resolved) is type(kernel)
    np.testing.assert_array_equal(resolved(Y), resolved.resolve(Y)(Y))
    assert resolved(Y).shape == (6, 6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_resolved_kernels_stay_as_they_are(case):
    X, Y = sample(case)
    np.testing.assert_array_equal(case.kernel.resolve(Y + 3)(X), case.kernel(X))


@pytest.mark.parametrize("make", [Gaussian, Matern, RationalQuadratic])
def test_scale_of_euclidean_kernels(make, rng):
    X = rng.normal(size=(30, 4)) * 3 + 2
    assert make("scale").resolve(X).sigma == pytest.approx(np.sqrt(4 * X.var() / 2))
    assert type(make("scale").resolve(X).sigma) is float
    constant = np.ones((5, 4))
    assert 1 / (2 * make("scale").resolve(constant).sigma ** 2) == pytest.approx(1.0)


def test_scale_of_the_others(rng):
    X = rng.normal(size=(30, 4)) * 3 + 2
    assert Laplacian("scale").resolve(X).sigma == pytest.approx(4 * X.std())
    assert Polynomial(gamma="scale").resolve(X).gamma == pytest.approx(1 / (4 * X.var()))
    assert Sigmoid(gamma="scale").resolve(X).gamma == pytest.approx(1 / (4 * X.var()))
    # The kernel's own columns count, not all of them.
    assert Columns(Gaussian("scale"), [1, 2]).resolve(X).kernel.sigma == pytest.approx(np.sqrt(X[:, 1:3].var()))


def test_median(rng):
    X = rng.normal(size=(25, 3))
    euclidean = [ref.distance(x, y, 1.0) for i, x in enumerate(X.tolist()) for y in X.tolist()[:i]]
    assert Gaussian("median").resolve(X).sigma == pytest.approx(np.median(euclidean))
    city_block = [np.abs(x - y).sum() for i, x in enumerate(X) for y in X[:i]]
    assert Laplacian("median").resolve(X).sigma == pytest.approx(np.median(city_block))
    many = rng.normal(size=(3000, 2))
    assert Gaussian("median").resolve(many) == Gaussian("median").resolve(many)
    assert Gaussian("median").resolve(many).sigma == pytest.approx(np.sqrt(2 * 2 * np.log(2)), rel=0.05)
    assert Gaussian("median").resolve(np.ones((4, 2))).sigma > 0
    assert Gaussian("median").resolve(np.ones((1, 2))).sigma > 0


@pytest.mark.parametrize("kernel", [Gaussian("scale"), Laplacian("scale"), Polynomial(gamma="scale")], ids=repr)
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_weights_are_repetitions(kernel, container, rng):
    X = rng.normal(size=(12, 3)) * np.arange(1, 13)[:, None]
    w = rng.integers(0, 4, size=12)
    weighted = kernel.resolve(container(X), sample_weight=w)
    repeated = kernel.resolve(container(np.repeat(X, w, axis=0)))
    for name, value in repeated.get_params().items():
        if not name.endswith("bounds"):
            assert weighted.get_params()[name] == pytest.approx(value)


def test_rows_of_weight_zero_do_not_count(rng):
    X = rng.normal(size=(12, 3))
    w = np.ones(12)
    X[3], w[3] = 1e6, 0
    kept = np.delete(X, 3, axis=0)
    for kernel in (Gaussian("scale"), Gaussian("median"), Laplacian("median"), FeatureKernel(StandardScaler())):
        np.testing.assert_allclose(kernel.resolve(X, sample_weight=w)(kept), kernel.resolve(kept)(kept))


def test_a_transformer_is_fitted_once(rng):
    X, Y = rng.normal(size=(20, 3)) + 5, rng.normal(size=(6, 3))
    scaler = StandardScaler()
    k = FeatureKernel(scaler).resolve(X)
    assert not hasattr(scaler, "mean_")
    formula = ref.features(ref.standardised(X))
    np.testing.assert_allclose(k(Y), ref.matrix(formula, Y), rtol=1e-10)
    np.testing.assert_allclose(k.resolve(Y)(Y), k(Y))
    fitted = FeatureKernel(StandardScaler().fit(X))
    np.testing.assert_allclose(fitted.resolve(Y)(Y), k(Y))
    np.testing.assert_allclose(copy.deepcopy(fitted)(Y), k(Y))
    np.testing.assert_allclose((2 * FeatureKernel(StandardScaler()) + Linear()).resolve(X)(Y), 2 * k(Y) + Y @ Y.T)


def test_resolve_checks_its_input(rng):
    X = rng.normal(size=(5, 3))
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        Gaussian("scale").resolve(X)
    with pytest.raises(ValueError, match="sample_weight"):
        Gaussian("scale").resolve(np.ones((5, 3)), sample_weight=-np.ones(5))
