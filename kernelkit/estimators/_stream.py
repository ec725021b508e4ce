"""Kernel ridge in one pass over rows, which may come in blocks: all that is kept of them are sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from .._arrays import is_single
from ..solvers import Moments, Outcome, float32_drowns, one_alpha_after_the_other
from ._shared import Shared

Whole = tuple[Any, Any, Any]  # operator, targets and weights of all rows


def in_precision(operator: Any, precision: str) -> Any:
    """Return the operator in the type that `precision` asks for."""
    return operator if precision == "auto" else operator.astype(np.dtype(precision))


class FeatureProblem(Protocol):
    """A block of rows whose features take part in the normal equations: of landmarks, or explicit ones."""

    method: ClassVar[str]

    @property
    def kept(self) -> Any:
        """What all blocks have in common: landmarks, or a feature map."""

    @property
    def n(self) -> int:
        """Number of rows."""

    @property
    def whole(self) -> Whole:
        """k(x, Z), or phi(x), the targets and the weights of all rows."""

    @property
    def size(self) -> float:
        """The largest k(z, z); one for explicit features."""

    def whitening(self, dtype: Any) -> Any:
        """Return what turns the operator's columns into features; None where they are."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """Coefficients c, shape (p, t), of landmarks or features, b, shape (t,), and the type they were found in."""

    problem: Any
    dtype: Any
    coef: Any
    intercept: Any
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, eq=False)
class Stream:
    """What blocks of rows have given so far.

    Attributes
    ----------
    method : {"nystroem", "primal"}
        What the features are.
    kept : array, sparse matrix or table of shape (p, d), or FiniteMap
        Landmarks, chosen among the first block or given; or the map to explicit features.
    W : array of shape (p, r) or None
        From `whitening`; None for explicit features.
    dtype : dtype
        The type of the tiles or features, and of what is kept of the solution.
    sums : Moments
        Of the features k(x, Z) W, or phi(x), and the targets, over all rows so far.
    shared : Shared or None
        What no later block may change; None where none can follow.
    n_blocks, n_rows : int
        How many there were.
    """

    method: str
    kept: Any
    W: Any
    dtype: Any
    sums: Moments
    shared: Shared | None
    n_blocks: int
    n_rows: int

    @property
    def next_block(self) -> str:
        """How errors name the block that comes next."""
        return f"block {self.n_blocks + 1}, after {self.n_rows} rows"

    @classmethod
    def begin(cls, problem: FeatureProblem, precision: str, shared: Shared | None = None) -> Stream:
        """Return the stream of one block, in float64 for "auto" where float32 would drown what landmarks span."""
        operator, Y, w = problem.whole
        operator = in_precision(operator, precision)
        W = problem.whitening(np.float64 if precision == "auto" else operator.dtype)
        if precision == "auto" and is_single(operator.dtype) and W is not None and float32_drowns(W, problem.size):
            operator = operator.astype(np.float64)
        sums = Moments.of(operator, W, Y, w)
        return cls(problem.method, problem.kept, W, operator.dtype, sums, shared, 1, problem.n)

    def add(self, problem: FeatureProblem) -> Stream:
        """Return the stream with one more block, of the same landmarks or map."""
        operator, Y, w = problem.whole
        sums = self.sums + Moments.of(operator.astype(self.dtype), self.W, Y, w)
        return replace(self, sums=sums, n_blocks=self.n_blocks + 1, n_rows=self.n_rows + problem.n)

    def ridge(self, problem: Any, alphas: np.ndarray, intercept: bool) -> Fitted:
        """Return the solution of the normal equations; `problem` is that of the last block."""

        def solve(alpha: float, at: np.ndarray) -> tuple[Any, Any, Any]:
            coef, b = self.sums.of_targets(at).ridge(alpha, intercept)
            return coef if self.W is None else self.W @ coef, b, Outcome(alpha, self.method)

        return Fitted(problem, self.dtype, *one_alpha_after_the_other(alphas, solve))
