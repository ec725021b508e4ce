"""The members of the stationary family: Gaussian, Matern, rational quadratic."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gamma, kv

from .._arrays import add, exp, is_foreign, multiply, namespace, power, sqrt
from .._validation import check_number
from ._stationary import Stationary


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
        Smoothness, positive: 0.5 gives exp(-r), and 0.5, 1.5, 2.5 have closed forms; other values take a Bessel
        function, some 100 times slower.
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
    def _steepest(self) -> float:
        return self.nu / (self.nu - 1) if self.nu > 1 else np.inf

    def _widths(self, n_features: int) -> Any:
        check_number("nu", self.nu, above=0)
        return super()._widths(n_features)

    def _profile(self, s: Any) -> Any:
        r = sqrt(multiply(s, -4.0 * self.nu))
        if self.nu not in (0.5, 1.5, 2.5):
            return _bessel_profile(r, self.nu)
        if self.nu == 0.5:
            return exp(multiply(r, -1.0))
        polynomial = 1.0 + r if self.nu == 1.5 else 1.0 + r * (1.0 + r / 3.0)
        return multiply(exp(multiply(r, -1.0)), polynomial)

    def _slope(self, s: np.ndarray) -> np.ndarray:
        r = np.sqrt(-4 * self.nu * s)
        if self.nu == 1.5:
            return 3 * np.exp(-r)
        if self.nu == 2.5:
            return 5 / 3 * (1 + r) * np.exp(-r)
        r = np.where(r == 0, np.finfo(float).tiny ** 0.25, r)
        return _scaled_bessel(r, self.nu - 1, self.nu) / r * 2 * self.nu


def _scaled_bessel(r: np.ndarray, order: float, nu: float) -> np.ndarray:
    """Return 2^(1-nu) / Gamma(nu) r^nu K_order(r)."""
    return 2 ** (1 - nu) / gamma(nu) * r**nu * kv(order, r)


def _bessel_profile(r: Any, nu: float) -> Any:
    distances = np.asarray(r, dtype=np.float64)
    tiny = np.finfo(np.float64).eps ** (1 / min(2 * nu, 2.0)) / 1e3
    values = np.where(distances < tiny, 1.0, _scaled_bessel(np.maximum(distances, tiny), nu, nu))
    return namespace(r).asarray(values, dtype=r.dtype) if is_foreign(r) else values.astype(r.dtype, copy=False)
