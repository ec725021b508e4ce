"""Estimators with a ``kernel`` parameter, in the style of scikit-learn."""

from ._ridge import KernelRidge
from ._ridge_classifier import KernelRidgeClassifier
from ._ridge_cv import KernelRidgeClassifierCV, KernelRidgeCV

__all__ = ["KernelRidge", "KernelRidgeCV", "KernelRidgeClassifier", "KernelRidgeClassifierCV"]
