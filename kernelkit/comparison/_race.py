"""The candidates on their folds, one at a time, within the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ._budget import Budget
from ._candidates import Candidate
from ._errors import first_line
from ._evaluate import Fold, FoldResult, Outcome, evaluate, make_fold
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
        """Run every outcome that is still in the race on all folds."""
        running = [outcome for outcome in outcomes if outcome.ok]
        for position, outcome in enumerate(running):
            twin = twin_of(outcome.candidate, outcomes, len(folds))
            for k, fold in enumerate(folds):
                self.report(outcome.label, position * len(folds) + k, len(running) * len(folds))
                if not self._one_more(outcome, fold, twin.results[k].setting if twin else None, len(folds)):
                    break
        self.report("", len(running) * len(folds), len(running) * len(folds))

    def _one_more(self, outcome: Outcome, fold: Fold, setting: tuple[int, int] | None, of: int) -> bool:
        """Run one fold; return False, with the reason kept, where there is no time or it cannot be done."""
        done = len(outcome.results)
        if outcome.name != "linear" and not self.budget.allows(outcome.name, len(fold.training.y)):
            outcome.reason = f"stopped by the budget after {done} of {of} folds" if done else "skipped: no time left"
            return False
        result = self.one_fold(outcome, fold, setting, warm=done == 0)
        if result is None:
            return False
        result.model = None  # the fitted models of all folds together may not fit into memory
        outcome.results.append(result)
        n_numeric, n_other = fold.training.n_numeric, fold.n_other
        outcome.n_features = outcome.candidate.n_features(n_numeric, n_other, outcome.setting[0])
        return True

    def one_fold(
        self, outcome: Outcome, fold: Fold, setting: tuple[int, int] | None = None, warm: bool = False
    ) -> FoldResult | None:
        """Run one fold and take note of its time; None, with the reason kept, where it fails."""
        start = self.budget.elapsed
        try:
            result = evaluate(outcome.candidate, fold, setting, warm)
        except MemoryError as error:
            outcome.reason = f"skipped: {error}"
            return None
        except Exception as error:  # a kernel of the user's own may raise anything
            outcome.reason = f"failed: {first_line(error)}"
            return None
        self.budget.measured(outcome.candidate, len(fold.training.y), self.budget.elapsed - start)
        return result


def twin_of(candidate: Candidate, outcomes: list[Outcome], folds: int) -> Outcome | None:
    """Return the finished outcome of the lifting that a kernel equals: the same model needs tuning only once."""
    return next((o for o in outcomes if o.name == candidate.twin and o.ok and len(o.results) == folds), None)
