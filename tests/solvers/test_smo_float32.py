"""Kernel values in float32, until that could show."""

import numpy as np
import pytest

from kernelkit import Gaussian, Linear, Polynomial
from kernelkit.engine import KernelOperator, MatrixOperator
from kernelkit.solvers import _smo, smo
from kernelkit.solvers._box_problem import BoxProblem
from kernelkit.solvers._smo import minimum

from .dual_problems import SETTINGS, TIGHT, violation

pytest.importorskip("numba")
rng = np.random.default_rng(0)
many = rng.normal(size=(1500, 4))
labels = (many[:, 0] * many[:, 1] + 0.5 * rng.normal(size=1500) > 0.2).astype(float)


@pytest.fixture
def types(monkeypatch):
    """The types of the values that are read, in turn."""
    seen, read = [], _smo._Descent.read
    monkeypatch.setattr(
        _smo._Descent,
        "read",
        lambda self, operator, rounding: seen.append(operator.dtype.name) or read(self, operator, rounding),
    )
    return seen


def check(kernel, rows, y, C, **settings):
    operator = KernelOperator(kernel, rows)
    found = smo(operator, y, None, "c_svc", C=C, **{**SETTINGS, **settings})
    exact, problem = operator.astype(np.float64).dense(), BoxProblem.of_classes(y == 0, C * np.ones(len(y)))
    # What rounding adds is below half the tolerance: TRUSTED, for each of two rows.
    tol = settings.get("tol", SETTINGS["tol"])
    assert violation(exact, problem, found.variables(len(y))[0]) <= (1 + 2 * _smo.TRUSTED) * tol
    assert found.converged


@pytest.mark.parametrize("rows", [many, many[:500]], ids=len)
def test_float32_suffices_as_a_rule(rows, types):
    check(Gaussian(1.5), rows, labels[: len(rows)], 1.0)
    assert types == ["float32"]


@pytest.mark.parametrize("rows", [many, many[:500]], ids=len)
def test_float32_gives_way_for_a_small_tolerance(rows, types):
    check(Gaussian(1.5), rows, labels[: len(rows)], 1.0, tol=1e-7)
    assert types == ["float64"]


@pytest.mark.parametrize("rows", [many, many[:500]], ids=len)
def test_float32_gives_way_for_a_large_penalty(rows, types):
    check(Gaussian(1.0), rows, labels[: len(rows)], 300.0)
    assert types == ["float32", "float64"]


def test_float32_gives_way_for_a_start_with_large_variables(types):
    operator, problem = KernelOperator(Gaussian(0.5), many), BoxProblem.of_classes(labels == 0, 1e3)
    exact = operator.dense()
    start = minimum(problem, MatrixOperator(exact), **TIGHT).b
    types.clear()
    found = smo(operator, labels, None, "c_svc", C=1e3, start=start[None], **SETTINGS)
    assert types == ["float32", "float64"]
    assert violation(exact, problem, found.variables(1500)[0]) <= 1.5 * SETTINGS["tol"]


@pytest.mark.parametrize("kernel", [Gaussian(1.5), Gaussian(0.3), Polynomial(2, coef0=-1e6)], ids=repr)
def test_float32_is_not_for_rows_far_away_and_steep_kernels(kernel, types):
    rows = many + 1e6 if isinstance(kernel, Gaussian) else many + 500.0
    check(kernel, rows, labels, 1.0 if isinstance(kernel, Gaussian) else 1e-7)
    assert types == ["float64"]


def test_float32_is_not_for_a_single_row_far_away(types):
    rows = many.copy()
    rows[701] *= 1e5
    check(Linear(), rows, labels, 1e-2, max_iter=2_000_000)
    assert types[-1] == "float64"
