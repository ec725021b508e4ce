"""Sequential minimal optimisation for the duals of support vector machines, on the engine's kernel values.

The rows that violate the optimality conditions most are optimised among themselves, a set of them at a time, and the
gradient of all rows is brought up to date with the engine's products: so the matrix is never needed as a whole.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..engine import KernelOperator, MatrixOperator, check_memory, run
from ._box_problem import BoxProblem
from ._dual_solution import FEWER, DualSolution
from ._smo_loops import compiled
from ._smo_rows import WHOLE, finite, kernel_rows

SET = 1024  # rows that are optimised at a time while more than WHOLE are not settled
BURST = 5_000  # steps before the interpreter has a chance to see an interrupt
BURSTS = 20  # of them on a set, before the gradient of all rows is brought up to date
LONG = 5_000  # steps after which few rows, too, are worth leaving some aside
EASIER = 0.1  # share of the violation that a set is optimised to
SMALLEST_FLOAT32_TOL = 1e-6  # below, kernel values are kept in float64
ROUNDING, PATIENCE = 1e-25, 20  # rounds that lower the objective by less than this share, one after the other, end it
EPS32 = float(np.finfo(np.float32).eps)
FLOAT32_ROWS = 1000  # up to which they are evaluated in float64, even if they are then kept in float32
SAMPLE = 100  # rows whose kernel values are compared in both types
LARGEST_ROUNDING = 1e-5  # of kernel values in float32, as a share of the largest
WORTH_LEAVING = 0.7  # share of the rows watched; with more left nothing is put aside
TRUSTED = 0.25  # share of the violation that rounding in float32 may reach


@dataclass(frozen=True, eq=False)
class Minimum:
    """The solution of a BoxProblem.

    Attributes
    ----------
    b : array of shape (n,)
        Dual variables with their signs.
    intercept : float
        Multiplier of the constraint: the mean over the free rows, or the middle of what is allowed.
    n_iter : int
        Steps.
    violation : float
        Of the optimality conditions.
    """

    b: np.ndarray
    intercept: float
    n_iter: int
    violation: float


class _Descent:
    """The state of one problem: b, and F = K b at the rows that are watched."""

    def __init__(self, problem: BoxProblem, operator: Any, rounding: float, cache_size: float):
        self.problem, self.cache_size = problem, cache_size
        self.b = np.zeros(len(problem.y))
        self.steps, self.last = 0, np.empty(0, dtype=int)
        self.read(operator, rounding)

    def read(self, operator: Any, rounding: float) -> None:
        """Take kernel values from an operator, and make F anew."""
        self.rounding, self.error = rounding, 0.0
        self.rows = kernel_rows(operator, self.cache_size)
        self.diagonal = finite(np.ascontiguousarray(operator.diag()))
        self.watched: np.ndarray | None = None  # all
        self.F = self._product(None)

    def move(self, b: np.ndarray) -> None:
        """Go on from another point."""
        self.b = b
        self.error = self.rounding * float(np.linalg.norm(b))
        self.F = self._product(None)

    def _product(self, rows: np.ndarray | None) -> np.ndarray:
        support = np.flatnonzero(self.b)
        if not len(support):
            return np.zeros(len(self.b) if rows is None else len(rows))
        return self.rows.times(rows, support, self.b[support])

    def slopes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return those of the problem, without rows that are not watched."""
        up, low = self.problem.slopes(self.b, self.F)
        if self.watched is not None:
            aside = np.ones(len(up), dtype=bool)
            aside[self.watched] = False
            up[aside], low[aside] = -np.inf, np.inf
        return up, low

    def watch_only(self, rows: np.ndarray) -> None:
        """Put rows aside that seem settled, if they are many."""
        n = len(self.b) if self.watched is None else len(self.watched)
        if len(rows) < WORTH_LEAVING * n:
            self.watched = rows

    def watch_all(self) -> None:
        """Bring F up to date at the rows that were put aside."""
        aside = np.ones(len(self.b), dtype=bool)
        aside[self.watched] = False
        self.F[aside] = self._product(np.flatnonzero(aside))
        self.watched = None

    def choose(self, unsettled: np.ndarray, up: np.ndarray, low: np.ndarray) -> np.ndarray:
        """Return the rows to optimise next: all that are not settled if they are few, else those that violate most."""
        if len(up) <= WHOLE and (self.watched is None or self.steps < LONG):
            return np.arange(len(up))
        if len(unsettled) <= WHOLE:
            return unsettled
        count = SET // 4 if len(self.last) else SET // 2
        grow, shrink = np.argpartition(-up, count)[:count], np.argpartition(low, count)[:count]
        fresh = np.union1d(grow[up[grow] > low.min()], shrink[low[shrink] < up.max()])
        # Rows of the sets before stay for as long as there is room: the free ones first, then the latest.
        old = self.last[~np.isin(self.last, fresh)]
        free = np.isfinite(up[old]) & np.isfinite(low[old])
        return np.concatenate([fresh, np.concatenate([old[free], old[~free]])[: SET - len(fresh)]])

    def improve(self, chosen: np.ndarray, tol: float, most: float) -> float:
        """Optimise some rows among themselves, in at most so many steps; return by how much the objective fell."""
        problem, (minimise, _) = self.problem, compiled()
        y, F = problem.y[chosen], self.F[chosen]
        box = np.stack([self.b[chosen], problem.lower[chosen], problem.upper[chosen]])
        K, diagonal = self.rows.among(chosen), self.diagonal[chosen]
        most = min(most, BURST if len(chosen) == len(self.b) else BURSTS * BURST)
        steps = BURST
        while most > 0 and steps == BURST:
            steps, _ = minimise(K, diagonal, y, box, problem.epsilon, F, tol, min(BURST, most))
            self.steps, most = self.steps + steps, most - steps
        b = box[0]
        change = b - self.b[chosen]
        moved = np.flatnonzero(change)
        fall = self._fall(chosen[moved], b[moved], F[moved])
        self.b[chosen], self.last = b, chosen
        if len(chosen) == len(self.b):
            self.F = F
        elif len(moved):
            every = slice(None) if self.watched is None else self.watched
            self.F[every] += self.rows.times(self.watched, chosen[moved], change[moved])
        self.error = np.hypot(self.error, self.rounding * np.linalg.norm(change))
        return fall

    def _fall(self, rows: np.ndarray, b: np.ndarray, F: np.ndarray) -> float:
        """Return by how much the objective falls where some rows get other values."""
        problem, before = self.problem, self.b[rows]
        change = b - before
        slope = (F + self.F[rows]) / 2 - problem.y[rows]
        slope += problem.epsilon * (np.abs(b) - np.abs(before)) / change
        # Changes have the sum zero, and slopes are all the same at the solution: what they share would be all rounding.
        return float((slope.mean() - slope) @ change) if len(rows) else 0.0


