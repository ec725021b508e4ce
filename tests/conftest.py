"""What every test shares: no window, fixed seeds, and scikit-learn's array API where it is to be had."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import scipy  # noqa: E402
import sklearn  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "thread_unsafe: a mark in scikit-learn's own tests")


@pytest.fixture
def global_random_seed():
    """The seed that scikit-learn's own tests ask for."""
    return 42


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def array_api(monkeypatch):
    """The strict namespace, with scikit-learn told to follow the arrays it is given."""
    xp = pytest.importorskip("array_api_strict")
    if tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 14):
        pytest.skip("scikit-learn's array_api_dispatch needs SciPy 1.14")
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with sklearn.config_context(array_api_dispatch=True):
        yield xp
