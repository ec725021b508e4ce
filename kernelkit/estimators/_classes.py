"""Classification by regression on codes of +1 and -1."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from .._arrays import as_array, as_dense, cast, is_foreign, namespace, take_rows, to_numpy
from .._validation import check_row_weights, following
from ..kernels import by_blocks


class Codes(ClassifierMixin):
    """Labels as +-1 codes and back: one column for two classes, one for each of more classes or labels."""

    class_weight: Any

    def _encode(self, y: Any, X: Any, sample_weight: Any) -> tuple[np.ndarray, Any, Any]:
        """Return labels as one vector (or indicators), codes (n, t), and weights with those of the classes.

        Labels are NumPy's, whatever the library of `X`, since they may be words; codes and weights are where `X` is.
        """
        y = check_labels(self, y, X)
        y = y if y.ndim == 2 and y.shape[1] > 1 else column_or_1d(y, warn=True)
        binarizer = LabelBinarizer(pos_label=1, neg_label=-1)
        codes = binarizer.fit_transform(y).astype(np.float64)
        if len(binarizer.classes_) < 2:
            raise ValueError(f"y must have at least 2 classes, got 1 class: {binarizer.classes_.tolist()[0]!r}")
        w = check_row_weights(sample_weight, X)
        if self.class_weight is not None:
            by_class = following(compute_sample_weight(balanced(self.class_weight, y, to_numpy(w)), y), X)
            w = check_row_weights(by_class if w is None else w * by_class, X)
        self._binarizer, self.classes_ = binarizer, binarizer.classes_
        return y, following(codes, X), w

    def _decode(self, decision: Any) -> Any:
        """Return the labels that decision values stand for: numbers where these are, words as a NumPy array."""
        xp = namespace(decision)
        if self._binarizer.y_type_.startswith("multilabel"):
            labels = self._binarizer.inverse_transform(to_numpy(xp.where(decision > 0, 1.0, -1.0)))
            return as_array(labels, decision) if is_foreign(decision) else labels
        chosen = cast(decision > 0, xp.int64) if decision.ndim == 1 else xp.argmax(decision, axis=1)
        if is_foreign(decision) and self.classes_.dtype.kind in "biuf":
            return take_rows(as_array(self.classes_, decision), chosen)
        return self.classes_[to_numpy(chosen)]

    @by_blocks
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the fitted codes.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".

        Returns
        -------
        decision : array of shape (m,) or (m, t)
            One column for two classes, positive for ``classes_[1]``; one for each class or label otherwise.
        """
        return self._values(X)  # type: ignore[attr-defined]

    @by_blocks
    def predict(self, X: Any) -> np.ndarray:
        """Predict labels, shape (m,), or (m, t) indicators for multilabel targets.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        return self._decode(self.decision_function(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def check_labels(estimator: Any, y: Any, X: Any) -> np.ndarray:
    """Return labels as an array with an entry, or row of indicators, for each row of `X`, or raise ValueError."""
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    y = check_array(as_dense(to_numpy(y)), ensure_2d=False, dtype=None, input_name="y")
    check_consistent_length(X, y)
    check_classification_targets(y)
    return y


def check_class_weight(class_weight: Any) -> None:
    """Raise ValueError unless it is None, "balanced", a dictionary of weights, or a list of these for more labels."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return
    tables = class_weight if isinstance(class_weight, list) else [class_weight]
    if not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"class_weight must be None, 'balanced' or a dictionary, got {class_weight!r}")
    for name, weight in (item for table in tables for item in table.items()):
        if weight < 0:
            raise ValueError(f"class_weight must be >= 0, got {weight!r} for the class {name!r}")


def balanced(class_weight: Any, y: np.ndarray, w: np.ndarray | None) -> Any:
    """Return class weights, checked; "balanced" counts the classes by weight, as if rows were repeated."""
    check_class_weight(class_weight)
    if class_weight != "balanced" or w is None or y.ndim > 1:
        return class_weight
    classes, codes = np.unique(y, return_inverse=True)
    counts = np.bincount(codes, weights=w)
    present = counts > 0
    shares = w.sum() / (present.sum() * counts[present])
    return dict(zip(classes[present], shares, strict=True)) | dict.fromkeys(classes[~present], 0.0)
