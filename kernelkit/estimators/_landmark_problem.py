"""Kernel ridge restricted to landmarks, as the solvers want it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from .._arrays import n_rows, take_rows
from ..engine import KernelOperator, MatrixOperator
from ..features import choose_landmarks
from ..kernels import Kernel, kernel_operator
from ..solvers import whitening
from ._problem import square_part

DEFAULT_LANDMARKS = 1000


@dataclass(frozen=True, eq=False)
class LandmarkProblem:
    """Minimise sum_i w_i (y_i - f(x_i) - b)^2 + alpha |f|^2 over f = sum_j c_j k(., z_j) and rows of positive weight.

    Attributes
    ----------
    kernel : Kernel or "precomputed"
        With numbers for parameters.
    X : array, sparse matrix or table of shape (n, d)
        All rows, or the kernel matrix.
    Y, scale, rows : arrays
        As for `RidgeProblem`.
    landmarks : array, sparse matrix or table of shape (p, d), or None
        Z; None for "precomputed".
    indices : array of shape (p,) or None
        Their positions among all rows; None where they are none of these.
    """

    method: ClassVar[str] = "nystroem"

    kernel: Any
    X: Any
    Y: np.ndarray
    scale: np.ndarray | None
    rows: np.ndarray
    landmarks: Any
    indices: Any

    @classmethod
    def of(
        cls, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, choice: Any, landmarks: Any = None
    ) -> LandmarkProblem:
        """Choose landmarks as ``choice.n_landmarks``, ``landmarks`` and ``random_state`` say, unless they are kept."""
        rows = np.arange(n_rows(X)) if w is None else np.flatnonzero(w)
        targets = Y if len(rows) == len(Y) else Y[rows]
        problem = cls(kernel, X, targets, None if w is None else np.sqrt(w[rows]), rows, landmarks, None)
        return problem if landmarks is not None else problem._with_landmarks(choice)

    def _with_landmarks(self, choice: Any) -> LandmarkProblem:
        among = self.X if self._everything else self._some_square()
        count = choice.n_landmarks
        if count is None and isinstance(choice.landmarks, str):
            count = min(DEFAULT_LANDMARKS, len(self.rows))
        found = choose_landmarks(self.kernel, among, count, choice.landmarks, check_random_state(choice.random_state))
        indices = None if found.indices is None else self.rows[found.indices]
        return replace(self, landmarks=found.rows, indices=indices)

    @property
    def _everything(self) -> bool:
        return len(self.rows) == self.n

    def _some_square(self) -> Any:
        return take_rows(self.X, self.rows) if isinstance(self.kernel, Kernel) else square_part(self.X, self.rows)

    @property
    def n(self) -> int:
        """Number of rows, those of weight zero included."""
        return n_rows(self.X)

    @property
    def kept(self) -> Any:
        """What all blocks of rows have in common."""
        return self.landmarks

    @property
    def weights(self) -> np.ndarray | None:
        """The weights of the rows of positive weight, shape (k,); None where all are one."""
        return None if self.scale is None else self.scale**2

    @cached_property
    def operator(self) -> KernelOperator | MatrixOperator:
        """k(x, Z) of the rows of positive weight, shape (k, p)."""
        return self.against(None if self._everything else self.rows)

    def against(self, rows: np.ndarray | None) -> KernelOperator | MatrixOperator:
        """Return k(x, Z) for some of all rows; None is all."""
        if isinstance(self.kernel, Kernel):
            return kernel_operator(self.kernel, self.X if rows is None else take_rows(self.X, rows), self.landmarks)
        columns = self.X[:, self.indices]
        return MatrixOperator(columns if rows is None else columns[rows])

    @cached_property
    def K(self) -> np.ndarray:
        """k(Z, Z), shape (p, p), in float64."""
        if isinstance(self.kernel, Kernel):
            return kernel_operator(self.kernel, self.landmarks).astype(np.float64).dense()
        return self.X[np.ix_(self.indices, self.indices)].astype(np.float64)

    @property
    def size(self) -> float:
        """The largest k(z, z)."""
        return float(np.abs(np.diagonal(self.K)).max())

    def coarsest(self, dtype: Any) -> Any:
        """Return the type whose rounding kernel values in `dtype` have: that of a matrix that is given stays in it."""
        return np.float32 if not isinstance(self.kernel, Kernel) and self.X.dtype == np.float32 else dtype

    def whitening(self, dtype: Any) -> np.ndarray:
        """Return W, shape (p, r), with which k(x, Z) W are features whose inner product is the kernel on landmarks."""
        return whitening(self.K, self.coarsest(dtype))

    def restricted(self, kept: np.ndarray) -> LandmarkProblem:
        """Return the problem with some of the landmarks."""
        landmarks = None if self.landmarks is None else take_rows(self.landmarks, kept)
        return replace(self, landmarks=landmarks, indices=None if self.indices is None else self.indices[kept])

    def scatter(self, coef: np.ndarray) -> np.ndarray:
        """Return the coefficients; for "precomputed" at the positions of the landmarks among all rows."""
        if self.landmarks is not None:
            return coef
        full = np.zeros((self.n, *coef.shape[1:]))
        full[self.indices] = coef
        return full
