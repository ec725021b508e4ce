"""The comparison from end to end: hold out, choose rows, compare on the same folds, judge, score the hold-out once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.pipeline import Pipeline

from ._budget import LAST_FITS, Budget
from ._candidates import Candidate
from ._errors import InputError
from ._evaluate import Fold, FoldResult, Outcome
from ._memory import measure_memory
from ._plan import choose_rows
from ._race import Race, Report
from ._scores import gains
from ._splits import Splitter, check_folds
from ._statistics import mean_with_error
from ._suspects import suspects
from ._table import Table
from ._verdict import Judgement, judge

ALL_ROWS = 0.5  # share of the time left that goes to runs on all rows
REFUTED = 2  # standard errors below the linear model on the held-out rows


@dataclass
class HeldOut:
    """The rows that were put aside first, scored once.

    Attributes
    ----------
    rows, trained_on : int
        How many these are, and how many the models were fitted on.
    recommended, linear : dict of str to float
        Scores of the recommended model and of the linear one.
    gain, error : float
        By how much the folds' choice is ahead of the linear model, and the standard error.
    linear_error : float
        The standard error of the linear model's own score.
    chosen : dict of str to float
        The recommended model's hyperparameters.
    model : Pipeline
        It predicts from the user's own columns.
    held, training : array of positions in the table, ascending
        These rows, and those the models were fitted on.
    y, predicted : array of shape (rows,)
        The target of the held-out rows, and what `model` predicts for them.
    refuted : Outcome or None
        The folds' choice, where it is clearly worse than the linear model here: then the linear one is recommended.
    refuted_scores : dict of str to float
        Its scores.
    """

    rows: int
    trained_on: int
    recommended: dict[str, float]
    linear: dict[str, float]
    gain: float
    error: float
    linear_error: float
    chosen: dict[str, float]
    model: Pipeline
    held: np.ndarray
    training: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    refuted: Outcome | None = None
    refuted_scores: dict[str, float] = field(default_factory=dict)


@dataclass
class Comparison:
    """Everything that was found; reports only arrange it.

    `common` judges all candidates on the rows they share. `judgement` is what the verdict follows: the same, or that of
    the cheap ones on all rows, where these reach more than anyone on fewer rows.
    """

    table: Table
    cv: int
    repeats: int
    seed: int
    budget: float
    developed_on: int
    compared_on: int
    outcomes: list[Outcome]
    on_all_rows: list[Outcome]
    common: Judgement
    judgement: Judgement
    held_out: HeldOut
    seconds: float


def run(
    table: Table, candidates: list[Candidate], cv: int, seed: int, max_rows: int, budget: Budget, report: Report
) -> Comparison:
    """Compare the candidates on at most `max_rows` rows besides the hold-out."""
    splitter = Splitter(table, seed)
    check_folds(table, splitter, cv)
    table.notices += suspects(table, splitter)
    race = Race(table, splitter, cv, budget, [Outcome(candidate) for candidate in candidates], report)
    developed, held = splitter.hold_out(len(table))
    rows, repeats = choose_rows(race, developed, max_rows)
    folds = race.folds(rows, repeats)
    race.describe(folds[0])
    race.compare(race.outcomes, folds)
    on_all = _on_all_rows(race, developed) if len(rows) < len(developed) else []
    common, judgement = _judge(race, on_all, _test_share(folds))
    final_rows = developed if judgement.recommended.name in [outcome.name for outcome in on_all] else rows
    held_out = _score_hold_out(race, judgement, final_rows, held)
    if held_out.refuted is not None:
        followed = replace(judgement, recommended=judgement.linear)
        common, judgement = followed if judgement is common else common, followed
    measure_memory(race.outcomes, folds[0], budget, table.notices)
    return Comparison(
        table,
        cv,
        repeats,
        seed,
        budget.seconds,
        len(developed),
        len(rows),
        race.outcomes,
        on_all,
        common,
        judgement,
        held_out,
        budget.elapsed,
    )


def _judge(race: Race, on_all: list[Outcome], share: float) -> tuple[Judgement, Judgement]:
    """Return what the common rows say, and what the verdict follows."""
    task = race.table.task
    common = judge(race.outcomes, task, share)
    if not on_all:
        return common, common
    everywhere = judge(on_all, task, share)
    return common, everywhere if _beyond_noise(everywhere.best, common.best, task) else common


def _beyond_noise(first: Outcome, second: Outcome, task: str) -> bool:
    """Whether the first scores more than the second by over a standard error, on folds that are not the same."""
    noise = math.hypot(*(outcome.spread(task) / math.sqrt(len(outcome.results)) for outcome in (first, second)))
    return first.score(task) - second.score(task) > noise


def _test_share(folds: list[Fold]) -> float:
    return float(np.mean([len(fold.test_y) / len(fold.training.y) for fold in folds]))


def _on_all_rows(race: Race, developed: np.ndarray) -> list[Outcome]:
    """Run the candidates that are cheap enough on all rows too, cheapest first; return those that finished."""
    count = len(developed) * (race.cv - 1) // race.cv
    left = ALL_ROWS * race.budget.left
    affordable: list[str] = []
    for outcome in sorted(race.outcomes, key=lambda outcome: race.budget.expected(outcome.name, count)):
        seconds = (race.cv + LAST_FITS) * race.budget.expected(outcome.name, count)
        if outcome.ok and seconds < left:
            left -= seconds
            affordable.append(outcome.name)
    cheap = [Outcome(outcome.candidate, outcome.n_features) for outcome in race.outcomes if outcome.name in affordable]
    if cheap:
        race.compare(cheap, race.folds(developed))
    done = [outcome for outcome in cheap if outcome.ok]
    return done if any(outcome.name == "linear" for outcome in done) else []


def _score_hold_out(race: Race, judgement: Judgement, rows: np.ndarray, held: np.ndarray) -> HeldOut:
    fold = race.fold(rows, held)
    best = _last_fit(race, judgement.recommended, fold)
    linear = best if judgement.recommended is judgement.linear else _last_fit(race, judgement.linear, fold)
    task, y, clusters = race.table.task, fold.test_y, race.splitter.clusters(held)
    gain, error = mean_with_error(gains(task, y, best.predicted, linear.predicted), clusters)
    # A model that explodes on a few rows would else excuse itself by the noise that these bring.
    linear_error = mean_with_error(gains(task, y, y, linear.predicted), clusters)[1]
    refuted = gain < -REFUTED * (min(error, linear_error) if task == "regression" else error)
    outcome, last = (judgement.linear, linear) if refuted else (judgement.recommended, best)
    return HeldOut(
        rows=len(held),
        trained_on=len(rows),
        recommended=last.scores,
        linear=linear.scores,
        gain=gain,
        error=error,
        linear_error=linear_error,
        chosen=outcome.candidate.values(last.setting),
        model=Pipeline([("prepare", fold.prepared_by), ("model", last.model)]),
        held=held,
        training=rows,
        y=fold.test_y,
        predicted=last.predicted,
        refuted=judgement.recommended if refuted else None,
        refuted_scores=best.scores if refuted else {},
    )


def _last_fit(race: Race, outcome: Outcome, fold: Fold) -> FoldResult:
    """Tune and fit on all rows besides the hold-out; without time for that, keep what most folds chose."""
    hurried = race.budget.left < race.budget.expected(outcome.name, len(fold.training.y))
    result = race.one_fold(outcome, fold, outcome.setting if hurried else None)
    if result is None:
        raise InputError(f"{outcome.label} on {len(fold.training.y):,} rows {outcome.reason}")
    return result
