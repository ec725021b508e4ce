import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.metrics.pairwise import rbf_kernel

from kernelkit import Columns, Gaussian, Laplacian, Linear, Matern, Sigmoid
from kernelkit.engine import _memory
from kernelkit.inspection import FrequencySpectrumDisplay, Spectrum, SpectrumDisplay, circle, spectrum

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
GRID = np.stack(np.meshgrid(np.arange(8), np.arange(6), indexing="ij"), axis=-1).reshape(-1, 2)


def torus(shape):
    """Points whose kernel matrix is circulant along each axis."""
    angles = np.meshgrid(*(2 * np.pi * np.arange(m) / m for m in shape), indexing="ij")
    return np.column_stack([f(angle.ravel()) for angle in angles for f in (np.cos, np.sin)])


class TestSpectrum:
    @pytest.mark.parametrize("kernel", [Gaussian(2.0), Linear(), Sigmoid(coef0=-1.0), Laplacian() + Linear()], ids=str)
    def test_against_numpy(self, kernel):
        found, K = spectrum(kernel, X), kernel(X)
        expected = np.linalg.eigvalsh(K)[::-1]
        np.testing.assert_allclose(found.eigenvalues, expected, atol=1e-12 * expected[0])
        rebuilt = (found.eigenvectors * found.eigenvalues) @ found.eigenvectors.T
        np.testing.assert_allclose(rebuilt, K, atol=1e-12 * expected[0])
        np.testing.assert_allclose(found.eigenvectors.T @ found.eigenvectors, np.eye(60), atol=1e-12)

    def test_rounding_is_no_negative_eigenvalue(self):
        assert spectrum(Linear(), X).eigenvalues[4:].min() == 0
        assert spectrum(Sigmoid(coef0=-1.0), X).eigenvalues.min() < -1

    @pytest.mark.parametrize(
        ("kernel", "given", "K"),
        [
            (Gaussian("scale"), sp.csr_array(X), Gaussian("scale").resolve(X)(X)),
            (Gaussian("scale"), pd.DataFrame(X), Gaussian("scale").resolve(X)(X)),
            (None, X.tolist(), Gaussian("scale").resolve(X)(X)),
            (rbf_kernel, X, rbf_kernel(X)),
            ("rbf", X, rbf_kernel(X)),
            (RBF(2.0), X, Gaussian(2.0)(X)),
            ("precomputed", Gaussian(1.5)(X), Gaussian(1.5)(X)),
            (Columns(Gaussian(), ["a", "b"]), pd.DataFrame(X, columns=list("abcd")), Gaussian()(X[:, :2])),
        ],
        ids=["sparse", "table", "list", "callable", "name", "scikit-learn", "precomputed", "columns"],
    )
    def test_kernels_and_containers(self, kernel, given, K):
        np.testing.assert_allclose(spectrum(kernel, given).eigenvalues, np.linalg.eigvalsh(K)[::-1], atol=1e-12)

    def test_in_float64_whatever_comes(self):
        single = X.astype(np.float32)
        found = spectrum(Gaussian(2.0), single)
        np.testing.assert_allclose(found.eigenvalues, spectrum(Gaussian(2.0), single.astype(float)).eigenvalues)
        assert found.eigenvalues.dtype == found.eigenvectors.dtype == np.float64

    def test_one_row(self):
        found = spectrum(Gaussian(), [[1.0, 2.0]])
        assert found.eigenvalues == [1.0] and found.dominant_frequencies() == [0.0]

    @pytest.mark.parametrize(
        ("kernel", "given", "error", "message"),
        [
            (Gaussian(), X * np.nan, ValueError, "Input X contains NaN"),
            (Gaussian(), X[0], ValueError, "Expected 2D array"),
            ("gauss", X, ValueError, "kernel must be a kernel object or one of .* got 'gauss'"),
            (3.0, X, TypeError, "kernel must be a kernel object, a callable or a string, got 3.0"),
            ("precomputed", X, ValueError, r"X must be a square matrix for kernel='precomputed', got shape \(60, 4\)"),
            ("precomputed", np.triu(np.ones((3, 3))), ValueError, "X must be a symmetric matrix"),
            (RBF() + WhiteKernel(), X, ValueError, "has white noise, which depends on no pair of rows: leave it out"),
            (lambda A, B: np.full((len(A), len(B)), np.inf), X, ValueError, "values that are not finite"),
        ],
    )
    def test_mistakes(self, kernel, given, error, message):
        with pytest.raises(error, match=message):
            spectrum(kernel, given)

    def test_memory_is_checked_first(self, monkeypatch):
        monkeypatch.setattr(_memory, "available_bytes", lambda: 24 * 60**2 - 1)
        with pytest.raises(MemoryError, match="the eigendecomposition of a 60 x 60 kernel matrix needs .* a part of"):
            spectrum(Gaussian(), X)


