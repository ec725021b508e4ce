"""Rows and columns: how many, some of them, and their sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from ._library import as_array, cast, device_of, is_dask, is_foreign, like, namespace, to_numpy, widest_float


def n_rows(X: Any) -> int:
    """Return the number of rows of an array, a sparse matrix, a table or a list."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def as_sliceable(X: Any) -> Any:
    """Return a sparse matrix in a format whose rows can be taken, anything else as it is."""
    return X.tocsr() if sp.issparse(X) else X


def take_rows(X: Any, index: Any) -> Any:
    """Return the rows of `X` at a slice or an array of integers: a view where the container allows one.

    Those of a Dask array are fetched.
    """
    if is_dask(X):
        return X[index].compute()
    if hasattr(X, "iloc"):
        return X.iloc[index]
    if isinstance(X, list):
        return X[index] if isinstance(index, slice) else [X[i] for i in index]
    if isinstance(X, np.ndarray) or sp.issparse(X):
        return X[index]
    if isinstance(index, slice):
        return X[index, ...]
    return namespace(X).take(X, positions(index, X), axis=0)


def positions(index: Any, x: Any) -> Any:
    """Return integers as an array that can take rows of `x`: where it lies, and of its library."""
    return index if is_foreign(index) else as_array(index, x)


def columns_at(x: Any, index: Any) -> Any:
    """Return a copy of the columns of a matrix at an array of integers."""
    return namespace(x).take(x, positions(index, x), axis=1) if is_foreign(x) else x[:, index]


def scattered(values: Any, index: Any, n: int) -> Any:
    """Return values, shape (k,) or (k, t), at positions of n rows that are zero elsewhere."""
    if not is_foreign(values):
        rows = np.zeros((n, *values.shape[1:]), dtype=values.dtype)
        rows[index] = values
        return rows
    xp = namespace(values)
    index = positions(index, values)
    order = xp.argsort(index)
    index, values = xp.take(index, order, axis=0), xp.take(values, order, axis=0)
    places = xp.arange(n, dtype=index.dtype, device=device_of(index))
    nearest = xp.minimum(xp.searchsorted(index, places), xp.asarray(index.shape[0] - 1, device=device_of(index)))
    found = xp.reshape(xp.take(index, nearest, axis=0) == places, (n, *(1 for _ in values.shape[1:])))
    return xp.where(found, xp.take(values, nearest, axis=0), 0.0)


def positive(w: Any) -> Any:
    """Return the positions of what is above zero, shape (k,)."""
    return np.flatnonzero(w > 0) if isinstance(w, np.ndarray) else namespace(w).nonzero(w > 0)[0]


def set_to_zero(x: Any, index: np.ndarray) -> None:
    """Write zeros at some positions of a vector, where it lies."""
    if is_foreign(x) and namespace(x).__name__ == "array_api_strict":
        for i in index.tolist():  # the standard has no such assignment
            x[i] = 0.0
    else:
        x[index] = 0.0


def drawn_in_proportion(weights: Any, uniforms: np.ndarray) -> np.ndarray:
    """Return positions, drawn with chances as the weights by uniform numbers in [0, 1), as NumPy's integers."""
    n = weights.shape[0]
    if isinstance(weights, np.ndarray):
        total = np.cumsum(weights)
        return np.minimum(np.searchsorted(total, uniforms * total[-1]), n - 1)
    xp = namespace(weights)
    total = xp.cumulative_sum(weights)
    return np.minimum(to_numpy(xp.searchsorted(total, like(uniforms, weights) * total[-1])), n - 1)


def row_sums(x: Any, y: Any) -> Any:
    """Return the sum over each row of x * y, shape (n,), in the type of `x`."""
    if sp.issparse(x):
        return np.asarray(x.multiply(y).sum(axis=1)).reshape(-1)
    if isinstance(x, np.ndarray):
        return np.einsum("ij,ij->i", x, y)
    return namespace(x).sum(x * y, axis=1)


def column_dots(x: Any, y: Any) -> Any:
    """Return the sum over each column of x * y, shape (t,)."""
    return np.einsum("ij,ij->j", x, y) if isinstance(x, np.ndarray) else namespace(x).sum(x * y, axis=0)


def column_means(X: Any) -> Any:
    """Return the mean of each column of a matrix, shape (d,), in the widest floats there are."""
    if isinstance(X, np.ndarray):
        return X.mean(axis=0, dtype=np.float64)
    return namespace(X).mean(cast(X, widest_float(X)), axis=0)


def median_of_columns(X: Any) -> Any:
    """Return the median of each column of a matrix, shape (d,)."""
    if isinstance(X, np.ndarray):
        return np.median(X, axis=0)
    ordered, n = namespace(X).sort(X, axis=0), X.shape[0]
    return (ordered[(n - 1) // 2, :] + ordered[n // 2, :]) / 2


def largest(x: Any) -> float:
    """Return the largest of numbers, and zero at the least."""
    if isinstance(x, np.ndarray):
        return float(x.max(initial=0.0))
    return max(float(namespace(x).max(x)), 0.0) if 0 not in x.shape else 0.0


def largest_size(x: Any) -> float:
    """Return the largest size among numbers; zero where there are none."""
    xp = namespace(x)
    return 0.0 if 0 in x.shape else float(xp.max(xp.abs(x)))
