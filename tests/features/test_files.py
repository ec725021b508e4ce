"""Rows in a file: features of a np.memmap are those of the same rows in memory, of which no copy is made."""

import tracemalloc

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from kernelkit import (
    NTK,
    FourierFeatures,
    Gaussian,
    KernelPCA,
    Linear,
    Nystroem,
    Polynomial,
    RandomFourier,
    RandomNeural,
)
from kernelkit.features import explicit

N, D = 120_000, 40
MAPS = [
    RandomFourier(Gaussian(4.0), n_components=8, random_state=0),
    RandomFourier(Gaussian(4.0), n_components=7, random_state=0),
    Nystroem(Gaussian(4.0), n_components=8, random_state=0),
    RandomNeural(NTK(), n_components=8, random_state=0),
    FourierFeatures(n_frequencies=4, random_state=0),
    explicit(Polynomial(degree=1)),
    explicit(Linear()),
    KernelPCA(Gaussian(4.0), n_components=4, n_landmarks=20, random_state=0),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    np.save(path, np.random.default_rng(0).normal(size=(N, D)).astype(np.float32))
    return path


def transformed(feature_map, rows):
    """The features, and the largest memory on the way: of one thread, for several do not always meet."""
    with threadpool_limits(1):
        tracemalloc.start()
        features = feature_map.transform(rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return features, peak


@pytest.mark.parametrize("feature_map", MAPS, ids=lambda feature_map: type(feature_map).__name__)
def test_features_of_a_file(feature_map, rows):
    held, mapped = np.load(rows), np.load(rows, mmap_mode="r")
    wanted = feature_map.fit(held[:500]).transform(held)
    half, peak_of_half = transformed(feature_map, mapped[: N // 2])
    found, peak = transformed(feature_map, mapped)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == np.float32
    # Beyond their features twice as many rows need nothing: not even one copy of them, in float64 or as they are.
    growth = peak - peak_of_half - 2 * (found.nbytes - half.nbytes)
    assert growth < N // 2 * D * 4 / 4
