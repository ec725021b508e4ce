"""Choosing a kernel and alpha for kernel ridge from one eigendecomposition for each kernel."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError
from sklearn.exceptions import FitFailedWarning

from .._validation import as_floats, check_number
from ._candidates import KernelCandidates, ranks
from ._ridge_fit import RidgeSolution
from ._scoring import Scoring, search_routing
from ._trial import AnyTrial, LandmarkTrial, Solution, Trial, Validation, is_gcv, validation


class RidgeSearch(KernelCandidates, RidgeSolution):
    """The search that the regressor and the classifier share."""

    elsewhere = "ridges are listed in alphas"

    alphas: Any
    scoring: Any
    alpha_per_target: bool
    n_landmarks: int | None
    landmarks: Any

    def _positive_alphas(self) -> np.ndarray:
        alphas = as_floats("alphas", [] if self.alphas is None else self.alphas)
        if alphas.ndim != 1 or not len(alphas):
            raise ValueError(f"alphas must be a list of numbers > 0, got {self.alphas!r}")
        for alpha in alphas:
            check_number("alphas", float(alpha), above=0)
        return alphas

    def _search(
        self, X: Any, Y: np.ndarray, y: np.ndarray, w: np.ndarray | None, single: bool, params: dict[str, Any]
    ) -> None:
        alphas, candidates = self._positive_alphas(), self._kernels()
        validate = validation(self, X, y, Y.shape[1], Scoring(self, y, w, params))
        scores, best = [], None
        for candidate in candidates:
            trial = self._trial(self._resolved(candidate, X, w), X, Y, w)
            scores.append(_scores(validate, trial, alphas))
            value, index = self._choose(scores[-1])
            if value > (-np.inf if best is None else best.value):
                # Solved at once, so that only one eigendecomposition is held at a time.
                best = _Choice(value, index, len(scores) - 1, trial.solution(alphas[index], loo=self.cv is None))
        if best is None:
            raise ValueError("no kernel could be fitted with any alpha: every score is NaN")
        self._report(candidates, alphas, np.stack(scores), best, single)
        solution = best.solution
        self._keep(solution.kernel, solution.rows, solution.coef, solution.bias, solution.dtype, single)
        self.__dict__.pop("loo_predictions_", None)
        if solution.loo is not None:
            self.loo_predictions_ = solution.loo[:, 0] if single else solution.loo

    @property
    def _has_landmarks(self) -> bool:
        return self.n_landmarks is not None or not isinstance(self.landmarks, str)

    def _trial(self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None) -> AnyTrial:
        if self._has_landmarks:
            return LandmarkTrial(kernel, X, Y, w, self)
        return Trial(kernel, X, Y, w, self.fit_intercept)

    def _choose(self, scores: np.ndarray) -> tuple[float, Any]:
        """Return the best mean score and the position of its alpha, or positions for each target."""
        scores = np.nan_to_num(scores if self.alpha_per_target else scores.mean(axis=1), nan=-np.inf, neginf=-np.inf)
        return float(np.mean(scores.max(axis=0))), scores.argmax(axis=0)

    def _report(
        self, candidates: list[Any], alphas: np.ndarray, scores: np.ndarray, best: _Choice, single: bool
    ) -> None:
        flat = scores.reshape(len(candidates) * len(alphas), -1)
        mean = flat.mean(axis=1)
        params = [{"kernel": kernel, "alpha": float(alpha)} for kernel in candidates for alpha in alphas]
        self.cv_results_ = {"params": params, "mean_test_score": mean, "rank_test_score": ranks(mean)}
        if not (self.cv is None or is_gcv(self.cv)):
            self.cv_results_["std_test_score"] = flat.std(axis=1)
            self.cv_results_ |= {f"split{i}_test_score": column for i, column in enumerate(flat.T)}
        per_target = self.alpha_per_target and not single
        self.best_index_ = best.position * len(alphas) + (best.index if per_target else int(np.max(best.index)))
        self.alpha_ = alphas[best.index] if per_target else float(alphas[np.max(best.index)])
        self.best_score_ = np.diagonal(flat[self.best_index_]).copy() if per_target else float(mean[self.best_index_])
        self.best_params_ = {"kernel": candidates[best.position], "alpha": self.alpha_}

    def get_metadata_routing(self) -> Any:
        """Return the router that hands metadata given to `fit` to the scorer and the splitter."""
        return search_routing(self)


@dataclass(frozen=True)
class _Choice:
    value: float
    index: Any
    position: int
    solution: Solution


def _scores(validate: Validation, trial: Any, alphas: np.ndarray) -> np.ndarray:
    """Return the scores of all alphas, NaN where the matrix is not positive definite."""
    try:
        return validate(trial, alphas)
    except LinAlgError as error:
        if len(alphas) > 1:
            return np.concatenate([_scores(validate, trial, alphas[i : i + 1]) for i in range(len(alphas))])
        warnings.warn(f"kernel={trial.kernel!r} gets no score: {error}", FitFailedWarning, stacklevel=2)
        return np.full((1, validate.width), np.nan)
