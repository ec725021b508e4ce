"""Rows in the plane of two components."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .._validation import check_number
from ._drawing import Target, draw_points, last_step, new_axes


class ComponentDisplay:
    """Rows as points in the plane of two components.

    Parameters
    ----------
    scores : array of shape (n, 2)
        Two components of each row.
    names : pair of str
        Names of the components.
    y : array-like of shape (n,), optional
        Labels or numbers that the points are coloured by.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    points_ : list of matplotlib PathCollection
        The points, one collection for each label.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelPCA
    >>> from kernelkit.inspection import ComponentDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = ComponentDisplay.from_estimator(KernelPCA(n_components=2).fit(X), X, y)
    >>> display.names
    ('kernelpca0 (74%)', 'kernelpca1 (15%)')
    """

    def __init__(self, scores: np.ndarray, *, names: tuple[str, str], y: Any = None):
        self.scores = scores
        self.names = names
        self.y = y

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        components: tuple[int, int] = (0, 1),
        ax: Any = None,
        **settings: Any,
    ) -> Self:
        """Transform rows and draw them.

        Parameters
        ----------
        estimator : transformer
            Fitted, such as a KernelPCA or a pipeline that ends with one.
        X : array-like or sparse matrix of shape (n, d)
            Rows.
        y : array-like of shape (n,), optional
            Labels, which get a colour each, or numbers, which get a scale.
        components : pair of int
            Which components to draw.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``scatter``.
        """
        scores = np.asarray(estimator.transform(X))
        p = scores.shape[1]
        i, j = (check_number("components", c, at_least=0, below=p, integer=True) for c in components)
        names = _names(last_step(estimator), p)
        return cls(scores[:, [i, j]], names=(names[i], names[j]), y=y).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``scatter``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        scores = np.asarray(self.scores)
        self.points_ = draw_points(ax, scores, Target.of(self.y, scores), **settings)
        ax.set(xlabel=self.names[0], ylabel=self.names[1])
        return self


def _names(transformer: Any, count: int) -> list[str]:
    """Return names of the components, with their shares of the variance where these are known."""
    known = hasattr(transformer, "get_feature_names_out")
    names = list(transformer.get_feature_names_out()) if known else [f"component {i}" for i in range(count)]
    shares = getattr(transformer, "explained_variance_ratio_", None)
    return names if shares is None else [f"{name} ({s:.0%})" for name, s in zip(names, shares, strict=True)]
