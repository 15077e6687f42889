"""A byte-pair tokenizer of our own, in the shape of DNABERT-2's.

Sequences -> words of 512 bases -> the most frequent pairs joined again and again -> tokenizer.json, as text.
Source: byte-pair encoding of genomes, DNABERT-2, Zhou et al. 2023, arXiv 2306.15006, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

SPECIAL_TOKENS = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")  # ids 0 to 4, in upstream's order
LETTERS = ("A", "C", "G", "T")
_WORD_BP = 512  # what pairs are counted in; with the 10 kb of a whole piece counting takes twice as long


def train_tokenizer(sequences: Iterable[str], *, vocab_size: int) -> str:
    """The text of a tokenizer.json with at most `vocab_size` tokens, special ones included.

    A, C, G and T are tokens whatever the sequences hold; every other letter is unknown.

    Raises:
        ValueError: `vocab_size` has no room for the special tokens and the letters.
    """
    if vocab_size < len(SPECIAL_TOKENS) + len(LETTERS):
        raise ValueError(f"vocab_size must be at least {len(SPECIAL_TOKENS) + len(LETTERS)}, not {vocab_size}")
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=list(LETTERS),
        limit_alphabet=len(LETTERS),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_words(sequences), trainer)
    first, last = SPECIAL_TOKENS[1], SPECIAL_TOKENS[2]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, 1), (last, 2)]
    )
    text: str = tokenizer.to_str(pretty=True)
    return text


def tokenizer_vocab_size(text: str) -> int:
    """Number of tokens that a tokenizer.json knows."""
    size: int = Tokenizer.from_str(text).get_vocab_size()
    return size


def _words(sequences: Iterable[str]) -> Iterator[str]:
    """Pieces of sequences; those with other letters than A, C, G, T are left out."""
    for sequence in sequences:
        for start in range(0, len(sequence), _WORD_BP):
            word = sequence[start : start + _WORD_BP]
            if not word.strip("ACGT"):
                yield word
