"""Write the recommended model to a file, and read it back before saying so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ._errors import InputError
from ._run import Comparison

JOBLIB = (".joblib", ".pkl", ".pickle")
CHECKED_ROWS = 200


def save_model(found: Comparison, path: str | Path) -> str:
    """Write the fitted pipeline by skops where it is installed, else by joblib; return how to load it, in one line.

    A file name that ends with .joblib, .pkl or .pickle asks for joblib.

    Raises
    ------
    InputError
        If the file does not give the same predictions again; it is deleted then.
    """
    file, model = Path(path), found.held_out.model
    loaded, advice = (_by_skops if _skops_wanted(file) else _by_joblib)(model, file)
    rows = found.table.take(found.held_out.held[:CHECKED_ROWS])
    if not np.array_equal(loaded.predict(rows), model.predict(rows)):
        file.unlink()
        raise InputError(f"the model does not survive being saved to {path}: its predictions change")
    return advice


def _skops_wanted(file: Path) -> bool:
    if file.suffix.lower() in JOBLIB:
        return False
    try:
        import skops.io  # noqa: F401
    except ImportError:
        return False
    return True


def _by_skops(model: Any, file: Path) -> tuple[Any, str]:
    from skops import io

    io.dump(model, file)
    types = io.get_untrusted_types(file=file)
    loaded = io.load(file, trusted=types)
    return loaded, f"model saved; load it with skops.io.load({str(file)!r}, trusted={types!r})"


def _by_joblib(model: Any, file: Path) -> tuple[Any, str]:
    import joblib

    joblib.dump(model, file)
    return joblib.load(
        file
    ), f"model saved; load it with joblib.load({str(file)!r}), which trusts whoever wrote the file"
