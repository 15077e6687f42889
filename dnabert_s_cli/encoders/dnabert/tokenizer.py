"""tokenizer.json to token ids, by the `tokenizers` library.

Pieces of DNA go in; an array of ids per piece comes out, [CLS] and [SEP] included, never truncated, never padded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ...errors import DnabertSError


class DnaTokenizer:
    """A published or own tokenizer.json.

    Args:
        path: the tokenizer.json.
        vocab_size: rows of the model's word embedding; the tokenizer must not reach beyond.

    Raises:
        DnabertSError: the file is no tokenizer, or does not fit the model.
    """

    def __init__(self, path: Path, *, vocab_size: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises the bare class
            raise DnabertSError(f"not a tokenizer file ({error})", path=path) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if self._tokenizer.get_vocab_size() > vocab_size:
            raise DnabertSError(
                f"the tokenizer knows {self._tokenizer.get_vocab_size()} tokens, the model only {vocab_size}",
                path=path,
                hint="take tokenizer.json and config.json from the same model",
            )

    def encode(self, pieces: Sequence[str]) -> list[np.ndarray]:
        """Token ids of each upper-case piece, special tokens included. -> one (L,) int64 array a piece."""
        encodings = self._tokenizer.encode_batch_fast(list(pieces))
        return [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
