"""Features of many rows, such as those that landmarks span, phi(x) = W'k(Z, x), and their sums over blocks of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._arrays import (
    cast,
    column_dots,
    columns_at,
    eigh_ascending,
    eps_of,
    full,
    is_foreign,
    largest_eigenpairs,
    namespace,
    take_rows,
    widest_float,
)
from ..engine import MatrixOperator, blocks, bytes_at_once, check_memory, matrix_operator, over_blocks
from ._cholesky import solve
from ._device_cholesky import DeviceSolver
from ._eigenvalues import Peaks, check_spread, checked_eigenvalues, inverse_roots
from ._principal import PrincipalComponents
from ._spectral import check_finite

BLOCK_BYTES = 2**23
NOISE = 0.025  # what rounding may do to a matrix that is nearly the identity
FEWER = "take fewer of them"


def whitening(K: Any, dtype: Any = np.float64, rank: int | None = None) -> Any:
    """Return W, shape (p, r), with W'KW = I on the range of the kernel matrix K of p landmarks.

    Parameters
    ----------
    K : array of shape (p, p)
        Symmetric.
    dtype : dtype
        In which k(x, Z) is computed: eigenvalues that would make much of its rounding count as zero.
    rank : int, optional
        The largest r: only the largest eigenvalues are kept.

    Raises
    ------
    ValueError
        If K has values that are not finite, or no positive eigenvalue.

    References
    ----------
    Williams and Seeger (2001), Using the Nystroem method to speed up kernel machines, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> whitening(np.diag([4.0, 0.0, 1.0]))
    array([[0. , 0.5],
           [0. , 0. ],
           [1. , 0. ]])
    """
    check_finite(K)
    xp, p, wide = namespace(K), K.shape[0], widest_float(K)
    values, vectors = eigh_ascending(cast(K, wide))
    size, eps, largest = float(xp.max(xp.abs(xp.linalg.diagonal(K)))), eps_of(wide, K), float(values[-1])
    least = max(p * eps, eps_of(dtype, K)) * size + 4 * eps * largest
    first = max(int(xp.count_nonzero(values <= least)), 0 if rank is None else p - rank)
    if first == p:
        raise ValueError(f"the landmarks' kernel matrix has no positive eigenvalue, the largest is {largest:.3g}")
    return vectors[:, first:] / xp.sqrt(values[first:])


def float32_drowns(W: Any, size: float) -> bool:
    """Tell whether rounding of float32 kernel values, as large as `size`, would drown what W makes of them.

    With rows that are like the landmarks, the unknowns in which ridge is well conditioned are multiplied by
    sqrt(p / n) K^-1: of n p values that are rounded eps sqrt(p) |K^-1|_F is left, whatever n and alpha.
    """
    inverse = float(namespace(W).sum(column_dots(W, W) ** 2)) ** 0.5
    return eps_of(np.float32, W) * size * W.shape[0] ** 0.5 * inverse > NOISE


@dataclass(frozen=True, eq=False)
class Moments:
    """What many weighted rows have in sum; those of two sets of rows add up.

    Attributes
    ----------
    total : float
        Sum of the weights: the number of rows where these are one.
    mean : array of shape (r,)
        Mean of the features.
    covariance : array of shape (r, r)
        Sum of the products of the features less their means.
    targets : array of shape (t,)
        Mean of the targets; t = 0 without these.
    cross : array of shape (r, t)
        Sum of the products of both less their means.
    """

    total: float
    mean: Any
    covariance: Any
    targets: Any
    cross: Any

    @classmethod
    def of_block(cls, F: Any, Y: Any, w: Any) -> Moments:
        """Return those of features, shape (h, r), targets, shape (h, t), and weights, shape (h,)."""
        xp = namespace(F)
        total = float(xp.sum(w))
        mean, targets = w @ F / total, w @ Y / total
        roots = xp.sqrt(w)[:, None]
        F, Y = roots * (F - mean), roots * (Y - targets)
        return cls(total, mean, F.T @ F, targets, F.T @ Y)

    @classmethod
    def of(cls, operator: Any, W: Any, Y: Any = None, w: Any = None) -> Moments:
        """Sum over blocks of rows of k(x, Z) W, or of phi(x), in float64; no more than a block of features is held.

        Parameters
        ----------
        operator : KernelOperator, MatrixOperator, FeatureOperator or DaskOperator
            k(x, Z) or phi(x), shape (n, p).
        W : array of shape (p, r) or None
            From `whitening`; None for features that are what they should be.
        Y : array of shape (n, t), optional
            Targets.
        w : array of shape (n,), optional
            Weights >= 0, not all zero.

        Raises
        ------
        MemoryError
            If the sums do not fit into memory.
        """
        return over_blocks(operator, cls._of_rows, [W], [Y, w])

    @classmethod
    def _of_rows(cls, operator: Any, W: Any, Y: Any, w: Any) -> Moments:
        n, p = operator.shape
        r = p if W is None else W.shape[1]
        if not is_foreign(W):
            check_memory(4 * 8 * r * r, f"sums of products of {r} features", FEWER)
        narrow, wide = None if W is None else cast(W, operator.dtype), widest_float(W)
        Y = full((n, 0), 0.0, W, wide) if Y is None else Y
        found: Moments | None = None
        for rows in blocks(n, max(1, bytes_at_once(W, BLOCK_BYTES) // (8 * p), r // 2)):
            weights = full((rows.stop - rows.start,), 1.0, W, wide) if w is None else w[rows]
            if not namespace(weights).any(weights):
                continue
            block = operator.block(rows)
            features = block if narrow is None else block @ narrow
            part = cls.of_block(cast(features, wide), cast(Y[rows, ...], wide), weights)
            found = part if found is None else found + part
        assert found is not None
        return found

    def __add__(self, other: Moments) -> Moments:
        total = self.total + other.total
        share = other.total / total
        apart, targets = other.mean - self.mean, other.targets - self.targets
        between = self.total * share
        covariance = self.covariance + other.covariance
        covariance += (between * apart)[:, None] * apart
        return Moments(
            total,
            self.mean + share * apart,
            covariance,
            self.targets + share * targets,
            self.cross + other.cross + between * (apart[:, None] * targets),
        )

    def of_targets(self, at: np.ndarray) -> Moments:
        """Return those of some of the targets."""
        return replace(self, targets=take_rows(self.targets, at), cross=columns_at(self.cross, at))

    def ridge(self, alpha: float, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return c, shape (r, t), and b, shape (t,), that minimise sum_i w_i |y_i - F_i c - b|^2 + alpha |c|^2.

        Without an intercept b is zero. `alpha` is at least 0; for the rest see `solve`.
        """
        A, right = self.covariance, self.cross
        if not intercept:
            A = A + (self.total * self.mean)[:, None] * self.mean
            right = right + (self.total * self.mean)[:, None] * self.targets
        if is_foreign(A):
            coef = DeviceSolver(matrix_operator(A)).solve(right, alpha)[0]
        else:
            coef = solve(MatrixOperator(A), right, alpha, mixed=False)
        return coef, self.targets - self.mean @ coef if intercept else full((right.shape[1],), 0.0, right)


