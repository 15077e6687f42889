"""Who may import whom, and which libraries: the tables of the design, as a program.

`ALLOWED` is the whole of it: layer -> layers of ours, and libraries beside the standard one, that it may import.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from tests.rules.source_tree import Module, imports

BASE = frozenset({"errors", "defaults", "dna", "threads", "memory", "untrusted"})
ROOT = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one folder of the package may import: our own layers, and other people's libraries."""

    own: frozenset[str]
    libraries: frozenset[str] = field(default_factory=frozenset)


# numpy is free everywhere; that `--help` does not load it is a test of its own. The package's root holds __version__.
EVERYWHERE = frozenset({"numpy"})
TORCH = frozenset({"torch"})
THREADS = frozenset({"threadpoolctl"})  # light: it only sets the number of threads of what is loaded
ALLOWED = {
    ROOT: Layer(BASE | {"io", "encoders", "analysis", "training", "pipelines", "reports"}),
    "__main__": Layer(frozenset({"cli"})),
    "errors": Layer(frozenset()),
    "defaults": Layer(frozenset()),
    "dna": Layer(frozenset()),
    "threads": Layer(frozenset()),
    "memory": Layer(frozenset()),
    "untrusted": Layer(frozenset({"errors", "memory"})),
    "io": Layer(BASE, frozenset({"Bio", "pysam", "zstandard", "isal", "pyarrow", "anndata", "pandas"})),
    # matplotlib is optional, so it is imported inside the function
    "reports": Layer(BASE | {"io"}, frozenset({"matplotlib"})),
    "encoders": Layer(BASE, TORCH | {"tokenizers", "safetensors", "huggingface_hub", "transformers"}),
    "analysis": Layer(BASE, frozenset({"sklearn", "sknetwork", "hdbscan", "faiss", "scipy", "pyhmmer"}) | THREADS),
    "training": Layer(BASE | {"io", "encoders"}, TORCH),
    "pipelines": Layer(BASE | {"io", "encoders", "analysis", "training", "reports"}, THREADS),
    # no click: typer carries its own copy in newer releases, whose exceptions are not those of the package click
    "cli": Layer(BASE | {"pipelines"}, frozenset({"typer", "rich"})),
}


def wrong_arrows(modules: Sequence[Module]) -> list[str]:
    """Return the imports of our own layers that `ALLOWED` does not name."""
    problems = []
    for module in modules:
        if module.layer not in ALLOWED:
            problems.append(module.at(1, f"'{module.layer}' is no layer of the design"))
            continue
        allowed = ALLOWED[module.layer].own | {module.layer, ROOT}
        for one in imports(module, modules):
            target = one.target.partition(".")[2].partition(".")[0]
            if one.own and target not in allowed:
                problems.append(module.at(one.line, f"{module.layer or 'the root'} may not import {target}"))
    return problems


def wrong_libraries(modules: Sequence[Module]) -> list[str]:
    """Return the imports of libraries, beside the standard one, that `ALLOWED` does not name."""
    problems = []
    for module in modules:
        allowed = EVERYWHERE | ALLOWED.get(module.layer, Layer(frozenset())).libraries
        for one in imports(module, modules):
            library = one.target.partition(".")[0]
            if not one.own and library not in sys.stdlib_module_names and library not in allowed:
                problems.append(module.at(one.line, f"{module.layer or 'the root'} may not import {library}"))
    return problems


def import_cycles(modules: Sequence[Module]) -> list[str]:
    """Return a cycle among the imports at the top of modules, if there is one; those for types alone do not run."""
    graph: dict[str, list[str]] = {}
    for module in modules:
        run_on_import = [one for one in imports(module, modules) if not one.in_function and not one.for_types_only]
        graph[module.name] = sorted({one.target for one in run_on_import if one.own} - {module.package})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"import cycle: {' -> '.join(error.args[1])}"]
    return []


def misplaced_imports(modules: Sequence[Module]) -> list[str]:
    """Return our own imports that are absolute, or inside a function outside `cli/` without a comment that says why.

    The package's `__init__` loads its public names on first use, inside a function: it may.
    """
    problems = []
    for module in modules:
        for one in imports(module, modules):
            if one.own and not one.relative and module.layer != ROOT:
                problems.append(module.at(one.line, f"import {one.target} relatively"))
            late = one.own and one.in_function and module.layer not in {"cli", ROOT}
            if late and not module.explains(one.line):
                problems.append(module.at(one.line, f"import {one.target} at the top of the file"))
    return problems


def eager_pipelines(modules: Sequence[Module]) -> list[str]:
    """Return imports of a pipeline at the top of a module of `cli/`: they would make `--help` slow."""
    problems = []
    for module in modules:
        for one in imports(module, modules):
            eager = not one.in_function and not one.for_types_only
            if module.layer == "cli" and eager and one.target.startswith(f"{module.package}.pipelines"):
                problems.append(module.at(one.line, f"import {one.target} inside the command"))
    return problems
