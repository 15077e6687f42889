"""The documents against the commands: what is documented, what is stale, which examples can run.

Pages and the root of the command tree go in; violations come out, one line each. A command is documented where its
table of options is, which `scripts/option_tables.py` makes.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, cast

PROGRAM = "dnabert-s"

_FENCE = re.compile(r"^(<!-- no-run -->\n)?```(.*?)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- options of ([\w -]+?) -->$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_OTHER_PROGRAMS = re.compile(r"(make|pip|python|jgi|strobealign|minimap2|samtools|MetaBAT2)\b")
_OPTIONS_OF_OTHERS = {"--cvExt", "--install-completion", "--show-completion"}
_JOINS = {"|", "||", "&&", ";", "&", "(", ")"}


class Parameter(Protocol):
    """What the rules read of an option or argument."""

    name: str
    opts: list[str]
    secondary_opts: list[str]
    help: str | None
    hidden: bool
    param_type_name: str


class Command(Protocol):
    """What the rules read of a command; a group also has `commands`."""

    params: Sequence[Parameter]
    hidden: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block: its language, whether it runs (no-run stands before it otherwise), its code, its line."""

    language: str
    runs: bool
    code: str
    line: int


def examples(page: str) -> list[Example]:
    """Return the fenced blocks of a page in order."""
    found = []
    for match in _FENCE.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        found.append(Example(match[2], match[1] is None, match[3], line))
    return found


def commands(root: Command, path: str = PROGRAM) -> dict[str, Command]:
    """Return path -> command for the whole tree, groups included, hidden ones left out."""
    found = {path: root}
    for name, below in _below(root).items():
        if not below.hidden:
            found |= commands(below, f"{path} {name}")
    return found


def undocumented(pages: Iterable[str], root: Command) -> list[str]:
    """Return commands that take options and have no table of options, or more than one, on any of the pages."""
    counts = Counter(path for page in pages for path in _MARK.findall(page))
    expected = {path for path, command in commands(root).items() if _options(command)}
    problems = [f"{path}: {counts[path]} tables of options" for path in sorted(expected) if counts[path] != 1]
    return problems + [f"{path}: no such command" for path in sorted(counts.keys() - commands(root).keys())]


def unexplained(root: Command) -> list[str]:
    """Return options without a help text, which would be an empty row of a table."""
    return [
        f"{path}: {one.opts[0]} has no help"
        for path, command in commands(root).items()
        for one in _options(command)
        if not one.help
    ]


def gone(page: str, root: Command) -> list[str]:
    """Return options that a page's prose names in backticks, alone or behind a word, and no command has."""
    known = set().union(*map(_option_names, commands(root).values())) | {"-h", "--help", *_OPTIONS_OF_OTHERS}
    spans = (span for span in _CODE.findall(_FENCE.sub("", page)) if not _OTHER_PROGRAMS.match(span))
    return sorted({word for span in spans for word in _words(span) if word not in known})


def letters(root: Command) -> dict[str, set[str]]:
    """Return what each one-letter option is short for, over all commands."""
    found: dict[str, set[str]] = {}
    for command in commands(root).values():
        for one in _options(command):
            for short in (name for name in one.opts if not name.startswith("--")):
                found.setdefault(short, set()).update(name for name in one.opts if name.startswith("--"))
    return found


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


def plain_invocations(code: str) -> list[list[str]] | None:
    """Return the arguments of each line if all are plain calls of the program, which need no shell; else None."""
    lines = [line for line in code.replace("\\\n", " ").splitlines() if line.strip()]
    if all(line.startswith(f"{PROGRAM} ") and not set(line) & set("|&;<>$*()`{}") for line in lines):
        return [shlex.split(line, comments=True)[1:] for line in lines]
    return None


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
    return names - {"-h", "--help"}


def _words(span: str) -> list[str]:
    return [word for word in re.split(r"[\s,/=|]+", span) if re.fullmatch(r"--?[A-Za-z][\w-]*", word)]
