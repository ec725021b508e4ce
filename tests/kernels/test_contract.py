"""What every kernel promises about its values, over the registry x {k, 2 k, k + k, k * k} x {float64, float32}."""

import math

import numpy as np
import pytest

from kernelkit.engine import KernelOperator
from kernelkit.kernels import Cosine, Gaussian, Matern, RationalQuadratic
from tests import references as ref
from tests.kernels.helpers import CASES, PLAIN, SHIFTED, assert_close, assert_equals_loop, sample, tolerance
from tests.registry import KernelCase

DTYPES = [np.float64, np.float32]

every = pytest.mark.parametrize("case", CASES, ids=str)
each = pytest.mark.parametrize("case", PLAIN, ids=str)
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])


@every
@dtypes
def test_equals_the_loop(case, dtype):
    X, Y = sample(case, dtype)
    K = case.kernel(X, Y)
    assert type(K) is np.ndarray
    assert K.dtype == dtype
    assert_equals_loop(case, K, X, Y, tolerance(case, dtype))


@every
@dtypes
def test_one_argument_is_both(case, dtype):
    X, _ = sample(case, dtype)
    K = case.kernel(X)
    assert_equals_loop(case, K, X, X, tolerance(case, dtype))
    rounding = 4 * np.finfo(dtype).eps
    assert_close(case, K, np.asarray(case.kernel(X, X), dtype=np.float64), X, X, rounding)
    if case.kink or dtype == np.float64:
        assert_close(case, K, np.asarray(case.kernel(X, X.copy()), dtype=np.float64), X, X, 1e3 * rounding)


@every
@dtypes
def test_symmetric_and_positive(case, dtype):
    X, _ = sample(case, dtype)
    K = case.kernel(X)
    np.testing.assert_array_equal(K, K.T)
    assert case.kernel.positive_definite is case.positive_definite
    if case.positive_definite:
        eigenvalues = np.linalg.eigvalsh(K.astype(np.float64))
        assert eigenvalues.min() >= -10 * len(X) * np.finfo(dtype).eps * eigenvalues.max()


@every
@dtypes
def test_diagonal(case, dtype):
    X, _ = sample(case, dtype)
    diagonal = case.kernel.diag(X)
    assert diagonal.shape == (len(X),)
    assert diagonal.dtype == dtype
    wanted = ref.diagonal(case.formula, X)
    np.testing.assert_allclose(diagonal, wanted, rtol=tolerance(case, dtype), atol=0)
    np.testing.assert_allclose(np.diagonal(case.kernel(X)), wanted, rtol=tolerance(case, dtype), atol=0)


@each
def test_diagonal_takes_one_pass(case):
    many = np.zeros((2_000 if case.name == "function" else 200_000, case.width or 3)) + 0.5
    assert case.kernel.diag(many).shape == (len(many),)


@every
@dtypes
def test_tiles_are_slices_of_the_whole(case, dtype):
    X, Y = sample(case, dtype)
    k = case.kernel
    whole = np.asarray(k(X, Y), dtype=np.float64)
    kept = k.rows(Y)
    assert len(kept) == len(Y)
    tol = 8 * np.finfo(dtype).eps * (1e2 if case.kink else 1)
    for i in (slice(0, 12), slice(0, 5), slice(5, 6), slice(6, 12)):
        block = k.rows(X[i], like=kept)
        for j in (slice(0, 9), slice(0, 1), slice(1, 9)):
            tile = k.tile(block, kept[j])
            assert tile.shape == (len(block), len(kept[j]))
            assert tile.dtype == dtype
            assert_close(case, tile, whole[i, j], X[i], Y[j], tol)
    assert_close(case, k.tile(k.rows(X, like=kept)[3:7], kept[2:4]), whole[3:7, 2:4], X[3:7], Y[2:4], tol)


@every
def test_a_tile_is_fresh_or_the_loan(case):
    X, Y = sample(case)
    k = case.kernel
    b = k.rows(Y)
    a = k.rows(X, like=b)
    first = k.tile(a, b)
    wanted = first.copy()
    loan = np.full(first.shape, np.nan)
    lent = k.tile(a, b, loan)
    np.testing.assert_array_equal(lent, wanted)
    first[...] = np.nan
    lent[...] = np.nan
    np.testing.assert_array_equal(k.tile(a, b), wanted)
    part = k.tile(a, b, np.full((20, 30), np.nan)[4 : 4 + len(a), 5 : 5 + len(b)])
    np.testing.assert_array_equal(part, wanted)


