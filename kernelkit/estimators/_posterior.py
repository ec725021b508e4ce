"""How sure kernel ridge is: what predictions with error bars need, for every target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

from ..engine import KernelOperator, MatrixOperator, blocks
from ..solvers import RidgeSystem
from ._problem import RidgeProblem

BLOCK_BYTES = 2**25


@dataclass(frozen=True)
class Posterior:
    """The solution of a ridge problem, and the factored systems that it came from, one for each alpha.

    Attributes
    ----------
    systems : list of (RidgeSystem, array)
        In float64, each with the targets that it stands for.
    rows : array of shape (k,)
        Training rows of positive weight.
    coef, bias : arrays of shape (k, t) and (t,)
        The solution.
    amplitude : array of shape (t,)
        s^2 = y'c / k, or / (k - 1) with an intercept.
    """

    systems: list[tuple[RidgeSystem, np.ndarray]]
    rows: np.ndarray
    coef: np.ndarray
    bias: np.ndarray
    amplitude: np.ndarray

    @classmethod
    def fit(cls, problem: RidgeProblem, alphas: np.ndarray, intercept: bool) -> Posterior:
        """Factor and solve `problem` with one alpha for each target."""
        operator, Y = problem.operator.astype(np.float64), problem.Y
        coef, bias, systems = np.empty_like(Y), np.empty(Y.shape[1]), []
        for alpha in np.unique(alphas):
            targets = np.flatnonzero(alphas == alpha)
            system = RidgeSystem.from_operator(operator, alpha, scale=problem.scale, intercept=intercept)
            coef[:, targets], bias[targets] = system.solve(Y[:, targets])
            systems.append((system, targets))
        freedom = max(len(Y) - intercept, 1)
        return cls(systems, problem.rows, coef, bias, np.einsum("ij,ij->j", Y, coef) / freedom)

    def mean_and_std(self, operator: KernelOperator, diagonal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return predictions and standard deviations of f, both (m, t), for k(x, training rows) and k(x, x)."""
        mean, std = np.empty((2, operator.shape[0], len(self.bias)))
        for block, cross in _cross_blocks(operator, self.rows):
            mean[block] = cross.T @ self.coef + self.bias
            for system, targets in self.systems:
                variance = np.maximum(diagonal[block] - system.explained_variance(cross), 0.0)
                std[block, targets] = np.sqrt(np.outer(variance, np.maximum(self.amplitude[targets], 0.0)))
        return mean, std

    def intervals(self, operator: KernelOperator | MatrixOperator, coverage: float) -> np.ndarray:
        """Return the ends of jackknife+ intervals, shape (2, m, t)."""
        ends = np.empty((2, operator.shape[0], len(self.bias)))
        errors = [self.coef[:, targets] / system.inverse_diagonal()[:, None] for system, targets in self.systems]
        for block, cross in _cross_blocks(operator, self.rows):
            centre = cross.T @ self.coef + self.bias
            for (system, targets), system_errors in zip(self.systems, errors, strict=True):
                H = system.smoother(cross)
                for t, error in zip(targets, system_errors.T, strict=True):
                    ends[:, block, t] = jackknife_plus(centre[:, t], H, error, coverage)
        return ends


def jackknife_plus(centre: np.ndarray, H: np.ndarray, errors: np.ndarray, coverage: float) -> tuple[Any, Any]:
    """Return the ends of jackknife+ intervals for one target.

    Parameters
    ----------
    centre : array of shape (m,)
        Predictions of the model fitted on all k rows.
    H : array of shape (k, m)
        How much each target weighs in them: without row i they are centre - H_i errors_i.
    errors : array of shape (k,)
        Leave-one-out errors.
    coverage : float
        1 - a.

    References
    ----------
    Barber, Candes, Ramdas and Tibshirani (2021), Predictive inference with the jackknife+, section 1.2.
    """
    without = centre - H * errors[:, None]
    spread = np.abs(errors)[:, None]
    k, rounding = len(errors), 1e-9
    low = floor((1 - coverage) * (k + 1) + rounding)
    high = ceil(coverage * (k + 1) - rounding)
    infinite = np.full(len(centre), np.inf)
    lower = np.partition(without - spread, low - 1, axis=0)[low - 1] if low >= 1 else -infinite
    upper = np.partition(without + spread, high - 1, axis=0)[high - 1] if high <= k else infinite
    return lower, upper


def _cross_blocks(operator: KernelOperator | MatrixOperator, rows: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of k(training rows, x), shape (k, block), of an operator (m, n), at the rows that count."""
    m, n = operator.shape
    operator = operator.astype(np.float64)
    for block in blocks(m, max(1, BLOCK_BYTES // (8 * n))):
        part = operator.block(block)
        yield block, (part if len(rows) == n else part[:, rows]).T
