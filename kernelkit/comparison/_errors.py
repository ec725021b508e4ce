"""What is wrong with the user's input, in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """The table, or a choice made about it, cannot be compared on; the message says why and what to do."""


def first_line(error: object) -> str:
    """Return the first line of what an error or a warning says, or else what it is called."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def unknown(what: str, name: str, known: Iterable[str]) -> InputError:
    """Return the error for a name that is not among the known ones, with the closest of them."""
    names = list(map(str, known))
    by_lowercase = {other.lower(): other for other in names}
    close = [by_lowercase[match] for match in difflib.get_close_matches(name.lower(), by_lowercase, n=3, cutoff=0.5)]
    if close:
        return InputError(f"unknown {what} {name!r}; did you mean {' or '.join(map(repr, close))}?")
    listed = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    return InputError(f"unknown {what} {name!r}; there are: {listed}")
