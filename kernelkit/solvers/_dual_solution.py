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
        Their coefficients, one row for regression and one class; of two classes the second has the positive ones.
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
