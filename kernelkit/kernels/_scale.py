"""Widths and scales that are read off the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import pairwise_distances

from .._arrays import (
    cast,
    eps_of,
    full,
    is_foreign,
    median_of_columns,
    namespace,
    summed_powers,
    take_rows,
    widest_float,
)
from .._validation import check_choice
from ..engine import blocks

MEDIAN_ROWS = 1000
HEIGHT = 2**16


def variance(X: Any, w: np.ndarray | None = None) -> float:
    """Return the variance of all entries of `X`, rows weighted by `w`."""
    xp, wide = namespace(X), widest_float(X)
    w = full((X.shape[0],), 1.0, X, wide) if w is None else w
    total = float(xp.sum(w)) * X.shape[1]
    if sp.issparse(X):
        X = X.astype(wide, copy=False)
        mean = float((w @ X).sum() / total)
        squares = (w @ X.multiply(X)).sum() / total - mean**2
    else:
        # In blocks: X may be a file that is larger than memory.
        parts = [(w[i], take_rows(X, i)) for i in blocks(X.shape[0], HEIGHT)]
        mean = sum(float(xp.sum(v @ cast(x, wide))) for v, x in parts) / total
        squares = sum(float(xp.sum(v @ (cast(x, wide) - mean) ** 2)) for v, x in parts) / total
    rounding = (10 * eps_of(wide, X) * mean) ** 2
    return float(squares) if squares > rounding else 0.0


def squared_width(rule: str, X: Any, w: np.ndarray | None) -> float:
    """Return sigma^2 of a kernel of the Euclidean distance, by the rule "scale", "auto" or "median".

    "scale" is d var(X) / 2 and "auto" d / 2: scikit-learn's gamma="scale" and gamma = 1/d, for gamma = 1 / (2 sigma^2).
    """
    check_choice("sigma", rule, ("scale", "auto", "median"))
    if rule == "median":
        return median_distance(X, "euclidean") ** 2
    return X.shape[1] / 2 if rule == "auto" else X.shape[1] * variance(X, w) / 2 or 0.5


def city_block_width(rule: str, X: Any, w: np.ndarray | None) -> float:
    """Return sigma of a kernel of the city-block distance, by the rule "scale" = d sd(X), "auto" = d or "median"."""
    check_choice("sigma", rule, ("scale", "auto", "median"))
    if rule == "median":
        return median_distance(X, "manhattan")
    return float(X.shape[1]) if rule == "auto" else X.shape[1] * variance(X, w) ** 0.5 or 1.0


def inner_gamma(rule: str, X: Any, w: np.ndarray | None) -> float:
    """Return gamma of a kernel of the inner product, by the rule "scale" = 1 / (d var(X)) or "auto" = 1 / d."""
    check_choice("gamma", rule, ("scale", "auto"))
    return 1 / X.shape[1] if rule == "auto" else 1 / (X.shape[1] * variance(X, w) or 1.0)


def median_distance(X: Any, metric: str) -> float:
    """Return the median distance between at most 1000 evenly spaced rows; between distinct ones if that is zero."""
    n = X.shape[0]
    picked = take_rows(X, np.linspace(0, n - 1, min(n, MEDIAN_ROWS)).round().astype(int))
    distances = _distances_on_device(picked, metric) if is_foreign(picked) else _distances(picked, metric)
    return float(median_of_columns(distances)[0]) if distances.shape[0] else 1.0


def _distances(X: Any, metric: str) -> np.ndarray:
    """Return the distances between rows, those above zero if most are not, as a column."""
    distances = pairwise_distances(X, metric=metric)[np.triu_indices(X.shape[0], 1)]
    if distances.size and np.median(distances) == 0:
        distances = distances[distances > 0]
    return distances[:, None]


def _distances_on_device(X: Any, metric: str) -> Any:
    xp = namespace(X)
    distances = summed_powers(X, X, 1) if metric == "manhattan" else xp.sqrt(summed_powers(X, X, 2))
    above = xp.triu(xp.ones_like(distances), k=1) > 0
    values = distances[above][:, None]
    if values.shape[0] and float(median_of_columns(values)[0]) == 0:
        values = distances[above & (distances > 0)][:, None]
    return values
