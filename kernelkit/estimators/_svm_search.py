"""Choosing a kernel and penalties for support vector machines: a matrix for each kernel, read by all folds at once."""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import joblib
import numpy as np
from sklearn import config_context, get_config
from sklearn.exceptions import FitFailedWarning

from .._arrays import n_rows, take_rows
from .._validation import as_floats, check_choice, check_number, check_varies
from ..engine import check_memory, run, single_threaded_blas
from ..kernels import kernel_operator
from ..solvers import DualSolution, cache_bytes, check_finite, libsvm_part
from ._candidates import KernelCandidates
from ._cv_results import FoldResults
from ._scoring import ModelScoring, search_routing
from ._svm import LIMITS, check_semidefinite

FEWER = "search on fewer rows, with n_jobs=1, or map them with Nystroem and search a linear SVM"
FAILED = (ValueError, ArithmeticError)  # data that a machine cannot be fitted to; anything else is a mistake


@dataclass(frozen=True)
class Fold:
    """A split of n rows.

    Attributes
    ----------
    number : int
        Its position among the splits.
    weights : array of shape (n,)
        Those of the rows to train on, zero for all others.
    test : array or slice
        The rows to score.
    fault : str or None
        Why nothing can be learned from it.
    """

    number: int
    weights: np.ndarray
    test: Any
    fault: str | None

    @classmethod
    def of(cls, number: int, train: np.ndarray, test: np.ndarray, X: Any, w: np.ndarray | None) -> Fold:
        """Return the split; a row that comes twice to train on counts twice."""
        weights = np.bincount(train, minlength=n_rows(X)).astype(np.float64)
        if w is not None:
            weights *= w
        consecutive = len(test) > 0 and np.array_equal(test, np.arange(test[0], test[0] + len(test)))
        # Of a slice the values can be read where they lie.
        return cls(number, weights, slice(test[0], test[-1] + 1) if consecutive else test, _fault(X, weights))


def _fault(X: Any, weights: np.ndarray) -> str | None:
    """Return why there is nothing to learn from the rows of positive weight, if so."""
    rows = np.flatnonzero(weights)
    try:
        if len(rows) < 2:
            raise ValueError(f"a support vector machine needs 2 rows of positive weight, got {len(rows)}")
        check_varies(take_rows(X, rows))
    except ValueError as error:
        return str(error)
    return None


