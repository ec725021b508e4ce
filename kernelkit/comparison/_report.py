"""The comparison as text: what was compared, the table, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from ._budget import duration
from ._evaluate import INNER_FOLDS, Outcome
from ._run import Comparison
from ._scores import SYMBOL
from ._sentences import details, headline

WIDTH = 100
_PLAIN = str.maketrans({"±": "+-", "×": "x", "²": "2", "µ": "u", "·": "-", "–": "-", "─": "-", "▶": ">"})


def to_text(found: Comparison, bold: bool = False) -> str:
    """Return the whole report, ready to print."""
    strong = (lambda text: f"\033[1m{text}\033[0m") if bold else str
    blocks = [
        _heading(found, strong),
        "\n".join([_table(found), *_wrapped([f"note: {remark}" for remark in remarks(found)])]),
        _verdict(found, strong),
    ]
    return "\n\n".join(blocks)


def without_unicode(text: str) -> str:
    """Return the text for terminals that know ASCII only."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


def _heading(found: Comparison, strong: Callable[[str], str]) -> str:
    table = found.table
    described = ", ".join(f"{len(names)} {kind}" for kind, names in table.columns.kinds.items())
    how = f"{found.cv} forward folds (trained on the past only)" if table.time is not None else f"{found.cv} folds"
    how += f" x {found.repeats} shuffles" if found.repeats > 1 else ""
    lines = [
        f"{len(table):,} rows; columns: {described}",
        f"{table.task}: {table.reason}",
        f"{len(table) - found.developed_on:,} rows held out; {found.compared_on:,} compared in {how}; "
        f"{tuned(found)}; seed {found.seed}; fit and predict timed on one thread",
    ]
    lines += [f"note: {notice}" for notice in table.notices]
    return "\n".join([strong(f"kernelkit compare · {table.name}"), *_wrapped(lines)])


def tuned(found: Comparison) -> str:
    """Return how many settings the candidates have, and how one is chosen."""
    counts = {outcome.candidate.n_settings for outcome in found.outcomes}
    many = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{max(counts)}"
    return f"{many} settings each, tuned in {INNER_FOLDS} inner folds"


def _wrapped(lines: list[str], first: str = "", then: str = "  ") -> list[str]:
    return [line for text in lines for line in textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=then)]


def _table(found: Comparison) -> str:
    """Arrange one line a candidate; reasons take the place of numbers that are not there."""
    everywhere = {outcome.name: outcome for outcome in found.on_all_rows}
    titles = ["", SYMBOL[found.table.task], "fit", "predict", "memory", "explicit", "kernel", ""]
    units = ["", "mean ± sd", "", "per row", "", "features", "values", "chosen by most folds"]
    if everywhere:
        titles.insert(2, "on all")
        units.insert(2, f"{found.developed_on:,}")
    rows = [titles, units]
    for outcome in found.outcomes:
        row = _row(found, outcome)
        if everywhere and outcome.ok:
            row.insert(2, _score(everywhere.get(outcome.name), found.table.task))
        rows.append(row)
    widths = [max(len(row[j]) for row in rows if len(row) == len(titles)) for j in range(len(titles))]
    widths[0] = max(len(row[0]) for row in rows)
    lines = [_line(row, widths) for row in rows]
    return "\n".join([*lines[:2], "─" * min(WIDTH, max(map(len, lines))), *lines[2:]])


def remarks(found: Comparison) -> list[str]:
    """Return what scikit-learn or a solver had to say about fits."""
    told = []
    for outcome in found.outcomes:
        said = [result.note for result in outcome.results if result.note]
        if said:
            told.append(f"{outcome.label}, {len(said)} of {len(outcome.results)} fits: {said[0]}")
    return told


def _line(row: list[str], widths: list[int]) -> str:
    if len(row) == 2:
        return f"{row[0]:<{widths[0]}}  {row[1]}"
    middle = "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:-1], widths[1:-1], strict=True))
    return f"{row[0]:<{widths[0]}}  {middle}  {row[-1]}".rstrip()


def _row(found: Comparison, outcome: Outcome) -> list[str]:
    task = found.table.task
    mark = "▶ " if outcome.name == found.judgement.recommended.name else "  "
    if not outcome.ok:
        return [mark + outcome.label, str(outcome.reason)]
    pair = next((pair for pair in found.common.pairs if pair.kernel is outcome), None)
    return [
        mark + outcome.label,
        f"{_score(outcome, task)} ± {outcome.spread(task):.3f}",
        duration(outcome.fit_seconds),
        duration(outcome.predict_seconds),
        memory(outcome.peak_bytes),
        "–" if outcome.n_features is None else f"{outcome.n_features:,}",
        values_made(outcome.evaluations),
        f"as lifted (± {pair.disagreement:.0e} sd)" if pair else outcome.chosen(),
    ]


def memory(size: int | None) -> str:
    """Return peak bytes as a person reads them; less than a mebibyte is not told apart from what a process does else.

    >>> memory(19_000_000)
    '18 MiB'
    """
    if size is None:
        return "n/a"
    return "< 1 MiB" if size < 2**20 else short_bytes(size)


def values_made(count: int | None) -> str:
    """Return how many kernel values a fit makes as a person reads it."""
    return short_number(count) if count else "–"


def short_bytes(size: float) -> str:
    """Return bytes as a person reads them, however many there are.

    >>> short_bytes(3.2e18)
    '2.8 EiB'
    """
    return _scaled(size, 1024, ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")) + "B"


def short_number(count: float) -> str:
    """Return a large count as a person reads it.

    >>> short_number(9_600_000)
    '9.6 M'
    """
    return _scaled(count, 1000, ("", "k", "M", "G", "T", "P", "E")).rstrip()


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    power = 0
    while value >= base - 0.5 and power < len(units) - 1:
        value, power = value / base, power + 1
    digits = 1 if value < 9.95 and value != round(value) and power else 0
    return f"{value:,.{digits}f} {units[power]}"


def _score(outcome: Outcome | None, task: str) -> str:
    return "–" if outcome is None else f"{outcome.score(task):.3f}"


def _verdict(found: Comparison, strong: Callable[[str], str]) -> str:
    title = [strong(line) for line in _wrapped([headline(found)], "VERDICT  ", "         ")]
    timing = f"{duration(found.seconds)} of a budget of {found.budget:g} s."
    return "\n".join([*title, *_wrapped([*details(found), timing], "  - ", "    ")])
