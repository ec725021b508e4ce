"""Kernels of wide networks on arrays of other libraries: what NumPy's give, made where the rows lie."""

import numpy as np
import pytest

from kernelkit.kernels import NNGP, NTK, Activation, ArcCosine
from tests.kernels.helpers import PLAIN, assert_close, sample
from tests.registry import ACTIVATIONS

NETWORKS = [case for case in PLAIN if case.name.startswith(("ntk", "nngp", "arc-cosine"))]


@pytest.mark.parametrize("case", NETWORKS, ids=str)
@pytest.mark.parametrize(("dtype", "tol"), [(np.float64, 1e-13), (np.float32, 1e-6)])
def test_networks_as_numpy(case, dtype, tol, library):
    X, Y = sample(case, dtype)
    there, other = library(X), library(Y)
    for got, wanted, pair in [
        (case.kernel(there, other), case.kernel(X.astype(np.float64), Y.astype(np.float64)), (X, Y)),
        (case.kernel(there), case.kernel(X.astype(np.float64)), (X, X)),
    ]:
        assert got.dtype == there.dtype
        assert_close(case, library.back(got), wanted, *pair, tol)
    np.testing.assert_allclose(
        library.back(case.kernel.diag(there)), case.kernel.diag(X), rtol=1e-12 if tol < 1e-9 else 1e-6
    )
    np.testing.assert_array_equal(library.back(there), X)


@pytest.mark.parametrize(
    "activation", [activation for _, activation, _ in ACTIVATIONS], ids=[name for name, *_ in ACTIVATIONS]
)
def test_copies_and_near_copies(activation, library, rng):
    """The diagonal, copies and duplicates agree to the last digits, as nothing is lost where x is about y."""
    X = rng.normal(size=(30, 5))
    Y = X + 1e-9 * rng.normal(size=X.shape)
    k = NTK(3, activation, bias_variance=0.2)
    there = library(X)
    diagonal = library.back(k.diag(there))
    np.testing.assert_allclose(np.diagonal(library.back(k(there))), diagonal, rtol=1e-14)
    np.testing.assert_allclose(np.diagonal(library.back(k(there, library(X)))), diagonal, rtol=1e-14)
    np.testing.assert_allclose(np.diagonal(library.back(k(there, library(Y)))), np.diagonal(k(X, Y)), rtol=1e-13)


def test_an_activation_of_ones_own(library, rng):
    X = rng.normal(size=(6, 3))
    relu = Activation(
        lambda z: (z > 0) * z,
        lambda z: (z > 0) * 1.0,
        kappa=lambda c, q_x, q_y, w: c * c + 0.5 * q_x * q_y,
        kappa_slope=lambda c, q_x, q_y, w: 2 * c,
    )
    np.testing.assert_allclose(library.back(NTK(activation=relu)(library(X))), NTK(activation=relu)(X), rtol=1e-12)


def test_a_series_needs_numpy(library, rng):
    softplus = Activation(lambda z: np.logaddexp(0, z), lambda z: 1 / (1 + np.exp(-z)))
    with pytest.raises(TypeError, match="activation must have kappa on arrays of other libraries.*got the series of"):
        NNGP(activation=softplus)(library(rng.normal(size=(6, 3))))


def test_a_kappa_that_leaves_the_library(library, rng):
    wrong = Activation(np.tanh, np.cos, kappa=lambda c, q_x, q_y, w: np.ones(3))
    with pytest.raises(TypeError, match="kappa must return arrays of the library of the rows, .*numpy.ndarray"):
        NNGP(activation=wrong)(library(rng.normal(size=(6, 3))))


def test_rows_too_large_to_multiply(library):
    with pytest.raises(ValueError, match="X has rows of norms above"):
        ArcCosine()(library(np.full((3, 2), 1e80)))


def test_all_pairs_near_each_other(library, rng):
    """In one dimension, and without biases, all rows are parallel or opposite."""
    X = rng.normal(size=(50, 1))
    np.testing.assert_allclose(library.back(NTK(2)(library(X))), NTK(2)(X), rtol=1e-12, atol=1e-13)
