"""Targets and the unpenalised intercept, in rows scaled by the square roots of the weights."""

from __future__ import annotations

import numpy as np


def weight_roots(scale: np.ndarray | None, n: int) -> np.ndarray:
    """Return s, the square roots of the weights, as float64 of shape (n,)."""
    return np.ones(n) if scale is None else np.asarray(scale, dtype=np.float64)


def scaled_targets(Y: np.ndarray, s: np.ndarray, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return S (Y - mean) as float64 of shape (n, t), and the weighted means, shape (t,).

    The means are zero without an intercept; with one, taking them out first changes nothing but the rounding.
    """
    columns = np.asarray(Y, dtype=np.float64).reshape(len(Y), -1)
    means = (s**2) @ columns / (s @ s) if intercept else np.zeros(columns.shape[1])
    return s[:, None] * (columns - means), means


def remove_intercept(Z: np.ndarray, z: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
    return Z - np.outer(z, b), b
