"""Run tiles on as many threads as BLAS is allowed, with BLAS itself held to one thread meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import joblib
import scipy.linalg  # noqa: F401  SciPy brings a BLAS of its own: it must be loaded before the libraries are listed
from threadpoolctl import ThreadpoolController

Job = TypeVar("Job")


@cache
def _blas() -> ThreadpoolController:
    # Listing the loaded libraries takes 0.8 ms, using a kept list 0.01 ms.
    return ThreadpoolController().select(user_api="blas")


def _take_control() -> None:
    # threadpoolctl 3.8 ignores all threads but the first that sets a limit; here a count sees to it, and the thread
    # that gives the limit back need not be the one that took it.
    for library in _blas().lib_controllers:
        getattr(library, "clear_controlling_thread", lambda force: None)(force=True)


def _limit_to_one() -> Any:
    _take_control()
    return _blas().limit(limits=1)


def _restore(limiter: Any) -> None:
    _take_control()
    limiter.restore_original_limits()
    _take_control()


def _allowed_threads() -> int:
    counts = [library.num_threads for library in _blas().lib_controllers]
    if counts:
        return max(1, min(counts))
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return int(limit) if limit.isdigit() and int(limit) > 0 else joblib.cpu_count()


class _Hold:
    """One reference count for the process-wide BLAS limit, so that overlapping jobs restore what they found."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.threads = 1
        self.limiter: Any = None

    def take(self) -> int:
        with self.lock:
            if self.count == 0:
                self.threads = _allowed_threads()
                self.limiter = _limit_to_one() if self.threads > 1 else None
            self.count += 1
            return self.threads

    def drop(self) -> None:
        with self.lock:
            self.count -= 1
            if self.count == 0 and self.limiter is not None:
                _restore(self.limiter)


_hold = _Hold()
_local = threading.local()
_executors: dict[int, ThreadPoolExecutor] = {}
_executors_lock = threading.Lock()


@contextmanager
def single_threaded_blas() -> Iterator[int]:
    """Hold BLAS to one thread; yield the number of threads that the caller may use instead."""
    threads = _hold.take()
    try:
        yield threads
    finally:
        _hold.drop()


def _after_fork() -> None:
    # A child has none of its parent's threads, and may have been forked while BLAS was held.
    global _hold, _local, _executors, _executors_lock
    limiter = _hold.limiter if _hold.count else None
    _hold, _local, _executors, _executors_lock = _Hold(), threading.local(), {}, threading.Lock()
    if limiter is not None:
        _restore(limiter)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _executor(threads: int) -> ThreadPoolExecutor:
    with _executors_lock:
        if threads not in _executors:
            _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="kernelkit")
        return _executors[threads]


def run(work: Callable[[Job], Any], jobs: Iterable[Job], most: int | None = None) -> None:
    """Call ``work(job)`` for every job, on threads, `most` at a time; the first error stops the rest and is raised.

    Jobs must write to places of their own: their order in time is not defined. A single job, and a job started from
    inside another job, runs in the calling thread.
    """
    queue = list(jobs)
    with single_threaded_blas() as threads:
        threads = min(threads, len(queue), most or threads)
        if threads <= 1 or getattr(_local, "busy", False):
            for job in queue:
                work(job)
            return
        _share(work, queue, threads)


def _share(work: Callable[[Job], Any], queue: list[Job], threads: int) -> None:
    pending, lock, failed = iter(queue), threading.Lock(), threading.Event()

    def drain() -> None:
        _local.busy = True
        try:
            while not failed.is_set():
                with lock:
                    job = next(pending, None)
                if job is None:
                    return
                work(job)
        except BaseException:
            failed.set()
            raise
        finally:
            _local.busy = False

    helpers = []
    try:
        helpers += [_executor(threads).submit(drain) for _ in range(threads - 1)]
        drain()
    except BaseException:
        failed.set()
        raise
    finally:
        wait(helpers)
    for helper in helpers:
        helper.result()
