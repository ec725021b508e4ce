"""One kernel on the training rows, and the ways to validate it for many ridges at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from .._arrays import take_rows
from ..engine import KernelOperator, MatrixOperator, single_threaded_blas
from ..kernels import Kernel
from ..solvers import LandmarkSpectrum, Spectrum, solve_many
from ._landmark_problem import LandmarkProblem
from ._problem import RidgeProblem, ridge_problem, square_part
from ._scoring import Scoring

EVD_IN_FACTORS = 10  # what an eigendecomposition takes, in Cholesky factors of the same matrix


@dataclass(frozen=True)
class Solution:
    """What is kept of the best trial: coefficients of rows or of landmarks."""

    kernel: Any
    rows: Any
    coef: np.ndarray
    bias: np.ndarray
    dtype: Any
    loo: np.ndarray | None


class AnyTrial(ABC):
    """A resolved kernel with what its validations share, made when first asked for."""

    problem: RidgeProblem | LandmarkProblem
    spectrum: Any

    def __init__(self, kernel: Any, X: Any, intercept: bool):
        self.kernel = kernel
        self.intercept = intercept
        self._X = X

    @abstractmethod
    def _solve(self, alpha: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and intercepts for one alpha, or one for each target."""

    @abstractmethod
    def _cross(self, rows: np.ndarray) -> KernelOperator | MatrixOperator:
        """Return kernel values between some of all rows and those, or the landmarks, that have coefficients."""

    @property
    def _kept(self) -> Any:
        return self._X

    def solution(self, alpha: Any, loo: bool) -> Solution:
        """Return the fit to all rows for one alpha, or one for each target, with leave-one-out predictions if asked."""
        coef, bias = self._solve(alpha)
        predictions = self._loo(alpha, coef, bias) if loo else None
        coef, dtype = self.problem.scatter(coef), self.problem.operator.dtype
        return Solution(self.kernel, self._kept, coef, bias, dtype, predictions)

    def _loo(self, alpha: Any, coef: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return leave-one-out predictions for all n rows; a row of weight zero is not in the fit as it is."""
        problem = self.problem
        left_out = np.setdiff1d(np.arange(problem.n), problem.rows)
        predictions = np.empty((problem.n, problem.Y.shape[1]))
        levels, which = np.unique(np.broadcast_to(alpha, problem.Y.shape[1:]), return_inverse=True)
        residuals = self.spectrum.loo_residuals(problem.Y, levels)
        for t, k in enumerate(which):
            predictions[problem.rows, t] = problem.Y[:, t] - residuals[k, :, t]
        if len(left_out):
            predictions[left_out] = self._cross(left_out) @ coef + bias
        return predictions


class Trial(AnyTrial):
    """A kernel on all rows: every validation."""

    problem: RidgeProblem

    def __init__(self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, intercept: bool):
        super().__init__(kernel, X, intercept)
        self.problem = ridge_problem(kernel, X, Y, w)

    @cached_property
    def spectrum(self) -> Spectrum:  # type: ignore[override]
        """The eigendecomposition of the weighted kernel matrix."""
        return Spectrum.from_operator(self.problem.operator, scale=self.problem.scale, intercept=self.intercept)

    @cached_property
    def matrix(self) -> np.ndarray:
        """The kernel matrix, for splits that are refitted on parts of it."""
        return self.problem.operator.astype(np.float64).dense()

    def refit_residuals(self, train: np.ndarray, test: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Return the residuals (a, len(test), t) on the rows `test` of fits to the rows `train`."""
        Y, scale = self.problem.Y, self.problem.scale
        operator = MatrixOperator(square_part(self.matrix, train))
        part_scale = None if scale is None else scale[train]
        many, t = np.tile(Y[train], len(alphas)), Y.shape[1]
        coef, bias, _ = solve_many(
            operator,
            many,
            np.repeat(alphas, t),
            scale=part_scale,
            intercept=self.intercept,
            solver="cholesky" if len(alphas) < EVD_IN_FACTORS else "eigen",
            mixed=False,
        )
        with single_threaded_blas():  # NumPy's threads would wait for SciPy's, which have just factored
            predicted = self.matrix[np.ix_(test, train)] @ coef + bias
        return Y[test] - predicted.reshape(len(test), len(alphas), t).transpose(1, 0, 2)

    def _solve(self, alpha: Any) -> tuple[np.ndarray, np.ndarray]:
        problem = self.problem
        if "spectrum" in vars(self) or "matrix" not in vars(self):
            return self.spectrum.solve(problem.Y, alpha)
        operator = MatrixOperator(self.matrix)
        coef, bias, _ = solve_many(operator, problem.Y, alpha, scale=problem.scale, intercept=self.intercept)
        return coef.astype(problem.operator.dtype, copy=False), bias

    def _cross(self, rows: np.ndarray) -> KernelOperator | MatrixOperator:
        if isinstance(self.kernel, Kernel):
            return KernelOperator(self.kernel, take_rows(self._X, rows), take_rows(self._X, self.problem.rows))
        return MatrixOperator(self._X[np.ix_(rows, self.problem.rows)])


class LandmarkTrial(AnyTrial):
    """A kernel restricted to landmarks: leave-one-out and generalised cross-validation."""

    problem: LandmarkProblem

    def __init__(self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, model: Any):
        super().__init__(kernel, X, model.fit_intercept)
        self.problem = LandmarkProblem.of(kernel, X, Y, w, model)

    @cached_property
    def spectrum(self) -> LandmarkSpectrum:  # type: ignore[override]
        """The axes of the landmarks' features."""
        problem = self.problem
        return LandmarkSpectrum.from_operator(
            problem.operator, problem.K, problem.Y, scale=problem.scale, intercept=self.intercept
        )

    @property
    def _kept(self) -> Any:
        return self.problem.landmarks

    def _solve(self, alpha: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.spectrum.solve(alpha)

    def _cross(self, rows: np.ndarray) -> Any:
        return self.problem.against(rows)


class Validation(Protocol):
    """Scores a trial for all alphas."""

    width: int

    def __call__(self, trial: Any, alphas: np.ndarray) -> np.ndarray:
        """Return scores (a, width), higher being better, whose mean over the columns counts."""


class LeaveOneOut:
    """One column for each target, or one of a scorer."""

    def __init__(self, scoring: Scoring, n_targets: int):
        self.scoring = scoring
        self.width = n_targets if scoring.scorer is None else 1

    def __call__(self, trial: AnyTrial, alphas: np.ndarray) -> np.ndarray:
        residuals = trial.spectrum.loo_residuals(trial.problem.Y, alphas)
        return self.scoring(residuals, trial.problem.Y, trial.problem.rows)


class GeneralisedCV:
    """One column for each target: minus the score of Golub, Heath and Wahba (1979)."""

    def __init__(self, n_targets: int):
        self.width = n_targets

    def __call__(self, trial: AnyTrial, alphas: np.ndarray) -> np.ndarray:
        return -trial.spectrum.gcv(trial.problem.Y, alphas)


class Folds:
    """One column for each split.

    In closed form where all rows that are not tested are trained on, or refitted where few ridges make that cheaper.
    """

    def __init__(self, scoring: Scoring, splits: list[tuple[np.ndarray, np.ndarray]]):
        self.scoring = scoring
        self.splits = splits
        self.width = len(splits)

    def __call__(self, trial: Trial, alphas: np.ndarray) -> np.ndarray:
        problem = trial.problem
        splits = self._among(problem)
        closed = [test for train, test in splits if _complementary(train, test, len(problem.rows))]
        if _factors(splits, len(problem.rows), len(alphas)) < EVD_IN_FACTORS:
            closed = []
        residuals = iter(trial.spectrum.fold_residuals(problem.Y, alphas, closed) if closed else ())
        columns = []
        for train, test in splits:
            complementary = closed and _complementary(train, test, len(problem.rows))
            errors = next(residuals) if complementary else trial.refit_residuals(train, test, alphas)
            columns.append(self.scoring(errors, problem.Y[test], problem.rows[test]).mean(axis=1))
        return np.stack(columns, axis=1)

    def _among(self, problem: RidgeProblem) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the splits as positions among the rows of positive weight."""
        position = np.full(problem.n, -1)
        position[problem.rows] = np.arange(len(problem.rows))
        splits = [tuple(part[part >= 0] for part in (position[train], position[test])) for train, test in self.splits]
        if not all(len(train) and len(test) for train, test in splits):
            raise ValueError("cv has a split with no row of positive weight to train on or to test on")
        return splits


def _factors(splits: list[tuple[np.ndarray, np.ndarray]], n: int, alphas: int) -> float:
    """Return what refits by Cholesky factors cost, in factors of all n rows."""
    return alphas * sum((len(train) / n) ** 3 for train, _ in splits)


def _complementary(train: np.ndarray, test: np.ndarray, n: int) -> bool:
    return np.array_equal(np.sort(np.concatenate([train, test])), np.arange(n))


def is_gcv(cv: Any) -> bool:
    """Tell whether `cv` asks for generalised cross-validation."""
    return isinstance(cv, str) and cv == "gcv"


def validation(estimator: Any, X: Any, y: np.ndarray, n_targets: int, scoring: Scoring) -> Validation:
    """Return the validation that ``estimator.cv`` names.

    Raises
    ------
    ValueError
        If it does not go together with ``scoring`` or ``alpha_per_target``.
    """
    cv = estimator.cv
    if isinstance(cv, str) and cv != "gcv":
        raise ValueError(f"cv must be None, 'gcv', an integer, a splitter or a list of splits, got {cv!r}")
    if estimator.alpha_per_target and (scoring.scorer is not None or not (cv is None or is_gcv(cv))):
        raise ValueError("alpha_per_target=True needs cv=None or 'gcv', and scoring=None")
    if estimator._has_landmarks and not (cv is None or is_gcv(cv)):
        raise ValueError(f"landmarks need cv=None or 'gcv', got {cv!r}")
    if cv is None:
        return LeaveOneOut(scoring, n_targets)
    if is_gcv(cv):
        if scoring.scorer is not None:
            raise ValueError(f"cv='gcv' has a score of its own: scoring must be None, got {estimator.scoring!r}")
        return GeneralisedCV(n_targets)
    return Folds(scoring, estimator._splits(X, y, scoring.split_params))
