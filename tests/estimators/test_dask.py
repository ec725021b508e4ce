"""Rows in the blocks of Dask arrays: the same models as from rows in memory, and what is moved to get them."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from kernelkit import (
    Gaussian,
    KernelGradientFlow,
    KernelOneClassSVM,
    KernelPCA,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeCV,
    KernelSVC,
    KernelSVCCV,
    KernelSVR,
    Laplacian,
    Matern,
    Nystroem,
    Polynomial,
    RandomFourier,
    RandomNeural,
    compare,
)
from kernelkit.comparison import _memory
from kernelkit.engine import _dask as engine
from kernelkit.estimators import _many_rows
from kernelkit.kernels import _dask

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

rng = np.random.default_rng(0)
X = rng.normal(size=(900, 3)) + [0, 5, -5]
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1] ** 2, X[:, 2] + 3])
LABELS = np.where(X[:, 0] > 0, "yes", "no")
NEW = rng.normal(size=(50, 3)) + [0, 5, -5]
WEIGHTS = rng.integers(0, 3, size=900).astype(float)
WEIGHTS[200:400] = 0  # a whole block
SIZES = (200, 200, 300, 150, 50)
BLOCKS = da.from_array(X, chunks=(SIZES, 3))
RIDGE = KernelRidge(Gaussian(1.5), alpha=0.1, solver="nystroem", n_landmarks=40, tol=1e-13, random_state=0)
TRAINED = [
    RIDGE,
    KernelPCA(n_landmarks=40, n_components=4, random_state=0),
    Nystroem(n_components=30, landmarks="uniform", random_state=0),
    RandomFourier(n_components=31, random_state=0),
]
named = pytest.mark.parametrize("model", TRAINED, ids=lambda model: type(model).__name__)


@pytest.fixture(autouse=True)
def scheduler():
    """Tasks one after the other, in this thread, unless a test starts a cluster."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def conjugate_gradients(monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    monkeypatch.setattr(_many_rows, "SAMPLE_PER_LANDMARK", 3)


@pytest.fixture
def way(request):
    if request.param == "conjugate gradients":
        request.getfixturevalue("conjugate_gradients")


def fitted(model, rows, y=None, w=None):
    with warnings.catch_warnings():
        # A tolerance that rounding does not reach: all digits are wanted.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(model).fit(rows, y, *(() if w is None else (w,)))


def outputs(model, rows):
    return model.predict(rows) if hasattr(model, "predict") else model.transform(rows)


class TestPredictions:
    @pytest.mark.parametrize(
        ("model", "y", "verbs"),
        [
            (KernelRidge(), Y[:, 0], ["predict"]),
            (KernelRidge(), Y, ["predict"]),
            (KernelRidge(Polynomial(2), solver="primal"), Y, ["predict"]),
            (KernelRidgeCV(), Y, ["predict"]),
            (KernelRidgeClassifier(), LABELS, ["predict", "decision_function"]),
            (KernelGradientFlow(), Y[:, 0], ["predict"]),
            (KernelSVC(), LABELS, ["predict", "decision_function"]),
            (KernelSVR(), Y[:, 0], ["predict"]),
            (KernelOneClassSVM(), None, ["predict", "decision_function", "score_samples"]),
            (KernelPCA(n_components=3), None, ["transform"]),
            (Nystroem(n_components=20), None, ["transform"]),
            (RandomFourier(n_components=11), None, ["transform"]),
            (RandomNeural(n_components=10), None, ["transform"]),
        ],
        ids=lambda value: repr(value)[:40],
    )
    def test_are_lazy_and_the_same(self, model, y, verbs):
        model = clone(model).fit(X[:200], None if y is None else y[:200])
        for verb in verbs:
            expected = getattr(model, verb)(X)
            lazy = getattr(model, verb)(BLOCKS)
            assert isinstance(lazy, da.Array) and lazy.chunks[0] == SIZES
            assert lazy.shape == expected.shape and lazy.dtype == expected.dtype
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-10, atol=1e-10)
            else:
                np.testing.assert_array_equal(lazy.compute(), expected)

    @named
    def test_of_float32(self, model):
        narrow, blocks = X.astype(np.float32), BLOCKS.astype(np.float32)
        model = fitted(model, narrow, Y)
        assert outputs(model, blocks).dtype == outputs(model, blocks).compute().dtype == outputs(model, narrow).dtype

    def test_send_no_training_rows_that_they_do_not_need(self, monkeypatch):
        sent = []
        monkeypatch.setattr(_dask, "sent", lambda value: sent.append(value) or value)
        KernelPCA(n_landmarks=20).fit(X).transform(BLOCKS)
        assert len(sent) == 1 and not hasattr(sent[0], "eigenvectors_")

    def test_with_deviations_are_refused(self):
        model = KernelRidge(uncertainty=True).fit(X, Y)
        with pytest.raises(ValueError, match="one array for a Dask array"):
            model.predict(BLOCKS, return_std=True)
        with pytest.raises(ValueError, match="takes no Dask arrays"):
            model.predict_interval(BLOCKS)


