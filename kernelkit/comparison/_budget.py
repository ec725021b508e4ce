"""Keep to the time budget: measure on few rows, choose how many rows all candidates can afford, stop in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ._candidates import Candidate

# How the time of one fold grows with the rows n, measured on 75 to 2400: overhead + constant (n + START) ** power.
GROWTH = {"kernel": 2.3, "machine": 1.3, "lifted": 1.0, "approximate": 1.0, "yardstick": 0.7}
START = 200
MOST_OVERHEAD = 0.5  # of a measured time; more than that, seen on few rows, may be noise
FEWEST_ROWS = 500
# The last fits, for the hold-out, in units of the dearest candidate's fold: there are more rows than in a fold.
LAST_FITS = 2.5


@dataclass(frozen=True)
class Cost:
    """The seconds of one fold with n training rows: overhead + (seconds - overhead) growth(n)."""

    rows: int
    seconds: float
    power: float
    overhead: float = 0.0

    def at(self, rows: float) -> float:
        """Return the seconds for some number of training rows."""
        return self.overhead + (self.seconds - self.overhead) * self.growth(rows)

    def growth(self, rows: float) -> float:
        """Return how many times longer more rows take, without the overhead."""
        return ((rows + START) / (self.rows + START)) ** self.power

    def measured(self, rows: int, seconds: float) -> Cost:
        """Return the cost after one more measurement; the overhead can be seen from many more rows only."""
        overhead = self.overhead
        if rows >= 1.5 * self.rows:
            ratio = self.growth(rows)
            overhead = max((ratio * self.seconds - seconds) / (ratio - 1), 0.0)
        return Cost(rows, seconds, self.power, min(overhead, MOST_OVERHEAD * seconds))


class Budget:
    """A number of seconds from now on, and what each candidate was seen to cost."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter):
        self.seconds = seconds
        self.costs: dict[str, Cost] = {}
        self._clock = clock
        self._start = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - self.elapsed

    def measured(self, candidate: Candidate, rows: int, seconds: float) -> None:
        """Take note of what one fold cost."""
        known = self.costs.get(candidate.name)
        new = known.measured(rows, seconds) if known else Cost(rows, seconds, GROWTH[candidate.family])
        self.costs[candidate.name] = new

    def expected(self, name: str, rows: float) -> float:
        """Return the seconds one fold is expected to take; 0 where nothing is known."""
        return self.costs[name].at(rows) if name in self.costs else 0.0

    def allows(self, name: str, rows: int) -> bool:
        """Return whether there is time for one more fold of a candidate and for the last fits."""
        run = [cost.at(rows) for cost in self.costs.values() if cost.rows > 0.9 * rows]
        return self.left > self.expected(name, rows) + LAST_FITS * max(run, default=0.0)


def total(costs: dict[str, Cost], cv: int, repeats: int, rows: float) -> float:
    """Return the seconds of all folds of all candidates, and of the last fits."""
    each = [cost.at(rows * (1 - 1 / cv)) for cost in costs.values()]
    return cv * repeats * sum(each) + LAST_FITS * max(each)


def affordable(
    costs: dict[str, Cost],
    yardsticks: set[str],
    cv: int,
    repeats: int,
    most: int,
    seconds: float,
    fewest: int = FEWEST_ROWS,
) -> tuple[int, list[str]]:
    """Return how many rows all can be compared on in `seconds`, and who must be left out for that.

    There are no fewer than `fewest` rows, if there are so many. Yardsticks go first, then whoever is dearest; the
    linear baseline always stays.
    """
    kept = dict(costs)
    dropped: list[str] = []
    fewest = min(most, fewest)
    while True:
        rows = float(most)
        while rows >= fewest:
            if total(kept, cv, repeats, rows) <= seconds:
                return int(rows), dropped
            rows *= 0.9
        others = [name for name in kept if name != "linear"]
        if not others:
            return fewest, dropped
        dropped.append(max(others, key=lambda name: (name in yardsticks, kept[name].at(fewest))))
        del kept[dropped[-1]]


def duration(value: float) -> str:
    """Return a time as a person reads it.

    >>> duration(0.0123)
    '12 ms'
    """
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1 or unit == "µs":
            break
    scaled = value * factor
    return f"{scaled:.1f} {unit}" if scaled < 9.95 else f"{scaled:,.0f} {unit}"