def minimum(
    problem: BoxProblem,
    operator: KernelOperator | MatrixOperator,
    *,
    exact: Callable[[], Any] | None = None,
    rounding: float = 0.0,
    tol: float,
    max_iter: int,
    cache_size: float,
    shrinking: bool = True,
    verbose: bool = False,
    start: np.ndarray | None = None,
) -> Minimum:
    """Solve a problem until no two rows violate the optimality conditions by more than `tol` together.

    Parameters
    ----------
    problem : BoxProblem
        What to minimise.
    operator : KernelOperator or MatrixOperator
        K, shape (n, n).
    exact, rounding : callable, float
        The operator in float64, and how far values of the other are off; it takes over where that could show.
    tol : float
        Largest violation at the end.
    max_iter : int
        Most steps; -1 is no limit.
    cache_size : float
        Megabytes for rows that are kept.
    shrinking : bool
        Put rows aside that seem settled; the conditions are checked at all rows before the end.
    verbose : bool
        Print the violation of each round.
    start : array of shape (n,), optional
        Dual variables to start from, brought into the bounds first.

    References
    ----------
    Fan, Chen and Lin (2005), Working set selection using second order information, algorithm 2; Joachims (1999), Making
    large-scale SVM learning practical, section 3, for sets of rows.
    """
    most = np.inf if max_iter == -1 else max_iter
    descent, n = _Descent(problem, operator, rounding, cache_size), len(problem.y)
    if start is not None:
        descent.move(problem.feasible(start))
    fallen, idle = 0.0, 0
    while True:
        up, low = descent.slopes()
        violation = up.max() - low.min()
        if verbose:
            print(f"{descent.steps} steps, violation {violation:.2e}", flush=True)
        if exact is not None and descent.error > TRUSTED * max(violation, tol):
            descent.read(exact(), 0.0)
            exact = None
        elif violation <= tol or descent.steps >= most or idle == PATIENCE:
            if descent.watched is None:
                break
            descent.watch_all()
            idle, shrinking = 0, shrinking and idle < PATIENCE
        else:
            unsettled = np.flatnonzero((up > low.min()) | (low < up.max()))
            if shrinking and (n > WHOLE or descent.steps >= LONG):
                descent.watch_only(unsettled)
            chosen = descent.choose(unsettled, up, low)
            target = tol if len(chosen) == n else max(tol / 2, EASIER * violation)
            fall = descent.improve(chosen, target, most - descent.steps)
            fallen += fall
            idle = 0 if fall > ROUNDING * fallen else idle + 1
    free = np.isfinite(up) & np.isfinite(low) & (descent.b != 0)
    middle = (up.max() + low.min()) / 2
    intercept = (up[free] + low[free]).mean() / 2 if free.any() else middle
    return Minimum(descent.b, float(intercept), descent.steps, float(violation))


