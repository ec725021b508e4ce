"""Count the kernel values that are made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Count:
    """Kernel values made so far: those of every tile, whatever becomes of them.

    Attributes
    ----------
    values : int
        Their number. Of a symmetric matrix, values that are copied from the other side of the diagonal do not count,
        nor does the diagonal where it is made alone.
    """

    def __init__(self) -> None:
        self.values = 0


_lock = threading.Lock()
_open: list[Count] = []


@contextmanager
def counted() -> Iterator[Count]:
    """Count the kernel values that this process makes meanwhile, on all of its threads.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import Gaussian
    >>> with counted() as count:
    ...     K = Gaussian()(np.zeros((20, 3)), np.zeros((10, 3)))
    >>> count.values
    200
    """
    count = Count()
    with _lock:
        _open.append(count)
    try:
        yield count
    finally:
        with _lock:
            _open[:] = [other for other in _open if other is not count]


def note_values(made: int) -> None:
    """Add to every count that is open."""
    if not _open:
        return
    with _lock:
        for count in _open:
            count.values += made
