"""Write the recommended model to a file, and read it back before saying so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ._errors import InputError, first_line
from ._run import Comparison

JOBLIB = (".joblib", ".pkl", ".pickle")
CHECKED_ROWS = 200


def save_model(found: Comparison, path: str | Path) -> str:
    """Write the fitted pipeline by skops where it is installed, else by joblib; return how to load it, in one line.

    A file name that ends with .joblib, .pkl or .pickle asks for joblib, one that ends with .skops for skops.

    Raises
    ------
    InputError
        If the model cannot be saved, skops was asked for and is not there, or the model does not give the same
        predictions again; what was there before stays.
    """
    file, model = Path(path), found.held_out.model
    draft = file.with_name(f".{file.name}.part")
    try:
        loaded, advice = (_by_skops if _skops_wanted(file) else _by_joblib)(model, draft)
        rows = found.table.take(found.held_out.held[:CHECKED_ROWS])
        if not np.array_equal(loaded.predict(rows), model.predict(rows)):
            raise InputError(f"the model does not survive being saved to {path}: its predictions change")
        draft.replace(file)
    except InputError:
        raise
    except Exception as error:  # what cannot be pickled fails in many ways
        raise InputError(f"the model cannot be saved to {path}: {first_line(error)}") from error
    finally:
        draft.unlink(missing_ok=True)
    return f"model saved; load it with {advice(str(file))}"


def _skops_wanted(file: Path) -> bool:
    if file.suffix.lower() in JOBLIB:
        return False
    try:
        import skops.io  # noqa: F401
    except ImportError:
        if file.suffix.lower() == ".skops":
            raise InputError(
                f"{file} asks for skops, which is not installed: pip install skops, or take .joblib"
            ) from None
        return False
    return True


def _by_skops(model: Any, file: Path) -> tuple[Any, Callable[[str], str]]:
    from skops import io

    io.dump(model, file)
    types = io.get_untrusted_types(file=file)
    loaded = io.load(file, trusted=types)
    return loaded, lambda name: f"skops.io.load({name!r}, trusted={types!r})"


def _by_joblib(model: Any, file: Path) -> tuple[Any, Callable[[str], str]]:
    import joblib

    joblib.dump(model, file)
    return joblib.load(file), lambda name: f"joblib.load({name!r}), which trusts whoever wrote the file"
