"""The direct solution of (S K S + alpha I) X = B where the arrays of another library than NumPy lie."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from scipy.linalg import LinAlgWarning

from .._arrays import (
    cast,
    cholesky,
    eps_of,
    full,
    multiply,
    namespace,
    one_norm,
    own_copy,
    solve_triangular,
    whereabouts,
    widest_float,
    with_diagonal,
)
from ._cholesky import EPS32, Outcome, SingularError, jittered
from ._spectral import Spectrum, check_finite, not_positive_definite

RESOLVED = 1e5 * EPS32  # alpha, relative to the largest k(x, x), from which float32 suffices
MOST_STEPS = 5


class DeviceSolver:
    """Solve (S K S + alpha I) X = B for one alpha after another, as `DirectSolver` does for NumPy's arrays.

    The arithmetic is float64, or float32 for rows of that type where alpha is large enough for it. Two n x n matrices
    are held. A device that has no float64 is warned of where alpha is too small for float32.

    Parameters
    ----------
    operator : DeviceOperator or DeviceMatrix
        K, symmetric, shape (n, n).
    scale : array of shape (n,), optional
        Square roots of the weights, > 0; None means one.
    """

    def __init__(self, operator: Any, scale: Any = None):
        diagonal = operator.diag()
        self._wide = widest_float(diagonal)
        self._operator, self._scale, self._n = operator, scale, operator.shape[0]
        self._eps = eps_of(operator.dtype, diagonal)
        sizes = namespace(diagonal).abs(cast(diagonal, self._wide))
        self._largest = float(namespace(sizes).max(sizes if scale is None else sizes * scale**2))
        self._K: Any = None
        self._diagonal: Any = None

    def solve(self, B: Any, alpha: float) -> tuple[Any, Outcome]:
        """Return X, shape (n, t), and how it was found; raise SingularError instead of a rank-deficient answer."""
        resolved = alpha >= RESOLVED * self._largest
        if resolved and alpha > 0 and self._operator.dtype != self._wide:
            L = cholesky(self._shifted(self._operator.dtype, alpha))
            if L is not None:
                return _solved(L, B), Outcome(alpha, "float32")
        L, jitter = self._factor(alpha)
        if eps_of(self._wide, L) < EPS32:
            return _solved(L, B), Outcome(alpha, "float64", jitter=jitter)
        if not resolved:
            self._warn_of_float32(alpha)
        return _solved(L, B), Outcome(alpha, "float32", jitter=jitter)

    def spectrum(self, intercept: bool) -> Spectrum:
        """Return the eigendecomposition, made of the matrix that is held."""
        matrix = self._shifted(self._wide, 0.0)
        check_finite(matrix)
        self._K = None
        return Spectrum.from_matrix(matrix, self._scale, intercept, self._eps, self._operator.dtype)

    def _factor(self, alpha: float) -> tuple[Any, float]:
        """Return the Cholesky factor and the jitter that it took."""
        matrix = self._shifted(self._wide, alpha)
        norm = one_norm(matrix) if alpha == 0 else 0.0
        L = cholesky(matrix)
        if L is None:
            check_finite(matrix)
        if alpha == 0:
            self._check_regular(L, norm)
        if L is not None:
            return L, 0.0
        found = jittered(lambda jitter: self._jittered(alpha, jitter), alpha, self._n, self._eps * self._largest)
        if found is None:
            smallest = namespace(matrix).linalg.eigvalsh(self._shifted(self._wide, 0.0))[0]
            raise not_positive_definite(float(smallest), alpha)
        return found

    def _jittered(self, alpha: float, jitter: float) -> tuple[Any, float] | None:
        L = cholesky(self._shifted(self._wide, alpha + jitter))
        return None if L is None else (L, jitter)

    def _check_regular(self, L: Any, norm: float) -> None:
        if L is None:
            raise SingularError("the kernel matrix is not positive definite and alpha=0")
        rcond = 1 / (norm * inverse_norm(lambda b: _solved(L, b), L))
        if not rcond > self._n * self._eps:
            raise SingularError(f"the kernel matrix is singular (reciprocal condition {rcond:.1e}) and alpha=0")

    def _shifted(self, dtype: Any, shift: float) -> Any:
        """Return S K S + shift I, of which one type is held at a time."""
        if self._K is None or self._K.dtype != dtype:
            self._K = None
            K = self._operator.astype(dtype).dense()
            if self._scale is not None:
                s = cast(self._scale, dtype)
                K = multiply(multiply(K, s[:, None]), s)
            self._K, self._diagonal = K, own_copy(namespace(K).linalg.diagonal(K))
        self._K = with_diagonal(self._K, self._diagonal + shift)
        return self._K

    def _warn_of_float32(self, alpha: float) -> None:
        warnings.warn(
            f"alpha={alpha:.3g} is below {RESOLVED * self._largest:.1e}, which is what 32-bit floats resolve of this "
            f"kernel matrix, and {whereabouts(self._diagonal)} has no others: digits of the coefficients are lost; "
            "raise alpha, or move X to the host",
            LinAlgWarning,
            stacklevel=3,
        )


def _solved(L: Any, B: Any) -> Any:
    return solve_triangular(L, solve_triangular(L, cast(B, L.dtype)), transposed=True)


def inverse_norm(solve: Callable[[Any], Any], like: Any) -> float:
    """Return an estimate of the largest sum of sizes in a column of A^-1, A symmetric: nearly always within a factor 3.

    Parameters
    ----------
    solve : callable
        b -> A^-1 b, for b of shape (n, 1).
    like : array
        Of the library, device and type of b, with n rows.

    References
    ----------
    Higham (2002), Accuracy and stability of numerical algorithms, algorithm 15.1.
    """
    xp, n = namespace(like), like.shape[0]
    x = full((n, 1), 1 / n, like)
    largest = 0.0
    for _ in range(MOST_STEPS):
        y = solve(x)
        norm = float(xp.sum(xp.abs(y)))
        if not norm > largest:
            break
        largest = norm
        z = xp.abs(solve(xp.where(y < 0, -xp.ones_like(y), xp.ones_like(y))))[:, 0]
        x = full((n, 1), 0.0, like)
        x[int(xp.argmax(z)), 0] = 1.0
    return largest
