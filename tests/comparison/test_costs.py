"""Costs: times on one thread, memory in processes of their own, kernel values, and curves of all these."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_info

from kernelkit import Gaussian, KernelRidge, as_kernel
from kernelkit.comparison import _curves, _memory, compare
from kernelkit.comparison._budget import Budget
from kernelkit.comparison._candidates import CANDIDATES
from kernelkit.comparison._curves import Point, cost_curves
from kernelkit.comparison._curves_told import cost_sentences, faster_from
from kernelkit.comparison._evaluate import evaluate, make_fold
from kernelkit.comparison._lifting_costs import crossing, kernel_bytes, lifted_bytes, most_columns, n_features
from kernelkit.comparison._report import memory, short_bytes, short_number
from kernelkit.comparison._run import run
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._table import make_table
from kernelkit.comparison._timing import seconds_per_row, timed_fit

BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}
MIB = 2**20
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is known on Linux only")

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 5))
ROWS = (X, X[:, 0] + np.sin(X[:, 1]), X[:200])


class Hog(RegressorMixin, BaseEstimator):
    """Takes 64 MiB to fit more rows than it is warmed up with."""

    def __init__(self, does="nothing"):
        self.does = does

    def fit(self, X, y):
        if len(X) > 1000:
            held = np.ones(64 * MIB // 8)
            held += 1
            if self.does == "sleep":
                time.sleep(60)
            if self.does == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.does == "raise":
                raise ValueError("no")
            print("this is not part of the answer")
        return self

    def predict(self, X):
        return np.zeros(len(X))


def fold_of(n=200):
    table = make_table(X[:n], ROWS[1][:n])
    splitter = Splitter(table, 0)
    return make_fold(table, splitter, *splitter.split(np.arange(n), 4)[0])


def no_process_is_left(before):
    deadline = time.monotonic() + 10
    while helpers() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    return not helpers() - before


def helpers():
    """Processes that run the module which fits for memory."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"kernelkit.comparison._memory_process" in words:
            found.add(path.parent.name)
    return found


@linux
def test_peaks_are_what_the_models_hold():
    models = {"hog": Hog(), "kernel": KernelRidge(Gaussian()), "linear": Ridge()}
    peaks = _memory.peak_bytes(models, ROWS, 60)
    assert peaks["hog"] == pytest.approx(64 * MIB, rel=0.1)
    assert 0.9 < peaks["kernel"] / (8 * 1500**2) < 2
    assert peaks["linear"] < 3 * MIB


@linux
def test_models_that_fail_have_no_peak_and_no_say_in_the_others():
    before = helpers()
    models = {"dies": Hog("die"), "raises": Hog("raise"), "cannot be sent": Hog(threading.Lock()), "hog": Hog()}
    assert list(_memory.peak_bytes(models, ROWS, 60)) == ["hog"]
    assert no_process_is_left(before)


@linux
def test_models_that_are_too_slow_are_ended():
    before, start = helpers(), time.monotonic()
    peaks = _memory.peak_bytes({"hog": Hog(), "slow": Hog("sleep"), "late": Hog()}, ROWS, 12)
    assert list(peaks) == ["hog"]
    assert time.monotonic() - start < 20
    assert no_process_is_left(before)


@linux
def test_functions_of_the_users_own_can_be_sent():
    scale = 2.0
    kernel = as_kernel(lambda A, B: np.exp(-((A[:, None] - B[None]) ** 2).sum(axis=-1) / scale))
    few = (X[:300], ROWS[1][:300], X[:10])
    assert _memory.peak_bytes({"own": KernelRidge(kernel)}, few, 60)["own"] > 8 * 300**2


INTERRUPTED = """
import signal, threading
import numpy as np
from kernelkit.comparison import _memory
from tests.comparison.test_costs import Hog, ROWS

main = threading.main_thread().ident
threading.Timer(5, signal.pthread_kill, (main, signal.SIGINT)).start()
try:
    _memory.peak_bytes({"slow": Hog("sleep")}, ROWS, 60)
except KeyboardInterrupt:
    print("interrupted")
"""


