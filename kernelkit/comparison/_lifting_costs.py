"""What lifting and the kernel cost by their sizes alone: numbers of features, bytes, and where two curves cross."""

from __future__ import annotations

import math
from collections.abc import Sequence

WORD = 8  # bytes of a float64


def n_features(d: int, degree: int) -> int:
    """Return the number of monomials of d columns up to a degree: C(d + degree, degree).

    >>> f"{n_features(10**5, 3):.2g}"
    '1.7e+14'
    """
    return math.comb(d + degree, degree)


def lifted_bytes(n: int, p: int) -> int:
    """Return the least bytes of a ridge on p explicit features of n rows: these, and the smaller of its two systems."""
    return WORD * (n * p + min(n, p) ** 2)


def kernel_bytes(n: int) -> int:
    """Return the least bytes of a kernel ridge on n rows, of any number of columns: its matrix."""
    return WORD * n * n


def most_columns(n: int, degree: int) -> int:
    """Return the most columns d with which lifting n rows takes no more bytes than the kernel; 0 where none does.

    >>> most_columns(1000, 2), most_columns(1000, 3)
    (33, 13)
    """
    d = 0
    while lifted_bytes(n, n_features(d + 1, degree)) <= kernel_bytes(n):
        d += 1
    return d


def crossing(at: Sequence[float], first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the last place where one curve passes the other, on straight lines between points of logarithms.

    Parameters
    ----------
    at : sequence of float
        Increasing and positive, as the curves' values are.

    Returns
    -------
    place : float or None
        None where one curve is above the other throughout.

    Examples
    --------
    >>> crossing([1, 100], [1, 100], [10, 10])
    10.0
    """
    gaps = [math.log(a / b) for a, b in zip(first, second, strict=True)]
    for i in range(len(gaps) - 1, 0, -1):
        before, after = gaps[i - 1], gaps[i]
        if before * after < 0 or before == 0:
            share = before / (before - after)
            return float(round(at[i - 1] * (at[i] / at[i - 1]) ** share, 9))
    return None
