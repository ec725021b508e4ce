"""Curves of costs as a figure; without colour, lines are told apart by their kind, their markers and their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ._budget import duration
from ._curves import DEGREES, WAYS, CostCurves, Point
from ._curves_told import both_ways, faster_from, line, rounded
from ._lifting_costs import kernel_bytes, lifted_bytes, most_columns, n_features
from ._report import short_bytes

COLOURS = {1: "black", 2: "tab:blue", 3: "tab:red", 4: "tab:green"}
MARKERS = {1: "D", 2: "o", 3: "s", 4: "^"}
LINES = {"lifted": "-", "kernel": "--"}
COLUMNS = sorted({round(10 ** (k / 10)) for k in range(51)})  # 1 to 100,000
LINE_HEIGHT, HEADROOM = 0.058, 0.3  # of a label, and above the curves for words, in heights of the axes
RING = {"marker": "o", "markersize": 13, "fillstyle": "none", "linestyle": "none"}


@dataclass
class Label:
    """What is written beside the right end of a line."""

    x: float
    y: float
    text: str
    colour: str


def new_figure() -> Any:
    """Return an empty figure of the right size.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('cost curves need matplotlib: pip install "kernelkit[plot]"') from error
    return pyplot.figure(figsize=(13, 5), layout="constrained")


def draw_cost_curves(curves: CostCurves, figure: Any) -> None:
    """Draw two panels on a matplotlib figure: time over rows, and memory over columns and degrees."""
    left, right = figure.subplots(1, 2)
    draw_rows(curves, left)
    draw_columns(curves, right)


def draw_rows(curves: CostCurves, ax: Any) -> None:
    """Draw the time of a fit over the number of rows."""
    ax.set(xscale="log", yscale="log", xlabel="training rows n", ylabel="time of one fit on one thread")
    ax.set_title(_about_rows(curves), fontsize="medium")
    labels = []
    for way, degree in [("lifted", 1), *((way, degree) for degree in DEGREES[:2] for way in WAYS)]:
        points = line(curves.over_rows, degree, way)
        if points:
            _plot(ax, [point.n for point in points], [point.seconds for point in points], degree, way)
            labels.append(Label(points[-1].n, points[-1].seconds, _name(points[-1]), COLOURS[degree]))
    _fix_limits(ax, labels, HEADROOM)
    for k, degree in enumerate(DEGREES[:2]):
        place = faster_from(both_ways(curves, degree))
        if place is not None:
            _ring(ax, *place, f"degree {degree}: lifting is\nfaster from n = {rounded(place[0])}", degree, k)
    _ticks(ax.xaxis, sorted({point.n for point in curves.over_rows}), lambda value: f"{value:,.0f}")
    _ticks(ax.yaxis, [10.0**power for power in range(-6, 5)], duration)
    _label_ends(ax, labels)


def _about_rows(curves: CostCurves) -> str:
    noun = "column" if curves.own_columns == 1 else "columns"
    again = any(point.n > curves.own_rows for point in curves.over_rows)
    drawn_again = f" (beyond n = {curves.own_rows:,} drawn again)" if again else ""
    return f"Time to fit: your {curves.own_columns:,} numeric {noun}{drawn_again}"


def _plot(ax: Any, x: Sequence[float], y: Sequence[float], degree: int, way: str) -> None:
    ax.plot(x, y, LINES[way], marker=MARKERS[degree], markersize=4.5, color=COLOURS[degree])


def _name(point: Point) -> str:
    if point.features is None:
        return f"degree {point.degree}, kernel"
    name = "linear" if point.degree == 1 else f"degree {point.degree}, lifted"
    return f"{name}\n({point.features:,} features)"


