"""What sequential minimal optimisation finds, against a slow truth and against the optimality conditions in float64."""

import sys
import threading
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from kernelkit import NTK, Gaussian, Sigmoid
from kernelkit.engine import KernelOperator, MatrixOperator, _memory
from kernelkit.solvers import _smo, _smo_loops, _smo_rows, libsvm, smo
from kernelkit.solvers._box_problem import BoxProblem
from kernelkit.solvers._smo import minimum
from kernelkit.solvers._smo_loops import compiled, minimise

from .dual_problems import SETTINGS, TIGHT, check_feasible, classes, numbers, objective, pairs_in_turn, violation
from .helpers import assert_near, gaussian, ridge

pytest.importorskip("numba")


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("epsilon", [None, 0.0, 0.3])
def test_compiled_and_plain_loops_find_what_the_textbook_finds(C, epsilon):
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=(14, 3)), rng.uniform(0.5, 2.0, size=14)
    K = gaussian(X, 1.0)
    problem = classes(rng, 14, C, w) if epsilon is None else numbers(rng, 14, C, epsilon, w)
    slow = pairs_in_turn(K, problem)
    for loop in (minimise, compiled()[0]):
        box, F = np.stack([np.zeros(14), problem.lower, problem.upper]), np.zeros(14)
        values = _smo_rows.read_only(K.copy())
        steps, left = loop(values, np.diagonal(K).copy(), problem.y, box, problem.epsilon, F, 1e-10, 100_000)
        b = box[0]
        assert steps > 0 and left <= 1e-10
        check_feasible(problem, b)
        assert_near(b, slow, 1e-7)
        np.testing.assert_allclose(F, K @ b, atol=1e-12 * C)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 127, 128, 129, 300])
def test_compiled_loops_take_the_steps_of_the_plain_ones(n, dtype):
    rng = np.random.default_rng(n)
    K = gaussian(rng.normal(size=(n, 4)), 1.0).astype(dtype)
    problem = classes(rng, n, 1.0)
    found = []
    for loop in (minimise, compiled()[0]):
        box, F = np.stack([np.zeros(n), problem.lower, problem.upper]), np.zeros(n)
        values = _smo_rows.read_only(K.copy())
        steps, left = loop(values, np.diagonal(K).copy(), problem.y, box, problem.epsilon, F, 1e-3, 60)
        found.append((steps, left, box[0]))
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-9)
    np.testing.assert_allclose(found[1][2], found[0][2], atol=1e-9)


def test_sums_of_rows():
    rng = np.random.default_rng(0)
    rows, at, weights = rng.normal(size=(9, 20)).astype(np.float32), np.array([3, 0, 3]), np.array([1.0, -2.0, 0.5])
    for loop in (_smo_loops.add_rows, compiled()[1]):
        out = np.ones(20)
        loop(_smo_rows.read_only(rows.copy()), at, weights, out)
        np.testing.assert_allclose(out, 1 + weights @ rows[at].astype(np.float64), rtol=1e-12)


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(2, 40))
    A = rng.normal(size=(n, draw(st.integers(1, n))))
    if draw(st.booleans()):
        A = A[rng.integers(n, size=n)]
    K = 10.0 ** draw(st.integers(-2, 2)) * A @ A.T / A.shape[1]
    C = 10.0 ** draw(st.floats(-6, 6))
    w = 10.0 ** rng.uniform(-1, 1, size=n) if draw(st.booleans()) else np.ones(n)
    epsilon = draw(st.sampled_from([None, 0.0, 0.1, 10.0]))
    problem = classes(rng, n, C, w) if epsilon is None else numbers(rng, n, C, epsilon, w)
    return (K + K.T) / 2, problem


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems())
def test_the_optimality_conditions(case):
    K, problem = case
    found = minimum(problem, MatrixOperator(K), **{**SETTINGS, "max_iter": 100_000})
    check_feasible(problem, found.b)
    drift = 2e-12 * np.abs(K).max() * problem.upper.sum()  # of the sums that 100 000 steps are added up to
    assert violation(K, problem, found.b) == pytest.approx(found.violation, abs=1e-12 + drift)
    # A large tube round few dimensions takes more steps than anyone would wait for.
    assert found.violation <= SETTINGS["tol"] or found.n_iter == 100_000


