"""Progress on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _silent(label: str, done: int, total: int) -> None:
    pass


@contextmanager
def progress(wanted: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with a label and how much of how much is done."""
    if not wanted or not sys.stderr.isatty():
        yield _silent
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield _silent
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        yield lambda label, done, total: bar.update(task, description=label, completed=done, total=total)
