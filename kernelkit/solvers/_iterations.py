"""Conjugate gradients for several right-hand sides at once: a generator, whose consumer decides when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError

from .._arrays import column_dots, largest_size, namespace, own_copy
from ..engine import single_threaded_blas

Map = Callable[[Any], Any]
Watch = Callable[[int, float], Any]


class Ending(Enum):
    """Why iterations ended: a small residual of the recurrence, their number, or someone who wanted no more of them."""

    TOLERANCE = "tol"
    MOST_STEPS = "max_iter"
    ASKED_TO = "stopped"


def conjugate_gradients(multiply: Map, B: Any, precondition: Map) -> Iterator[tuple[Any, Any]]:
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
    X, R = namespace(B).zeros_like(B), own_copy(B)
    norms = norms_of(B)
    P = Z = precondition(R)
    rho = column_dots(R, Z)
    while True:
        Q = multiply(P)
        step = _ratio(rho, column_dots(P, Q), norms)
        X += step * P
        R -= step * Q
        yield X, _ratio(norms_of(R), norms, norms)
        Z = precondition(R)
        previous, rho = rho, column_dots(R, Z)
        P = Z + _ratio(rho, previous, norms) * P


def improve(
    X: Any,
    multiply: Map,
    rest: Any,
    precondition: Map,
    *,
    sizes: Any,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
    interruptible: bool = False,
) -> tuple[Any, int, Ending]:
    """Return X improved by conjugate gradients, the number of steps, and what ended them.

    Parameters
    ----------
    X : array of shape (n, t)
        Where to start.
    multiply, precondition : callable
        As for `conjugate_gradients`.
    rest : array of shape (n, t)
        B - A X.
    sizes : array of shape (t,)
        What residuals are relative to, > 0: usually |b|.
    tol : float
        Where to stop.
    max_iter : int
        Most steps.
    watch : callable, optional
        Called with the number of each step and the largest relative residual; ends the iterations by returning True.
    interruptible : bool
        Whether an interrupt from the keyboard ends the iterations, and not more.

    Raises
    ------
    LinAlgError
        If A or the preconditioner is not positive definite.
    """
    share, steps, ending = norms_of(rest) / sizes, 0, Ending.MOST_STEPS
    if largest_size(share) <= tol:
        return X, 0, Ending.TOLERANCE
    iterates, change = conjugate_gradients(multiply, rest, precondition), namespace(X).zeros_like(X)
    try:
        # Idle threads of BLAS would spin for some 20 ms after each small product, into the time of the tiles.
        with single_threaded_blas():
            while steps < max_iter:
                change, residuals = next(iterates)
                steps, worst = steps + 1, float(namespace(X).max(residuals * share))
                if np.isnan(worst):
                    raise LinAlgError(
                        "conjugate gradients broke down: the kernel matrix plus alpha is not positive definite"
                    )
                enough = watch is not None and watch(steps, worst)
                if enough or worst <= tol:
                    ending = Ending.TOLERANCE if worst <= tol else Ending.ASKED_TO
                    break
    except KeyboardInterrupt:
        if not interruptible:
            raise
        ending = Ending.ASKED_TO
    return X + change, steps, ending


def sizes_of(B: Any) -> Any:
    """Return the norms of the columns, one for a column of zeros, shape (t,)."""
    norms = norms_of(B)
    return namespace(B).where(norms > 0, norms, 1.0)


def norms_of(V: Any) -> Any:
    """Return the norms of the columns, shape (t,)."""
    return namespace(V).sqrt(column_dots(V, V))


def _ratio(numerator: Any, denominator: Any, norms: Any) -> Any:
    """Return the ratio of non-negative numbers: zero for columns of zeros, NaN for a breakdown."""
    xp = namespace(norms)
    good = (denominator > 0) & (numerator >= 0)
    ratio = xp.where(good, numerator / xp.where(good, denominator, 1.0), xp.nan)
    return xp.where((norms == 0) | (numerator == 0), 0.0, ratio)
