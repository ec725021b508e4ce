"""A matrix of kernel values that is never held unless asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from ._count import note_values
from ._memory import check_memory
from ._plan import blocks, plan, tile_shape
from ._threads import run
from ._tiled import Factor, TiledOperator, shifted

LONGEST_SUM = 1024  # within a tile sums are in its own type, which may be float32
LINE = 64  # bytes
STRIP = 32  # indexing with a mask is slow: it is left for the small corners
PASS_BYTES = 2**20  # kernel values that are made, and used twice, before the next: they stay in the cache
PART_ROWS, PARTS = 2048, 32  # rows that contribute their norms at once; parts whose sums are taken separately
PART_COLUMNS, WIDEST = 128, 16  # of all parts of a symmetric product together, and of one that gains by symmetry
FEWER = "use fewer rows, or float32 input (half the memory)"


class Scratch(threading.local):
    """Room for one tile in each thread: NumPy and BLAS are up to twice as slow on a part of a larger matrix."""

    def __init__(self, cells: int, dtype: Any):
        # The last digit of what they compute may depend on where in a cache line it lies.
        room = np.empty(cells + LINE // np.dtype(dtype).itemsize, dtype=dtype)
        start = -room.ctypes.data % LINE // room.itemsize
        self._room = room[start:]

    def __call__(self, n: int, m: int) -> np.ndarray:
        return self._room[: n * m].reshape(n, m)


class KernelOperator(TiledOperator):
    """The (n, m) matrix K of kernel values of rows in NumPy arrays, sparse matrices, tables or lists."""

    def _tile_shape(self, n: int, m: int) -> tuple[int, int]:
        """Return rows and columns of a tile: the rows that it is made of are to stay in the cache as well."""
        width = 0 if sp.issparse(self._X) else max(getattr(self._X, "shape", ())[1:], default=0)
        return tile_shape(tile_shape(n, max(m, width), self._itemsize)[0], m, self._itemsize)

    def _tile(self, a: Any, b: Any, scratch: Scratch) -> np.ndarray:
        tile = self.kernel.tile(a, b, scratch(len(a), len(b)) if b.dtype == self.dtype else None)
        self._check_tile(tile, a, b)
        note_values(len(a) * len(b))
        return tile

    def product(self, rows: np.ndarray | None, columns: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return K[rows, columns] v in float64, holding tiles only; `rows` None is all; for one set of rows only."""
        self._check_symmetric("product")
        some = self._kept if rows is None else self._kept[rows]
        return self._product(len(some), lambda i: some[i], self._kept[columns], v.astype(self.dtype))

    def dense(self) -> np.ndarray:
        return self._mirrored() if self._symmetric else self._fill(self._rows, self.shape[0], self._kept)

    def _allocate(self, n: int, m: int) -> np.ndarray:
        check_memory(n * m * self._itemsize, f"the {n} x {m} kernel matrix", FEWER)
        return np.empty((n, m), dtype=self.dtype)

    def _mirrored(self) -> np.ndarray:
        K, kept = self._allocate(*self.shape), self._kept
        tiles = plan(*self.shape, self._itemsize, symmetric=True)
        scratch = Scratch(_largest(tiles), self.dtype)

        def fill(place: tuple[slice, slice]) -> None:
            i, j = place
            tile = K[i, j] = self._tile(kept[i], kept[j], scratch)
            if i == j:
                _mirror(K[i, i])
            else:
                K[j, i] = tile.T

        run(fill, tiles)
        return K

    def _fill(self, rows: Callable[[slice], Any], n: int, kept: Any) -> np.ndarray:
        m = len(kept)
        height, width = self._tile_shape(n, m)
        K, scratch = self._allocate(n, m), Scratch(height * width, self.dtype)

        def fill(i: slice) -> None:
            a = rows(i)
            for j in blocks(m, width):
                K[i, j] = self._tile(a, kept[j], scratch)

        run(fill, blocks(n, height))
        return K

    def transposed_sum(self, factor: Factor, t: int) -> np.ndarray:
        height = max(1, PASS_BYTES // (self._itemsize * self.shape[1]))
        scratch = Scratch(height * self.shape[1], self.dtype)

        def add(rows: slice, total: np.ndarray) -> None:
            a = self._rows(rows)
            for i in blocks(rows.stop - rows.start, height):
                tile = self._tile(a[i], self._kept, scratch)
                total += tile.T @ factor(shifted(i, rows.start), tile)

        return _sum_in_order(add, self.shape, t)

    def __matmul__(self, V: Any) -> np.ndarray:
        """Return K V for V of shape (m,) or (m, t), holding one tile a thread; sums across tiles are float64.

        Where K is symmetric and t small, values above the diagonal are made once and used twice.
        """
        V = np.asarray(V)
        self._check_columns(V)
        dtype = np.result_type(self.dtype, V.dtype)
        V = V.astype(self.dtype, copy=False)
        if self._symmetric and V.size <= WIDEST * len(V):
            columns = V[:, None] if V.ndim == 1 else V
            return self._symmetric_product(columns).astype(dtype, copy=False).reshape(V.shape)
        return self._product(self.shape[0], self._rows, self._kept, V).astype(dtype, copy=False)

    def _product(self, n: int, rows: Callable[[slice], Any], kept: Any, V: np.ndarray) -> np.ndarray:
        """Return the values between `n` rows, which come in slices, and rows that are kept, times V, in float64."""
        m = len(kept)
        out = np.zeros((n, *V.shape[1:]))
        height, width = self._tile_shape(n, m)
        width = min(width, LONGEST_SUM)
        scratch = Scratch(height * width, self.dtype)

        def multiply(i: slice) -> None:
            a = rows(i)
            for j in blocks(m, width):
                tile = self._tile(a, kept[j], scratch)
                out[i] += tile.astype(self.dtype, copy=False) @ V[j]

        run(multiply, blocks(n, height))
        return out

    def _symmetric_product(self, V: np.ndarray) -> np.ndarray:
        """Return K V, shape (n, t), float64, from the tiles on and above the diagonal.

        Each part of the tiles has sums of its own, so that the result does not depend on the number of threads.
        """
        tiles, kept = plan(*self.shape, self._itemsize, symmetric=True), self._kept
        scratch = Scratch(_largest(tiles), self.dtype)
        n_parts = min(PARTS, PART_COLUMNS // max(V.shape[1], 1))
        parts = blocks(len(tiles), -(-len(tiles) // n_parts)) if tiles else []
        totals = np.zeros((len(parts), *V.shape))

        def work(k: int) -> None:
            for i, j in tiles[parts[k]]:
                tile = self._tile(kept[i], kept[j], scratch).astype(self.dtype, copy=False)
                totals[k, i] += tile @ V[j]
                if i != j:
                    totals[k, j] += tile.T @ V[i]

        run(work, range(len(parts)))
        return totals.sum(axis=0)


def _sum_in_order(add: Callable[[slice, np.ndarray], None], shape: tuple[int, int], t: int) -> np.ndarray:
    """Return what ``add(rows, total)`` adds up over all rows, by parts that do not depend on the number of threads."""
    parts = blocks(shape[0], max(PART_ROWS, -(-shape[0] // PARTS)))
    totals = np.zeros((len(parts), shape[1], t))

    def work(k: int) -> None:
        for rows in blocks(parts[k].stop - parts[k].start, PART_ROWS):
            add(shifted(rows, parts[k].start), totals[k])

    run(work, range(len(parts)))
    return totals.sum(axis=0)


def _largest(tiles: list[tuple[slice, slice]]) -> int:
    return max(((i.stop - i.start) * (j.stop - j.start) for i, j in tiles), default=0)


def _mirror(tile: np.ndarray) -> None:
    """Copy the upper triangle of a square tile, which may differ by rounding, to the lower one."""
    for strip in blocks(len(tile), STRIP):
        tile[strip.stop :, strip] = tile[strip, strip.stop :].T
        corner = tile[strip, strip]
        lower = np.tri(len(corner), k=-1, dtype=bool)
        corner[lower] = corner.T[lower]


class MatrixOperator:
    """The interface of KernelOperator round a matrix that is given.

    Parameters
    ----------
    K : array of shape (n, m)
        Never written to.
    dtype : dtype, optional
        Type of what is returned; that of `K` by default.
    """

    def __init__(self, K: np.ndarray, dtype: Any = None):
        self._K = K
        self.dtype = np.dtype(K.dtype if dtype is None else dtype)
        self.shape = K.shape

    def astype(self, dtype: Any) -> MatrixOperator:
        """Return the operator of the matrix in another floating type, cast where it is used."""
        return MatrixOperator(self._K, dtype)

    def diag(self) -> np.ndarray:
        """Return the diagonal, shape (n,)."""
        return np.diagonal(self._K).astype(self.dtype)

    def columns(self, index: Any) -> np.ndarray:
        """Return a copy of the columns at `index`."""
        return self._K[:, np.asarray(index)].astype(self.dtype, copy=False)

    def block(self, rows: slice) -> np.ndarray:
        """Return consecutive rows of the matrix, as a view where the type allows it."""
        return self._K[rows].astype(self.dtype, copy=False)

    def part(self, rows: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
        """Return a copy of the values at some rows and columns, by default all."""
        values = self._K[rows]
        if columns is not None:
            values = values.take(columns, axis=1)  # in two steps: three times as fast as indexing with both
        return values.astype(self.dtype, copy=False)

    def restricted(self, index: np.ndarray) -> MatrixOperator:
        """Return the operator of a copy of the values at some rows and the same columns."""
        check_memory(len(index) ** 2 * self.dtype.itemsize, f"a {len(index)} x {len(index)} kernel matrix", FEWER)
        return MatrixOperator(self.part(index, index))

    def dense(self) -> np.ndarray:
        """Return a fresh C-ordered copy of the matrix."""
        n, m = self.shape
        check_memory(n * m * self.dtype.itemsize, f"a copy of the {n} x {m} kernel matrix", FEWER)
        return np.array(self._K, dtype=self.dtype, order="C")

    def matrix(self) -> np.ndarray:
        """Return the whole matrix to be read, not written to: what was given, where type and layout allow it."""
        given = self._K.dtype == self.dtype and self._K.flags.c_contiguous
        return self._K if given else self.dense()

    def transposed_sum(self, factor: Factor, t: int) -> np.ndarray:
        """Return the sum over blocks of rows of K_i' factor(i, K_i), shape (m, t), in float64."""

        def add(rows: slice, total: np.ndarray) -> None:
            values = self.block(rows)
            total += values.T @ factor(rows, values)

        return _sum_in_order(add, self.shape, t)

    def __matmul__(self, V: Any) -> np.ndarray:
        """Return K V for V of shape (m,) or (m, t), in the larger of the two types; float32 sums end in float64."""
        V = np.asarray(V)
        dtype = np.result_type(self.dtype, V.dtype)
        V = V.astype(self.dtype, copy=False)
        if self._K.dtype == self.dtype == np.float64:
            return (V.T @ self._K.T).T  # up to 1.4 times faster than K @ V where V is narrow
        total = np.zeros((self.shape[0], *V.shape[1:]))
        for j in blocks(self.shape[1], LONGEST_SUM):
            total += self._K[:, j].astype(self.dtype, copy=False) @ V[j]
        return total.astype(dtype)
