"""Times of fit and predict, and the kernel values that a fit makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..engine import counted

TIMED_ROWS = 2000
REPEATS, QUICK = 3, 0.1


def timed_fit(model: Any, X: np.ndarray, y: np.ndarray, warm: bool = False) -> tuple[float, int]:
    """Fit; return the seconds and the kernel values of one fit.

    With `warm`, one more fit comes first that does not count: imports, and loops compiled when they are first needed.
    """
    if warm:
        model.fit(X, y)
    with counted() as count:
        seconds, fits = best_of(lambda: model.fit(X, y))
    return seconds, count.values // fits


def seconds_per_row(model: Any, X: np.ndarray) -> float:
    """Return the time of predicting one row, in batches large enough to hide the cost of a call where that is quick."""
    once = best_of(lambda: model.predict(X))[0]
    if once > QUICK:
        return once / len(X)
    batch = X[np.arange(max(len(X), TIMED_ROWS)) % len(X)]
    return best_of(lambda: model.predict(batch))[0] / len(batch)


def one_thread() -> threadpool_limits:
    """Return a context of one thread: what is compared is work, and threads wait for each other on a busy machine.

    It holds for BLAS, for our tiles, which use as many threads as BLAS may, and for OpenMP.
    """
    return threadpool_limits(1)


def best_of(work: Callable[[], Any]) -> tuple[float, int]:
    """Return the least seconds of a few calls, and how many; more than one where that is quick.

    So one interruption does not count.
    """
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < QUICK):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times), len(times)
