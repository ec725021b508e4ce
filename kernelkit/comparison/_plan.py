"""How many rows can all candidates afford within the budget?"""

from __future__ import annotations

import numpy as np

from ._budget import affordable
from ._race import Race, twin_of
from ._splits import fewest_of_a_class

PROBE_ROWS = 150
# Where folds have few rows and the budget is long, the run itself costs no more than measuring beforehand.
UNPROBED_ROWS, UNPROBED_SECONDS = 400, 60
FIRST_PROBE, LATER_PROBES = 0.15, 0.03  # shares of the budget
PLANNED = 0.6  # of what is left: estimates are rough


def choose_rows(race: Race, developed: np.ndarray, max_rows: int) -> np.ndarray:
    """Return the rows that all candidates are compared on; those too slow even for few rows are left out."""
    most = min(max_rows, len(developed))
    count, fold_rows = most, most * (race.cv - 1) // race.cv
    if fold_rows > UNPROBED_ROWS or race.budget.seconds < UNPROBED_SECONDS:
        _probe(race, developed, fold_rows)
        count, dropped = affordable(race.budget.costs, race.cv, most, PLANNED * race.budget.left)
        for outcome in race.outcomes:
            if outcome.name in dropped:
                seconds = race.cv * race.budget.expected(outcome.name, count * (1 - 1 / race.cv))
                outcome.reason = f"skipped: about {seconds:,.0f} s, too slow for the budget"
    rows = race.splitter.sample(developed, count, fewest_of_a_class(race.cv))
    if len(rows) < len(developed):
        why = f"the budget of {race.budget.seconds:g} s" if count < most else f"--max-rows {max_rows}"
        race.table.notices.append(f"{why}: all are compared on the same {len(rows):,} of {len(developed):,} rows")
    return rows


def _probe(race: Race, developed: np.ndarray, fold_rows: int) -> None:
    """Measure what a fold costs on few rows, then on twice as many while that is quick."""
    budget = race.budget
    size, share = min(PROBE_ROWS, fold_rows), FIRST_PROBE
    while True:
        _probe_at(race, developed, size, share * budget.seconds)
        size, share = 2 * size, LATER_PROBES
        expected = sum(budget.expected(name, size) for name in budget.costs)
        if size > fold_rows / 1.5 or expected > share * budget.seconds:
            return


def _probe_at(race: Race, developed: np.ndarray, size: int, seconds: float) -> None:
    rows = race.splitter.sample(developed, 2 * size, fewest_of_a_class(race.cv))
    train, test = race.splitter.split(rows, 2)[0]
    fold = race.fold(rows[train], rows[test])
    race.describe(fold)
    start = race.budget.elapsed
    for outcome in race.outcomes:
        if not outcome.ok:
            continue
        known = outcome.name in race.budget.costs
        if not known and outcome.name != "linear" and race.budget.elapsed - start > seconds:
            outcome.reason = "skipped: no time for it in the budget"
            continue
        race.one_fold(outcome, fold, (0, 0) if twin_of(outcome.candidate, race.outcomes) else None)
