"""What `compare` returns."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from .._validation import check_number
from .._version import __version__
from ..inspection._drawing import new_axes
from ._curves import CostCurves, cost_curves
from ._evaluate import INNER_FOLDS, Outcome
from ._figures import score_against_cost
from ._html import to_fragment, to_page
from ._report import to_text
from ._run import Comparison, HeldOut
from ._scores import SCORE
from ._sentences import details, headline
from ._statistics import Difference
from ._verdict import Pair
from ._versions import versions

CURVE_SECONDS = 10.0


class ComparisonResult:
    """A finished comparison: printed, it is the report.

    Attributes
    ----------
    best_estimator_ : Pipeline
        The recommended model with its preparation of the columns, fitted on the rows that are not held out. It predicts
        from columns like those given to `compare`; fit a clone of it to use all rows.
    """

    def __init__(self, found: Comparison):
        self.found = found
        self.best_estimator_: Pipeline = found.held_out.model
        self._curves: CostCurves | None = None  # of the page: measured once, for it to be the same again

    @property
    def verdict(self) -> str:
        """The verdict: a headline, and what it rests on, a fact a line."""
        return "\n".join([headline(self.found), *details(self.found)])

    @property
    def recommended(self) -> str:
        """The name of the recommended candidate."""
        return self.found.judgement.recommended.name

    @property
    def table(self) -> Any:
        """One row a candidate: a DataFrame indexed by name, or a list of dicts where pandas is not installed."""
        rows = [_candidate(self.found, outcome) for outcome in self.found.outcomes]
        flat = [{k: v for k, v in row.items() if k not in ("folds", "on_all_rows")} for row in rows]
        try:
            import pandas as pd
        except ImportError:
            return flat
        return pd.DataFrame(flat).set_index("name")

    def cost_curves(self, max_seconds: float = 20.0) -> CostCurves:
        """Measure where lifting to explicit features is cheaper than the kernel, on these columns and others.

        Over rows: times of fits on the user's prepared columns. Over columns and degrees: memory by formula, and
        measured where it is small.

        Parameters
        ----------
        max_seconds : float
            About the most time for all; fits that would take longer than a tenth of it are left out.

        Returns
        -------
        curves : CostCurves
            Printed, it says what it shows; ``curves.table`` has the points, ``curves.plot(figure)`` draws them.
        """
        return cost_curves(self.found, check_number("max_seconds", max_seconds, above=0))

    def to_dict(self) -> dict[str, Any]:
        """Return everything that was found, in plain numbers, strings, lists and dicts."""
        found = self.found
        return {
            "kernelkit": __version__,
            "versions": versions(),
            "data": _data(found),
            "settings": _settings(found),
            "seconds": found.seconds,
            "candidates": [_candidate(found, outcome) for outcome in found.outcomes],
            "pairs": [_pair(pair) for pair in found.common.pairs],
            **_judged(found),
            "verdict": {"headline": headline(found), "details": details(found)},
            "held_out": _held_out(found.held_out),
        }

    def to_json(self, path: str | Path | None = None) -> str:
        """Return `to_dict` as JSON; with a path, also write it there."""
        text = json.dumps(_finite(self.to_dict()), indent=2, allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def to_html(self, path: str | Path | None = None, *, loading: str | None = None) -> str:
        """Return the report as one HTML document that needs no network; with a path, also write it there.

        It ends with a script that rebuilds the recommended model. The script is run for the report: that is one more
        fit. Some ten seconds go to curves of costs, the first time.

        Parameters
        ----------
        path : str or Path, optional
            Where to write.
        loading : str, optional
            Lines of Python that load `X` and `y`, to begin the script with.
        """
        if self._curves is None:
            self._curves = self.cost_curves(CURVE_SECONDS)
        text = to_page(self.found, self._curves, loading)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def plot(self, ax: Any = None) -> Any:
        """Draw mean scores, with their standard deviation over the folds, against the time of a fit.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ax : matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return score_against_cost(self.found, new_axes(ax))

    def _repr_html_(self) -> str:
        return to_fragment(self.found)

    def __repr__(self) -> str:
        return to_text(self.found)


