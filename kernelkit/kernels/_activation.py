"""Activations of infinitely wide networks: what they make of pairs of correlated Gaussian variables."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import check_number
from ._hermite import hermite_coefficients

TOLERANCE = 1e-6  # what a truncated series may leave out, relative to E[f^2], without a warning


@dataclass
class Pairs:
    """Pairs (z_x, z_y) of centred Gaussian variables with correlation u; arrays that broadcast with each other.

    Attributes
    ----------
    half, rest : array
        (1 - u) / 2 and (1 + u) / 2, the squared sine and cosine of half the angle. Both may be overwritten.
    u : array
        The correlation.
    x, y : RowsOfLayer
        What the rows contribute alone.
    opposite : bool
        Whether some angle is so near pi that only `rest` tells it exactly.
    """

    half: Any
    rest: Any
    u: Any
    x: RowsOfLayer
    y: RowsOfLayer
    opposite: bool = False

    def folded(self) -> Pairs:
        """Return the pairs with the angle or, where that is obtuse, what it lacks to pi."""
        half, rest = np.minimum(self.half, self.rest), np.maximum(self.half, self.rest)
        return Pairs(half, rest, np.abs(self.u), self.x, self.y)

    def half_angle(self) -> tuple[Any, Any]:
        """Return half the angle between the two, and the product of its sine and cosine; overwrites `rest`."""
        sine, cosine = np.sqrt(self.half), np.sqrt(self.rest, out=self.rest)
        angle = np.arctan2(sine, cosine) if self.opposite else np.arcsin(sine)
        cosine *= sine
        return angle, cosine


@dataclass
class RowsOfLayer:
    """What rows contribute alone to one layer.

    Attributes
    ----------
    deviation : array
        Standard deviations r of the pre-activations.
    inverse : array
        1 / sqrt(E[f(r z)^2]); 0 where that is infinite.
    series : array of shape (terms, ...), optional
        Hermite coefficients of f(r z) / sqrt(E[f(r z)^2]).
    """

    deviation: Any
    inverse: Any
    series: Any = None


@dataclass(frozen=True)
class Activation:
    """An activation f of a network, with what it makes of correlated Gaussian variables.

    Without closed forms, each row's Hermite coefficients are found by quadrature and each pair's value is a power
    series of the correlation (Daniely, Frostig and Singer 2016, section 4): exact to rounding for smooth functions, and
    with a warning where the series is too short.

    Parameters
    ----------
    function, derivative : callable
        f and f', elementwise on arrays.
    kappa : callable, optional
        kappa(c, q_x, q_y, w) = E[f(z_x) f(z_y)] of Gaussian variables with covariance c, variances q_x and q_y, and
        w = 1 - c / sqrt(q_x q_y), on arrays that broadcast.
    kappa_slope : callable, optional
        The same of E[f'(z_x) f'(z_y)], which is the derivative of kappa in c; needed by `NTK` if kappa is given.
    terms : int
        Length of the series, at least 2.

    References
    ----------
    Daniely, Frostig and Singer (2016), Toward deeper understanding of neural networks, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import NTK
    >>> from kernelkit.kernels import Activation
    >>> softplus = Activation(lambda z: np.logaddexp(0, z), lambda z: 1 / (1 + np.exp(-z)))
    >>> NTK(activation=softplus)([[1.0, 2.0]], [[0.5, -1.0]]).round(3)
    array([[0.589]])
    >>> bool(softplus.truncation_error(2.0) < 1e-6)
    True
    """

    function: Callable
    derivative: Callable
    kappa: Callable | None = None
    kappa_slope: Callable | None = None
    terms: int = 40

    def __post_init__(self) -> None:
        for name in ("function", "derivative"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function of an array, got {getattr(self, name)!r}")
        if self.kappa_slope is not None and self.kappa is None:
            raise ValueError("kappa_slope needs kappa")
        check_number("terms", self.terms, at_least=2, integer=True)

    def rows(self, variance: np.ndarray) -> tuple[RowsOfLayer, np.ndarray]:
        """Return what rows of some variances contribute alone, and E[f^2] of each."""
        r = np.sqrt(variance)
        if self.kappa is not None:
            moment = self.kappa(variance, variance, variance, np.zeros_like(variance))
            return RowsOfLayer(r, inverse_root(moment)), moment
        series, moment = hermite_coefficients(self.function, r, self.terms)
        inverse = inverse_root(moment)
        lost = self.truncation_error(variance)
        if lost.max(initial=0.0) > TOLERANCE:
            warnings.warn(
                f"{self.terms} terms of the series of {self.function!r} leave out up to {lost.max():.1g} of the "
                "kernel's size: give Activation more terms, or, if the function has a kink, kappa and kappa_slope",
                UserWarning,
                stacklevel=2,
            )
        return RowsOfLayer(r, inverse, (series * inverse[:, None]).T), moment

    def truncation_error(self, variance: Any) -> Any:
        """Return a bound on what the series leaves out of E[f f] and q E[f' f'], relative to E[f^2], for variances q.

        Zero if there is a closed form. The bound is that of pairs with correlation +-1; at correlation u the error is
        smaller by at least abs(u) ** (terms - 1).
        """
        q = np.asarray(variance, dtype=np.float64)
        if self.kappa is not None:
            return np.zeros_like(q)
        deviations = np.sqrt(q).reshape(-1)
        series, moment = hermite_coefficients(self.function, deviations, self.terms)
        slope = hermite_coefficients(self.derivative, deviations, 1)[1] * q.reshape(-1)
        inverse = inverse_root(moment) ** 2
        # Parseval: what is missing in the sum of squares, and of k times them for the derivative.
        lost = 1 - (series**2).sum(axis=1) * inverse
        lost_slope = (slope - series**2 @ np.arange(self.terms)) * inverse
        return np.where(moment > 0, np.maximum(np.abs(lost), np.abs(lost_slope)), 0.0).reshape(q.shape)

    def pairs(self, pairs: Pairs, slope: bool) -> tuple[Any, Any]:
        """Return (1 - rho) / 2 for the correlation rho of f(z_x) and f(z_y), and d rho / du if asked for."""
        rho, rate = (self._series if self.kappa is None else self._closed)(pairs, slope)
        half = np.subtract(1, rho, out=rho)
        half *= 0.5
        return np.clip(half, 0, 1, out=half), rate

    def _closed(self, pairs: Pairs, slope: bool) -> tuple[Any, Any]:
        x, y = pairs.x, pairs.y
        c = x.deviation * y.deviation * pairs.u
        arguments = c, x.deviation**2, y.deviation**2, 2 * pairs.half
        rho = self.kappa(*arguments) * (x.inverse * y.inverse)  # type: ignore[misc]
        if not slope:
            return rho, None
        if self.kappa_slope is None:
            raise ValueError(f"NTK needs kappa_slope beside kappa, which {self!r} lacks")
        return rho, self.kappa_slope(*arguments) * ((x.inverse * x.deviation) * (y.inverse * y.deviation))

    def _series(self, pairs: Pairs, slope: bool) -> tuple[Any, Any]:
        u = pairs.u
        rho, rate = np.zeros_like(u), np.zeros_like(u) if slope else None
        for k in reversed(range(self.terms)):
            if rate is not None:
                rate *= u
                rate += rho
            rho *= u
            rho += pairs.x.series[k] * pairs.y.series[k]
        return rho, rate


def inverse_root(moment: np.ndarray) -> np.ndarray:
    """Return 1 / sqrt(moment), 0 where that is infinite."""
    return np.divide(1.0, np.sqrt(moment), out=np.zeros_like(moment), where=moment > 0)
