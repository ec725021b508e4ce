"""The lists of the reference, made of ``__all__``: no name is listed by hand, so none is forgotten."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import kernelkit

FOR_USERS = ["kernels", "features", "estimators", "inspection", "comparison"]
REST = "machine"
TITLES = {
    "comparison": "Comparison",
    "engine": "Engine",
    "estimators": "Estimators",
    "features": "Features",
    "inspection": "Inspection",
    "kernels": "Kernels",
    "solvers": "Solvers",
    REST: "Versions and the machine",
}


def folders() -> list[str]:
    """Return the public folders of the package: those for users, and then those that their code stands on."""
    found = [module.name for module in pkgutil.iter_modules(kernelkit.__path__) if not module.name.startswith("_")]
    return sorted(found, key=lambda name: (FOR_USERS.index(name) if name in FOR_USERS else len(FOR_USERS), name))


def listed() -> dict[str, tuple[list[str], list[str]]]:
    """Return for each page the full names that stand in ``kernelkit`` itself, and those only in its folder."""
    top, pages = set(kernelkit.__all__), {}
    for folder in folders():
        names = importlib.import_module(f"kernelkit.{folder}").__all__
        above = [name for name in names if name in top]
        pages[folder] = (
            [f"kernelkit.{name}" for name in above],
            [f"kernelkit.{folder}.{name}" for name in names if name not in top],
        )
    in_folders = {name for above, _ in pages.values() for name in above}
    pages[REST] = (sorted({f"kernelkit.{name}" for name in top} - in_folders), [])
    return pages


def file_names() -> dict[str, str]:
    """Return other names for pages of functions that differ from a class by capitals only, as not all files do."""
    names = [name for page in listed().values() for part in page for name in part]
    classes = {name.lower() for name in names if name.lower() != name}
    return {name: f"{name}_function" for name in names if name in classes}


def names_in_prose() -> dict[str, str]:
    """Return the full name of what pages call ``Gaussian``, ``kernelkit.compare`` or ``spectrum``."""
    found = {}
    for page in (*FOR_USERS, REST):
        for name in sum(listed()[page], []):
            short = name.rpartition(".")[2]
            found |= {spelling: name for spelling in (short, name, f"kernelkit.{page}.{short}")}
    found.pop("__version__")
    return found


def write_listing(folder: Path) -> None:
    """Write a page for each folder of the package, and one that leads to them."""
    folder.mkdir(exist_ok=True)
    pages = listed()
    for name, (above, below) in pages.items():
        _write(folder / f"{name}.rst", _page(name, above, below))
    _write(folder / "index.rst", _index(list(pages)))


def _page(name: str, above: list[str], below: list[str]) -> str:
    title = TITLES[name]
    lines = [title, "=" * len(title), "", _purpose(name), ""]
    if above:
        lines += ["Imported from ``kernelkit``.", "", *_table(above)]
    if below:
        lines += [f"Imported from ``kernelkit.{name}``.", "", *_table(below)]
    return "\n".join(lines)


def _table(names: list[str]) -> list[str]:
    return [".. autosummary::", "   :toctree: generated", "", *(f"   ~{name}" for name in names), ""]


def _index(names: list[str]) -> str:
    users = [name for name in names if name in FOR_USERS or name == REST]
    inside = [name for name in names if name not in users]
    lines = ["API reference", "=============", "", "Every public name has a page.", ""]
    lines += [f"- :doc:`{TITLES[name]} <{name}>`: {_purpose(name)}" for name in users]
    lines += ["", "What these stand on, for those who extend the library; it may change without notice:", ""]
    lines += [f"- :doc:`{TITLES[name]} <{name}>`: {_purpose(name)}" for name in inside]
    return "\n".join([*lines, "", ".. toctree::", "   :hidden:", "", *(f"   {name}" for name in users + inside), ""])


def _purpose(name: str) -> str:
    if name == REST:
        return "What a report of a problem should say."
    return inspect.getdoc(importlib.import_module(f"kernelkit.{name}")).splitlines()[0]


def _write(path: Path, text: str) -> None:
    """Leave a file alone that is as it should be, so that a second build reads only what has changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
