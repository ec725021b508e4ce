"""Machines with solver="smo": when it is taken, what it starts from, and what is left of a fit that fails."""

import importlib.util
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from kernelkit import Gaussian, KernelNuSVC, KernelOneClassSVM, KernelSVC, KernelSVR
from kernelkit.estimators import _svm
from kernelkit.solvers import _smo, _smo_rows

pytest.importorskip("numba")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
two = np.where(X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=300) > 0.2, "yes", "no")
three = np.array(["few", "many", "some"])[(X[:, 0] > 0.3).astype(int) + (X[:, 2] > 0.2)]
target = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=300)
w = rng.uniform(0.3, 2.0, size=300)
CASES = {
    "two": (KernelSVC(Gaussian(1.5), solver="smo"), two),
    "pairs": (KernelSVC(Gaussian(1.5), solver="smo"), three),
    "rest": (KernelSVC(Gaussian(1.5), solver="smo", multi_class="ovr"), three),
    "numbers": (KernelSVR(Gaussian(1.5), solver="smo"), target),
}
each_case = pytest.mark.parametrize(("model", "y"), CASES.values(), ids=CASES)


def values(model, X):
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


def few_at_a_time(monkeypatch):
    """Let a few hundred rows be many."""
    for module, name in ((_smo, "WHOLE"), (_smo_rows, "WHOLE"), (_smo, "FLOAT32_ROWS"), (_smo, "SET")):
        monkeypatch.setattr(module, name, 60)
    monkeypatch.setattr(_smo_rows, "FEWEST", 16)


def fitted(model):
    return {name for name in vars(model) if name.endswith("_") or name == "_solutions"}


@each_case
def test_values_are_those_of_libsvm(model, y):
    ours = clone(model).set_params(tol=1e-8).fit(X, y, sample_weight=w)
    theirs = clone(model).set_params(tol=1e-8, solver="libsvm").fit(X, y, sample_weight=w)
    assert (ours.solver_, theirs.solver_) == ("smo", "libsvm")
    np.testing.assert_allclose(values(ours, X), values(theirs, X), atol=1e-4)
    assert np.mean(values(ours, X).argmax(axis=-1) == values(theirs, X).argmax(axis=-1)) > 0.99
    np.testing.assert_array_equal(ours.n_support_, np.atleast_1d(theirs.n_support_))


def test_auto_goes_by_the_number_of_rows_of_positive_weight(monkeypatch):
    monkeypatch.setattr(_svm, "SMO_ROWS", 300)
    for model, y in ((KernelSVC(), two), (KernelSVR(), target)):
        assert clone(model).fit(X, y).solver_ == "smo"
        assert clone(model).fit(X[1:], y[1:]).solver_ == "libsvm"
        assert clone(model).fit(X, y, sample_weight=(np.arange(300) > 0).astype(float)).solver_ == "libsvm"
        assert clone(model).set_params(solver="libsvm").fit(X, y).solver_ == "libsvm"
        assert clone(model).set_params(warm_start=True).fit(X[1:], y[1:]).solver_ == "smo"
    assert KernelNuSVC(nu=0.3).fit(X, two).solver_ == "libsvm"


def test_without_numba(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(_svm, "find_spec", lambda name: None if name == "numba" else find_spec(name))
    monkeypatch.setattr(_svm, "SMO_ROWS", 0)
    for model, y in ((KernelSVC(), two), (KernelSVR(), target)):
        assert clone(model).fit(X, y).solver_ == "libsvm"
        for settings in ({"solver": "smo"}, {"warm_start": True}):
            failed = clone(model).set_params(**settings)
            with pytest.raises(ImportError, match=r"need numba: python -m pip install 'kernelkit\[fast\]'"):
                failed.fit(X, y)
            assert not fitted(failed)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        (KernelNuSVC(), {"solver": "smo"}, "solver='smo' is for KernelSVC and KernelSVR, KernelNuSVC needs 'libsvm'"),
        (KernelOneClassSVM(), {"solver": "smo"}, "KernelOneClassSVM needs 'libsvm'"),
        (KernelSVC(), {"solver": "libsvm", "warm_start": True}, "warm_start=True needs solver='smo' or 'auto'"),
        (KernelSVR(), {"warm_start": "yes"}, "warm_start must be one of True, False, got 'yes'"),
    ],
)
def test_settings_that_do_not_go_together(model, settings, message):
    with pytest.raises(ValueError, match=message):
        clone(model).set_params(**settings).fit(X, two if isinstance(model, KernelSVC | KernelNuSVC) else target)


