"""How long files and functions may be, how full a folder; what no module may do.

Each rule takes modules and returns violations. The numbers are at the top. What ruff can check (docstrings, parameters,
nesting, prints) is set in pyproject.toml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from tests.rules.source_tree import (
    Module,
    body_lines,
    functions,
    public_functions,
)

FILE_LINES = 300
FOLDER_MODULES = 15
BODY_LINES = 40

_EXITS = {"sys.exit", "os._exit", "exit", "quit", "SystemExit"}
_SILENCED = re.compile(r"#\s*(type:\s*ignore(?:\[[^\]]*\])?|noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?)(.*)$")


def long_files(modules: Sequence[Module]) -> list[str]:
    """Return files of more than `FILE_LINES` lines."""
    counted = [(module, len(module.text.splitlines())) for module in modules]
    return [module.at(1, f"{n} lines, at most {FILE_LINES}") for module, n in counted if n > FILE_LINES]


def full_folders(modules: Sequence[Module]) -> list[str]:
    """Return folders that hold more than `FOLDER_MODULES` modules, `__init__` not counted."""
    folders: dict[str, list[Module]] = {}
    for module in modules:
        if not module.is_package:
            folders.setdefault(module.path.parent.as_posix(), []).append(module)
    return [
        held[0].at(1, f"{len(held)} modules in this folder, at most {FOLDER_MODULES}")
        for held in folders.values()
        if len(held) > FOLDER_MODULES
    ]


def long_functions(modules: Sequence[Module]) -> list[str]:
    """Return functions whose body without docstring has more than `BODY_LINES` lines."""
    found = [(module, one, body_lines(one)) for module in modules for one in functions(module)]
    return [
        module.at(one, f"{one.name}: {n} lines of body, at most {BODY_LINES}")
        for module, one, n in found
        if n > BODY_LINES
    ]


def exits(modules: Sequence[Module]) -> list[str]:
    """Return `sys.exit` and its like outside `cli/__init__.py`, the one place that knows exit codes."""
    return [
        module.at(node, f"{ast.unparse(node)} outside cli/__init__.py")
        for module in modules
        if module.name != f"{module.package}.cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in _EXITS
    ]


def acts_on_import(modules: Sequence[Module]) -> list[str]:
    """Return statements that do something while a module is imported, outside `cli/` and `__main__`."""
    problems = []
    for module in modules:
        if module.layer in {"cli", "__main__"}:
            continue
        for node in module.tree.body:
            acts = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
            if acts or isinstance(node, ast.For | ast.While | ast.With | ast.Delete | ast.Global):
                problems.append(module.at(node, f"does something on import: {ast.unparse(node)[:60]}"))
    return problems


def open_dataclasses(modules: Sequence[Module]) -> list[str]:
    """Return dataclasses that are not `@dataclass(frozen=True, slots=True)`, without a comment that says why."""
    return [
        module.at(decorator, f"{one.name}: write @dataclass(frozen=True, slots=True)")
        for module in modules
        for one in ast.walk(module.tree)
        if isinstance(one, ast.ClassDef)
        for decorator in one.decorator_list
        if _is_open(ast.unparse(decorator)) and not module.explains(decorator.lineno)
    ]


def _is_open(decorator: str) -> bool:
    return "dataclass" in decorator and not ("frozen=True" in decorator and "slots=True" in decorator)


def silenced_without_reason(modules: Sequence[Module]) -> list[str]:
    """Return `type: ignore` and `noqa` comments that name no code or give no reason after it."""
    problems = []
    for module in modules:
        for line, text in enumerate(module.text.splitlines(), start=1):
            found = _SILENCED.search(text)
            if found and not ({"[", ":"} & set(found[1].replace("type:", "")) and found[2].strip(" #-:")):
                problems.append(module.at(line, f"'{found[1]}' without a code or a reason"))
    return problems


def names_twice(modules: Sequence[Module]) -> list[str]:
    """Return top-level folders and files of the package that bear the name of a public function."""
    names = {one.name for module in modules for one in public_functions(module)}
    top = {module.layer: module for module in reversed(modules)}
    return [top[layer].at(1, f"'{layer}' is also a public function") for layer in sorted(names & top.keys())]
