"""The loops of sequential minimal optimisation: plain Python, compiled by numba when they are first needed.

Each loop over rows keeps the best of WIDTH lanes and not one best: a compiler turns lanes into vector instructions, and
a single running maximum into a chain that is seven times slower.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np

WIDTH = 128
SMALLEST_CURVATURE = 1e-12  # that of a step along which the kernel matrix is flat or indefinite, as libsvm has it
FAST = {"nsz", "nnan", "contract"}


def advance(
    F: np.ndarray,
    up: np.ndarray,
    low: np.ndarray,
    row: np.ndarray,
    other: np.ndarray,
    step: float,
    most: np.ndarray,
    least: np.ndarray,
) -> tuple[int, float, float]:
    """Add step (row - other) to F; return the lane and value of the largest up - F, and the smallest low - F."""
    most[:] = -np.inf
    least[:] = np.inf
    for start in range(0, len(F), WIDTH):
        f, u, w = F[start : start + WIDTH], up[start : start + WIDTH], low[start : start + WIDTH]
        a, c = row[start : start + WIDTH], other[start : start + WIDTH]
        for k in range(len(f)):
            value = f[k] + step * np.float64(a[k] - c[k])
            f[k] = value
            most[k] = max(most[k], u[k] - value)
            least[k] = min(least[k], w[k] - value)
    lane, largest, smallest = 0, most[0], least[0]
    for k in range(1, WIDTH):
        if most[k] > largest:
            lane, largest = k, most[k]
        smallest = min(smallest, least[k])
    return lane, largest, smallest


def position(F: np.ndarray, up: np.ndarray, lane: int) -> int:
    """Return the row of a lane with the largest up - F."""
    best, i = -np.inf, lane
    for v in range(lane, len(F), WIDTH):
        if up[v] - F[v] > best:
            best, i = up[v] - F[v], v
    return i


def partner(
    F: np.ndarray, low: np.ndarray, row: np.ndarray, diagonal: np.ndarray, i: int, largest: float, gains: np.ndarray
) -> int:
    """Return the row that gains most together with row i to second order (Fan, Chen and Lin 2005); -1 if none does."""
    real = gains.dtype.type
    own, zero, two, flat = diagonal[i], real(0), real(2), real(SMALLEST_CURVATURE)
    gains[:] = zero
    for start in range(0, len(F), WIDTH):
        f, w, a, d = (
            F[start : start + WIDTH],
            low[start : start + WIDTH],
            row[start : start + WIDTH],
            diagonal[start : start + WIDTH],
        )
        for k in range(len(f)):
            slope = max(real(largest - (w[k] - f[k])), zero)
            gains[k] = max(gains[k], slope * slope / max(own + d[k] - two * a[k], flat))
    lane = gains.argmax()
    best, j = zero, -1
    for v in range(lane, len(F), WIDTH):
        slope = max(real(largest - (low[v] - F[v])), zero)
        gain = slope * slope / max(own + diagonal[v] - two * row[v], flat)
        if gain > best:
            best, j = gain, v
    return j


def set_slopes(
    v: int,
    b: np.ndarray,
    y: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    epsilon: float,
    up: np.ndarray,
    low: np.ndarray,
) -> None:
    """Set what up - F and low - F are to be made of: minus the slope where b_v may grow, and where it may shrink."""
    up[v] = -np.inf
    low[v] = np.inf
    if b[v] < upper[v]:
        up[v] = y[v] + epsilon if b[v] < 0 else y[v] - epsilon
    if b[v] > lower[v]:
        low[v] = y[v] - epsilon if b[v] > 0 else y[v] + epsilon


def minimise(
    K: np.ndarray,
    diagonal: np.ndarray,
    y: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    epsilon: float,
    b: np.ndarray,
    F: np.ndarray,
    tol: float,
    max_iter: int,
) -> tuple[int, float]:
    """Minimise b'Kb / 2 - y'b + epsilon |b|_1 within bounds, the sum of b kept, in place; F = K b.

    Returns the number of steps and the violation of the optimality conditions that is left.
    """
    n, steps = len(b), 0
    up, low = np.empty(n), np.empty(n)
    most, least, gains = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH, K.dtype)
    for v in range(n):
        set_slopes(v, b, y, lower, upper, epsilon, up, low)
    lane, largest, smallest = advance(F, up, low, K[0], K[0], 0.0, most, least)
    while largest - smallest > tol and steps < max_iter:
        i = position(F, up, lane)
        largest = up[i] - F[i]
        j = partner(F, low, K[i], diagonal, i, largest, gains)
        if j < 0:
            break
        # Where the sign changes, epsilon |b| has a kink: a step ends there at the latest.
        top = 0.0 if b[i] < 0 else upper[i]
        bottom = 0.0 if b[j] > 0 else lower[j]
        curvature = np.float64(diagonal[i]) + np.float64(diagonal[j]) - 2 * np.float64(K[i, j])
        step = (largest - (low[j] - F[j])) / max(curvature, SMALLEST_CURVATURE)
        step = min(step, top - b[i], b[j] - bottom)
        before_i, before_j = b[i], b[j]
        b[i] = top if step == top - b[i] else b[i] + step
        b[j] = bottom if step == b[j] - bottom else b[j] - step
        if b[i] == before_i and b[j] == before_j:
            break
        set_slopes(i, b, y, lower, upper, epsilon, up, low)
        set_slopes(j, b, y, lower, upper, epsilon, up, low)
        lane, largest, smallest = advance(F, up, low, K[i], K[j], step, most, least)
        steps += 1
    return steps, largest - smallest


def add_rows(rows: np.ndarray, at: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """Add sum_k weights_k rows[at_k] to `out`."""
    for k in range(len(at)):
        row, weight = rows[at[k]], weights[k]
        for v in range(len(out)):
            out[v] += weight * np.float64(row[v])


_compiling = threading.Lock()


def compiled() -> tuple[Any, Any]:
    """Return `minimise` and `add_rows` compiled; the result is kept on disk for later processes."""
    with _compiling:
        return _compile_once()


@lru_cache(maxsize=1)
def _compile_once() -> tuple[Any, Any]:
    from numba import njit

    space = dict(globals())  # where compiled loops look for each other; the plain ones stay as they are

    def build(loop: Callable[..., Any]) -> Any:
        own = FunctionType(loop.__code__, space, loop.__name__, loop.__defaults__)
        try:
            space[loop.__name__] = njit(nogil=True, fastmath=FAST, cache=True)(own)
        except RuntimeError:  # there is no folder it may write to
            space[loop.__name__] = njit(nogil=True, fastmath=FAST)(own)
        return space[loop.__name__]

    for helper in (advance, position, partner, set_slopes):
        build(helper)
    return build(minimise), build(add_rows)
