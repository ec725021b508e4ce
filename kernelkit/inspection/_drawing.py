"""What all displays share: axes to draw on, targets as colours, points in these, and the last step of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

MOST_GROUPS = 20  # distinct values of a target up to which each gets a colour of its own


def new_axes(ax: Any) -> Any:
    """Return `ax`, or the axes of a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `ax` is not one matplotlib Axes.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('displays need matplotlib: pip install "kernelkit[plot]"') from error
    if ax is None:
        return pyplot.subplots(layout="constrained")[1]
    if not hasattr(ax, "figure"):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")
    return ax


def last_step(estimator: Any) -> Any:
    """Return what a search found best, and of a pipeline the last step."""
    found = getattr(estimator, "best_estimator_", estimator)
    return found[-1] if hasattr(found, "steps") else found


def before_last_step(estimator: Any, X: Any) -> Any:
    """Return rows as the last step of a pipeline sees them."""
    found = getattr(estimator, "best_estimator_", estimator)
    return found[:-1].transform(X) if hasattr(found, "steps") and len(found) > 1 else X


@dataclass(frozen=True, eq=False)
class Target:
    """A target as colours.

    Attributes
    ----------
    values : array of shape (n,)
        The target; numbers of groups where it has these.
    groups : array or None
        Names of the groups; None for a target that is a number.
    """

    values: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, y: Any, X: Any, groups: Any = None) -> Target | None:
        """Return the target of the rows `X`, or None for y=None; known `groups` come first, in their order."""
        if y is None:
            return None
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        if y.ndim != 1:
            raise ValueError(f"y must have shape (n,) to be drawn, got {y.shape}")
        check_consistent_length(X, y)
        found = np.unique(y)
        if groups is None:
            if type_of_target(y) == "continuous" or (y.dtype.kind in "iuf" and len(found) > MOST_GROUPS):
                return cls(y.astype(float), None)
            groups = found
        groups = np.concatenate([groups, np.setdiff1d(found, groups)])
        order = np.argsort(groups, kind="stable")
        return cls(order[np.searchsorted(groups, y, sorter=order)], groups)


def group_colours(count: int) -> np.ndarray:
    """Return a colour for each group, shape (count, 4)."""
    from matplotlib import colormaps

    return colormaps["tab10" if count <= 10 else "tab20"](np.arange(count) % 20)


def draw_points(ax: Any, points: np.ndarray, target: Target | None, **settings: Any) -> list[Any]:
    """Scatter two columns, coloured by the target, with a legend or a scale; settings of one's own come first."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.collections import PathCollection

    settings = normalize_kwargs(settings, PathCollection)
    filled = settings.get("marker", "o") not in ("x", "+", "1", "2", "3", "4", "|", "_", ",")
    look = {"s": 18, **({"linewidth": 0.5, "edgecolor": "white"} if filled else {}), **settings}
    if target is None or {"c", "color", "facecolor"} & set(settings):
        return [ax.scatter(*points.T, **look)]
    if target.groups is None:
        drawn = ax.scatter(*points.T, **{"c": target.values, **look})
        ax.figure.colorbar(drawn, ax=ax, label="target")
        return [drawn]
    colours = group_colours(len(target.groups))
    present = [(code, name) for code, name in enumerate(target.groups) if (target.values == code).any()]
    drawn = [
        ax.scatter(*points[target.values == code].T, **{"color": colours[code], "label": str(name), **look})
        for code, name in present
    ]
    ax.legend(loc="best", fontsize="small", ncols=1 + len(drawn) // 8)
    return drawn
