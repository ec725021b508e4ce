"""The tables of the HTML report: a column is a row of data here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from ._budget import duration
from ._evaluate import Outcome
from ._page import scrolled
from ._report import memory, values_made
from ._run import Comparison
from ._scores import SYMBOL
from ._statistics import Difference


@dataclass(frozen=True)
class Field:
    """One column: its title, what a cell says, and what it is sorted by; text is sorted by what it says."""

    title: str
    says: Callable[[Outcome], str]
    key: Callable[[Outcome], float | None] | None = None


def fields(found: Comparison) -> list[Field]:
    """Return the columns besides the model's name."""
    task = found.table.task
    pairs = {pair.kernel.name: pair for pair in found.common.pairs}

    def tuned(outcome: Outcome) -> str:
        pair = pairs.get(outcome.name)
        return f"as lifted (equal to {pair.disagreement:.0e} sd)" if pair else outcome.chosen()

    return [
        Field(f"{SYMBOL[task]}, mean", lambda o: f"{o.score(task):.3f}", lambda o: o.score(task)),
        Field("± sd", lambda o: f"{o.spread(task):.3f}", lambda o: o.spread(task)),
        *_on_all(found),
        Field("one fit", lambda o: duration(o.fit_seconds), lambda o: o.fit_seconds),
        Field("predict, per row", lambda o: duration(o.predict_seconds), lambda o: o.predict_seconds),
        Field("memory", lambda o: memory(o.peak_bytes), lambda o: o.peak_bytes),
        Field("explicit features", lambda o: _count(o.n_features), lambda o: o.n_features),
        Field("kernel values", lambda o: values_made(o.evaluations), lambda o: o.evaluations),
        Field("tuning", lambda o: _took(o.tune_seconds), lambda o: o.tune_seconds),
        Field("chosen by most folds", tuned),
    ]


def _took(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


def _on_all(found: Comparison) -> list[Field]:
    if not found.on_all_rows:
        return []
    task, everywhere = found.table.task, {outcome.name: outcome for outcome in found.on_all_rows}

    def score(outcome: Outcome) -> float | None:
        return everywhere[outcome.name].score(task) if outcome.name in everywhere else None

    def says(outcome: Outcome) -> str:
        value = score(outcome)
        return "–" if value is None else f"{value:.3f}"

    return [Field(f"on all {found.developed_on:,}", says, score)]


def _count(features: int | None) -> str:
    return "–" if features is None else f"{features:,}"


def candidates(found: Comparison, sortable: bool = True) -> str:
    """Return one row a candidate; a reason takes the place of numbers that are not there."""
    columns = fields(found)
    head = '<th scope="col" data-kind="text">model</th>' + "".join(
        f'<th scope="col"{"" if field.key else " data-kind=text"}>{escape(field.title)}</th>' for field in columns
    )
    rows = "\n".join(_row(found, outcome, columns) for outcome in found.outcomes)
    kind = 'class="data sortable" data-status="sorted"' if sortable else 'class="data"'
    table = f"<table {kind}><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    said = '\n<p class="note" id="sorted" role="status"></p>' if sortable else ""
    return scrolled(table, "all candidates") + said


def _row(found: Comparison, outcome: Outcome, columns: list[Field]) -> str:
    chosen = outcome.name == found.judgement.recommended.name
    mark = "▶ " if chosen else ""
    name = f'<th scope="row" data-value="{escape(outcome.label)}">{mark}{escape(outcome.label)}</th>'
    if not outcome.ok:
        return f'<tr>{name}<td class="reason" colspan="{len(columns)}">{escape(str(outcome.reason))}</td></tr>'
    cells = "".join(_cell(field, outcome) for field in columns)
    return f"<tr{' class=chosen' if chosen else ''}>{name}{cells}</tr>"


def _cell(field: Field, outcome: Outcome) -> str:
    says = escape(field.says(outcome))
    if field.key is None:
        return f'<td class="words" data-value="{says}">{says}</td>'
    key = field.key(outcome)
    value = "" if key is None or not math.isfinite(key) else f' data-value="{key!r}"'
    return f"<td{value}>{says}</td>"


def differences(found: Comparison, rows: list[Outcome]) -> str:
    """Return by how much the best is ahead of each model, in numbers."""
    best, symbol = found.judgement.best, SYMBOL[found.table.task]
    regression = found.table.task == "regression"
    titles = ["model", f"{symbol} behind", *(["squared error / best's"] if regression else []), "95% interval", "p", ""]
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    lines = "\n".join(_behind(o.label, found.judgement.behind[o.name], regression) for o in rows if o is not best)
    table = f'<table class="data"><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>'
    said = f'<p class="note">The best by its mean {symbol} is {escape(best.label)}.</p>\n'
    return said + scrolled(table, "differences to the best, in numbers")


def _behind(label: str, behind: Difference, regression: bool) -> str:
    p = "&lt; 0.001" if behind.p < 0.001 else f"{behind.p:.2g}"
    shown = "worse" if behind.shown else "no difference shown"
    factor = f"<td>{_factor(behind.mean)}</td>" if regression else ""
    write = _factor if regression else "{:+.3f}".format
    return (
        f'<tr><th scope="row">{escape(label)}</th><td>{behind.gain:.3f}</td>{factor}'
        f'<td>{write(behind.low)} to {write(behind.high)}</td><td>{p}</td><td class="words">{shown}</td></tr>'
    )


def _factor(logarithm: float) -> str:
    factor = math.exp(min(logarithm, 700.0))
    return f"{factor:.2f}" if factor < 100 else f"{factor:.3g}"
