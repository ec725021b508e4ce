"""Kernel methods in the style of scikit-learn: one kernel object works in every estimator."""

from ._version import __version__
from .comparison import compare
from .estimators import (
    KernelNuSVC,
    KernelNuSVR,
    KernelOneClassSVM,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeClassifierCV,
    KernelRidgeCV,
    KernelSVC,
    KernelSVR,
)
from .features import ExplicitMap, explicit
from .kernels import (
    Columns,
    Constant,
    Cosine,
    FeatureKernel,
    Gaussian,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    Power,
    Product,
    RationalQuadratic,
    Sigmoid,
    Sum,
    as_kernel,
)

__all__ = [
    "Columns",
    "Constant",
    "Cosine",
    "ExplicitMap",
    "FeatureKernel",
    "Gaussian",
    "KernelNuSVC",
    "KernelNuSVR",
    "KernelOneClassSVM",
    "KernelRidge",
    "KernelRidgeCV",
    "KernelRidgeClassifier",
    "KernelRidgeClassifierCV",
    "KernelSVC",
    "KernelSVR",
    "Laplacian",
    "Linear",
    "Matern",
    "Polynomial",
    "Power",
    "Product",
    "RationalQuadratic",
    "Sigmoid",
    "Sum",
    "__version__",
    "as_kernel",
    "compare",
    "explicit",
]
