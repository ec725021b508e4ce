"""What long fits say of themselves."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

SECONDS = 2.0  # between lines where there is no terminal to draw on


@contextmanager
def terminal_bar() -> Iterator[Callable[..., Any] | None]:
    """Yield a function that updates a bar on standard error; None where that is no terminal, or rich is not there."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda **state: bar.update(task, **state)


@contextmanager
def progress(verbose: bool, label: str, after_step: Callable[[], bool] | None) -> Iterator[Callable[[int, float], Any]]:
    """Yield a function to call with the number of each step and its residual; it returns what `after_step` does.

    Only with `verbose` the label, the steps and the residuals are shown.
    """
    if verbose:
        print(label, file=sys.stderr)
    with terminal_bar() if verbose else nullcontext() as update:
        show = (_on(update) if update else _lines()) if verbose else None

        def watch(step: int, residual: float) -> bool:
            if show is not None:
                show(step, residual)
            return after_step is not None and after_step()

        yield watch


def _on(update: Callable[..., Any]) -> Callable[[int, float], None]:
    def write(step: int, residual: float) -> None:
        update(description=f"step {step}, residual {residual:.1e}")

    return write


def _lines() -> Callable[[int, float], None]:
    last = [0.0]

    def write(step: int, residual: float) -> None:
        if time.monotonic() - last[0] >= SECONDS:
            last[0] = time.monotonic()
            print(f"step {step}, residual {residual:.1e}", file=sys.stderr)

    return write
