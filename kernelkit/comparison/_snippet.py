"""A script that rebuilds the recommended model from public parts, and whether it gets the same held-out score."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from ._columns import is_frame
from ._preprocess import as_numbers, as_text
from ._run import Comparison
from ._scores import SCORE, SYMBOL
from ._source import NotPublic, Source
from ._table import Table

TOLERANCE = 1e-6
LINE = 90

AS_NUMBERS = '''
def as_numbers(X):
    """What is no finite number counts as missing."""
    numbers = X.apply(pd.to_numeric, errors="coerce").astype("float64")
    return np.ascontiguousarray(numbers.replace([np.inf, -np.inf], np.nan))
'''
AS_TEXT = '''
def as_text(X):
    """Levels as strings, a missing one as "missing"."""
    return X.astype(object).where(X.notna(), "missing").map(str)
'''
ROWS = '''
def rows(packed):
    """Row numbers from one bit a row."""
    bits = np.frombuffer(zlib.decompress(b64decode(packed)), np.uint8)
    return np.flatnonzero(np.unpackbits(bits))
'''


@dataclass(frozen=True)
class Snippet:
    """A script and what came of running it.

    Attributes
    ----------
    code : str
        Empty where the model cannot be written with public names.
    score : float or None
        What the script found; None where it did not run to its end.
    trouble : str or None
        Why it did not.
    """

    code: str
    score: float | None = None
    trouble: str | None = None

    def said(self, expected: float, task: str) -> str:
        """Return in one sentence whether the script agrees with the report."""
        if not self.code:
            return f"This model cannot be written with public names alone: {self.trouble}."
        if self.score is None:
            return f"Run while this report was made, and failed: {self.trouble}."
        found = f"Run while this report was made: held-out {SYMBOL[task]} {self.score:.6f}"
        if self.agrees(expected):
            return f"{found}, the same as above."
        return f"{found}, NOT the same as above ({expected:.6f}): do not rely on it."

    def agrees(self, expected: float) -> bool:
        """Return whether the script's score is the expected one, up to rounding."""
        return self.score is not None and abs(self.score - expected) <= TOLERANCE * max(1.0, abs(expected))


def snippet(found: Comparison, loading: str | None = None) -> Snippet:
    """Write the script and run it.

    Parameters
    ----------
    found : Comparison
        Its recommended model and held-out rows are the script's.
    loading : str, optional
        Lines that give `X` and `y`; without them the script takes for granted that these exist.
    """
    try:
        code = script(found, loading)
    except NotPublic as error:
        return Snippet("", trouble=str(error))
    given = {} if loading else {"X": found.table.X, "y": found.table.y}
    try:
        return Snippet(code, _run(code, given))
    except (Exception, SystemExit) as error:  # the script is the user's to run: whatever it raises is to be told
        return Snippet(code, trouble=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _run(code: str, given: dict[str, Any]) -> float:
    namespace: dict[str, Any] = {"__name__": "rebuilt", **given}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        exec(compile(code, "<rebuilt>", "exec"), namespace)
    return float(namespace["score"])


IMPORTS = "\0imports\0"  # their place until all of them are known


def script(found: Comparison, loading: str | None = None) -> str:
    """Return the text of the script.

    Raises
    ------
    NotPublic
        If the model has parts without a public name.
    """
    table, source = found.table, Source({as_numbers: AS_NUMBERS, as_text: AS_TEXT})
    model = source.expression(_unfitted(found.held_out.model, table), "model = ")
    metric = {"regression": "r2_score", "classification": "accuracy_score"}[table.task]
    source.imports.add(("sklearn.metrics", metric))
    label = f"{found.judgement.recommended.label}, for the target {table.target!r} of {table.name!r}"
    loaded = loading or "# X and y: as they were given to compare(X, y), without rows that have no target."
    parts = [f"# {_one_line(label)}", IMPORTS, loaded, *_as_frame(table, source)]
    unpack = [] if ROWS.strip() in loaded else ["\n" + ROWS.strip() + "\n"]
    parts += [*("\n" + text + "\n" for text in source.functions.values()), model, *unpack, _rows(found)]
    take = "X.iloc[{}]" if "pd.DataFrame" in "".join(parts) or is_frame(table.X) else "X[{}]"
    parts.append(
        f"model.fit({take.format('training')}, y[training])\n"
        f"score = {metric}(y[held_out], model.predict({take.format('held_out')}))\n"
        f'print(f"held-out {SCORE[table.task]}: {{score:.6f}}")'
    )
    text = "\n\n".join(parts)
    text = re.sub(r"\n{4,}", "\n\n\n", text)
    return text.replace(IMPORTS, "\n".join(_imports(text, source)), 1) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _imports(text: str, source: Source) -> list[str]:
    pandas = ["import pandas as pd"] if "pd." in text else []
    return ["import zlib", "from base64 import b64decode", "", "import numpy as np", *pandas, *source.import_lines()]


def _unfitted(model: Pipeline, table: Table) -> Pipeline:
    """Return the model without the step that has nothing to do where X is an array of finite numbers."""
    fresh: Any = clone(model)
    prepare = fresh.named_steps["prepare"]
    X = table.X
    if not is_frame(X) and (X.dtype == np.float64 or X.dtype.kind in "iu") and not np.isinf(X).any():
        prepare.transformers = [
            (name, make_pipeline(*(step for _, step in steps.steps[1:])), columns)
            for name, steps, columns in prepare.transformers
        ]
    return fresh


def _as_frame(table: Table, source: Source) -> list[str]:
    return (
        [] if is_frame(table.X) or not source.functions.keys() & {"as_numbers", "as_text"} else ["X = pd.DataFrame(X)"]
    )


def packed(rows: np.ndarray, n: int) -> str:
    """Return row numbers as text, one bit for each of `n` rows, as an expression of one or more lines."""
    bits = np.zeros(n, dtype=bool)
    bits[rows] = True
    text = b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode("ascii")
    if len(text) <= LINE:
        return f'rows("{text}")'
    lines = [f'    "{text[i : i + LINE]}"' for i in range(0, len(text), LINE)]
    return "\n".join(["rows(", *lines, ")"])


def _rows(found: Comparison) -> str:
    held, n = found.held_out, len(found.table)
    training = "np.setdiff1d(np.arange(len(y)), held_out)"
    if len(held.held) + len(held.training) < n:
        training = packed(held.training, n)
    return f"held_out = {packed(held.held, n)}\ntraining = {training}"
