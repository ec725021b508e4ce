"""Kernel ridge restricted to landmarks, as the solvers want it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from .._arrays import (
    cast,
    columns_at,
    is_dask,
    is_float32,
    largest_size,
    n_rows,
    namespace,
    positive,
    scattered,
    take_rows,
    to_numpy,
    widest_float,
)
from ..engine import matrix_operator
from ..features import choose_landmarks
from ..kernels import Kernel, kernel_operator, landmark_operator
from ..solvers import whitening
from ._stream import Whole

DEFAULT_LANDMARKS = 1000


def check_same_columns(landmarks: Any, names: Any) -> None:
    """Raise ValueError if landmarks are a table whose columns are not those of the training rows."""
    columns = getattr(landmarks, "columns", None)
    if columns is not None and names is not None and list(columns) != list(names):
        raise ValueError(f"landmarks must have the columns of X, {list(names)}, got {list(columns)}")


@dataclass(frozen=True, eq=False)
class LandmarkProblem:
    """Minimise sum_i w_i (y_i - f(x_i) - b)^2 + alpha |f|^2 over f = sum_j c_j k(., z_j) and rows of positive weight.

    Attributes
    ----------
    kernel : Kernel or "precomputed"
        With numbers for parameters.
    X : array, sparse matrix, table or Dask array of shape (n, d)
        All rows, or the kernel matrix.
    targets : array of shape (n, t)
        Of all rows, float64.
    weights : array of shape (n,) or None
        w >= 0 of all rows; None where all are one. Those of a Dask array are above zero, and in its blocks, as the
        targets are.
    landmarks : array, sparse matrix or table of shape (p, d), or None
        Z; None for "precomputed".
    indices : array of shape (p,) or None
        Their positions among all rows; None where they are none of these.
    """

    method: ClassVar[str] = "nystroem"

    kernel: Any
    X: Any
    targets: Any
    weights: Any
    landmarks: Any
    indices: Any

    @classmethod
    def of(cls, kernel: Any, X: Any, Y: Any, w: Any, choice: Any, landmarks: Any = None) -> LandmarkProblem:
        """Choose landmarks as ``choice.n_landmarks``, ``landmarks`` and ``random_state`` say, unless they are kept."""
        problem = cls(kernel, X, Y, w, landmarks, None)
        return problem if landmarks is not None else problem._with_landmarks(choice)

    def _with_landmarks(self, choice: Any) -> LandmarkProblem:
        check_same_columns(choice.landmarks, getattr(choice, "feature_names_in_", None))
        count = choice.n_landmarks
        if count is None and isinstance(choice.landmarks, str):
            count = min(DEFAULT_LANDMARKS, self.n_positive)
        rng = check_random_state(choice.random_state)
        among = None if self._everything else to_numpy(self.rows)
        found = choose_landmarks(self.kernel, self.X, count, choice.landmarks, rng, among=among)
        return replace(self, landmarks=found.rows, indices=found.indices)

    @cached_property
    def rows(self) -> Any:
        """Positions of the k rows of positive weight among all, shape (k,)."""
        return np.arange(self.n) if self.weights is None else positive(self.weights)

    @property
    def n_positive(self) -> int:
        """Their number k."""
        return self.n if self.weights is None or is_dask(self.X) else n_rows(self.rows)

    @property
    def _everything(self) -> bool:
        return self.n_positive == self.n

    @cached_property
    def Y(self) -> Any:
        """Their targets, shape (k, t)."""
        return self.targets if self._everything else take_rows(self.targets, self.rows)

    @cached_property
    def scale(self) -> Any:
        """Square roots of their weights, shape (k,); None where all are one."""
        return None if self.weights is None else namespace(self.weights).sqrt(take_rows(self.weights, self.rows))

    @cached_property
    def whole(self) -> Whole:
        """All rows: to take out those of weight zero would be a copy of the others."""
        return self.against(None), self.targets, self.weights

    @property
    def n(self) -> int:
        """Number of rows, those of weight zero included."""
        return n_rows(self.X)

    @property
    def kept(self) -> Any:
        """What all blocks of rows have in common."""
        return self.landmarks

    @cached_property
    def operator(self) -> Any:
        """k(x, Z) of the rows of positive weight, shape (k, p)."""
        return self.against(None if self._everything else self.rows)

    def against(self, rows: Any) -> Any:
        """Return k(x, Z) for some of all rows, as an operator; None is all."""
        if isinstance(self.kernel, Kernel):
            X = self.X if rows is None else take_rows(self.X, rows)
            return landmark_operator(self.kernel, X, self.landmarks)
        columns = columns_at(self.X, self.indices)
        return matrix_operator(columns if rows is None else take_rows(columns, rows))

    @cached_property
    def K(self) -> Any:
        """k(Z, Z), shape (p, p), in float64."""
        if isinstance(self.kernel, Kernel):
            wide = widest_float(self.landmarks)
            return kernel_operator(self.kernel, self.landmarks).astype(wide).dense()
        return cast(columns_at(take_rows(self.X, self.indices), self.indices), widest_float(self.X))

    @property
    def size(self) -> float:
        """The largest k(z, z)."""
        return largest_size(namespace(self.K).linalg.diagonal(self.K))

    def coarsest(self, dtype: Any) -> Any:
        """Return the type whose rounding kernel values in `dtype` have: that of a matrix that is given stays in it."""
        return self.X.dtype if not isinstance(self.kernel, Kernel) and is_float32(self.X) else dtype

    def whitening(self, dtype: Any) -> Any:
        """Return W, shape (p, r), with which k(x, Z) W are features whose inner product is the kernel on landmarks."""
        return whitening(self.K, self.coarsest(dtype))

    def restricted(self, kept: Any) -> LandmarkProblem:
        """Return the problem with some of the landmarks."""
        landmarks = None if self.landmarks is None else take_rows(self.landmarks, kept)
        return replace(self, landmarks=landmarks, indices=None if self.indices is None else self.indices[kept])

    def scatter(self, coef: Any) -> Any:
        """Return the coefficients; for "precomputed" at the positions of the landmarks among all rows."""
        return coef if self.landmarks is not None else scattered(coef, self.indices, self.n)
