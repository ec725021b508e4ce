"""What all displays share: axes to draw on, targets as colours, points in these."""

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
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('displays need matplotlib: pip install "kernelkit[plot]"') from error
    return pyplot.subplots(layout="constrained")[1] if ax is None else ax


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
    def of(cls, y: Any, X: Any) -> Target | None:
        """Return the target of the rows `X`, or None for y=None."""
        if y is None:
            return None
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        if y.ndim != 1:
            raise ValueError(f"y must have shape (n,) to be drawn, got {y.shape}")
        check_consistent_length(X, y)
        groups, codes = np.unique(y, return_inverse=True)
        if type_of_target(y) == "continuous" or (y.dtype.kind in "iuf" and len(groups) > MOST_GROUPS):
            return cls(y.astype(float), None)
        return cls(codes, groups)


def group_colours(count: int) -> np.ndarray:
    """Return a colour for each group, shape (count, 4)."""
    from matplotlib import colormaps

    return colormaps["tab10" if count <= 10 else "tab20"](np.arange(count) % 20)


def draw_points(ax: Any, points: np.ndarray, target: Target | None, **settings: Any) -> list[Any]:
    """Scatter two columns, coloured by the target, with a legend or a scale."""
    settings = {"s": 18, "linewidths": 0.5, "edgecolors": "white", **settings}
    if target is None:
        return [ax.scatter(*points.T, **settings)]
    if target.groups is None:
        drawn = ax.scatter(*points.T, c=target.values, **settings)
        ax.figure.colorbar(drawn, ax=ax, label="target")
        return [drawn]
    colours = group_colours(len(target.groups))
    drawn = [
        ax.scatter(*points[target.values == code].T, color=colours[code], label=str(name), **settings)
        for code, name in enumerate(target.groups)
    ]
    ax.legend(loc="best", fontsize="small", ncols=1 + len(drawn) // 8)
    return drawn
