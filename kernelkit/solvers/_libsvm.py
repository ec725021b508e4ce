"""The duals of support vector machines, solved by scikit-learn's libsvm on a matrix that is evaluated once."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from ..engine import KernelOperator, MatrixOperator, check_memory
from ._dual_solution import FEWER, DualSolution
from ._spectral import check_finite

FORMULATIONS = {"c_svc": SVC, "nu_svc": NuSVC, "epsilon_svr": SVR, "nu_svr": NuSVR, "one_class": OneClassSVM}
MEGABYTE = 2**20


def cache_bytes(cache_size: float, n: int) -> int:
    """Return what a cache of so many megabytes takes for n rows: no more than all of its columns, in float32."""
    return int(min(cache_size * MEGABYTE, 4 * n * n))


def libsvm(
    operator: KernelOperator | MatrixOperator,
    y: np.ndarray,
    w: np.ndarray | None,
    formulation: str,
    *,
    cache_size: float,
    **settings: Any,
) -> DualSolution:
    """Solve a support vector machine's dual problem, those of all pairs of classes on the same matrix.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, shape (n, n).
    y : array of shape (n,)
        Class numbers 0, 1, ... without a gap, or targets; not used by "one_class".
    w : array of shape (n,) or None
        Weights > 0 that multiply C.
    formulation : {"c_svc", "nu_svc", "epsilon_svr", "nu_svr", "one_class"}
        The problem.
    cache_size : float
        Megabytes for copies of columns.
    **settings
        What scikit-learn's class of that problem takes: C, nu, epsilon, tol, shrinking, max_iter, verbose.

    Raises
    ------
    MemoryError
        If the matrix and the cache do not fit.
    ValueError
        If a kernel value or a coefficient is not finite.

    References
    ----------
    Chang and Lin (2011), LIBSVM: a library for support vector machines, section 2.
    """
    n = operator.shape[0]
    check_memory(
        8 * n * n + cache_bytes(cache_size, n), f"the {n} x {n} kernel matrix of a support vector machine", FEWER
    )
    K = operator.astype(np.float64).matrix()
    check_finite(K)
    return _fitted(K, y, w, formulation, cache_size=cache_size, **settings)


def libsvm_part(
    K: np.ndarray,
    y: np.ndarray,
    w: np.ndarray | None,
    formulation: str,
    **settings: Any,
) -> DualSolution:
    """Solve a support vector machine's dual problem on the rows of positive weight, without a copy of their part of K.

    Parameters
    ----------
    K : array of shape (n, n)
        A finite kernel matrix, float64, C-ordered; many threads may read it at once.
    y : array of shape (n,)
        As for `libsvm`; at rows of weight zero any of the values.
    w : array of shape (n,) or None
        Weights >= 0.
    formulation : str
        As for `libsvm`.
    **settings
        As for `libsvm`, with its cache.

    Returns
    -------
    solution : DualSolution
        With positions among all n rows.
    """
    # libsvm drops the rows of weight zero from the problem, but finds values of the matrix at their old positions.
    solution = _fitted(K, y, w, formulation, **settings)
    return solution if w is None else solution.at(np.flatnonzero(w))


def _fitted(K: np.ndarray, y: np.ndarray, w: np.ndarray | None, formulation: str, **settings: Any) -> DualSolution:
    machine = FORMULATIONS[formulation](kernel="precomputed", **settings)
    with config_context(assume_finite=True, skip_parameter_validation=True):
        machine.fit(K, y, sample_weight=w)
    return DualSolution(
        machine.support_,
        machine.dual_coef_,
        np.atleast_1d(machine.intercept_),
        machine.n_support_,
        np.atleast_1d(machine.n_iter_),
        machine.fit_status_ == 0,
        "libsvm",
    )
