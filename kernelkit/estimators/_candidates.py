"""The kernels that a search chooses from, and the ranks of what it finds."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata
from sklearn.base import is_classifier
from sklearn.model_selection import ParameterGrid, check_cv

from ..kernels import KernelEstimator


class KernelCandidates(KernelEstimator):
    """A search among kernels: one, a list of them, and the parameters in a grid."""

    elsewhere: ClassVar[str]  # where the other parameters are listed

    param_grid: Any
    cv: Any

    def _kernels(self) -> list[Any]:
        return [kernel for kernel, _ in self._candidates()]

    def _candidates(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield each kernel, with its parameters in the grid."""
        given = list(self.kernel) if isinstance(self.kernel, (list, tuple)) else [self.kernel]
        if not given:
            raise ValueError("kernel must be a kernel or a list of kernels, got an empty list")
        for params in ParameterGrid({} if self.param_grid is None else self.param_grid):
            chosen = {name: value for name, value in params.items() if name != "kernel"}
            nested = {self._kernel_parameter(name): value for name, value in chosen.items()}
            for kernel in [params["kernel"]] if "kernel" in params else given:
                if nested and not hasattr(kernel, "set_params"):
                    raise ValueError(f"param_grid sets parameters of kernel={kernel!r}, which has none")
                yield self._as_kernel(copy.deepcopy(kernel).set_params(**nested) if nested else kernel), chosen

    def _kernel_parameter(self, name: str) -> str:
        if not name.startswith("kernel__"):
            raise ValueError(
                f"param_grid must name kernel parameters as 'kernel__sigma', got {name!r}; {self.elsewhere}"
            )
        return name.removeprefix("kernel__")

    def _splits(self, X: Any, y: np.ndarray, params: dict[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the positions of the rows to train on and to test on, for each split of ``cv``."""
        splitter = check_cv(self.cv, y, classifier=is_classifier(self))
        splits = [(_positions(train), _positions(test)) for train, test in splitter.split(X, y, **params)]
        if not splits:
            raise ValueError("cv must have at least one split, got none")
        return splits


def _positions(part: Any) -> np.ndarray:
    part = np.asarray(part)
    return np.flatnonzero(part) if part.dtype == bool else part.astype(np.intp)


def ranks(scores: np.ndarray) -> np.ndarray:
    """Return the rank of each score: 1 for the largest, the last for those that are not there."""
    return rankdata(-np.nan_to_num(scores, nan=-np.inf, neginf=-np.inf), method="min").astype(np.int32)
