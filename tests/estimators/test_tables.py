"""Tables with words in them, text, and kernels that users write."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from kernelkit import Columns, FeatureKernel, Gaussian, KernelRidge, KernelRidgeCV, Linear
from kernelkit.kernels import Kernel, Rows
from kernelkit.solvers import _cholesky

rng = np.random.default_rng(0)
NUMBERS = rng.normal(size=(80, 2))
WORDS = np.array(["red", "green", "blue"])[rng.integers(0, 3, 80)]
y = NUMBERS[:, 0] + (WORDS == "red")


def table(dtype=np.float64):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(NUMBERS.astype(dtype), columns=["a", "b"]).assign(colour=WORDS)


def colour_and_numbers():
    words = Columns(FeatureKernel(OneHotEncoder(sparse_output=False)), ["colour"])
    return 2 * Columns(Gaussian("scale"), ["a", "b"]) + words + 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("alpha", [1.0, 1e-3])
@pytest.mark.parametrize("mixed_from", [10, 10**6])
def test_columns_of_numbers_and_of_words(dtype, alpha, mixed_from, monkeypatch):
    monkeypatch.setattr(_cholesky, "MIXED_FROM", mixed_from)
    X = table(dtype)
    model = KernelRidge(colour_and_numbers(), alpha=alpha, fit_intercept=True).fit(X, y)
    numbers, words = X[["a", "b"]].to_numpy().astype(float), (WORDS[:, None] == WORDS).astype(float)
    sigma = (2 * numbers.var() / 2) ** 0.5
    K = 2 * Gaussian(sigma)(numbers) + words + 1
    expected = KernelRidge("precomputed", alpha=alpha, fit_intercept=True).fit(K, y).predict(K)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-3 if dtype is np.float32 else 1e-8, atol=1e-3)
    np.testing.assert_allclose(model.predict(X[:7]), model.predict(X)[:7], rtol=1e-5)


@pytest.mark.parametrize("settings", [{"solver": "eigen"}, {"uncertainty": True}])
def test_tables_of_float32_in_every_solver(settings):
    X = table(np.float32)
    expected = KernelRidge(colour_and_numbers(), alpha=0.1).fit(table(), y).predict(X)
    found = KernelRidge(colour_and_numbers(), alpha=0.1, **settings).fit(X, y).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.isfinite(KernelRidgeCV(colour_and_numbers()).fit(X, y).best_score_)


def test_text():
    texts = [f"{word} number {i % 7}" for i, word in enumerate(WORDS)]
    kernel = 0.5 * FeatureKernel(TfidfVectorizer(dtype=np.float32)) + 1
    red = (WORDS == "red").astype(float)
    model = KernelRidge(kernel, alpha=0.1).fit(texts, red)
    assert model.score(texts, red) > 0.9
    assert (model.predict(["red number 99", "blue number 99"]) > 0.5).tolist() == [True, False]


class Naive(Kernel):
    """What is returned from each verb is up to the test."""

    def __init__(self, rows=None, tile=None, diag=None):
        self.make_rows, self.make_tile, self.make_diag = rows, tile, diag

    def get_params(self, deep=True):
        return {}

    def rows(self, X, like=None):
        return Rows((self.make_rows(X) if self.make_rows else X,))

    def tile(self, a, b, out=None):
        return self.make_tile(a.parts[0], b.parts[0], out)

    def diag(self, X):
        return self.make_diag(X) if self.make_diag else np.ones(len(X))


def test_integer_rows_do_not_truncate_the_values():
    hamming = Naive(lambda X: X.round().astype(int), lambda a, b, out: (a[:, None] == b[None]).mean(axis=2))
    K = hamming(rng.integers(0, 2, size=(20, 4)).astype(float))
    assert K.dtype == np.float64
    assert set(np.unique(K)) > {0.25, 0.5}
    SVC(kernel=hamming).fit(NUMBERS, WORDS)


@pytest.mark.parametrize(
    ("tile", "got"),
    [
        (lambda a, b, out: out.fill(1.0) if out is not None else None, "None"),
        (lambda a, b, out: a[:, :1], r"\(80, 1\)"),
    ],
)
def test_a_tile_of_the_wrong_shape_is_refused(tile, got):
    with pytest.raises(ValueError, match=rf"tile of Naive must return an array of shape \(80, 80\), got {got}"):
        Naive(tile=tile)(NUMBERS)


def test_views_are_not_written_into():
    square = rng.normal(size=(6, 6))
    before = square.copy()
    view = Naive(tile=lambda a, b, out: a[:, : len(b)], diag=lambda X: X[:, 0])
    for kernel in (view + 1, view**2, view + Linear(), 3 * view):
        kernel(square)
        kernel.diag(square)
    np.testing.assert_array_equal(square, before)
