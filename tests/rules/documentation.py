"""The README beside the commands: what is documented, what is stale, which examples can run.

README text and the root of the command tree go in; violations come out, one line each. A command is documented in
the section whose heading is its name, `dnabert-s models pull`; options that several commands share may stand in the
one section `COMMON`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Protocol, cast

PROGRAM = "dnabert-s"
COMMON = "Options that commands share"

_FENCE = re.compile(r"^```(.*?)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_JOINS = {"|", "||", "&&", ";", "&", "(", ")"}


class Parameter(Protocol):
    """What the rules read of an option or argument."""

    name: str
    opts: list[str]
    secondary_opts: list[str]
    default: object
    hidden: bool
    param_type_name: str


class Command(Protocol):
    """What the rules read of a command; a group also has `commands`."""

    params: Sequence[Parameter]
    hidden: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block: its language, whether it is marked `no-run`, its code, the line it stands on."""

    language: str
    runs: bool
    code: str
    line: int


def examples(readme: str) -> list[Example]:
    """Return the fenced blocks of a README in order."""
    found = []
    for match in _FENCE.finditer(readme):
        words = match[1].split()
        line = readme.count("\n", 0, match.start()) + 1
        found.append(Example(words[0] if words else "", "no-run" not in words, match[2], line))
    return found


def section(readme: str, title: str) -> str | None:
    """Return the text under a heading down to the next of its rank, without fenced blocks; None without heading."""
    text = _FENCE.sub("", readme)
    headings = list(_HEADING.finditer(text))
    for index, one in enumerate(headings):
        if one[2].replace("`", "") == title:
            later = (next_.start() for next_ in headings[index + 1 :] if len(next_[1]) <= len(one[1]))
            return text[one.end() : next(later, len(text))]
    return None


def commands(root: Command, path: str = PROGRAM) -> dict[str, Command]:
    """Return path -> command for the whole tree, groups included, hidden ones left out."""
    found = {path: root}
    for name, below in _below(root).items():
        if not below.hidden:
            found |= commands(below, f"{path} {name}")
    return found


def undocumented(readme: str, root: Command) -> list[str]:
    """Return commands without a section, and options that neither it nor the common section names in backticks."""
    problems = []
    common = _options_in(section(readme, COMMON) or "")
    for path, command in commands(root).items():
        text = readme if path == PROGRAM else section(readme, path)
        if text is None:
            problems.append(f"no section '{path}'")
            continue
        missing = sorted(_option_names(command) - _options_in(text) - common)
        problems += [f"{path}: {name} is not documented" for name in missing]
    return problems


def stale(readme: str, root: Command) -> list[str]:
    """Return options in the first column of a command's table, or of the common one, that do not exist."""
    known = {path: _option_names(command) | {"-h", "--help"} for path, command in commands(root).items()}
    known[COMMON] = set().union(*known.values())
    problems = []
    for path in sorted(known.keys() - {PROGRAM}):
        for row in _table_rows(section(readme, path) or ""):
            gone = sorted(_options_in(row[0]) - known[path])
            # a group's section holds its subcommands' tables
            if not any(set(gone) <= known[other] for other in known if other.startswith(f"{path} ")):
                problems += [f"{path}: {name} does not exist" for name in gone]
    return problems


def wrong_defaults(readme: str, root: Command) -> list[str]:
    """Return options whose default, a number or a word, is not what the table's column `Default` says."""
    common = _stated_defaults(section(readme, COMMON) or "")
    problems = []
    for path, command in commands(root).items():
        stated = common | (_stated_defaults(section(readme, path) or "") if path != PROGRAM else {})
        for one in _options(command):
            actual = one.default.value if isinstance(one.default, Enum) else one.default
            names = [name for name in one.opts if name in stated]
            if isinstance(actual, bool) or not isinstance(actual, int | float | str) or actual == "" or not names:
                continue
            if _plain(stated[names[-1]]) != _plain(str(actual)):
                problems.append(f"{path}: {names[-1]} is {actual} by default, not {stated[names[-1]]}")
    return problems


def wrong_invocations(code: str, root: Command) -> list[str]:
    """Return what a shell example asks of the program that it does not have: commands and options."""
    problems = []
    for words in invocations(code):
        command, path = root, PROGRAM
        while words and words[0] in _below(command):
            path = f"{path} {words[0]}"
            command = _below(command)[words.pop(0)]
        default = getattr(command, "default_command", None)  # of a group that runs it where no command is named
        if default is not None and not {"-h", "--help"} & set(words[:1]):
            command, path = _below(command)[default], f"{path} {default}"
        if _below(command) and not (words and words[0].startswith("-")):
            problems.append(f"{path}: no command '{' '.join(words[:1])}'")
            continue
        given = {word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)}
        gone = sorted(given - _option_names(command) - {"-h", "--help"})
        problems += [f"{path}: {name} does not exist" for name in gone]
    return problems


def invocations(code: str) -> Iterator[list[str]]:
    """Yield the arguments of every call of the program in a shell example, wherever it stands in a pipe."""
    for words in _simple_commands(code):
        if PROGRAM in words:
            yield words[words.index(PROGRAM) + 1 :]


def _simple_commands(code: str) -> Iterator[list[str]]:
    for line in code.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        for joins, words in groupby(lexer, key=_JOINS.__contains__):
            if not joins:
                yield list(words)


def _below(command: Command) -> Mapping[str, Command]:
    return cast("Mapping[str, Command]", getattr(command, "commands", {}))


def _options(command: Command) -> list[Parameter]:
    return [one for one in command.params if one.param_type_name == "option" and not one.hidden]


def _option_names(command: Command) -> set[str]:
    names = {name for one in _options(command) for name in [*one.opts, *one.secondary_opts]}
    return names - {"-h", "--help", "--install-completion", "--show-completion"}


def _options_in(text: str) -> set[str]:
    words = (word for span in _CODE.findall(text) for word in re.split(r"[\s,/=|]+", span))
    return {word for word in words if re.fullmatch(r"--?[A-Za-z][\w-]*", word)}


def _table_rows(text: str) -> list[list[str]]:
    lines = (line.strip() for line in text.splitlines())
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def _stated_defaults(text: str) -> dict[str, str]:
    stated: dict[str, str] = {}
    column = None
    for row in _table_rows(text):
        if "Default" in row:
            column = row.index("Default")
        elif column is not None and column < len(row):
            stated |= dict.fromkeys(_options_in(row[0]), row[column])
    return stated


def _plain(value: str) -> str:
    text = value.strip("` ").replace(",", "").replace("_", "")
    try:
        return str(float(text))
    except ValueError:
        return text
