"""Principal components of features known by their inner products, centred without a second matrix."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from .._arrays import cast, eps_of, is_foreign, largest_eigenpairs, namespace, widest_float
from ..engine import MatrixOperator, blocks, check_memory
from ._eigenvalues import check_spread, checked_eigenvalues, inverse_roots, rounding, signs
from ._factor import BLOCK
from ._lanczos import basis_size, block_lanczos, block_width
from ._spectral import EVD_BELOW, check_finite

EIGEN_SOLVERS = ("auto", "dense", "lanczos", "arpack", "randomized")
# Where the whole decomposition takes as long as the iterations for p components (measured at n = 1000 ... 5000).
DENSE_UP_TO, FEW = 1000, 30
MOST_PRODUCTS = 300
POWER = 7
FEWER = "ask for fewer components, which need no decomposition of the whole matrix, or take landmarks"


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Directions of largest variance in feature space.

    Attributes
    ----------
    values : array of shape (p,)
        Sums of squares along them, descending: eigenvalues of J K J, J = I - 1 1'/n.
    vectors : array of shape (n, p)
        Eigenvectors of length 1 with fixed signs: the rows' scores are sqrt(values) times these.
    weights, offset : arrays of shape (m, p) and (p,)
        The scores of x are k(x, basis) weights - offset; the basis is the n rows or m landmarks. Zero where the value
        is.
    total : float
        The sum of all eigenvalues, and at least of those found.
    solver : str
        What found them.
    n_iter : int or None
        Products with the matrix; None where it was decomposed.
    """

    values: Any
    vectors: Any
    weights: Any
    offset: Any
    total: float
    solver: str
    n_iter: int | None = None

    def nonzero(self) -> PrincipalComponents:
        """Return those whose value is not zero."""
        kept = int(namespace(self.values).count_nonzero(self.values > 0))  # they are descending
        parts = {name: getattr(self, name)[..., :kept] for name in ("values", "vectors", "weights", "offset")}
        return replace(self, **parts)

    def astype(self, dtype: Any) -> PrincipalComponents:
        """Return the same in another floating type."""
        names = ("values", "vectors", "weights", "offset")
        return replace(self, **{name: cast(getattr(self, name), dtype) for name in names})


