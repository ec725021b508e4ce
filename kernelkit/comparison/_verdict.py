"""What the numbers show, and what they do not show."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import numpy as np

from ._errors import InputError
from ._evaluate import Outcome
from ._statistics import Difference, compare_scores

KERNELS = ("kernel", "machine")
CLEARLY, NOTICEABLE = 1.5, 0.02  # a ratio, and seconds


@dataclass(frozen=True)
class Pair:
    """A polynomial kernel and the explicit lifting it equals.

    Attributes
    ----------
    disagreement : float
        The largest difference of their predictions, in standard deviations of what is predicted.
    fit_ratio, predict_ratio : float
        Time of the kernel over time of the lifting.
    """

    lifted: Outcome
    kernel: Outcome
    disagreement: float
    fit_ratio: float
    predict_ratio: float

    @property
    def cheaper(self) -> Outcome:
        """The kernel where it clearly takes less time to fit and predict, else the lifting."""
        kernel, lifted = _cost(self.kernel), _cost(self.lifted)
        return self.kernel if lifted > CLEARLY * kernel and lifted - kernel > NOTICEABLE else self.lifted


@dataclass(frozen=True)
class Judgement:
    """Who is best, who is recommended, and what the paired comparisons say.

    Attributes
    ----------
    best, recommended, linear : Outcome
        The highest mean score; the simplest model not shown worse than it; the baseline.
    behind : dict of str to Difference
        By how much the best is ahead of each model.
    over_linear : Difference or None
        The best model that is not linear, against the linear one; None where there is none.
    challenger : Outcome or None
        That model.
    best_lifted, best_kernel : Outcome or None
        The best explicit lifting, and the best kernel without a finite one.
    kernel_gain : Difference or None
        The second against the first.
    pairs : list of Pair
        Same model, two ways.
    """

    best: Outcome
    recommended: Outcome
    linear: Outcome
    behind: dict[str, Difference]
    challenger: Outcome | None
    over_linear: Difference | None
    best_lifted: Outcome | None
    best_kernel: Outcome | None
    kernel_gain: Difference | None
    pairs: list[Pair]


def judge(outcomes: list[Outcome], task: str, test_share: float) -> Judgement:
    """Compare the finished outcomes by their scores on the same folds."""
    done = [outcome for outcome in outcomes if outcome.ok]
    linear = next((outcome for outcome in done if outcome.name == "linear"), None)
    if linear is None:
        failed = next(outcome for outcome in outcomes if outcome.name == "linear")
        raise InputError(f"the linear baseline {failed.reason}")

    fold_rows = fmean(len(result.predicted) for result in linear.results)

    def ahead(first: Outcome, second: Outcome) -> Difference:
        return compare_scores(task, first.scores(task), second.scores(task), test_share, fold_rows)

    def best_of(family: list[Outcome]) -> Outcome | None:
        return max(family, key=lambda outcome: outcome.score(task), default=None)

    best = best_of(done) or linear
    behind = {outcome.name: ahead(best, outcome) for outcome in done}
    pairs = find_pairs(done)
    twins = {id(other) for pair in pairs for other in (pair.lifted, pair.kernel) if best in (pair.lifted, pair.kernel)}
    dearer = {id(pair.lifted if pair.cheaper is pair.kernel else pair.kernel) for pair in pairs}
    as_good = [o for o in done if id(o) in twins or not behind[o.name].shown]
    able = [outcome for outcome in as_good if id(outcome) not in dearer]
    # A model may be so unstable that nothing can be shown of it: what scores below a simpler one is not recommended.
    steps = [outcome for outcome in able if not _below_a_simpler(outcome, done, task)]
    recommended = min(steps, key=lambda outcome: (outcome.candidate.rank, -outcome.score(task)))
    challenger = best_of([outcome for outcome in done if outcome is not linear])
    lifted = best_of([outcome for outcome in done if outcome.candidate.family == "lifted" and outcome is not linear])
    kernel = best_of([o for o in done if o.candidate.family in KERNELS and not o.candidate.numeric_only])
    return Judgement(
        best,
        recommended,
        linear,
        behind,
        challenger,
        ahead(challenger, linear) if challenger else None,
        lifted,
        kernel,
        ahead(kernel, lifted) if kernel and lifted else None,
        pairs,
    )


def _below_a_simpler(outcome: Outcome, done: list[Outcome], task: str) -> bool:
    score, rank = outcome.score(task), outcome.candidate.rank
    return any(other.candidate.rank < rank and other.score(task) > score for other in done)


def find_pairs(done: list[Outcome]) -> list[Pair]:
    """Return the pairs of a kernel and its explicit lifting among finished outcomes."""
    by_name = {outcome.name: outcome for outcome in done}
    return [_pair(by_name[kernel.candidate.twin], kernel) for kernel in done if kernel.candidate.twin in by_name]


def _pair(lifted: Outcome, kernel: Outcome) -> Pair:
    disagreement = max(
        float(np.max(np.abs(a.decided - b.decided)) / (np.std(a.decided) or 1.0))
        for a, b in zip(lifted.results, kernel.results, strict=True)
    )
    return Pair(
        lifted,
        kernel,
        disagreement,
        kernel.fit_seconds / lifted.fit_seconds,
        kernel.predict_seconds / lifted.predict_seconds,
    )


def _cost(outcome: Outcome) -> float:
    rows = np.mean([len(result.predicted) for result in outcome.results])
    return outcome.fit_seconds + float(rows) * outcome.predict_seconds
