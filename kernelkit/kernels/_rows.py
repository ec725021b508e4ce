"""What each row contributes alone to a matrix of kernel values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import n_rows, take_rows


@dataclass(frozen=True, slots=True)
class Rows:
    """What each row of X contributes alone; slicing gives views.

    Parameters
    ----------
    parts : tuple
        Arrays, sparse matrices, tables or other Rows; the first axis of each runs over the rows of X.
    dtype : dtype, optional
        Type of the kernel values; by default that of the first part, or float64 if it holds no floats.
    shared : object, optional
        What all rows have in common, such as the origin they are centred at. Two sets of rows meet in a tile only if
        they share the same.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Rows((np.arange(6.0).reshape(3, 2),))
    >>> len(rows), len(rows[1:]), rows.dtype
    (3, 2, dtype('float64'))
    """

    parts: tuple[Any, ...]
    dtype: Any = None
    shared: Any = None

    def __post_init__(self) -> None:
        if self.dtype is None:
            dtype = getattr(self.parts[0], "dtype", None)
            # Kernel values of integers, flags or objects are numbers with a fraction all the same.
            exact = dtype is None or getattr(dtype, "kind", "f") != "f"
            object.__setattr__(self, "dtype", np.dtype(np.float64) if exact else dtype)

    def __len__(self) -> int:
        return len(self.parts[0]) if isinstance(self.parts[0], Rows) else n_rows(self.parts[0])

    def __getitem__(self, index: Any) -> Rows:
        parts = (part[index] if isinstance(part, Rows) else take_rows(part, index) for part in self.parts)
        return Rows(tuple(parts), self.dtype, self.shared)

    def check_shared(self, other: Rows) -> None:
        """Raise ValueError unless `other` may meet these rows in a tile."""
        if self.shared is not other.shared and self.shared != other.shared:
            raise ValueError(
                "these two sets of rows were made from different origins; make the second with rows(X, like=first)"
            )