@each
def test_operator_agrees(case):
    X, Y = sample(case, n=40, m=30)
    K = case.kernel(X, Y)
    operator = KernelOperator(case.kernel, X, Y)
    assert operator.shape == K.shape
    np.testing.assert_array_equal(operator.dense(), K)
    V = np.random.default_rng(0).normal(size=(30, 2))
    np.testing.assert_allclose(operator @ V, K @ V, rtol=1e-12, atol=1e-12 * np.abs(K).max())
    np.testing.assert_allclose(operator.columns([4, 2]), K[:, [4, 2]], rtol=1e-12, atol=1e-13 * np.abs(K).max())
    square = KernelOperator(case.kernel, X)
    np.testing.assert_allclose(square.diag(), np.diagonal(case.kernel(X)), rtol=1e-12)


@each
def test_many_tiles(case):
    """More rows than one tile holds; those of the last rows are the same as on their own."""
    k = case.kernel
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(900, case.width or 3)), rng.normal(size=(700, case.width or 3))
    if case.name in ("matern-0.8", "matern-3.2"):
        X, Y = X[:600], Y[:20]
    K = k(X, Y)
    assert_close(case, K[-7:, -5:], k.tile(k.rows(X[-7:], like=k.rows(Y)), k.rows(Y)[-5:]), X[-7:], Y[-5:], 1e-13)
    assert_equals_loop(case, K[-7:, -5:], X[-7:], Y[-5:], 1e-12)
    if len(Y) == 700:
        square = k(X)
        np.testing.assert_array_equal(square, square.T)
        assert_equals_loop(case, square[-7:, :5], X[-7:], X[:5], 1e-12)


@every
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (4, 1)])
def test_single_rows(case, n, m):
    X, Y = sample(case)
    X, Y = X[1 : 1 + n], Y[:m]
    assert_equals_loop(case, case.kernel(X, Y), X, Y, 1e-12)
    assert_equals_loop(case, case.kernel(X), X, X, 1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case.width is None], ids=str)
@pytest.mark.parametrize("d", [1, 2, 17])
@dtypes
def test_any_number_of_features(case, d, dtype):
    rng = np.random.default_rng(d)
    X, Y = rng.normal(size=(6, d)).astype(dtype), rng.normal(size=(5, d)).astype(dtype)
    assert_equals_loop(case, case.kernel(X, Y), X, Y, tolerance(case, dtype) * (1 if d < 17 else 2))


@every
@dtypes
def test_copies_agree(case, dtype):
    """Rows that are the same have the same values, and k(x, x) is the diagonal's wherever x stands."""
    X, _ = sample(case, dtype)
    X = np.vstack([X, X[::-1]])
    K = np.asarray(case.kernel(X), dtype=np.float64)
    n = len(X)
    tol = 20 * np.finfo(dtype).eps
    assert_close(case, K[::-1], K, X, X, tol * (1e4 if case.kink and dtype == np.float32 else 1e2))
    twins = K[np.arange(n), np.arange(n)[::-1]]
    np.testing.assert_allclose(twins, np.diagonal(K), rtol=tol, atol=0)


@pytest.mark.parametrize("case", SHIFTED, ids=str)
@pytest.mark.parametrize("shift", [1e3, 1e6])
def test_far_shifted_distances(case, shift):
    """Distances do not care where zero is; train and test have different means."""
    X, Y = sample(case)
    X, Y = X + shift, Y + shift + 0.5
    assert_equals_loop(case, case.kernel(X, Y), X, Y, 1e-11 if case.kink else 1e-12)
    assert_equals_loop(case, case.kernel(X), X, X, 1e-11 if case.kink else 1e-12)


@pytest.mark.parametrize("case", SHIFTED, ids=str)
def test_far_shifted_distances_in_float32(case):
    X, Y = sample(case)
    X, Y = (X + 1000).astype(np.float32), (Y + 1000.5).astype(np.float32)
    assert_equals_loop(case, case.kernel(X, Y), X, Y, tolerance(case, np.float32))


@pytest.mark.parametrize("case", SHIFTED, ids=str)
def test_test_rows_far_from_training_rows(case):
    X, Y = sample(case)
    far = np.vstack([X, X + 1e5])
    assert_equals_loop(case, case.kernel(far, Y), far, Y, 1e-11 if case.kink else 1e-12)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if not (c.distance or c.name.strip("2*(").startswith(("sigmoid", "sklearn", "function")))],
    ids=str,
)
@pytest.mark.parametrize("shift", [1e3, 1e6])
def test_far_shifted_products(case, shift):
    X, Y = sample(case)
    X, Y = X + shift, Y + shift + 0.5
    # What an activation that saturates or waves does to inputs of 10^6 hangs on their last digits.
    hangs = shift == 1e6 and any(f"-{name}" in case.name for name in ("erf", "gelu", "sin", "cos"))
    assert_equals_loop(case, case.kernel(X, Y), X, Y, 1e-9 if hangs else 1e-12)


