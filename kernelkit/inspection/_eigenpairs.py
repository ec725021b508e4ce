"""Eigenvalues and eigenvectors of a kernel matrix, and the Fourier frequencies these stand for on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .. import solvers
from .._validation import as_floats, check_number
from ..engine import blocks, check_memory
from ._rows import symmetric_operator

BLOCK = 256  # eigenvectors that are transformed together


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigendecomposition K = Q diag(lambda) Q' of a kernel matrix.

    These are the eigenvalues of K itself. Divided by n they estimate those of the integral operator
    (T f)(x) = E k(x, x') f(x') of the distribution the rows are drawn from.

    Attributes
    ----------
    eigenvalues : array of shape (n,)
        lambda, descending; negative ones within rounding, n eps lambda_max, are zero.
    eigenvectors : array of shape (n, n)
        Q, a column of length 1 for each eigenvalue; the signs are arbitrary, and so is the basis where eigenvalues are
        equal.
    """

    eigenvalues: np.ndarray
    eigenvectors: np.ndarray

    def dominant_frequencies(self, grid_shape: Any = None) -> np.ndarray:
        """Return the Fourier frequency at which each eigenvector has most energy: the peak of its periodogram.

        It is counted in waves along the grid (round the circle), at most half as many as points. For a kernel that
        depends on the angle between equally spaced points on a circle, K is circulant: its eigenvectors are Fourier
        modes, and the eigenvalue at frequency k is entry k of the discrete Fourier transform of its first row. On
        other grids the peak is approximate. Eigenvectors of eigenvalues within rounding, n eps lambda_max, are any
        mixture, and so are their frequencies.

        Parameters
        ----------
        grid_shape : tuple of int, optional
            The regular grid that the rows are, in C order; (n,), points in order along a line or circle, by default.

        Returns
        -------
        frequencies : array of shape (n,)
            |k|; on a grid with several axes the Euclidean length of (k_1, k_2, ...).

        Raises
        ------
        ValueError
            If a grid of that shape has not n points.
        """
        n = len(self.eigenvalues)
        shape = _checked_shape(grid_shape, n)
        waves = [np.minimum(np.arange(m), m - np.arange(m)) for m in shape]
        lengths = np.sqrt(sum(k**2 for k in np.ix_(*waves))).ravel()
        frequencies = np.empty(n)
        for part in blocks(n, BLOCK):
            modes = self.eigenvectors[:, part].reshape(*shape, -1)
            amplitudes = np.abs(np.fft.fftn(modes, axes=range(len(shape)))).reshape(n, -1)
            frequencies[part] = lengths[amplitudes.argmax(axis=0)]
        return frequencies


def spectrum(kernel: Any, X: Any) -> Spectrum:
    """Decompose the kernel matrix of some rows, in float64.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
        What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
    X : array-like or sparse matrix of shape (n, d)
        Rows; the kernel matrix, of shape (n, n), for "precomputed".

    Returns
    -------
    spectrum : Spectrum
        Eigenvalues of K, not divided by n, and eigenvectors.

    Raises
    ------
    MemoryError
        If 3 n^2 float64 words, what the decomposition takes, are not available.
    ValueError
        If `X` or the kernel matrix has values that are not finite.

    References
    ----------
    Williams and Seeger (2000), The effect of the input density distribution on kernel-based classifiers.

    Examples
    --------
    >>> from kernelkit import Gaussian
    >>> from kernelkit.inspection import circle, spectrum
    >>> found = spectrum(Gaussian(), circle(64))
    >>> found.dominant_frequencies()[:7]
    array([0., 1., 1., 2., 2., 3., 3.])
    >>> found.eigenvalues[:7].round(2)
    array([29.81, 13.31, 13.31,  3.2 ,  3.2 ,  0.52,  0.52])
    """
    operator = symmetric_operator(kernel, X)
    n = operator.shape[0]
    check_memory(24 * n * n, f"the eigendecomposition of a {n} x {n} kernel matrix", "use a part of the rows")
    found = solvers.Spectrum.from_operator(operator)
    return Spectrum(found.values[::-1], found.vectors[:, ::-1])


def circle(n: int) -> np.ndarray:
    """Return n equally spaced points on the unit circle, shape (n, 2).

    >>> circle(4).round(2) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    angles = 2 * np.pi * np.arange(check_number("n", n, at_least=1, integer=True)) / n
    return np.column_stack((np.cos(angles), np.sin(angles)))


def _checked_shape(grid_shape: Any, n: int) -> tuple[int, ...]:
    if grid_shape is None:
        return (n,)
    shape = tuple(
        check_number("grid_shape", float(m), at_least=1, integer=True) for m in as_floats("grid_shape", grid_shape)
    )
    if prod(shape) != n:
        raise ValueError(f"grid_shape must be the shape of a grid of the n = {n} rows, got {grid_shape!r}")
    return shape
