"""Scores of predictions that no fitted model was asked for: leave-one-out and fold predictions in closed form."""

from __future__ import annotations

import numbers
import warnings
from inspect import signature
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


class RoutedScorer:
    """The scorer of a search, with what `fit` was given for it and for the splitter.

    Parameters
    ----------
    estimator : estimator with ``scoring``
        The search.
    y : array
        What the scorer compares with: targets as they came, or labels.
    w : array of shape (n,), optional
        Weights: for a scorer that takes them; with metadata routing, for one that asks for them.
    params : dict
        Further arguments of ``fit``, for scorer and splitter.

    Raises
    ------
    ValueError
        If there is more than one scorer.
    """

    def __init__(self, estimator: Any, y: np.ndarray, w: np.ndarray | None, params: dict[str, Any]):
        _raise_for_params(params, estimator, "fit")
        if isinstance(estimator.scoring, (list, tuple, set, dict)):
            raise ValueError(f"scoring must be one scorer, by which to choose, got {estimator.scoring!r}")
        self.y = y
        self.scorer = None if estimator.scoring is None else check_scoring(estimator, scoring=estimator.scoring)
        weights = {} if w is None else {"sample_weight": w}
        self.score_params: dict[str, Any] = weights
        self.split_params: dict[str, Any] = {}
        if _routing_enabled():
            routed = process_routing(estimator, "fit", **params, **weights)
            self.split_params = routed.splitter.split
            if self.scorer is not None:
                self.score_params = routed.scorer.score
        elif weights and not _takes_weights(self.scorer):
            self.score_params = {}
            without = "takes no sample_weight: the weights count in the fits only"
            warnings.warn(f"scoring={estimator.scoring!r} {without}", UserWarning, stacklevel=2)

    def _params_at(self, rows: np.ndarray) -> dict[str, Any]:
        return {name: _at(value, rows, len(self.y)) for name, value in self.score_params.items()}


class Scoring(RoutedScorer):
    """Turns residuals into scores, higher being better: minus the weighted mean of their squares without a scorer."""

    def __init__(self, estimator: Any, y: np.ndarray, w: np.ndarray | None, params: dict[str, Any]):
        super().__init__(estimator, y, w, params)
        self.w = w
        self._stand_in = _Decided(estimator) if isinstance(estimator, Codes) else _Predicted()

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
        params = self._params_at(rows)
        y = self.y[rows]
        single = Y.shape[1] == 1 and np.ndim(y) == 1
        predictions = ((Y - e)[:, 0] if single else Y - e for e in residuals)
        return np.array([[self.scorer(self._stand_in, values, y, **params)] for values in predictions])


class ModelScoring(RoutedScorer):
    """Scores fitted models, higher being better: by their own ``score`` without a scorer."""

    def __call__(self, model: Any, X: Any, rows: np.ndarray) -> float:
        """Return the score of a model at rows `X`, whose positions among all are `rows`."""
        y, params = self.y[rows], self._params_at(rows)
        try:
            score = model.score(X, y, **params) if self.scorer is None else self.scorer(model, X, y, **params)
        except AttributeError as error:
            if "predict_" not in str(error):
                raise
            calibrated = "for a search by probabilities put CalibratedClassifierCV round the machine in GridSearchCV"
            raise AttributeError(f"a support vector machine has no probabilities; {calibrated} ({error})") from error
        if not isinstance(score, numbers.Number):
            raise TypeError(f"scoring must return a number, got {score!r}")
        return float(score)  # type: ignore[arg-type]


def _takes_weights(scorer: Any) -> bool:
    """Tell whether a scorer takes ``sample_weight``, or there is none to ask; scikit-learn's take what they pass on."""
    return scorer is None or "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters


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
