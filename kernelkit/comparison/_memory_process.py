"""The process in which `_memory` has its models fitted: reads a task, writes a line of JSON for each model.

It imports and loads everything once, and fits every model in a child of its own, a copy of it, so that none finds the
memory that another left. It has no threads: a copy of a process with threads may hang.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pickle
import signal
import sys
import time
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from ..estimators import KernelSVC, KernelSVR

WARM_ROWS = 40

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def serve() -> None:
    """Fit the models that are read, and write what they took."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # models may print
    pickled, rows, seconds = pickle.load(sys.stdin.buffer)
    end = time.monotonic() + seconds
    _limit(end)
    warnings.simplefilter("ignore")
    for name, model in pickled.items():
        size = _in_a_child(model, rows, end)
        print(json.dumps([name, size]), file=out, flush=True)


def _limit(end: float) -> None:
    """Let the system end this process, even where nobody waits for it any more."""
    signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), 0.01))


def _in_a_child(pickled: bytes, rows: Rows, end: float) -> int | None:
    """Return the peak of one model in a copy of this process; None where it fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            _limit(end)
            os.write(writing, str(_peak(pickle.loads(pickled), rows)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return int(told) if told else None


def _peak(model: Any, rows: Rows) -> int:
    X, y, test_X = rows
    _warm_up(clone(model), X, y)
    _give_back()
    _forget_the_peak()
    before = _status("VmRSS")
    model.fit(X, y)
    model.predict(test_X)
    return max(_status("VmHWM") - before, 0)


def _warm_up(model: Any, X: np.ndarray, y: np.ndarray) -> None:
    """Fit to a few rows: what is imported and compiled then is not what the rows need."""
    first = np.unique(y, return_index=True)[1]
    few = np.unique([*first[:WARM_ROWS], *range(min(WARM_ROWS, len(y)))])
    for part in [model, *model.get_params().values()]:
        if isinstance(part, KernelSVC | KernelSVR) and find_spec("numba"):
            part.set_params(solver="smo")  # which many rows would choose
    with suppress(Exception):
        model.fit(X[few], y[few]).predict(X[few])


def _give_back() -> None:
    """Give freed memory back to the system: what is made on it would not show."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _forget_the_peak() -> None:
    with suppress(OSError):  # a copy has, at its start, no peak of its own
        Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    """Return a size that the system tells of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


if __name__ == "__main__":
    serve()
