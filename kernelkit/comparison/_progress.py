"""Progress on a terminal, and nothing in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from ..estimators._progress import terminal_bar


def _silent(label: str, done: int, total: int) -> None:
    pass


@contextmanager
def progress(wanted: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with a label and how much of how much is done."""
    with terminal_bar() if wanted else nullcontext() as update:
        if update is None:
            yield _silent
        else:
            yield lambda label, done, total: update(description=label, completed=done, total=total)
