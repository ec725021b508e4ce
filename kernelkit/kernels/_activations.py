"""The activations there are, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import erf, ndtr

from .._arrays import add, cast, copysign, into, maximum, multiply, namespace, sqrt, subtract
from .._validation import check_number
from ._activation import Activation, ClosedForm, Image, Pairs, RowsOfLayer, inverse_root


@dataclass(frozen=True)
class Rectifier:
    """The activation f(z) = positive z for z > 0, negative z for z < 0.

    The correlation u = cos t of Gaussian variables becomes u + (bend / pi) (sin t - t cos t), with
    bend = (positive - negative)^2 / (positive^2 + negative^2): 1 for the rectified linear unit, 0 for the identity, 2
    for the absolute value.

    Parameters
    ----------
    negative, positive : float
        The two slopes, not both zero; (0, 1) is the rectified linear unit.

    References
    ----------
    Cho and Saul (2009), Kernel methods for deep learning, eq. 6.

    Examples
    --------
    >>> from kernelkit import NTK
    >>> from kernelkit.kernels import Rectifier
    >>> NTK(activation=Rectifier(negative=0.2))([[1.0, 2.0]], [[0.5, -1.0]]).round(3)
    array([[-1.359]])
    """

    negative: float = 0.0
    positive: float = 1.0
    float32: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_number("negative", self.negative)
        check_number("positive", self.positive)
        if self.negative == self.positive == 0:
            raise ValueError("negative and positive are both zero: so would the kernel be")

    def function(self, z: Any) -> Any:
        return namespace(z).where(z > 0, self.positive * z, self.negative * z)

    def derivative(self, z: Any) -> Any:
        step = cast(z > 0, z.dtype)
        return self.positive * step + self.negative * (1 - step)

    def rows(self, variance: Any) -> tuple[RowsOfLayer, Any]:
        moment = variance * ((self.negative**2 + self.positive**2) / 2)
        return RowsOfLayer(namespace(variance).sqrt(variance), inverse_root(moment)), moment

    def pairs(self, pairs: Pairs, slope: bool) -> Image:
        bend = (self.positive - self.negative) ** 2 / (self.positive**2 + self.negative**2)
        if bend == 0:
            return pairs.u, pairs.half, 1.0
        if pairs.half is None:
            return _bent(pairs, bend)
        if self.positive == -self.negative:
            # An even function makes opposite pairs the same: they must be as exact.
            u, half, rate = _bent_exactly(pairs.folded(), bend)
            return u, half, copysign(rate, pairs.u)
        return _bent_exactly(pairs, bend)


def _bent(pairs: Pairs, bend: float) -> Image:
    u, room = pairs.u, pairs.room
    rate = into(room("rate", u), "acos", u)
    rate = add(multiply(rate, -bend / np.pi), 1.0)
    sine = into(room("sine", u), "multiply", u, u)
    sine = sqrt(into(room("sine", u), "subtract", 1.0, sine))
    return add(multiply(u, rate), multiply(sine, bend / np.pi)), None, rate


def _bent_exactly(pairs: Pairs, bend: float) -> Image:
    angle, excess = pairs.half_angle()
    rate = add(angle * (-2 * bend / np.pi), 1.0)
    excess = multiply(subtract(excess, multiply(angle, pairs.u)), bend / np.pi)
    half = maximum(pairs.half - excess, 0.0)
    return 1 - 2 * half, half, rate


@dataclass(frozen=True)
class RectifiedPower:
    """f(z) = z^order for z > 0, 0 otherwise, of order 0, 1 or 2: the activations of the arc-cosine kernels.

    References
    ----------
    Cho and Saul (2009), Kernel methods for deep learning, eq. 4 to 7.
    """

    order: int

    @property
    def float32(self) -> bool:
        return self.order < 2  # squares of squares soon leave float32's range

    def function(self, z: Any) -> Any:
        return cast(z > 0, z.dtype) * z**self.order

    def rows(self, variance: Any) -> tuple[RowsOfLayer, Any]:
        # At a row of zeros the step is 0, as the others are: so all arc-cosine kernels vanish there.
        step = cast(variance > 0, variance.dtype) * 0.5
        moment = {0: step, 1: variance / 2, 2: 1.5 * variance**2}[self.order]
        return RowsOfLayer(namespace(variance).sqrt(variance), inverse_root(moment)), moment

    def pairs(self, pairs: Pairs, slope: bool) -> Image:
        if self.order == 1:
            return Rectifier(0.0).pairs(pairs, slope)
        angle, product = pairs.half_angle()
        if self.order == 0:
            half = angle * (1 / np.pi)
        else:
            # (3 pi - J_2(t)) / (6 pi), whose terms are all positive, with t = 2 angle and sin t = 2 product.
            smaller = 3 * (2 * angle - 2 * product * pairs.u)
            half = (smaller + (np.pi - 2 * angle) * (8 * product**2)) / (6 * np.pi)
        return 1 - 2 * half, half, None


# Williams (1998), Computation with infinite neural networks, eq. 11.
def _erf_kappa(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    return (2 / np.pi) * namespace(c).atan2(2 * c, _erf_root(q_x, q_y, w * v))


def _erf_slope(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    return (4 / np.pi) / _erf_root(q_x, q_y, w * v)


def _erf_root(q_x: Any, q_y: Any, wv: Any) -> Any:
    # (1 + 2 q_x) (1 + 2 q_y) - 4 c^2 without its cancellation.
    return namespace(wv).sqrt(1 + 2 * (q_x + q_y) + 4 * (q_x * q_y) * wv)


def _gelu_kappa(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    # E[u P(u) v P(v)] of the normal distribution function P, by parts.
    whole, root = _gelu_determinants(q_x, q_y, w * v)
    angle = namespace(c).atan2(c, root)
    return c * (0.25 + angle / (2 * np.pi)) + (q_x * q_y * root + c**2 / root) / (2 * np.pi * whole)


def _gelu_slope(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    whole, root = _gelu_determinants(q_x, q_y, w * v)
    rest = c * (3 + q_x + q_y + (c / root) ** 2) / (whole * root)
    return 0.25 + (namespace(c).atan2(c, root) + rest) / (2 * np.pi)


def _gelu_determinants(q_x: Any, q_y: Any, wv: Any) -> tuple[Any, Any]:
    """Return p = (1 + q_x) (1 + q_y), and the root of p - c^2 without its cancellation."""
    return (1 + q_x) * (1 + q_y), namespace(wv).sqrt(1 + (q_x + q_y) + (q_x * q_y) * wv)


def _even(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    # exp(-(q_x + q_y) / 2) cosh c, with an exponent that is never positive.
    return _largest_wave(q_x, q_y, w, v) * (1 + namespace(c).exp(-2 * abs(c)))


def _odd(c: Any, q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    xp = namespace(c)
    return -xp.sign(c) * _largest_wave(q_x, q_y, w, v) * xp.expm1(-2 * xp.abs(c))


def _largest_wave(q_x: Any, q_y: Any, w: Any, v: Any) -> Any:
    xp = namespace(w)
    r_x, r_y = xp.sqrt(q_x), xp.sqrt(q_y)
    return 0.5 * xp.exp((r_x - r_y) ** 2 / -2 - r_x * r_y * xp.minimum(w, v))


def _gelu(z: Any) -> Any:
    return z * ndtr(z)


def _gelu_derivative(z: Any) -> Any:
    return ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _erf_derivative(z: Any) -> Any:
    return 2 / np.sqrt(np.pi) * np.exp(-(z**2))


def _minus_sin(z: Any) -> Any:
    return -np.sin(z)


ACTIVATIONS: dict[str, Any] = {
    "relu": Rectifier(0.0),
    "leaky_relu": Rectifier(0.01),
    "abs": Rectifier(-1.0),
    "identity": Rectifier(1.0),
    "erf": ClosedForm(erf, _erf_derivative, _erf_kappa, _erf_slope),
    "gelu": ClosedForm(_gelu, _gelu_derivative, _gelu_kappa, _gelu_slope),
    "sin": ClosedForm(np.sin, np.cos, _odd, _even),
    "cos": ClosedForm(np.cos, _minus_sin, _even, _odd),
}


def as_activation(activation: Any) -> Any:
    """Return an activation given by its name or as an object."""
    if isinstance(activation, str) and activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    if isinstance(activation, (Activation, ClosedForm, Rectifier)):
        return activation
    names = ", ".join(map(repr, ACTIVATIONS))
    kind = ValueError if isinstance(activation, str) else TypeError
    raise kind(f"activation must be one of {names}, or an Activation object, got {activation!r}")
