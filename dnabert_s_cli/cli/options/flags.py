"""Groups of options that a command takes as one value.

A command asks for `encoder: EncoderFlags`; what Typer sees is one option for each field of that dataclass. So a group
is written once, and a command that takes it stays as short as what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Any, Union, get_args, get_origin, get_type_hints


def expand_flags(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """The command with every parameter that is a dataclass replaced by the fields of that dataclass."""
    groups: dict[str, type[Any]] = {}
    parameters: list[Parameter] = []
    hints = get_type_hints(command, include_extras=True)
    for parameter in signature(command).parameters.values():
        kind = _bare(hints[parameter.name])
        if is_dataclass(kind) and isinstance(kind, type):
            groups[parameter.name] = kind
            parameters += _parameters_of(kind)
        else:
            parameters.append(parameter.replace(annotation=kind, kind=Parameter.KEYWORD_ONLY))

    def run(**values: Any) -> int | None:
        for name, kind in groups.items():
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
        return command(**values)

    run.__name__, run.__module__, run.__doc__ = command.__name__, command.__module__, command.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what inspect reads first
    return run


def _bare(hint: Any) -> Any:
    """The hint without the Optional that Python 3.10 puts around that of a parameter whose default is None."""
    inner = [one for one in get_args(hint) if one is not type(None)]
    return inner[0] if len(inner) == 1 and get_origin(hint) is Union and hasattr(inner[0], "__metadata__") else hint


def _parameters_of(group: type[Any]) -> list[Parameter]:
    """One parameter for each field, with its default; a field without one must be given."""
    hints = get_type_hints(group, include_extras=True)
    parameters = [Parameter(one.name, Parameter.KEYWORD_ONLY, annotation=hints[one.name]) for one in fields(group)]
    return [
        parameter if one.default is MISSING else parameter.replace(default=one.default)
        for parameter, one in zip(parameters, fields(group), strict=True)
    ]
