"""The verdict in words."""

from __future__ import annotations

import math

from ._evaluate import Outcome
from ._run import Comparison
from ._scores import SCORE, SYMBOL
from ._statistics import Difference
from ._suspects import SUSPECT
from ._verdict import KERNELS, Judgement, Pair


def headline(found: Comparison) -> str:
    """Return what to use, in one sentence."""
    judgement, best = found.judgement, found.judgement.recommended
    if judgement.challenger is None:
        return "Only the linear model was compared."
    if found.held_out.refuted is not None:
        return "Use the linear model: the held-out rows do not confirm what the folds show."
    if best is judgement.linear:
        return "Use the linear model: no nonlinearity shown."
    if best.candidate.family == "lifted":
        return (
            f"Use explicit lifting ({_name(best)}, {best.n_features:,} features): the kernel trick is not needed here."
        )
    for pair in judgement.pairs:
        if best is pair.kernel:
            features = f"the same model as lifting to {pair.lifted.n_features:,} features, and cheaper here"
            return f"Use {_name(best)} by its kernel: {features}."
    if best.candidate.family in KERNELS and found.common.best_lifted is None:
        return f"Use the {best.label}: it is better than the linear model, and no lifting could be compared with it."
    if best.candidate.family in KERNELS:
        return f"The kernel trick is worth it here: use the {best.label}."
    if best.candidate.family == "approximate":
        return f"Use {best.label} features ({best.n_features:,}): a kernel's model at the cost of a linear one."
    return f"Use the {best.label}: no kernel ridge and no lifting keeps up with it here."


def _name(outcome: Outcome) -> str:
    """Return the label without the way the model is computed."""
    return outcome.label.split(",")[0]


def details(found: Comparison) -> list[str]:
    """Return what the headline rests on, one fact a sentence."""
    facts = [*_suspected(found), *_on_all_rows(found), *_nonlinearity(found), *_simplest(found)]
    return [*facts, *_kernel_against_lifting(found), *_pairs(found.common.pairs), _hold_out(found)]


def _suspected(found: Comparison) -> list[str]:
    """Repeat next to the verdict what puts all scores in doubt."""
    doubts = [notice.removeprefix(SUSPECT) for notice in found.table.notices if notice.startswith(SUSPECT)]
    return [f"The scores are in doubt: {doubt}." for doubt in doubts]


def _on_all_rows(found: Comparison) -> list[str]:
    if found.judgement is found.common:
        return []
    task, best, other = found.table.task, found.judgement.best, found.common.best
    first = "More rows are worth more than another model here" if best.name != other.name else "More rows help"
    return [
        f"{first}: {best.label} reaches {best.score(task):.3f} on all "
        f"{found.developed_on:,} rows, and {other.label}, the best on the {found.compared_on:,} common rows, "
        f"{other.score(task):.3f} there. The verdict is about all rows."
    ]


def _difference(difference: Difference, task: str) -> str:
    p = "p < 0.001" if difference.p < 0.001 else f"p = {difference.p:.2g}"
    if task == "classification":
        return f"{difference.gain:+.3f} accuracy (95%: {difference.low:+.3f} to {difference.high:+.3f}, {p})"
    factor, low, high = (math.exp(-value) for value in (difference.mean, difference.high, difference.low))
    return f"{difference.gain:+.3f} R², {factor:.2f}× the squared error (95%: {low:.2f} to {high:.2f}, {p})"


def _nonlinearity(found: Comparison) -> list[str]:
    judgement = found.judgement
    if judgement.challenger is None or judgement.over_linear is None:
        return []
    shown = "nonlinearity is shown" if judgement.over_linear.shown else "no difference shown"
    gain = _difference(judgement.over_linear, found.table.task)
    return [f"{judgement.challenger.label} against Linear: {gain}: {shown}."]


def _simplest(found: Comparison) -> list[str]:
    judgement = found.judgement
    best, chosen = judgement.best, judgement.recommended
    if found.held_out.refuted is not None:
        return []
    if best is chosen or best is judgement.challenger and chosen is judgement.linear:
        return []
    behind = judgement.behind[chosen.name]
    if behind.gain == 0 or _same_model(judgement, best, chosen):
        return []
    return [
        f"{chosen.label} is the simplest model not shown worse than the best: "
        f"{best.label} is ahead by {_difference(behind, found.table.task)}."
    ]


def _same_model(judgement: Judgement, first: Outcome, second: Outcome) -> bool:
    return any({id(pair.lifted), id(pair.kernel)} == {id(first), id(second)} for pair in judgement.pairs)


def _kernel_against_lifting(found: Comparison) -> list[str]:
    kernel, lifted, gain = found.common.best_kernel, found.common.best_lifted, found.common.kernel_gain
    if kernel is None or lifted is None or gain is None:
        return []
    shown = "the kernel is better" if gain.shown else "no difference shown"
    if gain.shown_worse:
        shown = "the lifting is better"
    where = "" if found.judgement is found.common else "On the common rows "
    costs = _costs(kernel.fit_seconds / lifted.fit_seconds, kernel.predict_seconds / lifted.predict_seconds)
    return [
        f"{where}{kernel.label} against the best lifting ({_name(lifted)}): "
        f"{_difference(gain, found.table.task)}: {shown}; the kernel {costs}."
    ]


def _ratio(ratio: float, verb: str) -> str:
    """Return how a kernel's time compares with a lifting's, such as "fits 12x faster"."""
    factor, word = (ratio, "slower") if ratio >= 1 else (1 / ratio, "faster")
    if factor < 1.05:
        return f"{verb} as fast"
    return f"{verb} {factor:,.0f}× {word}" if factor >= 9.95 else f"{verb} {factor:.1f}× {word}"


def _costs(fit: float, predict: float) -> str:
    return f"{_ratio(fit, 'fits')}, {_ratio(predict, 'predicts')}"


def _pairs(pairs: list[Pair]) -> list[str]:
    if not pairs:
        return []
    each = [
        f"{_name(pair.kernel)} ({pair.lifted.n_features:,} features): "
        f"the kernel {_costs(pair.fit_ratio, pair.predict_ratio)}"
        for pair in pairs
    ]
    same = max(pair.disagreement for pair in pairs)
    return [f"Same model, two ways (predictions differ by at most {same:.0e} sd). {'; '.join(each)}."]


def _hold_out(found: Comparison) -> str:
    held, task = found.held_out, found.table.task
    if held.refuted is not None:
        return _refuted(found, held.refuted)
    score = held.recommended[SCORE[task]]
    text = f"Held out ({held.rows:,} rows, scored once, trained on {held.trained_on:,}): {SYMBOL[task]} {score:.3f}"
    if found.judgement.recommended is found.judgement.linear:
        return text + "."
    text += f", linear {held.linear[SCORE[task]]:.3f}; gain {held.gain:+.3f} ± {held.error:.3f} (standard error)"
    if held.gain < 2 * held.error:
        text += ", which does not confirm the gain"
    return text + "."


def _refuted(found: Comparison, refuted: Outcome) -> str:
    held, task = found.held_out, found.table.task
    return (
        f"Held out ({held.rows:,} rows, scored once, trained on {held.trained_on:,}): {refuted.label}, which the folds "
        f"recommend, has {SYMBOL[task]} {held.refuted_scores[SCORE[task]]:.3f}, linear {held.linear[SCORE[task]]:.3f}; "
        f"gain {held.gain:+.3f} ± {held.error:.3f} (standard error): clearly worse on new rows, so the linear model is "
        "recommended."
    )