def smo(
    operator: KernelOperator | MatrixOperator,
    y: np.ndarray,
    w: np.ndarray | None,
    formulation: str,
    *,
    C: float,
    epsilon: float = 0.0,
    tol: float,
    max_iter: int,
    start: np.ndarray | None = None,
    **settings: Any,
) -> DualSolution:
    """Solve a support vector machine's dual problem, as `libsvm` does and with its arguments.

    Parameters
    ----------
    operator, y, w, C, epsilon
        As for `libsvm`.
    formulation : {"c_svc", "epsilon_svr"}
        The problem.
    tol, max_iter
        As for `minimum`.
    start : array of shape (pairs, n), optional
        Dual variables to start from, with the signs of ``DualSolution.of_pairs``; not used where the pairs are others.
    **settings
        The others of `minimum`: cache_size, shrinking, verbose.

    Raises
    ------
    MemoryError
        If the rows that are kept do not fit.
    ValueError
        If a kernel value is not finite.
    """
    values, rounding = _values(operator, tol)
    codes, problems = _problems(y, C * (np.ones(len(y)) if w is None else w), formulation, epsilon)
    variables, found = np.zeros((len(problems), len(y))), {}
    if start is not None and start.shape != variables.shape:
        start = None

    def work(k: int) -> None:
        rows, problem = problems[k]
        at = slice(None) if rows is None else rows
        found[k] = minimum(
            problem,
            values if rows is None else values.restricted(rows),
            exact=None if rounding == 0 else lambda: _float64(operator, rows),
            rounding=rounding,
            tol=tol,
            max_iter=max_iter,
            start=None if start is None else start[k, at],
            **settings,
        )
        variables[k, at] = found[k].b

    run(work, range(len(problems)))
    minima = [found[k] for k in range(len(problems))]
    _warn_unless_converged(minima, tol, max_iter)
    return _solution(codes, variables, minima, tol)


