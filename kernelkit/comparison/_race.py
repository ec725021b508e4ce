"""The candidates on their folds, one at a time, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import joblib
import numpy as np

from ._budget import Budget
from ._candidates import Candidate
from ._evaluate import Fold, FoldResult, Outcome, attempt, make_fold
from ._splits import Splitter
from ._table import Table
from ._target import too_many_classes

Report = Callable[[str, int, int], None]


@dataclass
class Race:
    """One comparison in progress.

    Attributes
    ----------
    table, splitter, cv : Table, Splitter, int
        The rows, how they are split, and into how many folds.
    budget : Budget
        The time there is.
    outcomes : list of Outcome
        One for each candidate, the linear baseline among them.
    report : callable
        Told a label, and how many of how many folds are done.
    """

    table: Table
    splitter: Splitter
    cv: int
    budget: Budget
    outcomes: list[Outcome]
    report: Report

    def folds(self, rows: np.ndarray, repeats: int = 1) -> list[Fold]:
        """Return the prepared folds of some rows of the table, split anew for each repeat."""
        splits = [split for repeat in range(repeats) for split in self.splitter.split(rows, self.cv, repeat)]
        return [self.fold(rows[train], rows[test]) for train, test in splits]

    def fold(self, train: np.ndarray, test: np.ndarray) -> Fold:
        """Return one prepared fold."""
        return make_fold(self.table, self.splitter, train, test)

    def describe(self, fold: Fold) -> None:
        """Count explicit features; leave out candidates that have nothing to work on, or need too many features."""
        n_numeric, n_other = fold.training.n_numeric, fold.n_other
        classes = len(np.unique(self.table.y)) if self.table.task == "classification" else 0
        for outcome in self.outcomes:
            outcome.n_features = outcome.candidate.n_features(n_numeric, n_other)
            obstacle = outcome.candidate.obstacle(n_numeric, n_other) or too_many_classes(outcome.candidate, classes)
            if obstacle:
                outcome.reason = f"skipped: {obstacle}"

    def compare(self, outcomes: list[Outcome], folds: list[Fold]) -> None:
        """Run every outcome that is still in the race on all folds.

        Where joblib was told of processes, such as those of a cluster, the folds of a candidate run there at once.
        """
        running = [outcome for outcome in outcomes if outcome.ok]
        for position, outcome in enumerate(running):
            twin = twin_of(outcome.candidate, outcomes, len(folds))
            settings = [twin.results[k].setting if twin else None for k in range(len(folds))]
            if _other_processes():
                self.report(outcome.label, position * len(folds), len(running) * len(folds))
                self._all_at_once(outcome, folds, settings)
                continue
            for k, fold in enumerate(folds):
                self.report(outcome.label, position * len(folds) + k, len(running) * len(folds))
                if not self._one_more(outcome, fold, settings[k], len(folds)):
                    break
        self.report("", len(running) * len(folds), len(running) * len(folds))

    def _one_more(self, outcome: Outcome, fold: Fold, setting: tuple[int, int] | None, of: int) -> bool:
        """Run one fold; return False, with the reason kept, where there is no time or it cannot be done."""
        if not self._has_time(outcome, fold, of):
            return False
        result = self.one_fold(outcome, fold, setting, warm=not outcome.results)
        if result is not None:
            _keep(outcome, fold, result)
        return result is not None

    def _has_time(self, outcome: Outcome, fold: Fold, of: int) -> bool:
        done = len(outcome.results)
        if outcome.name == "linear" or self.budget.allows(outcome.name, len(fold.training.y)):
            return True
        outcome.reason = f"stopped by the budget after {done} of {of} folds" if done else "skipped: no time left"
        return False

    def _all_at_once(self, outcome: Outcome, folds: list[Fold], settings: list[tuple[int, int] | None]) -> None:
        """Run all folds in other processes; what may be compiled there first is not timed."""
        if not self._has_time(outcome, folds[0], len(folds)):
            return
        runs = joblib.Parallel()(
            joblib.delayed(_without_model)(outcome.candidate, fold, setting)
            for fold, setting in zip(folds, settings, strict=True)
        )
        for fold, (found, seconds) in zip(folds, runs, strict=True):
            result = self._noted(outcome, fold, found, seconds)
            if result is None:
                return
            _keep(outcome, fold, result)

    def one_fold(
        self, outcome: Outcome, fold: Fold, setting: tuple[int, int] | None = None, warm: bool = False
    ) -> FoldResult | None:
        """Run one fold and take note of its time; None, with the reason kept, where it fails."""
        start = self.budget.elapsed
        found = attempt(outcome.candidate, fold, setting, warm)
        return self._noted(outcome, fold, found, self.budget.elapsed - start)

    def _noted(self, outcome: Outcome, fold: Fold, found: FoldResult | str, seconds: float) -> FoldResult | None:
        if isinstance(found, str):
            outcome.reason = found
            return None
        self.budget.measured(outcome.candidate, len(fold.training.y), seconds)
        return found


def _other_processes() -> bool:
    backend, _ = joblib.parallel.get_active_backend()
    return not getattr(backend, "supports_sharedmem", False) and joblib.effective_n_jobs(None) > 1


def _without_model(candidate: Candidate, fold: Fold, setting: tuple[int, int] | None) -> tuple[FoldResult | str, float]:
    start = time.perf_counter()
    found = attempt(candidate, fold, setting, warm=True)
    if isinstance(found, FoldResult):
        found.model = None
    return found, time.perf_counter() - start


def _keep(outcome: Outcome, fold: Fold, result: FoldResult) -> None:
    result.model = None  # the fitted models of all folds together may not fit into memory
    outcome.results.append(result)
    n_numeric, n_other = fold.training.n_numeric, fold.n_other
    outcome.n_features = outcome.candidate.n_features(n_numeric, n_other, outcome.setting[0])


def twin_of(candidate: Candidate, outcomes: list[Outcome], folds: int) -> Outcome | None:
    """Return the finished outcome of the lifting that a kernel equals: the same model needs tuning only once."""
    return next((o for o in outcomes if o.name == candidate.twin and o.ok and len(o.results) == folds), None)
