"""Read a table from a file, or a real data set that ships with scikit-learn."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from ._errors import InputError, unknown

MOST_ROWS = 200_000  # of a parquet file; far more than a comparison has time for
BUNDLED = ("diabetes", "breast_cancer", "wine", "digits", "iris")


def bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a real data set that ships with scikit-learn; class labels by name."""
    if name not in BUNDLED:
        raise unknown("data set", name, BUNDLED)
    data = getattr(datasets, f"load_{name}")()
    if name == "diabetes":
        return data.data, data.target
    return data.data, np.asarray(data.target_names).astype(str)[data.target]


def read_table(path: str, notices: list[str]) -> Any:
    """Return the DataFrame in a CSV or parquet file; what had to be guessed is added to `notices`.

    Raises
    ------
    InputError
        If there is no such file, or it holds no table.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path} is a directory: a CSV or parquet file is needed")
    if not file.exists():
        raise InputError(f"there is no file {path}")
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise InputError('reading a table needs pandas: python -m pip install "kernelkit[cli]"') from None
    try:
        frame = _read_parquet(file, notices) if file.suffix.lower() in (".parquet", ".pq") else _read_csv(file, notices)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or str(error).splitlines()[0]}") from None
    if len(frame) == 0:
        raise InputError(f"{path} has a header and no rows")
    return frame


def _read_parquet(file: Path, notices: list[str]) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError('reading parquet needs pyarrow: python -m pip install "kernelkit[cli]"') from None
    try:
        with ParquetFile(file) as groups:
            n = groups.metadata.num_rows
            if n <= MOST_ROWS:
                return groups.read().to_pandas()
            notices.append(f"the file has {n:,} rows: {MOST_ROWS:,} drawn at random were read, one row group at a time")
            return _sampled(groups, np.sort(np.random.RandomState(0).permutation(n)[:MOST_ROWS]))
    except ValueError as error:
        raise InputError(f"{file} is not a parquet file ({str(error).splitlines()[0]})") from None


def _sampled(groups: Any, rows: np.ndarray) -> Any:
    """Return some rows, in their order, holding one row group besides."""
    import pandas as pd

    parts, start = [], 0
    for k in range(groups.num_row_groups):
        stop = start + groups.metadata.row_group(k).num_rows
        wanted = rows[(rows >= start) & (rows < stop)] - start
        if len(wanted):
            parts.append(groups.read_row_group(k).take(wanted).to_pandas())
        start = stop
    return pd.concat(parts, ignore_index=True)


def _read_csv(file: Path, notices: list[str]) -> Any:
    import pandas as pd

    compressed = file.suffix.lower() in (".gz", ".bz2", ".zip", ".xz", ".zst")
    if not compressed and b"\0" in _head(file):
        raise InputError(f"{file} is not a text table: it holds binary data")
    options: dict[str, Any] = {"na_values": ["?"], "low_memory": False, "skipinitialspace": True}
    try:
        try:
            frame = pd.read_csv(file, **options)
        except UnicodeDecodeError:
            notices.append("the file is not UTF-8; it was read as Latin-1")
            options["encoding"] = "latin-1"
            frame = pd.read_csv(file, **options)
        return _second_look(file, frame, options, notices)
    except pd.errors.EmptyDataError:
        raise InputError(f"{file} is empty") from None
    except (pd.errors.ParserError, csv.Error, EOFError, ValueError) as error:
        raise InputError(f"{file} is not a CSV table ({str(error).strip().splitlines()[0]})") from None


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(4096)


def _second_look(file: Path, frame: Any, options: dict[str, Any], notices: list[str]) -> Any:
    """Read again where the separator is no comma, or the first row is no header."""
    import pandas as pd

    first = str(frame.columns[0])
    if frame.shape[1] == 1:
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if separator in first:
                notices.append(f"columns are separated by {name}")
                options["sep"] = separator
                frame = pd.read_csv(file, **options)
                break
    if all(_is_number(column) for column in frame.columns):
        notices.append(f"the first row holds numbers, not names: columns are called c1 to c{frame.shape[1]}")
        frame = pd.read_csv(file, header=None, **options)
        frame.columns = [f"c{i + 1}" for i in range(frame.shape[1])]
    return frame


def _is_number(name: Any) -> bool:
    parts = str(name).rsplit(".", 1)  # a repeated header "1" arrives as "1.1"
    try:
        float(name)
    except ValueError:
        return len(parts) == 2 and parts[1].isdigit() and _is_number(parts[0])
    return True
