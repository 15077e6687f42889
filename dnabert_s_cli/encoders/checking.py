"""What a caller in Python may hand to an encoder, checked as the readers of files check it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..dna import LETTERS
from ..errors import DnabertSError

_BAD_LETTER = re.compile(f"[^{LETTERS}{LETTERS.lower()}Uu]")


def checked_sequences(sequences: Sequence[str]) -> Sequence[str]:
    """Return the sequences as they are.

    Raises:
        TypeError: one string in place of a list of them.
        DnabertSError: a sequence is empty or holds a letter that is no nucleotide; its index is named.
    """
    if isinstance(sequences, str):
        raise TypeError("embed takes a list of sequences; put a single one into a list: embed([sequence])")
    for index, sequence in enumerate(sequences):
        if not sequence:
            raise DnabertSError("sequence is empty", record=f"sequences[{index}]", hint="leave it out")
        bad = _BAD_LETTER.search(sequence)
        if bad is not None:
            letters = " ".join(LETTERS)
            hint = f"sequences consist of {letters} and U"
            raise DnabertSError(f"'{bad[0]}' is not a nucleotide letter", record=f"sequences[{index}]", hint=hint)
    return sequences
