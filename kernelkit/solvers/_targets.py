"""Targets and the unpenalised intercept, in rows scaled by the square roots of the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import cast, columns_at, full, namespace, widest_float


def weight_roots(scale: Any, n: int, like: Any = None) -> Any:
    """Return s, the square roots of the weights, shape (n,), in float64: an array as `like` is, NumPy's by default."""
    return full((n,), 1.0, like, widest_float(like)) if scale is None else cast(scale, widest_float(scale))


def scaled_targets(Y: Any, s: Any, intercept: bool) -> tuple[Any, Any]:
    """Return S (Y - mean) as float64 of shape (n, t), and the weighted means, shape (t,).

    The means are zero without an intercept; with one, taking them out first changes nothing but the rounding.
    """
    columns = namespace(Y).reshape(cast(Y, s.dtype), (s.shape[0], -1))
    means = (s**2) @ columns / (s @ s) if intercept else full((columns.shape[1],), 0.0, s)
    return s[:, None] * (columns - means), means


def remove_intercept(Z: Any, z: Any, s: Any) -> tuple[Any, Any]:
    """Return Z - z b' and b = s'Z / s'z, shape (t,): the solution, and the intercept, of the bordered system.

    Parameters
    ----------
    Z : array of shape (n, t)
        (S K S + alpha I)^-1 S Y.
    z : array of shape (n,)
        (S K S + alpha I)^-1 s.
    s : array of shape (n,)
        Square roots of the weights.
    """
    b = s @ Z / (s @ z)
    return Z - z[:, None] * b, b


SolvedTargets = tuple[Any, Any, Any]  # coefficients and intercepts of some targets, and how they were found


def one_alpha_after_the_other(
    alphas: np.ndarray, solve: Callable[[float, np.ndarray], SolvedTargets]
) -> tuple[Any, Any, tuple[Any, ...]]:
    """Return c, shape (p, t), and b, shape (t,), from solutions for each alpha, the largest first, of its targets."""
    levels = np.unique(alphas)[::-1].tolist()
    places = [np.flatnonzero(alphas == alpha) for alpha in levels]
    parts, shifts, outcomes = zip(*(solve(alpha, at) for alpha, at in zip(levels, places, strict=True)), strict=True)
    if len(levels) == 1:
        return parts[0], shifts[0], outcomes
    xp, order = namespace(parts[0]), np.argsort(np.concatenate(places))
    coef, shift = xp.concat(parts, axis=1), xp.concat(shifts)[None, :]
    return columns_at(coef, order), columns_at(shift, order)[0, :], outcomes