def principal_components(
    operator: Any,
    p: int,
    solver: str = "auto",
    *,
    tol: float = 0.0,
    max_iter: int | None = None,
    power: int | None = None,
    random_state: Any = None,
) -> PrincipalComponents:
    """Return the p largest eigenvalues of the centred kernel matrix with their eigenvectors.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, symmetric, shape (n, n).
    p : int
        At most n.
    solver : {"auto", "dense", "lanczos", "arpack", "randomized"}
        "dense" decomposes the whole matrix. The others need products with it only, and hold it where it fits into
        memory: "lanczos" works in blocks, "arpack" vector by vector, "randomized" in a given number of products. "auto"
        is "dense" for n up to 1000 or p above n / 30, and "lanczos" else.
    tol : float
        For "lanczos" and "arpack": largest residual over the largest eigenvalue; 0 is what rounding allows.
    max_iter : int, optional
        For "lanczos" and "arpack": most iterations.
    power : int, optional
        For "randomized": passes over the matrix, each a product with p vectors, for many in several blocks.
    random_state : int, RandomState or None
        For all but "dense".

    Raises
    ------
    MemoryError
        If "dense" does not fit into memory.
    ValueError
        If the kernel matrix has values that are not finite, one of the p eigenvalues is clearly negative, or all rows
        have the same features.
    ArpackNoConvergence
        If "arpack" does not meet the tolerance.

    Warns
    -----
    ConvergenceWarning
        If "lanczos" does not meet the tolerance.

    References
    ----------
    Schoelkopf, Smola and Mueller (1998), Nonlinear component analysis as a kernel eigenvalue problem, appendix A.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> found = principal_components(MatrixOperator(np.outer(x, x)), 1)
    >>> found.values, found.total
    (array([14.]), 14.0)
    """
    if is_foreign(operator.diag()):
        return _dense_on_device(operator, p)
    solver = _choose(solver, operator.shape[0], p)
    if solver == "dense":
        return _dense(operator, p)
    operator, eps = _held(operator), float(np.finfo(operator.dtype).eps)
    centred = CentredOperator(operator)
    noise = rounding(len(centred), float(np.abs(operator.diag()).max()), eps)
    total = centred.trace()
    check_spread(centred, total, float(np.abs(centred.means).max()), eps)
    rng = check_random_state(random_state)
    if solver == "arpack":
        values, vectors, n_iter = _arpack(centred, p, max(_tolerance(centred, tol), noise / abs(total)), max_iter, rng)
    elif solver == "randomized":
        passes = (POWER if power is None else power) * -(-p // block_width(p))
        values, vectors, n_iter, _ = block_lanczos(centred, p, 0.0, passes, rng)
    else:
        values, vectors, n_iter = _lanczos(centred, p, _tolerance(centred, tol), noise, max_iter, rng)
    return _finished(values, vectors, centred.means, total, solver, n_iter, operator)


def _choose(solver: str, n: int, p: int) -> str:
    if solver == "auto":
        solver = "dense" if n <= DENSE_UP_TO or p * FEW > n else "lanczos"
    # So few rows leave the iterations nothing to save.
    too_small = p >= n if solver == "arpack" else basis_size(p) > n
    return "dense" if too_small else solver


def _held(operator: Any) -> Any:
    """Return the operator with its matrix in memory, where that fits."""
    if isinstance(operator, MatrixOperator):
        return operator
    try:
        return MatrixOperator(operator.matrix())
    except MemoryError:
        return operator


class CentredOperator:
    """Products with J K J, J = I - 1 1'/n.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, symmetric, shape (n, n).
    """

    def __init__(self, operator: Any):
        self._operator = operator
        self.shape = operator.shape
        self.dtype = operator.dtype
        self.means = np.asarray(operator @ np.ones(len(self)), dtype=np.float64) / len(self)
        check_finite(self.means[None])

    def __len__(self) -> int:
        return self.shape[0]

    def trace(self) -> float:
        """Return the sum of the eigenvalues."""
        return float(np.sum(self._operator.diag(), dtype=np.float64) - self.means.sum())

    def __matmul__(self, V: np.ndarray) -> np.ndarray:
        """Return J K J V for V of shape (n,) or (n, t)."""
        image = self._operator @ (V - V.mean(axis=0))
        return image - image.mean(axis=0, dtype=np.float64)


def _dense(operator: Any, p: int) -> PrincipalComponents:
    n = operator.shape[0]
    everything = 4 * p > n and n < EVD_BELOW
    words = max(3 * n, n + 3 * p) if everything else n + 4 * p
    check_memory(8 * n * words, f"the eigendecomposition of a {n} x {n} matrix", FEWER)
    K = operator.astype(np.float64).dense()
    check_finite(K)
    means = centre_in_place(K)
    total = float(np.trace(K))
    check_spread(K, total, float(np.abs(means).max()), float(np.finfo(operator.dtype).eps))
    if everything:
        values, vectors = eigh(K.T, overwrite_a=True, check_finite=False, driver="evd")
        values, vectors = values[n - p :], vectors[:, n - p :]
    else:
        # Not evr, which is no faster, and leaves out some of many equal eigenvalues.
        subset = [n - p, n - 1]
        values, vectors = eigh(K.T, overwrite_a=True, check_finite=False, driver="evx", subset_by_index=subset)
    values, vectors = values[::-1], vectors[:, ::-1]
    return _finished(values, vectors, means, total, "dense", None, operator)


def _dense_on_device(operator: Any, p: int) -> PrincipalComponents:
    diagonal = operator.diag()
    xp, eps = namespace(diagonal), eps_of(operator.dtype, diagonal)
    K = operator.astype(widest_float(diagonal)).dense()
    check_finite(K)
    means = xp.mean(K, axis=0)
    K -= means
    K -= (means - xp.mean(means))[:, None]
    total = float(xp.linalg.trace(K))
    check_spread(K, total, float(xp.max(xp.abs(means))), eps)
    return _finished(*largest_eigenpairs(K, p), means, total, "dense", None, operator)


def centre_in_place(K: np.ndarray) -> np.ndarray:
    """Replace the symmetric K by J K J; return the means of its columns."""
    means = K.mean(axis=0)
    grand = means.mean()
    for rows in blocks(len(K), BLOCK):
        K[rows] -= means
        K[rows] -= (means[rows] - grand)[:, None]
    return means


def _lanczos(
    centred: CentredOperator, p: int, tolerance: float, noise: float, max_iter: int | None, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray, int]:
    most = max_iter or MOST_PRODUCTS
    values, vectors, n_iter, residual = block_lanczos(centred, p, tolerance, most, rng, noise)
    if not residual <= max(tolerance, noise / np.abs(values).max()):
        warnings.warn(
            f"after {n_iter} products with the kernel matrix the residual is {residual:.1e} of the largest eigenvalue, "
            f"not {tolerance:.1e}: take a larger tol or max_iter, or fewer components",
            ConvergenceWarning,
            stacklevel=2,
        )
    return values, vectors, n_iter


def _tolerance(centred: CentredOperator, tol: float) -> float:
    """Return `tol`, or what rounding allows: 2e-12 in float64, 6e-6 in float32."""
    return tol or float(np.finfo(centred.dtype).eps) ** 0.75


def _arpack(
    centred: CentredOperator, p: int, tolerance: float, max_iter: int | None, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray, int]:
    products = 0

    def multiply(v: np.ndarray) -> np.ndarray:
        nonlocal products
        products += 1
        return centred @ v

    A = LinearOperator(centred.shape, matvec=multiply, dtype=np.float64)
    start = rng.uniform(-1, 1, size=len(centred))
    values, vectors = eigsh(A, p, which="LA", tol=tolerance, maxiter=max_iter, v0=start)
    return values[::-1], vectors[:, ::-1], products


def _finished(
    values: Any,
    vectors: Any,
    means: Any,
    total: float,
    solver: str,
    n_iter: int | None,
    operator: Any,
) -> PrincipalComponents:
    diagonal = operator.diag()
    xp, eps = namespace(diagonal), eps_of(operator.dtype, diagonal)
    values = checked_eigenvalues(values, means.shape[0], float(xp.max(xp.abs(diagonal))), eps)
    vectors = vectors * signs(vectors)
    weights = vectors * inverse_roots(values)
    weights -= xp.mean(weights, axis=0)  # then what centring subtracts from k(x, X) for each x is gone
    # Negative eigenvalues of an indefinite matrix take from the total; what was found is there all the same.
    total = max(total, float(xp.sum(values)))
    return PrincipalComponents(values, vectors, weights, means @ weights, total, solver, n_iter)
