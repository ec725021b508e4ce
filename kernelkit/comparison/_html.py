"""The comparison as a page for a browser, and as a piece of a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import numpy as np
from sklearn.utils import estimator_html_repr

from .._version import __version__
from . import _figures as figures
from . import _winner_figures as winner
from ._budget import duration
from ._columns import few
from ._curves import CostCurves
from ._curves_drawn import draw_columns, draw_rows
from ._curves_told import cost_sentences
from ._html_tables import candidates, differences
from ._page import Section, figure, fragment, listed, page, scrolled
from ._report import remarks, tuned
from ._run import Comparison
from ._scores import SCORE
from ._sentences import details, headline
from ._snippet import snippet
from ._svg import NO_MATPLOTLIB, drawing, new_figure
from ._versions import versions

CURVE_HEIGHT = 4.2


def to_page(found: Comparison, curves: CostCurves, loading: str | None = None) -> str:
    """Return the whole report as one HTML document that needs no network.

    Parameters
    ----------
    found : Comparison
        What is reported.
    curves : CostCurves
        What lifting and kernels cost.
    loading : str, optional
        Lines of Python that load `X` and `y`, for the script that rebuilds the model.
    """
    return page(f"kernelkit compare · {found.table.name}", sections(found, curves, loading), _footer(found))


def sections(found: Comparison, curves: CostCurves, loading: str | None) -> list[Section]:
    """Return the parts of the page in their order; the verdict comes first."""
    return [
        Section("Verdict", _verdict(found)),
        Section("All candidates", candidates(found), long=True),
        *_pictures(found, curves),
        Section("Where lifting wins, and where it explodes", listed(cost_sentences(curves))),
        *_numbers(found),
        Section("What to know about the data", listed(_warnings(found))),
        Section("The recommended model", _model(found.held_out.model), long=True),
        Section("Rebuild it", _code(found, loading), long=True),
        Section("How this was made", _settings(found)),
    ]


def to_fragment(found: Comparison) -> str:
    """Return verdict and table, for a notebook."""
    return fragment(f"{_verdict(found)}\n{candidates(found, sortable=False)}")


def _verdict(found: Comparison) -> str:
    return f'<div class="verdict"><p>{escape(headline(found))}</p>\n{listed(details(found))}</div>'


def _pictures(found: Comparison, curves: CostCurves) -> list[Section]:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return [Section("Figures", f'<p class="note">{escape(NO_MATPLOTLIB)}</p>')]
    return [*_cost(found), *_difference(found), *_spectra(found), _winner(found), *_lifting(curves)]


def _cost(found: Comparison) -> list[Section]:
    caption = (
        "Bars: one standard deviation of the scores on the folds. Times are those of one thread; left and up is "
        "better. A white triangle stands for a model below the figure, its score beside its name."
    )
    body = _figure("cost", lambda: figures.score_against_cost(found).figure, caption, "score against the time of a fit")
    return [Section("Score against cost", body, half=True)]


def _difference(found: Comparison) -> list[Section]:
    rows = figures.judged(found)
    if len(rows) < 2:
        return []
    best = found.judgement.best.label
    caption = (
        f"The best by its mean is {best}. Lines: 95% intervals of the paired, corrected resampled t-test on the same "
        "folds; filled dots: shown to be worse (p < 0.05); hollow: no difference shown. Not corrected for the "
        "number of models."
    )
    if found.table.task == "regression":
        caption += " The test compares logarithms of squared errors: it can disagree with the mean of R²."
    label = "paired differences to the best, with intervals; the numbers are in a table below"
    body = _figure("differences", lambda: figures.differences(found), caption, label)
    return [Section("Paired differences to the best", body, half=True)]


def _numbers(found: Comparison) -> list[Section]:
    rows = figures.judged(found)
    return [Section("Paired differences, in numbers", differences(found, rows), long=True)] if len(rows) > 1 else []


def _spectra(found: Comparison) -> list[Section]:
    if not figures.spectrum_models(found):
        return []
    caption = (
        f"Eigenvalues of each kernel's matrix on {len(figures.spectrum_rows(found)):,} training rows, with the "
        "setting that most folds chose. The faster they fall, the smoother the functions, and the fewer explicit "
        "features would do. A curve that ends early is that of a kernel with so many features."
    )
    body = _figure("spectra", lambda: figures.spectra(found), caption, "falling eigenvalues of the compared kernels")
    return [Section("Spectra of the kernels", body, half=True)]


def _winner(found: Comparison) -> Section:
    held, label = found.held_out, found.judgement.recommended.label
    if found.table.task == "regression":
        some = "" if held.rows <= winner.MOST_POINTS else f" ({winner.MOST_POINTS} of them drawn)"
        caption = f"{label} on the {held.rows:,} held-out rows{some}, which it was not trained on."
        draw, said = winner.residuals, "predicted against true values, and residuals"
    else:
        classes = len(np.unique(np.concatenate([held.y, held.predicted])))
        some = "" if classes <= winner.MOST_CLASSES else f" The classes with most mistakes, of {classes}."
        caption = f"{label} on the {held.rows:,} held-out rows: rows of each class by what they were taken for.{some}"
        draw, said = winner.confusion, "confusion matrix"
    return Section(
        "The recommended model on held-out rows", _figure("held", lambda: draw(found), caption, said), half=True
    )


def _lifting(curves: CostCurves) -> list[Section]:
    over_rows = "One fit of a polynomial on the prepared columns: solid by lifting, dashed by its kernel."
    over_columns = "Solid: the features and their system, at least. Dashed: the kernel's matrix, whatever the columns."
    return [
        _curve("rows", partial(draw_rows, curves), over_rows),
        _curve("columns", partial(draw_columns, curves), over_columns),
    ]


def _curve(over: str, draw: Callable[[Any], None], caption: str) -> Section:
    def drawn() -> Any:
        chart = new_figure(CURVE_HEIGHT)
        draw(chart.add_subplot())
        return chart

    return Section(f"Cost over {over}", _figure(over, drawn, caption, f"cost over {over}; in words below"), half=True)


def _figure(name: str, draw: Callable[[], Any], caption: str, label: str) -> str:
    return figure(drawing(draw, name), caption, label)


def _warnings(found: Comparison) -> list[str]:
    return [*found.table.notices, *remarks(found)] or ["Nothing was left out, repaired or cut."]


def _model(model: Any) -> str:
    """Return scikit-learn's picture of the pipeline, without its links and counters."""
    text = estimator_html_repr(model)
    text = re.sub(r"</?body>", "", text)  # scikit-learn closes one that it did not open
    text = re.sub(r'<a class="sk-estimator-doc-link.*?</a>', "", text, flags=re.DOTALL)
    text = re.sub(r'\s(?:href|src)="https?://[^"]*"', "", text)
    for counter in ("sk-container-id", "sk-estimator-id"):
        found = dict.fromkeys(re.findall(rf"{counter}-\d+", text))
        places = {name: f"{counter}-report{place}" for place, name in enumerate(found)}
        text = re.sub(rf"{counter}-\d+", lambda match: places[match.group()], text)  # noqa: B023
    return f'<div class="model">{text}</div>'