def draw_columns(curves: CostCurves, ax: Any) -> None:
    """Draw the memory of a fit over the number of columns."""
    n = curves.n_rows
    ax.set(xscale="log", yscale="log", xlabel="columns d", ylabel="memory of one fit")
    ax.set_title(f"Memory to fit {n:,} rows (lines: at least; points: measured)", fontsize="medium")
    labels = [Label(COLUMNS[-1], kernel_bytes(n), "kernel: no features", COLOURS[1])]
    ax.plot([COLUMNS[0], COLUMNS[-1]], [kernel_bytes(n)] * 2, LINES["kernel"], color=COLOURS[1])
    _points(ax, line(curves.over_columns, DEGREES[0], "kernel"), 1)
    for degree in DEGREES:
        sizes = [float(lifted_bytes(n, n_features(d, degree))) for d in COLUMNS]
        ax.plot(COLUMNS, sizes, LINES["lifted"], color=COLOURS[degree])
        _points(ax, line(curves.over_columns, degree, "lifted"), degree)
        features = f"{n_features(COLUMNS[-1], degree):.1e}".replace("e+", "e")
        labels.append(Label(COLUMNS[-1], sizes[-1], f"degree {degree}, lifted:\n{features} features", COLOURS[degree]))
    _fix_limits(ax, labels)
    for k, degree in enumerate(reversed(DEGREES)):
        d = most_columns(n, degree)
        if d:
            _ring(ax, d, kernel_bytes(n), f"degree {degree}: lifting takes\nless up to d = {d:,}", degree, k)
    _ticks(ax.yaxis, [1024.0**power for power in range(1, 9)], short_bytes)
    _ticks(ax.xaxis, [10.0**power for power in range(6)], lambda value: f"{value:,.0f}")
    _label_ends(ax, labels)


def _fix_limits(ax: Any, labels: list[Label], headroom: float = 0.0) -> None:
    """Let the axes end where the lines do, with room above the curves."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ax.set_xlim(left, max((label.x for label in labels), default=right))
    ax.set_ylim(low, high * (high / low) ** headroom)


def _points(ax: Any, points: list[Point], degree: int) -> None:
    known = [point for point in points if point.peak_bytes is not None]
    x, y = [point.d for point in known], [point.peak_bytes for point in known]
    ax.plot(x, y, MARKERS[degree], markersize=4.5, color=COLOURS[degree])


def _ring(ax: Any, x: float, y: float, text: str, degree: int, place: int) -> None:
    """Mark where two curves cross, and say so above: the first place is the highest."""
    share = (ax.transScale + ax.transLimits).transform((x, y))[0]
    side = 0.0 if share < 0.5 else 1.0
    ax.plot(x, y, color=COLOURS[degree], **RING)
    ax.annotate(
        text,
        (x, y),
        (x, 0.93 - 0.12 * place),
        "data",
        ax.get_xaxis_transform(),
        {"arrowstyle": "-", "linewidth": 0.7, "color": COLOURS[degree], "shrinkB": 7, "relpos": (side, 0.5)},
        fontsize="small",
        color=COLOURS[degree],
        va="center",
        ha="right" if side else "left",
    )


def _ticks(axis: Any, places: list[float], words: Callable[[float], str]) -> None:
    """Write numbers at some places, those within the limits of the axis."""
    low, high = axis.get_view_interval()
    shown = [place for place in places if low <= place <= high]
    axis.set_major_locator(_fixed(shown))
    axis.set_ticklabels([words(place) for place in shown])
    axis.set_minor_locator(_fixed([]))


def _fixed(places: list[float]) -> Any:
    from matplotlib.ticker import FixedLocator

    return FixedLocator(places)


def _label_ends(ax: Any, labels: list[Label]) -> None:
    """Write the labels beside the axes, as near to the ends of their lines as they do not overlap."""
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = {id(label): to_axes.transform((label.x, label.y)) for label in labels}
    lowest = -1.0
    for label in sorted(labels, key=lambda label: label.y):
        height = LINE_HEIGHT * (1 + label.text.count("\n"))
        middle = max(ends[id(label)][1], lowest + height / 2)
        lowest = middle + height / 2
        arrow = {"arrowstyle": "-", "linewidth": 0.7, "color": label.colour}
        look = {"fontsize": "small", "color": label.colour, "va": "center", "annotation_clip": False}
        ax.annotate(
            label.text,
            ends[id(label)],
            (1.03, middle),
            "axes fraction",
            textcoords="axes fraction",
            arrowprops=arrow,
            **look,
        )
