"""Kernels that the user brings along."""

from __future__ import annotations

from typing import Any

from ..kernels import as_kernel
from ._candidates import CANDIDATES, Candidate, own_kernel
from ._errors import InputError


def own_candidates(kernels: Any) -> list[Candidate]:
    """Return a candidate for each entry of a dict from names to a kernel, or to a list of kernels to choose from."""
    if kernels is None:
        return []
    if not isinstance(kernels, dict):
        raise InputError(f"kernels must be a dict from names to kernels, got {kernels!r}")
    known = {candidate.name for candidate in CANDIDATES}
    found = []
    for name, given in kernels.items():
        if not isinstance(name, str) or not name.strip() or name in known:
            taken = "is the name of a candidate" if name in known else "is no name"
            raise InputError(f"kernels: {name!r} {taken}; choose another")
        variants = list(given) if isinstance(given, (list, tuple)) else [given]
        if not variants:
            raise InputError(f"kernels[{name!r}] is an empty list: give at least one kernel")
        found.append(own_kernel(name, tuple(_checked(name, kernel) for kernel in variants)))
    return found


def _checked(name: str, kernel: Any) -> Any:
    try:
        made = as_kernel(kernel)
    except (TypeError, ValueError) as error:
        raise InputError(f"kernels[{name!r}]: {error}") from None
    if isinstance(made, str):
        raise InputError(f"kernels[{name!r}] must work on the rows of X, got {made!r}")
    return made
