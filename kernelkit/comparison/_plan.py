"""How many rows all candidates can afford within the budget."""

from __future__ import annotations

import numpy as np

from ._budget import FEWEST_ROWS, affordable, duration
from ._errors import InputError
from ._evaluate import Outcome
from ._race import Race
from ._splits import fewest_of_a_class

PROBE_ROWS = 150
# Few rows leave much to the luck of one split into folds.
REPEATS, FEW_ROWS = 2, 1000
# Where folds have few rows and the budget is long, the run itself costs no more than measuring beforehand.
UNPROBED_ROWS, UNPROBED_SECONDS = 400, 60
FIRST_PROBE, LATER_PROBES, ALL_PROBES = 0.15, 0.12, 0.3  # shares of the budget
PLANNED = 0.7  # of what is left: estimates are rough


def choose_rows(race: Race, developed: np.ndarray, max_rows: int) -> tuple[np.ndarray, int]:
    """Return the rows that all candidates are compared on, and how often these are split into folds.

    Candidates too slow even for few rows are left out.
    """
    most, fewest = min(max_rows, len(developed)), _fewest_rows(race)
    if fewest > most:
        raise InputError(
            f"{len(np.unique(race.table.y)):,} classes need {fewest:,} rows to compare on, and there are {most:,}: "
            "join or remove classes" + (f", or raise --max-rows {max_rows}" if fewest <= len(developed) else "")
        )
    count, fold_rows = most, most * (race.cv - 1) // race.cv
    repeats = REPEATS if most <= FEW_ROWS and race.table.time is None else 1
    own = any(isinstance(outcome.candidate.kernel, tuple) for outcome in race.outcomes)  # of any slowness
    if own or fold_rows > UNPROBED_ROWS or race.budget.seconds < UNPROBED_SECONDS:
        _probe(race, developed, fold_rows)
        count, repeats = _cut(race, most, repeats, max(FEWEST_ROWS, fewest))
    rows = race.splitter.sample(developed, count, fewest_of_a_class(race.cv))
    if len(rows) < len(developed):
        why = f"the budget of {race.budget.seconds:g} s" if count < most else f"--max-rows {max_rows}"
        race.table.notices.append(f"{why}: all are compared on the same {len(rows):,} of {len(developed):,} rows")
    return rows, repeats


def _fewest_rows(race: Race) -> int:
    """Return how few rows may be compared on: with fewer, folds would not have every class."""
    classes = len(np.unique(race.table.y)) if race.table.task == "classification" else 0
    return fewest_of_a_class(race.cv) * classes


def _cut(race: Race, most: int, repeats: int, fewest: int) -> tuple[int, int]:
    """Return how many rows and repeats there is time for; first the repeats go, then rows, then candidates."""
    seconds = PLANNED * race.budget.left
    yardsticks = {outcome.name for outcome in race.outcomes if outcome.candidate.family == "yardstick"}
    count, dropped = affordable(race.budget.costs, yardsticks, race.cv, repeats, most, seconds, fewest)
    if repeats > 1 and (count < most or dropped):
        repeats = 1
        count, dropped = affordable(race.budget.costs, yardsticks, race.cv, repeats, most, seconds, fewest)
    for outcome in race.outcomes:
        if outcome.name in dropped:
            needed = race.cv * race.budget.expected(outcome.name, count * (1 - 1 / race.cv))
            outcome.reason = f"skipped: about {duration(needed)}, too slow for the budget"
    return count, repeats


def _probe(race: Race, developed: np.ndarray, fold_rows: int) -> None:
    """Measure what a fold costs on few rows, then on twice as many for those for whom that is quick."""
    budget = race.budget
    size = min(PROBE_ROWS, fold_rows)
    _probe_at(race, race.outcomes, developed, size, FIRST_PROBE * budget.seconds)
    while (size := 2 * size) <= fold_rows / 1.5 and budget.elapsed < ALL_PROBES * budget.seconds:
        quick = _quick(race, size, LATER_PROBES * budget.seconds)
        if not quick:
            return
        _probe_at(race, quick, developed, size, LATER_PROBES * budget.seconds)


def _quick(race: Race, size: int, seconds: float) -> list[Outcome]:
    """Return those that can be measured again in some seconds, the cheapest first."""
    found: list[Outcome] = []
    for outcome in sorted(race.outcomes, key=lambda outcome: race.budget.expected(outcome.name, size)):
        seconds -= race.budget.expected(outcome.name, size)
        if outcome.ok and seconds > 0:
            found.append(outcome)
    return [outcome for outcome in race.outcomes if outcome in found]


def _probe_at(race: Race, outcomes: list[Outcome], developed: np.ndarray, size: int, seconds: float) -> None:
    rows = race.splitter.sample(developed, 2 * size, fewest_of_a_class(race.cv))
    train, test = race.splitter.split(rows, 2)[0]
    fold = race.fold(rows[train], rows[test])
    race.describe(fold)
    start = race.budget.elapsed
    for outcome in outcomes:
        if not outcome.ok:
            continue
        known = outcome.name in race.budget.costs
        if not known and outcome.name != "linear" and race.budget.elapsed - start > seconds:
            outcome.reason = "skipped: no time for it in the budget"
            continue
        race.one_fold(outcome, fold, (0, 0) if outcome.candidate.twin in race.budget.costs else None)
