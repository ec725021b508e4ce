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
LEAST_SHARE = 1e-3  # of a step's curvature, that must be left when it is made conjugate
FAST = {"nsz", "nnan", "contract"}


def advance(
    F: np.ndarray,
    up: np.ndarray,
    low: np.ndarray,
    row: np.ndarray,
    other: np.ndarray,
    along: np.ndarray,
    share: float,
    step: float,
    most: np.ndarray,
    least: np.ndarray,
) -> tuple[int, float, float]:
    """Let `along` be row - other + share along, and add step along to F.

    Returns the lane and value of the largest up - F, and the smallest low - F.
    """
    most[:] = -np.inf
    least[:] = np.inf
    for start in range(0, len(F), WIDTH):
        f, u, w = F[start : start + WIDTH], up[start : start + WIDTH], low[start : start + WIDTH]
        a, c, g = row[start : start + WIDTH], other[start : start + WIDTH], along[start : start + WIDTH]
        for k in range(len(f)):
            g[k] = share * g[k] + np.float64(a[k] - c[k])
            value = f[k] + step * g[k]
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


def set_slopes(v: int, box: np.ndarray, y: np.ndarray, epsilon: float, up: np.ndarray, low: np.ndarray) -> None:
    """Set what up - F and low - F are to be made of: minus the slope where b_v may grow, and where it may shrink."""
    b = box[0, v]
    up[v] = -np.inf
    low[v] = np.inf
    if b > box[1, v]:
        low[v] = y[v] - epsilon if b > 0 else y[v] + epsilon
    if b < box[2, v]:
        up[v] = y[v] + epsilon if b < 0 else y[v] - epsilon


def join(v: int, rise: bool, count: int, slot: np.ndarray, team: np.ndarray, box: np.ndarray) -> int:
    """Make row v a member of the direction of search, if it is none yet; return how many there are.

    The rows of `team` are b, the direction, and the bounds of b, to which zero belongs: epsilon |b| has its kink there.
    """
    if slot[v] >= 0:
        return count
    slot[v] = count
    b, lower, upper = box[0, v], box[1, v], box[2, v]
    team[0, count], team[1, count] = b, 0.0
    team[2, count] = 0.0 if b > 0 or (b == 0 and rise) else lower
    team[3, count] = 0.0 if b < 0 or (b == 0 and not rise) else upper
    return count + 1


def leave(count: int, members: np.ndarray, slot: np.ndarray, team: np.ndarray, box: np.ndarray) -> None:
    """Give the members their values of b, and end their membership."""
    for k in range(count):
        box[0, members[k]] = team[0, k]
        slot[members[k]] = -1


def restart(
    i: int, j: int, count: int, members: np.ndarray, slot: np.ndarray, team: np.ndarray, box: np.ndarray
) -> int:
    """Let the direction be e_i - e_j alone."""
    leave(count, members, slot, team, box)
    members[0], members[1] = i, j
    count = join(j, False, join(i, True, 0, slot, team, box), slot, team, box)
    team[1, 0], team[1, 1] = 1.0, -1.0
    return count


def turn(
    i: int, j: int, share: float, count: int, members: np.ndarray, slot: np.ndarray, team: np.ndarray, box: np.ndarray
) -> int:
    """Let the direction be e_i - e_j and a share of what it was."""
    members[count] = i
    count = join(i, True, count, slot, team, box)
    members[count] = j
    count = join(j, False, count, slot, team, box)
    direction = team[1]
    for k in range(count):
        direction[k] *= share
    direction[slot[i]] += 1
    direction[slot[j]] -= 1
    return count


def fits(step: float, count: int, b: np.ndarray, direction: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
    """Whether a step stays within the bounds."""
    outside = 0
    for k in range(count):
        value = b[k] + step * direction[k]
        outside += int(value > upper[k]) + int(value < lower[k])
    return outside == 0


def go(step: float, count: int, b: np.ndarray, direction: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Make a step; that of two members may end at a bound."""
    at_upper, at_lower = count == 2 and step == upper[0] - b[0], count == 2 and step == b[1] - lower[1]
    for k in range(count):
        b[k] += step * direction[k]
    if at_upper:
        b[0] = upper[0]
    if at_lower:
        b[1] = lower[1]


def minimise(
    K: np.ndarray,
    diagonal: np.ndarray,
    y: np.ndarray,
    box: np.ndarray,
    epsilon: float,
    F: np.ndarray,
    tol: float,
    max_iter: int,
) -> tuple[int, float]:
    """Minimise b'Kb / 2 - y'b + epsilon |b|_1 within bounds, the sum of b kept, in place; F = K b.

    The rows of `box` are b and its bounds. Each step is along e_i - e_j, made conjugate to the direction before unless
    that leaves the bounds (Torres-Barran, Alaiz and Dorronsoro 2021). Returns the number of steps and the violation of
    the optimality conditions that is left.
    """
    n, steps = len(F), 0
    up, low, along = np.empty(n), np.empty(n), np.zeros(n)  # the last is K times the direction
    most, least, gains = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH, K.dtype)
    members, slot, team = np.empty(n + 2, np.int64), np.full(n, -1), np.empty((4, n))
    count, bend = 0, 0.0  # how many members, and the direction's curvature; 0 after a step that ended at a bound
    for v in range(n):
        set_slopes(v, box, y, epsilon, up, low)
    lane, largest, smallest = advance(F, up, low, K[0], K[0], along, 0.0, 0.0, most, least)
    while largest - smallest > tol and steps < max_iter:
        i = position(F, up, lane)
        j = partner(F, low, K[i], diagonal, i, up[i] - F[i], gains)
        if j < 0:
            break
        slope = (up[i] - F[i]) - (low[j] - F[j])
        flat = np.float64(diagonal[i]) + np.float64(diagonal[j]) - 2 * np.float64(K[i, j])
        curvature = max(flat, SMALLEST_CURVATURE)
        mixed, share, step = along[i] - along[j], 0.0, 0.0
        conjugate = curvature - mixed * mixed / bend if bend > 0 else 0.0
        if conjugate > LEAST_SHARE * curvature:
            share, step, bend = -mixed / bend, slope / conjugate, conjugate
            count = turn(i, j, share, count, members, slot, team, box)
        if share == 0 or not fits(step, count, team[0], team[1], team[2], team[3]):
            count = restart(i, j, count, members, slot, team, box)
            longest = min(team[3, 0] - team[0, 0], team[0, 1] - team[2, 1])
            share, step, bend = 0.0, min(slope / curvature, longest), curvature if slope < longest * curvature else 0.0
        go(step, count, team[0], team[1], team[2], team[3])
        before = box[0, i], box[0, j]
        for v in (i, j):
            box[0, v] = team[0, slot[v]]
            set_slopes(v, box, y, epsilon, up, low)
        if before == (box[0, i], box[0, j]):
            break
        lane, largest, smallest = advance(F, up, low, K[i], K[j], along, share, step, most, least)
        steps += 1
    leave(count, members, slot, team, box)
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
            space[loop.__name__] = njit(nogil=True, fastmath=FAST, error_model="numpy", cache=True)(own)
        except RuntimeError:  # there is no folder it may write to
            space[loop.__name__] = njit(nogil=True, fastmath=FAST, error_model="numpy")(own)
        return space[loop.__name__]

    for helper in (advance, position, partner, set_slopes, join, leave, restart, turn, fits, go):
        build(helper)
    return build(minimise), build(add_rows)