class SupportVectorSearch(KernelCandidates):
    """The search that the classifier and the regressor share."""

    machine: ClassVar[Any]  # the class of what is searched
    lists: ClassVar[dict[str, str]]  # the lists of settings to choose from, with the name of one

    scoring: Any
    n_jobs: int | None
    refit: bool

    def _settings(self) -> list[dict[str, float]]:
        """Return all combinations of what is listed, checked; the first of the lists varies slowest."""
        values = [self._listed(name, term) for name, term in self.lists.items()]
        return [dict(zip(self.lists.values(), setting, strict=True)) for setting in product(*values)]

    def _listed(self, name: str, term: str) -> list[float]:
        given = getattr(self, name)
        values = as_floats(name, [] if given is None else given)
        if values.ndim != 1 or not len(values):
            raise ValueError(f"{name} must be a list of numbers, got {given!r}")
        return [check_number(name, value, **LIMITS[term]) for value in values.tolist()]

    def _machine(self, kernel: Any, setting: dict[str, float]) -> Any:
        """Return the machine of one candidate, unfitted."""
        shared = set(self.machine._get_param_names()) & set(self._get_param_names()) - {"kernel", "verbose"}
        return self.machine(kernel, **setting, **{name: getattr(self, name) for name in shared})

    def _search(self, X: Any, y: np.ndarray, w: np.ndarray | None, params: dict[str, Any]) -> None:
        """Choose by scores, and fit the best to all rows."""
        check_choice("refit", self.refit, (True, False))
        if self.n_jobs is not None:
            check_number("n_jobs", self.n_jobs, integer=True)
        settings, candidates = self._settings(), list(self._candidates())
        self._machine("precomputed", settings[0])._check_settings()
        scoring = ModelScoring(self, y, w, params)
        splits = self._splits(X, y, scoring.split_params)
        folds = [Fold.of(i, train, test, X, w) for i, (train, test) in enumerate(splits)]
        kernels = [self._resolved(kernel, X, w) for kernel, _ in candidates]
        search = _Search(self, X, y, w, scoring, settings, folds, len(kernels))
        for k, kernel in enumerate(kernels):
            search(k, kernel)
            self._tell(k, kernel, search.results.scores[:, k])
        self._report(settings, candidates, search.results)
        if self.refit:
            kernel = kernels[self.best_index_ % len(kernels)]
            model = search.refit(kernel, self._machine(kernel, settings[self.best_index_ // len(kernels)]))
            self.__dict__ |= {name: value for name, value in vars(model).items() if name.endswith("_")}

    def _tell(self, k: int, kernel: Any, scores: np.ndarray) -> None:
        if self.verbose:
            best = np.nan_to_num(scores.mean(axis=-1), nan=-np.inf).max()
            print(f"kernel {k + 1}, {kernel!r}: best mean score {best:.6g}", file=sys.stderr)

    def _report(
        self, settings: list[dict[str, float]], candidates: list[tuple[Any, dict[str, Any]]], results: FoldResults
    ) -> None:
        pairs = list(product(settings, candidates))
        params = [{"kernel": kernel, **setting} for setting, (kernel, _) in pairs]
        shown = [{**setting, "kernel": kernel, **chosen} for setting, (kernel, chosen) in pairs]
        table = results.table(params, shown)
        mean = table["mean_test_score"]
        if np.isnan(mean).all():
            raise ValueError(f"every candidate failed in some split, or got a score that is NaN:\n{results.failures()}")
        if results.errors:
            lost = np.isnan(results.scores).sum()
            message = f"{lost} of {results.scores.size} fits failed, and get the score NaN:\n{results.failures()}"
            warnings.warn(message, FitFailedWarning, stacklevel=2)
        self.cv_results_, self.n_splits_ = table, results.scores.shape[-1]
        self.best_index_ = int(table["rank_test_score"].argmin())
        self.best_params_, self.best_score_ = params[self.best_index_], float(mean[self.best_index_])
        for name in settings[0]:
            setattr(self, f"{name}_", self.best_params_[name])

    def _forget(self) -> None:
        """Drop what an earlier fit found, of which this one may make less."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)

    def get_metadata_routing(self) -> Any:
        """Return the router that hands metadata given to `fit` to the scorer and the splitter."""
        return search_routing(self)


class _Search:
    """The candidates of a search on its rows; one kernel matrix is held at a time."""

    def __init__(
        self,
        estimator: SupportVectorSearch,
        X: Any,
        y: np.ndarray,
        w: np.ndarray | None,
        scoring: ModelScoring,
        settings: list[dict[str, float]],
        folds: list[Fold],
        n_kernels: int,
    ):
        self.estimator, self.X, self.y, self.w = estimator, X, y, w
        self.scoring, self.settings, self.folds = scoring, settings, folds
        self.most = None if estimator.n_jobs is None else joblib.effective_n_jobs(estimator.n_jobs)
        self.results = FoldResults.empty(len(settings), n_kernels, len(folds))
        self.config = get_config()  # that of the thread that calls: others have scikit-learn's defaults
        self.held: tuple[Any, np.ndarray] | None = None
        check_varies(X if w is None else take_rows(X, np.flatnonzero(w)))
        if estimator._precomputed:
            check_semidefinite(X)

    def matrix(self, kernel: Any) -> np.ndarray:
        """Return the kernel matrix of all rows; only the last one is kept."""
        if self.held is None or self.held[0] is not kernel:
            self.held = None
            self._check_room()
            K = kernel_operator(kernel, self.X).astype(np.float64).matrix()
            check_finite(K)
            self.held = kernel, K
        return self.held[1]

    def _check_room(self) -> None:
        n = n_rows(self.X)
        with single_threaded_blas() as threads:
            threads = min(threads, self.most or threads)
        copied = max(0 if isinstance(fold.test, slice) else len(fold.test) for fold in self.folds)
        each = cache_bytes(self.estimator.cache_size, n) + 8 * n * copied
        what = f"the {n} x {n} kernel matrix of a search, and {threads} fits on it at a time"
        check_memory(8 * n * n + threads * each, what, FEWER)

    def __call__(self, k: int, kernel: Any) -> None:
        """Fit and score the k-th kernel with all settings on all folds."""
        try:
            K = self.matrix(kernel)
        except FAILED as error:
            self.results.errors += [f"{kernel!r}: {error}"] * (len(self.settings) * len(self.folds))
            return
        # libsvm cannot start from a neighbour: every fit is a job of its own, those with large C, which take longest,
        # first.
        order = sorted(range(len(self.settings)), key=lambda s: -self.settings[s]["C"])
        run(lambda job: self._chain(K, k, *job), product([[s] for s in order], self.folds), self.most)

    def _chain(self, K: np.ndarray, k: int, chain: list[int], fold: Fold) -> None:
        """Fit and score settings on a fold, each from the solution before it."""
        start = None
        with config_context(**self.config):
            for s in chain:
                try:
                    start = self._one(K, (s, k, fold.number), fold, start)
                except FAILED as error:
                    self.results.errors.append(str(error))

    def _one(self, K: np.ndarray, place: Any, fold: Fold, start: DualSolution | None) -> DualSolution:
        times = [time.perf_counter()]
        if fold.fault is not None:
            raise ValueError(fold.fault)
        model = self.estimator._machine("precomputed", self.settings[place[0]])
        model.n_features_in_ = len(K)
        solution = fit_part(model, K, K, self.y, fold.weights, "precomputed", start)
        times.append(time.perf_counter())
        self.results.fit_times[place] = times[1] - times[0]
        score = self.scoring(model, K[fold.test], fold.test)
        self.results.scores[place] = score
        self.results.score_times[place] = time.perf_counter() - times[1]
        return solution

    def refit(self, kernel: Any, model: Any) -> Any:
        """Return `model` fitted to all rows."""
        fit_part(model, self.matrix(kernel), self.X, self.y, self.w, kernel, None)
        return model


def fit_part(
    model: Any,
    K: np.ndarray,
    X: Any,
    y: np.ndarray,
    w: np.ndarray | None,
    kernel: Any,
    start: DualSolution | None,
) -> DualSolution:
    """Fit a machine to the rows of positive weight, given the kernel matrix `K` of all, and return its solution."""

    def solve(X: Any, y: np.ndarray, w: np.ndarray | None) -> tuple[Any, DualSolution]:
        return kernel, libsvm_part(K, y, w, model.formulation, start=start, **model._check_settings())

    return model._learn(X, y, w, solve)
