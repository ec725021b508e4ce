"""Ridge regression on the functions that landmarks span, by conjugate gradients over rows in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cholesky, get_lapack_funcs, solve_triangular

from ..engine import blocks, check_memory, over_blocks
from ._cholesky import Outcome
from ._iterations import Ending, Watch, improve, sizes_of
from ._nystroem import NOISE
from ._spectral import check_finite
from ._targets import weight_roots

FEWER = "take fewer landmarks"
EPS32 = float(np.finfo(np.float32).eps)
FLOAT32_RESIDUAL = 1e-3  # about what that leaves
HEIGHT = 512  # rows of the sample that are worked on at a time


class LandmarkRidge:
    """Minimise sum_i w_i (y_i - (K c)_i - b)^2 + alpha c'K_ZZ c by conjugate gradients, K = k(x, Z) never held.

    With T'T = K_ZZ, and A'A = T^-T K'WK T^-1 + alpha I estimated from some of the rows, the unknowns are u in c = B u,
    B = T^-1 A^-1: for them the matrix of the problem is nearly the identity. With four times as many rows as landmarks
    its condition is about 9, whatever the kernel, and a step leaves half of the error. Each step is one pass over the
    rows, in which a block of kernel values is made once and used twice.

    Parameters
    ----------
    operator : KernelOperator, MatrixOperator or DaskOperator
        K, shape (n, p).
    K : array of shape (p, p)
        K_ZZ, float64, of landmarks that `independent` keeps.
    Y : array of shape (n, t)
        Targets, float64; like `scale` in memory, or where the rows of a DaskOperator are.
    scale : array of shape (n,), optional
        Square roots of the weights w; None means one.
    intercept : bool
        Whether there is a b, which is not penalised.
    sample : KernelOperator or MatrixOperator
        K at rows that are drawn, shape (s, p).
    sample_scale : array of shape (s,), optional
        Square roots of weight over chance, up to a factor; None means one.
    precision : {"auto", "float32"}
        Whether float32 rows keep float32 tiles also where their rounding, multiplied by the preconditioner, would drown
        the solution; "auto" goes on in float64 then.

    References
    ----------
    Rudi, Carratino and Rosasco (2017), FALKON: an optimal large scale kernel method, section 3.
    """

    def __init__(
        self,
        operator: Any,
        K: np.ndarray,
        Y: np.ndarray,
        sample: Any,
        *,
        scale: np.ndarray | None = None,
        sample_scale: np.ndarray | None = None,
        intercept: bool = False,
        precision: str = "auto",
    ):
        p = operator.shape[1]
        check_memory(5 * 8 * p * p, f"the preconditioner of {p} landmarks", FEWER)
        check_finite(K)
        self._K, self._Y, self._scale, self._intercept = K, Y, scale, intercept
        totals = over_blocks(operator, _totals, [], [Y, scale])
        self._total = float(totals[-1])
        self._mean_y = totals[:-1] / self._total if intercept else np.zeros(Y.shape[1])
        self._sample_roots = weight_roots(sample_scale, sample.shape[0])
        self._refined = precision == "auto" and operator.dtype == np.float32
        self._stopped = False
        self._prepare(operator, sample)

    @property
    def dtype(self) -> Any:
        """The type of the tiles."""
        return self._operator.dtype

    def _prepare(self, operator: Any, sample: Any) -> None:
        self._operator, self._sample = operator, sample
        self._T = _upper_factor(self._K.copy())
        self._G = self._whitened(sample, self._sample_roots)
        sums = over_blocks(operator, _right_sides, [self._mean_y], [self._Y, self._scale])
        self._right = sums[:, :-1]
        self._mean_k = sums[:, -1] / self._total if self._intercept else np.zeros(len(self._K))

    def _whitened(self, sample: Any, roots: np.ndarray) -> np.ndarray:
        """Return an estimate of T^-T K'WK T^-1; as a sum of squares it is positive semi-definite in any arithmetic."""
        p = len(self._T)
        G = np.zeros((p, p))
        for rows in blocks(sample.shape[0], max(p // 2, HEIGHT)):
            H = roots[rows, None] * sample.block(rows).astype(np.float64, copy=False)
            F = solve_triangular(self._T, H.T, trans="T", overwrite_b=True, check_finite=False)
            G += F @ F.T
        return G * (self._total / float(roots @ roots))

    def solve(
        self,
        alpha: float,
        *,
        targets: Any = slice(None),
        start: np.ndarray | None = None,
        tol: float = 1e-6,
        max_iter: int = 100,
        watch: Watch | None = None,
        interruptible: bool = False,
    ) -> tuple[np.ndarray, np.ndarray, Outcome]:
        """Return c, shape (p, t), b, shape (t,), and how the iterations ended.

        Once they were stopped, later systems keep what they start from.

        Parameters
        ----------
        alpha : float
            Ridge, > 0.
        targets : slice or array
            Which columns of Y.
        start : array of shape (p, t), optional
            Coefficients to start from.
        tol : float
            Relative residual, in the preconditioned norm, to stop at.
        max_iter : int
            Most steps.
        watch : callable, optional
            Called with the number of each step and its residual.
        interruptible : bool
            Whether an interrupt from the keyboard ends the iterations, and not more.
        """
        max_iter = 0 if self._stopped else max_iter
        B = self._preconditioner(alpha)
        right = self._right[:, targets]
        coef = np.zeros_like(right) if start is None else start.astype(np.float64)
        sizes = sizes_of(B.T @ right)
        rest = B.T @ (right if start is None else right - self._normal(coef, alpha))
        change, steps, ending = improve(
            np.zeros_like(right),
            lambda U: B.T @ self._normal(B @ U, alpha),
            rest,
            np.copy,
            sizes=sizes,
            tol=tol,
            max_iter=max_iter,
            watch=watch,
            interruptible=interruptible,
        )
        coef = coef + B @ change
        left = np.linalg.norm(B.T @ (right - self._normal(coef, alpha)), axis=0) / sizes
        residual = float(left.max())
        enough = 10 * tol if self.dtype == np.float64 else max(10 * tol, FLOAT32_RESIDUAL)
        self._stopped = ending is Ending.ASKED_TO or self._stopped
        if self._stopped:
            ending = Ending.ASKED_TO
        outcome = Outcome.iterated(alpha, "nystroem", steps, residual, ending, enough)
        return coef, self._mean_y[targets] - self._mean_k @ coef, outcome

    def _normal(self, V: np.ndarray, alpha: float) -> np.ndarray:
        """Return (K'W (I - 1 w'/sum w) K + alpha K_ZZ) V."""
        narrow = V.astype(self._operator.dtype, copy=False)
        products = over_blocks(self._operator, _normal_products, [narrow], [self._scale])
        products -= self._total * np.outer(self._mean_k, self._mean_k @ V)
        return products + alpha * (self._K @ V)

    def _preconditioner(self, alpha: float) -> np.ndarray:
        """Return B, upper triangular; a matrix, since between passes the idle threads of SciPy's solver would spin."""
        B = self._factors(alpha)
        if self._refined and EPS32 * np.sqrt(self._total) * np.linalg.norm(B) > NOISE:
            self._refined = False
            self._prepare(self._operator.astype(np.float64), self._sample.astype(np.float64))
            B = self._factors(alpha)
        return B

    def _factors(self, alpha: float) -> np.ndarray:
        A = self._G.copy()
        A[np.diag_indices(len(A))] += alpha
        (trtri,) = get_lapack_funcs(("trtri",), (A,))
        inverse, _ = trtri(_upper_factor(A))
        return np.ascontiguousarray(solve_triangular(self._T, inverse, overwrite_b=True, check_finite=False))


def _weights(operator: Any, scale: np.ndarray | None) -> np.ndarray:
    return weight_roots(scale, operator.shape[0])[:, None] ** 2


def _totals(operator: Any, Y: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """Return the sums of the weighted targets and, last, of the weights, shape (t + 1,)."""
    weights = _weights(operator, scale)
    return np.append((weights * Y).sum(axis=0), weights.sum())


def _right_sides(operator: Any, mean: np.ndarray, Y: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """Return K'W [Y - mean, 1], shape (p, t + 1)."""
    weights = _weights(operator, scale)
    columns = np.column_stack([weights * (Y - mean), weights]).astype(operator.dtype, copy=False)
    return operator.transposed_sum(lambda i, K: columns[i], columns.shape[1])


def _normal_products(operator: Any, V: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """Return K'WK V, shape (p, t)."""
    weights = _weights(operator, scale).astype(V.dtype, copy=False)
    return operator.transposed_sum(lambda i, K: weights[i] * (K @ V), V.shape[1])


def independent(K: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
    """Return positions of landmarks that span, up to rounding in `dtype`, all that landmarks with the matrix K span.

    Raises
    ------
    ValueError
        If K has values that are not finite, or nothing above rounding.

    References
    ----------
    Higham (2002), Accuracy and stability of numerical algorithms, section 10.3 (Cholesky with complete pivoting).
    """
    check_finite(K)
    (pstrf,) = get_lapack_funcs(("pstrf",), (K,))
    rounding = len(K) * float(np.finfo(dtype).eps) * float(np.abs(np.diagonal(K)).max())
    _, pivots, rank, _ = pstrf(K, tol=rounding)
    if rank == 0 or not rounding > 0:
        raise ValueError("the landmarks' kernel matrix has no positive eigenvalue")
    return np.sort(pivots[:rank] - 1)


def _upper_factor(A: np.ndarray) -> np.ndarray:
    """Return R with R'R = A, in the memory of the symmetric A."""
    try:
        return cholesky(A.T, overwrite_a=True, check_finite=False)
    except LinAlgError:
        raise LinAlgError(
            "the landmarks' kernel matrix is not positive semi-definite: take another kernel, or float64 rows"
        ) from None
