"""tokenizer.json to token ids, by the `tokenizers` library.

Pieces of DNA go in; an array of ids per piece comes out, [CLS] and [SEP] included, never truncated, never padded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ...errors import DnabertSError
from ...untrusted import library_reads, read_json_object

_EVERY_LETTER = "ACGTNRYSWKMBDHV"
_HINT = "take tokenizer.json, config.json and weights from the same model"
_TEMPLATE = "TemplateProcessing"


class DnaTokenizer:
    """A published or own tokenizer.json.

    Args:
        path: the tokenizer.json.
        vocab_size: rows of the model's word embedding; the tokenizer must not reach beyond.

    Raises:
        DnabertSError: the file is no tokenizer, cannot read DNA, or does not fit the model.
    """

    def __init__(self, path: Path, *, vocab_size: int) -> None:
        _check_template(read_json_object(path), path)
        with library_reads(path, problem="not a tokenizer file", hint=_HINT):
            self._tokenizer = Tokenizer.from_file(str(path))
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            last_id = max(self._tokenizer.get_vocab().values(), default=-1)
        if last_id >= vocab_size:
            problem = f"the tokenizer knows {last_id + 1} tokens, the model only {vocab_size}"
            raise DnabertSError(problem, path=path, hint=_HINT)
        with library_reads(path, problem="the tokenizer cannot read DNA", hint=_HINT):
            tried = [one.ids for one in self._tokenizer.encode_batch_fast([_EVERY_LETTER, ""])]
        if not all(0 <= token < vocab_size for ids in tried for token in ids):
            raise DnabertSError("the tokenizer gives tokens that the model does not know", path=path, hint=_HINT)

    def encode(self, pieces: Sequence[str]) -> list[np.ndarray]:
        """Token ids of each upper-case piece, special tokens included. -> one (L,) int64 array a piece."""
        encodings = self._tokenizer.encode_batch_fast(list(pieces))
        return [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]


def _check_template(described: dict[str, object], path: Path) -> None:
    """See that special tokens of a template are told: the library, which is Rust, panics at those that are not."""
    processors = [described.get("post_processor")]
    while processors:
        one = processors.pop()
        if not isinstance(one, dict):
            continue
        inner = one.get("processors")
        processors += inner if isinstance(inner, list) else []
        known, pieces = one.get("special_tokens"), one.get("single")
        if one.get("type") != _TEMPLATE or not isinstance(known, dict) or not isinstance(pieces, list):
            continue
        wanted = [piece["SpecialToken"] for piece in pieces if isinstance(piece, dict) and "SpecialToken" in piece]
        missing = [token.get("id") for token in wanted if isinstance(token, dict) and token.get("id") not in known]
        if missing:
            raise DnabertSError(f"its template names the token '{missing[0]}', which it lacks", path=path, hint=_HINT)
