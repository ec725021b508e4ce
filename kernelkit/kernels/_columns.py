"""A kernel on some of the columns."""

from __future__ import annotations

import copy
import numbers
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from .._arrays import namespace, positions
from .._validation import check_numbers
from ._base import Kernel
from ._rows import Rows


class Columns(Kernel):
    """k(x, y) = kernel(x[columns], y[columns]).

    Parameters
    ----------
    kernel : Kernel
        The kernel on the chosen columns.
    columns : int, str or list of them
        Which columns, by position or by name; names become positions in `resolve`.

    Examples
    --------
    >>> from kernelkit.kernels import Linear
    >>> Columns(Linear(), [0])([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [3., 9.]])
    """

    def __init__(self, kernel: Kernel, columns: Any):
        self.kernel = kernel
        self.columns = columns

    @property
    def requires_vector_input(self) -> bool:
        # Other columns of a table may hold anything.
        return False

    def _names(self) -> list[Any]:
        names = [self.columns] if np.ndim(self.columns) == 0 else list(self.columns)
        if any(isinstance(name, (bool, np.bool_, slice)) for name in names):
            raise ValueError(f"columns must be positions or names, not a mask or a slice, got {self.columns!r}")
        return names

    def _resolved(self, X: Any, w: np.ndarray | None) -> Self:
        kernel = copy.deepcopy(self)
        kernel.columns = [_position(name, X) for name in self._names()]
        kernel.kernel = self.kernel._resolved(kernel.chosen(X), w)
        return kernel

    def chosen(self, X: Any) -> Any:
        """Return the columns of `X`, as numbers where the kernel wants these."""
        index = self._names()
        if any(isinstance(name, str) for name in index):
            raise ValueError(f"columns={self.columns!r} are names: call resolve(X) on the kernel first")
        if sp.issparse(X) or getattr(X, "ndim", 0) != 2:
            X = check_numbers(X)
        width = X.shape[1]
        if not index or any(not -width <= i < width for i in index):
            raise ValueError(f"columns must be positions among the {width} columns of X, got {self.columns!r}")
        if hasattr(X, "iloc"):
            X = X.iloc[:, index]
        elif isinstance(X, np.ndarray) or sp.issparse(X):
            X = X[:, index]
        else:
            X = namespace(X).take(X, positions([i % width for i in index], X), axis=1)
        return check_numbers(X, self.kernel.accepts_sparse) if self.kernel.requires_vector_input else X

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return self.kernel.rows(self.chosen(X), like)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return self.kernel.tile(a, b, out)

    def diag(self, X: Any) -> Any:
        return self.kernel.diag(self.chosen(X))

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        index = np.arange(n_features)[self._names()]
        inside, weights = self.kernel.frequencies(len(index), count, draws)
        frequencies = np.zeros((count, n_features))
        np.add.at(frequencies.T, index, inside.T)  # a column may be named twice
        return frequencies, weights

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        return self.kernel.value_and_gradient(rows)


def _position(name: Any, X: Any) -> int:
    if isinstance(name, numbers.Integral):
        return int(name)
    names = list(getattr(X, "columns", []))
    if name not in names:
        known = f"X has {', '.join(map(str, names))}" if names else "X has no column names"
        raise ValueError(f"columns has {name!r}, but {known}")
    return names.index(name)
