"""Conjugate gradients for several right-hand sides at once: a generator, whose consumer decides when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

Map = Callable[[np.ndarray], np.ndarray]


def conjugate_gradients(multiply: Map, B: np.ndarray, precondition: Map) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, after each step, the solution X of A X = B so far and the relative residual of each column.

    The columns share nothing but the product with A: each has step lengths of its own.

    Parameters
    ----------
    multiply : callable
        V -> A V for V of shape (n, t), A symmetric and positive definite.
    B : array of shape (n, t)
        Right-hand sides; a column of zeros has the solution zero and a residual of zero.
    precondition : callable
        R -> M^-1 R, with M an approximation of A.

    Yields
    ------
    X : array of shape (n, t)
        The same array at every step.
    residuals : array of shape (t,)
        ||b - A x|| / ||b|| as the recurrence has it; NaN where A or M is not positive definite.

    References
    ----------
    Hestenes and Stiefel (1952), section 3; Saad (2003), algorithm 9.1.
    """
    X, R = np.zeros_like(B), B.copy()
    norms = _norms(B)
    P = Z = precondition(R)
    rho = _dots(R, Z)
    while True:
        Q = multiply(P)
        step = _ratio(rho, _dots(P, Q), norms)
        X += step * P
        R -= step * Q
        yield X, _ratio(_norms(R), norms, norms)
        Z = precondition(R)
        previous, rho = rho, _dots(R, Z)
        P = Z + _ratio(rho, previous, norms) * P


def _dots(U: np.ndarray, V: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", U, V)


def _norms(V: np.ndarray) -> np.ndarray:
    return np.sqrt(_dots(V, V))


def _ratio(numerator: np.ndarray, denominator: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Return the ratio of non-negative numbers: zero for columns of zeros, NaN for a breakdown."""
    good = (denominator > 0) & (numerator >= 0)
    ratio = np.full_like(norms, np.nan)
    np.divide(numerator, denominator, out=ratio, where=good)
    ratio[(norms == 0) | (numerator == 0)] = 0.0
    return ratio
