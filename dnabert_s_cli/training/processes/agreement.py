"""What all processes must do alike: fail together, stop together, know the same.

An error of one process would leave the others waiting for it. So errors that can come up in one alone are held, shared,
and raised in all; the first process shows them, the others end quietly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch.distributed as dist

from ...errors import BadInputsError, DnabertSError
from .distributed import World, sum_scalars

LAUNCHER_VARIABLE = "DNABERT_S_LAUNCHER"  # process id of the launcher, where we started the processes ourselves

_Value = TypeVar("_Value")
_Fields = dict[str, object]


class SharedError(DnabertSError):
    """An error of another process, raised here so that all end together; that process, or the first, shows it."""


@dataclass(slots=True)  # not frozen: it collects
class HeldError:
    """What `held_error` caught, None for nothing."""

    error: DnabertSError | None = None


@contextmanager
def held_error() -> Iterator[HeldError]:
    """Catch a `DnabertSError` (an `OSError` becomes one), to be handed to `raise_in_all`."""
    held = HeldError()
    try:
        yield held
    except DnabertSError as error:
        held.error = error
    except OSError as error:
        held.error = DnabertSError(error.strerror or str(error), path=error.filename)


def raise_in_all(error: DnabertSError | None, world: World) -> None:
    """Raise in every process if any of them has an error; all must call this.

    Raises:
        DnabertSError: in the first process, whichever process had it.
        SharedError: in the others.
    """
    if world.size == 1:
        if error is not None:
            raise error
        return
    (n_errors,) = sum_scalars([float(error is not None)], world)
    if n_errors:
        _raise_shared(error, world)


def stop_in_all(wanted: bool, error: DnabertSError | None, *, world: World) -> bool:
    """Whether any process was asked to stop, shared with all in one exchange with their errors, as `raise_in_all`."""
    if world.size == 1:
        raise_in_all(error, world)
        return wanted
    n_errors, n_stops = sum_scalars([float(error is not None), float(wanted)], world)
    if n_errors:
        _raise_shared(error, world)
    return n_stops > 0


def from_first(value: _Value | None, world: World) -> _Value | None:
    """The first process's value, in every process; plain Python values only."""
    if world.size == 1:
        return value
    boxed = [value]
    dist.broadcast_object_list(boxed, src=0, device=world.device)
    return boxed[0]


def launcher_is_gone() -> bool:
    """Whether the `dnabert-s` that started this process was killed; nobody else would end it then."""
    launcher = os.environ.get(LAUNCHER_VARIABLE)
    return launcher is not None and os.getppid() != int(launcher)


def _raise_shared(own: DnabertSError | None, world: World) -> None:
    """Raise the error of the lowest rank that has one."""
    every: list[list[_Fields] | None] = [None] * world.size
    dist.all_gather_object(every, _fields(own) if own is not None else None)
    kind = DnabertSError if world.is_first else SharedError
    problems = [kind(**fields) for fields in next(one for one in every if one)]  # type: ignore[arg-type]  # as sent
    if world.is_first:
        raise own or (BadInputsError(problems) if len(problems) > 1 else problems[0])
    raise problems[0]


def _fields(error: DnabertSError) -> list[_Fields]:
    """The parts of an error, one mapping a problem."""
    problems = error.problems if isinstance(error, BadInputsError) else (error,)
    names = ("problem", "path", "line", "record", "hint")
    return [{name: getattr(one, name) for name in names} for one in problems]
