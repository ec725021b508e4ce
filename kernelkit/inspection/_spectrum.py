"""Eigenvalues, and how much of the variance they have together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._drawing import new_axes


class SpectrumDisplay:
    """Eigenvalues on a logarithmic scale, and the share of the total variance that the first ones have.

    Parameters
    ----------
    eigenvalues : array of shape (p,)
        Descending; those that are not above zero are left out of the picture.
    shares : array of shape (p,)
        Their shares of the total variance.

    Attributes
    ----------
    ax_, share_ax_, figure_ : matplotlib Axes, Axes and Figure
        Where it was drawn; `share_ax_` has the scale of the shares.
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

    def __init__(self, eigenvalues: np.ndarray, shares: np.ndarray):
        self.eigenvalues = eigenvalues
        self.shares = shares

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **settings: Any) -> Self:
        """Draw the eigenvalues of a fitted KernelPCA.

        Parameters
        ----------
        estimator : KernelPCA
            Has ``eigenvalues_`` and ``explained_variance_ratio_``; or a pipeline that ends with one.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        last = estimator[-1] if hasattr(estimator, "steps") else estimator
        check_is_fitted(last, ["eigenvalues_", "explained_variance_ratio_"])
        return cls(last.eigenvalues_, last.explained_variance_ratio_).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``plot``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        drawn = np.flatnonzero(np.asarray(self.eigenvalues) > 0)
        (self.line_,) = ax.semilogy(drawn, self.eigenvalues[drawn], **{"marker": "o", "markersize": 4, **settings})
        ax.set(xlabel="component", ylabel="eigenvalue")
        ax.xaxis.get_major_locator().set_params(integer=True)
        self.share_ax_ = ax.twinx()
        (self.share_line_,) = self.share_ax_.plot(100 * np.cumsum(self.shares), color="tab:orange", linestyle="--")
        self.share_ax_.set(ylim=(0, 102), ylabel="cumulative share of the variance (%)")
        self.share_ax_.yaxis.label.set_color("tab:orange")
        return self
