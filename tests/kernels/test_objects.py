"""Kernels are value objects: cloned, pickled, compared, shown and set like any scikit-learn object."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.preprocessing import PolynomialFeatures

from kernelkit import kernels
from kernelkit.kernels import (
    Columns,
    Constant,
    Cosine,
    FeatureKernel,
    FunctionKernel,
    Gaussian,
    Laplacian,
    Linear,
    Matern,
    Polynomial,
    Power,
    Product,
    RationalQuadratic,
    Sigmoid,
    Sum,
    as_kernel,
)
from tests.kernels.helpers import CASES, PLAIN, sample
from tests.registry import UNRESOLVED

every = pytest.mark.parametrize("case", CASES, ids=str)
each = pytest.mark.parametrize("case", PLAIN, ids=str)
unresolved = pytest.mark.parametrize("kernel", UNRESOLVED.values(), ids=UNRESOLVED)


@every
@pytest.mark.parametrize(
    "twin", [clone, copy.deepcopy, lambda k: pickle.loads(pickle.dumps(k))], ids="clone copy pickle".split()
)
def test_twins(case, twin):
    k = case.kernel
    other = twin(k)
    X, Y = sample(case)
    assert other is not k
    np.testing.assert_array_equal(other(X, Y), k(X, Y))
    assert str(other) == str(k)
    if not case.name.strip("2*(").startswith("features"):  # a pickled transformer is another object
        assert other == k
        assert hash(other) == hash(k)


@unresolved
def test_clone_of_an_unresolved_kernel(kernel):
    assert repr(clone(kernel)) == repr(kernel)
    assert clone(kernel) is not kernel
    assert pickle.loads(pickle.dumps(kernel)).get_params().keys() == kernel.get_params().keys()


def test_kernels_with_different_parameters_differ():
    assert Gaussian(1.0) == Gaussian(1.0)
    assert Gaussian(1.0) != Gaussian(2.0)
    assert Gaussian(1.0) != Matern(1.0)
    assert Gaussian([1.0, 2.0]) == Gaussian([1.0, 2.0])
    assert Gaussian(np.array([1.0, 2.0])) == Gaussian(np.array([1.0, 2.0]))
    assert Gaussian(np.array([1.0, 2.0])) != Gaussian(np.array([1.0, 3.0]))
    assert Gaussian(np.array([1.0, 2.0])) != Gaussian(1.0)
    assert Gaussian("scale") != Gaussian(1.0)
    assert Gaussian() + Linear() != Gaussian() * Linear()
    assert Gaussian() + Linear() == Gaussian() + Linear()
    assert (Gaussian() == 1.0) is False
    assert len({Gaussian(), Gaussian(), Linear()}) == 2


@each
def test_hash_survives_a_change_of_parameters(case):
    k = clone(case.kernel)
    before = hash(k)
    for name, value in k.get_params().items():
        if name.endswith("sigma") and np.ndim(value) == 0:
            k.set_params(**{name: 5.0})
    assert hash(k) == before


@each
def test_repr(case):
    text = repr(case.kernel)
    assert type(case.kernel).__name__ in text
    assert "\n" not in case.kernel._repr_html_()
    if case.name in ("features", "sklearn", "function"):
        return
    names = {**vars(kernels), "array": np.array}
    assert eval(text, names) == case.kernel


def test_nested_parameters():
    k = Gaussian(2.0) + Linear() * Matern(nu=0.5)
    params = k.get_params()
    assert params["k1__sigma"] == 2.0
    assert params["k2__k2__nu"] == 0.5
    k.set_params(k1__sigma=3.0, k2__k2__sigma=4.0)
    assert k == Gaussian(3.0) + Linear() * Matern(4.0, nu=0.5)
    assert (2 * Gaussian()).set_params(k1__value=5.0) == 5 * Gaussian()
    assert Columns(Gaussian(), [0]).set_params(kernel__sigma=2.0) == Columns(Gaussian(2.0), [0])
    assert (Gaussian() ** 2).set_params(kernel__sigma=2.0, exponent=3) == Gaussian(2.0) ** 3
    with pytest.raises(ValueError, match="sigmma"):
        k.set_params(k1__sigmma=1.0)


@pytest.mark.parametrize("operator", [lambda k: k + k, lambda k: k * k], ids="+*")
def test_the_sides_of_an_operator_are_apart(operator):
    k = Gaussian(1.0)
    both = operator(k)
    both.set_params(k1__sigma=2.0)
    assert (both.k1.sigma, both.k2.sigma, k.sigma) == (2.0, 1.0, 1.0)
    k.set_params(sigma=9.0)
    assert (both.k1.sigma, both.k2.sigma) == (2.0, 1.0)
    power = k**2
    k.set_params(sigma=1.0)
    assert power.kernel.sigma == 9.0


def test_a_fitted_transformer_survives_an_operator(rng):
    from sklearn.preprocessing import StandardScaler

    X = rng.normal(size=(6, 2)) + 4
    fitted = FeatureKernel(StandardScaler().fit(X))
    np.testing.assert_allclose((fitted + fitted)(X), 2 * fitted(X))


def test_operators_build_kernels():
    k = Gaussian(2.0)
    assert k + 1 == Sum(Gaussian(2.0), Constant(1.0))
    assert 1 + k == Sum(Constant(1.0), Gaussian(2.0))
    assert 2 * k == Product(Constant(2.0), Gaussian(2.0))
    assert k * 2 == Product(Gaussian(2.0), Constant(2.0))
    assert np.float64(2) * k == 2 * k
    assert k**2 == Power(Gaussian(2.0), 2)
    assert isinstance(k + RBF(), Sum)
    assert isinstance(k * RBF(), Product)
    for wrong in ("rbf", None, [1, 2]):
        with pytest.raises(TypeError):
            k + wrong


def test_defaults_are_the_documented_ones():
    assert Polynomial() == Polynomial(degree=3, gamma=1.0, coef0=1.0)
    assert Sigmoid() == Sigmoid(gamma=1.0, coef0=0.0)
    assert Gaussian() == Gaussian(sigma=1.0)
    assert Laplacian() == Laplacian(sigma=1.0)
    assert Matern() == Matern(sigma=1.0, nu=1.5)
    assert RationalQuadratic() == RationalQuadratic(sigma=1.0, shape=1.0)
    assert Constant() == Constant(value=1.0)


@every
def test_theta_round_trip(case):
    k = clone(case.kernel)
    theta = k.theta
    assert theta.shape == (k.n_dims,)
    assert k.bounds.shape == (k.n_dims, 2) or k.n_dims == 0
    moved = k.clone_with_theta(theta + 0.1)
    np.testing.assert_allclose(moved.theta, theta + 0.1, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(k.theta, theta)
    for name, value in moved.get_params().items():
        if name.split("__")[-1] in ("sigma", "gamma", "coef0", "value", "shape") and np.ndim(value) == 0:
            assert type(value) is float
    assert not k.is_stationary()


def test_fixed_hyperparameters_are_left_out():
    assert Gaussian(2.0, sigma_bounds="fixed").theta.size == 0
    k = 2 * Gaussian([1.0, 2.0])
    assert k.n_dims == 3
    np.testing.assert_allclose(k.theta, np.log([2.0, 1.0, 2.0]))
    np.testing.assert_allclose(k.bounds, np.log([[1e-5, 1e5]] * 3))


def test_as_kernel():
    k = Gaussian()
    assert as_kernel(k) is k
    assert as_kernel("precomputed") == "precomputed"
    assert as_kernel(None) == Gaussian("scale")
    with pytest.raises(ValueError, match="linear.*got 'rbff'"):
        as_kernel("rbff")
    with pytest.raises(TypeError, match=r"a callable or a string, got 0\.5"):
        as_kernel(0.5)
    with pytest.raises(TypeError, match=r"did you mean Gaussian\(\)"):
        as_kernel(Gaussian)


@pytest.mark.parametrize(
    "name", ["linear", "poly", "polynomial", "rbf", "laplacian", "sigmoid", "cosine", "chi2", "additive_chi2"]
)
def test_names_mean_what_they_mean_in_scikit_learn(name, rng):
    from sklearn.metrics.pairwise import pairwise_kernels

    X, Y = rng.uniform(size=(8, 3)), rng.uniform(size=(5, 3))
    k = as_kernel(name).resolve(X)
    np.testing.assert_allclose(k(X, Y), pairwise_kernels(X, Y, metric=name), rtol=1e-12)
    np.testing.assert_allclose(k.diag(X), np.diagonal(pairwise_kernels(X, metric=name)), rtol=1e-12, atol=1e-12)


def test_a_function_may_return_a_view(rng):
    X = rng.normal(size=(6, 2))
    kept = np.ones((6, 6))
    k = as_kernel(lambda X, Y: kept[: len(X), : len(Y)]) + as_kernel(lambda X, Y: kept[: len(X), : len(Y)])
    np.testing.assert_array_equal(k(X), 2.0)
    np.testing.assert_array_equal(kept, 1.0)


def test_a_function_must_return_a_matrix(rng):
    X = rng.normal(size=(6, 2))
    with pytest.raises(ValueError, match=r"\(6, 6\)"):
        as_kernel(lambda x, y: float(x[0] @ y[0]))(X)


def test_white_noise_counts_only_on_the_training_matrix(rng):
    X, Y = rng.normal(size=(6, 2)), rng.normal(size=(4, 2))
    ours, theirs = Gaussian(0.7) + WhiteKernel(0.3), RBF(0.7) + WhiteKernel(0.3)
    assert ours.has_noise
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-12)
    np.testing.assert_allclose(ours(X, Y), theirs(X, Y), rtol=1e-12)
    np.testing.assert_allclose(ours(X, X), theirs(X, X), rtol=1e-12)
    np.testing.assert_allclose(ours.diag(X), theirs.diag(X), rtol=1e-12)
    np.testing.assert_allclose((2 * ours)(X), 2 * theirs(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (Gaussian(0.0), "sigma"),
        (Gaussian(-1.0), "sigma"),
        (Gaussian(np.nan), "sigma"),
        (Gaussian([1.0, 2.0]), "sigma"),
        (Gaussian([1.0, 0.0, 1.0]), "sigma"),
        (Gaussian("wide"), "sigma"),
        (Laplacian(0.0), "sigma"),
        (Laplacian([1.0, 1.0, 1.0]), "sigma"),
        (Matern(nu=0.0), "nu"),
        (RationalQuadratic(shape=-1.0), "shape"),
        (Polynomial(degree=0), "degree"),
        (Polynomial(degree=1.5), "degree"),
        (Constant(-1.0), "value"),
        (Gaussian() ** 0, "exponent"),
        (Gaussian() ** 0.5, "exponent"),
        (Columns(Linear(), [7]), "columns"),
        (Columns(Linear(), []), "columns"),
        (Columns(Linear(), ["a"]), "columns"),
    ],
    ids=repr,
)
def test_wrong_parameters_are_named(kernel, message, rng):
    X = rng.normal(size=(5, 3))
    with pytest.raises((ValueError, TypeError), match=message):
        kernel.resolve(X)(X)


def test_wrong_types_are_named():
    X = np.ones((3, 2))
    for kernel in (Gaussian(None), Matern(nu="a"), Polynomial(degree="3"), Polynomial(coef0=None)):
        with pytest.raises((TypeError, ValueError), match="sigma|nu|degree|coef0"):
            kernel(X)
    assert Cosine().get_params() == {}


def test_equality_of_what_parameters_hold():
    for make in (
        lambda: FeatureKernel(PolynomialFeatures(2)),
        lambda: Gaussian([1.0, 2.0]),
        lambda: FunctionKernel(np.dot, {"weights": np.ones(3)}),
    ):
        assert make() == make()
        assert clone(make()) == make()
    fitted = FeatureKernel(PolynomialFeatures(2)).resolve(np.ones((2, 2)))
    assert fitted == fitted
    assert fitted != copy.deepcopy(fitted)
    assert Gaussian([1.0, 2.0]) != Gaussian([1.0, 3.0])
