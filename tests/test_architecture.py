"""The layers hold: a module imports only from floors below its own, or from its own folder without a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "kernelkit"
FLOORS = {
    "_version": 0,
    "_arrays": 0,
    "_validation": 1,
    "engine": 2,
    "_show_versions": 3,
    "kernels": 3,
    "solvers": 3,
    "features": 4,
    "inspection": 4,
    "estimators": 5,
    "comparison": 6,
    "__init__": 7,
    "__main__": 7,
}
CORE = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "kernelkit"}
OPTIONAL = {
    "cupyx",
    "torch",
    "pandas",
    "pyarrow",
    "matplotlib",
    "rich",
    "numba",
    "dask",
    "distributed",
    "array_api_compat",
    "skops",
}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def nodes(tree, functions):
    """The nodes that run on import; those inside functions too if asked for."""
    for child in ast.iter_child_nodes(tree):
        if not functions and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from nodes(child, functions)


def imports(path, functions=True):
    """Absolute dotted names of what a module imports."""
    package = ["kernelkit", *path.relative_to(ROOT).parent.parts]
    for node in nodes(ast.parse(path.read_text()), functions):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join([*package[: len(package) - node.level + 1], node.module or ""]) if node.level else node.module
            )
            yield from (f"{base.rstrip('.')}.{alias.name}" for alias in node.names)


def modules_imported(path, functions=True):
    """The same, as names of modules of kernelkit relative to it."""
    for name in imports(path, functions):
        parts = name.split(".")[1:] if name.startswith("kernelkit") else []
        while parts and not ((ROOT / Path(*parts)).is_dir() or (ROOT / Path(*parts)).with_suffix(".py").exists()):
            parts = parts[:-1]
        if name.startswith("kernelkit"):
            is_folder = bool(parts) and (ROOT / Path(*parts)).is_dir()
            yield ".".join(parts + ["__init__"] * is_folder) or "__init__"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    own = name_of(path).split(".")[0]
    for other in modules_imported(path):
        floor = other.split(".")[0]
        if own not in ("__init__", "__main__") and floor == own:
            continue
        if other == "__init__" and own == "__main__":
            continue
        assert FLOORS[floor] < FLOORS[own], (
            f"{name_of(path)} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[floor]})"
        )


def test_no_circles():
    graph = {name_of(path): {m for m in modules_imported(path, functions=False)} for path in MODULES}
    tuple(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_optional_libraries_inside_functions(path):
    top = {name.split(".")[0] for name in imports(path, functions=False)}
    assert not top & OPTIONAL
    anywhere = {name.split(".")[0] for name in imports(path)}
    assert anywhere <= CORE | OPTIONAL | sys.stdlib_module_names