def _solution(codes: np.ndarray, variables: np.ndarray, minima: list[Minimum], tol: float) -> DualSolution:
    return DualSolution.of_pairs(
        codes,
        variables,
        np.array([each.intercept for each in minima]),
        n_iter=np.array([each.n_iter for each in minima]),
        converged=all(each.violation <= tol for each in minima),
        solver="smo",
    )


def _float64(operator: Any, rows: np.ndarray | None) -> Any:
    return (operator if rows is None else operator.restricted(rows)).astype(np.float64)


def smo_matrix(operator: Any, tol: float) -> np.ndarray:
    """Return the whole matrix in the type that `smo` would begin with; it then takes its values for exact."""
    values, _ = _values(operator, tol)
    return values.matrix()


def _values(operator: Any, tol: float) -> tuple[Any, float]:
    """Return the kernel values to begin with, and how far they are off: float32 where `tol` lets it.

    Few rows are evaluated once, and in float64. Of many a sample is: rows far from the origin and steep kernels lose in
    float32 what they are made of.
    """
    if isinstance(operator, MatrixOperator) and operator.dtype == np.float32:
        return operator, 0.0
    n, loose = operator.shape[0], tol >= SMALLEST_FLOAT32_TOL
    if n <= WHOLE:
        size = operator.dtype.itemsize * n * n
        check_memory(size, f"the {n} x {n} kernel matrix of a support vector machine", FEWER)
    if n <= FLOAT32_ROWS:
        K = operator.astype(np.float64).matrix()
        K = K.astype(np.float32) if loose else K
        return MatrixOperator(K), float(EPS32 * np.abs(K).max()) if loose else 0.0
    operator, rounding = _in_float32_if_safe(operator) if loose else (operator.astype(np.float64), 0.0)
    return MatrixOperator(operator.matrix()) if n <= WHOLE else operator, rounding


def _in_float32_if_safe(operator: Any) -> tuple[Any, float]:
    rough, exact = operator.astype(np.float32), operator.astype(np.float64)
    some = np.unique(np.linspace(0, operator.shape[0] - 1, SAMPLE).astype(int))
    with np.errstate(over="ignore", invalid="ignore"):
        a, b = rough.part(some, some), exact.part(some, some)
        size = max(np.abs(b).max(), np.abs(exact.diag()).max())  # one row far from all others is in no sample
        rounding = max(np.abs(a - b).max(), EPS32 * size)
    return (rough, float(rounding)) if rounding <= LARGEST_ROUNDING * size else (exact, 0.0)


Parts = list[tuple[np.ndarray | None, BoxProblem]]


def _problems(y: np.ndarray, bound: np.ndarray, formulation: str, epsilon: float) -> tuple[np.ndarray, Parts]:
    """Return class numbers, all 0 for regression, and the rows, None for all, and problem of each pair of classes."""
    if formulation == "epsilon_svr":
        return np.zeros(len(y), dtype=int), [(None, BoxProblem(y, -bound, bound, epsilon))]
    codes, parts = y.astype(int), []
    n_classes = codes.max() + 1
    for i, j in combinations(range(n_classes), 2):
        rows = None if n_classes == 2 else np.flatnonzero((codes == i) | (codes == j))
        at = slice(None) if rows is None else rows
        parts.append((rows, BoxProblem.of_classes(codes[at] == i, bound[at])))
    return codes, parts


def _warn_unless_converged(found: list[Minimum], tol: float, max_iter: int) -> None:
    worst = max(found, key=lambda each: each.violation)
    if worst.violation > tol:
        # In the words that users of scikit-learn know.
        reason = f"max_iter={max_iter}" if worst.n_iter == max_iter else "steps as small as rounding"
        warnings.warn(
            f"Solver terminated early ({reason}).  Consider pre-processing your data with StandardScaler or "
            f"MinMaxScaler. The optimality conditions are violated by {worst.violation:.1e}, tol is {tol:g}.",
            ConvergenceWarning,
            stacklevel=4,
        )
