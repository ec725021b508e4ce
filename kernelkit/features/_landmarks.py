"""Which rows, or points, stand for all the others."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils import check_random_state
from sklearn.utils.random import sample_without_replacement

from .._arrays import (
    cast,
    is_dask,
    is_floating,
    is_foreign,
    like,
    n_rows,
    namespace,
    own_copy,
    take_rows,
    to_numpy,
    whereabouts,
    widest_float,
)
from .._validation import check_blocks, check_choice, check_columns, check_number, check_numbers
from ..kernels import Kernel, as_kernel, kernel_operator
from ..solvers import farthest_points, leverage_sample, pivoted_cholesky

STRATEGIES = ("rpcholesky", "uniform", "kmeans", "leverage", "farthest")
ON_DEVICES = ("rpcholesky", "uniform", "farthest")
SAMPLE, SAMPLE_PER_LANDMARK = 10_000, 10
MOST_SHUFFLED = 10**8  # positions, of 8 bytes each


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Landmarks, and what their choice gave besides.

    Attributes
    ----------
    rows : array, sparse matrix or table of shape (p, d), or None
        The landmarks; None where a kernel matrix takes the place of rows.
    indices : array of shape (p,) or None
        Their positions among the training rows; None where they are none of these.
    factor : array of shape (p, p) or None
        The Cholesky factor of their kernel matrix, where that was made.
    """

    rows: Any
    indices: np.ndarray | None = None
    factor: Any = None


def choose_landmarks(
    kernel: Any,
    X: Any,
    n_landmarks: int | None,
    landmarks: Any = "rpcholesky",
    random_state: Any = None,
    *,
    among: np.ndarray | None = None,
) -> Landmarks:
    """Choose landmarks among the rows of `X`, or points between them.

    Parameters
    ----------
    kernel : Kernel or what ``kernelkit.kernels.as_kernel`` takes
        With numbers for parameters.
    X : array, sparse matrix, table or Dask array of shape (n, d)
        The training rows; the kernel matrix, of shape (n, n), for "precomputed".
    n_landmarks : int or None
        How many, at most n; None for landmarks that are given. "rpcholesky" and "farthest" find fewer where these leave
        nothing.
    landmarks : {"rpcholesky", "uniform", "kmeans", "leverage", "farthest"} or array-like of shape (p, d)
        Rows drawn by what others leave of k(x, x); rows drawn with equal chances; centres of clusters; rows drawn by
        their ridge leverage scores; rows each far from those before; or the landmarks themselves. Of more than 10000
        rows, and 10 n_landmarks, so many are drawn with equal chances, and the landmarks chosen among these; clusters
        are made of all rows in memory, and of so many of a Dask array.
    random_state : int, RandomState or None
        For all but the last.
    among : array of int, optional
        Positions of the rows to choose among, which are not copied; None is all.

    Raises
    ------
    ValueError
        If there are fewer rows than landmarks, the landmarks have another width, or "precomputed" meets landmarks that
        are not rows.
    MemoryError
        If "rpcholesky" or "leverage" does not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import Gaussian
    >>> choose_landmarks(Gaussian(), np.arange(8.0).reshape(4, 2), 2, "uniform", random_state=0).rows
    array([[4., 5.],
           [6., 7.]])
    """
    kernel, X = as_kernel(kernel), check_blocks(X) if is_dask(X) else X
    if not isinstance(landmarks, str):
        return Landmarks(_given(kernel, X, n_landmarks, landmarks))
    check_choice("landmarks", landmarks, STRATEGIES)
    known = ON_DEVICES if isinstance(kernel, Kernel) else ("uniform",)
    if is_foreign(X) and landmarks not in known:
        wanted = " or ".join(map(repr, known))
        raise TypeError(f"landmarks must be {wanted} for X of {whereabouts(X)}, got {landmarks!r}, which needs NumPy's")
    n = n_rows(X) if among is None else len(among)
    count = check_number("n_landmarks", n_landmarks, at_least=1, integer=True)
    if count > n:
        raise ValueError(f"n_landmarks must be at most the number of rows, got n_landmarks={count} and n={n}")
    if landmarks == "kmeans":
        return Landmarks(_centres(kernel, _clustered(X, count, random_state, among), count, random_state))
    rng = check_random_state(random_state)
    # Chosen among so many rows that more would change little, in memory that does not grow with n.
    some = drawn_rows(rng, n, count if landmarks == "uniform" else max(SAMPLE, SAMPLE_PER_LANDMARK * count))
    some = some if among is None else among[some]
    indices, factor = some, None
    if landmarks != "uniform":
        chosen, factor = _chosen(_operator(kernel, X, some), count, landmarks, rng)
        indices = some[chosen]
    return Landmarks(take_rows(X, indices) if isinstance(kernel, Kernel) else None, indices, factor)


