"""A kernel matrix as an image."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._arrays import as_sliceable, n_rows, take_rows
from .._validation import check_number
from ..kernels import Kernel, as_kernel
from ._drawing import Target, before_last_step, last_step, new_axes
from ._rows import square


class KernelMatrixDisplay:
    """The kernel matrix as an image, with rows in the order of the target.

    Blocks along the diagonal show groups that the kernel tells from others.

    Parameters
    ----------
    matrix : array of shape (m, m)
        Kernel values, in the order drawn.
    edges : array of shape (groups + 1,), optional
        Where groups begin and end.
    names : sequence of str, optional
        Names of the groups.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    image_ : matplotlib AxesImage
        The image.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import Gaussian
    >>> from kernelkit.inspection import KernelMatrixDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> KernelMatrixDisplay.from_kernel(Gaussian("scale"), X, y).matrix.shape
    (150, 150)
    """

    def __init__(self, matrix: np.ndarray, *, edges: Any = None, names: Any = None):
        self.matrix = matrix
        self.edges = edges
        self.names = names

    @classmethod
    def from_kernel(
        cls, kernel: Any, X: Any, y: Any = None, *, max_rows: int = 1000, ax: Any = None, **settings: Any
    ) -> Self:
        """Evaluate a kernel and draw its matrix.

        Parameters
        ----------
        kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
            What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
        X : array-like or sparse matrix of shape (n, d)
            Rows; the kernel matrix, of shape (n, n), for "precomputed".
        y : array-like of shape (n,), optional
            Labels or numbers to sort the rows by.
        max_rows : int
            With more rows, that many are drawn, evenly spaced in the order.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``imshow``.
        """
        max_rows = check_number("max_rows", max_rows, at_least=1, integer=True)
        kernel, X = as_kernel(kernel), as_sliceable(X)
        kernel = kernel.resolve(X) if isinstance(kernel, Kernel) else kernel
        X = X if isinstance(kernel, Kernel) else square(X)
        target, n = Target.of(y, X), n_rows(X)
        order = np.arange(n) if target is None else np.argsort(target.values, kind="stable")
        order = order[np.linspace(0, n - 1, min(n, max_rows)).astype(int)]
        rows = take_rows(X, order)
        matrix = kernel(rows) if isinstance(kernel, Kernel) else rows[:, order]
        if target is None or target.groups is None:
            return cls(matrix).plot(ax, **settings)
        edges = np.searchsorted(target.values[order], np.arange(len(target.groups) + 1))
        return cls(matrix, edges=edges, names=[str(name) for name in target.groups]).plot(ax, **settings)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any = None, *, max_rows: int = 1000, ax: Any = None, **settings: Any
    ) -> Self:
        """Draw the matrix of a fitted estimator's kernel; see `from_kernel`.

        Parameters
        ----------
        estimator : estimator
            Has ``kernel_``; or a pipeline that ends with one.
        X, y, max_rows, ax, **settings
            As for `from_kernel`.
        """
        last = last_step(estimator)
        check_is_fitted(last)
        if not hasattr(last, "kernel_"):
            raise ValueError(f"estimator must have kernel_, as kernelkit's have, got {last!r}: take from_kernel")
        rows = before_last_step(estimator, X)
        return cls.from_kernel(last.kernel_, rows, y, max_rows=max_rows, ax=ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``imshow``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        self.image_ = ax.imshow(self.matrix, **{"interpolation": "nearest", **settings})
        ax.figure.colorbar(self.image_, ax=ax, label="k(x, y)")
        if self.names is None:
            ax.set(xlabel="row", ylabel="row")
            return self
        edges = np.asarray(self.edges)
        middles = (edges[:-1] + edges[1:] - 1) / 2
        ax.set_xticks(middles, self.names, rotation=45 if max(map(len, self.names)) > 3 else 0)
        ax.set_yticks(middles, self.names)
        for edge in edges[1:-1] - 0.5:
            ax.axhline(edge, color="white", linewidth=0.8)
            ax.axvline(edge, color="white", linewidth=0.8)
        return self
