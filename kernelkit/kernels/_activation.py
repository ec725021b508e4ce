"""Activations of infinitely wide networks: what they make of pairs of correlated Gaussian variables."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from .._arrays import clip, into, is_foreign, multiply, namespace, ratio
from .._validation import check_number
from ._hermite import hermite_coefficients

TOLERANCE = 1e-6  # what a truncated series may leave out, relative to E[f^2], without a warning


class Room:
    """Arrays by name, whose memory is used again: fresh memory is slow, the more so on several threads.

    Other libraries than NumPy look after their memory themselves.
    """

    def __init__(self) -> None:
        self._buffers: dict[Any, np.ndarray] = {}

    def __call__(self, name: str, like: Any) -> np.ndarray | None:
        """Return an array of the shape and type of another, its values whatever they are; None if that is foreign."""
        if is_foreign(like):
            return None
        key = name, like.dtype
        found = self._buffers.get(key)
        if found is None or found.size < like.size:
            found = self._buffers[key] = np.empty(like.size, dtype=like.dtype)
        return found[: like.size].reshape(like.shape)


@dataclass
class Pairs:
    """Pairs (z_x, z_y) of centred Gaussian variables with correlation u = cos t; arrays that broadcast with each other.

    Attributes
    ----------
    u : array
        The correlation. May be overwritten, as may be the others.
    half : array or None
        (1 - u) / 2, to full relative precision where it is small; None where no angle is near 0 or pi, and u tells all.
    rest : array or None
        (1 + u) / 2 likewise; None where no angle is near pi.
    x, y : RowsOfLayer
        What the rows contribute alone.
    room : Room
        For what is computed on the way.
    """

    u: Any
    half: Any
    rest: Any
    x: RowsOfLayer
    y: RowsOfLayer
    room: Room = field(default_factory=Room)

    def halves(self) -> tuple[Any, Any]:
        """Return (1 - u) / 2 and (1 + u) / 2."""
        half = (1 - self.u) * 0.5 if self.half is None else self.half
        return half, (1 - half if self.rest is None else self.rest)

    def folded(self) -> Pairs:
        """Return the pairs with the angle or, where that is obtuse, what it lacks to pi."""
        half, rest = self.halves()
        xp = namespace(half)
        return Pairs(xp.abs(self.u), xp.minimum(half, rest), xp.maximum(half, rest), self.x, self.y, self.room)

    def half_angle(self) -> tuple[Any, Any]:
        """Return half the angle between the two, and the product of its sine and cosine."""
        half, rest = self.halves()
        xp = namespace(half)
        sine, cosine = into(self.room("sine", half), "sqrt", half), xp.sqrt(rest)
        angle = xp.asin(sine) if self.rest is None else xp.atan2(sine, cosine)
        return angle, multiply(cosine, sine)


Image = tuple[Any, Any, Any]  # u, half, and the derivative of the new u in the old one; None if not asked for


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
class ClosedForm:
    """An activation f with closed forms of five arguments: those of `Activation`, and v = 1 + c / sqrt(q_x q_y).

    w and v are exact where they are small.
    """

    function: Callable
    derivative: Callable
    kappa: Callable
    kappa_slope: Callable | None
    float32: ClassVar[bool] = False  # whether float32 arithmetic is enough for float32 rows

    def rows(self, variance: Any) -> tuple[RowsOfLayer, Any]:
        """Return what rows of some variances contribute alone, and E[f^2] of each."""
        xp = namespace(variance)
        moment = self.kappa(variance, variance, variance, xp.zeros_like(variance), xp.full_like(variance, 2.0))
        return RowsOfLayer(xp.sqrt(variance), inverse_root(moment)), moment

    def pairs(self, pairs: Pairs, slope: bool) -> Image:
        """Return what the correlation of f(z_x) and f(z_y) is."""
        x, y = pairs.x, pairs.y
        half, rest = pairs.halves()
        arguments = x.deviation * y.deviation * pairs.u, x.deviation**2, y.deviation**2, 2 * half, 2 * rest
        rho = self.kappa(*arguments) * (x.inverse * y.inverse)
        if not slope:
            return *_checked(rho), None
        if self.kappa_slope is None:
            raise ValueError("an NTK needs kappa_slope beside kappa in its activation")
        rate = self.kappa_slope(*arguments) * ((x.inverse * x.deviation) * (y.inverse * y.deviation))
        return *_checked(rho), rate


def _checked(rho: Any) -> tuple[Any, Any]:
    """Return a correlation within its bounds, and (1 - rho) / 2."""
    rho = clip(rho, -1, 1)
    return rho, (1 - rho) * 0.5


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
        w = 1 - c / sqrt(q_x q_y), on arrays that broadcast; they are of the library of the rows. Other libraries than
        NumPy need it.
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

    float32: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name in ("function", "derivative", "kappa", "kappa_slope"):
            value, optional = getattr(self, name), name.startswith("kappa")
            if not callable(value) and not (optional and value is None):
                raise TypeError(f"{name} must be a function of arrays{' or None' * optional}, got {value!r}")
        if self.kappa_slope is not None and self.kappa is None:
            raise ValueError("kappa_slope needs kappa")
        check_number("terms", self.terms, at_least=2, integer=True)

    @property
    def _closed_form(self) -> ClosedForm:
        kappa, slope = _without_v(self.kappa), None if self.kappa_slope is None else _without_v(self.kappa_slope)
        return ClosedForm(self.function, self.derivative, kappa, slope)

    def rows(self, variance: np.ndarray) -> tuple[RowsOfLayer, np.ndarray]:
        """Return what rows of some variances contribute alone, and E[f^2] of each."""
        if self.kappa is not None:
            return self._closed_form.rows(variance)
        if is_foreign(variance):
            raise TypeError(
                "activation must have kappa on arrays of other libraries than NumPy, and kappa_slope for an NTK, "
                f"got the series of {self.function!r} on {type(variance).__name__}"
            )
        series, moment, lost, lost_slope = self._expanded(variance)
        worst = np.maximum(lost, lost_slope).max(initial=0.0)
        if worst > TOLERANCE:
            parts = "E[f f]" if lost.max() > TOLERANCE else "E[f' f'] (or derivative is not that of function)"
            warnings.warn(
                f"{self.terms} terms of the series of {self.function!r} leave out up to {worst:.1g} of {parts}: give "
                "Activation more terms, or, if the function has a kink, kappa and kappa_slope",
                UserWarning,
                stacklevel=2,
            )
        inverse = inverse_root(moment)
        return RowsOfLayer(np.sqrt(variance), inverse, (series * inverse[:, None]).T), moment

    def truncation_error(self, variance: Any) -> Any:
        """Return a bound on what the series leaves out of E[f f] and q E[f' f'], relative to E[f^2], for variances q.

        Zero if there is a closed form. The bound is that of pairs with correlation +-1; at correlation u the error is
        smaller by at least abs(u) ** (terms - 1).
        """
        q = np.asarray(variance, dtype=np.float64)
        if self.kappa is not None:
            return np.zeros_like(q)
        _, _, lost, lost_slope = self._expanded(q.reshape(-1))
        return np.maximum(lost, lost_slope).reshape(q.shape)

    def _expanded(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return Hermite coefficients, E[f^2], and what these leave out of it and of q E[f'^2], relative to it."""
        deviations = np.sqrt(variance)
        series, moment = hermite_coefficients("function", self.function, deviations, self.terms)
        slope = hermite_coefficients("derivative", self.derivative, deviations, 1)[1] * variance
        inverse = inverse_root(moment) ** 2
        # Parseval: what is missing in the sum of squares, and of k times them for the derivative.
        lost = np.abs(1 - (series**2).sum(axis=1) * inverse)
        lost_slope = np.abs(slope - series**2 @ np.arange(self.terms)) * inverse
        return series, moment, np.where(moment > 0, lost, 0.0), lost_slope

    def pairs(self, pairs: Pairs, slope: bool) -> Image:
        """Return what the correlation of f(z_x) and f(z_y) is."""
        if self.kappa is not None:
            return self._closed_form.pairs(pairs, slope)
        u = pairs.u
        rho, rate = np.zeros_like(u), np.zeros_like(u) if slope else None
        for k in reversed(range(self.terms)):
            if rate is not None:
                rate *= u
                rate += rho
            rho *= u
            rho += pairs.x.series[k] * pairs.y.series[k]
        return *_checked(rho), rate


def _without_v(form: Any) -> Callable:
    def of_five(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
        values = form(c, q_x, q_y, w)
        if is_foreign(c) and type(values) is not type(c):
            raise TypeError(f"kappa must return arrays of the library of the rows, {type(c)}, got {type(values)}")
        return values

    return of_five


def inverse_root(moment: Any) -> Any:
    """Return 1 / sqrt(moment), 0 where that is infinite."""
    return ratio(1.0, namespace(moment).sqrt(moment), 0.0)