class TestFrequencies:
    @pytest.mark.parametrize("kernel", [Gaussian(0.7), Matern(), Linear() ** 3 + 1, Matern(nu=0.5)], ids=str)
    @pytest.mark.parametrize("n", [16, 49])
    def test_on_the_circle_eigenvalues_are_the_fourier_transform_of_a_row(self, kernel, n):
        points = circle(n)
        transformed = np.fft.fft(kernel(points)[0])
        assert np.abs(transformed.imag).max() < 1e-12 * n
        found = spectrum(kernel, points)
        np.testing.assert_allclose(found.eigenvalues, np.sort(transformed.real)[::-1], atol=1e-12 * n)
        known = found.eigenvalues > 1e-10 * found.eigenvalues[0]
        k = found.dominant_frequencies()[known].astype(int)
        np.testing.assert_allclose(found.eigenvalues[known], transformed.real[k], atol=1e-12 * n)
        assert k.max() <= n // 2

    @pytest.mark.parametrize("shape", [(8, 6), (5, 4, 3)])
    def test_on_a_torus_by_the_loop_over_modes(self, shape):
        points = torus(shape)
        kernel = Matern(nu=0.5)
        row, found = kernel(points)[0], spectrum(kernel, points)
        expected = []
        for k in np.ndindex(*shape):
            waves = sum(k[axis] * np.indices(shape)[axis] / shape[axis] for axis in range(len(shape)))
            value = np.sum(row * np.cos(2 * np.pi * waves.ravel()))
            length = np.sqrt(sum(min(i, m - i) ** 2 for i, m in zip(k, shape, strict=True)))
            expected.append((value, length))
        # A list of pairs: eigenvalues that are equal have one length here, or mixtures of them.
        for value, length in zip(found.eigenvalues, found.dominant_frequencies(shape), strict=True):
            assert any(abs(value - v) < 1e-10 and abs(length - r) < 1e-12 for v, r in expected)

    def test_pure_modes_on_a_grid(self):
        i, j = np.indices((8, 6))
        modes = [np.cos(2 * np.pi * (a * i / 8 + b * j / 6)).ravel() for a, b in [(0, 0), (3, 0), (3, 2), (4, 3)]]
        padded = np.column_stack(modes + [modes[0]] * 44)
        found = Spectrum(np.ones(48), padded).dominant_frequencies((8, 6))
        np.testing.assert_allclose(found[:4], [0, 3, np.sqrt(13), 5])

    def test_many_eigenvectors_come_in_blocks(self):
        found = spectrum(Matern(nu=0.5), circle(600))
        np.testing.assert_array_equal(found.dominant_frequencies(), np.arange(1, 601) // 2)

    @pytest.mark.parametrize(
        ("shape", "error", "message"),
        [
            ((3, 4), ValueError, r"grid_shape must be the shape of a grid of the n = 48 rows, got \(3, 4\)"),
            ((-8, -6), ValueError, "grid_shape must be an integer >= 1, got -8.0"),
            ((9.6, 5), ValueError, "grid_shape must be an integer >= 1, got 9.6"),
            ("ab", TypeError, "grid_shape must be numbers, got 'ab'"),
        ],
    )
    def test_mistakes(self, shape, error, message):
        found = spectrum(Gaussian(), GRID)
        np.testing.assert_array_equal(found.dominant_frequencies(48), found.dominant_frequencies())
        with pytest.raises(error, match=message):
            found.dominant_frequencies(shape)
        with pytest.raises(ValueError, match="n must be an integer >= 1, got 0"):
            circle(0)


class TestDisplays:
    def test_eigenvalues(self):
        display = SpectrumDisplay.from_kernel(Gaussian("scale"), X, color="black")
        np.testing.assert_array_equal(display.line_.get_ydata(), spectrum(Gaussian("scale"), X).eigenvalues)
        assert display.share_line_ is None and display.line_.get_color() == "black"

    def test_against_frequency(self):
        display = FrequencySpectrumDisplay.from_kernel(Gaussian(), circle(64), c="red")
        found = spectrum(Gaussian(), circle(64))
        drawn = found.eigenvalues > 64 * np.finfo(float).eps * found.eigenvalues[0]
        np.testing.assert_array_equal(display.line_.get_xdata(), found.dominant_frequencies()[drawn])
        np.testing.assert_array_equal(display.line_.get_ydata(), found.eigenvalues[drawn])
        assert 10 < drawn.sum() < 64 and display.line_.get_color() == "red"
        other = FrequencySpectrumDisplay.from_kernel(Matern(), GRID, grid_shape=(8, 6), ax=display.ax_)
        assert other.ax_ is display.ax_ and other.figure_ is display.figure_
        np.testing.assert_array_equal(other.frequencies, spectrum(Matern(), GRID).dominant_frequencies((8, 6)))
