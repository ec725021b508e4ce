"""Kernel values of arrays of other libraries than NumPy, made where the rows lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._arrays import (
    cast,
    columns_at,
    device_of,
    float_type,
    full,
    is_foreign,
    like,
    live_together,
    namespace,
    on_host,
    own_copy,
    take_rows,
    whereabouts,
    widest_float,
)
from ._count import note_values
from ._operator import LONGEST_SUM, KernelOperator, MatrixOperator
from ._plan import blocks, plan
from ._tiled import Factor, TiledKernel, TiledOperator

# A pass over so many bytes takes ten times as long as to launch it, and a few of them fit on the smallest device. What
# lies in the memory of the processor has a cache there: less of it, though a library starts its threads for each pass.
DEVICE_TILE_BYTES = 128 * 2**20
HOST_TILE_BYTES = 16 * 2**20
FEWEST_ROWS = 128  # of a tile, for the matrix product that it is


def bytes_at_once(x: Any, in_cache: int) -> int:
    """Return how much of a matrix to make at once where `x` lies: `in_cache` in the memory of the processor."""
    return DEVICE_TILE_BYTES if is_foreign(x) and not on_host(x) else in_cache


def operator_for(kernel: TiledKernel, X: Any, Y: Any = None) -> KernelOperator | DeviceOperator:
    """Return k(X, Y), or k(X, X), as the operator that suits the library of the kept rows."""
    return (DeviceOperator if is_foreign(X if Y is None else Y) else KernelOperator)(kernel, X, Y)


def matrix_operator(K: Any) -> MatrixOperator | DeviceMatrix:
    """Return a matrix that is given as the operator that suits its library."""
    return DeviceMatrix(K) if is_foreign(K) else MatrixOperator(K)


class DeviceOperator(TiledOperator):
    """The (n, m) matrix K of kernel values of rows in arrays of another library, on any device.

    Nothing but single numbers leaves the device. Its memory is not asked for: where it does not suffice, the library
    says so.
    """

    @property
    def _budget(self) -> int:
        return bytes_at_once(self._Y, HOST_TILE_BYTES)

    @property
    def _longest_sum(self) -> int:
        return self.shape[0] + self.shape[1] if self.dtype == widest_float(self._Y) else LONGEST_SUM

    def _shape(self, n: int, m: int) -> tuple[int, int]:
        """Return rows and columns of a tile: all columns, unless few rows of these are as much as a tile may be."""
        cells = max(1, self._budget // self._itemsize)
        height = max(1, min(n, max(cells // max(m, 1), FEWEST_ROWS)))
        return height, max(1, min(m, cells // height))

    def _tile(self, a: Any, b: Any, out: Any = None) -> Any:
        """Return the values between two sets of rows, in `out` if the kernel and the library can."""
        tile = self.kernel.tile(a, b, out if b.dtype == self.dtype else None)
        self._check_tile(tile, a, b)
        if not live_together(tile, self._Y):
            name = type(self.kernel).__name__
            raise TypeError(f"tile of {name} must return {whereabouts(self._Y)}, as its rows are, got {type(tile)}")
        note_values(len(a) * len(b))
        return cast(tile, self.dtype)

    def _empty(self, *shape: int) -> Any:
        return namespace(self._Y).empty(shape, dtype=self.dtype, device=device_of(self._Y))

    def _zeros(self, *shape: int) -> Any:
        return full(shape, 0.0, self._Y, widest_float(self._Y))

    def dense(self) -> Any:
        # To copy a transposed tile takes longer than to make it again, unless its values are dear.
        if not (self._symmetric and getattr(self.kernel, "costly", False)):
            return self._fill(self._rows, self.shape[0], self._kept)
        xp, kept, K = namespace(self._Y), self._kept, self._empty(*self.shape)
        for i, j in plan(*self.shape, self._itemsize, self._budget, symmetric=True):
            tile = self._tile(kept[i], kept[j])
            if i == j:
                K[i, j] = xp.triu(tile) + xp.triu(tile, k=1).T
            else:
                K[i, j], K[j, i] = tile, tile.T
        return K

    def _fill(self, rows: Callable[[slice], Any], n: int, kept: Any) -> Any:
        m = len(kept)
        K = self._empty(n, m)
        height, width = self._shape(n, m)
        for i in blocks(n, height):
            a = rows(i)
            for j in blocks(m, width):
                place = K[i, :] if width == m else None
                tile = self._tile(a, kept[j], place)
                if tile is not place:
                    K[i, j] = tile
        return K

    def transposed_sum(self, factor: Factor, t: int) -> Any:
        n, m = self.shape
        height = max(1, min(n, self._budget // (self._itemsize * m), self._longest_sum))
        total, room = self._zeros(m, t), self._empty(height, m)
        for i in blocks(n, height):
            tile = self._tile(self._rows(i), self._kept, room[: i.stop - i.start, :])
            total = total + cast(tile.T @ factor(i, tile), total.dtype)
        return total

    def __matmul__(self, V: Any) -> Any:
        self._check_columns(V)
        dtype = namespace(self._Y).result_type(self.dtype, V.dtype) if is_foreign(V) else self.dtype
        columns = like(V, self._Y, self.dtype)
        return cast(self._symmetric_product(columns) if self._uses_symmetry else self._product(columns), dtype)

    @property
    def _uses_symmetry(self) -> bool:
        return self._symmetric and self.dtype == widest_float(self._Y)

    def _product(self, V: Any) -> Any:
        n, m = self.shape
        out = self._zeros(n, *V.shape[1:])
        height, width = self._shape(n, min(m, self._longest_sum))
        room = self._empty(height, width)
        for i in blocks(n, height):
            a = self._rows(i)
            for j in blocks(m, width):
                place = room[: i.stop - i.start, :] if j.stop - j.start == width else None
                out[i, ...] += cast(self._tile(a, self._kept[j], place) @ V[j, ...], out.dtype)
        return out

    def _symmetric_product(self, V: Any) -> Any:
        out, kept = self._zeros(*V.shape), self._kept
        for i, j in plan(*self.shape, self._itemsize, self._budget, symmetric=True):
            tile = self._tile(kept[i], kept[j])
            out[i, ...] += tile @ V[j, ...]
            if i != j:
                out[j, ...] += tile.T @ V[i, ...]
        return out


class DeviceMatrix:
    """The interface of DeviceOperator round a matrix that is given.

    Parameters
    ----------
    K : array of shape (n, m)
        Never written to.
    """

    def __init__(self, K: Any):
        self._K = K
        self.dtype = K.dtype
        self.shape = tuple(K.shape)

    def astype(self, dtype: Any) -> DeviceMatrix:
        """Return the operator of the matrix in another floating type."""
        dtype = float_type(dtype, self._K)
        return self if dtype == self.dtype else DeviceMatrix(cast(self._K, dtype))

    def diag(self) -> Any:
        """Return the diagonal, shape (n,)."""
        return namespace(self._K).linalg.diagonal(self._K)

    def columns(self, index: Any) -> Any:
        """Return a copy of the columns at `index`."""
        return columns_at(self._K, index)

    def block(self, rows: slice) -> Any:
        """Return consecutive rows of the matrix."""
        return self._K[rows, ...]

    def part(self, rows: Any, columns: Any = None) -> Any:
        """Return a copy of the values at some rows and columns, by default all."""
        values = take_rows(self._K, rows)
        return values if columns is None else columns_at(values, columns)

    def dense(self) -> Any:
        """Return a fresh copy of the matrix."""
        return own_copy(self._K)

    def matrix(self) -> Any:
        """Return the whole matrix to be read, not written to."""
        return self._K

    def __matmul__(self, V: Any) -> Any:
        """Return K V for V of shape (m,) or (m, t), in the larger of the two types, summed in float64."""
        dtype = namespace(self._K).result_type(self.dtype, V.dtype)
        wide = widest_float(self._K)
        return cast(cast(self._K, wide) @ cast(V, wide), dtype)
