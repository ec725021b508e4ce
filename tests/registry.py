"""One list each of the public kernels, feature maps and estimators: what stands here gets the whole contract."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import PolynomialFeatures

import kernelkit
from kernelkit.features import explicit
from kernelkit.kernels import (
    NNGP,
    NTK,
    ArcCosine,
    Columns,
    Constant,
    Cosine,
    EmpiricalNTK,
    FeatureKernel,
    Gaussian,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    RationalQuadratic,
    Rectifier,
    Sigmoid,
    as_kernel,
)
from tests import references as ref

WIDTHS = [0.5, 1.0, 2.0]


@dataclass(frozen=True)
class KernelCase:
    """A kernel, the formula it must equal, and what it promises.

    `width` is the number of columns it needs (None: any), `distance` marks functions of x - y, `kink` those among them
    without a derivative at x = y (half of float32's digits are hard to keep there).
    """

    name: str
    kernel: Any
    formula: Any
    width: int | None = None
    sparse: bool = True
    array_api: bool = True
    positive_definite: bool = True
    distance: bool = False
    kink: bool = False

    def __str__(self):
        return self.name


def _distance(name, kernel, formula, **promises):
    return KernelCase(name, kernel, formula, distance=True, **promises)


def _network(name, kernel, dual, **settings):
    return KernelCase(name, kernel, ref.network(dual, **settings), kink=True)


# Each with the formula that it must equal.
ACTIVATIONS = [
    ("relu", "relu", ref.rectifier_dual()),
    ("leaky-relu", Rectifier(0.2), ref.rectifier_dual(0.2)),
    ("abs", "abs", ref.rectifier_dual(-1.0)),
    ("identity", "identity", ref.rectifier_dual(1.0)),
    ("erf", "erf", ref.erf_dual),
    ("gelu", "gelu", ref.gelu_dual),
    ("sin", "sin", ref.sine_dual),
    ("cos", "cos", ref.cosine_dual),
]

_SECOND_DEGREE = FrozenEstimator(PolynomialFeatures(2).fit(np.zeros((1, 3))))

KERNELS = [
    KernelCase("linear", Linear(), ref.linear()),
    KernelCase("polynomial", Polynomial(), ref.polynomial()),
    KernelCase("polynomial-1", Polynomial(degree=1, gamma=0.3), ref.polynomial(1, 0.3)),
    KernelCase("polynomial-2", Polynomial(degree=2, gamma=0.5, coef0=0.0), ref.polynomial(2, 0.5, 0.0)),
    KernelCase("polynomial-5", Polynomial(degree=5, gamma=0.2, coef0=2.0), ref.polynomial(5, 0.2, 2.0)),
    KernelCase("sigmoid", Sigmoid(), ref.sigmoid(), positive_definite=False),
    KernelCase("sigmoid-0.1", Sigmoid(gamma=0.1, coef0=0.5), ref.sigmoid(0.1, 0.5), positive_definite=False),
    KernelCase("cosine", Cosine(), ref.cosine()),
    KernelCase("constant", Constant(value=2.5), ref.constant(2.5)),
    _distance("gaussian", Gaussian(), ref.gaussian()),
    _distance("gaussian-0.3", Gaussian(sigma=0.3), ref.gaussian(0.3)),
    _distance("gaussian-per-feature", Gaussian(sigma=np.array(WIDTHS)), ref.gaussian(WIDTHS), width=3),
    _distance("gaussian-list", Gaussian(sigma=WIDTHS), ref.gaussian(WIDTHS), width=3),
    _distance("laplacian", Laplacian(), ref.laplacian(), kink=True),
    _distance("laplacian-3", Laplacian(sigma=3.0), ref.laplacian(3.0), kink=True),
    _distance("matern-1/2", Matern(sigma=0.7, nu=0.5), ref.matern(0.7, 0.5), kink=True),
    _distance("matern-0.8", Matern(nu=0.8), ref.matern(1.0, 0.8), kink=True, array_api=False),
    _distance("matern-3/2", Matern(), ref.matern()),
    _distance("matern-5/2", Matern(sigma=2.0, nu=2.5), ref.matern(2.0, 2.5)),
    _distance("matern-3.2", Matern(sigma=1.5, nu=3.2), ref.matern(1.5, 3.2), array_api=False),
    _distance(
        "matern-per-feature", Matern(sigma=np.array(WIDTHS), nu=0.5), ref.matern(WIDTHS, 0.5), width=3, kink=True
    ),
    _distance("rational-quadratic", RationalQuadratic(), ref.rational_quadratic()),
    _distance("rational-quadratic-0.4", RationalQuadratic(2.0, 0.4), ref.rational_quadratic(2.0, 0.4)),
    KernelCase(
        "sum", Linear() + 0.5 * Gaussian(2.0), ref.add(ref.linear(), lambda x, y: 0.5 * ref.gaussian(2.0)(x, y))
    ),
    _distance("product", Gaussian(2.0) * Matern(nu=2.5), ref.multiply(ref.gaussian(2.0), ref.matern(1.0, 2.5))),
    KernelCase("power", (Linear() + 1) ** 2, ref.polynomial(2)),
    _distance("power-3", Laplacian(3.0) ** 3, ref.laplacian(1.0), kink=True),
    _distance(
        "columns", Columns(Gaussian(0.7), [0, 2]), ref.columns(ref.gaussian(0.7), [0, 2]), width=3, array_api=False
    ),
    KernelCase(
        "columns-sum",
        Columns(Laplacian(2.0), [1]) + Columns(Linear(), [0, 2]),
        ref.add(ref.columns(ref.laplacian(2.0), [1]), ref.columns(ref.linear(), [0, 2])),
        width=3,
        array_api=False,
    ),
    *(
        _network(f"ntk-{name}", NTK(activation=activation, bias_variance=0.1), dual, bias=0.1)
        for name, activation, dual in ACTIVATIONS
    ),
    *(
        _network(f"nngp-{name}", NNGP(2, activation, 1.5), dual, depth=2, weight=1.5, tangent=False)
        for name, activation, dual in ACTIVATIONS[::4]
    ),
    _network("ntk-depth-3", NTK(depth=3), ref.rectifier_dual(), depth=3),
    _network("ntk-fixed", NTK(2, bias_variance=0.5, fixed_layers=1), ref.rectifier_dual(), depth=2, bias=0.5, fixed=1),
    *(
        KernelCase(f"arc-cosine-{o}-{depth}", ArcCosine(o, depth), ref.arc_cosine(o, depth), kink=True)
        for o, depth in [(0, 1), (1, 2), (2, 1), (2, 2)]
    ),
    *(
        KernelCase(f"empirical-{part}", kernel, ref.finite_network(16, 3, part), sparse=False, array_api=False)
        for part in ("both", "hidden", "output")
        for kernel in [EmpiricalNTK(16, random_state=3, part=part)]
    ),
    KernelCase(
        "features",
        FeatureKernel(_SECOND_DEGREE),
        ref.features(ref.monomials(2)),
        width=3,
        sparse=False,
        array_api=False,
    ),
    KernelCase(
        "sklearn",
        as_kernel(ConstantKernel(2.0) * RBF(0.7)),
        ref.multiply(ref.constant(2.0), ref.gaussian(0.7)),
        sparse=False,
        array_api=False,
    ),
    KernelCase(
        "function",
        as_kernel(rbf_kernel),
        lambda x, y: ref.gaussian((len(x) / 2) ** 0.5)(x, y),
        sparse=False,
        array_api=False,
        positive_definite=False,
    ),
]

# Kernels whose parameters are read off the training rows, with what they become there.
UNRESOLVED = {
    "gaussian-scale": Gaussian("scale"),
    "gaussian-median": Gaussian("median"),
    "laplacian-scale": Laplacian("scale"),
    "laplacian-median": Laplacian("median"),
    "matern-scale": Matern("scale"),
    "rational-quadratic-median": RationalQuadratic("median"),
    "polynomial-scale": Polynomial(gamma="scale"),
    "sigmoid-scale": Sigmoid(gamma="scale"),
    "sum": Linear() + Gaussian("scale"),
    "product": 2.0 * Laplacian("median"),
    "power": Gaussian("scale") ** 2,
    "columns": Columns(Gaussian("scale"), [0, 2]),
    "features": FeatureKernel(PolynomialFeatures(2)),
    "empirical": EmpiricalNTK(8),
}


def combined(case):
    """The kernels k, 2 k, k + k and k * k of a case, as cases."""
    k, f = case.kernel, case.formula
    return [
        case,
        replace(case, name=f"2*({case})", kernel=2 * k, formula=lambda x, y: 2 * f(x, y)),
        replace(case, name=f"({case})+({case})", kernel=k + k, formula=ref.add(f, f)),
        replace(case, name=f"({case})*({case})", kernel=k * k, formula=ref.multiply(f, f)),
    ]


# Each map with the kernel it must reproduce exactly.
FEATURE_MAPS = [
    (explicit(Linear()), Linear()),
    (explicit(Polynomial(degree=2)), Polynomial(degree=2)),
    (explicit(Polynomial(degree=3, gamma=0.5, coef0=2.0)), Polynomial(degree=3, gamma=0.5, coef0=2.0)),
    (explicit(Polynomial(degree=2, coef0=0.0)), Polynomial(degree=2, coef0=0.0)),
    (explicit(EmpiricalNTK(6, random_state=0)), EmpiricalNTK(6, random_state=0)),
    (explicit((Linear() + 1) ** 2 * Cosine() + Linear()), (Linear() + 1) ** 2 * Cosine() + Linear()),
]

# Maps that stand for a kernel, or lift coordinates.
OTHER_MAPS = [
    kernelkit.RandomFourier(n_components=10, random_state=0),
    kernelkit.Nystroem(n_components=5, random_state=0),
    kernelkit.RandomNeural(n_components=10, random_state=0),
    kernelkit.FourierFeatures(n_frequencies=4, random_state=0),
]

# scikit-learn's check that weights are repetitions needs the support vector machines to solve to the last digits, and a
# nu that its most uneven weights allow.
ESTIMATORS = [
    kernelkit.KernelGradientFlow(),
    kernelkit.KernelNuSVC(nu=0.3, tol=1e-8),
    kernelkit.KernelNuSVR(tol=1e-12),
    kernelkit.KernelOneClassSVM(nu=0.3, tol=1e-10),
    kernelkit.KernelPCA(n_components=2),
    kernelkit.KernelRidge(),
    kernelkit.KernelRidgeClassifier(),
    kernelkit.KernelRidgeCV(),
    kernelkit.KernelRidgeClassifierCV(),
    kernelkit.KernelSVC(tol=1e-12),
    kernelkit.KernelSVC(tol=1e-12, solver="smo"),
    kernelkit.KernelSVCCV(tol=1e-12, cv=3),
    kernelkit.KernelSVR(tol=1e-12),
    kernelkit.KernelSVR(tol=1e-12, solver="smo"),
    kernelkit.KernelSVRCV(tol=1e-12, cv=3),
]
