"""Where the built-in references lie: one file for each built-in model whose vectors they are of."""

from __future__ import annotations

from pathlib import Path

from ... import defaults
from ...errors import DnabertSError

_FOLDER = Path(__file__).parent / "built_in"


def find_references(model: str) -> Path:
    """The file for this built-in model; for the default model the file there is, which may be of another model.

    Raises:
        DnabertSError: there is none.
    """
    path = _FOLDER / f"{defaults.REFERENCE_MODEL if model == defaults.MODEL else model}.npz"
    if not path.is_file():
        known = ", ".join(one.stem for one in sorted(_FOLDER.glob("*.npz")))
        hint = f"there are references for {known}" if known else "give --classifier"
        raise DnabertSError(f"there are no built-in references for vectors of '{model}'", hint=hint)
    return path
