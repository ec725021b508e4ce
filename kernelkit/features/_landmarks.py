"""Which rows, or points, stand for all the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils import check_random_state

from .._arrays import cast, n_rows, take_rows
from .._validation import check_choice, check_columns, check_number, check_numbers

STRATEGIES = ("uniform", "kmeans")


def choose_landmarks(X: Any, n_landmarks: int | None, landmarks: Any = "uniform", random_state: Any = None) -> Any:
    """Return landmarks as rows like those of `X`.

    Parameters
    ----------
    X : array, sparse matrix or table of shape (n, d)
        The training rows.
    n_landmarks : int or None
        How many, at most n; None for landmarks that are given.
    landmarks : {"uniform", "kmeans"} or array-like of shape (p, d)
        Rows drawn without replacement, centres of clusters, or the landmarks themselves.
    random_state : int, RandomState or None
        For the random ones.

    Raises
    ------
    ValueError
        If there are fewer rows than landmarks, or the landmarks have another width.

    Examples
    --------
    >>> import numpy as np
    >>> choose_landmarks(np.arange(8.0).reshape(4, 2), 2, random_state=0)
    array([[4., 5.],
           [6., 7.]])
    """
    if not isinstance(landmarks, str):
        return _given(X, n_landmarks, landmarks)
    check_choice("landmarks", landmarks, STRATEGIES)
    n = n_rows(X)
    count = check_number("n_landmarks", n_landmarks, at_least=1, integer=True)
    if count > n:
        raise ValueError(f"n_landmarks must be at most the number of rows, got n_landmarks={count} and n={n}")
    if landmarks == "uniform":
        return take_rows(X, np.sort(check_random_state(random_state).permutation(n)[:count]))
    return _centres(X, count, random_state)


def _given(X: Any, n_landmarks: int | None, landmarks: Any) -> Any:
    if hasattr(X, "iloc"):
        return landmarks
    Z = cast(check_numbers(landmarks, name="landmarks"), X.dtype)
    check_columns(X, Z.shape[1], "landmarks have")
    if n_landmarks is not None and n_landmarks != Z.shape[0]:
        raise ValueError(f"n_landmarks must be None or the number of landmarks, {Z.shape[0]}, got {n_landmarks}")
    return Z


def _centres(X: Any, count: int, random_state: Any) -> Any:
    X = check_numbers(X)
    clusters = MiniBatchKMeans(count, batch_size=max(1024, 4 * count), n_init=1, random_state=random_state).fit(X)
    return sp.csr_array(clusters.cluster_centers_) if sp.issparse(X) else clusters.cluster_centers_
