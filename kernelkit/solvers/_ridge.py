"""Kernel ridge with weights and an unpenalised intercept, on top of the linear solvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import cast, columns_at, full, is_foreign, namespace
from ._cholesky import DirectSolver, Outcome, SingularError, factor, warn_singular
from ._device_cholesky import DeviceSolver
from ._factor import CholeskyFactor
from ._iterative import IterativeSolver
from ._spectral import Spectrum
from ._targets import SolvedTargets, one_alpha_after_the_other, remove_intercept, scaled_targets, weight_roots


def solve_many(
    operator: Any,
    Y: np.ndarray,
    alphas: Any,
    *,
    scale: np.ndarray | None = None,
    intercept: bool = False,
    solver: str = "cholesky",
    mixed: bool = True,
    iterative: IterativeSolver | None = None,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
    """Minimise sum_i w_i (y_i - (K c)_i - b)^2 + alpha c'Kc over c and b for every target.

    The matrix is factored once for each alpha. The intercept b is not penalised, and zero unless asked for.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, symmetric, shape (n, n).
    Y : array of shape (n,) or (n, t)
        Targets.
    alphas : array of shape (t,) or float
        Ridge of each target, >= 0.
    scale : array of shape (n,), optional
        Square roots of the weights w, > 0; None means one. (Rows of weight zero are the caller's to leave out.)
    intercept : bool
        Whether there is a b.
    solver : {"cholesky", "eigen"}
        Direct, or by eigendecomposition (better for many alphas, and for alpha = 0 with a singular K).
    mixed : bool
        For "cholesky": see `solve`.
    iterative : IterativeSolver, optional
        Solves the systems instead, for alphas > 0.
    start : array of shape (n, t), optional
        c for that to start from.

    Returns
    -------
    dual_coef : array of the shape of `Y`
        c, in the dtype of the operator; in float64, as the residual is computed for, from an iterative solver.
    intercept : array of shape (t,), or () for one vector
        b, in the same dtype.
    outcomes : tuple of Outcome
        How each alpha was solved, largest first.

    Raises
    ------
    LinAlgError, MemoryError
        See `solve`.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> x = np.array([0.0, 1.0, 2.0])
    >>> c, b, _ = solve_many(MatrixOperator(np.outer(x, x)), 3 * x + 1, 1e-9, intercept=True)
    >>> (c @ x).round(6), b.round(6)
    (np.float64(3.0), np.float64(1.0))
    """
    s = weight_roots(scale, operator.shape[0], Y)
    B, means = scaled_targets(Y, s, intercept)
    xp, dtype = namespace(B), operator.dtype if iterative is None else s.dtype
    alphas = np.broadcast_to(np.asarray(alphas, dtype=np.float64), tuple(means.shape))
    if solver == "eigen":
        levels = np.unique(alphas)[::-1].tolist()
        spectrum = _spectrum(operator, scale, intercept, B)
        return *spectrum.solve(Y, alphas), tuple(Outcome(alpha, "eigen") for alpha in levels)
    direct = _direct_solver(operator, scale, mixed, B) if iterative is None else None

    def solve_level(alpha: float, at: np.ndarray) -> SolvedTargets:
        some = B if len(at) == len(alphas) else columns_at(B, at)
        if iterative is None:
            assert direct is not None
            return _solve_level(direct, some, alpha, s if intercept else None)
        begin = None if start is None else columns_at(start, at)
        return iterative.solve(some, alpha, start=begin, intercept=intercept)

    Z, shift, outcomes = one_alpha_after_the_other(alphas, solve_level)
    coef, b = xp.reshape(s[:, None] * Z, np.shape(Y)), xp.reshape(means + shift, np.shape(Y)[1:])
    return cast(coef, dtype), cast(b, dtype), outcomes


def _direct_solver(operator: Any, scale: Any, mixed: bool, B: Any) -> DirectSolver | DeviceSolver:
    return DeviceSolver(operator, scale) if is_foreign(B) else DirectSolver(operator, scale, mixed)


def _spectrum(operator: Any, scale: Any, intercept: bool, B: Any) -> Spectrum:
    if is_foreign(B):
        return DeviceSolver(operator, scale).spectrum(intercept)
    return Spectrum.from_operator(operator, scale=scale, intercept=intercept)


def _solve_level(direct: DirectSolver | DeviceSolver, B: Any, alpha: float, s: Any) -> SolvedTargets:
    xp, nothing = namespace(B), full((B.shape[1],), 0.0, B)
    try:
        if s is None:
            Z, outcome = direct.solve(B, alpha)
            return Z, nothing, outcome
        Z, outcome = direct.solve(xp.concat([B, s[:, None]], axis=1), alpha)
        Z = cast(Z, s.dtype)
        return *remove_intercept(Z[:, :-1], Z[:, -1], s), outcome
    except SingularError as error:
        warn_singular(error)
        spectrum = direct.spectrum(intercept=s is not None)
        Z = spectrum.solve_scaled(B, alpha)
        return Z, nothing if spectrum.image is None else -(spectrum.image @ Z), Outcome(alpha, "eigen")


@dataclass(frozen=True, eq=False)
class RidgeSystem:
    """The factored system of one kernel ridge fit, kept to answer how sure its predictions are.

    With W the weights, M = K + alpha W^-1 and, with an intercept, one more row and column of ones with a zero in the
    corner; G is the leading n x n block of the inverse.

    Attributes
    ----------
    factor : CholeskyFactor
        Of S K S + alpha I, S = W^1/2, in float64.
    scale : array of shape (n,) or None
        The diagonal of S.
    border : array of shape (n,) or None
        (S K S + alpha I)^-1 s, with an intercept.

    References
    ----------
    Rasmussen and Williams (2006), equations 2.25, 2.26 and 5.12; Barber, Candes, Ramdas and Tibshirani (2021).
    """

    factor: CholeskyFactor
    scale: np.ndarray | None = None
    border: np.ndarray | None = None

    @classmethod
    def from_operator(
        cls, operator: Any, alpha: float, *, scale: np.ndarray | None = None, intercept: bool = False
    ) -> RidgeSystem:
        """Factor the system; see `solve_many` for the parameters and `factor` for what is raised."""
        lower = factor(operator, alpha, scale=scale)
        s = weight_roots(scale, operator.shape[0])
        return cls(lower, scale, lower.solve(s) if intercept else None)

    def solve(self, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return c, of the shape of `Y`, and b, shape (t,) or (), in float64."""
        s = self._roots
        B, b = scaled_targets(Y, s, self.border is not None)
        Z = self.factor.solve(B)
        if self.border is not None:
            Z, shift = remove_intercept(Z, self.border, s)
            b = b + shift
        return (s[:, None] * Z).reshape(np.shape(Y)), b.reshape(np.shape(Y)[1:])

    def inverse_diagonal(self) -> np.ndarray:
        """Return the diagonal of G, shape (n,): the leave-one-out residuals are e_i = c_i / G_ii."""
        s = self._roots
        diagonal = self.factor.inverse_diagonal()
        if self.border is not None:
            diagonal -= self.border**2 / (s @ self.border)
        return diagonal * s**2

    def smoother(self, K: np.ndarray) -> np.ndarray:
        """Return how much each target weighs in each prediction.

        Parameters
        ----------
        K : array of shape (n, m)
            Kernel values between the training rows and m new rows.

        Returns
        -------
        H : array of shape (n, m)
            The predictions are H'y; without row i they are H'y - H[i] e_i, e_i its leave-one-out residual.
        """
        s = self._roots
        H = self.factor.solve(self._scaled(K), overwrite=True)
        if self.border is not None:
            H += np.outer(self.border, (1 - s @ H) / (s @ self.border))
        H *= s[:, None]
        return H

    def explained_variance(self, K: np.ndarray) -> np.ndarray:
        """Return what the training rows take off the prior variance k(x, x) of m new rows, shape (m,).

        k' G k, and with an intercept the whole quadratic form of the bordered inverse in (k, 1), k a column of `K`,
        shape (n, m).
        """
        scaled = self._scaled(K)
        gap = None if self.border is None else 1 - self.border @ scaled
        half = self.factor.half_solve(scaled, overwrite=True)
        explained = np.einsum("ij,ij->j", half, half)
        if gap is not None:
            explained -= gap**2 / (self._roots @ self.border)
        return explained

    @property
    def _roots(self) -> np.ndarray:
        return weight_roots(self.scale, len(self.factor.array))

    def _scaled(self, K: np.ndarray) -> np.ndarray:
        scaled = np.array(K, dtype=np.float64, order="F")
        if self.scale is not None:
            scaled *= self.scale[:, None]
        return scaled