class TestFits:
    @pytest.mark.parametrize("way", ["normal equations", "conjugate gradients"], indirect=True)
    @pytest.mark.parametrize("weights", [None, WEIGHTS, 2.0], ids=["unit", "weighted", "scalar"])
    @pytest.mark.parametrize("intercept", [False, True])
    @pytest.mark.parametrize("y", [Y[:, 0], Y], ids=["one", "several"])
    def test_ridge_equals_that_in_memory(self, way, weights, intercept, y):
        model = clone(RIDGE).set_params(fit_intercept=intercept)
        here, there = fitted(model, X, y, weights), fitted(model, BLOCKS, y, weights)
        np.testing.assert_allclose(there.X_fit_, here.X_fit_)
        np.testing.assert_allclose(there.dual_coef_, here.dual_coef_, rtol=1e-8, atol=1e-8 * abs(here.dual_coef_).max())
        np.testing.assert_allclose(there.intercept_, here.intercept_, atol=1e-8)
        np.testing.assert_allclose(there.predict(NEW), here.predict(NEW), atol=1e-8)

    @pytest.mark.parametrize("way", ["normal equations", "conjugate gradients"], indirect=True)
    def test_several_alphas_and_float32(self, way):
        model, narrow = clone(RIDGE).set_params(alpha=[1.0, 0.1], tol=1e-9), X.astype(np.float32)
        here, there = fitted(model, narrow, Y), fitted(model, BLOCKS.astype(np.float32), Y)
        assert there.dual_coef_.dtype == here.dual_coef_.dtype
        exact = fitted(model, narrow.astype(np.float64), Y).predict(NEW)
        errors = [np.abs(model.predict(NEW) - exact).max() for model in (here, there)]
        assert errors[1] <= 3 * errors[0] + 1e-6

    @pytest.mark.parametrize("landmarks", ["uniform", "rpcholesky", "leverage", "kmeans", "farthest", X[::30]])
    def test_landmarks_are_those_in_memory(self, landmarks, monkeypatch):
        given = not isinstance(landmarks, str)
        model = Nystroem(Matern(2.0), landmarks=landmarks, n_components=None if given else 12, random_state=0)
        here, there = model.fit_transform(X), clone(model).fit(BLOCKS)
        np.testing.assert_allclose(there.components_, model.components_)
        np.testing.assert_allclose(there.transform(X), here, atol=1e-7)
        np.testing.assert_array_equal(there.landmark_indices_, model.landmark_indices_)

    @pytest.mark.parametrize("components", [4, None])
    def test_principal_components(self, components):
        model = KernelPCA(Gaussian(2.0), n_landmarks=30, n_components=components, random_state=0)
        scores, lazy = model.fit_transform(X), clone(model).fit(BLOCKS)
        np.testing.assert_allclose(lazy.eigenvalues_, model.eigenvalues_, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(lazy.explained_variance_ratio_, model.explained_variance_ratio_, rtol=1e-9)
        assert isinstance(lazy.eigenvectors_, da.Array)
        np.testing.assert_allclose(lazy.eigenvectors_.compute()[:, :4], model.eigenvectors_[:, :4], atol=1e-9)
        np.testing.assert_allclose(clone(model).fit_transform(BLOCKS).compute()[:, :4], scores[:, :4], atol=1e-8)

    def test_random_fourier_features(self):
        model = RandomFourier(n_components=31, random_state=0)
        features = model.fit_transform(X)
        np.testing.assert_allclose(clone(model).fit_transform(BLOCKS).compute(), features, atol=1e-12)

    @pytest.mark.parametrize(
        "kernel",
        [None, Gaussian("median"), Laplacian("scale"), Gaussian("scale") + Polynomial(gamma="scale")],
        ids=repr,
    )
    def test_kernels_learn_from_all_blocks(self, kernel):
        for w in (None, WEIGHTS):
            here, there = (fitted(clone(RIDGE).set_params(kernel=kernel), rows, Y, w) for rows in (X, BLOCKS))
            ours, theirs = there.kernel_.get_params(), here.kernel_.get_params()
            for name in ("sigma", "gamma", "k1__sigma", "k2__gamma"):
                assert ours.get(name, 0.0) == pytest.approx(theirs.get(name, 0.0), rel=1e-12)

    def test_targets_in_other_blocks_and_other_types_of_X(self):
        integers = (10 * X).astype(int)
        expected = fitted(RIDGE, integers, Y)
        targets = da.from_array(Y, chunks=(70, 1))
        found = fitted(RIDGE, da.from_array(integers, chunks=(400, 3)), targets)
        np.testing.assert_allclose(found.dual_coef_, expected.dual_coef_, atol=1e-8)

    def test_blocks_are_added_in_order_whatever_runs_them(self, conjugate_gradients):
        many = BLOCKS.rechunk((30, 3))
        one = fitted(RIDGE, many, Y, WEIGHTS)
        with dask.config.set(scheduler="threads", num_workers=4):
            np.testing.assert_array_equal(fitted(RIDGE, many, Y, WEIGHTS).dual_coef_, one.dual_coef_)

    def test_leaves_the_settings_of_dask_as_they_were(self):
        code = (
            "import dask.array as da; from kernelkit import RandomFourier; "
            "RandomFourier().fit([[0.0], [1.0]]).transform(da.ones((4, 1), chunks=2)); import dask, distributed; "
            "dask.config.get('distributed.comm.timeouts.connect')"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_warm_starts(self, conjugate_gradients):
        model = fitted(clone(RIDGE).set_params(warm_start=True, tol=1e-10), BLOCKS, Y)
        assert model.n_iter_ > 5
        assert model.set_params(tol=1e-9).fit(BLOCKS, Y).n_iter_ <= 1

    def test_more_positions_than_can_be_shuffled(self, monkeypatch):
        from kernelkit.features import _landmarks, drawn_rows

        monkeypatch.setattr(_landmarks, "MOST_SHUFFLED", 10)
        drawn = drawn_rows(np.random.RandomState(0), 10**12, 50)
        assert len(set(drawn)) == 50 and (np.diff(drawn) > 0).all() and drawn[-1] > 10**11
        assert len(drawn_rows(np.random.RandomState(0), 20, 50)) == 20


class TestTables:
    dd = pytest.importorskip("dask.dataframe")
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    parts = dd.from_pandas(table, npartitions=3)

    @named
    def test_equal_arrays(self, model):
        here, there = fitted(model, self.table, Y), fitted(model, self.parts, Y)
        np.testing.assert_array_equal(there.feature_names_in_, ["a", "b", "c"])
        np.testing.assert_allclose(outputs(there, self.parts).compute(), outputs(here, self.table), atol=1e-8)
        with pytest.raises(ValueError, match="feature names should match"):
            outputs(there, self.parts.rename(columns={"a": "z"}))
        with pytest.raises(ValueError, match="text.*real numbers|real numbers.*"):
            outputs(there, self.parts.assign(c="text"))

    def test_targets_and_weights_of_theirs(self):
        y = self.dd.from_pandas(pd.Series(Y[:, 0]), npartitions=2)
        w = self.dd.from_pandas(pd.Series(WEIGHTS), npartitions=4)
        found, expected = fitted(RIDGE, self.parts, y, w), fitted(RIDGE, X, Y[:, 0], WEIGHTS)
        np.testing.assert_allclose(found.dual_coef_, expected.dual_coef_, atol=1e-8)


def with_value(value, row):
    changed = X.copy()
    changed[row, 1] = value
    return da.from_array(changed, chunks=(SIZES, 3))


BAD = {
    "blocks along the features: X.rechunk": da.from_array(X, chunks=(200, 2)),
    "blocks of known sizes, got .*X.compute_chunk_sizes": BLOCKS[BLOCKS[:, 0] > 0],
    "rows in each block, got none in block 1 of 3": da.concatenate([BLOCKS[:10], BLOCKS[:0], BLOCKS[10:]]).rechunk(
        ((10, 0, 890), 3)
    ),
    "X has no rows": BLOCKS[:0],
    "two axes": BLOCKS[:, 0],
    "real numbers, got numpy.ndarray of complex": BLOCKS * 1j,
    "X contains NaN in row 450, in block 2": with_value(np.nan, 450),
    "X contains infinity in row 899, in block 4": with_value(np.inf, 899),
}


class TestBadInput:
    @pytest.mark.parametrize("message", BAD)
    @named
    def test_rows(self, model, message):
        model = fitted(model, X, Y)
        before = dict(vars(model))
        with pytest.raises(ValueError, match=message):
            model.fit(BAD[message], Y)
        assert vars(model) == before or all(vars(model)[name] is value for name, value in before.items())
        with pytest.raises(ValueError, match=message.split(" in row")[0]):
            outputs(model, BAD[message]).compute()

    @pytest.mark.parametrize(
        ("y", "w", "message"),
        [
            (Y[:10], None, "y must have one entry for each of the 900 rows of X"),
            (da.from_array(Y[:10]), None, "y must have one entry"),
            (da.where(da.from_array(Y, chunks=100) > 29, np.nan, 1.0), None, "Input y contains NaN in row"),
            (np.where(Y > 29, np.nan, 1.0), None, "Input y contains NaN"),
            (da.from_array(Y)[da.from_array(Y[:, 0]) > 0], None, "y.compute_chunk_sizes"),
            (LABELS, None, "could not convert|Unable to convert"),
            (None, None, "requires y"),
            (Y, -WEIGHTS, "sample_weight must be >= 0, got -2"),
            (Y, da.zeros(900), "zero for every row"),
            (Y, Y, "sample_weight must have one value for each row"),
            (Y, da.from_array(np.where(WEIGHTS > 1, np.inf, 1.0), chunks=90), "sample_weight contains infinity in row"),
        ],
    )
    def test_targets_and_weights(self, y, w, message):
        model = clone(RIDGE)
        with pytest.raises(ValueError, match=message):
            model.fit(BLOCKS, y, w)
        assert not hasattr(model, "kernel_")

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (KernelRidge(), "KernelRidge needs solver='nystroem'"),
            (KernelRidge(uncertainty=True), "uncertainty=False"),
            (KernelRidgeCV(), "needs another estimator"),
            (KernelSVC(), "needs another estimator"),
            (KernelPCA(), "needs n_landmarks"),
            (Nystroem(fit_inverse_transform=True), "needs fit_inverse_transform=False"),
            (clone(RIDGE).set_params(kernel="precomputed"), "needs a kernel of rows of numbers"),
            (clone(RIDGE).set_params(kernel=Gaussian("median") + Laplacian("scale")), "both 'median' and 'scale'"),
            (clone(RIDGE).set_params(n_landmarks=901), "n_landmarks must be at most the number of rows"),
        ],
    )
    def test_models_that_want_rows_in_memory(self, model, message):
        with pytest.raises(ValueError, match=message):
            model.fit(BLOCKS, Y[:, 0])
        assert not hasattr(model, "kernel_")


