"""Duals of support vector machines: random ones, what their conditions say, and a slow truth."""

from itertools import combinations

import numpy as np

from kernelkit.solvers._box_problem import BoxProblem

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
    assert abs(b.sum()) <= 5e-12 * np.abs(b).sum()


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
