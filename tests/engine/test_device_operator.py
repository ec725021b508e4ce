"""The operator of other array libraries has the values of NumPy's, in however many tiles."""

import numpy as np
import pytest

from kernelkit.engine import _device_operator, counted, matrix_operator, operator_for
from kernelkit.kernels import Gaussian, Kernel, Laplacian, Linear, Rows

KERNELS = [Gaussian(1.5), Laplacian(2.0), Linear() + 0.5 * Gaussian(), Linear() * Linear()]


@pytest.fixture(params=[2**27, 2048], ids=["one tile", "tiles"])
def tile_bytes(request, monkeypatch):
    monkeypatch.setattr(_device_operator, "DEVICE_TILE_BYTES", request.param)
    monkeypatch.setattr(_device_operator, "HOST_TILE_BYTES", request.param)
    monkeypatch.setattr(_device_operator, "FEWEST_ROWS", 8)
    monkeypatch.setattr(_device_operator, "LONGEST_SUM", 7)


@pytest.fixture
def rows(rng):
    return rng.normal(size=(41, 3)), rng.normal(size=(23, 3))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_equals_numpy(library, tile_bytes, rows, kernel, dtype):
    X, Y = (Z.astype(dtype) for Z in rows)
    V = np.arange(123.0).reshape(41, 3).astype(dtype) / 60
    tolerance = {"rtol": 1e-11, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-4}

    def same(got, wanted, type_too=True):
        np.testing.assert_allclose(library.back(got), wanted, **tolerance)
        assert not type_too or str(got.dtype).endswith(str(wanted.dtype))

    ours, known = operator_for(kernel, library(X)), operator_for(kernel, X)
    both, crossed = operator_for(kernel, library(X), library(Y)), operator_for(kernel, X, Y)
    same(ours.dense(), known.dense())
    same(both.dense(), crossed.dense())
    same(ours.diag(), known.diag())
    same(ours @ library(V), known @ V)
    same(ours @ library(V[:, 0]), known @ V[:, 0])
    same(both @ library(V[:23]), crossed @ V[:23])
    same(both.of_rows(library(X[5:9])).dense(), crossed.dense()[5:9])
    same(both.block(slice(3, 17)), crossed.block(slice(3, 17)))
    same(ours.columns(np.array([3, 1, 30])), known.columns(np.array([3, 1, 30])))
    same(ours.part(np.array([7, 2]), np.array([3, 1, 30])), known.part(np.array([7, 2]), np.array([3, 1, 30])))
    same(ours.restricted(np.array([9, 4])).dense(), known.restricted(np.array([9, 4])).dense())
    wide = both.astype(np.float64)
    assert (wide is both) == (dtype == "float64")
    same(wide.dense(), crossed.astype(np.float64).dense())
    V_on_device = library(V[:, :2])
    got = both.transposed_sum(lambda i, K: V_on_device[i, :] + K[:, :2], 2)
    same(got, crossed.transposed_sum(lambda i, K: V[i, :2] + K[:, :2], 2))


def test_dear_values_are_made_once(library, rows, monkeypatch):
    monkeypatch.setattr(_device_operator, "DEVICE_TILE_BYTES", 2048)
    monkeypatch.setattr(_device_operator, "HOST_TILE_BYTES", 2048)
    X, _ = rows
    with counted() as count:
        K = library.back(operator_for(Laplacian(), library(X)).dense())
    np.testing.assert_array_equal(K, K.T)
    assert 41**2 / 2 < count.values < 0.75 * 41**2


def test_a_matrix_that_is_given(library, rng):
    K = rng.normal(size=(9, 9))
    K = (K + K.T).astype(np.float32)
    ours, known = matrix_operator(library(K)), matrix_operator(K)
    V = rng.normal(size=(9, 2))
    for got, wanted in [
        (ours.dense(), K),
        (ours.diag(), np.diagonal(K)),
        (ours.columns(np.array([2, 0])), K[:, [2, 0]]),
        (ours.part(np.array([2, 0]), np.array([1, 5])), K[np.ix_([2, 0], [1, 5])]),
        (ours.block(slice(2, 5)), K[2:5]),
        (ours @ library(V), known @ V),
        (ours.astype(np.float64).dense(), K.astype(np.float64)),
    ]:
        np.testing.assert_allclose(library.back(got), wanted, rtol=1e-6)
        assert str(got.dtype).endswith(str(wanted.dtype))
    fresh = ours.dense()
    fresh[0, 0] = 100.0
    assert library.back(ours.matrix())[0, 0] == K[0, 0]


def test_shapes_are_checked(library, rows):
    X, Y = rows
    operator = operator_for(Linear(), library(X), library(Y))
    with pytest.raises(ValueError, match=r"V must have 23 rows for an operator of shape \(41, 23\), got \(41, 2\)"):
        operator @ library(np.ones((41, 2)))
    for verb, args in [("diag", ()), ("part", (np.array([0]),)), ("restricted", (np.array([0]),))]:
        with pytest.raises(ValueError, match=f"{verb}.. needs the operator of one set of rows"):
            getattr(operator, verb)(*args)


class OnHost(Kernel):
    """A kernel that brings its rows to the host in secret."""

    def rows(self, X, like=None):
        return Rows((X,))

    def tile(self, a, b, out=None):
        return np.ones((len(a), len(b)))

    def diag(self, X):
        return np.ones(len(X))


class Misshapen(OnHost):
    def tile(self, a, b, out=None):
        return a.parts[0]


def test_kernels_that_leave_the_device_are_refused(library, rows):
    X, _ = rows
    with pytest.raises(
        TypeError, match=f"tile of OnHost must return {library.xp.__name__} on .*, as its rows are, got"
    ):
        OnHost()(library(X))
    with pytest.raises(ValueError, match=r"tile of Misshapen must return an array of shape \(41, 41\), got"):
        Misshapen()(library(X))


def test_rows_are_not_written_to(library, rows):
    """Tiles are made in place: what a kernel hands out of its rows must not be."""

    class Borrowed(OnHost):
        def tile(self, a, b, out=None):
            return (a.parts[0] @ b.parts[0].T)[:, :]

        def diag(self, X):
            return X[:, 0]

    X, _ = rows
    given = library(X)
    operator = operator_for(2 * (Borrowed() + 1) ** 2, given)
    operator.diag()
    operator.dense()
    np.testing.assert_array_equal(library.back(given), X)
