"""What long fits say of themselves."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 2.0  # between lines where there is no terminal to draw on


@contextmanager
def progress(verbose: bool, label: str) -> Iterator[Callable[[int, float], None] | None]:
    """Yield a function to call with the number of each step and its residual; None unless it is wanted."""
    if not verbose:
        yield None
        return
    print(label, file=sys.stderr)
    try:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    except ImportError:
        yield _lines()
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("step 0", total=None)
        yield lambda step, residual: bar.update(task, description=f"step {step}, residual {residual:.1e}")


def _lines() -> Callable[[int, float], None]:
    last = [0.0]

    def write(step: int, residual: float) -> None:
        if time.monotonic() - last[0] >= SECONDS:
            last[0] = time.monotonic()
            print(f"step {step}, residual {residual:.1e}", file=sys.stderr)

    return write
