import numpy as np
import pytest
from sklearn.datasets import load_iris

from kernelkit import Constant, Gaussian, Linear, Sigmoid
from kernelkit.engine import _memory
from kernelkit.inspection import AlignmentDisplay, alignment

X, species = load_iris(return_X_y=True)
names = load_iris().target_names[species]
two = np.where(species == 2, "yes", "no")
targets = np.random.default_rng(0).normal(size=(150, 3)) + X[:, :3] + 4


def by_loops(K, T, centred):
    """The definition, entry by entry."""
    n = len(K)
    if centred:
        J = np.eye(n) - np.ones((n, n)) / n
        K, T = J @ K @ J, J @ T @ J
    inner = squares = others = 0.0
    for i in range(n):
        for j in range(n):
            inner += K[i, j] * T[i, j]
            squares += K[i, j] ** 2
            others += T[i, j] ** 2
    return inner / np.sqrt(squares * others)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("kernel", [Linear(), Gaussian(1.5), Sigmoid(0.01, -1.0)], ids=str)
@pytest.mark.parametrize(
    ("y", "T"),
    [
        (targets, targets @ targets.T),
        (targets[:, 0], np.outer(targets[:, 0], targets[:, 0])),
        (targets[:, :1], np.outer(targets[:, 0], targets[:, 0])),
        (names, np.equal.outer(species, species).astype(float)),
        (species, np.equal.outer(species, species).astype(float)),
        (two, np.where(np.equal.outer(two, two), 1.0, -1.0)),
        (two == "yes", np.where(np.equal.outer(two, two), 1.0, -1.0)),
    ],
    ids=["several", "number", "column", "strings", "integers", "two", "booleans"],
)
def test_against_loops(kernel, y, T, centred):
    found = alignment(kernel, X, y, centred=centred)
    assert isinstance(found, float)
    np.testing.assert_allclose(found, by_loops(kernel(X), T, centred), rtol=1e-10)


def test_for_two_classes_indicators_are_as_good_as_signs_once_centred():
    indicators = np.column_stack([two == "no", two == "yes"]).astype(float)
    np.testing.assert_allclose(alignment(Linear(), X, indicators), alignment(Linear(), X, two))


def test_the_kernel_of_the_target_itself():
    for centred in (True, False):
        np.testing.assert_allclose(alignment("precomputed", targets @ targets.T, targets, centred), 1)
    assert alignment("precomputed", np.eye(150), names) < 0.2


def test_scale_and_float32_do_not_matter():
    expected = alignment(Gaussian("scale"), X, names)
    np.testing.assert_allclose(alignment(7 * Gaussian("scale"), X, names), expected)
    np.testing.assert_allclose(alignment(Gaussian("scale"), X.astype(np.float32), names), expected, rtol=1e-5)
    K = Gaussian(1.3)(X)
    single = K.astype(np.float32)
    np.testing.assert_allclose(alignment("precomputed", single, names), alignment("precomputed", K, names), rtol=1e-6)
    np.testing.assert_array_equal(single, K.astype(np.float32))


def test_a_kernel_that_tells_no_rows_apart():
    assert alignment(Constant(0.3), X, names) == 0.0
    assert alignment(Gaussian(1e12), X, names) == 0.0
    assert alignment("precomputed", np.full((150, 150), np.float32(0.1)), names) == 0.0
    assert alignment("precomputed", np.zeros((150, 150)), names, centred=False) == 0.0
    assert alignment(Constant(0.3), X, two, centred=False) > 0
    assert alignment(Gaussian(1e4), X, names) == pytest.approx(alignment(Linear(), X, names), abs=1e-4)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (names[:5], r"y must have n = 150 rows, as X has, got shape \(5,\)"),
        (np.eye(3), r"y must have n = 150 rows, as X has, got shape \(3, 3\)"),
        (np.full(150, 0.1), "y must not be the same for all rows"),
        (["a"] * 150, "y must not be the same for all rows"),
        (np.full(150, np.nan), "Input y contains NaN"),
    ],
)
def test_mistakes(y, message):
    with pytest.raises(ValueError, match=message):
        alignment(Linear(), X, y)


def test_more_mistakes(monkeypatch):
    with pytest.raises(ValueError, match="y must not be zero for all rows"):
        alignment(Linear(), X, np.zeros((150, 2)), centred=False)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        alignment(Linear(), X * np.nan, names)
    with pytest.raises(TypeError, match="y must be numbers"):
        alignment(Linear(), X, np.column_stack([names, names]))
    monkeypatch.setattr(_memory, "available_bytes", lambda: 8 * 150**2 - 1)
    with pytest.raises(MemoryError, match="the 150 x 150 kernel matrix needs .* use a part of the rows"):
        alignment(Linear(), X, names)


class TestDisplay:
    def test_bars_by_name(self):
        kernels = {"linear": Linear(), "Gaussian": Gaussian("scale"), "flat": Constant()}
        display = AlignmentDisplay.from_kernels(kernels, X, names, color="black")
        expected = [alignment(kernel, X, names) for kernel in kernels.values()]
        np.testing.assert_allclose([bar.get_width() for bar in display.bars_], expected)
        assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["linear", "Gaussian", "flat"]
        assert display.ax_.get_ylim()[0] > display.ax_.get_ylim()[1]  # the first at the top
        assert display.ax_.get_xlabel().startswith("centred") and display.figure_ is display.ax_.figure

    def test_a_list_not_centred(self):
        display = AlignmentDisplay.from_kernels([Linear(), "rbf"], X, two, centred=False)
        assert display.names == ["Linear()", "rbf"] and display.ax_.get_xlabel().startswith("alignment")
        np.testing.assert_allclose(display.alignments[0], alignment(Linear(), X, two, centred=False))

    @pytest.mark.parametrize("kernels", [Linear(), "rbf", [], None])
    def test_mistakes(self, kernels):
        with pytest.raises(TypeError, match="kernels must be a dictionary or a list of kernels, got"):
            AlignmentDisplay.from_kernels(kernels, X, names)


@pytest.mark.parametrize("scale", [1e-200, 1e100, 1e200])
def test_any_units(scale):
    y = X[:, 0] + X[:, 1] ** 2
    wanted = alignment(Gaussian(), X, y)
    assert alignment(Gaussian(), X, scale * y) == pytest.approx(wanted)
    assert alignment(Constant(scale) * Gaussian(), X, y) == pytest.approx(wanted)
    with pytest.raises(ValueError, match="y must not be zero for all rows"):
        alignment(Gaussian(), X, 0 * y, centred=False)


def test_a_target_that_is_missing():
    for y in (None, ["a", None] * (len(X) // 2)):
        with pytest.raises(ValueError, match="y must be labels or numbers for all rows, got None"):
            alignment(Gaussian(), X, y)
