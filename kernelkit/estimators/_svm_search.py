"""Choosing a kernel and penalties for support vector machines."""

from __future__ import annotations

import sys
import warnings
from itertools import product
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import FitFailedWarning

from .._validation import as_floats, check_choice, check_number
from ._candidates import KernelCandidates
from ._cv_results import FoldResults
from ._scoring import ModelScoring, search_routing
from ._svm import LIMITS
from ._svm_folds import Fold, FoldSearch, Problem


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
        problem = Problem(X, y, w, self._precomputed)
        scoring = ModelScoring(self, y, w, params)
        folds = [Fold.of(i, split, problem) for i, split in enumerate(self._splits(X, y, scoring.split_params))]
        kernels = [self._resolved(kernel, X, w) for kernel, _ in candidates]
        results = FoldResults.empty(len(settings), len(kernels), len(folds))
        search = FoldSearch(self, problem, settings, folds, scoring, results)
        for k, kernel in enumerate(kernels):
            search.score(k, kernel)
            self._tell(f"kernel {k + 1} of {len(kernels)}, {kernel!r}", results.scores[:, k])
        self._report(settings, candidates, results)
        if self.refit:
            s, k = divmod(self.best_index_, len(kernels))
            model = search.fit(kernels[k], settings[s])
            self.__dict__ |= {name: value for name, value in vars(model).items() if name.endswith("_")}

    def _tell(self, what: str, scores: np.ndarray) -> None:
        if self.verbose:
            best = np.nan_to_num(scores.mean(axis=-1), nan=-np.inf).max()
            print(f"{what}: best mean score {best:.6g}", file=sys.stderr)

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
            lost = f"{len(results.errors)} of {results.scores.size} fits failed, and have the score NaN"
            warnings.warn(f"{lost}:\n{results.failures()}", FitFailedWarning, stacklevel=2)
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
