"""Every public kernel, feature map and estimator is in the registry, and every public name is exported at the top."""

import inspect

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone

import kernelkit
from kernelkit import estimators, features, inspection, kernels
from tests.registry import ESTIMATORS, FEATURE_MAPS, KERNELS, OTHER_MAPS


def public_classes(module, base):
    classes = (getattr(module, name) for name in module.__all__)
    return {c for c in classes if inspect.isclass(c) and issubclass(c, base) and not inspect.isabstract(c)}


def kinds(kernel):
    """The classes a kernel is made of."""
    parts = [kernel, *kernel.get_params().values()]
    return {type(part) for part in parts if isinstance(part, kernels.Kernel)}


def test_every_kernel_is_registered():
    assert public_classes(kernels, kernels.Kernel) <= set().union(*(kinds(case.kernel) for case in KERNELS))


def test_every_feature_map_is_registered():
    maps = [feature_map for feature_map, _ in FEATURE_MAPS] + OTHER_MAPS
    assert public_classes(features, TransformerMixin) == {type(feature_map) for feature_map in maps}


def test_every_estimator_is_registered():
    assert public_classes(estimators, BaseEstimator) == {type(estimator) for estimator in ESTIMATORS}


def test_names_in_the_registry_are_unique():
    names = [case.name for case in KERNELS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("module", [kernels, estimators], ids=lambda m: m.__name__)
def test_top_exports(module):
    not_made_by_users = {kernels.FunctionKernel, kernels.KernelEstimator, kernels.SklearnWrapper}
    classes = public_classes(module, BaseEstimator) - not_made_by_users
    assert {c.__name__ for c in classes} <= set(kernelkit.__all__)
    assert all(getattr(kernelkit, c.__name__) is c for c in classes)


@pytest.mark.parametrize("module", [kernelkit, kernels, features, inspection, estimators], ids=lambda m: m.__name__)
def test_all_is_sorted_and_present(module):
    assert sorted(module.__all__) == list(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize(("feature_map", "kernel"), FEATURE_MAPS, ids=lambda value: repr(value)[:60])
def test_feature_maps_reproduce_their_kernel(feature_map, kernel, rng):
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3))
    feature_map = clone(feature_map).fit(X)
    K = feature_map.transform(X) @ feature_map.transform(Y).T
    np.testing.assert_allclose(K, kernel(X, Y), rtol=1e-12, atol=1e-12)
