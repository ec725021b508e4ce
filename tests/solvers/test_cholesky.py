"""The direct solution: which arithmetic, what accuracy, what memory, and what happens to singular matrices."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.linalg import LinAlgError, LinAlgWarning

from kernelkit.engine import KernelOperator, MatrixOperator
from kernelkit.kernels import Gaussian
from kernelkit.solvers import _cholesky, factor, solve, solve_many
from tests.solvers.helpers import Counting, assert_near, gaussian


@pytest.fixture
def always_mixed(monkeypatch):
    monkeypatch.setattr(_cholesky, "MIXED_FROM", 1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(150,), (150, 1), (150, 6)])
def test_float64(rng, shape, weighted):
    K = gaussian(rng.standard_normal((150, 3)), 1.0)
    s = rng.uniform(0.3, 3, 150) if weighted else None
    B = rng.standard_normal(shape)
    X = solve(MatrixOperator(K), B, 1e-3, scale=s)
    S = np.ones(150) if s is None else s
    assert X.shape == shape
    assert_near(X, np.linalg.solve(S[:, None] * K * S + 1e-3 * np.eye(150), B), 1e-10)


@pytest.mark.parametrize("weighted", [False, True])
def test_mixed_precision_reaches_float64(always_mixed, rng, weighted):
    n = 400
    K = gaussian(rng.standard_normal((n, 8)), 2.0)
    s = rng.uniform(0.5, 2, n) if weighted else None
    B = rng.standard_normal((n, 3))
    B[:, 1] = 0
    operator = Counting(K)
    X = solve(operator, B, 1e-2, scale=s)
    S = np.ones(n) if s is None else s
    A = S[:, None] * K * S + 1e-2 * np.eye(n)
    assert operator.counts == {"products": operator.counts["products"], "float32": 1, "float64": 0}
    assert 2 <= operator.counts["products"] <= 8
    assert (np.linalg.norm(A @ X - B, axis=0) <= 3e-12 * np.linalg.norm(B, axis=0)).all()
    assert_near(X, np.linalg.solve(A, B), 1e-10)
    np.testing.assert_array_equal(X[:, 1], 0)


def test_mixed_is_left_where_it_does_not_converge(always_mixed, rng, monkeypatch):
    n = 300
    K = gaussian(rng.standard_normal((n, 2)), 1.0)
    operator = Counting(K)
    monkeypatch.setattr(_cholesky, "TOLERANCE", 1e-40)
    B = rng.standard_normal((n, 1))
    X, _, (outcome,) = solve_many(operator, B, 1e-2)
    assert outcome.method == "float64"
    assert operator.counts["float64"] == 1
    assert 1 <= operator.counts["products"] < 8
    assert_near(X, np.linalg.solve(K + 1e-2 * np.eye(n), B), 1e-10)


@pytest.mark.parametrize(
    "why, n, t, alpha, size",
    [
        ("small alpha", 300, 1, 1e-6, 1.0),
        ("many targets", 300, 6, 1e-2, 1.0),
        ("alpha beyond float32", 300, 1, 1e-31, 1e-33),
        ("K beyond float32", 300, 1, 1e38, 1e40),
    ],
)
def test_mixed_is_not_tried(always_mixed, rng, why, n, t, alpha, size):
    operator = Counting(size * gaussian(rng.standard_normal((n, 8)), 2.0))
    _, _, (outcome,) = solve_many(operator, rng.standard_normal((n, t)), alpha)
    assert outcome.method == "float64"
    assert operator.counts == {"products": 0, "float32": 0, "float64": 1}


def test_mixed_can_be_declined(always_mixed, rng):
    operator = Counting(gaussian(rng.standard_normal((200, 8)), 2.0))
    solve(operator, rng.standard_normal(200), 1e-2, mixed=False)
    assert operator.counts == {"products": 0, "float32": 0, "float64": 1}


def test_mixed_meets_an_indefinite_matrix(always_mixed, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((200, 200)))
    values = np.linspace(0.1, 1, 200)
    values[0] = -0.5
    with pytest.raises(LinAlgError, match="smallest eigenvalue before alpha is -0.5"):
        solve(MatrixOperator(Q * values @ Q.T), rng.standard_normal(200), 0.1)


def test_kernel_is_evaluated_once_for_all_alphas(always_mixed, rng):
    K = gaussian(rng.standard_normal((200, 8)), 2.0)
    Y = rng.standard_normal((200, 6))
    alphas = np.array([1e-9, 1.0, 1e-2, 1e-8, 1.0, 0.0])
    operator = Counting(K)
    C, _, outcomes = solve_many(operator, Y, alphas)
    assert operator.counts["float32"] == operator.counts["float64"] == 1
    assert [outcome.alpha for outcome in outcomes] == [1.0, 1e-2, 1e-8, 1e-9, 0.0]
    assert [outcome.method for outcome in outcomes] == ["mixed", "mixed", "float64", "float64", "float64"]
    for j, alpha in enumerate(alphas):
        assert_near(C[:, j], np.linalg.solve(K + alpha * np.eye(200), Y[:, j]), 1e-9)


def test_mixed_takes_little_memory(always_mixed, rng):
    n = 1500
    operator = KernelOperator(Gaussian(sigma=2.0), rng.standard_normal((n, 5)))
    y = rng.standard_normal(n)
    tracemalloc.start()
    _, _, (outcome,) = solve_many(operator, y, 1e-2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.method == "mixed"
    assert peak < 0.8 * 8 * n**2


def test_float64_takes_one_matrix(rng):
    n = 1200
    operator = KernelOperator(Gaussian(sigma=2.0), rng.standard_normal((n, 5)))
    tracemalloc.start()
    solve(operator, rng.standard_normal(n), 1e-2, mixed=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.6 * 8 * n**2  # the tiles of two threads are half a matrix of this size


def test_float32_is_direct_for_a_large_alpha(rng):
    X = rng.standard_normal((300, 6)).astype(np.float32)
    K = gaussian(X.astype(np.float64), 2.0)
    operator = Counting(K.astype(np.float32))
    y = rng.standard_normal((300, 1))
    c, b, (outcome,) = solve_many(operator, y, 0.1, intercept=True)
    assert outcome.method == "float32"
    assert operator.counts == {"products": 0, "float32": 1, "float64": 0}
    assert c.dtype == b.dtype == np.float32
    exact, _, _ = solve_many(MatrixOperator(K), y, 0.1, intercept=True)
    assert_near(c, exact, 1e-4)


@pytest.mark.parametrize("n_rows_mixed, method", [(1, "mixed"), (10**6, "float64")])
def test_float32_is_refined_for_a_small_alpha(rng, monkeypatch, n_rows_mixed, method):
    monkeypatch.setattr(_cholesky, "MIXED_FROM", n_rows_mixed)
    K = gaussian(rng.standard_normal((400, 8)), 2.0).astype(np.float32)
    y = rng.standard_normal(400)
    c, _, (outcome,) = solve_many(MatrixOperator(K), y, 1e-4)
    assert outcome.method == method
    assert c.dtype == np.float32
    exact = np.linalg.solve(K.astype(np.float64) + 1e-4 * np.eye(400), y)
    assert_near(c, exact, 1e-6)
    rough = np.linalg.solve(K + np.float32(1e-4) * np.eye(400, dtype=np.float32), y.astype(np.float32))
    assert np.abs(rough - exact).max() > 10 * np.abs(c - exact).max()


def test_alpha_zero_of_a_regular_matrix_is_a_solution(rng):
    K = gaussian(rng.standard_normal((60, 5)), 1.0)
    B = rng.standard_normal((60, 2))
    assert_near(solve(MatrixOperator(K), B, 0.0), np.linalg.solve(K, B), 1e-9)
    np.testing.assert_allclose(factor(MatrixOperator(K), 0.0).solve(B), np.linalg.solve(K, B), rtol=1e-8)


@pytest.mark.parametrize("rank", [3, 39])
def test_alpha_zero_of_a_singular_matrix_is_least_squares(rng, rank):
    Z = rng.standard_normal((40, rank))
    K = Z @ Z.T
    B = rng.standard_normal((40, 2))
    with pytest.warns(LinAlgWarning, match="least-squares") as caught:
        X = solve(MatrixOperator(K), B, 0.0)
    assert len(caught) == 1
    assert_near(X, np.linalg.lstsq(K, B, rcond=1e-12)[0], 1e-9)
    with pytest.raises(LinAlgError, match="alpha=0"):
        factor(MatrixOperator(K), 0.0)


def test_alpha_zero_of_nothing():
    with pytest.warns(LinAlgWarning, match="least-squares"):
        np.testing.assert_array_equal(solve(MatrixOperator(np.zeros((3, 3))), np.ones(3), 0.0), 0)


def test_zero_kernel_with_alpha():
    np.testing.assert_allclose(solve(MatrixOperator(np.zeros((3, 3))), np.ones(3), 0.5), 2.0)


def test_jitter_for_rounding_and_a_warning(rng):
    Z = rng.standard_normal((60, 2))
    K = Z @ Z.T
    K -= 3e-15 * np.eye(60)  # what rounding does to a matrix without full rank
    with pytest.warns(LinAlgWarning, match="added to its diagonal") as caught:
        lower = factor(MatrixOperator(K), 1e-18)
    assert len(caught) == 1
    assert 0 < lower.jitter < 1e-10


def test_no_jitter_where_none_is_needed(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert factor(MatrixOperator(np.eye(5)), 1e-12).jitter == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_indefinite_matrix_names_its_smallest_eigenvalue(dtype):
    K = np.diag([3.0, -0.25, 1.0]).astype(dtype)
    with pytest.raises(LinAlgError, match=r"smallest eigenvalue before alpha is -0\.25; use alpha > 0\.25"):
        solve(MatrixOperator(K), np.ones(3), 0.125)
    np.testing.assert_allclose(solve(MatrixOperator(K), np.ones(3), 1.25), [1 / 4.25, 1.0, 1 / 2.25], rtol=1e-6)


def test_indefinite_matrix_without_a_diagonal():
    with pytest.raises(LinAlgError, match="smallest eigenvalue before alpha is -1;"):
        solve(MatrixOperator(np.array([[0.0, 1.0], [1.0, 0.0]])), np.ones(2), 0.5)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite(alpha, bad):
    K = np.eye(4)
    K[2, 1] = K[1, 2] = bad
    with pytest.raises(ValueError, match="not finite"):
        solve(MatrixOperator(K), np.ones(4), alpha)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_row(dtype):
    X = solve(MatrixOperator(np.array([[3.0]], dtype=dtype)), np.array([4.0]), 1.0)
    assert X.dtype == dtype
    np.testing.assert_array_equal(X, [1.0])


def test_inputs_are_left_alone(always_mixed, rng):
    K = gaussian(rng.standard_normal((100, 5)), 2.0)
    B, s = rng.standard_normal((100, 1)), rng.uniform(1, 2, 100)
    kept = K.copy(), B.copy(), s.copy()
    for alpha in (0.0, 1e-8, 1.0):
        solve(MatrixOperator(K), B, alpha, scale=s)
    for now, before in zip((K, B, s), kept, strict=True):
        np.testing.assert_array_equal(now, before)
