"""One candidate on one fold: tuned and fitted on its training rows, timed, scored on its test rows."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from statistics import fmean, median, stdev
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from ._candidates import Candidate
from ._models import SVM_STEPS, build
from ._preprocess import preparation
from ._scores import SCORE, scores
from ._splits import Splitter
from ._table import Table
from ._tuning import TrainingRows, tune

INNER_FOLDS = 3
TIMED_ROWS = 2000
REPEATS, QUICK = 3, 0.1


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
    X = prepare.fit_transform(table.take(train), table.y[train])
    inner = splitter.split(train, INNER_FOLDS)
    rows = TrainingRows(X, table.y[train], inner, len(table.columns.numeric), table.task, splitter.seed)
    return Fold(rows, prepare.transform(table.take(test)), table.y[test], prepare)


@dataclass
class FoldResult:
    """What one fold says about one candidate."""

    setting: tuple[int, int]
    model: Any
    scores: dict[str, float]
    predicted: np.ndarray
    decided: np.ndarray
    tune_seconds: float
    fit_seconds: float
    predict_seconds: float
    note: str | None


@dataclass
class Outcome:
    """What all folds say about one candidate; `reason` says why where there is nothing to say."""

    candidate: Candidate
    n_features: int | None = None
    reason: str | None = None
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
    def tune_seconds(self) -> float:
        """The middle time of one tuning."""
        return median(result.tune_seconds for result in self.results)

    @property
    def predict_seconds(self) -> float:
        """The middle time of predicting one row."""
        return median(result.predict_seconds for result in self.results)

    @property
    def setting(self) -> tuple[int, int]:
        """The setting chosen most often."""
        chosen = [result.setting for result in self.results]
        return max(chosen, key=chosen.count)

    def chosen(self) -> str:
        """Return the setting chosen most often, in words."""
        return self.candidate.describe(self.setting)


def evaluate(candidate: Candidate, fold: Fold, setting: tuple[int, int] | None = None) -> FoldResult:
    """Tune (unless the setting is given), refit with the chosen setting, predict and score."""
    rows = fold.training
    start = time.perf_counter()
    chosen = tune(candidate, rows) if setting is None else setting
    tune_seconds = time.perf_counter() - start
    model = build(candidate, rows.X, rows.n_numeric, chosen, rows.task, rows.seed)
    # On one thread each: what is compared is work, and threads of BLAS wait for each other on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        fit_seconds, note = _timed_fit(model, rows)
        predicted = model.predict(fold.test_X)
        decides = candidate.family != "yardstick" and rows.task == "classification"
        decided = model.decision_function(fold.test_X) if decides else predicted
        predict_seconds = seconds_per_row(model, fold.test_X)
    return FoldResult(
        chosen,
        model,
        scores(rows.task, fold.test_y, predicted),
        predicted,
        decided,
        tune_seconds if setting is None else 0.0,
        fit_seconds,
        predict_seconds,
        note,
    )


def _timed_fit(model: Any, rows: TrainingRows) -> tuple[float, str | None]:
    """Fit, and fit again where that is quick, so that one interruption does not count."""
    times: list[float] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        while not times or (len(times) < REPEATS and sum(times) < QUICK):
            before = time.perf_counter()
            model.fit(rows.X, rows.y)
            times.append(time.perf_counter() - before)
    return min(times), _note(caught)


def _note(caught: list[warnings.WarningMessage]) -> str | None:
    if not caught:
        return None
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return f"stopped after {SVM_STEPS:,} steps, not converged"
    return str(caught[0].message).splitlines()[0]


def seconds_per_row(model: Any, X: np.ndarray) -> float:
    """Return the time of predicting one row, in batches large enough to hide the cost of a call."""
    batch = X[np.arange(max(len(X), TIMED_ROWS)) % len(X)]
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < QUICK):
        start = time.perf_counter()
        model.predict(batch)
        times.append(time.perf_counter() - start)
    return min(times) / len(batch)
