"""One candidate on one fold: tuned and fitted on its training rows, timed, scored on its test rows."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from statistics import fmean, median, stdev
from typing import Any

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning

from ..engine import counted
from ._candidates import Candidate
from ._errors import first_line
from ._models import SVM_STEPS, build
from ._preprocess import preparation
from ._scores import SCORE, scores
from ._splits import Splitter
from ._table import Table
from ._timing import one_thread, seconds_per_row, timed_fit
from ._tuning import TrainingRows, tune

INNER_FOLDS = 3


@dataclass(frozen=True)
class Fold:
    """Prepared training and test rows; the preparation saw the training rows only."""

    training: TrainingRows
    test_X: np.ndarray
    test_y: np.ndarray
    prepared_by: ColumnTransformer

    @property
    def n_other(self) -> int:
        """How many columns the categories became."""
        return self.training.X.shape[1] - self.training.n_numeric


def make_fold(table: Table, splitter: Splitter, train: np.ndarray, test: np.ndarray) -> Fold:
    """Fit the preparation on the rows `train` of the table, and choose the inner folds there."""
    prepare = preparation(table, splitter.seed)
    with joblib.parallel_config(backend="sequential"):  # columns are no work to send to other processes
        X = prepare.fit_transform(table.take(train), table.y[train])
        test_X = prepare.transform(table.take(test))
    inner = splitter.split(train, INNER_FOLDS)
    rows = TrainingRows(X, table.y[train], inner, len(table.columns.numeric), table.task, splitter.seed)
    return Fold(rows, test_X, table.y[test], prepare)


@dataclass
class FoldResult:
    """What one fold says about one candidate."""

    setting: tuple[int, int]
    model: Any
    scores: dict[str, float]
    predicted: np.ndarray
    decided: np.ndarray
    tune_seconds: float | None
    fit_seconds: float
    predict_seconds: float
    fit_values: int
    predict_values: float
    note: str | None


@dataclass
class Outcome:
    """What all folds say about one candidate; `reason` says why where there is nothing to say.

    `peak_bytes` is what one fit and predict took of memory in a process of its own; None where that is not known.
    """

    candidate: Candidate
    n_features: int | None = None
    reason: str | None = None
    peak_bytes: int | None = None
    results: list[FoldResult] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    @property
    def label(self) -> str:
        """The candidate's label."""
        return self.candidate.label

    @property
    def ok(self) -> bool:
        """Whether every fold was run."""
        return self.reason is None

    def metric(self, name: str) -> list[float]:
        """Return one metric's values on the folds."""
        return [result.scores[name] for result in self.results]

    def scores(self, task: str) -> list[float]:
        """Return the scores on the folds that models are compared by."""
        return self.metric(SCORE[task])

    def score(self, task: str) -> float:
        """Return the mean score."""
        return fmean(self.scores(task))

    def spread(self, task: str) -> float:
        """Return the standard deviation of the folds' scores."""
        return stdev(self.scores(task))

    @property
    def fit_seconds(self) -> float:
        """The middle time of one fit."""
        return median(result.fit_seconds for result in self.results)

    @property
    def tune_seconds(self) -> float | None:
        """The middle time of one tuning; None where the setting was taken from the same model computed otherwise."""
        known = [result.tune_seconds for result in self.results if result.tune_seconds is not None]
        return median(known) if known else None

    @property
    def predict_seconds(self) -> float:
        """The middle time of predicting one row."""
        return median(result.predict_seconds for result in self.results)

    @property
    def evaluations(self) -> int:
        """The middle number of kernel values that one fit makes."""
        return int(median(result.fit_values for result in self.results))

    @property
    def evaluations_per_row(self) -> float:
        """The middle number of kernel values that predicting one row makes."""
        return median(result.predict_values for result in self.results)

    @property
    def setting(self) -> tuple[int, int]:
        """The setting chosen most often."""
        chosen = [result.setting for result in self.results]
        return max(chosen, key=chosen.count)

    def chosen(self) -> str:
        """Return the setting chosen most often, in words."""
        return self.candidate.describe(self.setting)


def evaluate(
    candidate: Candidate, fold: Fold, setting: tuple[int, int] | None = None, warm: bool = False
) -> FoldResult:
    """Tune (unless the setting is given), refit with the chosen setting, predict and score; `warm` as for timed_fit."""
    rows = fold.training
    start = time.perf_counter()
    chosen = tune(candidate, rows) if setting is None else setting
    tune_seconds = time.perf_counter() - start
    model = build(candidate, rows.X, rows.n_numeric, chosen, rows.task, rows.seed)
    decides = candidate.family != "yardstick" and rows.task == "classification"
    with one_thread():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit_seconds, fit_values = timed_fit(model, rows.X, rows.y, warm)
        with counted() as count:
            predicted = model.predict(fold.test_X)
        decided = model.decision_function(fold.test_X) if decides else predicted
        predict_seconds = seconds_per_row(model, fold.test_X)
    return FoldResult(
        setting=chosen,
        model=model,
        scores=scores(rows.task, fold.test_y, predicted),
        predicted=predicted,
        decided=decided,
        tune_seconds=tune_seconds if setting is None else None,
        fit_seconds=fit_seconds,
        predict_seconds=predict_seconds,
        fit_values=fit_values,
        predict_values=count.values / len(fold.test_X),
        note=_note(caught),
    )


def attempt(
    candidate: Candidate, fold: Fold, setting: tuple[int, int] | None = None, warm: bool = False
) -> FoldResult | str:
    """Return what `evaluate` does, or why that was not to be had."""
    try:
        return evaluate(candidate, fold, setting, warm)
    except MemoryError as error:
        return f"skipped: {error}"
    except Exception as error:  # a kernel of the user's own may raise anything
        return f"failed: {first_line(error)}"


def _note(caught: list[warnings.WarningMessage]) -> str | None:
    if not caught:
        return None
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return f"stopped after {SVM_STEPS:,} steps, not converged"
    return first_line(caught[0].message)
