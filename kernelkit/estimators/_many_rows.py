"""Kernel ridge on many rows: landmarks, and the exact problem by iterations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from .._arrays import n_rows, take_rows
from .._validation import check_choice, check_number
from ..engine import MatrixOperator
from ..features import choose_landmarks
from ..kernels import Kernel, kernel_operator
from ..solvers import IterativeSolver, LandmarkRidge, Moments, Outcome, independent, whitening
from ._problem import RidgeProblem
from ._progress import progress

PRECISIONS = ("auto", "float64", "float32")
DEFAULT_LANDMARKS, DEFAULT_RANK = 1000, 1000
DENSE_ROWS = 20_000  # up to which "auto" factors the whole matrix
SMALL_LANDMARKS = 1000  # up to which one pass for the normal equations beats a pass for each of some 20 steps
SAMPLE_PER_LANDMARK = 4


@dataclass(frozen=True)
class Settings:
    """How a model on many rows is fitted; see `KernelRidge`."""

    fit_intercept: bool
    n_landmarks: int | None
    landmarks: Any
    preconditioner_rank: int | None
    precision: str
    tol: float
    max_iter: int | None
    random_state: Any
    verbose: bool
    warm_start: bool

    @classmethod
    def of(cls, model: Any) -> Settings:
        """Return the settings of an estimator, checked."""
        check_number("tol", model.tol, above=0)
        check_choice("precision", model.precision, PRECISIONS)
        for name in ("n_landmarks", "preconditioner_rank", "max_iter"):
            value = getattr(model, name)
            if value is not None:
                check_number(name, value, at_least=int(name != "preconditioner_rank"), integer=True)
        return cls(*(getattr(model, name) for name in cls.__dataclass_fields__))

    def operator(self, operator: Any) -> Any:
        """Return the operator in the type that `precision` asks for."""
        return operator if self.precision == "auto" else operator.astype(np.dtype(self.precision))


@dataclass(frozen=True, eq=False)
class Fitted:
    """Coefficients and where they stand: at landmarks, or at positions among the training rows."""

    coef: np.ndarray
    intercept: np.ndarray
    outcomes: tuple[Outcome, ...]
    landmarks: Any = None
    indices: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class LandmarkProblem:
    """Ridge on landmarks: the rows that count against these, and what `RidgeProblem` says of the rows.

    Attributes
    ----------
    operator : KernelOperator or MatrixOperator
        k(x, Z) of the k rows of positive weight, shape (k, p).
    K : array of shape (p, p)
        k(Z, Z).
    landmarks, indices : rows, array of shape (p,), or None
        Z, and their positions among the rows.
    Y, scale, rows, n
        As for `RidgeProblem`.
    """

    operator: Any
    K: np.ndarray
    landmarks: Any
    indices: np.ndarray | None
    Y: np.ndarray
    scale: np.ndarray | None
    rows: np.ndarray
    n: int
    all_rows: Any

    @classmethod
    def of(cls, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, model: Any) -> LandmarkProblem:
        """Choose the landmarks that ``model.n_landmarks``, ``landmarks`` and ``random_state`` say."""
        rows = np.arange(n_rows(X)) if w is None else np.flatnonzero(w)
        Z, indices = _landmarks(kernel, X, rows, model, check_random_state(model.random_state))
        K, scale = _among(kernel, X, Z, indices), None if w is None else np.sqrt(w[rows])
        operator = _against(kernel, X, Z, indices, None if len(rows) == n_rows(X) else rows)
        return cls(operator, K, Z, indices, Y[rows], scale, rows, n_rows(X), X)

    def against(self, kernel: Any, rows: np.ndarray) -> Any:
        """Return k(x, Z) for some of all rows."""
        return _against(kernel, self.all_rows, self.landmarks, self.indices, rows)


@dataclass(frozen=True, eq=False)
class Stream:
    """What blocks of rows have given so far.

    Attributes
    ----------
    landmarks : array, sparse matrix or table of shape (p, d)
        Chosen among the first block, or given.
    W : array of shape (p, r)
        From `whitening`.
    sums : Moments
        Of the features k(x, Z) W and the targets, over all rows so far.
    n_blocks, n_rows : int
        How many there were.
    """

    landmarks: Any
    W: np.ndarray
    sums: Moments | None = None
    n_blocks: int = 0
    n_rows: int = 0

    @classmethod
    def begin(cls, kernel: Kernel, X: Any, w: np.ndarray | None, settings: Settings) -> Stream:
        """Choose the landmarks among the rows of positive weight of the first block."""
        rows = np.arange(n_rows(X)) if w is None else np.flatnonzero(w)
        Z, _ = _landmarks(kernel, X, rows, settings, check_random_state(settings.random_state))
        dtype = settings.operator(kernel_operator(kernel, X, Z)).dtype
        return cls(Z, whitening(_among(kernel, X, Z, None), dtype))

    def add(self, kernel: Kernel, X: Any, Y: np.ndarray, w: np.ndarray | None, settings: Settings) -> Stream:
        """Return the stream with one more block."""
        operator = settings.operator(kernel_operator(kernel, X, self.landmarks))
        sums = Moments.of(operator, self.W, Y, w)
        total = sums if self.sums is None else self.sums + sums
        return Stream(self.landmarks, self.W, total, self.n_blocks + 1, self.n_rows + n_rows(X))

    def ridge(self, alphas: np.ndarray, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return c, shape (p, t), and b, shape (t,)."""
        assert self.sums is not None
        coef, b = np.empty((len(self.W), len(alphas))), np.empty(len(alphas))
        for alpha in np.unique(alphas).tolist():
            at = np.flatnonzero(alphas == alpha)
            found, shift = self.sums.ridge(alpha, intercept)
            coef[:, at], b[at] = self.W @ found[:, at], shift[at]
        return coef, b


