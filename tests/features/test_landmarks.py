import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kernelkit import Gaussian
from kernelkit.features import _landmarks
from kernelkit.features import choose_landmarks as choose

X = np.random.default_rng(0).normal(size=(200, 3))


def choose_landmarks(X, n_landmarks, landmarks="uniform", random_state=None):
    return choose(Gaussian(), X, n_landmarks, landmarks, random_state).rows


def rows_of(Z, X):
    return {tuple(row) for row in Z} <= {tuple(row) for row in X}


def test_uniform_draws_rows_without_replacement():
    Z = choose_landmarks(X, 50, random_state=0)
    assert Z.shape == (50, 3) and rows_of(Z, X) and len({tuple(row) for row in Z}) == 50
    np.testing.assert_array_equal(Z, choose_landmarks(X, 50, random_state=0))
    assert not np.array_equal(Z, choose_landmarks(X, 50, random_state=1))
    counts = np.zeros(200)
    for seed in range(400):
        counts += np.isin(X[:, 0], choose_landmarks(X, 20, random_state=seed)[:, 0])
    assert abs(counts - 40).max() < 5 * (40 * 0.9) ** 0.5


@pytest.mark.parametrize("landmarks", ["rpcholesky", "leverage", "farthest"])
def test_of_many_rows_only_some_are_looked_at(landmarks, monkeypatch):
    monkeypatch.setattr(_landmarks, "SAMPLE", 100)
    asked = []
    rows = Gaussian.rows
    monkeypatch.setattr(Gaussian, "rows", lambda self, X, like=None: asked.append(len(X)) or rows(self, X, like))
    found = choose(Gaussian(), X, 10, landmarks, 0)
    assert max(asked) == 100 and len(found.indices) == 10
    np.testing.assert_array_equal(X[found.indices], found.rows)
    assert (found.indices > 100).any()  # spread over all rows
    K = Gaussian()(X)
    matrix = choose("precomputed", K, 10, landmarks, 0)
    np.testing.assert_array_equal(matrix.indices, found.indices)
    assert matrix.rows is None


def test_the_factor_is_that_of_the_landmarks():
    found = choose(Gaussian(), X, 30, "rpcholesky", 0)
    np.testing.assert_allclose(found.factor @ found.factor.T, Gaussian()(found.rows), atol=1e-12)
    np.testing.assert_array_equal(np.triu(found.factor, 1), 0)


def test_centres_represent_the_rows_better_than_drawn_rows():
    def distance(Z):
        return np.square(X[:, None] - Z[None]).sum(axis=2).min(axis=1).mean()

    drawn = np.mean([distance(choose_landmarks(X, 20, "uniform", seed)) for seed in range(5)])
    assert distance(choose_landmarks(X, 20, "kmeans", 0)) < 0.8 * drawn


@pytest.mark.parametrize("landmarks", ["uniform", "kmeans"])
def test_containers(landmarks):
    assert choose_landmarks(X.astype(np.float32), 5, landmarks, 0).dtype == np.float32
    sparse = choose_landmarks(sp.csr_array(X), 5, landmarks, 0)
    assert sp.issparse(sparse) and sparse.shape == (5, 3)
    table = choose_landmarks(pd.DataFrame(X), 5, landmarks, 0)
    assert table.shape == (5, 3)


def test_given():
    np.testing.assert_array_equal(choose_landmarks(X, None, X[:5].tolist()), X[:5])
    assert choose_landmarks(X.astype(np.float32), None, X[:5]).dtype == np.float32
    table = pd.DataFrame(X[:5])
    pd.testing.assert_frame_equal(choose_landmarks(pd.DataFrame(X), None, table), table)
    with pytest.raises(ValueError, match=r"landmarks must be a table with the columns of X, \[0, 1, 2\]"):
        choose_landmarks(pd.DataFrame(X), None, table[[1, 0, 2]])
    whole = choose_landmarks((10 * X).astype(int), None, X[:5])
    np.testing.assert_array_equal(whole, X[:5])
    given = X[:5].copy()
    kept = choose_landmarks(X, None, given)
    given[:] = 0
    np.testing.assert_array_equal(kept, X[:5])
    assert choose("rbf", X, 3, "uniform", 0).rows.shape == (3, 3)


@pytest.mark.parametrize(
    ("n_landmarks", "landmarks", "message"),
    [
        (0, "uniform", "n_landmarks must be an integer >= 1, got 0"),
        (2.5, "uniform", "n_landmarks must be an integer >= 1, got 2.5"),
        (201, "kmeans", "n_landmarks must be at most the number of rows, got n_landmarks=201 and n=200"),
        (5, "best", "landmarks must be one of 'rpcholesky', 'uniform', .* got 'best'"),
        (5, X[:5, :2], "X has 3 features, but landmarks have 2"),
        (6, X[:5], "n_landmarks must be None or the number of landmarks, 5, got 6"),
        (None, np.full((2, 3), np.nan), "landmarks contains NaN"),
        (None, X[0], "Expected 2D array"),
        (None, 5, r"landmarks must be one of .*, or an array of shape \(p, d\), got 5"),
        (5, None, r"landmarks must be one of .*, or an array of shape \(p, d\), got None"),
    ],
)
def test_mistakes(n_landmarks, landmarks, message):
    with pytest.raises(ValueError, match=message):
        choose_landmarks(X, n_landmarks, landmarks)
