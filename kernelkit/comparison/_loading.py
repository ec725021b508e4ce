"""Lines of Python that load the rows again that were compared on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ._read import MOST_ROWS
from ._snippet import ROWS, packed
from ._table import Table

# What a table may have been read with; the first that gives the same table is written down.
_CSV = "na_values=['?'], low_memory=False, skipinitialspace=True"
_MORE = ("", ", sep=';'", ", sep='\\t'")
_ENCODINGS = ("", ", encoding='latin-1'")


def of_bundled(name: str) -> str:
    """Return the lines for a data set that ships with scikit-learn."""
    if name == "diabetes":
        return f"from sklearn.datasets import load_{name}\n\nX, y = load_{name}(return_X_y=True)"
    return (
        f"from sklearn.datasets import load_{name}\n\ndata = load_{name}()\n"
        "X, y = data.data, data.target_names.astype(str)[data.target]"
    )


def of_file(path: str, frame: Any, table: Table) -> str:
    """Return the lines for a file that was read as `frame`, and of which the rows of `table` were used."""
    lines = [f"X = {_call(path, frame)}"]
    if any(not isinstance(name, str) for name in frame.columns):
        lines.append("X.columns = X.columns.astype(str)")
    if len(table) < len(frame):
        kept = np.flatnonzero(frame.index.isin(table.X.index))
        lines = [
            ROWS.strip() + "\n\n",
            *lines,
            f"X = X.iloc[{packed(kept, len(frame))}]  # the rows that have a target",
        ]
    lines.append(f"y = {_target(table)}")
    return "\n".join(lines)


def _target(table: Table) -> str:
    name, kind = repr(table.target), table.y.dtype.kind
    if kind == "f":
        return f'pd.to_numeric(X[{name}], errors="coerce").to_numpy(dtype=float)'
    if kind == "i":
        return f"pd.to_numeric(X[{name}]).to_numpy(dtype=int)"
    return f"X[{name}].to_numpy(dtype={'bool' if kind == 'b' else 'str'})"


def _call(path: str, frame: Any) -> str:
    """Return the call of pandas that reads the same table; the first one where none does."""
    import pandas as pd

    calls = list(_calls(path, frame))
    for call in calls:
        try:
            if _as_text(eval(call, {"pd": pd, "np": np})).equals(_as_text(frame)):
                return call
        except (ValueError, OSError, KeyError):
            continue
    return calls[0]


def _as_text(frame: Any) -> Any:
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def _calls(path: str, frame: Any) -> Any:
    if Path(path).suffix.lower() in (".parquet", ".pq"):
        yield f"pd.read_parquet({path!r})"
        yield (
            f"pd.read_parquet({path!r})"
            f".pipe(lambda all: all.iloc[np.sort(np.random.RandomState(0).permutation(len(all))[:{MOST_ROWS}])])"
            ".reset_index(drop=True)"
        )
        return
    names = f", header=None, names={list(map(str, frame.columns))!r}"
    for more in ("", names):
        for encoding in _ENCODINGS:
            for separator in _MORE:
                yield f"pd.read_csv({path!r}, {_CSV}{separator}{encoding}{more})"
