"""What a search by folds found, in the shape of GridSearchCV's ``cv_results_``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._candidates import ranks


@dataclass
class FoldResults:
    """Scores and times of all candidates in all splits; a place each, so that threads can fill them.

    Attributes
    ----------
    scores, fit_times, score_times : array of shape (settings, kernels, splits)
        NaN, and zero seconds, where nothing could be fitted or scored.
    errors : list of str
        What went wrong, once for each time.
    """

    scores: np.ndarray
    fit_times: np.ndarray
    score_times: np.ndarray
    errors: list[str] = field(default_factory=list)

    @classmethod
    def empty(cls, *shape: int) -> FoldResults:
        """Return a table of so many settings, kernels and splits in which nothing has been tried."""
        return cls(np.full(shape, np.nan), np.zeros(shape), np.zeros(shape))

    def failures(self) -> str:
        """Return what went wrong and how often, the most frequent first."""
        # Sorted first: in which order threads met them is chance.
        return "\n".join(f"{n} times: {error}" for error, n in Counter(sorted(self.errors)).most_common())

    def table(self, params: list[dict[str, Any]], shown: list[dict[str, Any]]) -> dict[str, Any]:
        """Return ``cv_results_``.

        Parameters
        ----------
        params : list of dict
            What each candidate is made of.
        shown : list of dict
            The same, as columns "param_...".
        """
        names = dict.fromkeys(name for row in shown for name in row)
        scores = self.scores.reshape(len(params), -1)
        return {
            **_mean_and_std("fit_time", self.fit_times),
            **_mean_and_std("score_time", self.score_times),
            **{f"param_{name}": _column([row.get(name, np.ma.masked) for row in shown]) for name in names},
            "params": params,
            **{f"split{i}_test_score": column.copy() for i, column in enumerate(scores.T)},
            **_mean_and_std("test_score", scores),
            "rank_test_score": ranks(scores.mean(axis=1)),
        }


def _mean_and_std(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    values = values.reshape(-1, values.shape[-1])
    return {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}


def _column(values: list[Any]) -> np.ma.MaskedArray:
    """Return values, some of them masked, as an array of numbers where all others are, of objects otherwise."""
    mask = np.array([value is np.ma.masked for value in values])
    numbers = all(
        isinstance(value, (int, float, np.number)) for value, out in zip(values, mask, strict=True) if not out
    )
    known = np.array([value for value in values if value is not np.ma.masked]) if numbers else None
    column = np.ma.MaskedArray(np.empty(len(values), dtype=object if known is None else known.dtype), mask=mask)
    for i in np.flatnonzero(~mask):
        column[i] = values[i]
    return column
