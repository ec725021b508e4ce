"""Estimators with a ``kernel`` parameter, in the style of scikit-learn."""

from ._flow import KernelGradientFlow
from ._pca import KernelPCA
from ._ridge import KernelRidge
from ._ridge_classifier import KernelRidgeClassifier
from ._ridge_cv import KernelRidgeClassifierCV, KernelRidgeCV
from ._svm_classifiers import KernelNuSVC, KernelSVC
from ._svm_cv import KernelSVCCV, KernelSVRCV
from ._svm_one_class import KernelOneClassSVM
from ._svm_regressors import KernelNuSVR, KernelSVR

__all__ = [
    "KernelGradientFlow",
    "KernelNuSVC",
    "KernelNuSVR",
    "KernelOneClassSVM",
    "KernelPCA",
    "KernelRidge",
    "KernelRidgeCV",
    "KernelRidgeClassifier",
    "KernelRidgeClassifierCV",
    "KernelSVC",
    "KernelSVCCV",
    "KernelSVR",
    "KernelSVRCV",
]
