"""What operators of kernel values have in common, wherever the values are made."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol, Self

import numpy as np

from .._arrays import cast, float_type, is_floating, is_single, n_rows, take_rows

Factor = Callable[[slice, Any], Any]


class TiledKernel(Protocol):
    """What the engine needs of a kernel."""

    def rows(self, X: Any, like: Any = None) -> Any:
        """Return what each row of `X` contributes alone."""

    def tile(self, a: Any, b: Any, out: Any = None) -> Any:
        """Return the kernel values between two sets of rows."""

    def diag(self, X: Any) -> Any:
        """Return k(x, x) for each row of `X`."""


class TiledOperator(ABC):
    """The (n, m) matrix K of kernel values, evaluated tile by tile.

    Parameters
    ----------
    kernel : object with ``rows``, ``tile`` and ``diag``
        Its parameters are all numbers (see ``Kernel.resolve``).
    X : array-like or sparse matrix of shape (n, d)
        The streamed side: what its rows contribute is made per block.
    Y : array-like or sparse matrix of shape (m, d), optional
        The kept side; None means X itself, and a symmetric matrix.
    dtype : dtype, optional
        Type of the values; that of the rows by default.
    """

    def __init__(self, kernel: TiledKernel, X: Any, Y: Any = None, dtype: Any = None):
        self.kernel = kernel
        self._X = X
        self._symmetric = Y is None
        self._Y = X if Y is None else Y
        self._kept = kernel.rows(self._Y)
        self.dtype = self._kept.dtype if dtype is None else dtype
        self.shape = (n_rows(X), n_rows(self._Y))

    @property
    def _itemsize(self) -> int:
        return 4 if is_single(self.dtype) else 8

    def _rows(self, index: slice) -> Any:
        if self._symmetric:
            return self._kept[index]
        X = take_rows(self._X, index)
        return self.kernel.rows(cast(X, self.dtype) if is_floating(X) else X, like=self._kept)

    def astype(self, dtype: Any) -> Self:
        """Return the operator of the same kernel with values, and rows where they are numbers, of another type."""
        dtype = float_type(dtype, self._Y)
        if self.dtype == dtype:
            return self
        Y = cast(self._Y, dtype) if is_floating(self._Y) else self._Y
        X, Y = (Y, None) if self._symmetric else (self._X, Y)
        return type(self)(self.kernel, X, Y, dtype)

    def of_rows(self, X: Any) -> Self:
        """Return the operator of other rows and the same kept side; not for that of one set of rows."""
        other = copy.copy(self)
        other._X, other.shape = X, (n_rows(X), self.shape[1])
        return other

    def restricted(self, index: np.ndarray) -> Self:
        """Return the operator of some of the rows; only for that of one set of rows."""
        self._check_symmetric("restricted")
        some = copy.copy(self)
        some._X = some._Y = take_rows(self._X, index)
        some._kept, some.shape = self._kept[index], (n_rows(index), n_rows(index))
        return some

    def _check_symmetric(self, verb: str) -> None:
        if not self._symmetric:
            raise ValueError(f"{verb}() needs the operator of one set of rows, this one has shape {self.shape}")

    def _check_tile(self, tile: Any, a: Any, b: Any) -> None:
        shape = None if tile is None else np.shape(tile)
        if shape != (len(a), len(b)):
            raise ValueError(
                f"tile of {type(self.kernel).__name__} must return an array of shape {(len(a), len(b))}, got {shape}"
            )

    def _check_columns(self, V: Any) -> None:
        if tuple(V.shape[:1]) != self.shape[1:]:
            shape = tuple(V.shape)
            raise ValueError(f"V must have {self.shape[1]} rows for an operator of shape {self.shape}, got {shape}")

    def costly(self, many_features: int) -> bool:
        """Whether values cost more to make again than to keep: a costly kernel, or rows of so many features."""
        width = getattr(self._X, "shape", ())[1:]
        of_numbers = getattr(self.kernel, "requires_vector_input", False)
        return getattr(self.kernel, "costly", False) or not of_numbers or not width or width[0] >= many_features

    def diag(self) -> Any:
        """Return the diagonal, shape (n,); only for the square operator of one set of rows."""
        self._check_symmetric("diag")
        return cast(self.kernel.diag(self._X), self.dtype)

    def columns(self, index: Any) -> Any:
        """Return the columns at `index`, an array of shape (n, len(index))."""
        return self._fill(self._rows, self.shape[0], self._kept[index])

    def block(self, rows: slice) -> Any:
        """Return consecutive rows of the matrix, an array of shape (rows.stop - rows.start, m)."""
        return self._fill(lambda i: self._rows(shifted(i, rows.start)), rows.stop - rows.start, self._kept)

    def part(self, rows: np.ndarray, columns: np.ndarray | None = None) -> Any:
        """Return the values at some rows and columns, by default all; only for the operator of one set of rows."""
        self._check_symmetric("part")
        kept = self._kept if columns is None else self._kept[columns]
        return self._fill(lambda i: self._kept[rows[i]], n_rows(rows), kept)

    @abstractmethod
    def _fill(self, rows: Callable[[slice], Any], n: int, kept: Any) -> Any:
        """Return the values between `n` rows, which come in slices, and rows that are kept."""

    @abstractmethod
    def dense(self) -> Any:
        """Return the whole matrix as a fresh C-ordered array of shape (n, m).

        Raises
        ------
        MemoryError
            If the matrix does not fit into the memory available.
        """

    def matrix(self) -> Any:
        """Return the whole matrix to be read, not written to: as `dense` here."""
        return self.dense()

    @abstractmethod
    def transposed_sum(self, factor: Factor, t: int) -> Any:
        """Return the sum over blocks of rows of K_i' factor(i, K_i), shape (m, t), in float64.

        Parameters
        ----------
        factor : callable
            Takes a slice of rows and their kernel values, shape (h, m), which it may not keep; returns shape (h, t).
        t : int
            Its number of columns.
        """

    @abstractmethod
    def __matmul__(self, V: Any) -> Any:
        """Return K V for V of shape (m,) or (m, t), holding no more than tiles; sums across tiles are float64."""


def shifted(index: slice, by: int) -> slice:
    """Return a slice moved on."""
    return slice(index.start + by, index.stop + by)
