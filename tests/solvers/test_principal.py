import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from kernelkit import Gaussian, Laplacian, Linear
from kernelkit.engine import KernelOperator, MatrixOperator, _memory
from kernelkit.solvers import principal_components
from kernelkit.solvers._eigenvalues import signs
from kernelkit.solvers._principal import EIGEN_SOLVERS, centre_in_place

X = load_digits().data[:500] / 16
SOLVERS = [solver for solver in EIGEN_SOLVERS if solver != "auto"]
KERNELS = {"gaussian": Gaussian(1.5), "laplacian": Laplacian(8.0), "linear": Linear()}


def exact(K):
    """Eigenvalues and vectors of J K J with J written out, descending."""
    n = len(K)
    J = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(J @ K @ J)
    return values[::-1], vectors[:, ::-1]


def scores(found):
    return found.vectors * np.sqrt(found.values)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_finds_the_same(solver, kernel):
    K = kernel(X)
    values, vectors = exact(K)
    found = principal_components(KernelOperator(kernel, X), 10, solver, power=12, random_state=0)
    assert found.solver == solver
    np.testing.assert_allclose(found.values, values[:10], rtol=1e-9)
    np.testing.assert_allclose(found.vectors, vectors[:, :10] * signs(vectors[:, :10]), atol=1e-7)
    np.testing.assert_allclose(found.total, values.sum(), rtol=1e-10)
    np.testing.assert_allclose(K @ found.weights - found.offset, scores(found), atol=1e-8 * values[0] ** 0.5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32(solver):
    values, vectors = exact(Gaussian(1.5)(X))
    found = principal_components(KernelOperator(Gaussian(1.5), X.astype(np.float32)), 5, solver, random_state=0)
    np.testing.assert_allclose(found.values, values[:5], rtol=1e-5)
    np.testing.assert_allclose(found.vectors, vectors[:, :5] * signs(vectors[:, :5]), atol=1e-4)


@pytest.mark.parametrize("solver", ["lanczos", "arpack", "randomized"])
def test_the_matrix_is_not_held_where_it_does_not_fit(solver, monkeypatch):
    operator = KernelOperator(Gaussian(1.5), X)
    held = principal_components(operator, 5, solver, random_state=0)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 8 * len(X) ** 2 - 1)
    monkeypatch.setattr(KernelOperator, "_mirrored", refuse)
    streamed = principal_components(operator, 5, solver, random_state=0)
    np.testing.assert_allclose(scores(streamed), scores(held), atol=1e-8)
    with pytest.raises(MemoryError, match="500 x 500.*ask for fewer components.*or take landmarks"):
        principal_components(operator, 500, "auto")


def refuse(operator):
    raise MemoryError


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_given_matrix_is_not_written_to(solver):
    K = Gaussian(1.5)(X)
    K.flags.writeable = False
    for given in (K, np.asfortranarray(K), K.astype(np.float32)):
        before = given.copy()
        principal_components(MatrixOperator(given), 3, solver, random_state=0)
        np.testing.assert_array_equal(given, before)


def test_auto():
    K = MatrixOperator(Gaussian(1.5)(np.random.default_rng(0).normal(size=(1200, 3))))
    assert principal_components(K, 40, random_state=0).solver == "lanczos"
    assert principal_components(K, 41).solver == "dense"
    assert principal_components(MatrixOperator(Gaussian()(X)), 2).solver == "dense"


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("p", [1, 4, 5])
def test_few_rows(solver, p):
    K = Gaussian(1.5)(X[:5])
    found = principal_components(MatrixOperator(K), p, solver, random_state=0)
    assert found.solver == ("arpack" if solver == "arpack" and p < 5 else "dense")
    np.testing.assert_allclose(found.values, np.maximum(exact(K)[0][:p], 0), atol=1e-12)


def test_seeds_do_not_matter_and_signs_are_fixed():
    found = [principal_components(KernelOperator(Gaussian(1.5), X), 5, "lanczos", random_state=s) for s in (0, 1)]
    np.testing.assert_allclose(found[0].vectors, found[1].vectors, atol=1e-8)
    np.testing.assert_array_equal(signs(np.array([[-3.0, 2.0, 0.0], [3.0 + 1e-12, -1.0, 0.0]])), [-1, 1, 1])


def test_zero_eigenvalues_have_no_weights():
    found = principal_components(KernelOperator(Linear(), X[:100, 18:21]), 6)
    assert (found.values[:3] > 0).all() and (found.values[3:] == 0).all()
    np.testing.assert_array_equal(found.weights[:, 3:], 0.0)
    assert found.nonzero().vectors.shape == (100, 3)


def test_centring_in_place():
    K = Laplacian(8.0)(X[:300]) + 5
    n = len(K)
    J = np.eye(n) - 1 / n
    expected = J @ K @ J
    np.testing.assert_allclose(centre_in_place(K), 5 + Laplacian(8.0)(X[:300]).mean(axis=0))
    np.testing.assert_allclose(K, expected, atol=1e-13)


def test_what_does_not_converge_says_so():
    noise = KernelOperator(Gaussian(0.4), np.random.default_rng(0).normal(size=(900, 8)))
    with pytest.warns(ConvergenceWarning, match="after 2 products with the kernel matrix the residual is .*larger tol"):
        principal_components(noise, 5, "lanczos", max_iter=2, random_state=0)
    with pytest.raises(ArpackNoConvergence):
        principal_components(noise, 5, "arpack", max_iter=2, random_state=0)
    loose = principal_components(noise, 5, "lanczos", tol=0.1, random_state=0)
    assert loose.n_iter < principal_components(noise, 5, "lanczos", random_state=0).n_iter


@pytest.mark.parametrize("solver", SOLVERS)
def test_matrices_that_have_no_components(solver):
    with pytest.raises(ValueError, match="does not tell the rows apart"):
        principal_components(MatrixOperator(np.full((300, 300), 2.5)), 2, solver, random_state=0)
    with pytest.raises(ValueError, match="not finite"):
        principal_components(MatrixOperator(np.where(np.eye(300) > 0, np.inf, 0.0)), 2, solver, random_state=0)
    K = Gaussian(1.5)(X[:300])
    with pytest.raises(ValueError, match="negative.*Ask for fewer components, or take a kernel that is positive"):
        principal_components(MatrixOperator(-K), 2, solver, random_state=0)