PROGRAM = """
import sys
import numpy as np
import kernelkit
X = np.random.default_rng(0).normal(size=(1200, 2))
kernelkit.KernelSVC(solver="libsvm").fit(X, X[:, 0] > 0)
kernelkit.KernelSVC().fit(X[:50], X[:50, 0] > 0)
kernelkit.KernelSVCCV(Cs=[1.0], solver="libsvm").fit(X[:50], X[:50, 0] > 0)
assert not any(name.split(".")[0] in ("numba", "llvmlite") for name in sys.modules)
assert kernelkit.KernelSVC().fit(X, X[:, 0] > 0).solver_ == "smo"
assert "numba" in sys.modules
"""


def test_numba_is_imported_by_a_fit_that_needs_it_only():
    subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], check=True, timeout=120)


@each_case
def test_a_warm_start_along_the_penalties(model, y):
    model, steps = clone(model).set_params(warm_start=True, tol=1e-6), []
    for C in (1.0, 1.5, 2.0, 1.0):
        model.set_params(C=C).fit(X, y, sample_weight=w)
        cold = clone(model).set_params(warm_start=False).fit(X, y, sample_weight=w)
        np.testing.assert_allclose(values(model, X), values(cold, X), atol=2e-5)
        assert model.fit_status_ == 0 and model._solutions and cold._solutions is None
        steps.append((np.sum(model.n_iter_), np.sum(cold.n_iter_)))
    assert steps[0][0] == steps[0][1]
    # With the same settings next to nothing is left to do.
    assert np.sum(model.fit(X, y, sample_weight=w).n_iter_) < 0.02 * steps[0][0]
    assert sum(warm for warm, _ in steps[1:]) < sum(cold for _, cold in steps[1:])


@each_case
def test_a_warm_start_takes_fewer_steps_the_nearer_it_is(model, y):
    steps = []
    for C in (1.0001, 1.01, 1.1):
        warm = clone(model).set_params(warm_start=True, tol=1e-5).fit(X, y)
        steps.append(np.sum(warm.set_params(C=C).fit(X, y).n_iter_))
    cold = np.sum(clone(warm).fit(X, y).n_iter_)
    assert steps[0] <= steps[1] <= steps[2] < cold and steps[0] < 0.4 * cold


@each_case
def test_a_warm_start_from_another_problem(model, y):
    zero = np.where(np.arange(300) % 5 == 0, 0.0, w)
    other = np.where(np.arange(300) % 2 == 0, y, y[::-1])
    rounds = [
        (X, y, None),
        (X, other, None),
        (X, y, zero),
        (X, y, w),
        (X[:250], y[:250], w[:250]),
        (X, y, None),
        (X, y[::-1], None),
        (X[:, :2], y, None),
    ]
    if y is not target:
        # Another number of classes, and other names.
        rounds += [(X, np.where(X[:, 3] > 0, y, "else"), None), (X, np.where(y == y[0], "a", "b"), None), (X, y, None)]
    model = clone(model).set_params(warm_start=True, tol=1e-6)
    for rows, labels, weights in rounds:
        model.fit(rows, labels, sample_weight=weights)
        cold = clone(model).set_params(warm_start=False).fit(rows, labels, sample_weight=weights)
        np.testing.assert_allclose(values(model, rows), values(cold, rows), atol=2e-5)
        if len(rows) == 250:
            np.testing.assert_array_equal(model.n_iter_, cold.n_iter_)  # it started anew
    classes = getattr(model, "multi_class", None)
    if classes is not None:
        model.set_params(multi_class="ovo" if classes == "ovr" else "ovr").fit(X, y)
        cold = clone(model).set_params(warm_start=False).fit(X, y)
        np.testing.assert_allclose(values(model, X), values(cold, X), atol=2e-5)


@each_case
def test_a_copy_goes_on_where_the_model_was(model, y):
    model = clone(model).set_params(warm_start=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(values(again, X), values(model, X))
    np.testing.assert_array_equal(again.set_params(C=1.2).fit(X, y).n_iter_, model.set_params(C=1.2).fit(X, y).n_iter_)
    cold = clone(model).fit(X, y)
    assert np.sum(cold.n_iter_) > np.sum(model.n_iter_)
    assert not model.set_params(warm_start=False).fit(X, y)._solutions


@each_case
@pytest.mark.parametrize("steps", [0, 2])
def test_an_interrupted_fit_leaves_the_model_as_it_was(model, y, steps, monkeypatch):
    few_at_a_time(monkeypatch)
    whole, improve, left = clone(model).set_params(warm_start=True).fit(X, y), _smo._Descent.improve, [steps]

    def interrupted(self, *args):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return improve(self, *args)

    before = dict(vars(whole))
    monkeypatch.setattr(_smo._Descent, "improve", interrupted)
    for again in (clone(model), whole.set_params(C=20.0)):
        left[0] = steps
        with pytest.raises(KeyboardInterrupt):
            again.fit(X, y)
        assert again is whole or not fitted(again)
    assert vars(whole) == before | {"C": 20.0}
    monkeypatch.undo()
    cold = clone(whole).set_params(warm_start=False, tol=1e-6).fit(X, y)
    np.testing.assert_allclose(values(whole.set_params(tol=1e-6).fit(X, y), X), values(cold, X), atol=2e-5)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "sets"])
