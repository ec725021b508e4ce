"""Expansions of activations in Hermite polynomials, by quadrature."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from ..engine import blocks

REACH, STEP = 13.0, 0.04  # beyond it a Gaussian has 1e-37; with it the trapezoidal rule is exact for smooth functions
HEIGHT = 256  # rows that are expanded together


@cache
def _quadrature(terms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes, weights of a standard normal variable and Hermite polynomials of shape (nodes, terms)."""
    z = np.arange(-REACH, REACH + STEP / 2, STEP)
    weights = np.exp(-(z**2) / 2) * STEP / np.sqrt(2 * np.pi)
    H = np.ones((len(z), terms))
    if terms > 1:
        H[:, 1] = z
    for k in range(2, terms):
        H[:, k] = (z * H[:, k - 1] - np.sqrt(k - 1) * H[:, k - 2]) / np.sqrt(k)
    return z, weights, H


def hermite_coefficients(
    name: str, function: Callable, deviations: np.ndarray, terms: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return E[f(r z) h_k(z)] for z ~ N(0, 1), shape (n, terms), and E[f(r z)^2], shape (n,).

    Parameters
    ----------
    name : str
        What errors call the function.
    function : callable
        f, elementwise.
    deviations : array of shape (n,)
        r.
    terms : int
        Polynomials h_0 to h_{terms - 1}, normalised to E[h_k^2] = 1.

    Raises
    ------
    ValueError
        If the values are not finite, or not one for each number.
    """
    z, weights, H = _quadrature(terms)
    series, moments = np.empty((len(deviations), terms)), np.empty(len(deviations))
    for rows in blocks(len(deviations), HEIGHT):
        arguments = np.multiply.outer(np.asarray(deviations[rows], dtype=np.float64), z)
        values = np.asarray(function(arguments))
        if values.shape != arguments.shape:
            raise ValueError(f"{name}={function!r} must work elementwise on arrays, got shape {values.shape} of it")
        if not np.isfinite(values).all():
            raise ValueError(
                f"{name}={function!r} must be finite on all numbers, got {values[~np.isfinite(values)][0]}"
            )
        series[rows] = (values * weights) @ H
        moments[rows] = values**2 @ weights
    return series, moments
