"""The package's source as syntax trees, for the rules that read it.

A folder goes in; `Module`s come out, each with its name, its layer (the first folder or file below the package),
its tree, and every import that is written anywhere in it. A rule takes the modules and returns violations, one
line each: `path:line: what is wrong`.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One source file. `name` is dotted from the package on; `layer` is "" for the package's own `__init__`."""

    package: str
    name: str
    path: Path
    shown_path: str
    is_package: bool
    text: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        """Folder or file name directly below the package: "io", "errors", ...; "" for the package itself."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""

    def at(self, node: ast.AST | int, problem: str) -> str:
        """Return one violation as a line that names this file and the line of `node`."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.shown_path}:{line}: {problem}"

    def explains(self, line: int) -> bool:
        """Tell whether a line ends in a comment: a rule that allows an exception wants its reason there."""
        _, mark, reason = self.text.splitlines()[line - 1].partition("  # ")
        return bool(mark and reason)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module: `target` is a dotted name, `own` says that it belongs to the package."""

    target: str
    own: bool
    relative: bool
    in_function: bool
    for_types_only: bool
    line: int


def read_tree(folder: Path) -> list[Module]:
    """Parse every Python file under `folder`, a package or a plain folder of scripts, sorted by path."""
    return [_read_module(path, folder) for path in sorted(folder.rglob("*.py"))]


def _read_module(path: Path, folder: Path) -> Module:
    parts = [folder.name, *path.relative_to(folder).with_suffix("").parts]
    is_package = parts[-1] == "__init__"
    text = path.read_text(encoding="utf-8")
    return Module(
        package=folder.name,
        name=".".join(parts[:-1] if is_package else parts),
        path=path,
        shown_path=path.relative_to(folder.parent).as_posix(),
        is_package=is_package,
        text=text,
        tree=ast.parse(text),
    )


def functions(module: Module) -> Iterator[FunctionNode]:
    """Yield every function and method of a module, nested ones included."""
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            yield node


def methods(module: Module) -> set[FunctionNode]:
    """Return the functions that stand directly in a class body."""
    classes = (node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))
    return {node for one in classes for node in one.body if isinstance(node, FunctionNode)}


def public_functions(module: Module) -> list[FunctionNode]:
    """Return the functions at the top of a module whose names do not begin with an underscore."""
    return [one for one in module.tree.body if isinstance(one, FunctionNode) and not one.name.startswith("_")]


def parameters(function: FunctionNode) -> list[ast.arg]:
    """Return every parameter of a function, `*args` and `**kwargs` included."""
    given = function.args
    starred = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *starred]


def body_lines(function: FunctionNode) -> int:
    """Return the number of lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def imports(module: Module, known: Sequence[Module]) -> list[Import]:
    """Return every import of a module; `from . import x` names the module x where `known` holds one."""
    names = {one.name for one in known}
    found: list[Import] = []
    for node, in_function, for_types_only in _import_statements(module):
        for target, relative in _targets(node, module, names):
            own = target == module.package or target.startswith(f"{module.package}.")
            found.append(Import(target, own, relative, in_function, for_types_only, node.lineno))
    return found


@functools.cache
def _import_statements(module: Module) -> list[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    return list(_walk_imports(module.tree, in_function=False, for_types_only=False))


def _walk_imports(
    node: ast.AST, *, in_function: bool, for_types_only: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, in_function, for_types_only
            continue
        types_only = for_types_only or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        inside = in_function or isinstance(child, FunctionNode | ast.Lambda)
        yield from _walk_imports(child, in_function=inside, for_types_only=types_only)


def _targets(node: ast.Import | ast.ImportFrom, module: Module, names: set[str]) -> list[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        return [(alias.name, False) for alias in node.names]
    base = node.module or ""
    if node.level:
        here = module.name.split(".")
        depth = len(here) + (1 if module.is_package else 0) - node.level
        base = ".".join([*here[:depth], *([base] if base else [])])
    below = [f"{base}.{alias.name}" for alias in node.names]
    # Of the package itself only __version__ is free to all; any other name of it counts as a module.
    from_root = base == module.package
    return [
        (one if one in names or (from_root and not one.endswith(".__version__")) else base, node.level > 0)
        for one in below
    ]