@pytest.mark.parametrize("d", [1, 2, 20])
@pytest.mark.parametrize("factor", [0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
def test_gaussian_in_float32(d, factor):
    """The error stays below 2e-6 from narrow to wide, near-duplicates included."""
    rng = np.random.default_rng(d)
    X = rng.normal(size=(40, d)) * 3 + 1
    Y = np.vstack([X[:20] + 1e-3 * rng.normal(size=(20, d)), rng.normal(size=(10, d)) * 3 + 1.2])
    sigma = factor * float(np.sqrt(d * X.var() / 2))
    case = KernelCase("gaussian", Gaussian(sigma), ref.gaussian(sigma))
    X, Y = X.astype(np.float32), Y.astype(np.float32)
    assert_equals_loop(case, case.kernel(X, Y), X, Y, 2e-6)
    assert_equals_loop(case, case.kernel(X), X, X, 2e-6)


@pytest.mark.parametrize(
    "case", [c for c in PLAIN if c.distance and c.name.startswith(("gauss", "mat", "rat"))], ids=str
)
def test_rows_of_different_origins_do_not_meet(case):
    X, Y = sample(case)
    with pytest.raises(ValueError, match="like="):
        case.kernel.tile(case.kernel.rows(X), case.kernel.rows(Y + 5))


def test_cosine_of_tiny_and_huge_rows():
    X = np.array([[3.0, 4.0], [0.0, 0.0], [3e-200, 4e-200], [3e200, 4e200]])
    wanted = np.ones((4, 4))
    wanted[1] = wanted[:, 1] = 0
    np.testing.assert_allclose(Cosine()(X), wanted, rtol=1e-14)
    np.testing.assert_allclose(Cosine().diag(X), np.diagonal(wanted), rtol=1e-14)


@pytest.mark.parametrize("nu", [0.01, 0.3, 1.0, 2.0, 7.5, 30.0, 200.0])
def test_matern_of_any_smoothness(nu):
    """From pairs that are almost copies to pairs where the kernel vanishes, without a warning."""
    steps = np.concatenate([[0.0], np.logspace(-7, 2, 37)])
    X, Y = np.zeros((1, 1)), steps[:, None]
    K = Matern(nu=nu)(X, Y)[0]
    # A mixture of Gaussians with gamma-distributed precision, by quadrature: no Bessel function to end.
    wanted = np.array([_matern_by_quadrature(r, nu) for r in steps])
    np.testing.assert_allclose(K, wanted, rtol=1e-6, atol=1e-9)
    assert (np.diff(K) <= 1e-13).all()


def _matern_by_quadrature(r, nu):
    shape, u = nu, np.linspace(-60 / min(nu, 1.0), np.log(nu + 40 * np.sqrt(nu) + 60), 400_001)
    log_density = shape * u - np.exp(u) - math.lgamma(shape)  # of log of a gamma variable
    return np.trapezoid(np.exp(log_density - nu * r**2 / 2 * np.exp(np.minimum(-u, 700.0))), u)


@pytest.mark.parametrize("kernel", [Gaussian(), Matern(nu=1.5), Matern(nu=2.5), RationalQuadratic()], ids=repr)
@pytest.mark.parametrize("far", ["one", "half"])
def test_rows_far_away_do_not_spoil_the_others(kernel, far, rng):
    near = rng.normal(size=(40, 3))
    away = np.array([[1e8, 0, 0]]) if far == "one" else near + 1e7
    X = np.vstack([near, away])
    K = kernel(X)
    np.testing.assert_allclose(K[:40, :40], kernel(near), atol=1e-7, rtol=0)
    np.testing.assert_allclose(kernel(near, X)[:, :40], kernel(near), atol=1e-7, rtol=0)
    np.testing.assert_array_equal(np.diagonal(K), 1.0)


@pytest.mark.parametrize("sigma", [1e-3, 1e-8])
def test_a_narrow_width_keeps_the_diagonal(sigma, rng):
    X = rng.normal(size=(50, 3))
    np.testing.assert_allclose(Gaussian(sigma)(X), np.eye(50), atol=1e-12)
