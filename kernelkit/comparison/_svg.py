"""Matplotlib figures as text that stands inside a page: the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

NO_MATPLOTLIB = 'No figures: they need matplotlib (python -m pip install "kernelkit[plot]").'
WIDTH = 4.9  # inches: read on a telephone, where it fills the screen, and two of them beside each other on a desk
LINE = 0.055  # of the height of axes: what a label needs
STYLE: dict[Any, Any] = {
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
MARKERS = "osD^P*X<>phd"
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


def look(i: int, hollow: bool = False) -> dict[str, Any]:
    """Return marker and colour of the i-th model; a hollow triangle for one that is not where it is drawn."""
    colour = COLOURS[i % len(COLOURS)]
    edge = {"markeredgecolor": "black", "markeredgewidth": 0.5}
    if hollow:
        return {"marker": "v", "color": colour, "markerfacecolor": "white", **edge}
    return {"marker": MARKERS[i % len(MARKERS)], "color": colour, **edge}


def literal(text: str) -> str:
    """Return the text as matplotlib writes it as it is: a dollar sign would start a formula."""
    return text.replace("$", r"\$")


def spread_labels(ax: Any, points: list[tuple[float, float]], labels: list[str], looks: list[dict[str, Any]]) -> None:
    """Write labels in a column right of the axes, each with its point's marker and a thin line to the point.

    The axes' limits must be set: labels are in the order of their points, as near to their heights as there is room.
    """
    heights = [float(ax.transLimits.transform(ax.transScale.transform(point))[1]) for point in points]
    order = sorted(range(len(points)), key=heights.__getitem__)
    for place, i in zip(_places([heights[i] for i in order]), order, strict=True):
        line = {"arrowstyle": "-", "linewidth": 0.4, "color": "0.7", "shrinkA": 0, "shrinkB": 3}
        side = (1.03, place)
        ax.annotate("", points[i], side, textcoords="axes fraction", annotation_clip=False, arrowprops=line)
        ax.plot(*side, transform=ax.transAxes, clip_on=False, markersize=4, **looks[i])
        ax.annotate(
            literal(labels[i]),
            side,
            (5, 0),
            "axes fraction",
            "offset points",
            va="center",
            fontsize=7.5,
            annotation_clip=False,
        )


def _places(wanted: list[float]) -> list[float]:
    """Return heights as wanted but at least a line apart, within the axes; `wanted` ascends."""
    gap = min(LINE, 1.0 / max(len(wanted), 2))
    places: list[float] = []
    for height in wanted:
        places.append(max(height, places[-1] + gap) if places else max(height, 0.0))
    top = 1.0
    for k in reversed(range(len(places))):
        places[k] = min(places[k], top)
        top = places[k] - gap
    return places
