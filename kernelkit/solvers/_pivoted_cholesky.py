"""Randomly pivoted Cholesky: landmarks, and the features that they give, from n p kernel values."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import (
    cast,
    drawn_in_proportion,
    eps_of,
    full,
    is_foreign,
    like,
    namespace,
    own_copy,
    row_sums,
    set_to_zero,
    take_rows,
    to_numpy,
    widest_float,
)
from ..engine import blocks, check_memory, run
from ._spectral import check_finite

NARROWEST, WIDEST = 16, 128  # rows proposed at a time
HEIGHT = 1024  # rows of the factor worked on at a time
FEWER = "take fewer landmarks, or landmarks='uniform', which needs no kernel values to choose them"


def pivoted_cholesky(operator: Any, p: int, rng: np.random.RandomState) -> tuple[np.ndarray, Any]:
    """Return up to p pivots S and the factor F with F F' = K[:, S] K[S, S]^-1 K[S, :].

    Each pivot is drawn with a probability proportional to what the earlier ones leave of the diagonal. Rows are
    proposed in blocks and accepted with the right probability, so that the pivots are distributed as if drawn one after
    the other, while the work is matrix products.

    Parameters
    ----------
    operator : KernelOperator, MatrixOperator or DeviceOperator
        K, positive semi-definite, shape (n, n). n p of its values are evaluated, and a few for each block. Those of at
        most 128 rows at a time leave their device, for the decision which of these to take.
    p : int
        At most n. Fewer pivots come back where these leave nothing but rounding.
    rng : RandomState
        For the draws.

    Returns
    -------
    pivots : array of shape (r,)
        Positions, in the order drawn.
    F : array of shape (n, r)
        In the dtype of the operator; F[pivots] is lower triangular.

    Raises
    ------
    MemoryError
        If F does not fit into memory.
    ValueError
        If a value is not finite, or the diagonal nowhere above zero.

    References
    ----------
    Chen, Epperly, Tropp and Webber (2025), Randomly pivoted Cholesky; Epperly, Tropp and Webber (2024), Embrace
    rejection: kernel matrix approximation by accelerated randomly pivoted Cholesky, algorithm 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> x = np.arange(1.0, 5.0)[:, None]
    >>> pivots, F = pivoted_cholesky(MatrixOperator(x @ x.T), 3, np.random.RandomState(0))
    >>> len(pivots), bool(np.allclose(F @ F.T, x @ x.T))
    (1, True)
    """
    n, diagonal = operator.shape[0], operator.diag()
    if not is_foreign(diagonal):
        check_memory(n * p * np.dtype(operator.dtype).itemsize, f"{p} columns of {n} kernel values", FEWER)
    xp = namespace(diagonal)
    left = own_copy(cast(diagonal, widest_float(diagonal)))  # of the diagonal
    largest = float(xp.max(left))
    if not (largest > 0 and xp.all(xp.isfinite(left))):
        raise ValueError("the diagonal of the kernel matrix must be finite, and above zero somewhere")
    rounding = p * eps_of(operator.dtype, diagonal) * largest
    F, pivots = full((n, p), 0.0, diagonal, operator.dtype), np.empty(0, dtype=int)
    width = min(max(p // 8, NARROWEST), WIDEST)
    while len(pivots) < p and xp.any(left > 0):
        proposed = drawn_in_proportion(left, rng.uniform(size=width))
        H = _residual(operator, F, proposed, len(pivots))
        check_finite(H)
        check_finite(left[None, :])
        set_to_zero(left, proposed[np.diagonal(H) <= rounding])
        chosen, L = _accepted(H, to_numpy(take_rows(left, proposed)), rounding, rng)
        chosen, L = chosen[: p - len(pivots)], L[: p - len(pivots), : p - len(pivots)]
        new, done = proposed[chosen], slice(len(pivots), len(pivots) + len(chosen))
        _extend(operator, F, done, new, like(np.linalg.inv(L), F), left)
        pivots = np.append(pivots, new)
        left[left <= rounding] = 0.0
        set_to_zero(left, pivots)
    return pivots, F[:, : len(pivots)]


def _extend(operator: Any, F: Any, done: slice, new: np.ndarray, inverse: Any, left: Any) -> None:
    """Fill the columns `done` of F, of pivots whose Cholesky factor has that inverse, and update what is left."""
    known = own_copy(take_rows(F, new)[:, : done.start].T)

    def fill(rows: slice) -> None:
        if is_foreign(F):
            G = cast(operator.columns(new), F.dtype)
        else:
            G = cast(operator.part(np.arange(rows.start, rows.stop), new), F.dtype)
        G -= F[rows, : done.start] @ known
        part = G @ inverse.T
        F[rows, done] = part
        part = cast(part, left.dtype)
        left[rows] -= row_sums(part, part)

    run(fill, [slice(0, F.shape[0])] if is_foreign(F) else blocks(len(F), HEIGHT))


def _residual(operator: Any, F: Any, rows: np.ndarray, count: int) -> np.ndarray:
    """Return what `count` pivots leave of the kernel matrix of some rows."""
    wide = widest_float(F)
    some = cast(take_rows(F, rows)[:, :count], wide)
    return to_numpy(cast(operator.part(rows, rows), wide) - some @ some.T)


def _accepted(
    H: np.ndarray, proposed: np.ndarray, rounding: float, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions accepted, and the Cholesky factor of H at these.

    A row that was proposed with weight u is accepted with the probability h / u, h being what those accepted before it
    leave of its diagonal.
    """
    chosen: list[int] = []
    L = np.zeros_like(H)
    for i, (u, chance) in enumerate(zip(proposed, rng.uniform(size=len(H)), strict=True)):
        if H[i, i] > max(chance * u, rounding):
            column = H[:, i] / H[i, i] ** 0.5
            H -= np.outer(column, column)
            L[:, len(chosen)] = column
            chosen.append(i)
    return np.array(chosen, dtype=int), np.tril(L[chosen, : len(chosen)])
