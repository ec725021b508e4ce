"""Compare what a computation needs with what the machine has, before anything is allocated."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import joblib

from ._threads import single_threaded_blas

_CGROUP = Path("/sys/fs/cgroup")


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" means no limit


def _field(path: Path, name: str) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.replace(":", " ").split()
        if words and words[0] == name:
            return int(words[1])
    return None


def _cgroup_bytes(root: Path) -> int | None:
    for folder, limit, used, cached in (
        (root, "memory.max", "memory.current", "inactive_file"),
        (root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, now = _number(folder / limit), _number(folder / used)
        if most is not None and now is not None:
            return most - now + (_field(folder / "memory.stat", cached) or 0)
    return None


def _system_bytes(meminfo: Path) -> int | None:
    kilobytes = _field(meminfo, "MemAvailable")
    if kilobytes is not None:
        return kilobytes * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def available_bytes(cgroup: Path = _CGROUP, meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return the bytes this process may still take, or None where the system does not tell.

    The smaller of what the system and the control group have left; inside a worker process, a share of it as large as
    the worker's share of the cores.
    """
    known = [size for size in (_cgroup_bytes(cgroup), _system_bytes(meminfo)) if size is not None]
    if not known:
        return None
    return max(0, min(known)) // _workers()


def _workers() -> int:
    if multiprocessing.parent_process() is None:
        return 1
    with single_threaded_blas() as threads:
        return max(1, joblib.cpu_count() // threads)


def readable_bytes(size: float) -> str:
    """Return a size as a person reads it.

    >>> readable_bytes(3.2e9)
    '2.98 GiB'
    """
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"


def check_memory(needed: int, what: str, alternative: str) -> None:
    """Raise MemoryError if `needed` bytes exceed what is available; do nothing where the system does not tell.

    Parameters
    ----------
    needed : int
        Bytes, workspace included.
    what : str
        What the memory is for.
    alternative : str
        What the user can do instead.
    """
    available = available_bytes()
    if available is not None and needed > available:
        sizes = f"needs {readable_bytes(needed)} of memory and {readable_bytes(available)} is available"
        raise MemoryError(f"{what} {sizes}; {alternative}")
