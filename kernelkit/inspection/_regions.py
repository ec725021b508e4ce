"""Where in the plane a classifier, or an outlier detector, says what."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector
from sklearn.utils.validation import check_is_fitted

from .._validation import check_number, check_numbers
from ._drawing import Target, before_last_step, draw_points, group_colours, last_step, new_axes

MARGIN = 0.1  # of the range of the rows, on each side
STEPS = 10  # shades on each side
TINY = 1e-12


class DecisionRegionDisplay:
    """Regions of the plane by what a model predicts there, the rows, and a ring round each support vector.

    Two classes, and outlier detectors, are shaded by the decision value, with a line where it is zero, and dashed ones
    at the margins -1 and 1 of a support vector classifier. More classes are shown by the colour of the predicted one.

    Parameters
    ----------
    axes : pair of arrays of shape (g,)
        Coordinates of the grid.
    response : array of shape (g, g)
        Decision values, or numbers of classes.
    classes : array or None
        Labels, for more than two classes; None where the response is a decision value.
    points : array of shape (n, 2), optional
        Rows to draw.
    y : array-like of shape (n,), optional
        Labels that the rows are coloured by.
    groups : array, optional
        Labels in the order of the regions' colours; by default those in `y`.
    support : array of shape (s, 2), optional
        Support vectors.
    margins : bool
        Whether the values -1 and 1 mean something.
    outliers : bool
        Whether negative values stand for outliers.
    names : pair of str
        Names of the columns.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    surface_ : matplotlib QuadContourSet or QuadMesh
        The regions.
    points_ : list of matplotlib PathCollection
        The rows, one collection for each label.
    support_ : matplotlib PathCollection or None
        The rings.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from kernelkit import Gaussian, KernelSVC
    >>> from kernelkit.inspection import DecisionRegionDisplay
    >>> X, y = make_moons(100, noise=0.2, random_state=0)
    >>> model = KernelSVC(Gaussian(0.5)).fit(X, y)
    >>> display = DecisionRegionDisplay.from_estimator(model, X, y)
    >>> len(display.support) == len(model.support_)
    True
    """

    def __init__(
        self,
        axes: tuple[np.ndarray, np.ndarray],
        response: np.ndarray,
        *,
        classes: np.ndarray | None = None,
        points: np.ndarray | None = None,
        y: Any = None,
        groups: Any = None,
        support: np.ndarray | None = None,
        margins: bool = False,
        outliers: bool = False,
        names: tuple[str, str] = ("x0", "x1"),
    ):
        self.axes = axes
        self.response = response
        self.classes = classes
        self.points = points
        self.y = y
        self.groups = groups
        self.support = support
        self.margins = margins
        self.outliers = outliers
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        grid_resolution: int = 200,
        ax: Any = None,
        **settings: Any,
    ) -> Self:
        """Evaluate a model on a grid round the rows and draw it.

        Parameters
        ----------
        estimator : classifier or outlier detector
            Fitted on two columns; may be a pipeline.
        X : array-like of shape (n, 2)
            Rows. Support vectors are marked where they are among these: X is what the model was fitted on.
        y : array-like of shape (n,), optional
            Labels the rows are coloured by; an outlier detector's predictions by default.
        grid_resolution : int
            Points of the grid along each axis.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``contourf``, or for more than two classes ``pcolormesh``.

        Raises
        ------
        ValueError
            If `estimator` is neither, or `X` has not two columns.
        """
        if not (is_classifier(estimator) or is_outlier_detector(estimator)):
            raise ValueError(f"estimator must be a classifier or an outlier detector, got {estimator!r}")
        check_is_fitted(estimator)
        grid_resolution = check_number("grid_resolution", grid_resolution, at_least=2, integer=True)
        points = check_numbers(X, accept_sparse=False)
        if points.shape[1] != 2:
            raise ValueError(f"X must have 2 columns to be drawn, got shape {points.shape}")
        y, groups = _labels(estimator, X, y)
        axes = [_axis(column, grid_resolution) for column in points.T]
        grid = np.column_stack([column.ravel() for column in np.meshgrid(*axes)])
        response, classes = _response(estimator, _like(grid, X))
        return cls(
            (axes[0], axes[1]),
            response.reshape(grid_resolution, grid_resolution),
            classes=classes,
            points=points,
            y=y,
            groups=groups,
            support=_support(estimator, X, points),
            margins=classes is None and is_classifier(estimator) and _is_machine(last_step(estimator)),
            outliers=is_outlier_detector(estimator),
            names=(str(X.columns[0]), str(X.columns[1])) if hasattr(X, "columns") else ("x0", "x1"),
        ).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``contourf`` or ``pcolormesh``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        if self.classes is None:
            self._draw_values(settings)
        else:
            self._draw_classes(self.classes, settings)
        target = Target.of(self.y, self.points, self.groups)
        self.points_ = [] if self.points is None else draw_points(ax, self.points, target)
        self.support_ = None
        if self.support is not None:
            rings = {"s": 60, "facecolors": "none", "edgecolors": "black", "linewidths": 0.8}
            self.support_ = ax.scatter(*self.support.T, label="support vector", **rings)
            ax.legend(loc="best", fontsize="small")
        ax.set(xlabel=self.names[0], ylabel=self.names[1])
        return self

    def _draw_values(self, settings: dict[str, Any]) -> None:
        from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm

        sides = group_colours(2)
        negative, positive = sides[::-1] if self.outliers else sides
        colours = LinearSegmentedColormap.from_list("regions", [negative, (1, 1, 1, 1), positive])
        # Each side has a scale of its own, so that both are seen.
        low, high = min(self.response.min(), -TINY), max(self.response.max(), TINY)
        levels = np.append(np.linspace(low, 0, STEPS, endpoint=False), np.linspace(0, high, STEPS))
        look = {"levels": levels, "norm": TwoSlopeNorm(0, low, high), "cmap": colours, "alpha": 0.55}
        self.surface_ = self.ax_.contourf(*self.axes, self.response, **{**look, **settings})
        for level, style in [(0, "-"), *((m, "--") for m in (-1, 1) if self.margins)]:
            if self.response.min() < level < self.response.max():
                line = {"colors": "black", "linewidths": 1.2, "linestyles": style}
                self.ax_.contour(*self.axes, self.response, levels=[level], **line)

    def _draw_classes(self, classes: np.ndarray, settings: dict[str, Any]) -> None:
        from matplotlib.colors import ListedColormap

        # Not contours: between the first and the third class these would show a strip of the second.
        look = {"vmin": -0.5, "vmax": len(classes) - 0.5, "cmap": ListedColormap(group_colours(len(classes)))}
        look |= {"alpha": 0.35, "shading": "nearest", "rasterized": True, "linewidth": 0}
        self.surface_ = self.ax_.pcolormesh(*self.axes, self.response, **{**look, **settings})


def _axis(column: np.ndarray, count: int) -> np.ndarray:
    span = np.ptp(column) or 1.0
    return np.linspace(column.min() - MARGIN * span, column.max() + MARGIN * span, count)


def _like(grid: np.ndarray, X: Any) -> Any:
    """Return the grid as a table with the columns of `X` where that is one."""
    return type(X)(grid, columns=X.columns) if hasattr(X, "iloc") else grid


def _labels(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Return the labels of the rows, and all there are in the order of the regions' colours."""
    if not is_outlier_detector(estimator):
        return y, getattr(estimator, "classes_", None)
    signs = estimator.predict(X) if y is None else np.asarray(y)
    if set(np.unique(signs).tolist()) <= {-1, 1}:
        return np.where(signs == 1, "inlier", "outlier"), np.array(["inlier", "outlier"])
    return y, None


def _response(estimator: Any, grid: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return decision values and None, or numbers of predicted classes and the labels."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or len(classes) == 2:
        if hasattr(estimator, "decision_function"):
            return np.asarray(estimator.decision_function(grid)), None
        if hasattr(estimator, "predict_proba"):
            return np.asarray(estimator.predict_proba(grid))[:, 1] - 0.5, None
    predicted = np.asarray(estimator.predict(grid))
    if classes is None:
        return predicted, None
    return np.searchsorted(classes, predicted), np.asarray(classes)


def _is_machine(estimator: Any) -> bool:
    return hasattr(estimator, "support_vectors_") and hasattr(estimator, "support_")


def _support(estimator: Any, X: Any, points: np.ndarray) -> np.ndarray | None:
    """Return the support vectors of a machine that was fitted on these points, None for others."""
    machine = last_step(estimator)
    if not _is_machine(machine) or machine.support_.max(initial=-1) >= len(points):
        return None
    rows, vectors = np.asarray(before_last_step(estimator, X)), np.asarray(machine.support_vectors_)
    known = rows.shape[1:] == vectors.shape[1:] and np.allclose(rows[machine.support_], vectors)
    return points[machine.support_] if known else None
