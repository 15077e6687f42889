"""How long, how deep and how documented the code may be; what no module may do.

Each rule takes modules and returns violations. The numbers stand at the top.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from tests.rules.source_tree import (
    FunctionNode,
    Module,
    body_lines,
    functions,
    methods,
    parameters,
    public_functions,
)

FILE_LINES = 300
FOLDER_MODULES = 15
BODY_LINES = 40
PARAMETERS = 8
POSITIONAL = 2
NESTING = 3

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
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


def many_parameters(modules: Sequence[Module]) -> list[str]:
    """Return functions of more than `PARAMETERS` parameters; a command in `cli/` has as many as it has options."""
    counted = [
        (module, one, len(parameters(one)) - n_bound) for module in modules for one, n_bound in _own_signatures(module)
    ]
    return [
        module.at(one, f"{one.name}: {n} parameters, at most {PARAMETERS}")
        for module, one, n in counted
        if n > PARAMETERS
    ]


def positional_parameters(modules: Sequence[Module]) -> list[str]:
    """Return functions of more than `POSITIONAL` parameters that can be given without their names.

    A comment on the line of `def` that says why excuses one.
    """
    counted = [
        (module, one, len(one.args.posonlyargs + one.args.args) - n_bound)
        for module in modules
        for one, n_bound in _own_signatures(module)
    ]
    return [
        module.at(one, f"{one.name}: keyword-only after parameter {POSITIONAL}")
        for module, one, n in counted
        if n > POSITIONAL and not module.explains(one.lineno)
    ]


def _own_signatures(module: Module) -> Iterator[tuple[FunctionNode, int]]:
    """Yield each function whose signature is ours to choose, and how many parameters (`self`, `cls`) it is bound to.

    Left out are commands in `cli/`, and methods whose signature Python or torch prescribes.
    """
    commands = set(public_functions(module)) if module.name.startswith(f"{module.package}.cli.") else set()
    bound = methods(module)
    for one in functions(module):
        is_method = one in bound
        prescribed = is_method and re.fullmatch(r"__(?!init__)\w+__|forward|backward", one.name)
        if one not in commands and not prescribed:
            static = any(ast.unparse(decorator) == "staticmethod" for decorator in one.decorator_list)
            yield one, int(is_method and not static)


def deep_nesting(modules: Sequence[Module]) -> list[str]:
    """Return functions with blocks (if, for, while, with, try, match) inside one another more than `NESTING` deep.

    `elif` is as deep as its `if`; a function inside a function starts anew.
    """
    found = [(module, one, _depth(one.body)) for module in modules for one in functions(module)]
    return [
        module.at(one, f"{one.name}: nested {n} deep, at most {NESTING}") for module, one, n in found if n > NESTING
    ]


def _depth(body: Sequence[ast.stmt]) -> int:
    return max((1 + _depth_below(one) for one in body if isinstance(one, _BLOCKS)), default=0)


def _depth_below(block: ast.stmt) -> int:
    deepest = 0
    for part in ast.iter_child_nodes(block):
        if isinstance(part, ast.ExceptHandler | ast.match_case):
            deepest = max(deepest, _depth(part.body))
    for name in ("body", "orelse", "finalbody"):
        part_body: list[ast.stmt] = getattr(block, name, [])
        is_elif = name == "orelse" and isinstance(block, ast.If) and len(part_body) == 1
        if is_elif and isinstance(part_body[0], ast.If):
            deepest = max(deepest, _depth_below(part_body[0]))
        else:
            deepest = max(deepest, _depth(part_body))
    return deepest


def missing_docstrings(modules: Sequence[Module]) -> list[str]:
    """Return modules, and public functions, classes and their public methods, without a docstring."""
    problems = []
    for module in modules:
        if ast.get_docstring(module.tree) is None:
            problems.append(module.at(1, "the module has no docstring"))
        for one in _public_definitions(module.tree.body):
            if ast.get_docstring(one) is None:
                problems.append(module.at(one, f"{one.name} has no docstring"))
    return problems


def _public_definitions(body: Sequence[ast.stmt]) -> Iterator[FunctionNode | ast.ClassDef]:
    for one in body:
        if not isinstance(one, FunctionNode | ast.ClassDef) or one.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator) for decorator in one.decorator_list}
        if "overload" in decorators or any(name.endswith(".setter") for name in decorators):
            continue
        yield one
        if isinstance(one, ast.ClassDef):
            yield from _public_definitions(one.body)


def prints(modules: Sequence[Module]) -> list[str]:
    """Return calls of `print`: results go to files or stdout's buffer, words through logging or the console."""
    return [
        module.at(node, "print")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
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
