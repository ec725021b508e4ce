import numpy as np
import pytest
from sklearn.datasets import load_iris

from kernelkit import Gaussian
from kernelkit.engine import KernelOperator, MatrixOperator
from kernelkit.solvers import libsvm, libsvm_part

X, y = load_iris(return_X_y=True)
pair = y > 0
X, y = X[pair], (y[pair] - 1).astype(float)
K = Gaussian(2.0)(X)
SETTINGS = {"cache_size": 1.0, "tol": 1e-10, "shrinking": True, "max_iter": -1, "verbose": False}


def test_the_optimality_conditions_of_the_penalised_problem():
    C, w = 2.0, np.linspace(0.5, 1.5, len(y))
    found = libsvm(MatrixOperator(K), y, w, "c_svc", C=C, **SETTINGS)
    sign = np.where(y == 1, 1.0, -1.0)
    dual = np.zeros(len(y))
    dual[found.support] = found.coef[0] * sign[found.support]
    # libsvm keeps its matrix in single precision.
    margins = sign * (K @ (dual * sign) + found.intercept[0])
    free = (dual > 1e-8) & (dual < C * w - 1e-8)
    assert found.converged and abs(dual @ sign) < 1e-9 and (dual >= 0).all() and (dual <= C * w + 1e-9).all()
    np.testing.assert_allclose(margins[free], 1.0, atol=1e-5)
    assert (margins[dual <= 1e-8] >= 1 - 1e-5).all() and (margins[dual >= C * w - 1e-8] <= 1 + 1e-5).all()


def test_the_same_from_a_matrix_and_from_tiles():
    given = libsvm(MatrixOperator(K), y, None, "c_svc", C=1.0, **SETTINGS)
    tiled = libsvm(KernelOperator(Gaussian(2.0), X), y, None, "c_svc", C=1.0, **SETTINGS)
    np.testing.assert_array_equal(given.support, tiled.support)
    np.testing.assert_allclose(given.coef, tiled.coef, atol=1e-5)


def test_positions_among_more_rows():
    found = libsvm(MatrixOperator(K), y, None, "c_svc", C=1.0, **SETTINGS)
    np.testing.assert_array_equal(found.at(np.arange(0, 200, 2)).support, 2 * found.support)


@pytest.mark.parametrize("formulation", ["c_svc", "epsilon_svr"])
def test_a_part_of_a_matrix_is_read_where_it_lies(formulation):
    w = np.random.default_rng(0).uniform(0.5, 2.0, size=len(y))
    w[::3] = 0.0
    rows = np.flatnonzero(w)
    terms = {"C": 2.0, **({"epsilon": 0.1} if formulation == "epsilon_svr" else {})}
    whole = K.copy()
    whole[::3] = whole[:, ::3] = np.nan
    found = libsvm_part(whole, y, w, formulation, **terms, **SETTINGS)
    copied = libsvm(MatrixOperator(K[np.ix_(rows, rows)]), y[rows], w[rows], formulation, **terms, **SETTINGS)
    np.testing.assert_array_equal(found.support, rows[copied.support])
    np.testing.assert_array_equal(found.coef, copied.coef)
    np.testing.assert_array_equal(found.intercept, copied.intercept)
    everything = libsvm_part(K, y, None, formulation, **terms, **SETTINGS)
    np.testing.assert_array_equal(
        everything.coef, libsvm(MatrixOperator(K), y, None, formulation, **terms, **SETTINGS).coef
    )


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite|infinity|NaN"):
        libsvm(MatrixOperator(np.where(np.eye(len(y)) > 0, np.inf, K)), y, None, "c_svc", C=1.0, **SETTINGS)
