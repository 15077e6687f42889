"""FASTA as text: the one way in which all commands write it."""

from __future__ import annotations

import numpy as np

LINE_BP = 80


def fasta_record(header: str, sequence: str) -> bytes:
    """`>header`, then the sequence in lines of `LINE_BP` letters; no line for an empty one."""
    letters = np.frombuffer(sequence.encode(), dtype=np.uint8)
    n_whole = len(letters) // LINE_BP
    lines = np.full((n_whole, LINE_BP + 1), ord("\n"), dtype=np.uint8)
    lines[:, :LINE_BP] = letters[: n_whole * LINE_BP].reshape(n_whole, LINE_BP)
    rest = letters[n_whole * LINE_BP :].tobytes()
    return b"".join((f">{header}\n".encode(), lines.tobytes(), rest, b"\n" if rest else b""))
