"""Where the chance of random features comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaincinv, ndtri
from scipy.stats import qmc

SAMPLINGS = ("orthogonal", "iid", "qmc")
MOST_DIMENSIONS = qmc.Sobol.MAXDIM
TINY = 2.0**-53


class Draws:
    """Normal and uniform numbers, each call independent of the others; every row of a call has the same distribution.

    Parameters
    ----------
    sampling : {"orthogonal", "iid", "qmc"}
        Normal rows that are orthogonal in groups of d, independent ones, or ones of scrambled Sobol points.
    rng : RandomState
        Where it starts.

    References
    ----------
    Yu, Suresh, Choromanski, Holtmann-Rice and Kumar (2016), Orthogonal random features, section 3; Avron, Sindhwani,
    Yang and Mahoney (2016), Quasi-Monte Carlo feature maps, section 3.
    """

    def __init__(self, sampling: str, rng: np.random.RandomState):
        self._sampling = sampling
        self._rng = rng

    def uniforms(self, count: int, k: int) -> np.ndarray:
        """Return numbers in (0, 1), shape (count, k)."""
        if self._sampling == "qmc" and k <= MOST_DIMENSIONS:
            return self._sobol(count, k)
        return self._rng.uniform(TINY, 1.0, size=(count, k))

    def normals(self, count: int, d: int) -> np.ndarray:
        """Return rows of d standard normal numbers, shape (count, d)."""
        if self._sampling == "orthogonal":
            blocks = [self._orthogonal(min(d, count - start), d) for start in range(0, count, d)]
            return np.concatenate(blocks)
        if self._sampling == "qmc":
            return ndtri(self.uniforms(count, d))
        return self._rng.normal(size=(count, d))

    def permutation(self, count: int) -> np.ndarray:
        """Return the numbers below `count` in random order."""
        return self._rng.permutation(count)

    def _orthogonal(self, count: int, d: int) -> np.ndarray:
        """Return orthogonal rows in directions that are all as likely, with the lengths of normal ones."""
        Q, R = np.linalg.qr(self._rng.normal(size=(d, count)))
        lengths = np.sqrt(2 * gammaincinv(d / 2, self._rng.uniform(TINY, 1.0, size=count)))
        return (Q * (np.sign(np.diagonal(R)) * lengths)).T

    def _sobol(self, count: int, k: int) -> np.ndarray:
        points: Any = qmc.Sobol(k, seed=self._rng.randint(2**31 - 1))
        drawn = points.random_base2((count - 1).bit_length())[:count]
        # In random order, so that what two calls give in the same row is independent.
        return np.clip(self._rng.permutation(drawn), TINY, 1 - TINY)