def iterative_solver(
    problem: RidgeProblem, settings: Settings, watch: Any, start: np.ndarray | None
) -> IterativeSolver:
    """Return the solver of the exact problem; `start` are coefficients of the rows that count."""
    n = problem.operator.shape[0]
    rank = DEFAULT_RANK if settings.preconditioner_rank is None else settings.preconditioner_rank
    return IterativeSolver(
        problem.operator,
        min(rank, n),
        check_random_state(settings.random_state),
        scale=problem.scale,
        start=start,
        tol=settings.tol,
        max_iter=1000 if settings.max_iter is None else settings.max_iter,
        watch=watch,
        interruptible=settings.warm_start,
    )


def fit_on_landmarks(
    kernel: Any,
    X: Any,
    Y: np.ndarray,
    w: np.ndarray | None,
    alphas: np.ndarray,
    settings: Settings,
    start: tuple[Any, np.ndarray] | None = None,
) -> Fitted:
    """Fit columns `Y` on the functions that landmarks span; `start` are landmarks to keep, and their coefficients."""
    if not (alphas > 0).all():
        raise ValueError(f"solver='nystroem' needs alpha > 0, got {alphas.min():g}")
    rng = check_random_state(settings.random_state)
    rows = np.arange(n_rows(X)) if w is None else np.flatnonzero(w)
    Z, indices = _landmarks(kernel, X, rows, settings, rng) if start is None else (start[0], None)
    K = _among(kernel, X, Z, indices)
    begun = None if start is None else start[1]
    if len(K) <= SMALL_LANDMARKS or len(rows) <= SAMPLE_PER_LANDMARK * len(K):
        operator = settings.operator(_against(kernel, X, Z, indices))
        coef, b, outcomes = _by_normal_equations(operator, K, Y, w, alphas, settings)
    else:
        kept = independent(K, np.float32 if settings.precision == "float32" else np.float64)
        Z, indices = None if Z is None else take_rows(Z, kept), None if indices is None else indices[kept]
        K, begun = K[np.ix_(kept, kept)], None if begun is None else begun[kept]
        operator, p = settings.operator(_against(kernel, X, Z, indices)), len(kept)
        drawn = np.sort(rng.permutation(rows)[: SAMPLE_PER_LANDMARK * p])
        system = LandmarkRidge(
            operator,
            K,
            Y,
            settings.operator(_against(kernel, X, Z, indices, drawn)),
            scale=None if w is None else np.sqrt(w),
            sample_scale=None if w is None else np.sqrt(w[drawn]),
            intercept=settings.fit_intercept,
            precision="float32" if settings.precision == "float32" else "auto",
        )
        size = f"{len(rows)} rows, {p} landmarks"
        coef, b, outcomes = _by_iterations(system, alphas, Y.shape[1], settings, begun, size)
    return Fitted(coef, b, outcomes, Z, indices)


