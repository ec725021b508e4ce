"""Kernel ridge in one pass over rows, which may come in blocks: all that is kept of them are sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from ..solvers import Moments, Outcome

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


class FeatureProblem(Protocol):
    """A block of rows whose features take part in the normal equations: of landmarks, or explicit ones."""

    method: ClassVar[str]

    @property
    def kept(self) -> Any:
        """What all blocks have in common: landmarks, or a feature map."""

    @property
    def Y(self) -> np.ndarray:
        """Targets of the rows of the operator."""

    @property
    def weights(self) -> np.ndarray | None:
        """Their weights."""

    @property
    def n(self) -> int:
        """Number of rows."""

    @property
    def operator(self) -> Any:
        """k(x, Z), or phi(x)."""

    def whitening(self, dtype: Any) -> np.ndarray | None:
        """Return what turns the operator's columns into features; None where they are."""


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
    sums : Moments
        Of the features k(x, Z) W, or phi(x), and the targets, over all rows so far.
    n_blocks, n_rows : int
        How many there were.
    """

    method: str
    kept: Any
    W: np.ndarray | None
    sums: Moments
    n_blocks: int
    n_rows: int

    @classmethod
    def begin(cls, problem: FeatureProblem, operator: Any) -> Stream:
        """Return the stream of one block; `operator` is that of the problem, in the type it is to be worked in."""
        W = problem.whitening(operator.dtype)
        sums = Moments.of(operator, W, problem.Y, problem.weights)
        return cls(problem.method, problem.kept, W, sums, 1, problem.n)

    def add(self, problem: FeatureProblem, operator: Any) -> Stream:
        """Return the stream with one more block, of the same landmarks or map."""
        sums = self.sums + Moments.of(operator, self.W, problem.Y, problem.weights)
        return replace(self, sums=sums, n_blocks=self.n_blocks + 1, n_rows=self.n_rows + problem.n)

    def ridge(self, alphas: np.ndarray, intercept: bool) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
        """Return c, shape (p, t), and b, shape (t,), from the normal equations."""

        def solve(alpha: float, at: np.ndarray) -> Columns:
            coef, b = self.sums.ridge(alpha, intercept)
            coef = coef[:, at] if self.W is None else self.W @ coef[:, at]
            return coef, b[at], Outcome(alpha, self.method)

        return one_alpha_after_the_other(alphas, solve)
