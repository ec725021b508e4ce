"""How far the inner products of features are from the kernel that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._arrays import as_sliceable, cast, n_rows, namespace, take_rows, widest_float
from .._validation import check_number


@dataclass(frozen=True)
class ErrorReport:
    """Errors of z(x).z(y) as an estimate of k(x, y), over all pairs of some rows.

    Attributes
    ----------
    rows : int
        How many rows were compared with each other.
    root_mean_square, largest : float
        Errors of the kernel values.
    frobenius : float
        Norm of the matrix of errors over the norm of the kernel matrix.
    trace : float
        Sum of k(x, x) - z(x).z(x) over the sum of k(x, x): the share of the features that is lost.
    """

    rows: int
    root_mean_square: float
    largest: float
    frobenius: float
    trace: float


class KernelMap:
    """A transformer whose features stand for ``kernel_``."""

    kernel_: Any

    def error_report(self, X: Any, n_samples: int = 500, random_state: Any = 0) -> ErrorReport:
        """Compare the features' inner products with the exact kernel.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, d)
            Rows.
        n_samples : int
            With more rows, this many are drawn.
        random_state : int, RandomState or None
            For drawing them.

        Examples
        --------
        >>> import numpy as np
        >>> from kernelkit import Gaussian, RandomFourier
        >>> X = np.random.default_rng(0).normal(size=(1000, 3))
        >>> few = RandomFourier(Gaussian(2.0), n_components=100, random_state=0).fit(X)
        >>> many = RandomFourier(Gaussian(2.0), n_components=10000, random_state=0).fit(X)
        >>> round(few.error_report(X).frobenius / many.error_report(X).frobenius)
        10
        """
        check_is_fitted(self)
        if isinstance(self.kernel_, str):
            raise ValueError("error_report needs rows: it is not there for kernel='precomputed'")
        check_number("n_samples", n_samples, at_least=1, integer=True)
        X = as_sliceable(X)
        if n_rows(X) > n_samples:
            rows = check_random_state(random_state).permutation(n_rows(X))[:n_samples]
            X = take_rows(X if hasattr(X, "shape") else np.asarray(X), np.sort(rows))
        K, Z = self.kernel_(X), self.transform(X)  # type: ignore[attr-defined]
        K, Z, xp = cast(K, widest_float(K)), cast(Z, widest_float(Z)), namespace(K)
        E = Z @ Z.T - K
        error, size = float(xp.sum(E**2)), float(xp.sum(K**2)) or np.nan
        return ErrorReport(
            rows=n_rows(K),
            root_mean_square=(error / n_rows(K) ** 2) ** 0.5,
            largest=float(xp.max(xp.abs(E))),
            frobenius=(error / size) ** 0.5,
            trace=-float(xp.linalg.trace(E)) / (float(xp.linalg.trace(K)) or np.nan),
        )
