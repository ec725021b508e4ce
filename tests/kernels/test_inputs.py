"""What may be handed to a kernel: containers, types, layouts - and what is refused."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kernelkit.kernels import Columns, FeatureKernel, Gaussian, Linear
from tests import references as ref
from tests.kernels.helpers import CASES, PLAIN, assert_equals_loop, sample

every = pytest.mark.parametrize("case", CASES, ids=str)
each = pytest.mark.parametrize("case", PLAIN, ids=str)
numeric = pytest.mark.parametrize("case", [c for c in PLAIN if c.kernel.requires_vector_input], ids=str)


@every
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_inputs_are_untouched(case, dtype):
    X, Y = sample(case, dtype)
    before = X.copy(), Y.copy()
    case.kernel(X, Y)
    case.kernel(X)
    case.kernel.diag(X)
    case.kernel.resolve(X)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])


@every
def test_layout_does_not_matter(case):
    X, Y = sample(case)
    wanted = case.kernel(X, Y)
    X.flags.writeable = Y.flags.writeable = False
    np.testing.assert_array_equal(case.kernel(X, Y), wanted)
    np.testing.assert_allclose(case.kernel(np.asfortranarray(X), np.asfortranarray(Y)), wanted, rtol=1e-12, atol=1e-14)
    strided = np.repeat(X, 2, axis=0)[::2]
    np.testing.assert_allclose(case.kernel(strided, Y[::-1]), wanted[:, ::-1], rtol=1e-12, atol=1e-14)


@each
def test_integers_and_lists(case):
    X, Y = np.arange(12).reshape(4, 3) % 5, np.arange(6).reshape(2, 3)
    K = case.kernel(X, Y)
    assert K.dtype == np.float64
    assert_equals_loop(case, K, X, Y, 1e-12)
    assert_equals_loop(case, case.kernel(X.tolist(), Y.tolist()), X, Y, 1e-12)
    np.testing.assert_allclose(case.kernel.diag(X), ref.diagonal(case.formula, X), rtol=1e-12)


@each
def test_mixed_types_are_float64(case):
    X, Y = sample(case)
    X = X.astype(np.float32)
    K = case.kernel(X, Y)
    assert K.dtype == np.float64
    assert_equals_loop(case, K, X, Y, 1e-12 if case.name != "features" else 1e-6)  # lifted in the type that came
    assert case.kernel(Y, X).dtype == np.float64


@each
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite(case, bad):
    X, Y = sample(case)
    X[2, 1] = bad
    k = case.kernel
    if case.name == "columns":
        X[2, 0] = bad
    with pytest.raises(ValueError, match="NaN|infinity"):
        k(X, Y)
    with pytest.raises(ValueError, match="NaN|infinity"):
        k(Y, X)
    with pytest.raises(ValueError, match="NaN|infinity"):
        k(X)


@numeric
def test_wrong_width(case):
    X, Y = sample(case)
    with pytest.raises(ValueError, match="features"):
        case.kernel(X, Y[:, :2])
    with pytest.raises(ValueError, match="features"):
        case.kernel(X[:, :2], Y)
    with pytest.raises(ValueError, match="2D array"):
        case.kernel(X[:, 0])
    with pytest.raises(ValueError, match="0 sample|minimum of 1"):
        case.kernel(X[:0])


@each
def test_gradient_needs_one_argument(case):
    X, Y = sample(case)
    with pytest.raises(ValueError, match="eval_gradient"):
        case.kernel(X, Y, eval_gradient=True)


SPARSE = [sp.csr_array, sp.csc_array, sp.csr_matrix, sp.csc_matrix, sp.coo_array]


@every
def test_accepts_sparse_is_declared(case):
    assert case.kernel.accepts_sparse is case.sparse


@pytest.mark.parametrize("case", [c for c in CASES if c.sparse], ids=str)
@pytest.mark.parametrize("container", SPARSE, ids=lambda c: c.__name__)
def test_sparse(case, container):
    X, Y = sample(case)
    X[np.abs(X) < 0.5] = 0
    Y[np.abs(Y) < 0.5] = 0
    tol = 1e-11 if case.kink else 1e-12
    for a, b in [(container(X), container(Y)), (container(X), Y), (X, container(Y))]:
        K = case.kernel(a, b)
        assert type(K) is np.ndarray
        assert_equals_loop(case, K, X, Y, tol)
    assert_equals_loop(case, case.kernel(container(X)), X, X, tol)
    diagonal = case.kernel.diag(container(X))
    assert type(diagonal) is np.ndarray
    np.testing.assert_allclose(diagonal, ref.diagonal(case.formula, X), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", [c for c in PLAIN if c.sparse], ids=str)
def test_sparse_float32(case):
    X, Y = sample(case, np.float32)
    K = case.kernel(sp.csr_array(X), sp.csr_array(Y))
    assert K.dtype == np.float32
    assert_equals_loop(case, K, X, Y, 2e-5 if case.kink else 1e-5)


@pytest.mark.parametrize("case", [c for c in PLAIN if not c.sparse and c.name != "features"], ids=str)
def test_sparse_refused(case):
    X, _ = sample(case)
    with pytest.raises(TypeError, match="[Ss]parse"):
        case.kernel(sp.csr_array(X))


# The transformer of "features" was fitted without names, which a table has.
@pytest.mark.parametrize("case", [c for c in PLAIN if c.name != "features"], ids=str)
def test_data_frames(case):
    X, Y = sample(case)
    frame, other = (pd.DataFrame(Z, columns=["a", "b", "c"]) for Z in (X, Y))
    assert_equals_loop(case, case.kernel(frame, other), X, Y, 1e-12)
    assert_equals_loop(case, case.kernel(frame), X, X, 1e-12)


def test_columns_by_name():
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "text": ["x", "y", "x"], "b": [3.0, 1.0, 0.0]})
    k = Columns(Linear(), ["b", "a"])
    with pytest.raises(ValueError, match="resolve"):
        k(frame)
    resolved = k.resolve(frame)
    assert resolved.columns == [2, 0]
    assert k.columns == ["b", "a"]
    wanted = frame[["a", "b"]].to_numpy() @ frame[["a", "b"]].to_numpy().T
    np.testing.assert_allclose(resolved(frame), wanted)
    np.testing.assert_allclose(resolved.diag(frame), np.diagonal(wanted))
    one = Columns(Linear(), "a").resolve(frame)
    np.testing.assert_allclose(one(frame), np.outer(frame["a"], frame["a"]))
    with pytest.raises(ValueError, match=r"'zz'.*a, text, b"):
        Columns(Linear(), ["zz"]).resolve(frame)


def test_a_transformer_of_text():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import OneHotEncoder

    texts = ["a cat sat", "a dog sat", "the cat"]
    k = FeatureKernel(CountVectorizer()).resolve(texts)
    wanted = [[2.0, 1.0, 1.0], [1.0, 2.0, 0.0], [1.0, 0.0, 2.0]]
    np.testing.assert_allclose(k(texts), wanted)
    np.testing.assert_allclose(k(texts, texts[:2]), np.array(wanted)[:, :2])
    frame = pd.DataFrame({"colour": ["red", "blue", "red"], "x": [0.0, 1.0, 1.0]})
    both = (Columns(FeatureKernel(OneHotEncoder()), ["colour"]) * Columns(Gaussian(), ["x"])).resolve(frame)
    half = np.exp(-0.5)
    np.testing.assert_allclose(both(frame), [[1, 0, half], [0, 1, 0], [half, 0, 1]], atol=1e-15)


@pytest.mark.parametrize("case", [c for c in CASES if c.array_api], ids=str)
def test_array_api(case, library):
    X, Y = sample(case)
    tol = 1e-10 if case.kink else 1e-12
    assert_equals_loop(case, library.back(case.kernel(library(X), library(Y))), X, Y, tol)
    assert_equals_loop(case, library.back(case.kernel(library(X))), X, X, tol)
    diagonal = library.back(case.kernel.diag(library(X)))
    np.testing.assert_allclose(diagonal, ref.diagonal(case.formula, X), rtol=1e-12)


def test_without_dispatch_foreign_arrays_become_numpy(rng):
    xp = pytest.importorskip("array_api_strict")
    X = rng.normal(size=(4, 2))
    assert type(Gaussian()(xp.asarray(X))) is np.ndarray


@pytest.mark.parametrize("case", [c for c in PLAIN if c.sparse], ids=str)
def test_sparse_with_wide_indices(case):
    X, _ = sample(case)
    S = sp.csr_array(X)
    S.indices, S.indptr = S.indices.astype(np.int64), S.indptr.astype(np.int64)
    assert_equals_loop(case, case.kernel(S), X, X, 1e-11 if case.kink else 1e-12)


@pytest.mark.parametrize("case", [c for c in PLAIN if c.array_api], ids=str)
def test_array_api_float32(case, library):
    X, Y = sample(case, np.float32)
    K = case.kernel(library(X), library(Y))
    assert K.dtype == library.xp.float32
    if not case.kink:
        assert_equals_loop(case, library.back(K), X, Y, 1e-5)


def test_columns_refuses_a_mask(rng):
    """True and False must not pass for the positions 1 and 0."""
    with pytest.raises((TypeError, ValueError), match="columns"):
        Columns(Linear(), [True, False, True])(rng.normal(size=(4, 3)))
