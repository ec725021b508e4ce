"""What every test shares: no window, fixed seeds, and scikit-learn's array API where it is to be had."""

import os
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import scipy  # noqa: E402
import sklearn  # noqa: E402

SCIPY_FOLLOWS = tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14)


def pytest_configure(config):
    config.addinivalue_line("markers", "thread_unsafe: a mark in scikit-learn's own tests")


@pytest.fixture
def global_random_seed():
    """The seed that scikit-learn's own tests ask for."""
    return 42


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def follow_arrays(monkeypatch):
    """Let scikit-learn be told to follow the arrays it is given, where SciPy can."""
    if not SCIPY_FOLLOWS:
        pytest.skip("scikit-learn's array_api_dispatch needs SciPy 1.14")
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@pytest.fixture
def array_api(monkeypatch):
    """The strict namespace, with scikit-learn told to follow the arrays it is given."""
    xp = pytest.importorskip("array_api_strict")
    follow_arrays(monkeypatch)
    with sklearn.config_context(array_api_dispatch=True):
        yield xp


@dataclass(frozen=True)
class Library:
    """An array library, and a device of it."""

    xp: Any
    device: Any

    def __call__(self, values, dtype=None):
        """Return NumPy's values as an array of the library, there."""
        return self.xp.asarray(np.array(values, dtype=dtype), device=self.device)

    def back(self, array):
        """Return an array as NumPy's; it must be one of the library, there."""
        assert type(array) is type(self(0.0))
        assert array.device == self(0.0).device
        return np.asarray(array.cpu() if self.device == "cpu" else array.to_device(self.xp.Device("CPU_DEVICE")))


@pytest.fixture(params=["array_api_strict", "torch"])
def library(request, monkeypatch):
    """A library with scikit-learn told to follow it: the strict one, on a device that NumPy cannot read, and torch."""
    xp = pytest.importorskip(request.param)
    follow_arrays(monkeypatch)
    with sklearn.config_context(array_api_dispatch=True):
        yield Library(xp, "cpu" if request.param == "torch" else xp.Device("device1"))
