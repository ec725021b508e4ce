"""What curves of costs show, in sentences."""

from __future__ import annotations

import math

from ._budget import duration
from ._curves import DEGREES, CostCurves, Point
from ._lifting_costs import crossing, kernel_bytes, lifted_bytes, most_columns, n_features
from ._report import short_bytes

MANY_COLUMNS, MANY_DEGREE = 10**5, 3
CLEARLY = 1.2  # a ratio of times


def cost_sentences(curves: CostCurves) -> list[str]:
    """Return where lifting wins and where it explodes, one fact a sentence."""
    return [*_over_rows(curves), _over_columns(curves), *_measured(curves), _many_columns(curves)]


def line(points: list[Point], degree: int, way: str) -> list[Point]:
    """Return the points of one curve."""
    return [point for point in points if (point.degree, point.way) == (degree, way)]


def both_ways(curves: CostCurves, degree: int) -> list[tuple[Point, Point]]:
    """Return the points over rows at which both were measured, lifted and kernel."""
    kernels = {point.n: point for point in line(curves.over_rows, degree, "kernel")}
    return [(point, kernels[point.n]) for point in line(curves.over_rows, degree, "lifted") if point.n in kernels]


def faster_from(pairs: list[tuple[Point, Point]]) -> tuple[float, float] | None:
    """Return the rows from which lifting is faster, and the seconds there; None where all rows are, or none."""
    rows = [lifted.n for lifted, _ in pairs]
    seconds = [lifted.seconds for lifted, _ in pairs]
    place = crossing(rows, seconds, [kernel.seconds for _, kernel in pairs])
    if place is None or seconds[-1] >= pairs[-1][1].seconds:
        return None
    i = next(i for i in range(1, len(rows)) if rows[i] >= place)
    share = math.log(place / rows[i - 1]) / math.log(rows[i] / rows[i - 1])
    return place, seconds[i - 1] * (seconds[i] / seconds[i - 1]) ** share


def rounded(value: float) -> str:
    """Return a number to two digits.

    >>> rounded(1234.5)
    '1,200'
    """
    return f"{float(f'{value:.1e}'):,.0f}"


def _over_rows(curves: CostCurves) -> list[str]:
    told = []
    for degree in DEGREES[:2]:
        pairs = both_ways(curves, degree)
        if pairs:
            told.append(_of_one_degree(pairs, degree, curves.own_columns))
    return told


def _of_one_degree(pairs: list[tuple[Point, Point]], degree: int, columns: int) -> str:
    lifted, kernel = pairs[-1]
    noun = "column" if columns == 1 else "columns"
    what = f"Degree {degree} on {columns:,} numeric {noun} ({lifted.features:,} features)"
    place, ratio = faster_from(pairs), kernel.seconds / lifted.seconds
    if place is not None:
        where = f"lifting fits faster than the kernel from about {rounded(place[0])} rows"
    elif ratio >= 1:
        where = f"lifting fits faster than the kernel at every size measured, from {pairs[0][0].n:,} rows"
    elif all(by_kernel.seconds < by_lifting.seconds for by_lifting, by_kernel in pairs):
        where = "the kernel fits faster than lifting at every size measured"
    else:
        where = "the kernel fits faster than lifting on many rows"
    times = f"{duration(lifted.seconds)} against {duration(kernel.seconds)}"
    return f"{what}: {where}; with {lifted.n:,} rows, {times}."


def _over_columns(curves: CostCurves) -> str:
    limits = [f"{most_columns(curves.n_rows, degree):,} (degree {degree})" for degree in DEGREES]
    return (
        f"With {curves.n_rows:,} rows, lifting needs less memory than the kernel up to d = "
        f"{', '.join(limits[:-1])} and {limits[-1]} columns; above, the kernel needs less."
    )


def _measured(curves: CostCurves) -> list[str]:
    lifted = [point for point in curves.over_columns if point.way == "lifted"]
    if not lifted:
        return []
    largest = max(lifted, key=lambda point: point.features or 0)
    kernel = next((p for p in curves.over_columns if p.way == "kernel" and p.d == largest.d), None)
    if kernel is None or largest.seconds < CLEARLY * kernel.seconds:
        return []
    at = f"{largest.d} columns, degree {largest.degree} ({largest.features:,} features)"
    times = f"{duration(largest.seconds)} lifted and {duration(kernel.seconds)} by the kernel"
    peaks = ""
    if largest.peak_bytes is not None and kernel.peak_bytes is not None:
        peaks = f", in {short_bytes(largest.peak_bytes)} and {short_bytes(kernel.peak_bytes)}"
    return [f"Measured with {at}: {times}{peaks}."]


def _many_columns(curves: CostCurves) -> str:
    features = n_features(MANY_COLUMNS, MANY_DEGREE)
    size = short_bytes(lifted_bytes(curves.n_rows, features))
    return (
        f"At d = {MANY_COLUMNS:,}, degree {MANY_DEGREE} has {features:.1e} features, {size} for these rows; "
        f"the kernel needs none, and its matrix takes {short_bytes(kernel_bytes(curves.n_rows))} for any d and degree."
    )