def _landmarks(kernel: Any, X: Any, rows: np.ndarray, settings: Any, rng: np.random.RandomState) -> Any:
    whole = len(rows) == n_rows(X)
    among = X if whole else take_rows(X, rows) if isinstance(kernel, Kernel) else X[np.ix_(rows, rows)]
    count = settings.n_landmarks
    if count is None and isinstance(settings.landmarks, str):
        count = min(DEFAULT_LANDMARKS, len(rows))
    found = choose_landmarks(kernel, among, count, settings.landmarks, rng)
    return found.rows, None if found.indices is None else rows[found.indices]


def _against(kernel: Any, X: Any, Z: Any, indices: Any, some: Any = None) -> Any:
    """Return k(x, Z) for all rows or for some."""
    if isinstance(kernel, Kernel):
        return kernel_operator(kernel, X if some is None else take_rows(X, some), Z)
    return MatrixOperator(X[:, indices] if some is None else X[np.ix_(some, indices)])


def _among(kernel: Any, X: Any, Z: Any, indices: Any) -> np.ndarray:
    if isinstance(kernel, Kernel):
        return kernel_operator(kernel, Z).astype(np.float64).dense()
    return X[np.ix_(indices, indices)].astype(np.float64)


def _by_normal_equations(
    operator: Any, K: np.ndarray, Y: np.ndarray, w: Any, alphas: np.ndarray, settings: Settings
) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
    n, p = operator.shape
    with progress(settings.verbose, f"solver='nystroem': normal equations of {n} rows, {p} landmarks, in one pass"):
        W = whitening(K, operator.dtype)
        stream = Stream(None, W, Moments.of(operator, W, Y, w))
    return *stream.ridge(alphas, settings.fit_intercept), tuple(Outcome(alpha, "nystroem") for alpha in alphas)


def _by_iterations(
    system: LandmarkRidge, alphas: np.ndarray, n_targets: int, settings: Settings, start: Any, size: str
) -> tuple[np.ndarray, np.ndarray, tuple[Outcome, ...]]:
    parts, outcomes = [], []
    with progress(settings.verbose, f"solver='nystroem': conjugate gradients on {size}") as watch:
        for alpha in np.unique(alphas)[::-1].tolist():
            at = np.flatnonzero(alphas == alpha)
            found, shift, outcome = system.solve(
                alpha,
                targets=at,
                start=None if start is None else start[:, at],
                tol=settings.tol,
                max_iter=100 if settings.max_iter is None else settings.max_iter,
                watch=watch,
                interruptible=settings.warm_start,
            )
            parts.append((at, found, shift))
            outcomes.append(outcome)
    coef, b = np.empty((len(parts[0][1]), n_targets)), np.empty(n_targets)
    for at, found, shift in parts:
        coef[:, at], b[at] = found, shift
    return coef, b, tuple(outcomes)


def warn_unless_converged(outcomes: tuple[Outcome, ...], settings: Settings) -> None:
    """Warn where iterations ended above the tolerance."""
    if all(outcome.converged for outcome in outcomes):
        return
    worst = max(outcomes, key=lambda outcome: outcome.residual or 0.0)
    other = (
        "take more n_landmarks"
        if worst.method == "nystroem"
        else "raise preconditioner_rank, or take solver='nystroem', which restricts the problem to landmarks"
    )
    warnings.warn(
        f"solver={worst.method!r} ended after {worst.steps} steps with a residual of {worst.residual:.1e} for "
        f"alpha={worst.alpha:g}, above tol={settings.tol:g}: raise max_iter, alpha or tol, {other}",
        ConvergenceWarning,
        stacklevel=4,
    )