@pytest.fixture(scope="module")
def cluster():
    """Two processes, of one thread each, which take no work, and with it blocks, from each other."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        dask.config.set({"distributed.scheduler.work-stealing": False}),
        distributed.LocalCluster(**options, silence_logs="CRITICAL") as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster, scheduler):
    with dask.config.set(scheduler="distributed"), distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client


MANY = np.random.default_rng(1).normal(size=(20_000, 4))
TARGETS = np.column_stack([np.sin(MANY[:, 0]), MANY[:, 1] * MANY[:, 2]])


def in_blocks(rows, n_blocks):
    return da.from_array(rows, chunks=(len(rows) // n_blocks, -1)).persist()


@contextmanager
def counted_bytes(monkeypatch, counts):
    """Count what this process, where client and scheduler are, sends and receives."""
    from distributed.comm import tcp

    write, from_frames = tcp.TCP.write, tcp.from_frames

    async def counting_write(self, *args, **kwargs):
        size = await write(self, *args, **kwargs)
        counts["sent"] += size
        return size

    async def counting_frames(frames, *args, **kwargs):
        counts["received"] += sum(memoryview(frame).nbytes for frame in frames)
        return await from_frames(frames, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(tcp.TCP, "write", counting_write)
        patch.setattr(tcp, "from_frames", counting_frames)
        yield


def moved(client, monkeypatch, model, rows, y):
    """Return the bytes of a fit that pass through the scheduler, and between workers."""
    counts = {"sent": 0, "received": 0}
    before = between_workers(client)
    with counted_bytes(monkeypatch, counts):
        fitted(model, rows, y)
    return sum(counts.values()), between_workers(client) - before


def between_workers(client):
    """Return how many bytes workers have sent to each other so far."""
    return sum(client.run(lambda dask_worker: sum(e["total"] for e in dask_worker.transfer_outgoing_log)).values())


class TestCluster:
    @named
    def test_equals_memory_on_several_processes(self, request, model):
        alone = outputs(fitted(model, BLOCKS, Y), BLOCKS).compute()
        request.getfixturevalue("client")
        there = outputs(fitted(model, BLOCKS.persist(), Y), BLOCKS).compute()
        np.testing.assert_allclose(there, outputs(fitted(model, X, Y), X), atol=1e-8)
        np.testing.assert_array_equal(there, alone)

    def test_blocks_that_are_read_in_each_pass(self, client):
        expected = fitted(RIDGE, X, Y, WEIGHTS).dual_coef_
        np.testing.assert_allclose(fitted(RIDGE, BLOCKS, Y, WEIGHTS).dual_coef_, expected, atol=1e-8)
        with pytest.raises(ValueError, match="X contains NaN in row 450, in block 2"):
            fitted(RIDGE, with_value(np.nan, 450).persist(), Y)

    def test_a_worker_killed_in_a_fit_changes_nothing(self, client, conjugate_gradients, monkeypatch):
        rows = in_blocks(MANY, 8)
        model = clone(RIDGE).set_params(n_landmarks=60, tol=1e-6)
        expected = fitted(model, rows, TARGETS)
        tree_sum, passes, killed = engine.tree_sum, [], []

        processes = list(client.run(os.getpid).values())

        def kill():
            time.sleep(0.02)
            killed.append(len(passes))
            os.kill(processes[0], signal.SIGKILL)

        def counted(parts):
            passes.append(threading.Thread(target=kill))
            if len(passes) == 8:
                passes[-1].start()
            return tree_sum(parts)

        monkeypatch.setattr(engine, "tree_sum", counted)
        found = fitted(model, rows, TARGETS)
        assert killed and killed[0] < len(passes) and found.n_iter_ == expected.n_iter_
        np.testing.assert_array_equal(found.dual_coef_, expected.dual_coef_)
        client.wait_for_workers(2)
        assert processes[0] not in client.run(os.getpid).values()

    def test_a_step_moves_what_landmarks_and_blocks_need_whatever_n(self, client, conjugate_gradients, monkeypatch):
        p, n_blocks, steps = 250, 8, 12
        model = clone(RIDGE).set_params(n_landmarks=p, tol=1e-15)
        per_step = []
        for n in (5_000, 20_000):
            rows, y = in_blocks(MANY[:n], n_blocks), in_blocks(TARGETS[:n], n_blocks)
            distributed.wait([rows, y])
            short, long = (
                moved(client, monkeypatch, clone(model).set_params(max_iter=k), rows, y) for k in (2, 2 + steps)
            )
            per_step.append([(b - a) / steps for a, b in zip(short, long, strict=True)])
        result = 8 * p * TARGETS.shape[1]
        for through_scheduler, between in per_step:
            assert result < through_scheduler < 4 * result + 12_000 * n_blocks
            assert between < result * n_blocks  # heartbeats and what is left of a busy machine make it a rough figure
        assert per_step[1][0] < 2 * per_step[0][0]
        assert MANY.nbytes / n_blocks > per_step[1][1]

    def test_searches_run_on_joblibs_backend(self, client):
        rows, y, labels = X[:150], Y[:150, 0], LABELS[:150]
        grid = {"alpha": [0.1, 1.0], "kernel__sigma": [1.0, 2.0]}

        def found():
            search = GridSearchCV(KernelRidge(Gaussian()), grid, cv=3).fit(rows, y)
            return np.concatenate(
                [
                    search.cv_results_["mean_test_score"],
                    cross_val_score(KernelRidgeCV(Gaussian("scale")), rows, y, cv=3),
                    cross_val_score(KernelSVCCV(), rows, labels, cv=3),
                    KernelSVCCV(n_jobs=2).fit(rows, labels).cv_results_["mean_test_score"],
                ]
            )

        alone = found()
        with joblib.parallel_config(backend="dask"):
            np.testing.assert_allclose(found(), alone)
            elsewhere = cross_val_score(KernelRidge(), rows, y, cv=3, scoring=process)
        assert set(elsewhere) <= set(client.run(os.getpid).values())

    def test_compare_runs_on_joblibs_backend(self, client, monkeypatch):
        monkeypatch.setattr(_memory, "known_here", lambda: False)
        rows, y = X[:120], Y[:120, 0]

        def found(**kernels):
            return compare(rows, y, candidates="linear,gaussian", cv=3, kernels=kernels).table

        here = os.getpid()

        def telling(A, B):
            if os.getpid() != here:
                raise RuntimeError(f"in process {os.getpid()}")
            return A @ B.T

        alone = found()
        with joblib.parallel_config(backend="dask"):
            spread = found(telling=telling)
        np.testing.assert_allclose(spread.loc[alone.index, "r2"], alone["r2"], rtol=1e-9)
        assert (spread["fit_seconds"].dropna() > 0).all()
        workers = client.run(os.getpid).values()
        assert spread.loc["telling", "status"] in {f"failed: in process {worker}" for worker in workers}


def process(model, rows, y):
    """What a scorer returns that tells where it ran."""
    return os.getpid()