def test_all_rows_at_their_bounds():
    rng = np.random.default_rng(0)
    K, problem = gaussian(rng.normal(size=(30, 3)), 1.0), classes(rng, 30, 1e-6)
    found = minimum(problem, MatrixOperator(K), **SETTINGS)
    np.testing.assert_array_equal(found.b, problem.lower + problem.upper)
    F = K @ found.b
    assert -1 + F.max() - 1e-12 <= found.intercept <= 1 - F.min() + 1e-12


@pytest.mark.parametrize("epsilon", [None, 0.0])
def test_all_rows_free(epsilon):
    rng = np.random.default_rng(0)
    K = gaussian(rng.normal(size=(40, 3)), 1.0) + np.eye(40)
    problem = classes(rng, 40, 1e4) if epsilon is None else numbers(rng, 40, 1e4, epsilon)
    found = minimum(problem, MatrixOperator(K), **TIGHT)
    b, intercept = ridge(K, problem.y, 0.0, intercept=True)
    assert_near(found.b, b, 1e-8)
    assert found.intercept == pytest.approx(intercept, abs=1e-8)


def test_a_tube_round_all_targets():
    rng = np.random.default_rng(0)
    K, problem = gaussian(rng.normal(size=(20, 3)), 1.0), numbers(rng, 20, 1.0, 100.0)
    found = minimum(problem, MatrixOperator(K), **SETTINGS)
    assert not found.b.any() and found.n_iter == 0 and np.abs(problem.y - found.intercept).max() <= 100


rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4))
two = (X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=400) > 0.2).astype(float)
three = two + (X[:, 2] > 0.7)
target = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=400)
w = rng.uniform(0.3, 2.0, size=400)
K = gaussian(X, 1.5)
FORMULATIONS = [(two, {}), (three, {}), (target, {"epsilon": 0.1})]


def formulation(terms):
    return "epsilon_svr" if terms else "c_svc"


def problems_of(y, C, terms, weights=None):
    """The rows and the problem of each machine."""
    bound = C * (np.ones(len(y)) if weights is None else weights)
    if terms:
        return [(np.arange(len(y)), BoxProblem(y, -bound, bound, terms["epsilon"]))]
    pairs = [(i, np.flatnonzero((y == i) | (y == j))) for i, j in combinations(np.unique(y), 2)]
    return [(rows, BoxProblem.of_classes(y[rows] == i, bound[rows])) for i, rows in pairs]


def objectives(K, found, problems):
    variables = found.variables(len(K))
    return [objective(K[np.ix_(at, at)], each, b[at]) for b, (at, each) in zip(variables, problems, strict=True)]


