"""What a report of a problem, or of a time, should say about the machine it was seen on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import scipy.linalg  # noqa: F401  SciPy brings a BLAS of its own, which is listed only once it is loaded
from threadpoolctl import threadpool_info

from ._version import __version__
from .engine import available_bytes, readable_bytes

NEEDED = ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl")
OPTIONAL = ("numba", "pandas", "matplotlib", "dask")
AVX2_CODE = ("Haswell", "Zen")
SKYLAKEX_FLAGS = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}
CPUINFO = Path("/proc/cpuinfo")


def show_versions() -> None:
    """Print the versions of Python, kernelkit and what it stands on, the linear algebra libraries, and the memory.

    Nothing is imported for it. Where OpenBLAS runs AVX2 code on a processor with AVX-512, it says how to change that.

    Examples
    --------
    >>> from kernelkit import show_versions
    >>> show_versions()
    python: 3...
    kernelkit: ...
    """
    for name, value in _facts():
        print(f"{name}: {value}")
    libraries = [library for library in threadpool_info() if library["internal_api"] == "openblas"]
    hint = core_type_hint(_processor_flags(), [library.get("architecture") for library in libraries], os.environ)
    if hint:
        print(f"\n{hint}")


def core_type_hint(flags: Collection[str], architectures: Collection[Any], environ: Mapping[str, str]) -> str | None:
    """Return how to make OpenBLAS use AVX-512, or None where it does, cannot, or was told what to do.

    Parameters
    ----------
    flags : collection of str
        What the processor can do, as in /proc/cpuinfo.
    architectures : collection of str or None
        The core type of each OpenBLAS that is loaded, as threadpoolctl names it.
    environ : mapping
        The environment variables.
    """
    slow = sorted({name for name in architectures if name in AVX2_CODE})
    if not slow or not set(flags) >= SKYLAKEX_FLAGS or "OPENBLAS_CORETYPE" in environ:
        return None
    return (
        f"OpenBLAS runs its code for {' and '.join(slow)} (AVX2), but this processor has AVX-512.\n"
        "With OPENBLAS_CORETYPE=SkylakeX in the environment before Python starts, matrix products were 1.7 to 2 times\n"
        "and Cholesky factors 1.4 to 1.75 times as fast on one AMD machine. Last digits of results may change."
    )


def _facts() -> Iterator[tuple[str, str]]:
    yield "python", sys.version.replace("\n", " ")
    yield "platform", platform.platform()
    yield "kernelkit", __version__
    for name in (*NEEDED, *OPTIONAL):
        yield name, _version_of(name)
    for library in threadpool_info():
        details = (library.get(key) for key in ("version", "architecture"))
        words = [library["internal_api"], *(detail for detail in details if detail)]
        yield library["user_api"], f"{' '.join(words)}, threads: {library['num_threads']}, {library['filepath']}"
    available = available_bytes()
    yield "memory available", "not told" if available is None else readable_bytes(available)


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor_flags(cpuinfo: Path = CPUINFO) -> list[str]:
    """Return the flags of the first processor, none where the system does not tell."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return []
    return next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
