import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from kernelkit import Columns, Gaussian, Linear, Matern, Sigmoid
from kernelkit.inspection import LearningCurvesDisplay, circle, learning_curves

TIMES = [0.0, 0.01, 0.3, 2.0]
LINE = np.linspace(-1, 1, 24)[:, None]
DIAGONAL = LINE * [1.0, -2.0, 0.5] + 3
HELIX = np.column_stack([circle(24), LINE])


@pytest.mark.parametrize("kernel", [Gaussian(0.5), Matern(nu=0.5), Linear() ** 2 + 1], ids=str)
@pytest.mark.parametrize("X", [circle(24), circle(25), LINE, DIAGONAL, HELIX], ids=len)
def test_against_the_matrix_exponential(kernel, X):
    n, frequencies = len(X), [0, 1, 5, len(X) // 2]
    curves, K = learning_curves(kernel, X, TIMES, frequencies), kernel(X)
    assert curves.remaining.shape == (4, 4)
    for i, t in enumerate(TIMES):
        for j, k in enumerate(frequencies):
            wave = np.exp(2j * np.pi * k * np.arange(n) / n)
            left = np.linalg.norm(expm(-K * t) @ wave) / np.linalg.norm(wave)
            np.testing.assert_allclose(curves.remaining[i, j], left, atol=1e-12)
            phases = 2 * np.pi * np.arange(8) / 8
            waves = np.cos(2 * np.pi * k * np.arange(n)[:, None] / n + phases)
            squares = np.square(expm(-K * t) @ waves).sum() / np.square(waves).sum()
            np.testing.assert_allclose(curves.remaining[i, j], np.sqrt(squares), atol=1e-12)


def test_on_the_circle_each_frequency_decays_by_its_eigenvalue():
    eigenvalues = np.fft.fft(Matern()(circle(64))[0]).real
    curves = learning_curves(Matern(), circle(64), TIMES, range(33))
    np.testing.assert_allclose(curves.remaining, np.exp(-np.outer(TIMES, eigenvalues[:33])), atol=1e-12)
    assert (np.diff(curves.remaining[2]) > 0).all()


def test_times_and_frequencies_by_default():
    curves = learning_curves(Matern(), circle(64))
    np.testing.assert_array_equal(curves.frequencies, [1, 2, 4, 8, 16])
    assert curves.times.shape == (100,) and (np.diff(curves.times) > 0).all()
    assert curves.remaining[0].min() > 0.98 and curves.remaining[-1].max() < 0.01
    assert learning_curves("precomputed", np.zeros((4, 4))).remaining.min() == 1
    for n in (1, 2, 3):
        few = learning_curves(Gaussian(), circle(n), frequencies=[0])
        assert few.remaining[-1] < 0.01
    np.testing.assert_array_equal(learning_curves(Gaussian(), circle(2)).frequencies, [1])


def test_kinds_of_input():
    expected = learning_curves(Gaussian(0.5), LINE, TIMES, [1, 2]).remaining
    for kernel, X in [
        ("precomputed", Gaussian(0.5)(LINE)),
        (Gaussian(0.5), pd.DataFrame(LINE)),
        (lambda A, B: Gaussian(0.5)(A, B), LINE.tolist()),
    ]:
        np.testing.assert_allclose(learning_curves(kernel, X, TIMES, [1, 2]).remaining, expected)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"times": [1.0, -1.0]}, ValueError, r"times must be finite numbers >= 0, shape \(s,\), got \[1.0, -1.0\]"),
        ({"times": [np.nan]}, ValueError, "times must be finite numbers >= 0"),
        ({"times": []}, ValueError, "times must be finite numbers >= 0"),
        ({"times": np.ones((2, 2))}, ValueError, "times must be finite numbers >= 0"),
        ({"times": "late"}, TypeError, "times must be numbers, got 'late'"),
        ({"frequencies": [13]}, ValueError, "frequencies must be an integer >= 0 and <= 12, got 13"),
        ({"frequencies": [-1]}, ValueError, "frequencies must be an integer >= 0 and <= 12, got -1"),
        ({"frequencies": [0.5]}, ValueError, "frequencies must be an integer >= 0 and <= 12, got 0.5"),
        ({"frequencies": []}, ValueError, r"frequencies must have the shape \(f,\), got \[\]"),
        ({"X": LINE[[0, 2, 1, *range(3, 24)]]}, ValueError, "X must be equally spaced points in order .* rows 1 apart"),
        ({"X": LINE**3}, ValueError, "X must be equally spaced points in order"),
        ({"X": np.array([[0.0], [1], [2], [1]])}, ValueError, "rows 2 apart have distances from 0 to 2"),
        ({"X": np.ones((5, 2))}, ValueError, "rows 1 apart have distances from 0 to 0"),
        ({"X": LINE * np.nan}, ValueError, "Input X contains NaN"),
        (
            {"kernel": Columns(Gaussian(), ["a"]), "X": pd.DataFrame({"a": LINE[:, 0]})},
            TypeError,
            "X must be an array of points in order along a line or circle, got DataFrame",
        ),
        ({"kernel": Sigmoid(coef0=-1.0)}, ValueError, "kernel=Sigmoid.* must be positive semi-definite on X"),
    ],
)
def test_mistakes(options, error, message):
    with pytest.raises(error, match=message):
        learning_curves(**{"kernel": Gaussian(), "X": LINE, **options})


class TestDisplay:
    def test_a_line_for_each_frequency(self):
        display = LearningCurvesDisplay.from_kernel(Matern(), circle(32), times=TIMES, frequencies=[1, 2, 3, 5, 8])
        expected = learning_curves(Matern(), circle(32), TIMES, [1, 2, 3, 5, 8])
        assert [line.get_label() for line in display.lines_] == ["1", "2", "3", "5", "8"]
        for line, values in zip(display.lines_, expected.remaining.T, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), TIMES[1:])
            np.testing.assert_array_equal(line.get_ydata(), values[1:])
        assert len({line.get_linestyle() for line in display.lines_}) == 4
        assert len({tuple(line.get_color()) for line in display.lines_}) == 5
        assert display.figure_ is display.ax_.figure

    def test_settings_and_axes_of_ones_own(self):
        display = LearningCurvesDisplay.from_kernel(Gaussian(), circle(32), lw=3)
        assert {line.get_linewidth() for line in display.lines_} == {3}
        again = display.plot(ls=":")
        assert {line.get_linestyle() for line in again.lines_} == {":"}
