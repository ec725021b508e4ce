"""What scikit-learn's Gaussian processes and ``pairwise_kernels`` ask of a kernel object."""

from __future__ import annotations

from html import escape
from itertools import islice
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Hyperparameter


class GaussianProcessProtocol:
    """``theta``, ``bounds``, equality and hashing for a kernel with ``get_params`` and ``set_params``.

    Every numeric parameter with a ``<name>_bounds`` sibling is a hyperparameter, those of nested kernels included,
    under its nested name. A value that is not positive has no logarithm: it is held fixed.
    """

    def _own_hyperparameters(self) -> list[Hyperparameter]:
        params = self.get_params(deep=False)  # type: ignore[attr-defined]
        return [
            _hyperparameter(name, value, params[f"{name}_bounds"])
            for name, value in params.items()
            if f"{name}_bounds" in params
        ]

    @property
    def hyperparameters(self) -> list[Hyperparameter]:
        """List the hyperparameters, nested ones as ``k1__sigma``."""
        found = self._own_hyperparameters()
        for name, child in self._children():  # type: ignore[attr-defined]
            found += [h._replace(name=f"{name}__{h.name}") for h in child.hyperparameters]
        return found

    @property
    def theta(self) -> np.ndarray:
        """Logarithms of the free hyperparameters, shape (p,)."""
        params = self.get_params()  # type: ignore[attr-defined]
        free = [params[h.name] for h in self.hyperparameters if not h.fixed]
        return np.log(np.hstack(free)) if free else np.array([])

    @theta.setter
    def theta(self, theta: Any) -> None:
        free = [h for h in self.hyperparameters if not h.fixed]
        sizes = [h.n_elements for h in free]
        if len(theta) != sum(sizes):
            raise ValueError(f"theta must have {sum(sizes)} entries, got {len(theta)}")
        values = iter(np.exp(np.asarray(theta, dtype=float)).tolist())
        # Plain floats: repr, JSON and equality should not depend on who set the value.
        params = {h.name: np.array([*islice(values, h.n_elements)]) if h.n_elements > 1 else next(values) for h in free}
        self.set_params(**params)  # type: ignore[attr-defined]

    def is_stationary(self) -> bool:
        """Return False: this protocol asks only to choose a shortcut that is not needed here."""
        return False

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        ours, theirs = self.get_params(deep=False), other.get_params(deep=False)  # type: ignore[attr-defined]
        return all(_same(ours[name], theirs[name]) for name in ours)

    def __hash__(self) -> int:
        # Parameters may be set later; a hash must not change with them.
        return hash(type(self))

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>".replace("\n", " ")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def _hyperparameter(name: str, value: Any, bounds: Any) -> Hyperparameter:
    if isinstance(value, str):
        raise ValueError(f"{name}={value!r} depends on the data: call resolve(X) on the kernel first")
    size = np.size(value)
    fixed = isinstance(bounds, str) or bool(np.any(np.asarray(value) <= 0))
    return Hyperparameter(name, "numeric", "fixed" if fixed else bounds, size)


def _same(a: Any, b: Any) -> bool:
    """Tell whether two parameters are equal, whatever they hold; fitted objects are only equal to themselves."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if isinstance(a, BaseEstimator) and not isinstance(a, GaussianProcessProtocol) and type(a) is type(b):
        fitted = any(name.endswith("_") for name in (*vars(a), *vars(b)))
        return not fitted and _same(a.get_params(deep=False), b.get_params(deep=False))
    return bool(a == b)
