"""Eigenvalues, and how much of the variance they have together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._drawing import last_step, new_axes
from ._eigenpairs import spectrum


class SpectrumDisplay:
    """Eigenvalues on a logarithmic scale, and the share of the total variance that the first ones have, if known.

    Parameters
    ----------
    eigenvalues : array of shape (p,)
        Descending; those that are not above zero are left out of the picture.
    shares : array of shape (p,), optional
        Their shares of the total variance.

    Attributes
    ----------
    ax_, share_ax_, figure_ : matplotlib Axes, Axes and Figure
        Where it was drawn; `share_ax_` has the scale of the shares, and is None without these.
    line_, share_line_ : matplotlib Line2D
        Eigenvalues and cumulative shares.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelPCA
    >>> from kernelkit.inspection import SpectrumDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = SpectrumDisplay.from_estimator(KernelPCA(n_components=10).fit(X))
    >>> display.shares[:3].round(2)
    array([0.74, 0.15, 0.04])
    """

    def __init__(self, eigenvalues: np.ndarray, shares: np.ndarray | None = None):
        self.eigenvalues = eigenvalues
        self.shares = shares

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **settings: Any) -> Self:
        """Draw the eigenvalues of a fitted KernelPCA.

        Parameters
        ----------
        estimator : KernelPCA
            Has ``eigenvalues_``, as scikit-learn's has; or a pipeline that ends with one.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        last = last_step(estimator)
        check_is_fitted(last)
        if not hasattr(last, "eigenvalues_"):
            raise ValueError(f"estimator must have eigenvalues_, as a fitted KernelPCA has, got {last!r}")
        return cls(last.eigenvalues_, getattr(last, "explained_variance_ratio_", None)).plot(ax, **settings)

    @classmethod
    def from_kernel(cls, kernel: Any, X: Any, *, ax: Any = None, **settings: Any) -> Self:
        """Draw the eigenvalues of a kernel matrix, not centred.

        Parameters
        ----------
        kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
            What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
        X : array-like or sparse matrix of shape (n, d)
            Rows; the kernel matrix, of shape (n, n), for "precomputed".
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        return cls(spectrum(kernel, X).eigenvalues).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``plot``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        values = np.asarray(self.eigenvalues)
        drawn = np.flatnonzero(values > 0)
        look = {"marker": "o", "markersize": 4, **normalize_kwargs(settings, Line2D)}
        (self.line_,) = ax.semilogy(drawn, values[drawn], **look)
        ax.set(xlabel="component", ylabel="eigenvalue")
        ax.xaxis.get_major_locator().set_params(integer=True)
        self.share_ax_: Any = None
        self.share_line_: Any = None
        if self.shares is not None:
            self._draw_shares(ax, self.shares)
        return self

    def _draw_shares(self, ax: Any, shares: np.ndarray) -> None:
        self.share_ax_ = ax.twinx()
        (self.share_line_,) = self.share_ax_.plot(100 * np.cumsum(shares), color="tab:orange", linestyle="--")
        self.share_ax_.set(ylim=(0, 102), ylabel="cumulative share of the variance (%)")
        self.share_ax_.yaxis.label.set_color("tab:orange")
