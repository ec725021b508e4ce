"""Curves of costs: explicit lifting and the kernel that equals it, over rows, and over columns and degrees."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..engine import available_bytes
from ..kernels import Polynomial
from ._candidates import CANDIDATES, Candidate
from ._lifting_costs import kernel_bytes, lifted_bytes, n_features
from ._lifts import monomials
from ._models import build
from ._preprocess import preparation
from ._run import Comparison
from ._timing import one_thread, timed_fit

FEWEST_ROWS, FEW, MOST_ROWS = 200, 3200, 12_800  # `FEW` is reached by resampling where there are fewer
NOISE = 0.1  # standard deviations of the columns, on rows that are drawn again
DEGREES, WAYS = (2, 3, 4), ("lifted", "kernel")
SMALL_COLUMNS = (2, 4, 8, 16, 32, 64)
LARGEST_FIXED = 1500  # rows at which columns are varied
SHARE, ONE_POINT = 0.6, 0.1  # of the seconds: for the curves over rows, and for one point
SPARE = 4  # memory that must be there, in units of the least that a fit needs
TWICE_THE_ROWS = {"lifted": 2.3, "kernel": 8.0}  # how many times longer these take, at most
SETTING = (1, 2)  # in the middle of a candidate's grid


@dataclass(frozen=True)
class Point:
    """What one fit costs.

    Attributes
    ----------
    degree, way : int, {"lifted", "kernel"}
        The polynomial and how it is fitted.
    n, d : int
        Rows, and columns that the polynomial sees.
    features : int or None
        Explicit features; None for the kernel, which needs none.
    least_bytes : int
        Memory by formula: the features and the system to solve, or the kernel matrix.
    seconds : float
        Of one fit, on one thread.
    peak_bytes : int or None
        Arrays held at once during a fit, where that was measured.
    """

    degree: int
    way: str
    n: int
    d: int
    features: int | None
    least_bytes: int
    seconds: float
    peak_bytes: int | None = None


@dataclass(frozen=True)
class CostCurves:
    """Costs of polynomials by explicit lifting and by their kernel.

    Attributes
    ----------
    over_rows : list of Point
        On the user's own prepared rows, for doubling numbers of them.
    over_columns : list of Point
        On random rows, for doubling numbers of columns.
    n_rows : int
        The number of rows of the latter.
    own_rows, own_columns : int
        How many rows the user has, and how many numeric columns.
    """

    over_rows: list[Point]
    over_columns: list[Point]
    n_rows: int
    own_rows: int
    own_columns: int

    @property
    def table(self) -> Any:
        """One row a point: a DataFrame, or a list of dicts where pandas is not installed."""
        over = {"rows": self.over_rows, "columns": self.over_columns}
        points = [{"over": name, **asdict(point)} for name, found in over.items() for point in found]
        try:
            import pandas as pd
        except ImportError:
            return points
        return pd.DataFrame(points).astype({"features": "Int64", "peak_bytes": "Int64"}) if points else pd.DataFrame()

    def plot(self, figure: Any = None) -> Any:
        """Draw the curves on a matplotlib figure, a new one by default, and return it."""
        from ._curves_drawn import draw_cost_curves, new_figure

        figure = new_figure() if figure is None else figure
        draw_cost_curves(self, figure)
        return figure

    def __repr__(self) -> str:
        from ._curves_told import cost_sentences

        return "\n".join(cost_sentences(self))


def cost_curves(found: Comparison, max_seconds: float = 20.0) -> CostCurves:
    """Measure both curves, in about `max_seconds` at most.

    Fits that would take longer than a tenth of that, or more memory than there is, are left out.
    """
    start = time.perf_counter()
    X, y, n_numeric = _prepared(found)
    n_rows = min(max(found.compared_on, FEWEST_ROWS), LARGEST_FIXED)
    with one_thread():
        first = _Clock(start + SHARE * max_seconds, ONE_POINT * max_seconds)
        over_rows = _over_rows(X, y, n_numeric, first)
        over_columns = _over_columns(n_rows, found.seed, replace(first, end=start + max_seconds))
    return CostCurves(over_rows, over_columns, n_rows, len(found.table), n_numeric)


def _prepared(found: Comparison) -> tuple[np.ndarray, np.ndarray, int]:
    """Return rows of the user's in random order, drawn again with noise where they are few, and a target of numbers."""
    table, rng = found.table, np.random.default_rng(found.seed)
    classes = table.y if table.task == "classification" else np.zeros(len(table))
    one_of_each = np.unique(classes, return_index=True)[1]
    chosen = np.array(list(dict.fromkeys([*one_of_each, *rng.permutation(len(table))]))[:MOST_ROWS])
    X = preparation(table, found.seed).fit_transform(table.take(chosen), table.y[chosen])
    y = table.y[chosen] if table.task == "regression" else np.unique(table.y[chosen], return_inverse=True)[1]
    again = rng.integers(len(y), size=max(FEW - len(y), 0))
    extra = X[again] + NOISE * rng.normal(size=(len(again), X.shape[1]))
    return np.vstack([X, extra]), np.concatenate([y, y[again]]).astype(float), len(table.columns.numeric)


