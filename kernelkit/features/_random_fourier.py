"""Random Fourier features of kernels that are functions of x - y."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state

from .._arrays import column_means, is_dask
from .._validation import check_choice, check_number, check_numbers
from ..kernels import ColumnSums, KernelEstimator
from ._draws import SAMPLINGS, Draws
from ._error import KernelMap
from ._waves import Waves

HIGHEST = 1e15  # beyond which angles have no meaning, and float32 none of the values


class RandomFourier(KernelMap, Waves, KernelEstimator):
    """Cosines and sines whose inner product is, on average over the frequencies, a kernel k(x - y).

    z(x) = sqrt(weights) (cos(w.x), sin(w.x)) with frequencies w from the kernel's spectral measure, so that
    z(x).z(y) = sum_i weights_i cos(w_i.(x - y)) has the mean k(x, y). Its error falls as one over the square root of
    the number of frequencies. Pairs of cosine and sine have a lower variance than cosines with random phases.

    Parameters
    ----------
    kernel : Kernel, optional
        Gaussian, Laplacian, Matern, RationalQuadratic, Constant, and sums, products, powers and `Columns` of these;
        None is ``Gaussian(sigma="scale")``.
    n_components : int
        Number of features, two for each frequency. The last of an odd number is a cosine with a random phase.
    sampling : {"orthogonal", "iid", "qmc"}
        Frequencies that are orthogonal in groups of d, which has the lowest error for most d; independent ones; or ones
        from scrambled Sobol points, which are best in few dimensions. The features are unbiased in each.
    random_state : int, RandomState or None
        Where the frequencies come from.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel with numbers for parameters.
    frequencies_ : array of shape (f, d)
        In radians for each unit of X; f is half of n_components, rounded up.
    weights_ : array of shape (f,)
        What the squared cosines and sines are weighted by; their sum is k(x, x).
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Rahimi and Recht (2007), Random features for large-scale kernel machines; Sutherland and Schneider (2015), On the
    error of random Fourier features, section 2 (pairs); Yu et al. (2016), Orthogonal random features.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import Gaussian, RandomFourier
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> phi = RandomFourier(Gaussian(2.0), n_components=1000, random_state=0)
    >>> Z = phi.fit_transform(X)
    >>> bool(np.abs(Z @ Z.T - Gaussian(2.0)(X)).max() < 0.1)
    True
    """

    regularisation = None
    first_number = "n_components"

    def __init__(
        self, kernel: Any = None, *, n_components: int = 100, sampling: str = "orthogonal", random_state: Any = None
    ):
        self.kernel = kernel
        self.n_components = n_components
        self.sampling = sampling
        self.random_state = random_state

    @property
    def _not_for_dask(self) -> str | None:
        return None

    @property
    def _not_for_devices(self) -> str | None:
        return None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Draw the frequencies.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (n, d)
            Training rows: the kernel's parameters may depend on them, and features are centred at their mean.
        y : None
            Not used.

        Raises
        ------
        ValueError
            If the kernel has no known spectral measure, or a parameter is out of its range.
        """
        check_choice("sampling", self.sampling, SAMPLINGS)
        count = check_number("n_components", self.n_components, at_least=1, integer=True)
        X = self._training_rows(X)
        if self._precomputed:
            raise ValueError("random Fourier features are not available for 'precomputed': they need rows")
        columns = ColumnSums.of(X) if is_dask(X) else None
        kernel = self._resolved(self._as_kernel(self.kernel), X, None, columns)
        X = X if columns is None else columns.rows()
        numbers = X if kernel.requires_vector_input else check_numbers(X)
        rng = check_random_state(self.random_state)
        frequencies, weights = kernel.frequencies(numbers.shape[1], (count + 1) // 2, Draws(self.sampling, rng))
        frequencies = np.clip(frequencies, -HIGHEST, HIGHEST)
        if count % 2:
            frequencies, weights = _with_cheapest_last(frequencies, weights)
        amplitudes, phases = np.sqrt(weights), np.zeros(len(weights)) if count % 2 else None
        if phases is not None and frequencies[-1].any():
            # On average over the phase b, 2 cos(x + b) cos(y + b) is cos(x - y).
            amplitudes[-1] *= 2**0.5
            phases[-1] = rng.uniform()
        self.kernel_ = kernel
        self._keep(numbers, frequencies_=frequencies, weights_=weights, _amplitudes=amplitudes, _phases=phases)
        origin = None if sp.issparse(numbers) else column_means(numbers)
        self._keep(numbers, _origin=origin, _turns=frequencies.T / (2 * np.pi))
        return self


def _with_cheapest_last(frequencies: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a sample whose last frequency can do best without a sine: a zero one, or that of the smallest weight."""
    zero = ~frequencies.any(axis=1)
    last = int(zero.argmax() if zero.any() else weights.argmin())
    order = np.append(np.delete(np.arange(len(weights)), last), last)
    return frequencies[order], weights[order]
