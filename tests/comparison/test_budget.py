import numpy as np
import pytest

from kernelkit.comparison._budget import START, Budget, Cost, affordable, duration, total
from kernelkit.comparison._candidates import CANDIDATES
from kernelkit.comparison._report import to_text
from kernelkit.comparison._run import run
from kernelkit.comparison._table import make_table

BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}


class Clock:
    """Time that passes only by looking at it, some seconds a look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def compare(names, n=100, seconds=300.0, step=0.0, max_rows=4000):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    table = make_table(X, X[:, 0] + rng.normal(size=n))
    budget = Budget(seconds, Clock(step))
    return run(table, [BY_NAME[name] for name in names], 3, 0, max_rows, budget, lambda *_: None)


def test_cost_grows_by_its_power_and_goes_through_what_was_measured():
    cost = Cost(100, 1.0, 2.0)
    assert cost.at(100) == 1.0
    assert cost.at(400) == pytest.approx(((400 + START) / (100 + START)) ** 2)
    assert cost.measured(200, cost.at(200)).overhead == pytest.approx(0)
    ratio = cost.growth(400)
    with_overhead = cost.measured(400, 0.5 + 0.5 * ratio)
    assert with_overhead.overhead == pytest.approx(0.5)
    assert with_overhead.at(800) == pytest.approx(0.5 + 0.5 * ratio * with_overhead.growth(800))
    assert cost.measured(200, 1.0).at(200) == pytest.approx(1.0)
    assert cost.measured(400, 1.0).at(800) > 1.5  # what looks free on few rows is not trusted
    assert cost.measured(101, 3.0).overhead == 0  # too near to tell


def test_affordable_rows_then_candidates():
    costs = {"linear": Cost(100, 0.01, 1.0), "gaussian": Cost(100, 0.1, 2.7), "forest": Cost(100, 1.0, 1.5)}
    assert affordable(costs, {"forest"}, 5, 1, 400, 1e6) == (400, [])
    rows, dropped = affordable(costs, {"forest"}, 5, 1, 10_000, 600.0)
    assert 500 <= rows < 10_000 and not dropped
    assert total(costs, 5, 1, rows) <= 600.0
    rows, dropped = affordable(costs, {"forest"}, 5, 1, 10_000, 25.0)
    assert dropped == ["forest"] and rows >= 500
    assert affordable(costs, {"forest"}, 5, 1, 10_000, 1e-9) == (500, ["forest", "gaussian"])


def test_more_repeats_cost_more():
    costs = {"linear": Cost(100, 1.0, 1.0)}
    assert total(costs, 5, 2, 100) - total(costs, 5, 1, 100) == pytest.approx(5 * costs["linear"].at(80))


def test_nothing_is_cut_where_there_is_time():
    found = compare(["linear", "gaussian"])
    assert all(outcome.ok and len(outcome.results) == 6 for outcome in found.outcomes)
    assert found.compared_on == found.developed_on == 80 and not found.table.notices


def test_slow_candidates_are_stopped_and_the_report_says_so():
    found = compare(["linear", "poly2-lifted", "gaussian", "matern", "laplacian"], seconds=100.0, step=4.0)
    assert found.outcomes[0].ok and found.judgement.recommended.ok
    assert any(not outcome.ok for outcome in found.outcomes)
    reasons = {str(outcome.reason).split()[0] for outcome in found.outcomes if not outcome.ok}
    assert reasons <= {"stopped", "skipped:"}
    text = to_text(found)
    assert all(outcome.label in text and str(outcome.reason) in text for outcome in found.outcomes if not outcome.ok)
    assert found.seconds < 2 * 100


def test_a_short_budget_drops_candidates_beforehand():
    found = compare(["linear", "gaussian", "forest"], seconds=20.0, step=1.0)
    assert found.outcomes[0].ok
    assert [outcome.reason is None for outcome in found.outcomes[1:]] != [True, True]


def test_real_clock_keeps_a_real_budget():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 5))
    table = make_table(X, np.sin(X[:, 0]) + rng.normal(size=3000))
    budget = Budget(4.0)
    found = run(table, list(CANDIDATES), 5, 0, 4000, budget, lambda *_: None)
    assert budget.elapsed < 8.0  # on a busy machine; 4 s elsewhere
    said = [*found.table.notices, *(outcome.reason for outcome in found.outcomes if outcome.reason)]
    assert any("budget" in text for text in said)


def test_cut_rows_are_common_and_cheap_candidates_get_all():
    found = compare(["linear", "gaussian"], n=150, max_rows=60)
    assert found.compared_on == 60 and found.developed_on == 120
    assert {len(result.predicted) for outcome in found.outcomes for result in outcome.results} == {20}
    assert "linear" in [outcome.name for outcome in found.on_all_rows]
    assert any("--max-rows 60: all are compared on the same 60 of 120 rows" in n for n in found.table.notices)
    assert "on all" in to_text(found)


def test_lifting_that_does_not_fit_is_left_out(monkeypatch):
    def full(needed, what, alternative):
        raise MemoryError(f"{what} needs too much; {alternative}")

    monkeypatch.setattr("kernelkit.comparison._tuning.check_memory", full)
    with pytest.raises(ValueError, match="the linear baseline skipped: lifting"):
        compare(["linear", "gaussian"])


def test_a_failing_candidate_says_why(monkeypatch):
    def broken(*_):
        raise np.linalg.LinAlgError("no convergence\nand more")

    monkeypatch.setitem(__import__("kernelkit.comparison._tuning", fromlist=["x"])._TUNERS, "kernel", broken)
    found = compare(["linear", "gaussian"])
    assert found.outcomes[1].reason == "failed: no convergence"
    assert "failed: no convergence" in to_text(found)


@pytest.mark.parametrize(
    ("value", "text"), [(1.5e-6, "1.5 µs"), (0.0123, "12 ms"), (3.0, "3.0 s"), (1234.5, "1,234 s")]
)
def test_durations(value, text):
    assert duration(value) == text
