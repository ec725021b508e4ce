"""What sequential minimal optimisation finds, against a slow truth and against the optimality conditions in float64."""

import sys
import threading
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from kernelkit import NTK, Gaussian, Linear, Polynomial, Sigmoid
from kernelkit.engine import KernelOperator, MatrixOperator, _memory
from kernelkit.solvers import _smo, _smo_loops, _smo_rows, libsvm, smo
from kernelkit.solvers._smo import BoxProblem, minimum
from kernelkit.solvers._smo_loops import compiled, minimise

from .helpers import assert_near, gaussian, ridge

pytest.importorskip("numba")
SETTINGS = {"tol": 1e-3, "max_iter": -1, "cache_size": 100.0}
TIGHT = {**SETTINGS, "tol": 1e-9}


def objective(K, problem, b):
    return b @ K @ b / 2 - problem.y @ b + problem.epsilon * np.abs(b).sum()


def violation(K, problem, b):
    """By how much two rows together break the optimality conditions, from their definition."""
    growing, shrinking = [-np.inf], [np.inf]
    for v, slope in enumerate(problem.y - K.astype(np.float64) @ b):
        if b[v] < problem.upper[v]:
            growing.append(slope + problem.epsilon if b[v] < 0 else slope - problem.epsilon)
        if b[v] > problem.lower[v]:
            shrinking.append(slope - problem.epsilon if b[v] > 0 else slope + problem.epsilon)
    return max(growing) - min(shrinking)


def check_feasible(problem, b):
    assert (problem.lower <= b).all() and (b <= problem.upper).all()
    assert abs(b.sum()) <= 1e-13 * max(1.0, np.abs(b).sum())


def pairs_in_turn(K, problem, sweeps=3000):
    """The textbook's way: every pair of rows in turn, to the best point on its line, until none moves."""
    n, epsilon, b = len(K), problem.epsilon, np.zeros(len(K))
    for _ in range(sweeps):
        before = b.copy()
        for i, j in combinations(range(n), 2):
            curvature = K[i, i] + K[j, j] - 2 * K[i, j]
            slope = (K[i] - K[j]) @ b - problem.y[i] + problem.y[j]
            least = max(problem.lower[i] - b[i], b[j] - problem.upper[j])
            most = min(problem.upper[i] - b[i], b[j] - problem.lower[j])
            # The function is quadratic between its kinks, so its minimum is at one of these.
            steps = [0.0, least, most, -b[i], b[j]]
            steps += [(s * epsilon - slope) / curvature for s in (-2, 0, 2)] if curvature > 0 else []
            step = np.clip(steps, least, most)
            ends = np.abs(b[i] + step) + np.abs(b[j] - step)
            best = step[np.argmin(curvature * step**2 / 2 + slope * step + epsilon * ends)]
            b[i], b[j] = b[i] + best, b[j] - best
        if np.abs(b - before).max() < 1e-12 * max(1.0, np.abs(b).max()):
            return b
    raise AssertionError("the slow truth has not been found")


def classes(rng, n, C, w=1.0):
    first = rng.permutation(np.arange(n) % 2 == 0)
    return BoxProblem.of_classes(first, C * w * np.ones(n))


def numbers(rng, n, C, epsilon, w=1.0):
    bound = C * w * np.ones(n)
    return BoxProblem(rng.normal(size=n), -bound, bound, epsilon)


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("epsilon", [None, 0.0, 0.3])
def test_compiled_and_plain_loops_find_what_the_textbook_finds(C, epsilon):
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=(14, 3)), rng.uniform(0.5, 2.0, size=14)
    K = gaussian(X, 1.0)
    problem = classes(rng, 14, C, w) if epsilon is None else numbers(rng, 14, C, epsilon, w)
    slow = pairs_in_turn(K, problem)
    for loop in (minimise, compiled()[0]):
        b, F = np.zeros(14), np.zeros(14)
        values = _smo_rows.read_only(K.copy())
        bounds = (problem.y, problem.lower, problem.upper, problem.epsilon)
        steps, left = loop(values, np.diagonal(K).copy(), *bounds, b, F, 1e-10, 100_000)
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
        b, F = np.zeros(n), np.zeros(n)
        values = _smo_rows.read_only(K.copy())
        bounds = (problem.y, problem.lower, problem.upper, problem.epsilon)
        steps, left = loop(values, np.diagonal(K).copy(), *bounds, b, F, 1e-3, 60)
        found.append((steps, left, b))
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
    rounding = 1e-13 * np.abs(K).max() * np.abs(found.b).sum()
    assert violation(K, problem, found.b) == pytest.approx(found.violation, abs=1e-12 + rounding)
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


@pytest.mark.parametrize("C", [0.1, 10.0, 1000.0])
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
    """Sizes at which a few hundred rows are many; the list that is returned is filled with what kernel rows come from."""
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
    assert asked == [first.tolist(), [16, 17, 18, 19], [*range(4)][:0] or asked[2]]
    many = np.arange(100)
    np.testing.assert_array_equal(kept.among(many), K[np.ix_(many, many)])
    np.testing.assert_allclose(kept.times(first, many, w[many]), K[:16, :100] @ w[:100], rtol=1e-12)


def test_rows_put_aside_are_looked_at_before_the_end(few_at_a_time):
    asked = []
    watch_all = _smo._Descent.watch_all
    few_at_a_time.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_smo._Descent, "watch_all", lambda self: asked.append(len(self.watched)) or watch_all(self))
        smo(MatrixOperator(K), two, None, "c_svc", C=1.0, **SETTINGS)
        assert asked and max(asked) < 0.7 * 400
        asked.clear()
        smo(MatrixOperator(K), two, None, "c_svc", C=1.0, shrinking=False, **SETTINGS)
        assert not asked