@pytest.mark.parametrize("C", [0.1, 10.0, 100.0])
@pytest.mark.parametrize("weights", [None, w], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(("y", "terms"), FORMULATIONS, ids=["two", "three", "numbers"])
def test_the_objective_is_that_of_libsvm(y, terms, weights, C):
    settings = {**SETTINGS, "tol": 1e-5, "shrinking": True, "C": C, **terms}
    ours = smo(MatrixOperator(K), y, weights, formulation(terms), **settings)
    theirs = libsvm(MatrixOperator(K), y, weights, formulation(terms), verbose=False, **settings)
    machines = problems_of(y, C, terms, weights)
    np.testing.assert_allclose(objectives(K, ours, machines), objectives(K, theirs, machines), rtol=1e-6)
    np.testing.assert_allclose(ours.intercept, theirs.intercept, atol=1e-3)
    for b, (at, each) in zip(ours.variables(400), machines, strict=True):
        assert violation(K[np.ix_(at, at)], each, b[at]) <= 1.5e-5
    assert ours.converged and ours.solver == "smo"


@pytest.fixture
def few_at_a_time(monkeypatch):
    """Sizes at which a few hundred rows are many; returns a list that takes what kernel rows come from."""
    for module, name, size in (
        (_smo, "WHOLE", 60),
        (_smo_rows, "WHOLE", 60),
        (_smo, "SET", 40),
        (_smo, "FLOAT32_ROWS", 50),
        (_smo_rows, "FEWEST", 16),
        (_smo_rows, "CHUNK", 100),
    ):
        monkeypatch.setattr(module, name, size)
    sources, kernel_rows = [], _smo.kernel_rows

    def seen(operator, cache_size):
        sources.append(kernel_rows(operator, cache_size))
        return sources[-1]

    monkeypatch.setattr(_smo, "kernel_rows", seen)
    return sources


wide = np.hstack([X, 0.05 * rng.normal(size=(400, 126))])
WAYS = {
    "made again": (KernelOperator(Gaussian(1.5), X), "MadeAgain", 1.0),
    "a few kept": (KernelOperator(Gaussian(1.5), wide), "Kept", 0.001),
    "some kept": (KernelOperator(Gaussian(1.5), wide), "Kept", 0.1),
    "all kept": (KernelOperator(Gaussian(1.5), wide), "Kept", 100.0),
    "held": (MatrixOperator(K), "WholeMatrix", 1.0),
}


@pytest.mark.parametrize("tol", [1e-5, 1e-8])
@pytest.mark.parametrize("shrinking", [True, False])
@pytest.mark.parametrize(("y", "terms"), FORMULATIONS, ids=["two", "three", "numbers"])
@pytest.mark.parametrize(("operator", "source", "cache_size"), WAYS.values(), ids=WAYS)
def test_sets_of_rows_lead_where_all_rows_do(operator, source, cache_size, y, terms, shrinking, tol, few_at_a_time):
    settings = {"tol": tol, "max_iter": -1, "cache_size": cache_size, "shrinking": shrinking, "C": 3.0, **terms}
    found = smo(operator, y, w, formulation(terms), **settings)
    assert {type(rows).__name__ for rows in few_at_a_time} == {source} and found.converged
    exact = operator.astype(np.float64).dense()
    machines = problems_of(y, 3.0, terms, w)
    for b, (at, each) in zip(found.variables(400), machines, strict=True):
        check_feasible(each, b[at])
        assert violation(exact[np.ix_(at, at)], each, b[at]) <= 1.5 * tol
    whole = smo(MatrixOperator(exact), y, w, formulation(terms), C=3.0, **terms, **TIGHT)
    np.testing.assert_allclose(objectives(exact, found, machines), objectives(exact, whole, machines), rtol=1e-6)


def test_few_rows_are_kept_and_those_used_last(few_at_a_time):
    asked = []

    class Asked(MatrixOperator):
        def part(self, rows, columns=None):
            asked.append(rows.tolist())
            return super().part(rows, columns)

    kept = _smo_rows.Kept(Asked(K), 0)
    first, second = np.arange(16), np.arange(8, 20)
    for index in (first, first, second, first[8:], first[:4]):
        np.testing.assert_array_equal(kept.among(index), K[np.ix_(index, index)])
    assert asked == [first.tolist(), [16, 17, 18, 19], [0, 1, 2, 3]]
    many = np.arange(100)
    np.testing.assert_array_equal(kept.among(many), K[np.ix_(many, many)])
    np.testing.assert_allclose(kept.times(first, many, w[many]), K[:16, :100] @ w[:100], rtol=1e-12)


def test_rows_put_aside_are_looked_at_before_the_end(few_at_a_time, monkeypatch):
    asked, watch_all = [], _smo._Descent.watch_all
    monkeypatch.setattr(_smo._Descent, "watch_all", lambda self: asked.append(len(self.watched)) or watch_all(self))
    smo(MatrixOperator(K), two, None, "c_svc", C=1.0, **SETTINGS)
    assert asked and max(asked) < 0.7 * 400
    asked.clear()
    smo(MatrixOperator(K), two, None, "c_svc", C=1.0, shrinking=False, **SETTINGS)
    assert not asked


@pytest.mark.parametrize("max_iter", [0, 1, 7, 100])
@pytest.mark.parametrize("shrinking", [True, False])
def test_steps_can_end_before_the_solution(max_iter, shrinking, few_at_a_time):
    settings = {**SETTINGS, "max_iter": max_iter, "shrinking": shrinking}
    with pytest.warns(ConvergenceWarning, match=f"terminated early .max_iter={max_iter}.*violated by .* tol is 0.001"):
        found = smo(MatrixOperator(K), two, w, "c_svc", C=1.0, **settings)
    problem = BoxProblem.of_classes(two == 0, w)
    check_feasible(problem, found.variables(400)[0])
    assert found.n_iter.tolist() == [max_iter] and not found.converged
    assert minimum(problem, MatrixOperator(K), **settings).violation == pytest.approx(
        violation(K, problem, found.variables(400)[0])
    )


@pytest.mark.parametrize("C", [1.0, 1e6])
@pytest.mark.parametrize("y", [two, target], ids=["classes", "numbers"])
def test_a_tolerance_below_rounding_ends(y, C, few_at_a_time):
    terms = {"epsilon": 0.1} if y is target else {}
    A = K + np.eye(400)
    with pytest.warns(ConvergenceWarning, match="steps as small as rounding"):
        found = smo(MatrixOperator(A), y, None, formulation(terms), C=C, **terms, **{**SETTINGS, "tol": 1e-17})
    ((at, problem),) = problems_of(y, C, terms)
    assert violation(A, problem, found.variables(400)[0]) < 1e-9 and not found.converged


@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_threads_changes_no_digit(way, few_at_a_time):
    operator, _, cache_size = WAYS[way]
    settings = {**SETTINGS, "cache_size": cache_size, "C": 3.0}
    found = [smo(operator, three, w, "c_svc", **settings) for _ in range(2)]
    with threadpool_limits(1):
        found.append(smo(operator, three, w, "c_svc", **settings))
    for other in found[1:]:
        np.testing.assert_array_equal(other.coef, found[0].coef)
        np.testing.assert_array_equal(other.intercept, found[0].intercept)
        np.testing.assert_array_equal(other.n_iter, found[0].n_iter)


def test_many_fits_at_a_time_are_those_one_by_one():
    expected = smo(MatrixOperator(K), two, w, "c_svc", C=3.0, **SETTINGS)
    found = [None] * 4

    def fit(k):
        found[k] = smo(MatrixOperator(K), two, w, "c_svc", C=3.0, **SETTINGS)

    threads = [threading.Thread(target=fit, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in found:
        np.testing.assert_array_equal(other.coef, expected.coef)


@pytest.mark.parametrize("y", [two, target], ids=["classes", "numbers"])
@pytest.mark.parametrize("C", [0.1, 100.0])
def test_an_indefinite_kernel_ends_at_a_point_that_meets_the_conditions(y, C, few_at_a_time):
    terms = {"epsilon": 0.1} if y is target else {}
    operator = KernelOperator(Sigmoid(gamma=0.5, coef0=-1.0), X)
    exact = operator.dense()
    assert np.linalg.eigvalsh(exact)[0] < -1
    found = smo(operator, y, None, formulation(terms), C=C, **terms, **SETTINGS)
    ((at, problem),) = problems_of(y, C, terms)
    check_feasible(problem, found.variables(400)[0])
    assert found.converged and violation(exact, problem, found.variables(400)[0]) <= 1.5e-3


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("n_rows", [400, 60], ids=["sets", "whole"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 37, -1])
def test_values_that_are_not_finite_are_refused(row, bad, n_rows, few_at_a_time):
    rows = X[:n_rows].astype(np.float32).astype(np.float64)  # the same in both types
    for kernel in (Broken(rows[row], bad), Broken(rows[row], bad, costly=False)):
        with pytest.raises(ValueError, match="kernel matrix has values that are not finite"):
            smo(KernelOperator(kernel, rows), two[:n_rows], None, "c_svc", C=1.0, **SETTINGS)
    values = K[:n_rows, :n_rows].copy()
    values[row, 5] = bad
    with pytest.raises(ValueError, match="kernel matrix has values that are not finite"):
        smo(MatrixOperator(values), two[:n_rows], None, "c_svc", C=1.0, **SETTINGS)


class Broken:
    """A Gaussian that is not finite at one row."""

    requires_vector_input = True

    def __init__(self, row, bad, costly=True):
        self.row, self.bad, self.costly, self.inner = row, bad, costly, Gaussian(1.5)

    def rows(self, X, like=None):
        return Plain(X)

    def tile(self, a, b, out=None):
        at = (a.X == self.row).all(axis=1)[:, None] | (b.X == self.row).all(axis=1)
        return np.where(at, self.bad, self.inner(a.X, b.X))

    def diag(self, X):
        return np.ones(len(X))


class Plain:
    """Rows as they are."""

    def __init__(self, X):
        self.X, self.dtype = X, X.dtype

    def __len__(self):
        return len(self.X)

    def __getitem__(self, index):
        return Plain(self.X[index])


def test_a_start_is_brought_into_the_bounds():
    problem = BoxProblem.of_classes(two == 0, w)
    for start in (rng.normal(size=400), np.zeros(400), 1e9 * np.ones(400), problem.upper + problem.lower):
        feasible = problem.feasible(start)
        check_feasible(problem, feasible)
        assert (feasible * start >= 0).all()
        found = minimum(problem, MatrixOperator(K), start=start, **TIGHT)
        assert_near(found.b, minimum(problem, MatrixOperator(K), **TIGHT).b, 1e-6)


@pytest.mark.parametrize(("y", "terms"), FORMULATIONS, ids=["two", "three", "numbers"])
def test_the_solution_takes_no_steps_to_itself(y, terms):
    settings = {**SETTINGS, "C": 3.0, **terms}
    found = smo(MatrixOperator(K), y, w, formulation(terms), **settings)
    again = smo(MatrixOperator(K), y, w, formulation(terms), start=found.variables(400), **settings)
    assert again.n_iter.sum() <= 0.2 * found.n_iter.sum()
    np.testing.assert_allclose(again.variables(400), found.variables(400), atol=1e-3)
    other = smo(MatrixOperator(K), y, w, formulation(terms), start=np.ones((7, 400)), **settings)
    np.testing.assert_array_equal(other.coef, found.coef)


def test_rows_of_weight_zero_stay_out():
    zero = np.where(np.arange(400) % 3 == 0, 0.0, w)
    kept = np.flatnonzero(zero)
    for y, terms in FORMULATIONS:
        found = smo(MatrixOperator(K), y, zero, formulation(terms), C=3.0, **terms, **TIGHT)
        fewer = MatrixOperator(K[np.ix_(kept, kept)])
        expected = smo(fewer, y[kept], zero[kept], formulation(terms), C=3.0, **terms, **TIGHT)
        np.testing.assert_array_equal(found.support, kept[expected.support])
        np.testing.assert_allclose(found.coef, expected.coef, atol=1e-7)
        np.testing.assert_allclose(found.intercept, expected.intercept, atol=1e-7)


def test_progress_is_told_on_request(capsys):
    smo(MatrixOperator(K), two, None, "c_svc", C=1.0, verbose=True, **SETTINGS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "0 steps, violation 2.00e+00" and float(lines[-1].split()[-1]) <= 1e-3


@pytest.mark.parametrize(
    ("operator", "n_bytes", "what"),
    [
        (KernelOperator(Gaussian(1.5), X), 8 * 400**2 - 1, "the 400 x 400 kernel matrix of a support vector machine"),
        (KernelOperator(NTK(), X), 90_000, "a cache of 65 kernel rows of 400 values.*lower cache_size"),
    ],
    ids=["whole", "kept"],
)
def test_what_does_not_fit_into_memory_is_refused(operator, n_bytes, what, request, monkeypatch):
    if "cache" in what:
        request.getfixturevalue("few_at_a_time")
    monkeypatch.setattr(_memory, "available_bytes", lambda: n_bytes)
    with pytest.raises(MemoryError, match=what):
        smo(operator, two, None, "c_svc", C=1.0, **{**SETTINGS, "cache_size": 0.1})


def test_where_nothing_can_be_written_the_loops_are_compiled_for_the_process_only(monkeypatch):
    asked = []

    def njit(cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda loop: SimpleNamespace(loop=loop)

    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=njit))
    loops = _smo_loops._compile_once.__wrapped__()
    assert asked == [True, False] * 12 and [built.loop.__name__ for built in loops] == ["minimise", "add_rows"]
    assert _smo_loops.minimise is minimise
