"""How commands parse their words and show their help.

Typer's commands and groups, with what they lack here: `dnabert-s help COMMAND`, former names of options, help without
types of flags and without line breaks in mid-sentence, and examples at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .examples import epilog
from .options.flags import expand_flags
from .several import spread_files

_HELP = "help"
_HELP_FLAG = "--help"
_AUTO = "auto"
# Names that options had before, by command. They stay valid, without a place in the help.
FORMER_NAMES = {
    "train": {"--labelled": "--labels"},
    "evaluate bins": {"--gold": "--labels"},
    "simulate metagenome": {"--depth": "--mean-depth"},
}


class Command(TyperCommand):
    """A command with a readable help, which also takes the former names of its options."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help = unwrapped(self.help)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words after each former name has become the present one."""
        path = ctx.command_path.partition(" ")[2]
        former = FORMER_NAMES.get(path, {})
        args = spread_files([_renamed(word, former) for word in args], path)
        return super().parse_args(ctx, _with_plain_resume(args) if path == "train" else args)

    def get_params(self, ctx: Any) -> Any:
        """The parameters, with the types that a reader needs."""
        return [_with_plain_type(one) for one in super().get_params(ctx)]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`SEQUENCES... [OPTIONS]`: what is needed first, without braces."""
        options, *arguments = (piece.strip("{}") for piece in super().collect_usage_pieces(ctx))
        return [*(one.replace("}...", "...") for one in arguments), options]


class Group(TyperGroup):
    """A group of commands in which `help NAME` is `NAME --help`."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help = unwrapped(self.help)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words after `help bin` has become `bin --help`."""
        if args[:1] == [_HELP] and _HELP not in self.commands:
            args = [*args[1:], _HELP_FLAG]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """The parameters, with the types that a reader needs."""
        return [_with_plain_type(one) for one in super().get_params(ctx)]


def add_command(group: typer.Typer, path: str, *, run: Callable[..., int | None], panel: str | None = None) -> None:
    """Add a command to its group under the last word of its path, with its groups of options and its examples.

    Args:
        panel: the part of the group's help that lists it.
    """
    name = path.rpartition(" ")[2]
    group.command(name, cls=Command, epilog=epilog(path), rich_help_panel=panel)(expand_flags(run))


def unwrapped(text: str | None) -> str | None:
    """A help text with one line per paragraph, so that a terminal breaks it where it needs to."""
    if text is None:
        return None
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip()))


def _with_plain_type(parameter: Any) -> Any:
    """The parameter, whose help shows no type for a flag or an argument, and else `<int>` for `<int range>`.

    Typer before 0.29 has no such method; its help then shows types as that typer does.
    """
    show = getattr(parameter, "display_type_rich", None)
    if show is None:
        return parameter
    has_type = parameter.param_type_name == "option" and not parameter.is_flag
    parameter.display_type_rich = lambda ctx: _plain_type(show(ctx)) if has_type else ""
    return parameter


def _plain_type(shown: str) -> str:
    return re.sub(r"list\[(\w+)\]", r"\1", shown).replace(" range", "").lower()


def _renamed(word: str, former: dict[str, str]) -> str:
    name, equals, value = word.partition("=")
    return former.get(name, name) + equals + value


def _with_plain_resume(words: list[str]) -> list[str]:
    """`--resume auto` as `--resume`: it took a value before."""
    plain = [word.replace("--resume=auto", "--resume") for word in words]
    return [word for index, word in enumerate(plain) if not (word == _AUTO and plain[index - 1] == "--resume")]
