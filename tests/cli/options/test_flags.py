"""Groups of options as one value."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Annotated

import typer
from typer.testing import CliRunner

from dnabert_s_cli.cli.options.flags import expand_flags


@dataclass(frozen=True, slots=True)
class Size:
    """A group of two options."""

    width: Annotated[int, typer.Option("--width", "-w")] = 3
    is_round: Annotated[bool, typer.Option("--round")] = False


def draw(name: str, *, size: Size) -> None:
    """Draw it."""
    typer.echo(f"{name} {size.width} {size.is_round}")


def test_fields_stand_in_place_of_the_group() -> None:
    assert list(signature(expand_flags(draw)).parameters) == ["name", "width", "is_round"]


def test_command_gets_the_group_as_one_value() -> None:
    app = typer.Typer()
    app.command()(expand_flags(draw))
    assert CliRunner().invoke(app, ["box", "-w", "7", "--round"]).output == "box 7 True\n"
    assert CliRunner().invoke(app, ["box"]).output == "box 3 False\n"


def test_help_is_the_commands_own() -> None:
    assert expand_flags(draw).__doc__ == "Draw it."


def test_an_option_that_is_none_by_default_keeps_its_name() -> None:
    def save(*, table_format: Annotated[str | None, typer.Option("--format")] = None) -> None:
        typer.echo(table_format)

    app = typer.Typer()
    app.command()(expand_flags(save))  # Python 3.10 hides the name behind an Optional of its own
    assert CliRunner().invoke(app, ["--format", "npy"]).output == "npy\n"
