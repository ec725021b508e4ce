"""`python -m kernelkit compare`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._candidates import CANDIDATES
from ._compare import BUDGET, MAX_ROWS, compare
from ._errors import InputError
from ._loading import of_bundled, of_file
from ._read import BUNDLED, bundled, read_table
from ._report import to_text, without_unicode
from ._result import ComparisonResult
from ._save import save_model

EXAMPLES = """examples:
  python -m kernelkit compare                                  a data set that ships with scikit-learn
  python -m kernelkit compare houses.csv --target price
  python -m kernelkit compare sales.parquet --target sold --time-column day --budget 60
"""


def add_parser(commands: Any) -> None:
    """Add the command to `python -m kernelkit`."""
    parser = commands.add_parser(
        "compare",
        help="kernels against explicit lifting, on a table",
        description="Is the kernel trick worth it on these data, compared with lifting the columns explicitly?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a CSV or parquet file (needs pandas)")
    parser.add_argument("--target", metavar="COLUMN", help="what to predict")
    parser.add_argument(
        "--dataset", metavar="NAME", help=f"instead of FILE: {', '.join(BUNDLED)} (default {BUNDLED[0]})"
    )
    parser.add_argument("--task", default="auto", metavar="TASK", help="auto, regression or classification")
    names = ",".join(candidate.name for candidate in CANDIDATES)
    parser.add_argument("--candidates", metavar="NAMES", help=f"some of {names}")
    parser.add_argument("--cv", type=int, default=5, metavar="K", help="number of folds (5)")
    parser.add_argument("--seed", type=int, default=0, help="all splits follow from it (0)")
    parser.add_argument("--groups", metavar="COLUMN", help="rows with the same value stay in one fold")
    parser.add_argument("--time-column", metavar="COLUMN", help="train only on the past of what is tested on")
    parser.add_argument(
        "--budget", type=float, default=BUDGET, metavar="SECONDS", help=f"time for everything ({BUDGET:g})"
    )
    parser.add_argument(
        "--max-rows", type=int, default=MAX_ROWS, metavar="N", help=f"rows all are compared on ({MAX_ROWS})"
    )
    parser.add_argument("--json", metavar="FILE", help="also write everything to a JSON file")
    parser.add_argument("--report", metavar="FILE", help="also write everything to an HTML page, with figures")
    parser.add_argument("--save-model", metavar="FILE", help="also write the recommended model (by skops, or joblib)")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> None:
    """Read, compare, print, write what is asked for."""
    check_different(options)
    for path in (options.json, options.report, options.save_model):
        check_writable(path)
    result, loading = _compared(options)
    _print(to_text(result.found, bold=sys.stdout.isatty()))
    if options.json:
        result.to_json(options.json)
    if options.report:
        result.to_html(options.report, loading=loading())
    if options.save_model:
        _print(save_model(result.found, options.save_model))


def check_different(options: argparse.Namespace) -> None:
    """Fail where one file would be written over another, the table above all."""
    seen: dict[Path, str] = {} if options.file is None else {Path(options.file).resolve(): "FILE"}
    for flag in ("json", "report", "save_model"):
        if getattr(options, flag) is not None:
            name, path = f"--{flag.replace('_', '-')}", Path(getattr(options, flag)).resolve()
            if path in seen:
                raise InputError(f"{name} names the same file as {seen[path]}: {getattr(options, flag)}")
            seen[path] = name


def check_writable(path: str | None) -> None:
    """Fail before the work rather than after it, and leave no file behind."""
    if path is None:
        return
    file = Path(path)
    existed = file.exists()
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    if not existed:
        file.unlink()


def _compared(options: argparse.Namespace) -> tuple[ComparisonResult, Callable[[], str]]:
    """Return what was found, and what writes the lines that load the same rows."""
    settings = {
        "task": options.task,
        "candidates": options.candidates,
        "cv": options.cv,
        "seed": options.seed,
        "budget": options.budget,
        "max_rows": options.max_rows,
        "progress": True,
    }
    if options.file is None:
        return _on_bundled(options, settings)
    if options.dataset is not None:
        raise InputError("give either FILE or --dataset, not both")
    notices: list[str] = []
    frame = read_table(options.file, notices)
    if options.target is None:
        names = ", ".join(map(str, frame.columns[:20])) + (", ..." if frame.shape[1] > 20 else "")
        raise InputError(f"name the column to predict with --target; there are: {names}")
    result = compare(
        frame,
        options.target,
        groups=options.groups,
        time=options.time_column,
        name=Path(options.file).name,
        notices=notices,
        **settings,
    )
    return result, lambda: of_file(options.file, frame, result.found.table)


def _on_bundled(options: argparse.Namespace, settings: dict[str, Any]) -> tuple[ComparisonResult, Callable[[], str]]:
    for flag in ("target", "groups", "time_column"):
        if getattr(options, flag) is not None:
            raise InputError(f"--{flag.replace('_', '-')} names a column of a FILE, and no FILE was given")
    name = options.dataset or BUNDLED[0]
    result = compare(*bundled(name), name=f"{name} (ships with scikit-learn)", **settings)
    return result, lambda: of_bundled(name)


def _print(text: str) -> None:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = without_unicode(text)
    print(text)
