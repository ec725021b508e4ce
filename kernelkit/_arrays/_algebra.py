"""Products, factors and eigenvalues of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh

from ._library import array_api_compat, device_of, namespace, writes_in_place


def as_dense(x: Any) -> Any:
    """Return a sparse matrix as a dense array, anything else as it is."""
    return x.toarray() if sp.issparse(x) else x


def products(a: Any, b: Any, out: Any = None) -> Any:
    """Return the matrix a b' of all row products, dense, in `out` where it fits."""
    if sp.issparse(a) or sp.issparse(b):
        return as_dense(a @ b.T)
    if isinstance(a, np.ndarray):
        if out is not None and out.dtype == a.dtype:
            return np.matmul(a, b.T, out=out)
        return np.matmul(a, b.T)
    if out is not None and out.dtype == a.dtype and writes_in_place(a) and writes_in_place(b):
        return namespace(a).matmul(a, b.T, out=out)
    return a @ b.T


def summed_powers(X: Any, Y: Any, p: int) -> Any:
    """Return sum_k |x_k - y_k|^p, p being 1 or 2, for all pairs of rows of foreign matrices, shape (n, m)."""
    if array_api_compat().is_torch_array(X):
        import torch

        distances = torch.cdist(X, Y, p=p, compute_mode="donot_use_mm_for_euclid_dist")
        return distances if p == 1 else distances**2
    xp = namespace(X)
    total = xp.zeros((X.shape[0], Y.shape[0]), dtype=X.dtype, device=device_of(X))
    for k in range(X.shape[1]):
        difference = X[:, k : k + 1] - Y[:, k : k + 1].T
        total += xp.abs(difference) if p == 1 else difference**2
    return total


def with_diagonal(K: Any, diagonal: Any) -> Any:
    """Return a foreign square matrix with another diagonal, in its own memory where the library can."""
    xp, n = namespace(K), K.shape[0]
    flat = xp.reshape(K, (-1,))
    flat[:: n + 1] = diagonal
    return xp.reshape(flat, (n, n))


def one_norm(A: Any) -> float:
    """Return the largest sum of sizes in a column of a matrix."""
    xp = namespace(A)
    return float(xp.max(xp.sum(xp.abs(A), axis=0)))


def cholesky(K: Any) -> Any:
    """Return the lower Cholesky factor of a foreign matrix, or None where it is not positive definite."""
    xp = namespace(K)
    if array_api_compat().is_torch_array(K):
        import torch

        L, failed = torch.linalg.cholesky_ex(K)
        if bool(failed):
            return None
    else:
        try:
            L = xp.linalg.cholesky(K)
        except np.linalg.LinAlgError:
            return None
    return L if bool(xp.all(xp.isfinite(xp.linalg.diagonal(L)))) else None  # CuPy leaves NaN in place of an error


def solve_triangular(L: Any, B: Any, transposed: bool = False) -> Any:
    """Return L^-1 B, or L^-T B, for a lower triangular foreign matrix and B of shape (n, t).

    The array API has no such verb: where the library has none of its own either, this is a general solve.
    """
    compat = array_api_compat()
    A = L.T if transposed else L
    if compat.is_torch_array(L):
        import torch

        return torch.linalg.solve_triangular(A, B, upper=transposed)
    if compat.is_cupy_array(L):
        from cupyx.scipy.linalg import solve_triangular as solve

        return solve(A, B, lower=not transposed)
    return namespace(L).linalg.solve(A, B)


def eigh_ascending(A: Any) -> tuple[Any, Any]:
    """Return the eigenvalues, ascending, and eigenvectors of a symmetric matrix."""
    if isinstance(A, np.ndarray):
        return eigh(A, driver="evd", check_finite=False)
    return tuple(namespace(A).linalg.eigh(A))  # type: ignore[return-value]


def largest_eigenpairs(A: Any, p: int) -> tuple[Any, Any]:
    """Return the p largest eigenvalues, descending, and eigenvectors of a symmetric matrix."""
    n = A.shape[0]
    if isinstance(A, np.ndarray):
        values, vectors = eigh(A, driver="evx", subset_by_index=[n - p, n - 1])
        return values[::-1], vectors[:, ::-1]
    values, vectors = eigh_ascending(A)
    xp = namespace(A)
    return xp.flip(values[n - p :]), xp.flip(vectors[:, n - p :], axis=1)
