import numpy as np
import pytest

from kernelkit import FourierFeatures, Linear
from kernelkit.features._waves import sines_and_cosines

rng = np.random.default_rng(0)
X = rng.uniform(size=(50, 2))


@pytest.mark.parametrize(("dtype", "unit", "most"), [(np.float64, 1, 2e-15), (np.float32, 2 * np.pi, 3e-7)])
def test_sines_and_cosines(dtype, unit, most):
    turns = np.concatenate([rng.normal(size=4000) * 3, np.arange(-2, 2, 0.125), [0.0, 0.5, -0.5, 1e-9]]).reshape(4, -1)
    room = np.empty((3, *turns.shape), dtype=dtype)
    room[0] = unit * turns
    wide = np.empty((len(turns), 2 * turns.shape[1]), dtype=dtype)
    sine, cosine = wide[:, ::2], wide[:, 1::2]
    sines_and_cosines(room, sine, cosine)
    exact = 2 * np.pi * (turns - np.rint(turns)) if unit == 1 else (unit * turns).astype(dtype).astype(float)
    np.testing.assert_allclose(sine, np.sin(exact), atol=most)
    np.testing.assert_allclose(cosine, np.cos(exact), atol=most)


def test_basic():
    angles = 2 * np.pi * X
    expected = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(FourierFeatures("basic").fit_transform(X), expected, atol=1e-14)


def test_positional():
    phi = FourierFeatures("positional", n_frequencies=3, scale=8.0).fit(X)
    np.testing.assert_allclose(phi.frequencies_, np.concatenate([f * np.eye(2) for f in (1, 2, 4)]))
    Z = phi.transform(X)
    assert Z.shape == (50, 12)
    np.testing.assert_allclose(Z[:, 2], np.cos(2 * np.pi * 2 * X[:, 0]), atol=1e-14)
    np.testing.assert_allclose(Z[:, -1], np.sin(2 * np.pi * 4 * X[:, 1]), atol=1e-14)


def test_gaussian():
    phi = FourierFeatures(n_frequencies=5000, scale=3.0, random_state=0).fit(X)
    assert phi.frequencies_.shape == (5000, 2)
    np.testing.assert_allclose(phi.frequencies_.std(axis=0), 3.0, rtol=0.05)
    # The kernel of the features is a function of x - y: exp(-2 pi^2 scale^2 |x - y|^2) on average.
    K = Linear()(phi.transform(X)) / 5000
    squares = np.square(X[:, None] - X[None]).sum(axis=2)
    assert np.abs(K - np.exp(-2 * np.pi**2 * 9 * squares)).max() < 0.06
    np.testing.assert_array_equal(phi.fit(X).transform(X), phi.transform(X))


def test_types_and_names():
    phi = FourierFeatures(n_frequencies=3, random_state=0).fit(X.astype(np.float32))
    assert phi.transform(X.astype(np.float32)).dtype == np.float32
    assert phi.transform(X).dtype == np.float64
    assert list(phi.get_feature_names_out()) == [f"fourierfeatures{i}" for i in range(6)]
    assert phi.set_output(transform="pandas").transform(X).shape == (50, 6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mapping": "wavelet"}, "mapping must be one of 'basic', 'positional', 'gaussian', got 'wavelet'"),
        ({"n_frequencies": 0}, "n_frequencies must be an integer >= 1, got 0"),
        ({"scale": -1.0}, "scale must be a number > 0, got -1.0"),
        ({"scale": 0}, "scale must be a number > 0, got 0"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(ValueError, match=message):
        FourierFeatures(**parameters).fit(X)
