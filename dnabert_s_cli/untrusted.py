"""What a file may hold that anybody may have made: nothing is believed before it is checked.

Around a library that reads a named file, `library_reads` turns whatever it throws into an error with that name. JSON
and whole numbers come through `parse_json` and `whole_number`; `require_room` compares a size that a file states with
the memory there is, before any is taken.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DnabertSError
from .memory import available_bytes, gib

MOST = 10**15  # of a length or count in a file: a thousand times the largest genome, and exact as float64
_DIGITS = len(str(MOST))
_REASON = 200  # letters of what a library says
_DAMAGED = "it may be truncated or damaged: copy or download it again"
_PANIC = "PanicException"  # pyo3's name for a panic
_LFS = b"version https://git-lfs.github.com/spec/"


@contextmanager
def library_reads(path: str | Path, *, problem: str = "cannot be read", hint: str = _DAMAGED) -> Iterator[None]:
    """Whatever a library throws at a file becomes a `DnabertSError` that names it.

    Put it around calls of a library alone: an error of our own code must keep its traceback. A panic of Rust code is
    no `Exception`, and of what a damaged file makes C extensions throw there is no list.
    """
    try:
        yield
    except DnabertSError:
        raise
    except MemoryError as error:
        hint = "use a machine or job with more memory, unless the file is damaged"
        raise DnabertSError("needs more memory than there is", path=path, hint=hint) from error
    except BaseException as error:  # see above
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise  # Ctrl-C and the like
        raise DnabertSError(f"{problem} ({reason_of(error)})", path=path, hint=hint) from error


def reason_of(error: BaseException) -> str:
    """What an error says, on one line; its class where it says nothing."""
    said = " ".join((getattr(error, "strerror", None) or str(error)).split())
    return said[:_REASON] if said else type(error).__name__


def parse_json(content: str | bytes, path: str | Path) -> object:
    """The value of a JSON text.

    Raises:
        DnabertSError: no JSON, not UTF-8, or nested too deeply; names the line.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = None if error.lineno == 1 else error.lineno
        raise DnabertSError(f"is not valid JSON ({error.msg})", path=path, line=line, hint=_DAMAGED) from error
    except UnicodeDecodeError as error:
        raise DnabertSError("is not text in UTF-8, as JSON must be", path=path, hint=_DAMAGED) from error
    except (RecursionError, ValueError) as error:  # nesting of thousands; a number of thousands of digits
        raise DnabertSError(f"is JSON that cannot be held ({reason_of(error)})", path=path) from error


def parse_json_object(content: str | bytes, path: str | Path) -> dict[str, object]:
    """As `parse_json`, for a JSON object."""
    parsed = parse_json(content, path)
    if not isinstance(parsed, dict):
        raise DnabertSError("does not hold a JSON object", path=path)
    return parsed


def read_json_object(path: Path) -> dict[str, object]:
    """The JSON object in a file; errors as of `parse_json`, or it cannot be read."""
    with library_reads(path):
        content = path.read_bytes()
    refuse_lfs_pointer(content, path)
    return parse_json_object(content, path)


def whole_number(text: str | bytes, *, most: int = MOST) -> int | None:
    """The number that ASCII digits make; None for anything else, and for more than `most`."""
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= most else None


def utf8_name(name: str | Path) -> str:
    """A file's name as text that any file can hold: bytes that are not UTF-8 become `\\xNN`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def require_room(n_bytes: int, path: str | Path, *, what: str) -> None:
    """Raise `DnabertSError` where a file asks for more memory than there is."""
    available = available_bytes()
    if n_bytes > available:
        hint = "use a machine or job with more memory, unless the file is damaged"
        raise DnabertSError(f"{what} would take {gib(n_bytes)}, and {gib(available)} are free", path=path, hint=hint)


def refuse_lfs_pointer(head: bytes, path: str | Path) -> None:
    """Raise `DnabertSError` if these first bytes of a file are a note of git-lfs in place of its content."""
    if head.startswith(_LFS):
        hint = "run `git lfs pull` in its folder, or download the file itself"
        raise DnabertSError("is a git-lfs pointer, not the file itself", path=path, hint=hint)
