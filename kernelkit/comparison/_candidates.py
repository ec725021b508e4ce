"""The models that are compared, as data: a new candidate is a new row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from ..kernels import NTK, Gaussian, Kernel, Laplacian, Matern, Polynomial, Sigmoid
from ._errors import InputError, unknown
from ._lifts import FOURIER, INTERACTIONS, NYSTROEM, SPLINES, Lift, monomials

# Every candidate has 4 x 6 settings, from the smoothest to the most flexible: the first of equals is kept.
WIDTHS = (3.0, 1.0, 0.5, 0.25)
GAMMAS = (0.1, 0.3, 1.0, 3.0)
DEPTHS = (1, 2, 3, 4)
KNOTS = (3, 5, 9, 17)
ALPHAS = (10.0, 1.0, 0.1, 1e-2, 1e-3, 1e-4)
SETTINGS = len(WIDTHS) * len(ALPHAS)

MOST_FEATURES = 10_000
# Leaf size and column share are chosen with few trees: what matters there shows before the averages are smooth.
TREES, TUNING_TREES = 100, 25


@dataclass(frozen=True)
class Axis:
    """One hyperparameter and the values it is given; relative ones are multiples of what the rule "scale" finds."""

    name: str
    values: tuple[float, ...]
    relative: bool = False
    short: str = ""
    path: str = ""

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
    family : {"lifted", "kernel", "machine", "approximate", "yardstick"}
        A primal ridge on explicit features, a kernel ridge, a support vector machine, a primal ridge on features that
        approximate a kernel, or another model.
    rank : int
        Simplicity: the lower of two models with no difference shown is recommended.
    kernel : Kernel, tuple of Kernel, or None
        Its width or gamma, if it has one, follows the rule "scale". A tuple has one for each value of the first axis.
        None for models without a kernel.
    axes : pair of Axis
        The settings.
    numeric_only : bool
        Whether categories enter linearly, outside the kernel.
    lift : Lift or None
        The features of families "lifted" and "approximate".
    twin : str or None
        The lifted candidate that this kernel equals.
    make : callable or None
        For a yardstick: task, first and second value, seed -> estimator.
    while_tuning : dict
        Parameters that make a yardstick cheaper while its setting is chosen.
    """

    name: str
    label: str
    family: str
    rank: int
    kernel: Kernel | tuple[Kernel, ...] | None
    axes: tuple[Axis, Axis]
    numeric_only: bool = False
    lift: Lift | None = None
    twin: str | None = None
    make: Callable[[str, float, float, int], BaseEstimator] | None = None
    while_tuning: dict[str, Any] = field(default_factory=dict)

    @property
    def n_settings(self) -> int:
        """How many settings there are."""
        return len(self.axes[0].values) * len(self.axes[1].values)

    def values(self, setting: tuple[int, int]) -> dict[str, Any]:
        """Return the hyperparameters of a setting; relative ones as multiples, under names that say so."""
        found: dict[str, Any] = {
            f"{axis.name}_over_scale" if axis.relative else axis.name: axis.values[k]
            for axis, k in zip(self.axes, setting, strict=True)
        }
        return found | {"kernel": repr(self.kernel[setting[0]])} if isinstance(self.kernel, tuple) else found

    def describe(self, setting: tuple[int, int]) -> str:
        """Return a setting in words."""
        return ", ".join(axis.label(k) for axis, k in zip(self.axes, setting, strict=True) if len(axis.values) > 1)

    def n_features(self, n_numeric: int, n_other: int, i: int = -1) -> int | None:
        """Return how many explicit features the i-th value of the first axis needs; None where there are none."""
        if self.lift is None:
            return None
        value = self.axes[0].values[i]
        if self.numeric_only:
            return self.lift.size(n_numeric, value) + n_other
        return self.lift.size(n_numeric + n_other, value)

    def obstacle(self, n_numeric: int, n_other: int) -> str | None:
        """Return why the model cannot be fitted on this table, or None."""
        needed = 2 if self.lift is INTERACTIONS else 1
        if self.numeric_only and self.rank > 0 and n_numeric < needed:
            return "no numeric columns" if n_numeric == 0 else "only one numeric column"
        features = self.n_features(n_numeric, n_other)
        if features is not None and features > MOST_FEATURES:
            return f"{features:,} features"
        return None