@linux
def test_ctrl_c_leaves_no_process_behind():
    before, start = helpers(), time.monotonic()
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert done.stdout == "interrupted\n", done.stderr
    assert time.monotonic() - start < 30
    assert no_process_is_left(before)


@linux
def test_the_comparison_tells_memory_and_kernel_values(monkeypatch):
    monkeypatch.setattr(_memory, "known_here", lambda: True)
    result = compare(*load_diabetes(return_X_y=True), candidates="linear,gaussian,nystroem", cv=3)
    table = result.table
    assert table["peak_bytes"].notna().all()
    assert table.loc["gaussian", "peak_bytes"] > max(8 * 235**2, table.loc["linear", "peak_bytes"])
    assert table.loc["linear", "kernel_evaluations"] == table.loc["linear", "kernel_evaluations_per_predicted_row"] == 0
    n = table.loc["gaussian", "kernel_evaluations_per_predicted_row"]
    assert n == pytest.approx(353 * 2 / 3, abs=1)  # the training rows of one fold
    assert n**2 / 2 < table.loc["gaussian", "kernel_evaluations"] <= (n + 1) ** 2
    text = repr(result)
    assert max(map(len, text.splitlines())) <= 110
    assert "memory" in text and "kernel" in text and memory(int(table.loc["gaussian", "peak_bytes"])) in text
    assert json.loads(result.to_json())["candidates"][1]["peak_bytes"] == table.loc["gaussian", "peak_bytes"]


def test_without_a_system_that_tells_memory_is_not_available():
    result = compare(X[:60], ROWS[1][:60], candidates="linear", cv=2)
    assert "n/a" in repr(result) and result.to_dict()["candidates"][0]["peak_bytes"] is None


def test_memory_keeps_to_the_budget(monkeypatch):
    monkeypatch.setattr(_memory, "known_here", lambda: True)
    monkeypatch.setattr(_memory, "peak_bytes", lambda *_: pytest.fail("no time was left"))
    table = make_table(X[:60], ROWS[1][:60])
    found = run(table, [BY_NAME["linear"]], 3, 0, 4000, Budget(4.0), lambda *_: None)
    assert found.outcomes[0].peak_bytes is None
    assert any(notice.startswith("memory was not measured") for notice in table.notices)


