"""Where sequential minimal optimisation takes kernel values from: a whole matrix, rows that are kept, or tiles."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..engine import KernelOperator, MatrixOperator, blocks, check_memory, run
from ._smo_loops import compiled
from ._spectral import check_finite

MEGABYTE = 2**20
WHOLE = 4096  # rows up to which the whole matrix is made, and the largest set that is optimised at once
FEWEST = 256  # rows that are kept at least, and made at a time
CHUNK = 4096  # columns that one thread adds up at a time: they stay in its cache
MANY_FEATURES = 128  # from which a kernel value costs more to make again than to fetch from memory


class KernelRows(Protocol):
    """What the solver needs of a symmetric kernel matrix."""

    def among(self, index: np.ndarray) -> np.ndarray:
        """Return the values among some rows, to be read only."""

    def times(self, rows: np.ndarray | None, index: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return K[rows, index] weights in float64; `rows` None is all."""


def kernel_rows(operator: KernelOperator | MatrixOperator, cache_size: float) -> KernelRows:
    """Return the source that suits the size of the matrix and the cost of its values."""
    n = operator.shape[0]
    if isinstance(operator, MatrixOperator) or n <= WHOLE:
        return WholeMatrix(operator.matrix())
    if not operator.costly(MANY_FEATURES):
        return MadeAgain(operator)
    return Kept(operator, int(cache_size * MEGABYTE / (n * operator.dtype.itemsize)))


class WholeMatrix:
    """A matrix that is held."""

    def __init__(self, K: np.ndarray):
        check_finite(K)
        self._K = K.view()
        self._K.flags.writeable = False  # one type for the compiled loops, whatever was given

    def among(self, index: np.ndarray) -> np.ndarray:
        return self._K if len(index) == len(self._K) else read_only(self._K[np.ix_(index, index)])

    def times(self, rows: np.ndarray | None, index: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return at(rows, sum_of_rows(self._K, index, weights))


class MadeAgain:
    """Values that are made when they are needed, and not kept: cheaper than fresh memory for rows of few features."""

    def __init__(self, operator: KernelOperator):
        self._operator = operator

    def among(self, index: np.ndarray) -> np.ndarray:
        return read_only(finite(self._operator.part(index, index)))

    def times(self, rows: np.ndarray | None, index: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return finite(self._operator.product(rows, index, weights))


class Kept:
    """Whole rows that are kept, those used last, and made again when they are not there."""

    def __init__(self, operator: KernelOperator, capacity: int):
        n = operator.shape[0]
        self._operator = operator
        self._capacity = min(n, max(capacity, FEWEST))
        size = self._capacity * n * operator.dtype.itemsize
        check_memory(size, f"a cache of {self._capacity} kernel rows of {n} values", "lower cache_size")
        self._rows = np.empty((self._capacity, n), operator.dtype)  # touched only where it is filled
        self._slot = np.full(n, -1)
        self._owner = np.full(self._capacity, -1)
        self._used = np.zeros(self._capacity, dtype=int)
        self._clock = 0

    def _slots(self, index: np.ndarray) -> np.ndarray:
        """Return where some rows are kept, at most `capacity` of them, making those that are not there."""
        self._clock += 1
        there = self._slot[index] >= 0
        self._used[self._slot[index[there]]] = self._clock
        missing = index[~there]
        places = np.argsort(self._used, kind="stable")[: len(missing)]
        dropped = self._owner[places]
        self._slot[dropped[dropped >= 0]] = self._owner[places] = -1
        for part in blocks(len(missing), FEWEST):
            self._rows[places[part]] = finite(self._operator.part(missing[part]))
        self._owner[places], self._slot[missing], self._used[places] = missing, places, self._clock
        return self._slot[index]

    def among(self, index: np.ndarray) -> np.ndarray:
        if len(index) > self._capacity:
            return read_only(finite(self._operator.part(index, index)))
        return read_only(self._rows[self._slots(index)[:, None], index])

    def times(self, rows: np.ndarray | None, index: np.ndarray, weights: np.ndarray) -> np.ndarray:
        total = np.zeros(len(self._slot))
        for part in blocks(len(index), self._capacity):
            total += sum_of_rows(self._rows, self._slots(index[part]), weights[part])
        return at(rows, total)


def at(rows: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """Return the values at some rows; None is all."""
    return values if rows is None else values[rows]


def sum_of_rows(rows: np.ndarray, at: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum_k weights_k rows[at_k] in float64."""
    out, (_, add_rows) = np.zeros(rows.shape[1]), compiled()
    rows = rows.view()
    rows.flags.writeable = False
    run(lambda i: add_rows(rows[:, i], at, weights, out[i]), blocks(len(out), CHUNK))
    return out


def read_only(values: np.ndarray) -> np.ndarray:
    """Return the values as the compiled loops take them."""
    values.flags.writeable = False
    return values


def finite(values: np.ndarray) -> Any:
    """Return the values, or raise ValueError if one is not finite."""
    check_finite(values)
    return values
