import numpy as np
import pytest

from kernelkit import Gaussian, Linear, Sigmoid
from kernelkit.engine import _memory
from kernelkit.inspection import MercerDisplay, mercer_check
from tests.registry import KERNELS

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))


def skew(A, B):
    """Not symmetric, but positive in the mean of both orders."""
    return A @ B.T + 0.5 * (A[:, :1] - B[:, 0])


@pytest.mark.parametrize("case", [case for case in KERNELS if case.positive_definite], ids=str)
@pytest.mark.parametrize("n", [1, 2, 60])
def test_what_promises_to_be_one_is(case, n):
    rows = rng.normal(size=(n, case.width or 3))
    check = mercer_check(case.kernel, rows)
    assert check.positive_semidefinite and check.symmetric
    np.testing.assert_allclose(check.eigenvalues, np.linalg.eigvalsh(case.kernel(rows))[::-1], atol=check.tolerance)


@pytest.mark.parametrize("kernel", [Sigmoid(coef0=-1.0), Sigmoid(gamma=1.0, coef0=1.0), Linear() * Sigmoid()], ids=str)
def test_sigmoid_is_none(kernel):
    check = mercer_check(kernel, X)
    assert check.symmetric and not check.positive_semidefinite
    np.testing.assert_allclose(check.eigenvalues, np.linalg.eigvalsh(kernel(X))[::-1], atol=1e-12)
    assert check.smallest == check.eigenvalues.min() < 0 < check.largest
    assert str(check) == check.verdict
    beginning = f"not positive semi-definite on these 40 rows: eigenvalues from {check.smallest:.3g}"
    assert check.verdict.startswith(beginning)


@pytest.mark.parametrize("n", [40, 700])
def test_a_function_that_is_not_symmetric(n):
    rows = rng.normal(size=(n, 3))
    check, K = mercer_check(skew, rows), skew(rows, rows)
    np.testing.assert_allclose(check.asymmetry, np.abs(K - K.T).max())
    np.testing.assert_allclose(check.eigenvalues, np.linalg.eigvalsh((K + K.T) / 2)[::-1], atol=check.tolerance)
    assert not check.symmetric and not check.positive_semidefinite and check.smallest > -check.tolerance
    assert str(check).startswith(f"not symmetric: k(x, y) and k(y, x) differ by up to {check.asymmetry:.3g};")


def test_the_tolerance_has_the_scale_of_the_matrix():
    small, large = (mercer_check("precomputed", size * Gaussian()(X)) for size in (1e-8, 1e8))
    np.testing.assert_allclose(large.tolerance, 1e16 * small.tolerance)
    np.testing.assert_allclose(small.tolerance, 400 * np.finfo(float).eps * small.largest)
    loose = mercer_check(Sigmoid(coef0=-1.0), X, tol=1)
    assert loose.positive_semidefinite and loose.tolerance == np.abs(loose.eigenvalues).max()
    single = mercer_check("precomputed", Gaussian(5.0)(X).astype(np.float32))
    assert single.positive_semidefinite and single.smallest < -1e-9


def test_given_matrices_are_not_written_to():
    K = skew(X, X)
    before = K.copy()
    assert mercer_check("precomputed", K).asymmetry > 0
    np.testing.assert_array_equal(K, before)
    assert mercer_check("precomputed", np.zeros((2, 2))).positive_semidefinite


@pytest.mark.parametrize(
    ("kernel", "given", "tol", "error", "message"),
    [
        (Gaussian(), X * np.nan, None, ValueError, "Input X contains NaN"),
        (Gaussian(), X, -1.0, ValueError, "tol must be a number >= 0, got -1.0"),
        (Gaussian(), X, "small", TypeError, "tol must be a number >= 0, got 'small'"),
        ("mercer", X, None, ValueError, "got 'mercer'"),
        (lambda A, B: A @ B.T * np.inf, abs(X), None, ValueError, "the kernel matrix has values that are not finite"),
    ],
)
def test_mistakes(kernel, given, tol, error, message):
    with pytest.raises(error, match=message):
        mercer_check(kernel, given, tol)


def test_memory_is_checked_first(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 16 * 40**2 - 1)
    with pytest.raises(MemoryError, match="the eigenvalues of a 40 x 40 kernel matrix need"):
        mercer_check(Gaussian(), X)


class TestDisplay:
    def test_negative_eigenvalues_are_marked(self):
        display = MercerDisplay.from_kernel(Sigmoid(coef0=-1.0), X, color="black")
        values = display.check.eigenvalues
        negative = values < -display.check.tolerance
        np.testing.assert_array_equal(display.line_.get_ydata(), values[~negative])
        np.testing.assert_array_equal(display.negative_line_.get_ydata(), values[negative])
        np.testing.assert_array_equal(display.negative_line_.get_xdata(), np.flatnonzero(negative))
        assert display.ax_.get_title().replace("\n", " ") == display.check.verdict
        assert display.line_.get_color() == "black" and display.negative_line_.get_marker() == "x"

    @pytest.mark.parametrize("given", [np.zeros((3, 3)), np.eye(3), -np.eye(1)])
    def test_matrices_with_little_to_see(self, given):
        display = MercerDisplay.from_kernel("precomputed", given, tol=0)
        assert len(display.line_.get_xdata()) + len(display.negative_line_.get_xdata()) == len(given)
        display.figure_.canvas.draw()


def test_a_function_that_computes_in_float32():
    X = np.random.default_rng(0).normal(size=(300, 2))
    gaussian = Gaussian()
    check = mercer_check(lambda A, B: gaussian(A.astype(np.float32), B.astype(np.float32)), X)
    assert check.positive_semidefinite