def test_no_process_can_be_started(monkeypatch):
    def full(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(_memory.subprocess, "Popen", full)
    assert _memory.peak_bytes({"linear": Ridge()}, ROWS, 5) == {}


class Watching(Ridge):
    """Notes how many threads there are while it is fitted and while it predicts."""

    seen: list = []

    def _note(self):
        pools = [library["num_threads"] for library in threadpool_info()]
        from kernelkit.engine import single_threaded_blas

        with single_threaded_blas() as ours:
            self.seen.append((max(pools), ours))

    def fit(self, X, y):
        self._note()
        return super().fit(X, y)

    def predict(self, X):
        self._note()
        return super().predict(X)


def test_timed_passes_have_one_thread(monkeypatch):
    monkeypatch.setattr(Watching, "seen", [])
    monkeypatch.setattr("kernelkit.comparison._evaluate.build", lambda *_: Watching())
    evaluate(BY_NAME["gaussian"], fold_of())
    assert set(Watching.seen) == {(1, 1)}


def test_a_first_fit_is_not_timed():
    class Slow(BaseEstimator):
        fits = 0

        def fit(self, X, y):
            time.sleep(0.3 if self.fits == 0 else 0.02)
            self.fits += 1

    assert timed_fit(Slow(), *ROWS[:2], warm=True)[0] < 0.25
    assert timed_fit(Slow(), *ROWS[:2])[0] >= 0.3


def test_kernel_values_of_one_fit():
    model = KernelRidge(Gaussian())
    assert timed_fit(model, X[:100], ROWS[1][:100])[1] == 100**2  # one tile, made once, though fitted three times
    result = evaluate(BY_NAME["fourier"], fold_of())
    assert (result.fit_values, result.predict_values) == (0, 0)


def test_a_support_vector_machine_predicts_from_its_support_vectors():
    result = evaluate(BY_NAME["svm"], fold_of())
    assert result.predict_values == len(result.model.regressor_.support_)


@pytest.mark.parametrize(
    ("size", "text"), [(None, "n/a"), (3000, "< 1 MiB"), (2**20, "1 MiB"), (1.5 * 2**30, "1.5 GiB")]
)
def test_memory_in_words(size, text):
    assert memory(size) == text


def test_numbers_in_words():
    assert [short_number(n) for n in (0, 950, 999.7, 12_345, 9.94e6, 2e12)] == [
        "0", "950", "1.0 k", "12 k", "9.9 M", "2 T",
    ]  # fmt: skip
    assert [short_bytes(n) for n in (5, 2048, 2**80)] == ["5 B", "2 KiB", "1 YiB"]


def test_features_and_bytes_by_formula():
    assert n_features(2, 2) == 6  # 1, x, y, x^2, xy, y^2
    assert n_features(10**5, 3) == (10**5 + 1) * (10**5 + 2) * (10**5 + 3) // 6
    assert f"{n_features(10**5, 3):.1e}" == "1.7e+14"
    assert lifted_bytes(100, 10) == 8 * (1000 + 100) and kernel_bytes(100) == 8 * 100**2
    for n in (5, 300, 4000):
        for degree in (2, 3, 4):
            d = most_columns(n, degree)
            assert lifted_bytes(n, n_features(d + 1, degree)) > kernel_bytes(n)
            assert d == 0 or lifted_bytes(n, n_features(d, degree)) <= kernel_bytes(n)


def test_crossings():
    at = [1, 2, 4, 8]
    assert crossing(at, [1, 2, 4, 8], [3, 3, 3, 3]) == pytest.approx(3)
    assert crossing(at, [1, 1, 1, 1], [2, 2, 2, 2]) is None
    assert crossing(at, [2, 1, 1, 1], [1, 1, 2, 2]) == 2  # where they touched before they parted
    assert crossing([1], [1], [2]) is None


def points(lifted, kernel):
    rows = (200, 400, 800)
    return [
        (Point(2, "lifted", n, 5, 21, 0, a), Point(2, "kernel", n, 5, None, 0, b))
        for n, a, b in zip(rows, lifted, kernel, strict=True)
    ]


def test_where_lifting_is_faster():
    place, seconds = faster_from(points((2, 2, 2), (1, 2 * math.sqrt(2) / 2, 4)))
    assert 400 < place < 800 and seconds == pytest.approx(2)
    assert faster_from(points((1, 1, 1), (2, 2, 2))) is None
    assert faster_from(points((1, 2, 3), (2, 2, 2))) is None  # slower with many rows


@pytest.fixture(scope="module")
def found():
    return compare(*load_diabetes(return_X_y=True), candidates="linear", cv=2).found


@pytest.fixture(scope="module")
def curves(found):
    return cost_curves(found, max_seconds=30)


def test_curves_over_rows(curves):
    lines = {(p.degree, p.way) for p in curves.over_rows}
    assert lines == {(1, "lifted"), (2, "lifted"), (2, "kernel"), (3, "lifted"), (3, "kernel")}
    assert {p.features for p in curves.over_rows if (p.degree, p.way) == (3, "lifted")} == {286}
    assert {p.n for p in curves.over_rows} == {200, 400, 800, 1600, 3200}
    last = {(p.degree, p.way): p for p in curves.over_rows if p.n == 3200}
    assert last[2, "kernel"].seconds > 3 * last[2, "lifted"].seconds  # many rows, 66 features: lifting wins
    assert all(p.seconds > 0 for p in curves.over_rows)


def test_curves_over_columns(curves):
    for point in curves.over_columns:
        assert point.n == curves.n_rows
        assert point.features == (n_features(point.d, point.degree) if point.way == "lifted" else None)
        assert 0.9 * point.least_bytes < point.peak_bytes < 6 * point.least_bytes + 2**20
    widest = {p.degree: p.d for p in curves.over_columns if p.way == "lifted"}
    assert widest[2] > widest[4]
    held = {(p.way, p.degree, p.d): p.peak_bytes for p in curves.over_columns}
    assert held["lifted", 3, 32] > 5 * held["kernel", 2, 32]  # it explodes
    assert held["lifted", 2, 4] < held["kernel", 2, 4]


def test_curves_in_sentences(curves):
    told = " ".join(cost_sentences(curves))
    assert "lifting fits faster than the kernel" in told
    assert f"up to d = {most_columns(curves.n_rows, 2)} (degree 2)" in told
    assert "At d = 100,000, degree 3 has 1.7e+14 features" in told
    assert repr(curves) == "\n".join(cost_sentences(curves))


def test_curves_as_a_table(curves):
    table = curves.table
    assert len(table) == len(curves.over_rows) + len(curves.over_columns)
    assert set(table["over"]) == {"rows", "columns"}
    assert table.loc[table["way"] == "kernel", "features"].isna().all()


def test_curves_as_a_figure(curves):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure = curves.plot()
    assert len(figure.axes) == 2
    figure.canvas.draw()
    words = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    for needed in ("degree 3, kernel", "(286 features)", "1.7e14 features", "up to d =", "kernel: no features"):
        assert needed in words
    styles = {(line.get_linestyle(), line.get_marker()) for line in figure.axes[0].lines if line.get_marker() != "o"}
    assert {("-", "D"), ("-", "s"), ("--", "s")} <= styles  # told apart without colour
    own = pyplot.figure()
    assert curves.plot(own) is own and len(own.axes) == 2
    pyplot.close("all")


def test_labels_do_not_overlap(curves):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    text_type = pytest.importorskip("matplotlib.text").Text
    figure = curves.plot()
    figure.canvas.draw()
    for ax in figure.axes:
        # Those of the words alone: an annotation's own box holds its arrow too, and arrows may cross.
        boxes = [text_type.get_window_extent(text) for text in ax.texts if text.get_position()[0] == 1.03]
        assert len(boxes) > 2
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    pyplot.close("all")


def test_a_slow_prediction_is_not_timed_on_more_rows_than_there_are():
    class Slow(Ridge):
        def predict(self, X):
            time.sleep(len(X) / 200)
            return super().predict(X)

    model = Slow().fit(*ROWS[:2])
    start = time.perf_counter()
    assert seconds_per_row(model, X[:40]) == pytest.approx(1 / 200, rel=0.5)
    assert time.perf_counter() - start < 2  # 10 s for a batch


def test_no_time_no_points(found, tmp_path):
    start = time.perf_counter()
    curves = cost_curves(found, max_seconds=1e-9)
    assert time.perf_counter() - start < 5
    assert not curves.over_rows and not curves.over_columns
    assert "1.7e+14" in repr(curves) and len(curves.table) == 0
    pyplot = pytest.importorskip("matplotlib.pyplot")
    curves.plot().savefig(tmp_path / "curves.png")
    pyplot.close("all")


def test_curves_of_a_result_with_categories_and_classes(monkeypatch):
    pd = pytest.importorskip("pandas")
    monkeypatch.setattr(_curves, "FEW", 400)
    frame = pd.DataFrame({"a": X[:80, 0], "b": np.where(X[:80, 1] > 0, "yes", "no"), "y": X[:80, 2] > 1.0})
    result = compare(frame, "y", candidates="linear", cv=2)
    curves = result.cost_curves(max_seconds=5)
    assert curves.own_columns == 1 and {p.features for p in curves.over_rows} == {3, 5, 6, None}
    assert "1 numeric column (" in repr(curves)
    with pytest.raises(ValueError, match="max_seconds"):
        result.cost_curves(max_seconds=0)


def test_costly_points_are_left_out(found, monkeypatch):
    monkeypatch.setattr(_curves, "available_bytes", lambda: 8 * _curves.SPARE * 1000**2)
    curves = cost_curves(found, max_seconds=10)
    largest = {(p.degree, p.way): p.n for p in curves.over_rows}
    assert largest[2, "kernel"] == 800 and largest[2, "lifted"] == 3200
