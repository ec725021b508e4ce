"""Sines and cosines of many angles at once, and the transformers that are made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from .._arrays import (
    as_dense,
    cast,
    device_of,
    floats_on_device_of,
    is_foreign,
    like,
    namespace,
    products,
    widest_float,
)
from .._validation import check_follows
from ..engine import blocks, check_memory, run
from ..kernels import by_blocks

# 2 sin(pi r / 2) / r as a polynomial in r^2 for |r| <= 1/2, highest power first: Chebyshev interpolation, error 1e-17.
HALF_CHORD = (
    1.1267867563075707908e-7,
    -7.1972867059646194041e-6,
    3.2088230148438182104e-4,
    -9.3635082646819519833e-3,
    0.15938525249208600627,
    -1.2919281950124886315,
    3.1415926535897932286,
)
TILE_BYTES = 2**19  # of angles worked on at a time: with what is made of them they stay in the L2 cache
TILES = 8  # in one job, which keep their room
DEVICE_BYTES = 2**26  # of angles of foreign rows worked on at a time
FEWER = "take fewer rows, fewer components, or float32 input (half the memory)"


def unit_of_angles(dtype: Any) -> float:
    """Return what a full turn is in the angles that `sines_and_cosines` takes."""
    return 2 * np.pi if dtype == np.float32 else 1.0


def sines_and_cosines(room: np.ndarray, sine: np.ndarray, cosine: np.ndarray) -> None:
    """Write the sines and cosines of angles.

    In float64 NumPy takes the two from the C library, one number at a time. Here a polynomial for the sine of a quarter
    of the angle and two doublings take a quarter of the time; errors are below 2e-15. In float32 NumPy is fast.

    Parameters
    ----------
    room : array of shape (3, n, m)
        The angles, in radians if float32 and turns if float64, and room for two as many numbers; overwritten.
    sine, cosine : arrays of shape (n, m)
        The results. They need not lie in one piece of memory: they are written to once.
    """
    if room.dtype == np.float32:
        np.sin(room[0], out=sine)
        np.cos(room[0], out=cosine)
        return
    turns, square, chord = room
    turns -= np.rint(turns, out=square)
    np.multiply(turns, turns, out=square)
    np.multiply(square, HALF_CHORD[0], out=chord)
    for coefficient in HALF_CHORD[1:-1]:
        chord += coefficient
        chord *= square
    chord += HALF_CHORD[-1]
    chord *= turns
    # With a = 2 sin(x / 4): sin(x / 2) = a sqrt(1 - a^2 / 4) and cos(x / 2) = 1 - a^2 / 2.
    np.multiply(chord, chord, out=square)
    half = np.multiply(square, -0.25, out=turns)
    half += 1.0
    np.sqrt(half, out=half)
    half *= chord
    square *= -0.5
    square += 1.0
    square *= half
    np.multiply(square, 2.0, out=sine)
    half *= half
    half *= -2.0
    np.add(half, 1.0, out=cosine)


class Waves(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer to cosines, and then sines, of projections of the rows.

    Attributes
    ----------
    _turns : array of shape (d, f)
        Frequencies, in turns for each unit of X.
    _amplitudes : array of shape (f,)
        What sine and cosine are multiplied by.
    _origin : array of shape (d,) or None
        Where the rows are centred, for the sake of rounding; None is zero.
    _phases : array of shape (f,) or None
        Added to the angles, in turns. Where there are any, the last sine is left out.
    """

    frequencies_: Any
    _turns: Any
    _amplitudes: Any
    _origin: Any = None
    _phases: Any = None

    def _numbers(self, X: Any, reset: bool) -> Any:
        return validate_data(self, X, accept_sparse="csr", dtype=floats_on_device_of(X), reset=reset)

    def _check_library(self, X: Any, method: str | None = None) -> None:
        if method is not None:
            check_follows(X, self.frequencies_, type(self).__name__, method)

    def _keep(self, X: Any, **arrays: Any) -> None:
        """Keep arrays of numbers as attributes, of the library and on the device of `X`."""
        for name, values in arrays.items():
            setattr(self, name, None if values is None else like(values, X, widest_float(X)))

    @by_blocks
    def transform(self, X: Any) -> np.ndarray:
        """Return the features of rows, shape (m, p).

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; of the library, and on the device, of those that it was fitted to.

        Returns
        -------
        features : array of shape (m, p)
            Cosines of all frequencies, then their sines; float32 if X is. A Dask array, of which nothing is computed
            yet, if X is one.

        Raises
        ------
        MemoryError
            If the features do not fit into memory.
        """
        check_is_fitted(self)
        X = self._numbers(X, reset=False)
        if is_foreign(X):
            return self._on_device(X)
        n, count = X.shape[0], self._turns.shape[1]
        check_memory(2 * n * count * X.dtype.itemsize, f"{n} x {2 * count} features", FEWER)
        unit = unit_of_angles(X.dtype)
        projection = (unit * self._turns).astype(X.dtype)
        phases = None if self._phases is None else (unit * self._phases).astype(X.dtype)
        amplitudes = np.tile(self._amplitudes, 2).astype(X.dtype)
        out = np.empty((n, 2 * count), dtype=X.dtype)
        height = max(1, TILE_BYTES // (count * X.dtype.itemsize))

        def write(rows: slice) -> None:
            scratch = np.empty((3, height, count), dtype=X.dtype)
            for tile in blocks(rows.stop - rows.start, height):
                place = out[rows][tile]
                room = scratch[:, : len(place)]
                angles = products(self._centred(X[rows][tile]), projection.T, room[0])
                if angles.base is None:  # sparse rows need memory of their own
                    room[0] = angles
                if phases is not None:
                    room[0] += phases
                sines_and_cosines(room, place[:, count:], place[:, :count])
                place *= amplitudes

        run(write, blocks(n, TILES * height))
        return out if phases is None else np.ascontiguousarray(out[:, :-1])

    def _on_device(self, X: Any) -> Any:
        """Return the features of foreign rows, whose library has sines and cosines that are as fast as can be."""
        xp, (count, p) = namespace(X), (self._turns.shape[1], self._n_features_out)
        projection, amplitudes = cast(2 * np.pi * self._turns, X.dtype), cast(self._amplitudes, X.dtype)
        phases = None if self._phases is None else cast(2 * np.pi * self._phases, X.dtype)
        features = xp.empty((X.shape[0], p), dtype=X.dtype, device=device_of(X))
        for rows in blocks(X.shape[0], max(1, DEVICE_BYTES // (8 * count))):
            angles = self._centred(X[rows, ...]) @ projection
            angles = angles if phases is None else angles + phases
            features[rows, :count] = xp.cos(angles) * amplitudes
            features[rows, count:] = (xp.sin(angles) * amplitudes)[:, : p - count]
        return features

    def _centred(self, X: Any) -> Any:
        return X if self._origin is None else as_dense(X) - cast(self._origin, X.dtype)

    @property
    def _n_features_out(self) -> int:
        return 2 * self._turns.shape[1] - (self._phases is not None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
