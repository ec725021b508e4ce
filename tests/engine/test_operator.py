import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from kernelkit.engine import KernelOperator, MatrixOperator, _operator
from kernelkit.kernels import Gaussian, Kernel, Laplacian, Linear, Rows

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(1100, 3)), rng.normal(size=(700, 3)) + 5
V = rng.normal(size=(700, 2))


def direct(A, B):
    return np.exp(-((A[:, None] - B[None]) ** 2).sum(-1) / 2)


def test_rectangular():
    operator, K = KernelOperator(Gaussian(), X, Y), direct(X, Y)
    assert operator.shape == K.shape
    np.testing.assert_allclose(operator.dense(), K, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(operator @ V, K @ V, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(operator @ V[:, 0], K @ V[:, 0], rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(operator.columns([3, 0]), operator.dense()[:, [3, 0]])
    with pytest.raises(ValueError, match="one set of rows"):
        operator.diag()
    with pytest.raises(ValueError, match=r"V must have 700 rows .* got \(3, 2\)"):
        operator @ V[:3]


def test_square():
    operator, K = KernelOperator(Laplacian(), X), Laplacian()(X, X.copy())
    np.testing.assert_allclose(operator.dense(), K, rtol=1e-14)
    np.testing.assert_array_equal(operator.dense(), operator.dense().T)
    np.testing.assert_allclose(operator @ X, K @ X, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(operator.columns(np.array([5, 900])), K[:, [5, 900]])
    np.testing.assert_array_equal(operator.diag(), np.ones(1100))


@pytest.mark.parametrize("t", [None, 0, 1, 3, 16, 17])
@pytest.mark.parametrize("n", [1, 300, 1100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_symmetric_products(n, t, dtype, monkeypatch):
    """By the tiles on and above the diagonal: the same values, whatever the number of threads and parts."""
    rows, V = X[:n].astype(dtype), rng.normal(size=(n,) if t is None else (n, t)).astype(dtype)
    operator, K = KernelOperator(Gaussian(), rows), direct(X[:n], X[:n])
    found = operator @ V
    assert found.dtype == dtype and found.shape == V.shape
    np.testing.assert_allclose(found, K @ V, rtol=1e-10, atol=1e-12 if dtype == np.float64 else 2e-4)
    assert (operator @ V.astype(np.float64)).dtype == np.float64
    with threadpool_limits(1):
        np.testing.assert_array_equal(operator @ V, found)
    monkeypatch.setattr(_operator, "PART_COLUMNS", 20)
    np.testing.assert_allclose(operator @ V, found, rtol=1e-10 if dtype == np.float64 else 1e-5, atol=1e-5)


def test_symmetry_halves_the_values_that_are_made():
    made = []

    class Counted(Tent):
        def tile(self, a, b, out=None):
            made.append(len(a) * len(b))
            return super().tile(a, b, out)

    x = np.linspace(0, 9, 4000)[:, None]
    KernelOperator(Counted(), x) @ x
    assert sum(made) < 0.6 * 4000**2


def test_matrix():
    K = direct(X, Y)
    operator = MatrixOperator(K)
    np.testing.assert_array_equal(operator.dense(), K)
    assert operator.dense() is not K
    np.testing.assert_allclose(operator @ V, K @ V, rtol=1e-12)
    np.testing.assert_allclose(operator @ V[:, 0], K @ V[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(operator.columns([3, 0]), K[:, [3, 0]])
    assert operator.astype(np.float32).dense().dtype == np.float32


def test_products_with_a_float32_matrix():
    K = np.full((3, 200_000), 0.1, dtype=np.float32)
    ones = np.ones(200_000)
    for operator, dtype in ((MatrixOperator(K), np.float32), (MatrixOperator(K, np.float64), np.float64)):
        assert (operator @ ones.astype(np.float32)).dtype == dtype
        assert (operator @ ones).dtype == np.float64
        np.testing.assert_allclose(operator @ ones, 200_000 * float(K[0, 0]), rtol=4e-6)
    np.testing.assert_allclose(MatrixOperator(K, np.float64) @ ones, 200_000 * float(K[0, 0]), rtol=1e-12)


def test_float32_in_float32_out_with_sums_in_float64():
    A, B = np.ones((3, 1), dtype=np.float32), np.ones((200_000, 1), dtype=np.float32)
    total = KernelOperator(Linear(), A, B) @ np.full(200_000, 0.1, dtype=np.float32)
    assert total.dtype == np.float32
    np.testing.assert_allclose(total, 200_000 * np.float32(0.1), rtol=4e-6)
    assert KernelOperator(Gaussian(), A).astype(np.float64).dtype == np.float64


def test_sparse_rows():
    S, T = (sp.csr_array(sp.random(n, 40, density=0.1, random_state=n)) for n in (600, 50))
    operator = KernelOperator(Gaussian(), S, T)
    np.testing.assert_allclose(operator.dense(), direct(S.toarray(), T.toarray()), rtol=1e-12)


class Tent(Kernel):
    """A kernel of a user's own, written against the two verbs alone."""

    def __init__(self, width=1.0):
        self.width = width

    def rows(self, X, like=None):
        return Rows((X,))

    def tile(self, a, b, out=None):
        return np.maximum(0, 1 - np.abs(a.parts[0] - b.parts[0].T) / self.width)

    def diag(self, X):
        return np.ones(len(X))


def test_a_kernel_of_ones_own():
    x = X[:, :1]
    expected = np.maximum(0, 1 - np.abs(x - x.T) / 2)
    np.testing.assert_array_equal(Tent(width=2.0)(x), expected)
    np.testing.assert_allclose(KernelOperator(Tent(width=2.0), x) @ x, expected @ x, rtol=1e-10, atol=1e-12)


def test_an_empty_side_gives_an_empty_result():
    assert KernelOperator(Gaussian(), X[:0], Y).dense().shape == (0, 700)
    assert (KernelOperator(Gaussian(), X[:0], Y) @ V).shape == (0, 2)


@pytest.mark.parametrize("kind", ["kernel", "matrix"])
def test_transposed_sums(kind, monkeypatch):
    """The sums over blocks of rows, the same on any number of threads."""
    monkeypatch.setattr(_operator, "PART_ROWS", 16)
    rng = np.random.default_rng(0)
    X, Z, V = rng.normal(size=(700, 3)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    K, U = Gaussian()(X, Z), rng.normal(size=(700, 2))
    operator = KernelOperator(Gaussian(), X, Z) if kind == "kernel" else MatrixOperator(K)
    found = operator.transposed_sum(lambda i, block: block @ V, 2)
    np.testing.assert_allclose(found, K.T @ (K @ V), rtol=1e-12)
    np.testing.assert_allclose(operator.transposed_sum(lambda i, block: U[i], 2), K.T @ U, rtol=1e-11, atol=1e-11)
    with threadpool_limits(1):
        np.testing.assert_array_equal(operator.transposed_sum(lambda i, block: block @ V, 2), found)


def test_parts_and_products_of_some_rows():
    K, rows, columns = Gaussian()(X), np.arange(0, len(X), 3), np.array([5, 2, 2])
    operator, matrix = KernelOperator(Gaussian(), X), MatrixOperator(K)
    for each in (operator, matrix):
        np.testing.assert_allclose(each.part(rows, columns), K[np.ix_(rows, columns)], rtol=1e-12)
        np.testing.assert_allclose(each.part(rows), K[rows], rtol=1e-12)
        np.testing.assert_allclose(each.restricted(rows).dense(), K[np.ix_(rows, rows)], rtol=1e-12)
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(operator.product(rows, columns, v), K[np.ix_(rows, columns)] @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(operator.product(None, columns, v), K[:, columns] @ v, rtol=1e-10, atol=1e-12)
    for verb in ("part", "restricted"):
        with pytest.raises(ValueError, match=rf"{verb}\(\) needs the operator of one set of rows"):
            getattr(KernelOperator(Gaussian(), X, Y), verb)(rows)
