"""Python text that builds an estimator: constructor calls with public names, complete where a repr would be cut."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

WIDTH = 100
Node = str | tuple[str, list[Any], str]  # an opening such as "f(", what stands inside, and the closing


class NotPublic(ValueError):
    """Something cannot be written with public names; the message says what."""


@dataclass
class Source:
    """What a script needs besides the expressions themselves.

    Attributes
    ----------
    replaced : dict of function to str
        Text that defines a function of the same name with nothing but public libraries.
    imports : set of (str, str)
        Module and name.
    functions : dict of str to str
        Functions that the script has to define, and their text.
    """

    replaced: dict[Any, str] = field(default_factory=dict)
    imports: set[tuple[str, str]] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)

    def expression(self, value: Any, first: str = "") -> str:
        """Return the text that builds `value`, laid out behind `first`."""
        return "\n".join(_layout(self._node(value), first, "", 0))

    def import_lines(self) -> list[str]:
        """Return the imports, a line a module; our own come last."""
        by_module: dict[str, list[str]] = {}
        for module, name in sorted(self.imports):
            by_module.setdefault(module, []).append(name)
        order = sorted(by_module, key=lambda module: (module.startswith("kernelkit"), module))
        return [f"from {module} import {', '.join(by_module[module])}" for module in order]

    def _node(self, value: Any) -> Node:
        if value is None or isinstance(value, (bool, int)):
            return repr(value)
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, (float, np.generic)):
            return _number(value)
        if isinstance(value, (list, tuple)):
            return self._sequence(value)
        if isinstance(value, dict):
            return "{", [self._named(f"{quoted(key)}: ", inner) for key, inner in value.items()], "}"
        if isinstance(value, slice):
            return f"slice({value.start}, {value.stop}, {value.step})" if value.step else _slice(value)
        if isinstance(value, np.ndarray):
            return self._named("np.array(", value.tolist(), ")")
        if isinstance(value, np.ufunc):
            return f"np.{value.__name__}"
        if inspect.isfunction(value):
            return self._function(value)
        return self._public(value) if isinstance(value, type) else self._call(value)

    def _sequence(self, values: Any) -> Node:
        ints = all(isinstance(value, int) for value in values)
        if isinstance(values, list) and ints and len(values) > 8 and set(np.diff(values)) == {1}:
            return f"list(range({values[0]}, {values[-1] + 1}))"
        if isinstance(values, list):
            return "[", [self._node(value) for value in values], "]"
        return "(", [self._node(value) for value in values], ",)" if len(values) == 1 else ")"

    def _named(self, start: str, value: Any, end: str = "") -> Node:
        node = self._node(value)
        return start + node + end if isinstance(node, str) else (start + node[0], node[1], node[2] + end)

    def _function(self, function: Any) -> str:
        name = function.__name__
        if function not in self.replaced and not function.__module__.startswith("kernelkit"):
            return self._public(function)
        text = self.replaced.get(function) or textwrap.dedent(inspect.getsource(function))
        if name == "<lambda>":
            raise NotPublic("a lambda")
        self.functions[name] = text.strip()
        return name

    def _call(self, value: Any) -> Node:
        if isinstance(value, Pipeline) and value.memory is None:  # names of steps change nothing
            self.imports.add(("sklearn.pipeline", "make_pipeline"))
            return "make_pipeline(", [self._node(step) for _, step in value.steps], ")"
        name = self._public(type(value))
        changed = [self._named(f"{key}=", given) for key, given in _changed(value).items()]
        return f"{name}(", changed, ")"

    def _public(self, thing: Any) -> str:
        name, module = thing.__name__, public_module(thing)
        if module is None:
            raise NotPublic(f"{thing.__module__}.{name}")
        if module != "builtins":
            self.imports.add((module, name))
        return str(name)


def public_module(thing: Any) -> str | None:
    """Return the shortest public module that a class or function can be imported from; None if there is none."""
    parts = thing.__module__.split(".")
    for stop in range(1, len(parts) + 1):
        if parts[stop - 1].startswith("_"):
            return None
        module = importlib.import_module(".".join(parts[:stop]))
        if getattr(module, thing.__name__, None) is thing:
            return ".".join(parts[:stop])
    return None


def _changed(value: Any) -> dict[str, Any]:
    """Return the constructor's arguments that are not at their defaults."""
    arguments = inspect.signature(type(value).__init__).parameters
    given = value.get_params(deep=False) if hasattr(value, "get_params") else vars(value)
    return {
        name: given[name]
        for name, argument in list(arguments.items())[1:]
        if name in given and not _same(given[name], argument.default)
    }


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    if type(value) is not type(default) or not isinstance(value, (bool, int, float, str, tuple)):
        return False
    return bool(value == default) or bool(value != value and default != default)  # NaN is the default of some


def quoted(text: Any) -> str:
    """Return a string in double quotes where it has nothing to escape, so that the script looks of one piece."""
    plain = repr(text)
    return f'"{text}"' if isinstance(text, str) and plain == f"'{text}'" and '"' not in text else plain


def _number(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not np.isfinite(plain):
        return f'float("{plain}")'
    return repr(plain)


def _slice(value: slice) -> str:
    return f"slice({value.start}, {value.stop})"


def _layout(node: Node, first: str, last: str, indent: int) -> list[str]:
    """Return the lines of a node: one if it fits, else one a part, as ruff lays out."""
    space = " " * indent
    line = space + first + _flat(node) + last
    if isinstance(node, str) or len(line) <= WIDTH or not node[1]:
        return [line]
    start, inside, end = node
    lines = [space + first + start]
    for part in inside:
        lines += _layout(part, "", ",", indent + 4)
    return [*lines, space + end.lstrip(",") + last]


def _flat(node: Node) -> str:
    if isinstance(node, str):
        return node
    return node[0] + ", ".join(map(_flat, node[1])) + node[2]
