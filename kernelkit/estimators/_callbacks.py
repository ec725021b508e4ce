"""Callbacks of scikit-learn, from 1.9 on, such as its progress bar: they are told of a fit and of each of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

Fit = TypeVar("Fit", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """What stands in for scikit-learn's, where it has none: there is no ``set_callbacks``."""

    def with_callbacks(method: Fit) -> Fit:
        """Return a method that does what it did, one frame further from the caller, as scikit-learn's is."""

        @wraps(method)
        def same(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return same  # type: ignore[return-value]


__all__ = ["CallbackSupportMixin", "fit_task", "with_callbacks"]


@contextmanager
def fit_task(model: Any, most_steps: int) -> Iterator[Callable[[], bool]]:
    """Tell callbacks that a fit begins and ends; yield what is to be called after each step.

    Parameters
    ----------
    model : estimator
        Its fit runs within ``with_callbacks``.
    most_steps : int
        How many steps there can be; 0 for a fit without any.

    Yields
    ------
    step : callable
        Returns whether a callback wants no more steps.
    """
    if not hasattr(model, "_init_callback_context"):
        yield lambda: False
        return
    # One more than there can be: the next step has begun when the last one ends.
    context = model._init_callback_context(max_subtasks=most_steps + 1 if most_steps else 0)
    context.call_on_fit_task_begin(estimator=model)
    steps = _Steps(model, context) if most_steps else None
    yield lambda: steps.next() if steps else False
    if steps:
        steps.end()
    context.call_on_fit_task_end(estimator=model)


class _Steps:
    def __init__(self, model: Any, context: Any):
        self._model, self._context = model, context
        self._begin()

    def _begin(self) -> None:
        self._current = self._context.subcontext(task_name="step").call_on_fit_task_begin(estimator=self._model)

    def end(self) -> bool:
        return self._current.call_on_fit_task_end(estimator=self._model)

    def next(self) -> bool:
        stop = self.end()
        self._begin()
        return stop
