"""The rules of the design, kept by tests: who imports whom, how long and deep code may be, what a command may do.

Each rule of `tests/rules` runs on the package, and on a small package with one violation planted, which it must find.
"""

from __future__ import annotations

import functools
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import typer

from tests.locations import PROJECT
from tests.rules import arrows, commands, shape
from tests.rules.source_tree import Module, read_tree

PACKAGE = "dnabert_s_cli"
OTHER_FOLDERS = ("tests", "benchmarks", "examples")
HEAVY = (
    *("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub"),
    *("numpy", "scipy", "sklearn", "hdbscan", "faiss", "pysam", "Bio", "pyarrow", "zstandard"),
    "pyhmmer",
)

Rule = Callable[[Sequence[Module]], list[str]]

# Each rule with a file that breaks it: (rule, path in the package, source).
PLANTED: list[tuple[Rule, str, str]] = [
    (arrows.wrong_arrows, "io/a.py", "from ..encoders import loader"),
    (arrows.wrong_arrows, "analysis/a.py", "from ..io.files import open_input"),
    (arrows.wrong_arrows, "encoders/a.py", "def f():\n    from ..io import files"),
    (arrows.wrong_arrows, "pipelines/a.py", "from .. import cli"),
    (arrows.wrong_arrows, "cli/a.py", "from ..io import files"),
    (arrows.wrong_arrows, "errors.py", "from .defaults import SEED"),
    (arrows.wrong_arrows, "io/a.py", "from .. import load_encoder"),
    (arrows.wrong_arrows, "helpers/a.py", ""),
    (arrows.wrong_libraries, "io/a.py", "import torch"),
    (arrows.wrong_libraries, "analysis/a.py", "from torch.nn import functional"),
    (arrows.wrong_libraries, "pipelines/a.py", "def f():\n    import faiss"),
    (arrows.wrong_libraries, "encoders/a.py", "from rich.console import Console"),
    (arrows.wrong_libraries, "io/a.py", "import requests"),
    (arrows.wrong_libraries, "cli/a.py", "import click"),
    (arrows.import_cycles, "io/a.py", "from .b import one"),
    (arrows.misplaced_imports, "io/a.py", "def f():\n    from . import files"),
    (arrows.misplaced_imports, "io/a.py", "from pkg.io import files"),
    (arrows.eager_pipelines, "cli/a.py", "from ..pipelines.embed import embed_files"),
    (arrows.eager_pipelines, "cli/options.py", "from .. import pipelines"),
    (shape.long_files, "io/a.py", "x = 1\n" * 301),
    (shape.long_functions, "io/a.py", "def f():\n" + "    x = 1\n" * 41),
    (shape.exits, "pipelines/a.py", "import sys\nsys.exit(1)"),
    (shape.exits, "cli/a.py", "raise SystemExit(1)"),
    (shape.acts_on_import, "io/a.py", "import warnings\nwarnings.simplefilter('ignore')"),
    (shape.open_dataclasses, "io/a.py", "@dataclass(frozen=True)\nclass A: ..."),
    (shape.silenced_without_reason, "io/a.py", "x = 1  # type: ignore[misc]"),
    (shape.silenced_without_reason, "io/a.py", "x = 1  # noqa"),
    (shape.names_twice, "embed.py", "def embed(): ..."),
    (commands.fat_commands, "cli/commands/a.py", "def a():\n    from ...pipelines import embed\n" + "    x = 1\n" * 30),
    (commands.fat_commands, "cli/commands/a.py", "def a():\n    pass"),
    (commands.literal_command_defaults, "cli/commands/a.py", "def a(n: int = 5): ..."),
    (commands.literal_command_defaults, "cli/commands/a.py", "def a(*, method: str = 'kmedoid'): ..."),
    (commands.literal_command_defaults, "cli/commands/a.py", "def a(method=Method.KMEDOID): ..."),
    (commands.literal_command_defaults, "cli/options.py", "x = typer.Option(0.5, '--x')"),
    (commands.literal_command_defaults, "cli/options.py", "x = typer.Option('--x', default=3)"),
    (commands.literal_pipeline_defaults, "pipelines/a.py", "def a(*, seed: int = 0): ..."),
    (commands.literal_pipeline_defaults, "pipelines/a.py", "class A:\n    seed: int = 0"),
]