def landmark_components(operator: Any, K: Any, p: int | None) -> PrincipalComponents:
    """Return the principal components of the features that landmarks Z span, in O(m^2 + n p) memory.

    Parameters
    ----------
    operator : KernelOperator, MatrixOperator or DaskOperator
        K_xZ, shape (n, m). The eigenvectors of the last are a Dask array that nothing is computed of yet.
    K : array of shape (m, m)
        K_ZZ.
    p : int or None
        How many; values beyond the rank of K are zero. None is that rank.

    Raises
    ------
    ValueError
        If the kernel matrix has values that are not finite, or all rows have the same features.
    """
    W = whitening(K, operator.dtype)
    sums = Moments.of(operator, W)
    xp, eps = namespace(K), eps_of(operator.dtype, K)
    total = float(xp.linalg.trace(sums.covariance))
    check_spread(sums.covariance, total, sums.total * float(sums.mean @ sums.mean), eps)
    rank = W.shape[1]
    p = rank if p is None else p
    values, directions = largest_eigenpairs(sums.covariance, min(p, rank))
    none = max(p - rank, 0)
    values = xp.concat([values, full((none,), 0.0, values)])
    directions = xp.concat([directions, full((rank, none), 0.0, values)], axis=1)
    values = checked_eigenvalues(values, operator.shape[0], float(xp.max(xp.abs(xp.linalg.diagonal(K)))), eps)
    directions = directions * cast(values > 0, values.dtype)
    weights, offset = W @ directions, sums.mean @ directions
    vectors = (operator @ weights - offset) * inverse_roots(values)
    sign = over_blocks(operator, Peaks.of, [], [vectors]).signs
    return PrincipalComponents(values, vectors * sign, weights * sign, offset * sign, total, "dense")


def ridge_on_landmarks(operator: Any, K: Any, Y: Any, alpha: float) -> Any:
    """Return c, shape (p, t), that minimises |Y - K_xZ c|^2 + alpha c'K_ZZ c.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K_xZ, shape (n, p).
    K : array of shape (p, p)
        K_ZZ.
    Y : array of shape (n, t)
        Targets.
    alpha : float
        Ridge, > 0.
    """
    W = whitening(K, operator.dtype)
    return W @ ridge_on_features(operator, W, Y, alpha)


def ridge_on_features(operator: Any, W: Any, Y: Any, alpha: float) -> Any:
    """Return c, shape (r, t), that minimises |Y - K_xZ W c|^2 + alpha |c|^2; see `Moments.of` for the parameters."""
    return Moments.of(operator, W, Y).ridge(alpha, intercept=False)[0]