def _settings(found: Comparison) -> dict[str, Any]:
    classification = found.table.task == "classification"
    return {
        "cv": found.cv,
        "repeats": found.repeats,
        "inner_folds": INNER_FOLDS,
        "seed": found.seed,
        "budget_seconds": found.budget,
        "score": SCORE[found.table.task],
        "tested": "accuracy" if classification else "-log(1 - r2)",
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "lifted": pair.lifted.name,
        "kernel": pair.kernel.name,
        "largest_difference_in_sd": pair.disagreement,
        "fit_time_ratio": pair.fit_ratio,
        "predict_time_ratio": pair.predict_ratio,
    }


def _judged(found: Comparison) -> dict[str, Any]:
    judgement = found.judgement
    return {
        "judged_on_rows": found.compared_on if judgement is found.common else found.developed_on,
        "best": judgement.best.name,
        "recommended": judgement.recommended.name,
        "best_ahead_of": {name: _difference(d) for name, d in judgement.behind.items()},
        "nonlinear_over_linear": _difference(judgement.over_linear),
        "kernel_over_lifting": _difference(found.common.kernel_gain),
    }


def _held_out(held: HeldOut) -> dict[str, Any]:
    return {
        "rows": held.rows,
        "trained_on": held.trained_on,
        "recommended": held.recommended,
        "linear": held.linear,
        "gain": held.gain,
        "gain_standard_error": held.error,
        "linear_standard_error": held.linear_error,
        "refuted": None if held.refuted is None else {"name": held.refuted.name, **held.refuted_scores},
        "hyperparameters": held.chosen,
    }


def _data(found: Comparison) -> dict[str, Any]:
    table = found.table
    return {
        "name": table.name,
        "target": table.target,
        "task": table.task,
        "reason": table.reason,
        "rows": len(table),
        "held_out_rows": len(table) - found.developed_on,
        "developed_on_rows": found.developed_on,
        "compared_on_rows": found.compared_on,
        "numeric_columns": [str(name) for name in table.columns.numeric],
        "categorical_columns": [str(name) for name in table.columns.levels],
        "target_encoded_columns": [str(name) for name in table.columns.many_levels],
        "notices": table.notices,
    }


def _candidate(found: Comparison, outcome: Outcome) -> dict[str, Any]:
    everywhere = next((other for other in found.on_all_rows if other.name == outcome.name), None)
    row: dict[str, Any] = {
        "name": outcome.name,
        "label": outcome.label,
        "family": outcome.candidate.family,
        "status": outcome.reason or "ok",
    }
    row |= _measured(found, outcome) if outcome.ok else {}
    row["settings_tried"] = outcome.candidate.n_settings
    row["explicit_features"] = outcome.n_features
    row["peak_bytes"] = outcome.peak_bytes
    row["folds"] = _folds(outcome)
    row["on_all_rows"] = _measured(found, everywhere) if everywhere else None
    return row


def _measured(found: Comparison, outcome: Outcome) -> dict[str, Any]:
    names = outcome.results[0].scores
    row: dict[str, Any] = {name: float(np.mean(outcome.metric(name))) for name in names}
    row["sd"] = outcome.spread(found.table.task)
    row["fit_seconds"] = outcome.fit_seconds
    row["predict_seconds_per_row"] = outcome.predict_seconds
    row["tune_seconds"] = outcome.tune_seconds
    row["kernel_evaluations"] = outcome.evaluations
    row["kernel_evaluations_per_predicted_row"] = outcome.evaluations_per_row
    row["hyperparameters"] = outcome.candidate.values(outcome.setting)
    return row


def _folds(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            **result.scores,
            "fit_seconds": result.fit_seconds,
            "tune_seconds": result.tune_seconds,
            "hyperparameters": outcome.candidate.values(result.setting),
            "note": result.note,
        }
        for result in outcome.results
    ]


def _difference(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    return {**asdict(difference), "shown": difference.shown}


def _finite(value: Any) -> Any:
    """Return the value with what JSON has no number for as None."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
