"""What the solvers of support vector machines find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

FEWER = "fit on fewer rows, or map them with Nystroem and fit a linear SVM"


@dataclass(frozen=True)
class DualSolution:
    """The rows that count, and how much.

    Attributes
    ----------
    support : array of shape (s,)
        Positions of the support vectors, ordered by class.
    coef : array of shape (classes - 1, s)
        Their coefficients, one row for regression and one class; of two classes the second has the positive ones. Of
        solutions of each class against the rest, joined: shape (classes, s).
    intercept : array of shape (pairs,)
        One for each pair of classes.
    n_support : array
        How many support vectors there are of each class.
    n_iter : array of shape (pairs,)
        Iterations of each problem.
    converged : bool
        Whether all met the tolerance.
    solver : str
        What found it.
    """

    support: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    n_support: np.ndarray
    n_iter: np.ndarray
    converged: bool
    solver: str

    @classmethod
    def of_pairs(cls, codes: np.ndarray, variables: np.ndarray, intercept: np.ndarray, **found: Any) -> DualSolution:
        """Return the solution of the machines of all pairs of classes.

        Parameters
        ----------
        codes : array of shape (n,)
            Class numbers 0, 1, ... without a gap; all 0 for regression.
        variables : array of shape (pairs, n)
            Dual variables with their signs, those of the first class of a pair positive.
        intercept : array of shape (pairs,)
            Intercepts with the same signs.
        **found
            The other attributes.
        """
        n_classes = int(codes.max()) + 1
        support = np.flatnonzero(variables.any(axis=0))
        support = support[np.argsort(codes[support], kind="stable")]
        coef = np.zeros((max(n_classes - 1, 1), len(support)))
        own = codes[support]
        for values, (i, j) in zip(variables[:, support], combinations(range(n_classes), 2), strict=False):
            coef[j - 1, own == i] = values[own == i]
            coef[i, own == j] = values[own == j]
        if n_classes == 1:
            coef[0] = variables[0, support]
        sign = -1 if n_classes == 2 else 1
        return cls(support, sign * coef, sign * intercept, np.bincount(own, minlength=n_classes), **found)

    def at(self, rows: np.ndarray) -> DualSolution:
        """Return the solution with support vectors at their positions among more rows, of which it had `rows`."""
        return replace(self, support=rows[self.support])

    def variables(self, n: int) -> np.ndarray:
        """Return the dual variables of all n rows as `of_pairs` takes them, shape (pairs, n)."""
        n_classes = len(self.n_support)
        coef = self.coef if n_classes == 1 else pair_coefficients(self.coef, self.n_support)
        variables = np.zeros((len(coef), n))
        variables[:, self.support] = -coef if n_classes == 2 else coef
        return variables


def pair_coefficients(dual_coef: np.ndarray, n_support: np.ndarray) -> np.ndarray:
    """Return the coefficients of all support vectors in each pair's machine, shape (pairs, s).

    In row j of `dual_coef`, a support vector of class i has its coefficient against the j-th of the other classes.
    """
    ends = np.cumsum(n_support)
    members = [slice(end - n, end) for n, end in zip(n_support, ends, strict=True)]
    pairs = list(combinations(range(len(n_support)), 2))
    coef = np.zeros((len(pairs), dual_coef.shape[1]), dtype=dual_coef.dtype)
    for row, (i, j) in zip(coef, pairs, strict=True):
        row[members[i]] = dual_coef[j - 1, members[i]]
        row[members[j]] = dual_coef[i, members[j]]
    return coef
