import numpy as np
import pytest
import sklearn.kernel_ridge
from scipy.linalg import LinAlgWarning
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from kernelkit import FeatureKernel, Gaussian, KernelRidge, Laplacian, Linear, Matern, Polynomial, Sigmoid, explicit
from kernelkit.engine import _memory

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = np.sin(X[:, 0]) + X[:, 1] + 3
Y = np.column_stack([y, X[:, 2] ** 2, -y])
w = rng.integers(0, 4, size=60).astype(float)
new = rng.normal(size=(25, 3))


@pytest.mark.parametrize("solver", ["auto", "cholesky", "eigen"])
@pytest.mark.parametrize(
    ("kernel", "theirs"),
    [
        (Gaussian(0.8), {"kernel": "rbf", "gamma": 0.5 / 0.64}),
        (Laplacian(2.0), {"kernel": "laplacian", "gamma": 0.5}),
        (Polynomial(degree=3, gamma=0.2, coef0=1.0), {"kernel": "poly", "degree": 3, "gamma": 0.2, "coef0": 1.0}),
        ("rbf", {"kernel": "rbf"}),
        ("poly", {"kernel": "poly"}),
        ("laplacian", {"kernel": "laplacian"}),
        ("linear", {"kernel": "linear"}),
    ],
)
def test_equals_scikit_learn(kernel, theirs, solver):
    ours = KernelRidge(kernel, alpha=0.3, solver=solver).fit(X, Y, sample_weight=w)
    expected = sklearn.kernel_ridge.KernelRidge(alpha=0.3, **theirs).fit(X, Y, sample_weight=w)
    np.testing.assert_allclose(ours.predict(new), expected.predict(new), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kernel", [Linear(), Polynomial(degree=2, gamma=0.5, coef0=2.0)])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["cholesky", "eigen"])
def test_dual_equals_primal(kernel, fit_intercept, solver):
    phi = explicit(kernel).fit(X)
    primal = Ridge(alpha=0.7, fit_intercept=fit_intercept).fit(phi.transform(X), Y, sample_weight=w)
    for k in (kernel, FeatureKernel(phi)):
        dual = KernelRidge(k, alpha=0.7, fit_intercept=fit_intercept, solver=solver).fit(X, Y, sample_weight=w)
        np.testing.assert_allclose(dual.predict(new), primal.predict(phi.transform(new)), rtol=1e-8)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kernel", [Gaussian("scale"), Laplacian("scale"), Linear()])
def test_weights_are_repeated_rows(kernel, fit_intercept):
    times = w.astype(int)
    weighted = KernelRidge(kernel, alpha=0.5, fit_intercept=fit_intercept).fit(X, y, sample_weight=w)
    repeated = KernelRidge(kernel, alpha=0.5, fit_intercept=fit_intercept)
    repeated.fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.predict(new), repeated.predict(new), rtol=1e-9)
    assert weighted.dual_coef_.shape == (60,)
    assert (weighted.dual_coef_[w == 0] == 0).all()


def test_one_alpha_for_each_target():
    alphas = [0.1, 1.0, 0.1]
    together = KernelRidge(Gaussian(), alpha=alphas, fit_intercept=True).fit(X, Y)
    for t, alpha in enumerate(alphas):
        alone = KernelRidge(Gaussian(), alpha=alpha, fit_intercept=True).fit(X, Y[:, t])
        np.testing.assert_allclose(together.predict(new)[:, t], alone.predict(new), rtol=1e-9)
        assert together.intercept_[t] == pytest.approx(alone.intercept_)
        assert isinstance(alone.intercept_, float)


