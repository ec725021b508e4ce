import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor

from kernelkit import Constant, Gaussian, KernelRidge, Matern

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, size=(40, 2))
y = np.sin(X[:, 0]) + 0.1 * rng.normal(size=40)
new = rng.uniform(-4, 4, size=(30, 2))
w = rng.integers(0, 3, size=40).astype(float)


@pytest.mark.parametrize("weights", [None, w])
def test_equals_the_gaussian_process(weights):
    kernel, alpha = Matern(1.5), 0.05
    model = KernelRidge(kernel, alpha=alpha, uncertainty=True).fit(X, y, sample_weight=weights)
    kept = slice(None) if weights is None else weights > 0
    noise = alpha if weights is None else alpha / weights[kept]
    s2 = model.amplitude_
    process = GaussianProcessRegressor(Constant(s2) * kernel, alpha=s2 * noise, optimizer=None).fit(X[kept], y[kept])
    for ours, theirs in zip(model.predict(new, return_std=True), process.predict(new, return_std=True), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-10)


def test_the_amplitude_maximises_the_marginal_likelihood():
    model = KernelRidge(Gaussian(), alpha=0.05, uncertainty=True).fit(X, y)
    M = Gaussian()(X) + 0.05 * np.eye(40)

    def likelihood(s2):
        return -0.5 * y @ np.linalg.solve(M, y) / s2 - 20 * np.log(s2)

    assert likelihood(model.amplitude_) > max(likelihood(1.01 * model.amplitude_), likelihood(0.99 * model.amplitude_))


def bordered(weights, alpha, kernel):
    kept = np.flatnonzero(weights)
    M = kernel(X[kept]) + np.diag(alpha / weights[kept])
    ones = np.ones((len(kept), 1))
    return kept, np.linalg.inv(np.block([[M, ones], [ones.T, np.zeros((1, 1))]]))


@pytest.mark.parametrize("weights", [np.ones(40), w])
def test_std_with_an_intercept_is_that_of_the_bordered_inverse(weights):
    kernel, alpha = Gaussian(1.2), 0.1
    model = KernelRidge(kernel, alpha=alpha, fit_intercept=True, uncertainty=True).fit(X, y + 7, sample_weight=weights)
    kept, B = bordered(weights, alpha, kernel)
    target = np.append(y[kept] + 7, 0)
    s2 = target @ B @ target / (len(kept) - 1)
    assert model.amplitude_ == pytest.approx(s2, rel=1e-9)
    k = np.column_stack([kernel(new, X[kept]), np.ones(len(new))])
    mean, std = model.predict(new, return_std=True)
    np.testing.assert_allclose(mean, k @ B @ target, rtol=1e-9)
    np.testing.assert_allclose(std, np.sqrt(s2 * (1 - np.einsum("ij,jk,ik->i", k, B, k))), rtol=1e-7)


def test_several_targets_with_an_alpha_each():
    Y, alphas = np.column_stack([y, y**2, -y]), [0.1, 0.01, 0.1]
    model = KernelRidge(Gaussian(), alpha=alphas, uncertainty=True).fit(X, Y)
    mean, std = model.predict(new, return_std=True)
    lower, upper = model.predict_interval(new)
    assert mean.shape == std.shape == lower.shape == upper.shape == (30, 3)
    for t in range(3):
        alone = KernelRidge(Gaussian(), alpha=alphas[t], uncertainty=True).fit(X, Y[:, t])
        np.testing.assert_allclose(std[:, t], alone.predict(new, return_std=True)[1], rtol=1e-9)
        np.testing.assert_allclose(lower[:, t], alone.predict_interval(new)[0], rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95])
def test_intervals_equal_brute_force_jackknife_plus(fit_intercept, coverage):
    settings = {"kernel": Gaussian(1.1), "alpha": 0.05, "fit_intercept": fit_intercept}
    model = KernelRidge(**settings, uncertainty=True).fit(X, y)
    low, high = [], []
    for i in range(40):
        others = np.arange(40) != i
        without = KernelRidge(**settings).fit(X[others], y[others])
        error = abs(y[i] - without.predict(X[i : i + 1])[0])
        low.append(without.predict(new) - error)
        high.append(without.predict(new) + error)
    a = 1 - coverage
    lower = np.sort(low, axis=0)[int(np.floor(a * 41 + 1e-9)) - 1]
    upper = np.sort(high, axis=0)[int(np.ceil((1 - a) * 41 - 1e-9)) - 1]
    found = model.predict_interval(new, coverage=coverage)
    np.testing.assert_allclose(found[0], lower, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found[1], upper, rtol=1e-7, atol=1e-9)


def test_intervals_cover():
    covered = []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        A = draw.uniform(-3, 3, size=(130, 1))
        b = np.sin(A[:, 0]) + 0.3 * draw.normal(size=130)
        model = KernelRidge(Gaussian(1.0), alpha=0.5, uncertainty=True).fit(A[:80], b[:80])
        lower, upper = model.predict_interval(A[80:], coverage=0.9)
        covered.append(((lower <= b[80:]) & (b[80:] <= upper)).mean())
    assert 0.86 < np.mean(covered) < 0.96


def test_too_few_rows_for_the_coverage():
    model = KernelRidge(Gaussian(), uncertainty=True).fit(X[:5], y[:5])
    lower, upper = model.predict_interval(new, coverage=0.95)
    assert np.isneginf(lower).all()
    assert np.isposinf(upper).all()


def test_prediction_in_blocks(monkeypatch):
    from kernelkit.estimators import _posterior

    model = KernelRidge(Gaussian(), uncertainty=True).fit(X, y, sample_weight=w)
    whole = model.predict(new, return_std=True)[1], *model.predict_interval(new)
    monkeypatch.setattr(_posterior, "BLOCK_BYTES", 7 * 40 * 8)
    parts = model.predict(new, return_std=True)[1], *model.predict_interval(new)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)


def test_precomputed():
    K = Gaussian()(X)
    model = KernelRidge("precomputed", uncertainty=True).fit(K, y)
    expected = KernelRidge(Gaussian(), uncertainty=True).fit(X, y).predict_interval(new)
    np.testing.assert_allclose(model.predict_interval(Gaussian()(new, X)), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="precomputed"):
        model.predict(K, return_std=True)


def test_what_was_not_kept_is_named():
    model = KernelRidge(Gaussian()).fit(X, y)
    with pytest.raises(ValueError, match="return_std=True needs a model fitted with uncertainty=True"):
        model.predict(new, return_std=True)
    with pytest.raises(ValueError, match="predict_interval needs a model fitted with uncertainty=True"):
        model.predict_interval(new)
    model.set_params(uncertainty=True).fit(X, y)
    with pytest.raises(ValueError, match="coverage must be a number > 0 and < 1, got 1"):
        model.predict_interval(new, coverage=1)
    model.set_params(uncertainty=False).fit(X, y)
    with pytest.raises(ValueError, match="uncertainty=True"):
        model.predict_interval(new)
    assert not hasattr(model, "amplitude_")


def test_float32_rows_get_a_float64_factor():
    single = KernelRidge(Gaussian(), alpha=1e-3, uncertainty=True).fit(X.astype(np.float32), y)
    double = KernelRidge(Gaussian(), alpha=1e-3, uncertainty=True).fit(X, y)
    np.testing.assert_allclose(single.predict(new, True)[1], double.predict(new, True)[1], rtol=1e-2, atol=1e-4)
