"""Peak memory of each candidate: one fit and predict in a fresh process, where nothing else has run.

The models are fitted by `_memory_process`, one child process each; this is the side that starts it and reads its lines.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from joblib import wrap_non_picklable_objects

from ._budget import Budget, duration
from ._evaluate import Fold, Outcome
from ._models import build

STARTUP = 5.0  # seconds until the libraries are imported, and the models have seen a few rows
SLOWER = 3.0  # a fit in a process that is new to it, on memory not touched before, against a timed one
MOST_SECONDS = 60.0
SINGLE_THREADED = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMBA", "NUMEXPR")
# Arrays are given back to the system when they are freed: none is made on room that the baseline already counts.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}


def measure_memory(outcomes: list[Outcome], fold: Fold, budget: Budget, notices: list[str]) -> None:
    """Measure the peak of every outcome that finished, on the rows of one fold, within the budget.

    What cannot be measured stays None; a notice says so where time is the reason.
    """
    done = [outcome for outcome in outcomes if outcome.ok]
    if not known_here():
        return
    expected = STARTUP + SLOWER * sum(o.fit_seconds + o.predict_seconds * len(fold.test_X) for o in done)
    limit = min(budget.left, MOST_SECONDS)
    if expected > limit:
        notices.append(f"memory was not measured: that takes about {duration(expected)}")
        return
    peaks = peak_bytes(_models(done, fold), (fold.training.X, fold.training.y, fold.test_X), limit)
    for outcome in done:
        outcome.peak_bytes = peaks.get(outcome.name)


def _models(outcomes: list[Outcome], fold: Fold) -> dict[str, Any]:
    rows = fold.training
    return {
        outcome.name: build(outcome.candidate, rows.X, rows.n_numeric, outcome.setting, rows.task, rows.seed)
        for outcome in outcomes
    }


def known_here() -> bool:
    """Return whether the system tells the largest resident set of a process, and has processes that start as copies."""
    status = Path("/proc/self/status")
    return hasattr(os, "fork") and bool(sys.executable) and status.exists() and "VmHWM" in status.read_text()


def peak_bytes(
    models: dict[str, Any], rows: tuple[np.ndarray, np.ndarray, np.ndarray], seconds: float
) -> dict[str, int]:
    """Return the bytes that one fit and predict of each model take at their peak, beyond what was there before.

    Parameters
    ----------
    models : dict of str to estimator
        Unfitted.
    rows : arrays of shape (n, d), (n,) and (m, d)
        Rows and targets to fit to, and rows to predict.
    seconds : float
        Most time for all; models that fail, die or come too late are not in what is returned.
    """
    task = pickle.dumps((_pickled(models), rows, seconds), protocol=5)
    command = [sys.executable, "-m", "kernelkit.comparison._memory_process"]
    try:
        lines = _answer(command, task, seconds)
    except OSError:  # no process could be started, or it ended before it had read all
        return {}
    return {name: size for name, size in map(json.loads, lines.splitlines()) if size is not None}


def _answer(command: list[str], task: bytes, seconds: float) -> bytes:
    """Return what a process writes until it ends or its time is over."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(task, timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            _end(process)
            return process.communicate()[0]
        finally:
            _end(process)


def _pickled(models: dict[str, Any]) -> dict[str, bytes]:
    """Return what can be sent; functions and classes of notebooks and scripts are sent as they are."""
    sent = {}
    for name, model in models.items():
        with suppress(Exception):
            sent[name] = pickle.dumps(wrap_non_picklable_objects(model, keep_wrapper=False))
    return sent


def _environment() -> dict[str, str]:
    threads = {f"{library}_NUM_THREADS": "1" for library in SINGLE_THREADED}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, **threads, **MALLOC, "PYTHONPATH": path}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and the ones that it started, if it runs; on Ctrl-C too, for it has a session of its own."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
