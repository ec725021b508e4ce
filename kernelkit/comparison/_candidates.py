"""The models that are compared, as data: a new candidate is a new row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import comb
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.preprocessing import StandardScaler

from ..estimators import KernelSVC, KernelSVR
from ..features import Nystroem, RandomFourier
from ..kernels import NTK, Gaussian, Kernel, Laplacian, Matern, Polynomial
from ._errors import InputError, unknown

# Every candidate has 3 x 6 settings, from the smoothest to the most flexible: the first of equals is kept.
WIDTHS = (3.0, 1.0, 0.5)
GAMMAS = (0.1, 0.3, 1.0)
DEPTHS = (1, 2, 3)
ALPHAS = (10.0, 1.0, 0.1, 1e-2, 1e-3, 1e-4)
SETTINGS = len(WIDTHS) * len(ALPHAS)

MOST_FEATURES = 10_000
APPROXIMATE_FEATURES = 300
# Leaf size and column share are chosen with few trees: what matters there shows before the averages are smooth.
TREES, TUNING_TREES = 100, 25
# Without them one fit with a large C on noisy data can take longer than everything else together.
SVM_STEPS, TUNING_STEPS = 200_000, 20_000


@dataclass(frozen=True)
class Axis:
    """One hyperparameter and the values it is given; relative ones are multiples of what the rule "scale" finds."""

    name: str
    values: tuple[float, ...]
    relative: bool = False
    short: str = ""

    def label(self, i: int) -> str:
        """Return how a report names the i-th value."""
        return f"{self.short or self.name} {self.values[i]:g}{'× scale' if self.relative else ''}"


@dataclass(frozen=True)
class Candidate:
    """A model with its grid.

    Attributes
    ----------
    name, label : str
        What ``--candidates`` takes, and what reports say.
    family : {"lifted", "kernel", "approximate", "yardstick"}
        A primal ridge on explicit features, a kernel ridge, a primal ridge on features that approximate a kernel, or
        another model.
    rank : int
        Simplicity: the lower of two models with no difference shown is recommended.
    kernel : Kernel or None
        Its width or gamma, if it has one, follows the rule "scale"; None for models without a kernel.
    axes : pair of Axis
        The settings.
    numeric_only : bool
        Whether categories enter linearly, outside the kernel.
    interactions : bool
        Whether the lifting leaves out powers of a single column.
    twin : str or None
        The lifted candidate that this kernel equals.
    approximate : callable or None
        For the family of that name: kernel, number of rows, seed -> unfitted map.
    make : callable or None
        For a yardstick: task, first and second value, seed -> estimator.
    while_tuning : dict
        Parameters that make a yardstick cheaper while its setting is chosen, wherever in it they are.
    own_threads : bool
        Whether a yardstick is not to be fitted on several threads at once: scikit-learn's forests start threads
        themselves, and these interfere with each other's filters of warnings.
    """

    name: str
    label: str
    family: str
    rank: int
    kernel: Kernel | None
    axes: tuple[Axis, Axis]
    numeric_only: bool = False
    interactions: bool = False
    twin: str | None = None
    approximate: Callable[[Kernel, int, int], Any] | None = None
    make: Callable[[str, float, float, int], BaseEstimator] | None = None
    while_tuning: dict[str, Any] = field(default_factory=dict)
    own_threads: bool = False

    def values(self, setting: tuple[int, int]) -> dict[str, float]:
        """Return the hyperparameters of a setting; relative ones as multiples, under names that say so."""
        return {
            f"{axis.name}_over_scale" if axis.relative else axis.name: axis.values[k]
            for axis, k in zip(self.axes, setting, strict=True)
        }

    def n_features(self, n_numeric: int, n_other: int) -> int | None:
        """Return how many explicit features the model needs; None where it needs none."""
        if self.approximate is not None:
            return APPROXIMATE_FEATURES
        if self.family != "lifted" or not isinstance(self.kernel, Polynomial):
            return None
        if self.interactions:
            return n_numeric + comb(n_numeric, 2) + n_other
        degree = self.kernel.degree
        return (comb(n_numeric + degree, degree) if self.kernel.coef0 else n_numeric) + n_other

    def obstacle(self, n_numeric: int, n_other: int) -> str | None:
        """Return why the model cannot be fitted on this table, or None."""
        if self.numeric_only and self.rank > 0 and n_numeric < 1 + self.interactions:
            return "no numeric columns" if n_numeric == 0 else "only one numeric column"
        features = self.n_features(n_numeric, n_other)
        if features is not None and features > MOST_FEATURES:
            return f"{features:,} features"
        return None


def _fourier(kernel: Kernel, n: int, seed: int) -> RandomFourier:
    return RandomFourier(kernel, n_components=APPROXIMATE_FEATURES, random_state=seed)


def _nystroem(kernel: Kernel, n: int, seed: int) -> Nystroem:
    return Nystroem(kernel, n_components=min(APPROXIMATE_FEATURES, n), random_state=seed)


def _svm(task: str, width: float, C: float, seed: int) -> BaseEstimator:
    if task == "classification":
        return KernelSVC(Gaussian(width), C=C, max_iter=SVM_STEPS)
    machine = KernelSVR(Gaussian(width), C=C, max_iter=SVM_STEPS)
    return TransformedTargetRegressor(machine, transformer=StandardScaler())


def _forest(task: str, max_features: float, min_samples_leaf: float, seed: int) -> BaseEstimator:
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    return kind(TREES, max_features=max_features, min_samples_leaf=int(min_samples_leaf), random_state=seed)


_ALPHA = Axis("alpha", ALPHAS)
_SIGMA = Axis("sigma", WIDTHS, relative=True)
_GAMMA = Axis("gamma", GAMMAS, relative=True)
_RIDGE = (_GAMMA, _ALPHA)
_RBF = (_SIGMA, Axis("C", tuple(1 / alpha for alpha in ALPHAS)))
_LEAVES = (
    Axis("max_features", (0.33, 0.66, 1.0), short="columns"),
    Axis("min_samples_leaf", (32, 16, 8, 4, 2, 1), short="leaf"),
)
_LINE, _SQUARE, _CUBE = (Polynomial(degree, gamma="scale", coef0=float(degree > 1)) for degree in (1, 2, 3))
_BELL = Gaussian(sigma="scale")

CANDIDATES = (
    Candidate("linear", "Linear", "lifted", 0, _LINE, _RIDGE, numeric_only=True),
    Candidate("interactions", "Interactions", "lifted", 1, _SQUARE, _RIDGE, numeric_only=True, interactions=True),
    Candidate("poly2-lifted", "Polynomial 2, lifted", "lifted", 2, _SQUARE, _RIDGE, numeric_only=True),
    Candidate("poly2-kernel", "Polynomial 2, kernel", "kernel", 2, _SQUARE, _RIDGE, True, twin="poly2-lifted"),
    Candidate("poly3-lifted", "Polynomial 3, lifted", "lifted", 3, _CUBE, _RIDGE, numeric_only=True),
    Candidate("poly3-kernel", "Polynomial 3, kernel", "kernel", 3, _CUBE, _RIDGE, True, twin="poly3-lifted"),
    Candidate("gaussian", "Gaussian kernel", "kernel", 4, _BELL, (_SIGMA, _ALPHA)),
    Candidate("matern", "Matern 3/2 kernel", "kernel", 4, Matern(sigma="scale", nu=1.5), (_SIGMA, _ALPHA)),
    Candidate("laplacian", "Laplacian kernel", "kernel", 4, Laplacian(sigma="scale"), (_SIGMA, _ALPHA)),
    Candidate("ntk", "Neural tangent kernel", "kernel", 4, NTK(bias_variance=0.1), (Axis("depth", DEPTHS), _ALPHA)),
    Candidate("fourier", "Gaussian, random Fourier", "approximate", 4, _BELL, (_SIGMA, _ALPHA), approximate=_fourier),
    Candidate("nystroem", "Gaussian, Nystroem", "approximate", 4, _BELL, (_SIGMA, _ALPHA), approximate=_nystroem),
    Candidate(
        "svm",
        "SVM, Gaussian",
        "yardstick",
        5,
        _BELL,
        _RBF,
        make=_svm,
        while_tuning={"max_iter": TUNING_STEPS},
    ),
    Candidate(
        "forest",
        "Random forest",
        "yardstick",
        5,
        None,
        _LEAVES,
        make=_forest,
        while_tuning={"n_estimators": TUNING_TREES},
        own_threads=True,
    ),
)


def choose(names: str | Iterable[str] | None, notices: list[str]) -> list[Candidate]:
    """Return the candidates of these names, the linear baseline always among them; all for None."""
    if names is None:
        return list(CANDIDATES)
    wanted = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    wanted = [name for name in wanted if name]
    known = [candidate.name for candidate in CANDIDATES]
    for name in wanted:
        if name not in known:
            raise unknown("candidate", name, known)
    if not wanted:
        raise InputError(f"no candidate was named; there are: {', '.join(known)}")
    if "linear" not in wanted:
        notices.append("the linear model was added: it is what the others are compared with")
        wanted.append("linear")
    return [candidate for candidate in CANDIDATES if candidate.name in wanted]