@pytest.mark.parametrize("bad", [[0], [250], [17, 290]])
@each_case
def test_a_function_that_is_not_finite_at_a_few_rows(model, y, bad, whole, monkeypatch):
    if not whole:
        few_at_a_time(monkeypatch)
    marks = X[bad, 0].astype(np.float32)

    def broken(A, B):
        at = np.isin(A[:, 0].astype(np.float32), marks)[:, None] | np.isin(B[:, 0].astype(np.float32), marks)
        return np.where(at, np.nan, Gaussian(1.5)(A, B))

    model = clone(model).set_params(kernel=broken, cache_size=1e-3)
    with pytest.raises(ValueError, match="kernel matrix has values that are not finite: scale the features, or check"):
        model.fit(X, y)
    assert not fitted(model)


@each_case
def test_steps_that_end_early_are_a_warning_and_a_model(model, y):
    model = clone(model).set_params(max_iter=5)
    with pytest.warns(ConvergenceWarning, match="max_iter=5.*violated"):
        model.fit(X, y)
    assert model.fit_status_ == 1 and np.max(model.n_iter_) == 5 and np.isfinite(values(model, X)).all()


LAYOUTS = {
    "fortran": np.asfortranarray,
    "read only": lambda A: np.frombuffer(A.tobytes()).reshape(A.shape),
    "float32": lambda A: A.astype(np.float32),
    "list": lambda A: A.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
    "strided": lambda A: np.repeat(A, 2, axis=1)[:, ::2],
}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "sets"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@each_case
def test_layouts_of_the_rows(model, y, layout, whole, monkeypatch):
    expected = values(clone(model).set_params(tol=1e-5).fit(X, y), X)
    if not whole:
        few_at_a_time(monkeypatch)
    rows = layout(X)
    before = pickle.dumps(rows)
    found = clone(model).set_params(tol=1e-5).fit(rows, y)
    assert found.solver_ == "smo" and pickle.dumps(rows) == before
    np.testing.assert_allclose(values(found, rows), expected, atol=1e-3)


@each_case
def test_integers_and_tables(model, y):
    pandas = pytest.importorskip("pandas")
    whole = (10 * X).astype(int)
    model = clone(model).set_params(kernel=Gaussian(15.0), tol=1e-6)
    expected = values(clone(model).fit(whole.astype(float), y), whole)
    np.testing.assert_allclose(values(clone(model).fit(whole, y), whole), expected, atol=1e-4)
    table = pandas.DataFrame(whole, columns=list("abcd"))
    found = clone(model).fit(table, pandas.Series(y))
    assert list(found.feature_names_in_) == list("abcd")
    np.testing.assert_allclose(values(found, table), expected, atol=1e-4)


@each_case
def test_matrices_that_are_given(model, y):
    K = Gaussian(1.5)(X)
    expected = values(clone(model).set_params(tol=1e-6).fit(X, y), X)
    for given in (K, np.asfortranarray(K), K.astype(np.float32), np.frombuffer(K.tobytes()).reshape(K.shape)):
        before = given.copy()
        found = clone(model).set_params(kernel="precomputed", tol=1e-6).fit(given, y)
        np.testing.assert_array_equal(given, before)
        np.testing.assert_allclose(values(found, given), expected, atol=1e-4)


def test_a_single_feature_two_rows_and_copies_of_rows():
    assert KernelSVC(Gaussian(1.0), solver="smo").fit([[0.0], [1.0]], [0, 1]).predict([[0.1], [0.9]]).tolist() == [0, 1]
    twice = np.repeat(X, 2, axis=0)
    found = KernelSVC(Gaussian(1.5), solver="smo", tol=1e-7).fit(twice, np.repeat(two, 2))
    weighted = KernelSVC(Gaussian(1.5), solver="smo", tol=1e-7).fit(X, two, sample_weight=2.0 * np.ones(300))
    np.testing.assert_allclose(values(found, X), values(weighted, X), atol=1e-5)


def test_the_hard_margin():
    apart = X[:, 0] > 0
    rows = X + np.where(apart, 1.0, -1.0)[:, None] * [1.0, 0, 0, 0]
    model = KernelSVC("linear", C=np.inf, solver="smo", tol=1e-8).fit(rows, apart)
    margins = np.where(apart, 1, -1) * model.decision_function(rows)
    assert margins.min() == pytest.approx(1.0, abs=1e-6)


@each_case
def test_nothing_is_said_by_a_fit_that_converges(model, y, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clone(model).fit(X, y, sample_weight=w)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
