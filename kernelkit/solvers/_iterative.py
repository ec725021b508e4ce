"""The exact ridge system by conjugate gradients: products with K in tiles, and a preconditioner of a few columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import cast, full, identity, is_foreign, multiply, namespace, widest_float
from ..engine import check_memory
from ._cholesky import Outcome
from ._iterations import Ending, Map, Watch, improve, norms_of, sizes_of
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
    >>> X, _, outcome = IterativeSolver(K, 1, np.random.RandomState(0)).solve(np.ones((3, 1)), alpha=1.0)
    >>> X[:, 0].round(4)
    array([0.0099, 0.0909, 0.5   ])
    """

    def __init__(
        self,
        operator: Any,
        rank: int,
        rng: np.random.RandomState,
        *,
        scale: Any = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
        watch: Watch | None = None,
        interruptible: bool = False,
    ):
        n, diagonal = operator.shape[0], operator.diag()
        wide = widest_float(diagonal)
        if not is_foreign(diagonal):
            check_memory(8 * (n * rank + 2 * rank**2), f"a preconditioner of rank {rank} of {n} rows", FEWER)
        self._operator = operator.astype(wide)
        self._roots = weight_roots(scale, n, diagonal)[:, None]
        self._factor = full((n, 0), 0.0, diagonal, wide)
        if rank:
            self._factor = pivoted_cholesky(self._operator, rank, rng)[1]
            if scale is not None:
                self._factor = multiply(self._factor, self._roots)
        self._gram = self._factor.T @ self._factor
        self._stopped = False
        self._settings: dict[str, Any] = {
            "tol": tol,
            "max_iter": max_iter,
            "watch": watch,
            "interruptible": interruptible,
        }

    def solve(self, B: Any, alpha: float, *, start: Any = None, intercept: bool = False) -> tuple[Any, Any, Outcome]:
        """Return X, shape (n, t), b, shape (t,), and how they were found, with the residual computed anew.

        With s the diagonal of S and an intercept, X and b solve A X + s b' = B and s'X = 0: conjugate gradients in the
        complement of s. Once iterations were stopped, later systems keep what they start from.

        Parameters
        ----------
        B : array of shape (n, t)
            Right-hand sides.
        alpha : float
            Ridge, > 0.
        start : array of shape (n, t), optional
            Coefficients S X to start from.
        intercept : bool
            Whether there is a b; it is zero otherwise.
        """
        if not alpha > 0:
            raise ValueError(f"solver='cg' needs alpha > 0, got {alpha:g}")
        B = cast(B, self._roots.dtype)
        sizes, s, xp = sizes_of(B), self._roots if intercept else None, namespace(B)

        def rest_of(V: Any) -> Any:
            return B - self._product(V, alpha) if xp.any(V != 0) else B

        X = xp.zeros_like(B) if start is None else _less(start / self._roots, s, s)
        X, steps, ending = improve(
            X,
            lambda V: _less(self._product(V, alpha), s, s),
            _less(rest_of(X), s, s),
            self._preconditioner(alpha, s),
            sizes=sizes,
            **(self._settings | {"max_iter": 0} if self._stopped else self._settings),
        )
        self._stopped = ending is Ending.ASKED_TO or self._stopped
        rest = rest_of(X)
        b = full((B.shape[1],), 0.0, B) if s is None else (s.T @ rest)[0, :] / xp.sum(s**2)
        residual = float(xp.max(norms_of(_less(rest, s, s)) / sizes))
        if self._stopped:
            ending = Ending.ASKED_TO
        return X, b, Outcome.iterated(alpha, "cg", steps, residual, ending, 10 * self._settings["tol"])

    def _product(self, V: Any, alpha: float) -> Any:
        return self._roots * (self._operator @ (self._roots * V)) + alpha * V

    def _preconditioner(self, alpha: float, s: Any) -> Map:
        """Return R -> alpha M^-1 R; in the complement of s the inverse of what M is there."""
        if 0 in self._gram.shape:
            inverse = self._gram
        else:
            inverse = namespace(self._gram).linalg.inv(self._gram + alpha * identity(self._gram.shape[0], self._gram))

        def precondition(R: Any) -> Any:
            return R - self._factor @ (inverse @ (self._factor.T @ R))

        if s is None:
            return precondition
        along = precondition(s)
        return lambda R: _less(precondition(R), along, s)


def _less(V: Any, direction: Any, s: Any) -> Any:
    """Return V less what of a direction, shape (n, 1), makes its columns orthogonal to s; None leaves V."""
    if direction is None or s is None:
        return V
    return V - direction @ (s.T @ V) / namespace(V).sum(s * direction)
