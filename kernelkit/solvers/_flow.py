"""Gradient flow and gradient descent for least squares, solved in the eigenbasis of the kernel matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine import blocks
from ._spectral import Spectrum
from ._targets import weight_roots

CANDIDATES = 100  # times between the first and the last mode
EPS = float(np.finfo(np.float64).eps)  # of the decomposition, whatever the type of the kernel's values
FREEDOM = 5  # least degrees of freedom that residuals are judged by
COLUMNS = 64  # products with a kernel matrix made at once: more would cost memory and save little


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """The path of least squares from zero: what the modes of A = S K S have learned at any time.

    With u = S (y - f(X)) the flow is du/dt = -A u. In the eigenbasis A = Q diag(lambda) Q' each coordinate of u is
    multiplied by rho = exp(-lambda t), and the coefficients are c = S Q g Q'u(0) with g = (1 - rho) / lambda, which is
    t where lambda = 0. Descent by steps of size eta has rho = (1 - eta lambda)^k at its step k.

    From t = 1 / (eps lambda_max) on, eps that of float64, eigenvalues up to their rounding (`Spectrum.noise`) count as
    zero and g = 0 for them: their coefficients, which grow with t, would drown the others'. So it is at t = inf, which
    is least squares of minimum norm.

    Attributes
    ----------
    spectrum : Spectrum
        Q and lambda >= 0, ascending.
    coordinates : array of shape (n, t)
        Q'u(0), one column for each target.
    learning_rate : float or None
        eta, below 2 / lambda_max; None is the flow.

    References
    ----------
    Yao, Rosasco and Caponnetto (2007), On early stopping in gradient descent learning, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> flow = GradientFlow.from_operator(MatrixOperator(np.diag([1.0, 10.0])), np.array([[1.0], [1.0]]))
    >>> flow.residuals([0.0, 0.1, np.inf])[:, :, 0].round(3)
    array([[1.   , 1.   ],
           [0.905, 0.368],
           [0.   , 0.   ]])
    """

    spectrum: Spectrum
    coordinates: np.ndarray
    learning_rate: float | None = None

    @classmethod
    def from_operator(
        cls, operator: Any, Y: np.ndarray, *, scale: np.ndarray | None = None, learning_rate: float | None = None
    ) -> GradientFlow:
        """Decompose S K S.

        Parameters
        ----------
        operator : KernelOperator or MatrixOperator
            K, symmetric, shape (n, n).
        Y : array of shape (n, t)
            y - f(X) at time zero, not scaled.
        scale : array of shape (n,), optional
            Square roots of the sample weights, > 0; None means one.
        learning_rate : float, optional
            Size of the steps; None is the flow.

        Raises
        ------
        MemoryError
            If 3 n^2 float64 words, what the decomposition takes, are not available.
        ValueError
            If the matrix is not finite, has negative eigenvalues, or the learning rate makes descent diverge.
        """
        spectrum = Spectrum.from_operator(operator, scale=scale)
        lowest, largest = spectrum.values[0], spectrum.values[-1]
        if lowest < 0:
            raise ValueError(
                f"gradient flow diverges: the kernel matrix has negative eigenvalues, the smallest is {lowest:.3g}; "
                "use a positive semi-definite kernel"
            )
        if learning_rate is not None and learning_rate * largest >= 2:
            raise ValueError(
                f"gradient descent diverges: learning_rate must be below 2 / lambda_max = {2 / largest:.6g}, "
                f"lambda_max being the largest eigenvalue of the kernel matrix, got {learning_rate:.6g}"
            )
        roots = weight_roots(scale, len(Y))
        return cls(spectrum, spectrum.vectors.T @ (roots[:, None] * Y), learning_rate)

    def coefficients(self, times: Any) -> np.ndarray:
        """Return c at each of `times`, shape (n, len(times), t)."""
        modes = self._gains(np.asarray(times)).T[:, :, None] * self.coordinates[:, None, :]
        roots = weight_roots(self.spectrum.scale, len(modes))
        coef = roots[:, None] * (self.spectrum.vectors @ modes.reshape(len(modes), -1))
        return coef.reshape(modes.shape)

    def residuals(self, times: Any) -> np.ndarray:
        """Return Q'u at each of `times`, shape (len(times), n, t)."""
        return self._left(np.asarray(times))[:, :, None] * self.coordinates

    def gcv(self, times: Any) -> np.ndarray:
        """Return the generalised cross-validation score at each of `times`, shape (len(times),).

        n^2 |u|^2 / (sum_i w_i tr(I - H)^2), H being the matrix that takes y to the fitted values; mean over targets.
        Infinite where tr(I - H) is below 5, or n / 4 if that is less: where so few modes are left to judge by, one that
        happens to be small would win.
        """
        left, n = self._left(np.asarray(times)), len(self.coordinates)
        freedom = left.sum(axis=1)
        roots = weight_roots(self.spectrum.scale, n)
        losses = (left**2 @ self.coordinates**2).mean(axis=1) * n**2 / (roots @ roots)
        enough = freedom >= min(FREEDOM, n / 4)
        return np.divide(losses, freedom**2, out=np.full_like(losses, np.inf), where=enough)

    def candidates(self, longest: float) -> np.ndarray:
        """Return times up to `longest` that show the whole path, ascending: 0, a logarithmic grid and `longest`.

        The grid goes from 0.1 / lambda_max, before the first mode is learned, to 10 / lambda_min, when the last one is,
        of the eigenvalues above their rounding.
        """
        values = self.spectrum.values[self.spectrum.values > self.spectrum.noise]
        times = np.array([0.0, longest])
        if len(values):
            first, last = 0.1 / values[-1], min(longest, 10 / values[0])
            if first < last:
                times = np.append(times, np.geomspace(first, last, CANDIDATES))
        return np.unique(self.reached(times))

    def counts(self, times: Any) -> np.ndarray:
        """Return how often rho is applied: the times themselves, or the nearest whole numbers of steps."""
        times = np.asarray(times, dtype=np.float64)
        return times if self.learning_rate is None else np.round(times / self.learning_rate)

    def reached(self, times: Any) -> np.ndarray:
        """Return the times that are worked with: those given, or the nearest multiples of the learning rate."""
        return self.counts(times) * (1.0 if self.learning_rate is None else self.learning_rate)

    def _gains(self, times: np.ndarray) -> np.ndarray:
        """Return (1 - rho) / lambda, shape (len(times), n)."""
        exponents, negative, learns, late = self._exponents(times)
        gains = np.broadcast_to(np.where(late, 0.0, self.reached(times)[:, None]), exponents.shape).copy()
        learned = np.where(negative, 1 + np.exp(exponents), -np.expm1(exponents))
        return np.divide(learned, self.spectrum.values, out=gains, where=learns)

    def _left(self, times: np.ndarray) -> np.ndarray:
        """Return rho, shape (len(times), n)."""
        exponents, negative, *_ = self._exponents(times)
        return np.where(negative, -1.0, 1.0) * np.exp(exponents)

    def _exponents(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return log|rho|, where rho < 0, where lambda counts, and which times, shape (len(times), 1), are late."""
        values = self.spectrum.values
        late = times[:, None] >= (1 / (EPS * values[-1]) if values[-1] > 0 else np.inf)
        learns = values > np.where(late, self.spectrum.noise, 0.0)
        counts = self.counts(times)[:, None]
        logs, overshoots = self._rates()
        exponents = np.multiply(counts, logs, out=np.zeros(learns.shape), where=learns & (counts > 0))
        odd = np.minimum(counts, np.finfo(float).max) % 2 == 1
        return exponents, odd & overshoots, learns, late

    def _rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Return log|rho| after one step, or one unit of time, and where rho < 0 then."""
        values = self.spectrum.values
        if self.learning_rate is None:
            return -values, np.zeros(len(values), dtype=bool)
        moves = self.learning_rate * values
        with np.errstate(divide="ignore"):  # rho = 0: a step that learns all of a mode
            return np.log1p(np.where(moves < 1, -moves, moves - 2)), moves > 1


def staged_products(
    operator: Any, coefficients: Callable[[np.ndarray], np.ndarray], times: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield K c at each of `times`, shape (m, t), evaluating K once for many of them.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, shape (m, n).
    coefficients : callable
        Takes times to c, of shape (n, len(times), t).
    times : array
        Any number of them.
    """
    n_targets = coefficients(times[:0]).shape[2]
    for part in blocks(len(times), max(1, COLUMNS // n_targets)):
        coef = coefficients(times[part])
        values = operator @ coef.reshape(len(coef), -1)
        yield from values.reshape(-1, *coef.shape[1:]).swapaxes(0, 1)
