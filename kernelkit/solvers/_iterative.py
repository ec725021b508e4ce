"""The exact ridge system by conjugate gradients: products with K in tiles, and a preconditioner of a few columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import check_memory
from ._cholesky import Outcome
from ._iterations import Watch, improve, sizes_of
from ._pivoted_cholesky import pivoted_cholesky
from ._targets import weight_roots

FEWER = "take a lower preconditioner_rank"


class IterativeSolver:
    """Solve (S K S + alpha I) X = B for one alpha after another, holding n r numbers for the preconditioner.

    With F F' the approximation of K by r columns that randomly pivoted Cholesky chooses, the preconditioner is
    (S F F' S + alpha I)^-1: once r is above the number of eigenvalues that exceed alpha, the number of steps depends on
    neither n nor alpha.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, symmetric and positive semi-definite, shape (n, n).
    rank : int
        r, at most n; 0 for no preconditioner.
    rng : RandomState
        Chooses the columns.
    scale : array of shape (n,), optional
        Square roots of the weights, > 0; None means one.
    start : array of shape (n, t), optional
        Coefficients S X to start the first t columns of a system from.
    tol : float
        Relative residual |b - A x| / |b| to stop at.
    max_iter : int
        Most steps.
    watch : callable, optional
        Called with the number of each step and its residual.
    interruptible : bool
        Whether an interrupt from the keyboard ends the iterations, and not more.

    References
    ----------
    Diaz, Epperly, Frangella, Tropp and Webber (2023), Robust, randomized preconditioning for kernel ridge regression,
    algorithm 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> K = MatrixOperator(np.diag([100.0, 10.0, 1.0]))
    >>> X, outcome = IterativeSolver(K, 1, np.random.RandomState(0)).solve(np.ones((3, 1)), alpha=1.0)
    >>> X[:, 0].round(4)
    array([0.0099, 0.0909, 0.5   ])
    """

    def __init__(
        self,
        operator: Any,
        rank: int,
        rng: np.random.RandomState,
        *,
        scale: np.ndarray | None = None,
        start: np.ndarray | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
        watch: Watch | None = None,
        interruptible: bool = False,
    ):
        n = operator.shape[0]
        check_memory(8 * (n * rank + 2 * rank**2), f"a preconditioner of rank {rank} of {n} rows", FEWER)
        self._operator = operator.astype(np.float64)
        self._roots = weight_roots(scale, n)[:, None]
        self._factor = np.zeros((n, 0))
        if rank:
            self._factor = pivoted_cholesky(self._operator, rank, rng)[1]
            if scale is not None:
                self._factor *= self._roots
        self._gram = self._factor.T @ self._factor
        self._start = None if start is None else start / self._roots
        self._settings: dict[str, Any] = {
            "tol": tol,
            "max_iter": max_iter,
            "watch": watch,
            "interruptible": interruptible,
        }

    def solve(self, B: np.ndarray, alpha: float) -> tuple[np.ndarray, Outcome]:
        """Return X, shape (n, t), and how it was found, with the residual computed anew.

        Parameters
        ----------
        B : array of shape (n, t)
            Right-hand sides.
        alpha : float
            Ridge, > 0.
        """
        if not alpha > 0:
            raise ValueError(f"solver='cg' needs alpha > 0, got {alpha:g}")

        def multiply(V: np.ndarray) -> np.ndarray:
            return self._roots * (self._operator @ (self._roots * V)) + alpha * V

        inverse = np.linalg.inv(self._gram + alpha * np.eye(len(self._gram)))

        def precondition(R: np.ndarray) -> np.ndarray:
            return R - self._factor @ (inverse @ (self._factor.T @ R))

        B = np.asarray(B, dtype=np.float64)
        X, sizes = np.zeros_like(B), sizes_of(B)
        if self._start is not None and self._start.shape[1] <= B.shape[1]:
            X[:, : self._start.shape[1]] = self._start
        rest = B - multiply(X) if X.any() else B
        X, steps = improve(X, multiply, rest, precondition, sizes=sizes, **self._settings)
        residual = float((np.linalg.norm(B - multiply(X), axis=0) / sizes).max())
        return X, Outcome(alpha, "cg", steps, residual=residual, converged=residual <= 10 * self._settings["tol"])
