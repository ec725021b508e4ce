"""The features of many rows as an operator: a block of them is made when it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import as_dense, cast, is_floating, n_rows, take_rows
from ..engine import blocks
from ._finite import FiniteMap

BLOCK_BYTES = 2**23


class FeatureOperator:
    """The (n, p) matrix of features phi(x), with the interface of a KernelOperator.

    Parameters
    ----------
    features : FiniteMap
        phi.
    X : array, sparse matrix or table of shape (n, d)
        Rows.
    dtype : dtype, optional
        Type of the features, and of rows that are floats before features are made of them; None leaves both.
    """

    def __init__(self, features: FiniteMap, X: Any, dtype: Any = None):
        self._features, self._X, self._wanted = features, X, dtype
        self.dtype = np.dtype(self._made(slice(0, 1)).dtype if dtype is None else dtype)
        self.shape = (n_rows(X), features.size)

    def astype(self, dtype: Any) -> FeatureOperator:
        """Return the operator of features of another type."""
        return self if self.dtype == dtype else FeatureOperator(self._features, self._X, dtype)

    def _made(self, rows: slice) -> Any:
        X = take_rows(self._X, rows)
        return self._features.transform(X if self._wanted is None or not is_floating(X) else cast(X, self._wanted))

    def block(self, rows: slice) -> np.ndarray:
        """Return the features of consecutive rows, shape (rows.stop - rows.start, p)."""
        return as_dense(self._made(rows)).astype(self.dtype, copy=False)

    def __matmul__(self, V: np.ndarray) -> np.ndarray:
        """Return phi(x) V for V of shape (p,) or (p, t), holding one block of features."""
        n, p = self.shape
        out = np.empty((n, *V.shape[1:]), dtype=np.result_type(self.dtype, V.dtype))
        for rows in blocks(n, max(1, BLOCK_BYTES // (8 * p))):
            out[rows] = self.block(rows) @ V
        return out
