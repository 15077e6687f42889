"""The tables of options in docs/, made from the command line itself.

A page holds two marks for each command, `<!-- options of dnabert-s embed -->` and `<!-- end of options -->`; what
stands between them is made here, from the same names, defaults and help texts that `--help` shows. A test compares the
pages with what this program makes, so that no table goes stale.

    python scripts/option_tables.py [--write]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from dnabert_s_cli.cli import app

DOCS = Path(__file__).resolve().parent.parent / "docs"
PROGRAM = "dnabert-s"
_MARKED = re.compile(r"(<!-- options of ([\w -]+?) -->\n).*?(<!-- end of options -->)", re.DOTALL)
_UNNAMED_PANEL = "Options"
_FLAG_IN_TEXT = re.compile(r"(?<![\w`-])(--[a-z][\w-]*)")
_HIDDEN_NAMES = {"--help", "--install-completion", "--show-completion"}


def main() -> int:
    """Write the tables, or say which pages are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="bring the pages in docs/ up to date")
    write = parser.parse_args().write
    stale = [path for path in sorted(DOCS.rglob("*.md")) if filled(text := path.read_text(encoding="utf-8")) != text]
    for path in stale:
        print(f"{'updated' if write else 'stale'}: {path.relative_to(DOCS.parent)}")
        if write:
            path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(stale) and not write)


def filled(page: str) -> str:
    """The page with a fresh table between each pair of marks; a mark that names no command is a KeyError."""
    known = commands(typer.main.get_command(app))
    return _MARKED.sub(lambda found: f"{found[1]}\n{tables(known[found[2]])}\n{found[3]}", page)


def marked_commands(page: str) -> list[str]:
    """The commands whose tables a page holds."""
    return [found[2] for found in _MARKED.finditer(page)]


def commands(command: Any, path: str = PROGRAM) -> dict[str, Any]:
    """Path -> command for the whole tree, groups included, hidden commands left out."""
    found = {path: command}
    below: Mapping[str, Any] = getattr(command, "commands", {})
    for name, one in below.items():
        if not one.hidden:
            found |= commands(one, f"{path} {name}")
    return found


def tables(command: Any) -> str:
    """The options of one command in Markdown, a table for each panel of its help, in the order of its help."""
    options = [one for one in command.params if _is_shown(one)]
    panels = list(dict.fromkeys(_panel(one) for one in options))
    return "\n".join(_table(panel, [one for one in options if _panel(one) == panel]) for panel in panels)


def _table(panel: str, options: Sequence[Any]) -> str:
    title = panel if panel == _UNNAMED_PANEL else panel.removesuffix(" options")
    rows = [f"| `{_names(one)}` | {_default(one)} | {_meaning(one)} |" for one in options]
    return "\n".join([f"**{title}**", "", "| Option | Default | Meaning |", "|---|---|---|", *rows, ""])


def _is_shown(parameter: Any) -> bool:
    is_option = parameter.param_type_name == "option" and not parameter.hidden
    return is_option and not _HIDDEN_NAMES & set(parameter.opts)


def _panel(parameter: Any) -> str:
    return str(parameter.rich_help_panel or _UNNAMED_PANEL)


def _names(parameter: Any) -> str:
    """`-o, --output`: the short name first."""
    return ", ".join(sorted(parameter.opts, key=lambda name: (name.startswith("--"), name)))


def _default(parameter: Any) -> str:
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return _as_text(parameter.show_default)
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value in (None, "") else f"`{value}`"


def _meaning(parameter: Any) -> str:
    choices = " ".join(_choices(parameter))
    values = ", ".join(f"`{word}`" for word in choices.split())
    return _as_text(parameter.help or "") + (f" One of {values}." if values else "")


def _as_text(text: str) -> str:
    """A help text as Markdown: options in code, nothing that would end the cell or open a tag."""
    words = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return "".join(_in_code(part, is_code) for part, is_code in _split_code(words))


def _split_code(text: str) -> Iterator[tuple[str, bool]]:
    for index, part in enumerate(text.split("`")):
        yield part, index % 2 == 1


def _in_code(part: str, is_code: bool) -> str:
    return f"`{part}`" if is_code else _FLAG_IN_TEXT.sub(r"`\1`", part)


def _choices(parameter: Any) -> list[str]:
    kind: Any = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    kinds = [one for one in (kind, *get_args(kind)) if get_origin(one) is Literal]
    return [str(value) for one, _ in groupby(kinds) for value in get_args(one)]


if __name__ == "__main__":
    sys.exit(main())
