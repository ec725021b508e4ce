"""Matplotlib figures as text that stands inside a page: the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

NO_MATPLOTLIB = 'No figures: they need matplotlib (python -m pip install "kernelkit[plot]").'
WIDTH = 4.9  # inches: read on a telephone, where it fills the screen, and two of them beside each other on a desk
STYLE = {
    "font.size": 8.5,
    "svg.hashsalt": "kernelkit",
    "svg.fonttype": "path",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": "0.88",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
}
# Told apart by shape first: colours do not survive a black and white print.
MARKERS = "osD^vP*X<>ph8d"
COLOURS = ("#0b3c6f", "#b3410a", "#1b6e3c", "#7a2a7a", "#4d4d4d", "#8a6d00")
DASHES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))


def new_figure(height: float) -> Any:
    """Return an empty Figure that no window knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def drawing(draw: Callable[[], Any], name: str) -> str:
    """Return the figure that `draw` makes as an SVG element; ids start with `name`, as several figures share a page."""
    import matplotlib

    stream = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context(STYLE):
        draw().savefig(stream, format="svg", metadata=nothing)
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->\n?", "", stream.getvalue(), flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text[text.index("<svg") :].strip())
    opening, rest = text.split(">", 1)
    opening = re.sub(r' (?:width|height)="[^"]*"', "", opening)
    return f'{opening} aria-hidden="true" focusable="false">{rest}'


def look(i: int) -> dict[str, Any]:
    """Return marker and colour of the i-th model."""
    return {"marker": MARKERS[i % len(MARKERS)], "color": COLOURS[i % len(COLOURS)]}


def spread_labels(ax: Any, points: list[tuple[float, float]], labels: list[str], bold: set[int]) -> None:
    """Write labels in a column right of the axes, in the order of the points, each with a thin line to its own."""
    count = max(len(labels), 2)
    to_axes = ax.transLimits.transform
    heights = {i: float(to_axes((0, ax.transScale.transform((1, points[i][1]))[1]))[1]) for i in range(len(points))}
    for place, i in zip(
        _places(sorted(heights.values()), count), sorted(heights, key=heights.__getitem__), strict=True
    ):
        ax.annotate(
            labels[i],
            points[i],
            xytext=(1.04, place),
            textcoords="axes fraction",
            va="center",
            fontsize=7.5,
            fontweight="bold" if i in bold else "normal",
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "0.45", "shrinkB": 3, "shrinkA": 1},
            annotation_clip=False,
        )


def _places(wanted: list[float], count: int) -> list[float]:
    """Return heights as wanted but at least a line apart, within the axes; `wanted` ascends."""
    gap = min(0.052, 1.0 / count)
    places: list[float] = []
    for height in wanted:
        places.append(max(height, places[-1] + gap) if places else max(height, 0.0))
    top = 1.0
    for k in reversed(range(len(places))):
        places[k] = min(places[k], top)
        top = places[k] - gap
    return places
