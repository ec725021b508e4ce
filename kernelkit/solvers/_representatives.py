"""Rows that stand for all others, chosen by what the kernel says of them."""

from __future__ import annotations

from math import ceil, log, log2
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from .._arrays import cast, eps_of, full, minimum, namespace, widest_float
from ..engine import check_memory
from ._pivoted_cholesky import FEWER
from ._spectral import check_finite


def farthest_points(operator: Any, p: int, rng: np.random.RandomState) -> np.ndarray:
    """Return p positions, each the row whose features are farthest from those chosen before; the first is random.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, shape (n, n). n p of its values are evaluated.
    p : int
        At most n. Fewer come back where all other rows are copies.
    rng : RandomState
        For the first.

    References
    ----------
    Gonzalez (1985), Clustering to minimize the maximum intercluster distance, section 2.
    """
    diagonal = operator.diag()
    xp, eps, diagonal = namespace(diagonal), eps_of(operator.dtype, diagonal), cast(diagonal, widest_float(diagonal))
    rounding = 16 * eps * float(xp.max(xp.abs(diagonal)))
    chosen = [int(rng.randint(operator.shape[0]))]
    distance = full(diagonal.shape, np.inf, diagonal)
    while len(chosen) < p:
        last = chosen[-1]
        column = cast(operator.columns(np.array([last]))[:, 0], diagonal.dtype)
        distance = minimum(distance, diagonal + diagonal[last] - 2 * column)
        distance[last] = 0.0
        farthest = int(xp.argmax(distance))
        if distance[farthest] <= rounding:
            break
        chosen.append(farthest)
    return np.array(chosen)


def leverage_sample(operator: Any, p: int, rng: np.random.RandomState) -> np.ndarray:
    """Return p positions drawn by their ridge leverage scores.

    The scores of all rows are estimated from a sample of half of them, theirs from a quarter, and so on down to p.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, positive semi-definite, shape (n, n). Some n p log(p) of its values are evaluated.
    p : int
        At most n.
    rng : RandomState
        For the draws.

    Raises
    ------
    ValueError
        If the kernel is not positive semi-definite, or zero.

    References
    ----------
    Musco and Musco (2017), Recursive sampling for the Nystroem method, algorithms 2 and 3.
    """
    n = operator.shape[0]
    order = rng.permutation(n)
    if p >= n:
        return order
    oversampling = max(log(p), 1.0)
    rank = max(1, ceil(p / (4 * oversampling)))
    levels = ceil(log2(n / p))
    chosen, weights = order[: ceil(n / 2**levels)], np.ones(ceil(n / 2**levels))
    for level in range(levels - 1, -1, -1):
        rows = order[: ceil(n / 2**level)]
        scores = _leverage(operator, rows, chosen, weights, rank)
        if level == 0:
            return rows[_weighted_choice(scores, p, rng)]
        chances = np.minimum(oversampling * scores, 1.0)
        kept = np.flatnonzero(rng.uniform(size=len(rows)) < chances)
        if not len(kept):
            kept, chances = rng.permutation(len(rows))[:p], np.full(len(rows), p / len(rows))
        chosen, weights = rows[kept], chances[kept] ** -0.5
    return chosen


def _leverage(operator: Any, rows: np.ndarray, chosen: np.ndarray, weights: np.ndarray, rank: int) -> np.ndarray:
    """Return estimates of the ridge leverage scores of `rows`, at most 1, from weighted rows chosen among them."""
    check_memory(2 * 8 * len(rows) * len(chosen), f"{len(chosen)} columns of {len(rows)} kernel values", FEWER)
    small = operator.part(chosen, chosen).astype(np.float64) * np.outer(weights, weights)
    check_finite(small)
    values = np.linalg.eigvalsh(small)
    # The ridge is the mean of what the leading eigenvalues leave of the trace.
    floor = len(small) * float(np.finfo(operator.dtype).eps) * values[-1]
    ridge = max(values[:-rank].sum() / rank, floor)
    small[np.diag_indices(len(small))] += ridge
    try:
        half = np.linalg.cholesky(small)
    except np.linalg.LinAlgError:
        raise ValueError("leverage scores need a kernel that is positive semi-definite, and not zero") from None
    cross = operator.part(rows, chosen).astype(np.float64) * weights
    projected = solve_triangular(half, cross.T, lower=True, check_finite=False, overwrite_b=True)
    diagonal = np.asarray(operator.diag(), dtype=np.float64)[rows]
    return np.clip((diagonal - np.einsum("ij,ij->j", projected, projected)) / ridge, 0.0, 1.0)


def _weighted_choice(scores: np.ndarray, p: int, rng: np.random.RandomState) -> np.ndarray:
    """Return p different positions drawn in proportion to the scores; those of score zero come last."""
    # The p largest of u^(1/score): Efraimidis and Spirakis (2006).
    keys = np.log(rng.uniform(size=len(scores))) / np.maximum(scores, 1e-300)
    return np.argsort(-keys, kind="stable")[:p]