@dataclass(frozen=True)
class _Clock:
    """When measuring ends, and how long one fit may take."""

    end: float
    longest: float

    def allows(self, seconds: float, size: int) -> bool:
        """Return whether there is time for a fit of so many seconds, and room for it."""
        available = available_bytes()
        room = available is None or SPARE * size < available
        return room and seconds < min(self.longest, self.end - time.perf_counter())


def _over_rows(X: np.ndarray, y: np.ndarray, n_numeric: int, clock: _Clock) -> list[Point]:
    points: list[Point] = []
    running = [("lifted", 1), *((way, degree) for degree in DEGREES[:2] for way in WAYS)]
    last: dict[tuple[str, int], float] = {}
    for n in doubling(FEWEST_ROWS, len(y)):
        for key in list(running):
            candidate = _candidate(*key)
            expected = last.get(key, 0.0) * TWICE_THE_ROWS[key[0]]
            point = _measured(candidate, key, X[:n], y[:n], n_numeric, clock, expected)
            if point is None:
                running.remove(key)
            else:
                points.append(point)
                last[key] = point.seconds
    return points


def _over_columns(n: int, seed: int, clock: _Clock) -> list[Point]:
    rng = np.random.default_rng(seed)
    points: list[Point] = []
    for d in SMALL_COLUMNS:
        X = rng.normal(size=(n, d))
        y = np.tanh(X[:, 0] * X[:, 1]) + 0.1 * rng.normal(size=n)
        for way, degree in [*(("lifted", degree) for degree in DEGREES), ("kernel", DEGREES[0])]:
            before = [point for point in points if (point.way, point.degree) == (way, degree)]
            expected = before[-1].seconds * _more_work(before[-1], n_features(d, degree)) if before else 0.0
            point = _measured(_candidate(way, degree), (way, degree), X, y, d, clock, expected)
            if point is not None:
                points.append(replace(point, peak_bytes=_held(_candidate(way, degree), X, y)))
    return points


def _more_work(before: Point, features: int) -> float:
    """Return how many times longer a fit takes with more features; the kernel does not mind."""
    if before.features is None:
        return 1.0
    return features * min(before.n, features) / (before.features * min(before.n, before.features))


def doubling(first: int, most: int) -> list[int]:
    """Return first, 2 first, 4 first, ... up to `most`."""
    return [first * 2**k for k in range(64) if first * 2**k <= most]


def _candidate(way: str, degree: int) -> Candidate:
    """Return the linear candidate, or a polynomial one of any degree."""
    wanted = "linear" if degree == 1 else f"poly2-{way}"
    candidate = next(candidate for candidate in CANDIDATES if candidate.name == wanted)
    if degree == 1:
        return candidate
    lift = None if candidate.lift is None else monomials(degree)
    return replace(candidate, kernel=Polynomial(degree, gamma="scale", coef0=1.0), lift=lift)


def _measured(
    candidate: Candidate,
    key: tuple[str, int],
    X: np.ndarray,
    y: np.ndarray,
    n_numeric: int,
    clock: _Clock,
    expected: float,
) -> Point | None:
    """Fit and take the time; None where the model cannot be fitted, or not within time and memory."""
    n, n_other = len(y), X.shape[1] - n_numeric
    features = candidate.n_features(n_numeric, n_other)
    least = kernel_bytes(n) if features is None else lifted_bytes(n, features)
    if candidate.obstacle(n_numeric, n_other) or not clock.allows(expected, least):
        return None
    model = build(candidate, X, n_numeric, SETTING, "regression", 0)
    seconds, _ = timed_fit(model, X, y, warm=n == FEWEST_ROWS)
    return Point(key[1], key[0], n, n_numeric, features, least, seconds)


def _held(candidate: Candidate, X: np.ndarray, y: np.ndarray) -> int | None:
    """Return the bytes of all arrays that a fit holds at once; None where Python's memory is traced already."""
    if tracemalloc.is_tracing():
        return None
    model = build(candidate, X, X.shape[1], SETTING, "regression", 0)
    tracemalloc.start()
    try:
        model.fit(X, y)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
