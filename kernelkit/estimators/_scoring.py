"""Scores of predictions that no fitted model was asked for: leave-one-out and fold predictions in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from .._arrays import take_rows
from ._classes import Codes


class _Predicted(RegressorMixin, BaseEstimator):
    """A fitted regressor whose input is what it predicts."""

    def predict(self, values: np.ndarray) -> np.ndarray:
        return values

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _Decided(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose input are the decision values of `codes`."""

    def __init__(self, codes: Codes):
        self.codes = codes

    @property
    def classes_(self) -> np.ndarray:
        return self.codes.classes_

    def decision_function(self, values: np.ndarray) -> np.ndarray:
        return values

    def predict(self, values: np.ndarray) -> np.ndarray:
        return self.codes._decode(values)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Scoring:
    """Turns residuals into scores, higher being better.

    Parameters
    ----------
    estimator : KernelRidgeCV or KernelRidgeClassifierCV
        Whose ``scoring`` it is; None means minus the weighted mean of squared errors.
    y : array
        What the scorer compares with: targets as they came, or labels.
    w : array of shape (n,), optional
        Weights, for the squared errors and for the scorer.
    params : dict
        Further arguments of ``fit``, for scorer and splitter.
    """

    def __init__(self, estimator: Any, y: np.ndarray, w: np.ndarray | None, params: dict[str, Any]):
        _raise_for_params(params, estimator, "fit")
        self.y, self.w = y, w
        self.scorer = None
        self.score_params: dict[str, Any] = {} if w is None else {"sample_weight": w}
        self.split_params: dict[str, Any] = {}
        self._stand_in = _Decided(estimator) if isinstance(estimator, Codes) else _Predicted()
        if estimator.scoring is not None:
            self.scorer = check_scoring(estimator, scoring=estimator.scoring)
        if _routing_enabled():
            routed = process_routing(estimator, "fit", **params, **self.score_params)
            self.score_params, self.split_params = routed.scorer.score, routed.splitter.split

    def __call__(self, residuals: np.ndarray, Y: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return scores (a, t), one for each target, or (a, 1) of a scorer.

        Parameters
        ----------
        residuals : array of shape (a, r, t)
            Y minus predictions, for each of a ridges.
        Y : array of shape (r, t)
            Targets as columns.
        rows : array of shape (r,)
            Positions of these rows among all.
        """
        if self.scorer is None:
            return -np.average(residuals**2, axis=1, weights=None if self.w is None else self.w[rows])
        params = {name: _at(value, rows, len(self.y)) for name, value in self.score_params.items()}
        y = self.y[rows]
        single = Y.shape[1] == 1 and np.ndim(y) == 1
        predictions = ((Y - e)[:, 0] if single else Y - e for e in residuals)
        return np.array([[self.scorer(self._stand_in, values, y, **params)] for values in predictions])


def _at(value: Any, rows: np.ndarray, n: int) -> Any:
    return take_rows(np.asarray(value), rows) if np.ndim(value) and len(value) == n else value


def search_routing(estimator: Any) -> MetadataRouter:
    """Return the router of a search: ``fit`` hands metadata to the scorer and to the splitter."""
    # Without a scoring there is no scorer to ask: the stand-in that scikit-learn offers would ask the estimator again.
    scorer = None if estimator.scoring is None else check_scoring(estimator, scoring=estimator.scoring)
    mapping = MethodMapping().add(caller="fit", callee="score")
    splitting = MethodMapping().add(caller="fit", callee="split")
    router = MetadataRouter(owner=estimator).add_self_request(estimator)
    splitter = estimator.cv if hasattr(estimator.cv, "split") else None
    return router.add(scorer=scorer, method_mapping=mapping).add(splitter=splitter, method_mapping=splitting)
