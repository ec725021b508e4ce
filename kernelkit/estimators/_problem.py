"""Kernel ridge as the solvers want it: an operator on the rows that count, and targets as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_consistent_length

from .._arrays import columns_at, is_dask, is_foreign, n_rows, namespace, positive, scattered, take_rows, widest_float
from .._validation import as_floats, check_number, check_row_weights, check_weights, following
from ..engine import aligned, check_memory
from ..kernels import Kernel, kernel_operator


@dataclass(frozen=True)
class RidgeProblem:
    """Minimise sum_i w_i (y_i - f(x_i) - b)^2 + alpha c'Kc over the rows of positive weight.

    Attributes
    ----------
    operator : KernelOperator, MatrixOperator, DeviceOperator or DeviceMatrix
        K, shape (k, k).
    Y : array of shape (k, t)
        Targets, float64.
    scale : array of shape (k,) or None
        Square roots of the weights; None where all are one.
    rows : array of shape (k,)
        Positions of the k rows among all n.
    n : int
        Number of rows, those of weight zero included.
    """

    operator: Any
    Y: Any
    scale: Any
    rows: Any
    n: int

    def scatter(self, coef: np.ndarray) -> np.ndarray:
        """Return coefficients for all n rows: zero where the weight is."""
        return coef if n_rows(self.rows) == self.n else scattered(coef, self.rows, self.n)


def ridge_problem(kernel: Any, X: Any, Y: Any, w: Any) -> RidgeProblem:
    """Return the problem of fitting columns `Y` on rows `X` (or a kernel matrix, for "precomputed")."""
    n = n_rows(X)
    rows = np.arange(n) if w is None else positive(w)
    scale = None
    if n_rows(rows) < n:
        X = take_rows(X, rows) if isinstance(kernel, Kernel) else square_part(X, rows)
        Y, w = take_rows(Y, rows), take_rows(w, rows)
    if w is not None and not namespace(w).all(w == 1):
        scale = namespace(w).sqrt(w)
    return RidgeProblem(kernel_operator(kernel, X), Y, scale, rows, n)


def square_part(K: Any, rows: Any) -> Any:
    """Return a copy of the kernel matrix at some rows and the same columns."""
    if is_foreign(K):
        return columns_at(take_rows(K, rows), rows)
    check_memory(len(rows) ** 2 * K.itemsize, f"a copy of a {len(rows)} x {len(rows)} kernel matrix", "use fewer rows")
    return K[np.ix_(rows, rows)]


def check_targets(y: Any, X: Any) -> tuple[np.ndarray, bool]:
    """Return numeric targets as columns (n, t), and whether they came as one vector: with the blocks of a Dask `X`."""
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    if is_dask(X):
        y = aligned("y", y, X)
        return (y[:, None], True) if y.ndim == 1 else (y, False)
    y = check_array(following(y, X), ensure_2d=False, dtype=widest_float(X), input_name="y")
    if y.ndim > 2:
        raise ValueError(f"y must have shape (n,) or (n, t), got {tuple(y.shape)}")
    check_consistent_length(X, y)
    return (y[:, None], True) if y.ndim == 1 else (y, False)


def check_weights_of(sample_weight: Any, X: Any) -> Any:
    """Return the weights of the rows, shape (n,), or None where all are one: with the blocks of a Dask `X`."""
    if sample_weight is None or not is_dask(X):
        return check_row_weights(sample_weight, X)
    w = aligned("sample_weight", sample_weight, X)
    if w.ndim != 1:
        raise ValueError(f"sample_weight must have one value for each row, shape ({len(X)},), got shape {w.shape}")
    extremes = np.array([w.min().compute(), w.max().compute()])
    return None if check_weights(extremes, 2) is None else w


def check_alphas(alpha: Any, n_targets: int) -> np.ndarray:
    """Return alpha as one number for each target, shape (t,)."""
    if np.ndim(alpha) == 0:
        alpha = alpha.item() if isinstance(alpha, np.ndarray) else alpha
        return np.full(n_targets, check_number("alpha", alpha, at_least=0), dtype=np.float64)
    alphas = as_floats("alpha", alpha)
    if alphas.shape != (n_targets,):
        raise ValueError(f"alpha must be a number or one for each of {n_targets} targets, got shape {alphas.shape}")
    for value in alphas:
        check_number("alpha", float(value), at_least=0)
    return alphas
