"""Figures of all candidates: score against cost, differences to the best, spectra."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..inspection import spectrum
from ._budget import duration
from ._evaluate import Outcome
from ._models import kernels
from ._run import Comparison
from ._scores import SYMBOL
from ._svg import DASHES, literal, look, new_figure, spread_labels

FAR = 3.0  # scores that many times further below the best than the middle one are drawn at the edge
SPECTRUM_ROWS = 500
LEAST_EIGENVALUE = 1e-12


def finished(found: Comparison) -> list[Outcome]:
    """Return the candidates that ran on all folds, best first."""
    done = [outcome for outcome in found.outcomes if outcome.ok]
    return sorted(done, key=lambda outcome: -outcome.score(found.table.task))


def score_against_cost(found: Comparison, ax: Any = None) -> Any:
    """Draw the mean score with its standard deviation over the folds against the time of one fit; return the axes."""
    done, task = finished(found), found.table.task
    if ax is None:
        ax = new_figure(_height(len(done))).add_subplot()
    scores = np.array([outcome.score(task) for outcome in done])
    spreads = np.array([outcome.spread(task) for outcome in done])
    floor = _floor(scores)
    points = [(outcome.fit_seconds, max(score, floor)) for outcome, score in zip(done, scores, strict=True)]
    looks = [look(i, hollow=score < floor) for i, score in enumerate(scores)]
    for point, score, spread, style in zip(points, scores, spreads, looks, strict=True):
        reach = spread if score >= floor else None
        ax.errorbar(*point, yerr=reach, capsize=2, elinewidth=0.5, markersize=5.5, **style)
    inside = scores >= floor
    low, high = (scores - spreads)[inside].min(), (scores + spreads)[inside].max()
    ax.set(xscale="log", xlabel="time of one fit", ylabel=SYMBOL[task])
    _durations(ax, [seconds for seconds, _ in points])
    ax.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    spread_labels(ax, points, [_label(found, outcome, floor) for outcome in done], looks)
    return ax


def _durations(ax: Any, seconds: list[float]) -> None:
    """Let the axis span two decades at least, and name its powers of ten."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    middle, reach = math.sqrt(min(seconds) * max(seconds)), max(math.sqrt(max(seconds) / min(seconds)) * 1.3, 10.0)
    ax.set_xlim(middle / reach, middle * reach)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: duration(value).replace(".0", "")))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _height(labels: int) -> float:
    return max(3.3, 0.155 * labels + 1.0)


def _label(found: Comparison, outcome: Outcome, floor: float) -> str:
    score = outcome.score(found.table.task)
    mark = "▶ " if outcome.name == found.judgement.recommended.name else ""
    return mark + outcome.label + (f" ({score:.3g})" if score < floor else "")


def _floor(scores: np.ndarray) -> float:
    """Return the score below which models would squeeze the others together."""
    best, middle = scores.max(), float(np.median(scores))
    fence = best - FAR * max(best - middle, 0.05)
    return float(scores[scores >= fence].min())


def differences(found: Comparison) -> Any:
    """Draw by how much each model is behind the best, with the 95% interval of the paired test; return the figure."""
    judgement, task = found.judgement, found.table.task
    rows = [o for o in judged(found) if o is not judgement.best]
    figure = new_figure(0.19 * len(rows) + 1.1)
    ax = figure.add_subplot()
    regression = task == "regression"
    for place, outcome in enumerate(rows):
        behind = judgement.behind[outcome.name]
        centre, low, high = (_drawn(value, regression) for value in (behind.mean, behind.low, behind.high))
        ax.plot([low, high], [place, place], color="black", linewidth=0.9, marker="|", markersize=4)
        ax.plot(centre, place, "o", color="black", markersize=5, markerfacecolor="black" if behind.shown else "white")
    ax.axvline(1.0 if regression else 0.0, color="0.4", linewidth=0.8, linestyle="--")
    ax.set(
        yticks=range(len(rows)), yticklabels=[literal(outcome.label) for outcome in rows], ylim=(len(rows) - 0.5, -0.5)
    )
    if regression:
        ax.set(xlabel="squared error, as a multiple of the best's", xscale="log")
        _plain_factors(ax)
    else:
        ax.set_xlabel("accuracy by which the best is ahead")
    return figure


def judged(found: Comparison) -> list[Outcome]:
    """Return the candidates that the verdict is about, best first."""
    judged = found.outcomes if found.judgement is found.common else found.on_all_rows
    done = [outcome for outcome in judged if outcome.ok]
    return sorted(done, key=lambda outcome: -outcome.score(found.table.task))


def _drawn(value: float, regression: bool) -> float:
    return math.exp(min(max(value, -7.0), 7.0)) if regression else value


def _plain_factors(ax: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = ax.get_xlim()
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high / low > 4 else MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def spectra(found: Comparison) -> Any:
    """Draw the eigenvalues of the compared kernels, each with its most frequent setting; return the figure."""
    chosen, X = spectrum_models(found), spectrum_rows(found)
    figure = new_figure(_height(len(chosen)))
    ax = figure.add_subplot()
    ends, labels, looks = [], [], []
    for i, outcome in enumerate(chosen):
        kernel = kernels(outcome.candidate, X, len(found.table.columns.numeric))[outcome.setting[0]]
        values = spectrum(kernel, X).eigenvalues
        drawn = values[values > LEAST_EIGENVALUE * values.sum()] / values.sum()
        if not len(drawn):
            continue
        components = np.arange(1, len(drawn) + 1)
        every = [int(k) for k in np.unique(np.geomspace(1, len(drawn), 7).astype(int) - 1)]
        style = look(i) | {"linestyle": DASHES[i % len(DASHES)]}
        ax.plot(components, drawn, markevery=every, markersize=3.5, linewidth=0.9, **style)
        ends.append((float(components[-1]), float(drawn[-1])))
        labels.append(outcome.label)
        looks.append(look(i))
    ax.set(xscale="log", yscale="log", xlabel="component", ylabel="share of the sum of eigenvalues")
    spread_labels(ax, ends, labels, looks)
    return figure


def spectrum_models(found: Comparison) -> list[Outcome]:
    """Return the kernels that ran on all folds, best first."""
    return [o for o in finished(found) if o.candidate.family == "kernel" and o.candidate.kernel is not None]


def spectrum_rows(found: Comparison) -> np.ndarray:
    """Return at most 500 prepared rows of those the recommended model was trained on, evenly spaced."""
    rows = found.held_out.training
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, SPECTRUM_ROWS).astype(int))]
    return np.asarray(found.held_out.model[:-1].transform(found.table.take(rows)))
