"""Maps to features that a ridge works on in the primal: how they are made, and how many features they have."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, SplineTransformer

from ..features import Nystroem, RandomFourier, explicit

APPROXIMATE_FEATURES = 300
SPLINE_DEGREE = 3


@dataclass(frozen=True)
class Lift:
    """How to get from d columns to features.

    Attributes
    ----------
    make : callable
        Kernel of the setting (None where the candidate has none), value of the first axis, number of rows, seed ->
        unfitted map.
    size : callable
        d, value of the first axis -> number of features.
    """

    make: Callable[[Any, float, int, int], Any]
    size: Callable[[int, float], int]


def times(X: np.ndarray, factor: float) -> np.ndarray:
    """Return the columns on another scale."""
    return X * factor


def monomials(degree: int) -> Lift:
    """Return the exact feature map of a polynomial kernel; that of degree 1 has no constant."""
    return Lift(lambda kernel, *_: explicit(kernel), lambda d, _: comb(d + degree, degree) if degree > 1 else d)


def _interactions(kernel: Any, value: float, n: int, seed: int) -> Any:
    scale = FunctionTransformer(times, kw_args={"factor": math.sqrt(kernel.gamma)})
    return make_pipeline(scale, PolynomialFeatures(2, interaction_only=True, include_bias=False))


def _splines(kernel: None, value: float, n: int, seed: int) -> SplineTransformer:
    return SplineTransformer(
        int(value), degree=SPLINE_DEGREE, knots="quantile", extrapolation="linear", include_bias=False
    )


def _fourier(kernel: Any, value: float, n: int, seed: int) -> RandomFourier:
    return RandomFourier(kernel, n_components=APPROXIMATE_FEATURES, random_state=seed)


def _nystroem(kernel: Any, value: float, n: int, seed: int) -> Nystroem:
    return Nystroem(kernel, n_components=min(APPROXIMATE_FEATURES, n), random_state=seed)


INTERACTIONS = Lift(_interactions, lambda d, _: d + comb(d, 2))
SPLINES = Lift(_splines, lambda d, knots: d * (int(knots) + SPLINE_DEGREE - 2))
FOURIER = Lift(_fourier, lambda d, _: APPROXIMATE_FEATURES)
NYSTROEM = Lift(_nystroem, lambda d, _: APPROXIMATE_FEATURES)
