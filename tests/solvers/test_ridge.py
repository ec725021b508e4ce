"""Ridge with weights and an intercept, and the system that tells how sure a prediction is."""

import numpy as np
import pytest
from scipy.linalg import LinAlgWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from kernelkit.engine import MatrixOperator
from kernelkit.solvers import RidgeSystem, _cholesky, solve_many
from tests.solvers.helpers import Counting, assert_near, gaussian, held_out_residuals, ridge

N = 40
SOLVERS = ["cholesky", "eigen"]


@pytest.fixture(params=[False, True], ids=["no intercept", "intercept"])
def intercept(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["unweighted", "weighted"])
def w(request, rng):
    return rng.uniform(0.1, 5, N) if request.param else None


@pytest.fixture
def X(rng):
    return rng.standard_normal((N, 3))


def roots(w):
    return None if w is None else np.sqrt(w)


@pytest.mark.parametrize("solver", SOLVERS)
def test_alpha_for_each_target(X, w, intercept, solver, rng):
    K = gaussian(X, 1.5)
    Y = 3 + rng.standard_normal((N, 4))
    alphas = np.array([0.1, 1e-6, 0.1, 5.0])
    operator = Counting(K)
    C, b, outcomes = solve_many(operator, Y, alphas, scale=roots(w), intercept=intercept, solver=solver)
    assert operator.counts["float64"] == 1
    assert [outcome.alpha for outcome in outcomes] == [5.0, 0.1, 1e-6]
    for j, alpha in enumerate(alphas):
        c, shift = ridge(K, Y[:, j], alpha, w, intercept)
        assert_near(C[:, j], c, 1e-8)
        assert_near(b[j], shift, 1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights_are_repeated_rows(X, intercept, solver, rng):
    K = gaussian(X, 1.5)
    w = rng.integers(1, 4, N)
    many = np.repeat(np.arange(N), w)
    y = rng.standard_normal(N)
    weighted, b, _ = solve_many(MatrixOperator(K), y, 0.1, scale=np.sqrt(w), intercept=intercept, solver=solver)
    repeated, shift, _ = solve_many(
        MatrixOperator(K[np.ix_(many, many)]), y[many], 0.1, intercept=intercept, solver=solver
    )
    np.testing.assert_allclose(weighted, np.bincount(many, repeated), atol=1e-10)
    np.testing.assert_allclose(b, shift, atol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
def test_constant_targets_are_all_intercept(X, w, solver):
    c, b, _ = solve_many(
        MatrixOperator(gaussian(X, 1.0)), np.full(N, 7.0), 0.1, scale=roots(w), intercept=True, solver=solver
    )
    np.testing.assert_allclose(c, 0, atol=1e-13)
    np.testing.assert_allclose(b, 7)


@pytest.mark.parametrize("solver", SOLVERS)
def test_primal_is_dual(X, w, intercept, solver, rng):
    X = X + 10
    y = rng.standard_normal(N)
    alpha = 1e-3
    c, b, _ = solve_many(MatrixOperator(X @ X.T), y, alpha, scale=roots(w), intercept=intercept, solver=solver)
    design = np.column_stack([X, np.ones(N)]) if intercept else X
    W = np.diag(np.ones(N) if w is None else w)
    penalty = alpha * np.diag([1.0] * 3 + [0.0] * int(intercept))
    beta = np.linalg.solve(design.T @ W @ design + penalty, design.T @ W @ y)
    np.testing.assert_allclose(X @ X.T @ c + b, design @ beta, atol=1e-8)


@pytest.mark.parametrize("rank", [2, N])
def test_alpha_zero(w, intercept, rank, rng):
    X = rng.standard_normal((N, rank)) + 3
    K = X @ X.T
    Y = rng.standard_normal((N, 2))
    if rank < N:
        with pytest.warns(LinAlgWarning, match="least-squares") as caught:
            C, b, outcomes = solve_many(MatrixOperator(K), Y, 0.0, scale=roots(w), intercept=intercept)
        assert len(caught) == 1
    else:
        C, b, outcomes = solve_many(MatrixOperator(K), Y, 0.0, scale=roots(w), intercept=intercept)
    assert [outcome.method for outcome in outcomes] == ["eigen" if rank < N else "float64"]
    D, shift, _ = solve_many(MatrixOperator(K), Y, 0.0, scale=roots(w), intercept=intercept, solver="eigen")
    assert_near(X.T @ C, X.T @ D, 1e-8)
    assert_near(K @ C + b, K @ D + shift, 1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_dtypes(X, intercept, solver, dtype, rng):
    operator = MatrixOperator(gaussian(X, 1.0).astype(dtype))
    Y = rng.standard_normal((N, 2))
    C, B, _ = solve_many(operator, Y, 1.0, intercept=intercept, solver=solver)
    c, b, _ = solve_many(operator, Y[:, 1], 1.0, intercept=intercept, solver=solver)
    assert (C.shape, B.shape, c.shape, b.shape) == ((N, 2), (2,), (N,), ())
    assert C.dtype == B.dtype == c.dtype == b.dtype == dtype
    np.testing.assert_allclose(C[:, 1], c, rtol=1e-4, atol=1e-6)


def test_mixed_with_intercept(monkeypatch, rng, w):
    monkeypatch.setattr(_cholesky, "MIXED_FROM", 1)
    n = 300
    K = gaussian(rng.standard_normal((n, 8)), 2.0)
    w = None if w is None else rng.uniform(0.5, 2, n)
    y = 100 + rng.standard_normal(n)
    c, b, (outcome,) = solve_many(MatrixOperator(K), y, 1e-2, scale=roots(w), intercept=True)
    assert outcome.method == "mixed"
    exact, shift = ridge(K, y, 1e-2, w, True)
    assert_near(c, exact, 1e-9)
    assert_near(b, shift, 1e-9)
    np.testing.assert_allclose(c.sum(), 0, atol=1e-8)


def system(K, alpha, w, intercept):
    return RidgeSystem.from_operator(MatrixOperator(K), alpha, scale=roots(w), intercept=intercept)


def bordered_inverse(K, alpha, w, intercept):
    M = K + alpha * np.diag(1 / (np.ones(N) if w is None else w))
    if not intercept:
        return np.linalg.inv(M)
    return np.linalg.inv(np.block([[M, np.ones((N, 1))], [np.ones((1, N)), np.zeros((1, 1))]]))


def test_system_solves_like_the_others(X, w, intercept, rng):
    K = gaussian(X, 1.5)
    for Y in (rng.standard_normal((N, 2)), rng.standard_normal(N)):
        c, b = system(K, 0.1, w, intercept).solve(Y)
        exact, shift, _ = solve_many(MatrixOperator(K), Y, 0.1, scale=roots(w), intercept=intercept)
        np.testing.assert_allclose(c, exact, atol=1e-12)
        np.testing.assert_allclose(b, shift, atol=1e-12)


def test_system_leaves_one_out(X, w, intercept, rng):
    K = gaussian(X, 1.5)
    y = 3 + rng.standard_normal(N)
    s = system(K, 0.1, w, intercept)
    residuals = s.solve(y)[0] / s.inverse_diagonal()
    brute = [held_out_residuals(K, y, 0.1, [i], w, intercept)[0] for i in range(N)]
    np.testing.assert_allclose(residuals, brute, rtol=1e-9)


def test_smoother(X, w, intercept, rng):
    K = gaussian(X, 1.5)
    new = gaussian(np.vstack([X, rng.standard_normal((6, 3))]), 1.5)[:N, N:]
    y = 3 + rng.standard_normal(N)
    s = system(K, 0.1, w, intercept)
    c, b = s.solve(y)
    H = s.smoother(new)
    np.testing.assert_allclose(H.T @ y, new.T @ c + b)
    i = 5
    rest = np.delete(np.arange(N), i)
    without, shift = ridge(K[np.ix_(rest, rest)], y[rest], 0.1, None if w is None else w[rest], intercept)
    residual = c[i] / s.inverse_diagonal()[i]
    np.testing.assert_allclose(H.T @ y - H[i] * residual, new[rest].T @ without + shift)


def test_explained_variance(X, w, intercept, rng):
    K = gaussian(X, 1.5)
    new = gaussian(np.vstack([X, rng.standard_normal((6, 3))]), 1.5)[:N, N:]
    kept = new.copy()
    borders = np.vstack([new, np.ones((int(intercept), 6))])
    expected = np.diagonal(borders.T @ bordered_inverse(K, 0.1, w, intercept) @ borders)
    np.testing.assert_allclose(system(K, 0.1, w, intercept).explained_variance(new), expected)
    np.testing.assert_array_equal(new, kept)


def test_system_is_a_gaussian_process(X, rng):
    y, new = rng.standard_normal(N), rng.standard_normal((5, 3))
    alpha, w = 0.3, rng.uniform(0.5, 2, N)
    s = system(RBF(1.5)(X), alpha, w, False)
    c, _ = s.solve(y)
    amplitude = y @ c / N
    process = GaussianProcessRegressor(
        ConstantKernel(amplitude) * RBF(1.5), alpha=amplitude * alpha / w, optimizer=None
    ).fit(X, y)
    mean, deviation = process.predict(new, return_std=True)
    k = RBF(1.5)(X, new)
    np.testing.assert_allclose(k.T @ c, mean)
    np.testing.assert_allclose(np.sqrt(amplitude * (1 - s.explained_variance(k))), deviation)


def test_float32_system_keeps_float64(X, intercept):
    s = RidgeSystem.from_operator(MatrixOperator(gaussian(X, 1.5).astype(np.float32)), 1.0, intercept=intercept)
    assert s.factor.array.dtype == np.float64
