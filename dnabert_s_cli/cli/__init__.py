"""The command line: commands by name, and the one place where errors become messages and exit codes.

0 done, 1 an error that the user can correct, 2 wrong usage, 130 Ctrl-C, 143 terminated; anything else is a defect of
ours and keeps its traceback.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import Annotated, Any

import typer

from .. import __version__
from ..errors import DnabertSError, OutputIsComplete
from .commands.bin import bin_contigs
from .commands.catalogue import catalogue
from .commands.classify import classify
from .commands.cluster import cluster
from .commands.depth import depth
from .commands.doctor import doctor
from .commands.embed import embed
from .commands.evaluate import evaluate
from .commands.evaluate_bins import evaluate_bins
from .commands.merge import merge
from .commands.models import models
from .commands.pairs import pairs
from .commands.refine import refine
from .commands.simulate import simulate
from .commands.train import train
from .console import say, show_error
from .examples import epilog
from .parsing import Group, add_command
from .streams import problem_of, secure_streams

_INTERRUPTED = 130
_TERMINATED = 143
_SEVERAL = "WORLD_SIZE"  # in the environment of each process that torchrun, or `--gpus`, has started
# The base of all wrong usage. Typer carries a click of its own from some version on, and exports only this descendant.
_UsageError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    cls=Group,
    name="dnabert-s",
    help="Species-aware DNA embeddings and metagenome binning.",
    epilog=epilog(),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# What is done most often comes first; in a panel, typer shows commands before groups of commands.
_BINS, _VECTORS, _TRAINING = "Bins and labels", "Vectors and clusters", "Training"
_MACHINE, _EVALUATION = "Models and this machine", "Evaluation"
add_command(app, "bin", run=bin_contigs, panel=_BINS)
add_command(app, "depth", run=depth, panel=_BINS)
add_command(app, "refine", run=refine, panel=_BINS)
add_command(app, "catalogue", run=catalogue, panel=_BINS)
app.add_typer(classify, name="classify", rich_help_panel=_BINS)
add_command(app, "embed", run=embed, panel=_VECTORS)
add_command(app, "merge", run=merge, panel=_VECTORS)
add_command(app, "cluster", run=cluster, panel=_VECTORS)
add_command(app, "pairs", run=pairs, panel=_TRAINING)
add_command(app, "train", run=train, panel=_TRAINING)
add_command(app, "doctor", run=doctor, panel=_MACHINE)
app.add_typer(models, name="models", rich_help_panel=_MACHINE)
add_command(evaluate, "evaluate bins", run=evaluate_bins)
app.add_typer(evaluate, name="evaluate", rich_help_panel=_EVALUATION)
app.add_typer(simulate, name="simulate", rich_help_panel=_EVALUATION)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dnabert-s {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Species-aware DNA embeddings and metagenome binning."""


def main() -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    secure_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # tables are UTF-8 whatever the locale, and ids in them the bytes that they were
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    code = run(sys.argv[1:])
    if _SEVERAL in os.environ:
        # Threads of torch.distributed that meet an interpreter on its way out abort the process now and then, long
        # after all is written; the other processes and the launcher would take that for a failure.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = app(arguments, prog_name="dnabert-s", standalone_mode=False)
        sys.stdout.flush()  # what cannot be written is an error here, and none at the very end that nobody sees
    except _UsageError as error:
        error.show()
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        show_error("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing stdout says nothing either
        return 1
    except OutputIsComplete as complete:
        say(str(complete))
        return 0
    except DnabertSError as error:
        show_error(error)
        return 1
    except (OSError, MemoryError, RuntimeError, ImportError) as error:
        problem = problem_of(error)
        if problem is None:
            raise
        show_error(problem)
        return 1
    return code if isinstance(code, int) else 0


def _terminate(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that no half-written folder stays when a scheduler ends the job."""
    del number, frame
    raise SystemExit(_TERMINATED)