def _forest(task: str, max_features: float, min_samples_leaf: float, seed: int) -> BaseEstimator:
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    return kind(TREES, max_features=max_features, min_samples_leaf=int(min_samples_leaf), random_state=seed)


_ALPHA = Axis("alpha", ALPHAS)
_C = Axis("C", tuple(1 / alpha for alpha in ALPHAS))
_SIGMA = Axis("sigma", WIDTHS, relative=True)
_SECOND_SIGMA = Axis("sigma", WIDTHS, relative=True, path="k2__sigma")
_GAMMA = Axis("gamma", GAMMAS, relative=True)
_LEAVES = (
    Axis("max_features", (0.2, 0.33, 0.66, 1.0), short="columns"),
    Axis("min_samples_leaf", (32, 16, 8, 4, 2, 1), short="leaf"),
)
_LINE, _SQUARE, _CUBE = (Polynomial(degree, gamma="scale", coef0=float(degree > 1)) for degree in (1, 2, 3))
_BELL = Gaussian(sigma="scale")


def _polynomial(name: str, label: str, rank: int, kernel: Kernel, lift: Lift) -> Candidate:
    return Candidate(name, label, "lifted", rank, kernel, (_GAMMA, _ALPHA), numeric_only=True, lift=lift)


def _by_kernel(name: str, label: str, rank: int, kernel: Kernel, twin: str) -> Candidate:
    return Candidate(name, label, "kernel", rank, kernel, (_GAMMA, _ALPHA), numeric_only=True, twin=twin)


def _ridge(name: str, label: str, kernel: Kernel, axis: Axis = _SIGMA, lift: Lift | None = None) -> Candidate:
    return Candidate(name, label, "approximate" if lift else "kernel", 4, kernel, (axis, _ALPHA), lift=lift)


CANDIDATES = (
    _polynomial("linear", "Linear", 0, _LINE, monomials(1)),
    _polynomial("interactions", "Interactions", 1, _SQUARE, INTERACTIONS),
    Candidate("splines", "Splines", "lifted", 1, None, (Axis("knots", KNOTS), _ALPHA), True, SPLINES),
    _polynomial("poly2-lifted", "Polynomial 2, lifted", 2, _SQUARE, monomials(2)),
    _by_kernel("poly2-kernel", "Polynomial 2, kernel", 2, _SQUARE, "poly2-lifted"),
    _polynomial("poly3-lifted", "Polynomial 3, lifted", 3, _CUBE, monomials(3)),
    _by_kernel("poly3-kernel", "Polynomial 3, kernel", 3, _CUBE, "poly3-lifted"),
    _ridge("gaussian", "Gaussian kernel", _BELL),
    _ridge("matern", "Matern 3/2 kernel", Matern(sigma="scale", nu=1.5)),
    _ridge("laplacian", "Laplacian kernel", Laplacian(sigma="scale")),
    _ridge("linear+gaussian", "Linear + Gaussian kernel", _LINE + _BELL, _SECOND_SIGMA),
    _ridge("ntk", "Neural tangent kernel", NTK(bias_variance=0.1), Axis("depth", DEPTHS)),
    _ridge("fourier", "Gaussian, random Fourier", _BELL, lift=FOURIER),
    _ridge("nystroem", "Gaussian, Nystroem", _BELL, lift=NYSTROEM),
    Candidate("svm", "Gaussian SVM", "machine", 4, _BELL, (_SIGMA, _C)),
    Candidate("svm-sigmoid", "Sigmoid SVM", "machine", 4, Sigmoid(gamma="scale"), (_GAMMA, _C)),
    Candidate(
        "forest",
        "Random forest",
        "yardstick",
        5,
        None,
        _LEAVES,
        make=_forest,
        while_tuning={"n_estimators": TUNING_TREES},
    ),
)


def own_kernel(name: str, kernels: tuple[Kernel, ...]) -> Candidate:
    """Return the candidate of a user's kernel: as it is, or several to choose from."""
    return Candidate(
        name, f"kernel '{name}'", "kernel", 4, kernels, (Axis("kernel", tuple(range(1, len(kernels) + 1))), _ALPHA)
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