def instead_on_devices(landmarks: Any) -> str | None:
    """Return what to do where landmarks cannot be chosen among arrays of other libraries; None where they can be."""
    if not isinstance(landmarks, str) or landmarks in ON_DEVICES:
        return None
    return f"take landmarks={' or '.join(map(repr, ON_DEVICES))}"


def drawn_rows(rng: np.random.RandomState, n: int, count: int) -> np.ndarray:
    """Return `count` of n positions, or all, drawn with equal chances and sorted."""
    if n <= MOST_SHUFFLED:
        return np.sort(rng.permutation(n)[:count])
    return np.sort(sample_without_replacement(n, min(count, n), random_state=rng))


def _operator(kernel: Any, X: Any, rows: np.ndarray) -> Any:
    if len(rows) == n_rows(X) and not is_dask(X):
        return kernel_operator(kernel, X)
    return kernel_operator(kernel, take_rows(X, rows) if isinstance(kernel, Kernel) else X[np.ix_(rows, rows)])


def _chosen(operator: Any, count: int, landmarks: str, rng: np.random.RandomState) -> tuple[np.ndarray, Any]:
    if landmarks == "rpcholesky":
        pivots, F = pivoted_cholesky(operator, count, rng)
        rows = take_rows(F, pivots)
        return pivots, namespace(rows).tril(cast(rows, widest_float(rows)))
    if landmarks == "leverage":
        return leverage_sample(operator, count, rng), None
    return farthest_points(operator, count, rng), None


def _given(kernel: Any, X: Any, n_landmarks: int | None, landmarks: Any) -> Any:
    _check_rows(kernel, "an array of landmarks")
    if np.ndim(landmarks) < 1:
        names = ", ".join(map(repr, STRATEGIES))
        raise ValueError(f"landmarks must be one of {names}, or an array of shape (p, d), got {landmarks!r}")
    # A copy, since the caller may go on to change them; rows that are no matrix of numbers are passed on as they come.
    Z = own_copy(like(landmarks, X)) if is_foreign(X) else copy(to_numpy(landmarks))
    if hasattr(X, "dtype") and not hasattr(X, "iloc"):
        Z = check_numbers(Z, name="landmarks")
        check_columns(X, Z.shape[1], "landmarks have")
        Z = cast(Z, X.dtype) if is_floating(X) else Z
    elif hasattr(X, "columns") and list(X.columns) != list(getattr(Z, "columns", [])):
        raise ValueError(f"landmarks must be a table with the columns of X, {list(X.columns)}")
    if n_landmarks is not None and n_landmarks != n_rows(Z):
        raise ValueError(f"n_landmarks must be None or the number of landmarks, {n_rows(Z)}, got {n_landmarks}")
    return Z


def _clustered(X: Any, count: int, random_state: Any, among: np.ndarray | None) -> Any:
    """Return the rows to find clusters of: all that are in memory, and as many of a Dask array as others draw."""
    if is_dask(X):
        many = max(SAMPLE, SAMPLE_PER_LANDMARK * count)
        among = drawn_rows(check_random_state(random_state), X.shape[0], many)
    return X if among is None else take_rows(X, among)


def _centres(kernel: Any, X: Any, count: int, random_state: Any) -> Any:
    _check_rows(kernel, "landmarks='kmeans'")
    X = check_numbers(X)
    clusters = MiniBatchKMeans(count, batch_size=max(1024, 4 * count), n_init=1, random_state=random_state).fit(X)
    return sp.csr_array(clusters.cluster_centers_) if sp.issparse(X) else clusters.cluster_centers_


def _check_rows(kernel: Any, what: str) -> None:
    if not isinstance(kernel, Kernel):
        raise ValueError(f"{what} needs rows: kernel='precomputed' takes one of the strategies that choose among rows")