# What no rule may object to.
CLEAN = {
    "__init__.py": '"""A."""\n__version__ = "1"',
    "errors.py": '"""A."""',
    "defaults.py": '"""A."""\nSEED = 0',
    "io/__init__.py": '"""A."""\nfrom .b import a',
    "io/b.py": '"""A."""\nimport numpy\nimport pysam\nfrom .. import __version__, defaults\nfrom . import c, a',
    "io/c.py": '"""A."""\nx = 1  # type: ignore[misc]  # the stub is wrong\n'
    "def _f():\n    from . import files  # late: a reason",
    "io/a.py": '"""A."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import one',
    "pipelines/embed.py": '"""A."""\nfrom ..io import b\nfrom .. import defaults\n'
    'def embed_files(*, seed: int = defaults.SEED, gz: bool = False):\n    """A."""',
    "cli/__init__.py": '"""A."""\nimport sys\nimport typer\nfrom .commands import embed\nsys.exit(0)',
    "cli/commands/embed.py": '"""A."""\nfrom ... import defaults\n'
    'def embed(a, b, c, d, e, f, g, h, i, seed: int = defaults.SEED, output: str = "-", x=opt.X(defaults.X)):\n'
    '    """A."""\n    from ...pipelines.embed import embed_files\n    embed_files(seed=seed)',
    "cli/console.py": '"""A."""\ndef show(*, left: int = 1):\n    """A."""',
    "analysis/deep.py": '"""A."""\ndef _f(a, b, *, c):\n for x in a:\n  if x: ...\n  elif b:\n   with c: ...\n  elif c:'
    "\n   try: ...\n   finally: ...",
}


@functools.cache
def _tree(folder: str) -> list[Module]:
    return read_tree(PROJECT / folder)


RULES: list[Rule] = [*dict.fromkeys(rule for rule, _, _ in PLANTED), shape.full_folders]


def _plant(folder: Path, files: dict[str, str]) -> list[Module]:
    for name, source in files.items():
        path = folder / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n", encoding="utf-8")
    return read_tree(folder / "pkg")


def _name(rule: Rule) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    assert rule(_tree(PACKAGE)) == []


@pytest.mark.parametrize("rule", [shape.long_files, shape.long_functions], ids=_name)
@pytest.mark.parametrize("folder", OTHER_FOLDERS)
def test_the_other_folders_keep_the_rules_of_shape(rule: Rule, folder: str) -> None:
    assert rule(_tree(folder)) == []


@pytest.mark.parametrize(
    ("rule", "path", "source"), PLANTED, ids=[f"{_name(rule)}-{path}-{n}" for n, (rule, path, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_found(rule: Rule, path: str, source: str, tmp_path: Path) -> None:
    found = rule(_plant(tmp_path, {**CLEAN, path: source}))
    assert len(found) == 1
    assert path in found[0] or rule is arrows.import_cycles


def test_ruff_is_set_to_find_what_the_rules_of_shape_leave_to_it() -> None:
    planted = """
def f(a, b, c, d, e, f, g, h, i):
    for a in b:
        if c:
            while d:
                with e:
                    print(a)
"""
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "json", "--stdin-filename"]
    run = subprocess.run(
        [*command, f"{PACKAGE}/io/planted.py", "-"], input=planted, capture_output=True, text=True, cwd=PROJECT
    )
    found = {one["code"] for one in json.loads(run.stdout)}
    assert {"D100", "D103", "PLR0913", "PLR0917", "PLR1702", "T201"} <= found


def test_a_full_folder_is_found(tmp_path: Path) -> None:
    full = {f"io/deep/{name}.py": "" for name in map(str, range(shape.FOLDER_MODULES))}
    assert shape.full_folders(_plant(tmp_path / "full", full)) == []
    assert len(shape.full_folders(_plant(tmp_path / "over", full | {"io/deep/more.py": ""}))) == 1


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_clean_code_passes_the_rule(rule: Rule, tmp_path: Path) -> None:
    assert rule(_plant(tmp_path, CLEAN)) == []


def test_the_clean_package_is_read_whole(tmp_path: Path) -> None:
    assert len(_plant(tmp_path, CLEAN)) == len(CLEAN)


def test_every_registered_command_is_held_to_the_rules_of_commands() -> None:
    app = importlib.import_module(f"{PACKAGE}.cli").app
    held = {one.name for one in commands.command_modules(_tree(PACKAGE))}
    assert {callback.__module__ for callback in _callbacks(typer.main.get_command(app))} <= held


def _callbacks(command: object) -> list[Callable[..., object]]:
    below = getattr(command, "commands", None)
    if below is not None:
        return [callback for one in below.values() for callback in _callbacks(one)]
    callback = getattr(command, "callback", None)
    assert callback is not None
    return [callback]


def _modules_after(code: str) -> set[str]:
    shown = "import sys; sys.stderr.write('\\n' + ' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{shown}"], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    return set(run.stderr.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _modules_after(f"import {PACKAGE}").isdisjoint(HEAVY)


def test_help_of_every_command_loads_nothing_heavy() -> None:
    code = f"""
import typer
from {PACKAGE}.cli import app

def show(command, path):
    command.main([*path, "--help"], prog_name="dnabert-s", standalone_mode=False)

def walk(command, path, root):
    show(root, path)
    for name, below in getattr(command, "commands", {{}}).items():
        walk(below, [*path, name], root)

root = typer.main.get_command(app)
walk(root, [], root)
"""
    assert _modules_after(code).isdisjoint(HEAVY)
