"""`dnabert-s models list | pull | info`."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import defaults
from ..console import print_table
from ..examples import epilog
from ..options import common as opt
from ..parsing import Group, add_command

models = typer.Typer(
    cls=Group, epilog=epilog("models"), help="List, download and inspect models.", no_args_is_help=True
)


def list_models(*, messages: opt.MessageFlags) -> None:
    """List built-in, published and cached models."""
    messages.start()
    from ...pipelines.models import list_models as run

    rows = [(row.name, row.source, row.state, f"{row.size_mb:.0f}" if row.size_mb else "") for row in run()]
    print_table(("name", "source", "state", "MB"), rows)


def pull(
    name: Annotated[str, typer.Argument(help="dnabert-s, dnabert-2, or a hub id: owner/name or owner/name@revision.")],
    *,
    messages: opt.MessageFlags,
) -> None:
    """Download a model into the Hugging Face cache."""
    messages.start()
    from ...pipelines.models import pull as run

    print_table(("model", "folder"), [run(name)])


def info(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Built-in model, folder, hub id, or hf:NAME.",
            show_default=f"${defaults.MODEL_VARIABLE} or {defaults.MODEL}",
        ),
    ] = None,
    device: opt.DeviceName = defaults.DEVICE,
    dtype: opt.DtypeName = defaults.DTYPE,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Open a model and show its source, dimension, windows and fingerprint."""
    messages.start()
    from ...pipelines.models import model_facts

    print_table(("what", "value"), model_facts(name, device=device, dtype=dtype))


add_command(models, "models list", run=list_models)
add_command(models, "models pull", run=pull)
add_command(models, "models info", run=info)
