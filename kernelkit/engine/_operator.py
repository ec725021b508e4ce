"""A matrix of kernel values that is never held unless asked for."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from .._arrays import cast, is_foreign, n_rows, namespace, take_rows
from ._memory import check_memory
from ._plan import blocks, plan, tile_shape
from ._threads import run

LONGEST_SUM = 1024  # within a tile sums are in its own type, which may be float32
FEWER = "use fewer rows, or float32 input (half the memory)"


class TiledKernel(Protocol):
    """What the engine needs of a kernel."""

    def rows(self, X: Any, like: Any = None) -> Any:
        """Return what each row of `X` contributes alone."""

    def tile(self, a: Any, b: Any, out: Any = None) -> Any:
        """Return the kernel values between two sets of rows."""

    def diag(self, X: Any) -> Any:
        """Return k(x, x) for each row of `X`."""


class KernelOperator:
    """The (n, m) matrix K of kernel values, evaluated tile by tile.

    Parameters
    ----------
    kernel : object with ``rows``, ``tile`` and ``diag``
        Its parameters are all numbers (see ``Kernel.resolve``).
    X : array-like or sparse matrix of shape (n, d)
        The streamed side: what its rows contribute is made per block.
    Y : array-like or sparse matrix of shape (m, d), optional
        The kept side; None means X itself, and a symmetric matrix.
    """

    def __init__(self, kernel: TiledKernel, X: Any, Y: Any = None):
        self.kernel = kernel
        self._X = X
        self._symmetric = Y is None
        self._Y = X if Y is None else Y
        self._kept = kernel.rows(self._Y)
        self.dtype = self._kept.dtype
        self.shape = (n_rows(X), n_rows(self._Y))

    @property
    def _itemsize(self) -> int:
        return 4 if "32" in str(self.dtype) else 8

    def _rows(self, index: slice) -> Any:
        if self._symmetric:
            return self._kept[index]
        return self.kernel.rows(take_rows(self._X, index), like=self._kept)

    def astype(self, dtype: Any) -> KernelOperator:
        """Return the operator of the same kernel on rows of another floating type."""
        if self.dtype == dtype:
            return self
        return KernelOperator(self.kernel, cast(self._X, dtype), None if self._symmetric else cast(self._Y, dtype))

    def diag(self) -> np.ndarray:
        """Return the diagonal, shape (n,); only for the square operator of one set of rows."""
        if not self._symmetric:
            raise ValueError(f"diag() needs the operator of one set of rows, this one has shape {self.shape}")
        return self.kernel.diag(self._X)

    def columns(self, index: Any) -> np.ndarray:
        """Return the columns at `index`, an array of shape (n, len(index))."""
        return self._fill(self._kept[index], mirrored=False)

    def dense(self) -> Any:
        """Return the whole matrix as a fresh C-ordered array of shape (n, m).

        Raises
        ------
        MemoryError
            If the matrix does not fit into the memory available.
        """
        return self._fill(self._kept, mirrored=self._symmetric)

    def _fill(self, kept: Any, mirrored: bool) -> Any:
        n, m = self.shape[0], len(kept)
        check_memory(n * m * self._itemsize, f"the {n} x {m} kernel matrix", FEWER)
        if is_foreign(self._Y):
            return self._concatenated(kept)
        K = np.empty((n, m), dtype=self.dtype)

        def fill_tile(index: tuple[slice, slice]) -> None:
            i, j = index
            _store(K[i, j], self.kernel.tile(kept[i], kept[j], K[i, j]))
            if i == j:
                _mirror(K[i, i])
            else:
                K[j, i] = K[i, j].T

        def fill_block(i: slice) -> None:
            a = self._rows(i)
            for j in blocks(m, width):
                _store(K[i, j], self.kernel.tile(a, kept[j], K[i, j]))

        if mirrored:
            run(fill_tile, plan(n, m, self._itemsize, symmetric=True))
        else:
            height, width = tile_shape(n, m, self._itemsize)
            run(fill_block, blocks(n, height))
        return K

    def _concatenated(self, kept: Any) -> Any:
        height, _ = tile_shape(self.shape[0], len(kept), self._itemsize)
        tiles = [self.kernel.tile(self._rows(i), kept) for i in blocks(self.shape[0], height)]
        return namespace(self._Y).concat(tiles, axis=0)

    def __matmul__(self, V: Any) -> np.ndarray:
        """Return K V for V of shape (m,) or (m, t), holding one tile a thread; sums across tiles are float64."""
        V = np.asarray(V)
        if V.shape[:1] != self.shape[1:]:
            raise ValueError(f"V must have {self.shape[1]} rows for an operator of shape {self.shape}, got {V.shape}")
        dtype = np.result_type(self.dtype, V.dtype)
        V = V.astype(self.dtype, copy=False)
        out = np.empty(self.shape[:1] + V.shape[1:], dtype=dtype)
        height, width = tile_shape(*self.shape, self._itemsize)
        width = min(width, LONGEST_SUM)

        def multiply(i: slice) -> None:
            a = self._rows(i)
            loan = np.empty((i.stop - i.start, width), dtype=self.dtype)
            total = np.zeros((i.stop - i.start, *V.shape[1:]))
            for j in blocks(self.shape[1], width):
                total += self.kernel.tile(a, self._kept[j], loan[:, : j.stop - j.start]) @ V[j]
            out[i] = total

        run(multiply, blocks(self.shape[0], height))
        return out


def _store(place: np.ndarray, tile: np.ndarray) -> None:
    if tile is not place:
        place[...] = tile


def _mirror(tile: np.ndarray) -> None:
    # The two triangles of a tile may differ by rounding; symmetric means symmetric.
    lower = np.tri(len(tile), k=-1, dtype=bool)
    tile[lower] = tile.T[lower]


class MatrixOperator:
    """The interface of KernelOperator round a matrix that is given, of shape (n, m)."""

    def __init__(self, K: np.ndarray):
        self._K = K
        self.dtype = K.dtype
        self.shape = K.shape

    def astype(self, dtype: Any) -> MatrixOperator:
        """Return the operator of the matrix in another floating type; the matrix is copied only to change it."""
        return MatrixOperator(cast(self._K, dtype))

    def diag(self) -> np.ndarray:
        """Return the diagonal, shape (n,)."""
        return np.diagonal(self._K).copy()

    def columns(self, index: Any) -> np.ndarray:
        """Return a copy of the columns at `index`."""
        return self._K[:, np.asarray(index)]

    def dense(self) -> np.ndarray:
        """Return a fresh C-ordered copy of the matrix."""
        n, m = self.shape
        check_memory(n * m * self.dtype.itemsize, f"a copy of the {n} x {m} kernel matrix", FEWER)
        return np.array(self._K, order="C")

    def __matmul__(self, V: Any) -> np.ndarray:
        """Return K V for V of shape (m,) or (m, t)."""
        return self._K @ V
