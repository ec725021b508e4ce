"""Kernel ridge on many rows: landmarks, and the exact problem by iterations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from .._arrays import is_foreign, is_single, n_rows, take_rows, whereabouts, widest_float
from .._validation import check_choice, check_number
from ..features import drawn_rows
from ..solvers import (
    Ending,
    IterativeSolver,
    LandmarkRidge,
    Outcome,
    independent,
    one_alpha_after_the_other,
)
from ._landmark_problem import DEFAULT_LANDMARKS, LandmarkProblem
from ._problem import RidgeProblem
from ._progress import progress
from ._stream import FeatureProblem, Fitted, Stream, in_precision

PRECISIONS = ("auto", "float64", "float32")
DEFAULT_RANK = 1000
DENSE_ROWS = 20_000  # up to which "auto" factors the whole matrix
SMALL_LANDMARKS = 1000  # up to which one pass for the normal equations beats a pass for each of some 20 steps
SAMPLE_PER_LANDMARK = 4
MOST_STEPS = {"cg": 1000, "nystroem": 100}


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
    feature_names_in_: Any = None
    after_step: Callable[[], bool] | None = None

    @classmethod
    def of(cls, model: Any) -> Settings:
        """Return the settings of an estimator, checked."""
        check_number("tol", model.tol, above=0)
        check_choice("precision", model.precision, PRECISIONS)
        names = [field.name for field in fields(cls) if field.default is MISSING]
        values = {name: getattr(model, name) for name in names}
        for name in ("n_landmarks", "preconditioner_rank", "max_iter"):
            if values[name] is not None:
                least = int(name != "preconditioner_rank")
                values[name] = check_number(name, values[name], at_least=least, integer=True)
        return cls(**values, feature_names_in_=getattr(model, "feature_names_in_", None))

    def most_steps(self, solver: str) -> int:
        """Return how many steps a solver may take; 0 if it takes none."""
        return int(self.max_iter or MOST_STEPS[solver]) if solver in MOST_STEPS else 0


def iterative_solver(problem: RidgeProblem, settings: Settings, watch: Any) -> IterativeSolver:
    """Return the solver of the exact problem."""
    n = problem.operator.shape[0]
    rank = DEFAULT_RANK if settings.preconditioner_rank is None else settings.preconditioner_rank
    return IterativeSolver(
        problem.operator,
        min(rank, n),
        check_random_state(settings.random_state),
        scale=problem.scale,
        tol=settings.tol,
        max_iter=settings.most_steps("cg"),
        watch=watch,
        interruptible=settings.warm_start,
    )


def fit_in_one_pass(problem: FeatureProblem, alphas: np.ndarray, settings: Settings) -> Fitted:
    """Return the solution in landmarks or features, from normal equations."""
    p = problem.whole[0].shape[1]
    what = "features" if problem.method == "primal" else "landmarks"
    label = f"solver={problem.method!r}: normal equations of {problem.n} rows, {p} {what}, in one pass"
    with progress(settings.verbose, label, None):
        stream = Stream.begin(problem, settings.precision)
    return stream.ridge(problem, alphas, settings.fit_intercept)


def fit_on_landmarks(
    problem: LandmarkProblem, alphas: np.ndarray, settings: Settings, start: np.ndarray | None = None
) -> Fitted:
    """Return the solution in landmarks, less those that are superfluous.

    `start` are coefficients of the landmarks to start from.
    """
    check_positive(alphas)
    n, p = problem.n_positive, n_rows(problem.K)
    if p <= SMALL_LANDMARKS or n <= SAMPLE_PER_LANDMARK * p or is_foreign(problem.K):
        return fit_in_one_pass(problem, alphas, settings)
    kept = independent(problem.K, problem.coarsest("float32" if settings.precision == "float32" else "float64"))
    problem = problem.restricted(kept)
    system = _landmark_ridge(problem, settings)

    def solve(alpha: float, at: np.ndarray) -> tuple[Any, Any, Any]:
        return system.solve(
            alpha,
            targets=at,
            start=None if start is None else start[np.ix_(kept, at)],
            tol=settings.tol,
            max_iter=settings.most_steps("nystroem"),
            watch=watch,
            interruptible=settings.warm_start,
        )

    label = f"solver='nystroem': conjugate gradients on {n} rows, {len(kept)} landmarks"
    with progress(settings.verbose, label, settings.after_step) as watch:
        coef, intercept, outcomes = one_alpha_after_the_other(alphas, solve)
    return Fitted(problem, system.dtype, coef, intercept, outcomes)


def check_precision(precision: str, X: Any) -> None:
    """Raise ValueError if the device of the rows has no floats of the type that is asked for."""
    if is_foreign(X) and precision == "float64" and is_single(widest_float(X)):
        raise ValueError(
            f"precision='float64' needs 64-bit floats, which {whereabouts(X)} does not have: take 'auto' or 'float32', "
            "or move X to the host"
        )


def check_positive(alphas: np.ndarray) -> None:
    """Raise ValueError unless all ridges of a fit on landmarks are above zero."""
    if not (alphas > 0).all():
        raise ValueError(f"solver='nystroem' needs alpha > 0, got {alphas.min():g}")


def check_first_block(settings: Settings, solver: str, n: int) -> None:
    """Raise ValueError if the landmarks of a whole stream were to be too few rows of its first block."""
    if solver == "nystroem" and settings.n_landmarks is None and isinstance(settings.landmarks, str):
        if n < DEFAULT_LANDMARKS:
            raise ValueError(
                f"n_landmarks=None takes {DEFAULT_LANDMARKS} landmarks among the rows of the first block, got "
                f"{n} rows: make it larger, or set n_landmarks or landmarks"
            )


def _landmark_ridge(problem: LandmarkProblem, settings: Settings) -> LandmarkRidge:
    operator, Y, w = problem.whole
    rng = check_random_state(settings.random_state)
    count = min(SAMPLE_PER_LANDMARK * len(problem.K), problem.n_positive)
    if isinstance(w, np.ndarray):
        drawn, shares = _drawn(w, count, rng)
    else:
        # Weights on Dask's workers stay there, at the price of a sample that is worse the more they differ.
        drawn = drawn_rows(rng, problem.n, count)
        shares = np.ones(count) if w is None else take_rows(w, drawn)
    return LandmarkRidge(
        in_precision(operator, settings.precision),
        problem.K,
        Y,
        in_precision(problem.against(drawn), settings.precision),
        scale=None if w is None else np.sqrt(w),
        sample_scale=np.sqrt(shares),
        intercept=settings.fit_intercept,
        precision="float32" if settings.precision == "float32" else "auto",
    )


def _drawn(weights: np.ndarray, count: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Return positions drawn without repeats, with chances as the weights but at most one, and weight over chance.

    The largest weights come for certain, so that a few of them do not leave the others without a part in the sample.
    Source: Tille (2006), Sampling algorithms, section 7.1 (systematic sampling with unequal chances).
    """
    order = np.argsort(-weights)
    rest = np.cumsum(weights[order][::-1])[::-1]  # of this and all smaller ones
    certain = int(np.argmax((count - np.arange(count)) * weights[order[:count]] <= rest[:count]))
    others = rng.permutation(order[certain:])
    chances = np.cumsum(weights[others])
    at = rng.uniform() + np.arange(count - certain)
    drawn = others[np.searchsorted(chances, at * (chances[-1] / (count - certain)))]
    equal = np.full(len(drawn), chances[-1] / (count - certain))
    return np.append(order[:certain], drawn), np.append(weights[order[:certain]], equal)


def warn_unless_converged(outcomes: tuple[Outcome, ...], settings: Settings) -> None:
    """Warn where iterations ended above the tolerance."""
    if all(outcome.converged for outcome in outcomes):
        return
    worst = max((o for o in outcomes if not o.converged), key=lambda outcome: outcome.residual or 0.0)
    warnings.warn(
        f"solver={worst.method!r} ended after {worst.steps} steps with a residual of {worst.residual:.1e} for "
        f"alpha={worst.alpha:g}, above tol={settings.tol:g}: {_advice(worst)}",
        ConvergenceWarning,
        stacklevel=6,  # past fit, what tells callbacks of it, and what restores a model whose fit fails
    )


def _advice(outcome: Outcome) -> str:
    if outcome.ending is Ending.ASKED_TO:
        return "it was stopped; fit again with warm_start=True to go on"
    if outcome.ending is Ending.TOLERANCE:
        return "rounding lets it come no nearer; raise alpha or tol"
    if outcome.method == "nystroem":
        return "raise max_iter, alpha or tol, take more n_landmarks"
    return (
        "raise max_iter, alpha or tol, raise preconditioner_rank, or take solver='nystroem', which restricts the "
        "problem to landmarks"
    )
