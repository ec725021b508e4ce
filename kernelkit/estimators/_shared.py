"""What all blocks of a stream of rows must have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

PARAMETERS = {"nystroem": ("kernel", "precision", "n_landmarks", "landmarks"), "primal": ("kernel", "precision")}


@dataclass(frozen=True, eq=False)
class Shared:
    """Parameters of the model and the shape of the targets, at the time of a block.

    Attributes
    ----------
    values : dict
        Parameters by name, those of the kernel one by one: the kernel itself may be changed later.
    targets : tuple of int
        Shape of the targets of one row: () or (t,).
    """

    values: dict[str, Any]
    targets: tuple[int, ...]

    @classmethod
    def of(cls, model: Any, targets: tuple[int, ...]) -> Shared:
        """Return what a model shares with the blocks before and after."""
        values = {"solver": model.solver} | {name: getattr(model, name) for name in PARAMETERS[model.solver]}
        if hasattr(model.kernel, "get_params"):
            values |= {f"kernel__{name}": value for name, value in model.kernel.get_params().items()}
        return cls(values, targets)

    def check_same(self, now: Shared) -> None:
        """Raise ValueError naming what differs from what it was."""
        for name, before in self.values.items():
            value = now.values.get(name)
            if not _same(before, value):
                wanted = f"{before!r}, as before, got {value!r}" if np.ndim(before) == 0 else "what they were before"
                raise ValueError(f"{name} must be {wanted}; fit begins anew")
        if self.targets != now.targets:
            before, got = (f"(n, {shape[0]})" if shape else "(n,)" for shape in (self.targets, now.targets))
            raise ValueError(f"y must have shape {before}, as before, got {got}")


def same_parameters(now: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Tell whether parameters are what they were before, if they were anything."""
    return before is not None and all(_same(value, before[name]) for name, value in now.items())


def _same(a: Any, b: Any) -> bool:
    """Tell whether two parameters are the same; objects that are fitted are so only to themselves."""
    if a is b:
        return True
    if type(a) is not type(b) or np.shape(a) != np.shape(b):
        return False
    return (a != b).nnz == 0 if sp.issparse(a) else bool(np.all(a == b))