def test_shapes_follow_y():
    assert KernelRidge().fit(X, y).predict(new).shape == (25,)
    assert KernelRidge().fit(X, y[:, None]).predict(new).shape == (25, 1)
    assert KernelRidge().fit(X, Y).predict(new).shape == (25, 3)
    assert KernelRidge().fit(X[:1], y[:1]).predict(new).shape == (25,)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_precomputed(fit_intercept):
    k = Gaussian(0.8)
    expected = KernelRidge(k, fit_intercept=fit_intercept).fit(X, y, sample_weight=w).predict(new)
    K = k(X)
    before = K.copy()
    model = KernelRidge("precomputed", fit_intercept=fit_intercept).fit(K, y, sample_weight=w)
    np.testing.assert_allclose(model.predict(k(new, X)), expected, rtol=1e-10)
    np.testing.assert_array_equal(K, before)
    with pytest.raises(ValueError, match=r"must be a square matrix .* \(60, 59\)"):
        model.fit(K[:, :-1], y)
    with pytest.raises(ValueError, match="59 features"):
        model.predict(K[:, :-1])


def test_alpha_zero_interpolates():
    model = KernelRidge(Matern(), alpha=0.0).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-9)


def test_alpha_zero_with_a_singular_kernel_is_least_squares():
    with pytest.warns(LinAlgWarning, match="least-squares solution of smallest norm"):
        model = KernelRidge(Linear(), alpha=0.0).fit(X, y)
    coef, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(model.predict(new), new @ coef, rtol=1e-9)


def test_the_solver_does_not_matter_on_many_rows():
    big = np.random.default_rng(1).normal(size=(1500, 5))
    target = np.sin(big[:, 0])
    mixed = KernelRidge(Gaussian(2.0), alpha=1.0).fit(big, target)
    eigen = KernelRidge(Gaussian(2.0), alpha=1.0, solver="eigen").fit(big, target)
    residual = Gaussian(2.0)(big) @ mixed.dual_coef_ + mixed.dual_coef_ - target
    assert np.linalg.norm(residual) < 1e-11 * np.linalg.norm(target)
    np.testing.assert_allclose(mixed.dual_coef_, eigen.dual_coef_, rtol=1e-6, atol=1e-10)


def test_an_indefinite_kernel_is_refused_with_its_smallest_eigenvalue():
    with pytest.raises(np.linalg.LinAlgError, match="smallest eigenvalue before alpha is -"):
        KernelRidge(Sigmoid(gamma=2.0, coef0=-2.0), alpha=1e-3).fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alpha": -1.0}, "alpha must be a number >= 0, got -1.0"),
        ({"alpha": np.nan}, "alpha must be a number >= 0, got nan"),
        ({"alpha": "big"}, "alpha must be a number >= 0, got 'big'"),
        ({"alpha": [1.0, 2.0]}, r"alpha must be a number or one for each of 1 targets, got shape \(2,\)"),
        ({"solver": "lu"}, "solver must be one of 'auto', 'cholesky', 'eigen', 'cg', 'nystroem', 'primal', got 'lu'"),
        ({"uncertainty": True, "alpha": 0.0}, "uncertainty=True needs alpha > 0"),
        ({"uncertainty": True, "solver": "eigen"}, "uncertainty=True needs solver='auto' or 'cholesky'"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises((TypeError, ValueError), match=message):
        KernelRidge(**params).fit(X, y)


@pytest.mark.parametrize("solver", ["auto", "eigen"])
def test_a_fit_that_does_not_fit_is_refused(monkeypatch, solver):
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 10_000)
    with pytest.raises(MemoryError, match="is available; use fewer rows.* solver='cg'.* solver='nystroem'"):
        KernelRidge(solver=solver).fit(X, y)


def test_far_shifted_data():
    scaled = StandardScaler().fit(load_diabetes().data[:200])
    D, target = scaled.transform(load_diabetes().data[:200]), load_diabetes().target[:200]
    near = KernelRidge(Gaussian(2.0), alpha=0.1).fit(D[:150], target[:150]).predict(D[150:] + 0.5)
    far = KernelRidge(Gaussian(2.0), alpha=0.1).fit(D[:150] + 4096.0, target[:150]).predict(D[150:] + 4096.5)
    np.testing.assert_allclose(far, near, rtol=1e-8)


def test_sklearn_style_keyword_of_theirs_is_refused():
    with pytest.raises(TypeError, match="gamma"):
        KernelRidge(gamma=0.5)
