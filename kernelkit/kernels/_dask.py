"""Rows in the blocks of a Dask array: what kernels learn from all of them, and what a model makes of each block."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from .._arrays import is_dask, take_rows
from .._validation import check_blocks
from ..engine import sent, summed_blocks
from ._base import Kernel
from ._scale import MEDIAN_ROWS

OF_TRAINING = ("eigenvectors_", "_stream", "feature_names_in_", "_sklearn_output_config")  # new rows need none of them


@dataclass(frozen=True, eq=False)
class ColumnSums:
    """Sum of weights, means of the columns, shape (d,), and sums of their squared differences from these, shape (d,).

    Those of two sets of rows add up.
    """

    total: float
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of_block(cls, X: np.ndarray, w: np.ndarray | None) -> ColumnSums:
        """Return those of rows that are in memory."""
        w = np.ones(len(X)) if w is None else w
        X, total = X.astype(np.float64, copy=False), float(w.sum())
        mean = w @ X / total
        return cls(total, mean, w @ (X - mean) ** 2)

    @classmethod
    def of(cls, X: Any, w: Any = None) -> ColumnSums:
        """Return those of the rows of a Dask array, in one pass; raise ValueError if one is not finite."""
        return summed_blocks(cls.of_block, "X", X, w)

    def __add__(self, other: ColumnSums) -> ColumnSums:
        total = self.total + other.total
        share, apart = other.total / total, other.mean - self.mean
        squares = self.squares + other.squares + self.total * share * apart**2
        return ColumnSums(total, self.mean + share * apart, squares)

    def rows(self) -> np.ndarray:
        """Return two rows with the means and variances, over any of the columns, of all rows."""
        spread = np.sqrt(self.squares / self.total)
        return np.stack([self.mean - spread, self.mean + spread])


def resolved_on_blocks(kernel: Kernel, X: Any, columns: ColumnSums) -> Kernel:
    """Return a copy of a kernel whose parameters are all numbers, from what is known of the columns of `X`.

    Raises
    ------
    ValueError
        If the kernel has both "median" and another rule that reads the rows.
    """
    values = [value for part in _parts(kernel) for value in part.get_params(deep=False).values()]
    rules = {value for value in values if isinstance(value, str)}
    if "median" not in rules:
        return kernel.resolve(columns.rows())
    if "scale" in rules:
        raise ValueError(f"kernel={kernel!r} has both 'median' and 'scale': give one as a number for Dask arrays")
    n = X.shape[0]
    return kernel.resolve(take_rows(X, np.linspace(0, n - 1, min(n, MEDIAN_ROWS)).round().astype(int)))


def _parts(kernel: Kernel) -> Iterator[Kernel]:
    yield kernel
    for value in kernel.get_params(deep=False).values():
        if isinstance(value, Kernel):
            yield from _parts(value)


def checked_blocks(model: Any, X: Any, reset: bool) -> Any:
    """Return rows in the blocks of a Dask array or table, checked against what `model` saw, or is to see if `reset`."""
    blocks = check_blocks(X)
    validate_data(model, X._meta if hasattr(X, "columns") else blocks, skip_check_array=True, reset=reset)
    return blocks


def by_blocks(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of new rows, alike those of `fit`, as one that makes a lazy Dask array of a Dask array, by block.

    The model, less what only its training needed, is sent once, and to each worker by another.
    """

    @wraps(method)
    def of_any_rows(self: Any, X: Any, *args: Any, **kwargs: Any) -> Any:
        check_is_fitted(self)
        if not is_dask(X):
            self._check_library(X, method.__name__)
            return method(self, X, *args, **kwargs)
        return _of_blocks(_lean(self), method.__name__, checked_blocks(self, X, reset=False), *args, **kwargs)

    return of_any_rows


def _lean(model: Any) -> Any:
    lean = copy.copy(model)
    for name in OF_TRAINING:
        lean.__dict__.pop(name, None)
    return lean


def _of_blocks(model: Any, name: str, X: Any, *args: Any, **kwargs: Any) -> Any:
    one = _call(np.zeros((1, X.shape[1]), dtype=X.dtype), model, name, *args, **kwargs)
    if not isinstance(one, np.ndarray):
        raise ValueError(f"{name} returns one array for a Dask array, and no more: compute the rows first")
    return X.map_blocks(
        _call,
        sent(model),
        name,
        *args,
        **kwargs,
        dtype=one.dtype,
        chunks=(X.chunks[0], *((size,) for size in one.shape[1:])),
        drop_axis=[] if one.ndim == 2 else [1],
        meta=one[:0],
    )


def _call(X: np.ndarray, model: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(model, name)(X, *args, **kwargs)
