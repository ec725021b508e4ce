import multiprocessing
import threading
import time

import joblib
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from kernelkit.engine import run, single_threaded_blas
from kernelkit.kernels import Gaussian


def blas_threads():
    return [library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers]


def test_every_job_runs_once_on_several_threads():
    with threadpool_limits(2):
        done, names = [], set()

        def work(job):
            time.sleep(0.002)
            done.append(job)
            names.add(threading.get_ident())

        run(work, range(40))
    assert sorted(done) == list(range(40))
    if min(blas_threads()) > 1:
        assert len(names) == 2


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_threads_than_asked_for(most):
    names = set()

    def work(job):
        time.sleep(0.002)
        names.add(threading.get_ident())

    with threadpool_limits(4):
        run(work, range(40), most)
    assert len(names) <= most


def test_blas_is_held_and_given_back():
    before = blas_threads()
    with single_threaded_blas() as threads:
        assert set(blas_threads()) == {1}
        assert threads == max(1, min(before))
        with single_threaded_blas() as inner:
            assert inner == threads
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_the_limit_of_the_user_is_respected():
    with threadpool_limits(1), single_threaded_blas() as threads:
        assert threads == 1


def test_overlapping_jobs_leave_blas_as_they_found_it():
    before = blas_threads()
    first_inside, first_may_leave = threading.Event(), threading.Event()

    def first():
        with single_threaded_blas():
            first_inside.set()
            first_may_leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    first_inside.wait(10)
    with single_threaded_blas():
        first_may_leave.set()
        thread.join()
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_the_first_error_stops_the_rest_and_is_raised():
    before, done = blas_threads(), []

    def work(job):
        if job == 3:
            raise KeyError("three")
        time.sleep(0.001)
        done.append(job)

    with pytest.raises(KeyError, match="three"):
        run(work, range(1000))
    assert len(done) < 999
    assert blas_threads() == before


def test_a_job_may_start_jobs():
    results = np.zeros((6, 6))

    def outer(i):
        def inner(j):
            results[i, j] = 1

        run(inner, range(6))

    run(outer, range(6))
    assert results.all()


def gram(n):
    X = np.linspace(0, 1, n)[:, None]
    return Gaussian()(X)


def _in_child(queue):
    queue.put((gram(1500).sum(), blas_threads()))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_works_after_a_fork_even_while_blas_is_held():
    before, expected = blas_threads(), gram(1500).sum()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with single_threaded_blas():
        child = context.Process(target=_in_child, args=(queue,))
        child.start()
        total, after = queue.get(timeout=60)
        child.join()
    assert total == expected
    assert after == before


def test_workers_of_joblib_are_not_oversubscribed():
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        threads = joblib.Parallel(n_jobs=2)(joblib.delayed(_threads_inside)() for _ in range(2))
    assert threads == [1, 1]


def _threads_inside():
    with single_threaded_blas() as threads:
        return threads


@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_the_threads(threads):
    X = np.random.default_rng(0).normal(size=(1300, 7))
    expected = Gaussian()(X)
    with threadpool_limits(threads):
        np.testing.assert_array_equal(Gaussian()(X), expected)


def test_several_threads_may_call_at_once():
    X = np.random.default_rng(0).normal(size=(900, 3))
    expected, before, found = Gaussian()(X), blas_threads(), []
    threads = [threading.Thread(target=lambda: found.append(Gaussian()(X))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for K in found:
        np.testing.assert_array_equal(K, expected)
    assert len(found) == 4
    assert blas_threads() == before
