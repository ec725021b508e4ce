"""Read a table from a file, or a real data set that ships with scikit-learn."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from ._errors import InputError, unknown

# Of a file; far more than a comparison has time for. Fewer where rows are long, so that memory stays bounded.
MOST_ROWS, MOST_CELLS, FEWEST_READ = 200_000, 20_000_000, 10_000
PART_ROWS = 20_000
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


def _most_rows(width: int) -> int:
    return min(MOST_ROWS, max(MOST_CELLS // max(width, 1), FEWEST_READ))


def _read_parquet(file: Path, notices: list[str]) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError('reading parquet needs pyarrow: python -m pip install "kernelkit[cli]"') from None
    try:
        with ParquetFile(file) as groups:
            n, most = groups.metadata.num_rows, _most_rows(groups.metadata.num_columns)
            if n <= most:
                return groups.read().to_pandas()
            notices.append(f"the file has {n:,} rows: {most:,} drawn at random were read, one row group at a time")
            return _sampled(groups, np.sort(np.random.RandomState(0).permutation(n)[:most]))
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
            return _rows_of(file, options, notices)
        except UnicodeDecodeError:
            notices[:] = ["the file is not UTF-8; it was read as Latin-1"]
            return _rows_of(file, {**options, "encoding": "latin-1"}, notices)
    except pd.errors.EmptyDataError:
        raise InputError(f"{file} is empty") from None
    except (pd.errors.ParserError, csv.Error, EOFError, ValueError) as error:
        raise InputError(f"{file} is not a CSV table ({str(error).strip().splitlines()[0]})") from None


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(4096)


def _rows_of(file: Path, options: dict[str, Any], notices: list[str]) -> Any:
    """Return the rows, or as many of them, drawn at random, as fit into memory."""
    options = options | _layout(file, options, notices)
    frame, n, mixed = _drawn(file, options)
    if mixed:  # what is a number in one part of the file and a word in another is the text that stands there
        frame, n, _ = _drawn(file, options | {"dtype": dict.fromkeys(mixed, str)})
    if n > len(frame):
        notices.append(f"the file has {n:,} rows: {len(frame):,} drawn at random were kept, read part by part")
    return frame


def _layout(file: Path, options: dict[str, Any], notices: list[str]) -> dict[str, Any]:
    """Return the options that the first row asks for: a separator other than the comma, names where it has none."""
    import pandas as pd

    found: dict[str, Any] = {}
    names = pd.read_csv(file, nrows=0, **options).columns
    if len(names) == 1:
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if separator in str(names[0]):
                notices.append(f"columns are separated by {name}")
                found["sep"] = separator
                names = pd.read_csv(file, nrows=0, **options, **found).columns
                break
    if len(names) and all(_is_number(name) for name in names):
        notices.append(f"the first row holds numbers, not names: columns are called c1 to c{len(names)}")
        found |= {"header": None, "names": [f"c{i + 1}" for i in range(len(names))]}
    return found


def _drawn(file: Path, options: dict[str, Any]) -> tuple[Any, int, list[Any]]:
    """Return rows drawn at random, in their order; how many there are; columns whose parts differ in kind.

    Every row gets a random number as it passes, and those with the smallest stay: no more than these and one part of
    the file are held at a time.
    """
    import pandas as pd

    rng = np.random.default_rng(0)
    with pd.read_csv(file, chunksize=PART_ROWS, **options) as parts:
        kept = next(parts)
        most, n = _most_rows(kept.shape[1]), len(kept)
        key, kinds = rng.random(n), [_kinds(kept)]
        waiting, keys, held, limit = [kept], [key], n, 1.0
        for part in parts:
            kinds.append(_kinds(part))
            key = rng.random(len(part))
            n += len(part)
            waiting.append(part[key < limit])
            keys.append(key[key < limit])
            held += len(keys[-1])
            if held > most + PART_ROWS:
                waiting, keys, limit = _smallest(waiting, keys, most)
                held = most
        if held > most:
            waiting, keys, _ = _smallest(waiting, keys, most)
    differ = [len(set(column)) > 1 for column in zip(*kinds, strict=True)]
    return pd.concat(waiting, ignore_index=True), n, list(kept.columns[differ])


def _kinds(part: Any) -> list[str]:
    return ["number" if dtype.kind in "iuf" else dtype.kind for dtype in part.dtypes]


def _smallest(parts: list[Any], keys: list[np.ndarray], count: int) -> tuple[list[Any], list[np.ndarray], float]:
    """Return the rows with the `count` smallest keys, in their order, and the largest of these."""
    import pandas as pd

    key = np.concatenate(keys)
    limit = float(np.partition(key, count - 1)[count - 1])
    return [pd.concat(parts, ignore_index=True)[key <= limit]], [key[key <= limit]], limit


def _is_number(name: Any) -> bool:
    parts = str(name).rsplit(".", 1)  # a repeated header "1" arrives as "1.1"
    try:
        float(name)
    except ValueError:
        return len(parts) == 2 and parts[1].isdigit() and _is_number(parts[0])
    return True
