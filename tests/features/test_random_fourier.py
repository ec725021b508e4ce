import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import (
    Columns,
    Constant,
    Gaussian,
    KernelRidge,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    RandomFourier,
    RationalQuadratic,
    Sigmoid,
)
from kernelkit.engine import _memory
from kernelkit.features._draws import SAMPLINGS, Draws
from tests.registry import OTHER_MAPS

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))


@parametrize_with_checks(
    [*OTHER_MAPS, *[RandomFourier(Matern("scale"), n_components=10, sampling=s) for s in ("iid", "qmc")]]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def kernels(d):
    return {
        "gaussian": Gaussian(1.3),
        "gaussian-per-feature": Gaussian(np.linspace(0.8, 2.0, d)),
        "laplacian": Laplacian(2.0),
        "matern-1/2": Matern(1.5, nu=0.5),
        "matern-5/2": Matern(1.5, nu=2.5),
        "rational-quadratic": RationalQuadratic(1.2, shape=0.7),
        "scaled": 3 * Gaussian(1.3),
        "sum": Gaussian(0.8) + 2 * Laplacian(3.0) + 0.5,
        "product": Gaussian(2.0) * Matern(2.0, nu=1.5),
        "product-of-sums": (Gaussian(1.0) + 2 * Matern(2.0)) * (Laplacian(4.0) + 1),
        "power": Laplacian(5.0) ** 3,
        "power-of-sum": (Gaussian(1.3) + 1) ** 2,
        "uneven-sum": Matern(2.0) + 0.1 * (Gaussian(1.0) + Laplacian(2.0)),
        "columns": Columns(Gaussian(1.0), [0]) * Columns(Laplacian(3.0), [-1]) + Constant(0.2),
        "column-twice": Columns(Gaussian(2.0), [0, 0]),
    }


@pytest.mark.parametrize("name", kernels(1))
@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_unbiased(sampling, d, name):
    check_unbiased(kernels(d)[name], 9, 300, sampling, d)


@pytest.mark.parametrize("name", ["sum", "uneven-sum", "power-of-sum"])
def test_one_frequency_is_unbiased_too(name):
    check_unbiased(kernels(2)[name], 1, 20_000, "iid", 2)


def check_unbiased(kernel, count, repeats, sampling, d):
    points = np.random.default_rng(d).normal(size=(5, d))
    differences = (points[:, None] - points[None])[np.triu_indices(5, 1)]
    draws = Draws(sampling, np.random.RandomState(d))
    estimates = np.empty((repeats, len(differences)))
    for estimate in estimates:
        frequencies, weights = kernel.frequencies(d, count, draws)
        assert frequencies.shape == (count, d) and (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(), kernel.diag(points[:1])[0], rtol=1e-12)
        estimate[:] = np.cos(differences @ frequencies.T) @ weights
    exact = kernel(points)[np.triu_indices(5, 1)]
    bound = 4.5 * estimates.std(axis=0, ddof=1) / repeats**0.5
    assert (np.abs(estimates.mean(axis=0) - exact) <= bound + 1e-12).all()


@pytest.mark.parametrize("d", [2, 5])
def test_the_error_falls_as_one_over_the_square_root_of_independent_frequencies(d):
    points = np.random.default_rng(0).normal(size=(100, d))
    kernel, sizes = Gaussian(d**0.5), 2 ** np.arange(6, 13)

    def error(p):
        maps = [RandomFourier(kernel, n_components=p, sampling="iid", random_state=seed) for seed in range(15)]
        return np.mean([phi.fit(points).error_report(points).frobenius for phi in maps])

    errors = [error(int(p)) for p in sizes]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert abs(slope + 0.5) < 0.1


@pytest.mark.parametrize("name", kernels(3))
def test_the_error_of_every_kernel_falls(name):
    kernel = kernels(3)[name]

    def error(p):
        maps = [RandomFourier(kernel, n_components=p, random_state=seed).fit(X) for seed in range(5)]
        return np.mean([phi.error_report(X).frobenius for phi in maps])

    assert error(6400) < 0.25 * error(100)


@pytest.mark.parametrize(("sampling", "most"), [("orthogonal", 0.75), ("qmc", 0.8)])
def test_better_samplings_have_smaller_errors(sampling, most):
    points = np.random.default_rng(0).normal(size=(200, 10))

    def error(sampling):
        settings = {"n_components": 200, "sampling": sampling}
        maps = [RandomFourier(Gaussian(10**0.5), random_state=seed, **settings) for seed in range(10)]
        return np.mean([phi.fit(points).error_report(points).root_mean_square for phi in maps])

    assert error(sampling) < most * error("iid")


def test_orthogonal_rows():
    rows = Draws("orthogonal", np.random.RandomState(0)).normals(7, 3)
    for block in (rows[:3], rows[3:6]):
        gram = block @ block.T
        np.testing.assert_allclose(gram, np.diag(np.diagonal(gram)), atol=1e-12)
    few = Draws("orthogonal", np.random.RandomState(0)).normals(2, 50)
    assert few.shape == (2, 50) and abs(few[0] @ few[1]) < 1e-10


def test_features():
    kernel = Gaussian(1.5)
    phi = RandomFourier(kernel, n_components=8, random_state=0).fit(X)
    angles = (X - X.mean(axis=0)) @ phi.frequencies_.T
    expected = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * np.tile(np.sqrt(phi.weights_), 2)
    np.testing.assert_allclose(phi.transform(X), expected, atol=1e-14)
    np.testing.assert_allclose(phi.transform(X.astype(np.float32)), expected, atol=1e-5)
    assert phi.transform(X.astype(np.float32)).dtype == np.float32
    assert phi.get_feature_names_out()[-1] == "randomfourier7"
    again = RandomFourier(kernel, n_components=8, random_state=0).fit_transform(X)
    np.testing.assert_array_equal(again, phi.transform(X))
    other = RandomFourier(kernel, n_components=8, random_state=1).fit_transform(X)
    assert not np.allclose(other, again)


@pytest.mark.parametrize("kernel", [Gaussian(1.5), Gaussian(1.5) + 3])
@pytest.mark.parametrize("p", [1, 2, 3, 7])
def test_any_number_of_features_is_unbiased(p, kernel):
    phi = RandomFourier(kernel, n_components=p)
    matrices = np.empty((400, 5, 5))
    for seed, matrix in enumerate(matrices):
        Z = phi.set_params(random_state=seed).fit(X).transform(X[:5])
        assert Z.shape == (5, p) and len(phi.get_feature_names_out()) == p
        matrix[:] = Z @ Z.T
    errors = np.abs(matrices.mean(axis=0) - kernel(X[:5]))
    assert (errors <= 4.5 * matrices.std(axis=0) / 20 + 1e-12).all()


def test_one_more_feature_does_no_harm():
    def error(kernel, p):
        maps = [RandomFourier(kernel, n_components=p, random_state=seed).fit(X) for seed in range(10)]
        return np.mean([phi.error_report(X).root_mean_square for phi in maps])

    for kernel in (Gaussian(1.0), Gaussian(1.0) + 1, Gaussian(1.0) + 100, 1 + Laplacian(3.0) + Gaussian(1.0)):
        assert error(kernel, 101) < 1.2 * error(kernel, 100)


def test_heavy_tails_stay_finite():
    for dtype in (np.float32, np.float64):
        phi = RandomFourier(Matern(nu=0.02), n_components=1000, random_state=0)
        assert np.isfinite(phi.fit_transform(X.astype(dtype))).all()


def test_containers():
    phi = RandomFourier("rbf", n_components=8, random_state=0)
    dense = phi.fit_transform(X)
    for same in (np.asfortranarray(X), X.tolist()):
        np.testing.assert_allclose(phi.fit_transform(same), dense, rtol=1e-12)
    S = sp.random(40, 30, density=0.1, random_state=0, format="csr")
    sparse = phi.fit(S).transform(S)
    np.testing.assert_allclose(sparse, phi.transform(S.toarray()), atol=1e-13)
    report = phi.set_params(n_components=20_000).fit(S).error_report(S)
    assert report.rows == 40 and report.frobenius < 0.03
    assert phi.fit_transform(X.astype(int)).dtype == np.float64


def test_far_from_zero():
    phi = RandomFourier(Gaussian(1.0), n_components=2000, random_state=0).fit(X + 1e6)
    assert phi.error_report(X + 1e6).largest < 0.2
    single = (X + 1e4).astype(np.float32)
    exact = Gaussian(1.0)(single.astype(float))
    Z = phi.fit(single).transform(single)
    assert np.abs(Z @ Z.T - exact).max() < 0.2


def test_parameters_that_depend_on_the_data():
    phi = RandomFourier(Gaussian("scale"), n_components=4, random_state=0).fit(X)
    assert phi.kernel_ == Gaussian("scale").resolve(X) and phi.kernel == Gaussian("scale")
    assert RandomFourier(n_components=4).fit(X).kernel_ == phi.kernel_
    phi.set_params(kernel__sigma=2.0)
    assert phi.kernel.sigma == 2.0


def test_error_report():
    phi = RandomFourier(2 * Gaussian(1.0), n_components=100, random_state=0).fit(X)
    report = phi.error_report(X)
    Z = phi.transform(X)
    E = Z @ Z.T - 2 * Gaussian(1.0)(X)
    np.testing.assert_allclose(report.root_mean_square, np.sqrt(np.mean(E**2)))
    np.testing.assert_allclose(report.largest, np.abs(E).max())
    np.testing.assert_allclose(report.trace, 0, atol=1e-12)  # cosines and sines give k(x, x) exactly
    few = phi.error_report(X, n_samples=10)
    assert few.rows == 10 and few == phi.error_report(X.tolist(), n_samples=10)


def test_primal_approaches_dual():
    y = np.sin(X[:, 0])
    exact = KernelRidge(Gaussian(1.5), alpha=0.1).fit(X, y).predict(X)
    from sklearn.linear_model import Ridge

    def distance(p):
        Z = RandomFourier(Gaussian(1.5), n_components=p, random_state=0).fit_transform(X)
        return np.abs(Ridge(0.1, fit_intercept=False).fit(Z, y).predict(Z) - exact).max()

    assert distance(20_000) < 0.02 and distance(20_000) < 0.3 * distance(200)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 0}, "n_components must be an integer >= 1, got 0"),
        ({"n_components": 2.5}, "n_components must be an integer >= 1, got 2.5"),
        ({"sampling": "sobol"}, "sampling must be one of 'orthogonal', 'iid', 'qmc', got 'sobol'"),
        ({"kernel": Polynomial()}, "not available for Polynomial.*take landmarks.*Nystroem"),
        ({"kernel": Gaussian() * Linear()}, "not available for Linear"),
        ({"kernel": Sigmoid()}, "not available for Sigmoid"),
        ({"kernel": "precomputed"}, "(not available for 'precomputed'|square)"),
        ({"kernel": Gaussian(-1.0)}, "sigma must be a number > 0"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(ValueError, match=message):
        RandomFourier(**parameters).fit(X)


def test_other_mistakes(monkeypatch):
    with pytest.raises(TypeError, match=r"did you mean n_components=100\?"):
        RandomFourier(100).fit(X)
    phi = RandomFourier(n_components=10).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but RandomFourier is expecting 3"):
        phi.transform(X[:, :2])
    with pytest.raises(ValueError, match="NaN"):
        phi.transform(X * np.nan)
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 100)
    with pytest.raises(MemoryError, match="40 x 10 features"):
        phi.transform(X)