def _code(found: Comparison, loading: str | None) -> str:
    made = snippet(found, loading)
    said = made.said(found.held_out.recommended[SCORE[found.table.task]], found.table.task)
    code = scrolled(f"<code>{escape(made.code)}</code>", "script", "pre", "code scroll") if made.code else ""
    return f"<p>{escape(said)}</p>\n{code}"


def _settings(found: Comparison) -> str:
    table = found.table
    described = "; ".join(f"{len(names)} {kind}: {few(names, 30)}" for kind, names in table.columns.kinds.items())
    forward = " forward" if table.time is not None else ""
    shuffles = f", {found.repeats} shuffles" if found.repeats > 1 else ""
    facts = {
        "Task": f"{table.task}: {table.reason}",
        "Columns": described,
        "Rows": f"{len(table):,}; {found.held_out.rows:,} held out and scored once; {found.compared_on:,} compared",
        "Folds": f"{found.cv}{forward}{shuffles}; {tuned(found)}",
        "Seed": f"{found.seed}: all splits and random models follow from it",
        "Time": f"{duration(found.seconds)} of a budget of {found.budget:g} s",
        "Made with": ", ".join(f"{name} {number}" for name, number in {"kernelkit": __version__, **versions()}.items()),
    }
    inside = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<dl>\n{inside}\n</dl>"


def _footer(found: Comparison) -> str:
    text = f"The same data, seed {found.seed} and versions give the same scores; times differ from run to run."
    if found.compared_on < found.developed_on:
        text += (
            f" How many rows were compared can depend on the machine: --max-rows {found.compared_on} asks for as many."
        )
    return text
