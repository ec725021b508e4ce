"""Kernel ridge in the space of explicit features, as the solvers want it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .._arrays import n_rows, take_rows
from ..features import FeatureOperator, FiniteMap, check_finite_dimensional, finite_map
from ..kernels import FeatureKernel, Linear
from ._stream import Whole

FEW_FEATURES = 5000  # of which p^2 numbers are a fraction of a gigabyte


@dataclass(frozen=True, eq=False)
class PrimalProblem:
    """Minimise sum_i w_i (y_i - phi(x_i).v - b)^2 + alpha |v|^2: with k(x, y) = phi(x).phi(y) the exact problem.

    Attributes
    ----------
    kernel : Kernel
        With numbers for parameters.
    features : FiniteMap
        phi.
    X : array, sparse matrix or table of shape (n, d)
        Rows.
    Y : array of shape (n, t)
        Targets, float64.
    weights : array of shape (n,) or None
        w >= 0; None where all are one.
    """

    method: ClassVar[str] = "primal"

    kernel: Any
    features: FiniteMap
    X: Any
    Y: np.ndarray
    weights: np.ndarray | None

    @classmethod
    def of(
        cls, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, features: FiniteMap | None = None
    ) -> PrimalProblem:
        """Return the problem of a kernel with numbers for parameters; `features` are kept where they are given."""
        return cls(kernel, explicit_features(kernel, X) if features is None else features, X, Y, w)

    @property
    def kept(self) -> FiniteMap:
        """What all blocks of rows have in common."""
        return self.features

    @property
    def n(self) -> int:
        """Number of rows."""
        return n_rows(self.X)

    @cached_property
    def operator(self) -> FeatureOperator:
        """phi(x), shape (n, p)."""
        return FeatureOperator(self.features, self.X)

    @property
    def whole(self) -> Whole:
        """All rows."""
        return self.operator, self.Y, self.weights

    @property
    def size(self) -> float:
        """Return one: nothing is multiplied."""
        return 1.0

    def whitening(self, dtype: Any) -> None:
        """Return None: the features have the kernel as their inner product already."""


def explicit_features(kernel: Any, X: Any) -> FiniteMap:
    """Return phi, or raise ValueError naming what to do for a kernel whose features are not known."""
    try:
        check_finite_dimensional(kernel)
    except TypeError:
        raise ValueError(
            "solver='primal' needs a kernel with explicit features, such as Linear, Polynomial or "
            f"FeatureKernel(RandomFourier(...)), got {kernel!r}: solver='nystroem' restricts any kernel to landmarks"
        ) from None
    first = take_rows(X, slice(0, 1))
    kernel.rows(first)  # refuses parameters that are out of their range
    return finite_map(kernel, first)


def has_few_features(kernel: Any, X: Any) -> bool:
    """Tell whether the normal equations are sure to be the fastest way to the exact solution for very many rows."""
    return isinstance(kernel, (Linear, FeatureKernel)) and explicit_features(kernel, X).size <= FEW_FEATURES
