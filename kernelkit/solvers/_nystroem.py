"""The feature space that landmarks span: features phi(x) = W'k(Z, x), and sums over many rows of them in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh, solve

from ..engine import blocks
from ._eigenvalues import check_spread, checked_eigenvalues, inverse_roots, signs
from ._principal import PrincipalComponents
from ._spectral import check_finite

BLOCK_BYTES = 2**23


def whitening(K: np.ndarray, dtype: Any = np.float64, rank: int | None = None) -> np.ndarray:
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
    values, vectors = eigh(K.astype(np.float64), driver="evd", check_finite=False)
    size, eps = float(np.abs(np.diagonal(K)).max()), float(np.finfo(np.float64).eps)
    usable = values > max(len(K) * eps, float(np.finfo(dtype).eps)) * size + 4 * eps * values[-1]
    if rank is not None:
        usable[: max(len(K) - rank, 0)] = False
    if not usable.any():
        raise ValueError(f"the landmarks' kernel matrix has no positive eigenvalue, the largest is {values[-1]:.3g}")
    return vectors[:, usable] / np.sqrt(values[usable])


@dataclass(frozen=True, eq=False)
class Moments:
    """What many rows have in sum.

    Attributes
    ----------
    n : int
        Number of rows.
    mean : array of shape (r,)
        Mean of the features.
    covariance : array of shape (r, r)
        Sum of the products of the features less their means.
    cross : array of shape (r, t)
        Sum of the products of the features with targets; t = 0 without these.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray
    cross: np.ndarray

    @classmethod
    def of(cls, operator: Any, W: np.ndarray, Y: np.ndarray | None = None) -> Moments:
        """Sum over blocks of rows of k(x, Z) W, in float64; no more than a block of features is held.

        Parameters
        ----------
        operator : KernelOperator or MatrixOperator
            k(x, Z), shape (n, p).
        W : array of shape (p, r)
            From `whitening`.
        Y : array of shape (n, t), optional
            Targets.
        """
        n, r = operator.shape[0], W.shape[1]
        total, products = np.zeros(r), np.zeros((r, r))
        cross = np.zeros((r, 0 if Y is None else Y.shape[1]))
        origin = None
        for rows in blocks(n, max(1, BLOCK_BYTES // (8 * len(W)))):
            features = operator.block(rows) @ W.astype(operator.dtype, copy=False)
            if origin is None:
                origin = features.mean(axis=0)  # a constant part would drown the covariance
            if Y is not None:
                cross += features.T @ Y[rows]
            features -= origin
            total += features.sum(axis=0, dtype=np.float64)
            products += features.T @ features
        mean = total / n
        return cls(n, mean + origin, products - n * np.outer(mean, mean), cross)


def landmark_components(operator: Any, K: np.ndarray, p: int | None) -> PrincipalComponents:
    """Return the principal components of the features that landmarks Z span, in O(m^2 + n p) memory.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K_xZ, shape (n, m).
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
    total = float(np.trace(sums.covariance))
    check_spread(sums.covariance, total, sums.n * float(sums.mean @ sums.mean), operator.dtype)
    rank = W.shape[1]
    p = rank if p is None else p
    values, directions = np.zeros(p), np.zeros((rank, p))
    found, vectors = eigh(sums.covariance, driver="evx", subset_by_index=[max(rank - p, 0), rank - 1])
    values[: len(found)], directions[:, : len(found)] = found[::-1], vectors[:, ::-1]
    values = checked_eigenvalues(values, sums.n, float(np.abs(np.diagonal(K)).max()), operator.dtype)
    directions[:, values == 0] = 0.0
    weights, offset = W @ directions, sums.mean @ directions
    vectors = (operator @ weights - offset) * inverse_roots(values)
    sign = signs(vectors)
    return PrincipalComponents(values, vectors * sign, weights * sign, offset * sign, total, "dense")


def ridge_on_landmarks(operator: Any, K: np.ndarray, Y: np.ndarray, alpha: float) -> np.ndarray:
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


def ridge_on_features(operator: Any, W: np.ndarray, Y: np.ndarray, alpha: float) -> np.ndarray:
    """Return c, shape (r, t), that minimises |Y - K_xZ W c|^2 + alpha |c|^2; see `Moments.of` for the parameters."""
    sums = Moments.of(operator, W, Y)
    A = sums.covariance + sums.n * np.outer(sums.mean, sums.mean)
    A[np.diag_indices(len(A))] += alpha
    return solve(A, sums.cross, assume_a="pos")
