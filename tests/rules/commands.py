"""What a command may be: thin, its pipeline inside it, its defaults from `defaults.py`.

Every public function of a module in `cli/commands/` is a command.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from tests.rules.source_tree import (
    FunctionNode,
    Module,
    body_lines,
    functions,
    imports,
    public_functions,
)

COMMAND_LINES = 25


def command_modules(modules: Sequence[Module]) -> list[Module]:
    """Return the modules of `cli/commands/`."""
    return [one for one in modules if one.name.startswith(f"{one.package}.cli.commands.")]


def fat_commands(modules: Sequence[Module]) -> list[str]:
    """Return commands of more than `COMMAND_LINES` lines, or without an import of a pipeline inside."""
    problems = []
    for module in command_modules(modules):
        pipelines = f"{module.package}.pipelines"
        lines = [one.line for one in imports(module, modules) if one.target.startswith(pipelines) and one.in_function]
        for one in public_functions(module):
            n = body_lines(one)
            if n > COMMAND_LINES:
                problems.append(module.at(one, f"{one.name}: {n} lines of body, a command has {COMMAND_LINES}"))
            if not any(one.lineno <= line <= (one.end_lineno or 0) for line in lines):
                problems.append(module.at(one, f"{one.name}: import its pipeline inside the command"))
    return problems


def literal_command_defaults(modules: Sequence[Module]) -> list[str]:
    """Return defaults of commands, and of options anywhere in `cli/`, that are numbers or words, not `defaults.X`."""
    return [
        module.at(default, f"{name}: take {ast.unparse(default)[:40]} from defaults")
        for module in modules
        if module.layer == "cli"
        for name, default in [*_all_defaults(_with_options(module)), *_option_calls(module)]
        if _is_own_value(default)
    ]


def literal_pipeline_defaults(modules: Sequence[Module]) -> list[str]:
    """Return numbers that are the default of a public function's parameter or of a field in `pipelines/`."""
    return [
        module.at(default, f"{name}: take {ast.unparse(default)[:40]} from defaults")
        for module in modules
        if module.layer == "pipelines"
        for name, default in [*_all_defaults(public_functions(module)), *_fields(module)]
        if _holds_number(default)
    ]


def _with_options(module: Module) -> list[FunctionNode]:
    """Return the functions of a module whose parameters are options: commands, and the root's callback."""
    holds = module.is_package or module.name.startswith(f"{module.package}.cli.commands.")
    return list(functions(module)) if holds else []


def _all_defaults(functions: Iterable[FunctionNode]) -> Iterator[tuple[str, ast.expr]]:
    for one in functions:
        yield from ((f"{one.name}({name}=)", default) for name, default in _defaults(one))


def _defaults(function: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    positional = [*function.args.posonlyargs, *function.args.args]
    given = function.args.defaults
    yield from zip((one.arg for one in positional[len(positional) - len(given) :]), given, strict=True)
    for one, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if default is not None:
            yield one.arg, default


def _option_calls(module: Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"Option", "Argument"}:
            named = [one.value for one in node.keywords if one.arg == "default"]
            first = [one for one in node.args[:1] if not _is_flag(one)]
            for default in [*first, *named]:
                yield ast.unparse(node.func), default


def _is_flag(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-")


def _is_own_value(default: ast.expr) -> bool:
    """Tell whether a default holds a number, a word, or an attribute of something other than `defaults`.

    What is called does not count: `options.Strand(defaults.STRAND)` takes its value from `defaults`.
    """
    called = {node.func for node in ast.walk(default) if isinstance(node, ast.Call)}
    for node in (one for one in ast.walk(default) if one not in called):
        if isinstance(node, ast.Constant) and not _says_nothing(node.value):
            return True
        if isinstance(node, ast.Attribute) and not ast.unparse(node).startswith("defaults."):
            return True
    return False


def _says_nothing(value: object) -> bool:
    return value is None or isinstance(value, bool) or value in ("", "-", ...)


def _holds_number(default: ast.expr) -> bool:
    constants = [node.value for node in ast.walk(default) if isinstance(node, ast.Constant)]
    return any(isinstance(value, int | float) and not isinstance(value, bool) for value in constants)


def _fields(module: Module) -> Iterator[tuple[str, ast.expr]]:
    for node in (one for one in ast.walk(module.tree) if isinstance(one, ast.ClassDef)):
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and one.value is not None:
                yield f"{node.name}.{ast.unparse(one.target)}", one.value
