"""Kernel ridge restricted to landmarks, as the solvers want it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._arrays import n_rows, take_rows
from ..engine import KernelOperator, MatrixOperator
from ..features import choose_landmarks
from ..kernels import Kernel, kernel_operator
from ..solvers import Moments, Outcome, whitening
from ._problem import square_part

DEFAULT_LANDMARKS = 1000

Columns = tuple[np.ndarray, np.ndarray, Outcome]  # coefficients and intercepts of some targets


def one_alpha_after_the_other(
    alphas: np.ndarray, solve: Callable[[float, np.ndarray], Columns]
) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
    """Return c, shape (p, t), and b, shape (t,), from solutions for each alpha, the largest first, of its targets."""
    levels = np.unique(alphas)[::-1].tolist()
    places = [np.flatnonzero(alphas == alpha) for alpha in levels]
    parts, shifts, outcomes = zip(*(solve(alpha, at) for alpha, at in zip(levels, places, strict=True)), strict=True)
    order = np.argsort(np.concatenate(places))
    return np.concatenate(parts, axis=1)[:, order], np.concatenate(shifts)[order], outcomes


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


@dataclass(frozen=True, eq=False)
class Stream:
    """What blocks of rows have given so far.

    Attributes
    ----------
    landmarks : array, sparse matrix or table of shape (p, d)
        Chosen among the first block, or given.
    W : array of shape (p, r)
        From `whitening`.
    sums : Moments
        Of the features k(x, Z) W and the targets, over all rows so far.
    n_blocks, n_rows : int
        How many there were.
    """

    landmarks: Any
    W: np.ndarray
    sums: Moments
    n_blocks: int
    n_rows: int

    @classmethod
    def begin(cls, problem: LandmarkProblem, operator: Any) -> Stream:
        """Return the stream of one block; `operator` is that of the problem, in the type it is to be worked in."""
        W = whitening(problem.K, operator.dtype)
        return cls(problem.landmarks, W, _moments(problem, operator, W), 1, problem.n)

    def add(self, problem: LandmarkProblem, operator: Any) -> Stream:
        """Return the stream with one more block, against the same landmarks."""
        sums = self.sums + _moments(problem, operator, self.W)
        return Stream(self.landmarks, self.W, sums, self.n_blocks + 1, self.n_rows + problem.n)

    def ridge(self, alphas: np.ndarray, intercept: bool) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
        """Return c, shape (p, t), and b, shape (t,), from the normal equations."""

        def solve(alpha: float, at: np.ndarray) -> Columns:
            coef, b = self.sums.ridge(alpha, intercept)
            return self.W @ coef[:, at], b[at], Outcome(alpha, "nystroem")

        return one_alpha_after_the_other(alphas, solve)


def _moments(problem: LandmarkProblem, operator: Any, W: np.ndarray) -> Moments:
    return Moments.of(operator, W, problem.Y, None if problem.scale is None else problem.scale**2)
