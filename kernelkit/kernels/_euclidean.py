"""The members of the stationary family: Gaussian, Matern, rational quadratic."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from scipy.special import gammaincinv, gammaln, kve

from .._arrays import add, exp, multiply, power, sqrt
from .._validation import check_number
from ._stationary import Stationary

CLOSED_FORMS = (0.5, 1.5, 2.5)
TINY = 1e-100


class Gaussian(Stationary):
    """k(x, y) = exp(-|x - y|^2 / (2 sigma^2)), the radial basis function kernel; gamma = 1 / (2 sigma^2).

    Parameters
    ----------
    sigma : float, array of shape (d,) or {"scale", "median", "auto"}
        Width in the units of X, or one for each feature. "scale" is sigma^2 = d var(X) / 2 (scikit-learn's
        gamma="scale"), "median" the median distance of at most 1000 evenly spaced rows, "auto" gamma = 1 / d; these
        become numbers in `resolve`.
    sigma_bounds : pair of floats, array of shape (d, 2) or "fixed"
        Range in which Gaussian processes tune `sigma`.

    Examples
    --------
    >>> Gaussian(sigma=2.0)([[0.0], [2.0]]).round(4)
    array([[1.    , 0.6065],
           [0.6065, 1.    ]])
    """

    def __init__(self, sigma: Any = 1.0, sigma_bounds: Any = (1e-5, 1e5)):
        self.sigma = sigma
        self.sigma_bounds = sigma_bounds

    def _profile(self, s: Any) -> Any:
        return exp(s)

    def _slope(self, s: np.ndarray) -> np.ndarray:
        return np.exp(s)


class RationalQuadratic(Stationary):
    """k(x, y) = (1 + |x - y|^2 / (2 shape sigma^2)) ** -shape: a mixture of Gaussians of many widths.

    Parameters
    ----------
    sigma : float, array of shape (d,) or {"scale", "median", "auto"}
        Width, as for Gaussian.
    shape : float
        Positive; the kernel tends to the Gaussian as it grows.
    sigma_bounds, shape_bounds : pair of floats or "fixed"
        Ranges in which Gaussian processes tune them.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, eq. 4.19.

    Examples
    --------
    >>> RationalQuadratic(shape=0.5)([[0.0]], [[1.0]]).round(4)
    array([[0.7071]])
    """

    def __init__(
        self,
        sigma: Any = 1.0,
        shape: float = 1.0,
        sigma_bounds: Any = (1e-5, 1e5),
        shape_bounds: Any = (1e-5, 1e5),
    ):
        self.sigma = sigma
        self.shape = shape
        self.sigma_bounds = sigma_bounds
        self.shape_bounds = shape_bounds

    def _widths(self, n_features: int) -> Any:
        check_number("shape", self.shape, above=0)
        return super()._widths(n_features)

    def _profile(self, s: Any) -> Any:
        return power(add(multiply(s, -1 / self.shape), 1.0), -float(self.shape))

    def _slope(self, s: np.ndarray) -> np.ndarray:
        return (1 - s / self.shape) ** (-self.shape - 1)

    def _spread(self, count: int, draws: Any) -> Any:
        # A Gamma(shape) mixture of Gaussians.
        return np.sqrt(gammaincinv(self.shape, draws.uniforms(count, 1)) / self.shape)

    def _shape_gradient(self, s: np.ndarray) -> dict[str, np.ndarray]:
        base = 1 - s / self.shape
        return {"shape": base**-self.shape * (-self.shape * np.log(base) - s / base)}


class Matern(Stationary):
    """k(x, y) = 2^(1-nu) / Gamma(nu) r^nu K_nu(r) with r = sqrt(2 nu) |x - y| / sigma.

    Parameters
    ----------
    sigma : float, array of shape (d,) or {"scale", "median", "auto"}
        Width, as for Gaussian.
    nu : float
        Smoothness, above 0 and at most 200 (beyond it take Gaussian, its limit). 0.5 gives exp(-r); 0.5, 1.5 and 2.5
        have closed forms, other values take a Bessel function, which is much slower.
    sigma_bounds : pair of floats, array of shape (d, 2) or "fixed"
        Range in which Gaussian processes tune `sigma`.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, eq. 4.14.

    Examples
    --------
    >>> Matern(nu=0.5)([[0.0]], [[1.0]]).round(4)
    array([[0.3679]])
    """

    def __init__(self, sigma: Any = 1.0, nu: float = 1.5, sigma_bounds: Any = (1e-5, 1e5)):
        self.sigma = sigma
        self.nu = nu
        self.sigma_bounds = sigma_bounds

    @property
    def costly(self) -> bool:
        return self.nu not in CLOSED_FORMS

    @property
    def needs_numpy(self) -> bool:
        return self.costly  # no array library but SciPy has the Bessel function

    @property
    def _steepest(self) -> float:
        return self.nu / (self.nu - 1) if self.nu > 1 else np.inf

    def _widths(self, n_features: int) -> Any:
        check_number("nu", self.nu, above=0, at_most=200)
        return super()._widths(n_features)

    def _profile(self, s: Any) -> Any:
        r = sqrt(multiply(s, -4.0 * self.nu))
        if self.costly:
            return bessel_profile(r, self.nu)
        if self.nu == 0.5:
            return exp(multiply(r, -1.0))
        polynomial = 1.0 + r if self.nu == 1.5 else 1.0 + r * (1.0 + r / 3.0)
        return multiply(exp(multiply(r, -1.0)), polynomial)

    def _spread(self, count: int, draws: Any) -> Any:
        # Student's distribution with 2 nu degrees of freedom: one chi-square for all coordinates of a frequency.
        return np.sqrt(self.nu / np.maximum(gammaincinv(self.nu, draws.uniforms(count, 1)), TINY))

    def _slope(self, s: np.ndarray) -> np.ndarray:
        r = np.sqrt(-4 * self.nu * s)
        if self.nu == 1.5:
            return 3 * np.exp(-r)
        if self.nu == 2.5:
            return 5 / 3 * (1 + r) * np.exp(-r)
        if self.nu > 1:
            return self.nu / (self.nu - 1) * bessel_profile(r, self.nu - 1)
        r = np.maximum(r, 1e-60)
        return 2 * self.nu * np.exp(_log_bessel(r, self.nu, self.nu - 1))


def bessel_profile(r: Any, nu: float) -> Any:
    """Return 2^(1-nu) / Gamma(nu) r^nu K_nu(r), 1 at r = 0."""
    distances = np.asarray(r, dtype=np.float64)
    inside = distances > 0
    values = np.ones_like(distances)
    with np.errstate(over="ignore"):
        values[inside] = np.exp(_log_bessel(distances[inside], nu, nu))
    # Towards zero K_nu overflows if nu is large, long after the first terms of the power series suffice.
    lost = ~np.isfinite(values)
    values[lost] = _power_series(distances[lost] ** 2 / 4, nu)
    return values.astype(r.dtype, copy=False)


def _log_bessel(r: np.ndarray, nu: float, order: float) -> np.ndarray:
    """Return the logarithm of 2^(1-nu) / Gamma(nu) r^order K_order(r) for r > 0."""
    return (1 - nu) * np.log(2) - gammaln(nu) + order * np.log(r) + np.log(kve(abs(order), r)) - r


def _power_series(q: np.ndarray, nu: float) -> np.ndarray:
    """Return the leading series of the Bessel function, sum_j prod_{i <= j} q / (i (i - nu)), for q well below nu."""
    total, term = np.ones_like(q), np.ones_like(q)
    for j in range(1, min(30, ceil(nu))):
        term = term * q / (j * (j - nu))
        total += term
    return total
