"""Closed-form cross-validation against fits without the rows left out."""

import numpy as np
import pytest
from scipy.linalg import LinAlgError

from kernelkit.engine import MatrixOperator
from kernelkit.solvers import Spectrum, _spectral
from tests.solvers.helpers import assert_near, gaussian, held_out_residuals, ridge, tolerance

ALPHAS = np.array([1e-8, 1e-4, 0.1, 10.0])
N = 40


def kernels(rng):
    X = rng.standard_normal((N, 3))
    copies = np.vstack([X[: N // 2], X[: N // 2]])
    return {
        "full rank": gaussian(X, 1.0),
        "duplicate rows": gaussian(copies, 1.0),
        "linear": X @ X.T,
        "linear, far from the origin": (X + 100) @ (X + 100).T,
        "one constant": np.ones((N, N)),
    }


@pytest.fixture(params=["full rank", "duplicate rows", "linear", "linear, far from the origin", "one constant"])
def K(request, rng):
    return kernels(rng)[request.param]


@pytest.fixture(params=[False, True], ids=["no intercept", "intercept"])
def intercept(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["unweighted", "weighted"])
def w(request, rng):
    return rng.uniform(0.1, 5, N) if request.param else None


def spectrum(K, w=None, intercept=False):
    return Spectrum.from_operator(MatrixOperator(K), scale=None if w is None else np.sqrt(w), intercept=intercept)


def targets(rng, shape=(N, 3)):
    return 5 + rng.standard_normal(shape)


def test_solution(K, w, intercept, rng):
    Y = targets(rng)
    alphas = [1e-6, 0.1, 10.0]
    C, b = spectrum(K, w, intercept).solve(Y, alphas)
    for j, alpha in enumerate(alphas):
        c, shift = ridge(K, Y[:, j], alpha, w, intercept)
        near = tolerance(K, alpha, w)
        assert_near(C[:, j], c, near)
        assert_near(K @ C[:, j] + b[j], K @ c + shift, near)


def test_leave_one_out(K, w, intercept, rng):
    Y = targets(rng)
    E = spectrum(K, w, intercept).loo_residuals(Y, ALPHAS)
    assert E.shape == (len(ALPHAS), N, 3)
    for e, alpha in zip(E, ALPHAS, strict=True):
        brute = np.concatenate([held_out_residuals(K, Y, alpha, [i], w, intercept) for i in range(N)])
        assert_near(e, brute, tolerance(K, alpha, w))


def test_folds(K, w, intercept, rng):
    Y = targets(rng)
    folds = np.array_split(rng.permutation(N), 3)
    results = spectrum(K, w, intercept).fold_residuals(Y, ALPHAS, folds)
    for fold, E in zip(folds, results, strict=True):
        assert E.shape == (len(ALPHAS), len(fold), 3)
        for e, alpha in zip(E, ALPHAS, strict=True):
            assert_near(e, held_out_residuals(K, Y, alpha, fold, w, intercept), tolerance(K, alpha, w))


def test_folds_of_one_row_are_leave_one_out(K, w, intercept, rng):
    y = targets(rng, (N,))
    s = spectrum(K, w, intercept)
    single = np.concatenate(s.fold_residuals(y, [0.1], np.arange(N)[:, None]), axis=1)
    assert single.shape == (1, N)
    np.testing.assert_allclose(single, s.loo_residuals(y, [0.1]), rtol=1e-9)


def test_gcv(K, w, intercept, rng):
    Y = targets(rng)
    scores = spectrum(K, w, intercept).gcv(Y, [0.1, 10.0])
    weights = np.ones(N) if w is None else w
    for score, alpha in zip(scores, [0.1, 10.0], strict=True):
        C, B = ridge(K, np.eye(N), alpha, w, intercept)  # one column a target of one row: the smoother itself
        H = K @ C + B
        error = weights @ (Y - H @ Y) ** 2 / weights.sum()
        np.testing.assert_allclose(score, error / (1 - np.trace(H) / N) ** 2, rtol=1e-7)


def test_weights_are_repeated_rows(rng, intercept):
    K = kernels(rng)["full rank"]
    w = rng.integers(1, 4, N)
    many = np.repeat(np.arange(N), w)
    y = targets(rng, (N,))
    # All copies of a row leave together, and that is one fold.
    folds = [np.flatnonzero(many == i) for i in range(N)]
    repeated = spectrum(K[np.ix_(many, many)], None, intercept).fold_residuals(y[many], [0.1], folds)
    weighted = spectrum(K, w.astype(float), intercept).loo_residuals(y, [0.1])
    np.testing.assert_allclose(weighted[0], [e[0, 0] for e in repeated], rtol=1e-8)


@pytest.mark.parametrize("rank", [2, 40])
def test_alpha_zero_is_least_squares(rng, w, intercept, rank):
    X = rng.standard_normal((N, rank)) + 3
    y = targets(rng, (N,))
    c, b = spectrum(X @ X.T, w, intercept).solve(y, 0.0)
    design = np.column_stack([X, np.ones(N)]) if intercept else X
    s = np.ones(N) if w is None else np.sqrt(w)
    if rank == N and intercept:  # more columns than rows: the intercept is free, the rest of smallest norm
        centre = np.average(X, axis=0, weights=s**2)
        coef = np.linalg.lstsq(s[:, None] * (X - centre), s * (y - np.average(y, weights=s**2)), rcond=1e-10)[0]
    else:
        coef = np.linalg.lstsq(s[:, None] * design, s * y, rcond=1e-10)[0]
        assert_near(X @ X.T @ c + b, design @ coef, 1e-8)
    assert_near(X.T @ c, coef[: X.shape[1]], 1e-8)


def test_one_target_as_a_vector(rng, intercept):
    s = spectrum(kernels(rng)["full rank"], None, intercept)
    y = targets(rng, (N,))
    c, b = s.solve(y, 0.1)
    assert c.shape == (N,)
    assert b.shape == ()
    column, shift = s.solve(y[:, None], [0.1])
    np.testing.assert_array_equal(column[:, 0], c)
    np.testing.assert_array_equal(shift[0], b)
    assert s.loo_residuals(y, ALPHAS).shape == (4, N)
    assert s.gcv(y, ALPHAS).shape == (4,)
    assert s.fold_residuals(y, ALPHAS, [np.arange(5)])[0].shape == (4, 5)


def test_float32_is_worked_in_float64(rng, intercept):
    K = kernels(rng)["full rank"].astype(np.float32)
    y = targets(rng, (N,))
    single, double = spectrum(K, None, intercept), spectrum(K.astype(np.float64), None, intercept)
    np.testing.assert_array_equal(single.loo_residuals(y, [0.01]), double.loo_residuals(y, [0.01]))
    c, b = single.solve(y, 0.01)
    assert c.dtype == b.dtype == np.float32
    np.testing.assert_array_equal(c, double.solve(y, 0.01)[0].astype(np.float32))


def test_rounding_below_zero_is_zero(rng):
    X = rng.standard_normal((N, 2))
    K = X @ X.T
    s = spectrum(K - 1e-15 * np.eye(N))
    assert s.values.min() == 0
    assert np.isfinite(s.loo_residuals(targets(rng), [1e-16])).all()


def test_tiny_alpha_is_finite(rng, intercept):
    K = kernels(rng)["duplicate rows"]
    s = spectrum(K, None, intercept)
    Y = targets(rng)
    assert np.isfinite(s.loo_residuals(Y, [1e-300, 1e-18])).all()
    assert np.isfinite(s.fold_residuals(Y, [1e-18], [np.arange(30)])[0]).all()


def test_indefinite_kernel(rng, intercept):
    Q, _ = np.linalg.qr(rng.standard_normal((N, N)))
    values = np.linspace(-0.5, 2, N)
    K = Q * values @ Q.T
    s = spectrum(K, None, intercept)
    Y = targets(rng)
    for refused in (lambda: s.loo_residuals(Y, [1.0, 1e-6]), lambda: s.solve(Y, [1.0, 1.0, 1e-6])):
        with pytest.raises(LinAlgError, match="alpha=1e-06 is not positive definite: its smallest eigenvalue"):
            refused()
    e = s.loo_residuals(Y, [1.0])[0, 3]
    np.testing.assert_allclose(e, held_out_residuals(K, Y, 1.0, [3], None, intercept)[0], rtol=1e-8)
    c, _ = spectrum(K).solve(Y, 0.0)
    assert_near(c, np.linalg.solve(K, Y), 1e-8)


def test_zero_kernel(rng, intercept):
    y = targets(rng, (N,))
    e = spectrum(np.zeros((N, N)), None, intercept).loo_residuals(y, [1.0])[0]
    np.testing.assert_allclose(e, (y - y.mean()) * N / (N - 1) if intercept else y, rtol=1e-12)


@pytest.mark.parametrize("alphas", [[0.0, 1.0], [-1.0], 1.0, [np.nan]])
def test_alphas_must_be_positive(rng, alphas):
    s = spectrum(np.eye(N))
    y = targets(rng, (N,))
    for call in (s.loo_residuals, s.gcv, lambda y, a: s.fold_residuals(y, a, [[0, 1]])):
        with pytest.raises(ValueError, match="alphas must be numbers > 0"):
            call(y, alphas)


def test_nothing_left_to_train_on(intercept):
    one = spectrum(np.eye(1), None, intercept)
    with pytest.raises(ValueError, match="n_samples=1"):
        one.loo_residuals(np.ones(1), [1.0])
    c, b = one.solve(np.full(1, 3.0), 1.0)
    np.testing.assert_allclose(c[0] + b, 3.0 if intercept else 1.5)
    with pytest.raises(ValueError, match="none is left to train on"):
        spectrum(np.eye(3)).fold_residuals(np.ones(3), [1.0], [np.arange(3)])


def test_values_that_are_not_finite():
    K = np.eye(4)
    K[2, 1] = K[1, 2] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        spectrum(K)


def test_memory_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(_spectral, "check_memory", lambda needed, what, alternative: asked.append(needed))
    spectrum(np.eye(10))
    assert max(asked) == 3 * 8 * 10**2


def test_inputs_are_left_alone(rng, intercept):
    K, Y, w = kernels(rng)["full rank"], targets(rng), rng.uniform(1, 2, N)
    kept = K.copy(), Y.copy(), w.copy()
    s = spectrum(K, w, intercept)
    first = s.loo_residuals(Y, ALPHAS), s.gcv(Y, ALPHAS), s.solve(Y, 1.0)[0]
    second = s.loo_residuals(Y, ALPHAS), s.gcv(Y, ALPHAS), s.solve(Y, 1.0)[0]
    for a, b in zip((K, Y, w, *first), (*kept, *second), strict=True):
        np.testing.assert_array_equal(a, b)
