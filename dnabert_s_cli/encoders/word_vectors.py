"""Vectors of k-mers learned elsewhere, as an encoder: the mean over a sequence of the vectors of its k-mers.

Text of word2vec (`n dim`, then a word and its numbers on each line) -> a matrix with a row for each k-mer -> counts of
a sequence's k-mers -> frequencies times the matrix. The published dna2vec file (Ng 2017, arXiv 1701.06279) holds words
of 3 to 8 bases; those of `WORD_K` bases are taken, as in the baseline DNA2Vec of Zhou et al. 2024, arXiv 2402.08777.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import defaults
from ..dna import reverse_complement, upper_dna
from ..errors import DnabertSError
from .checking import checked_sequences
from .embedder import Embedded, OnProgress, ignore_progress
from .kmer.counts import MAX_K, count_kmers, frequencies, kmer_names

WORDS_PREFIX = "dna2vec:"
_BASES = frozenset("ACGT")
_GZIP = b"\x1f\x8b"
_MOST_WORDS = 200_000  # all k-mers of up to 8 bases are 87,380


@dataclass(frozen=True, slots=True, eq=False)
class WordVectorEncoder:
    """An `Encoder` whose vector is the mean of its k-mers' vectors.

    Args:
        matrix: (4^k, D) float64, rows as `kmer_names(k)`.
    """

    name: str
    fingerprint: str
    k: int
    matrix: np.ndarray
    strand: str = defaults.STRAND
    threads: int = 1

    @property
    def dim(self) -> int:
        """Length D of each vector."""
        return int(self.matrix.shape[1])

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""
        facts = {"model": self.name, "fingerprint": self.fingerprint, "dim": self.dim}
        return {**facts, "k": self.k, "strand": self.strand}

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector per sequence, in input order; zero for one without a k-mer. -> (N, D) float32."""
        return self._vectors(checked_sequences(sequences))

    def _vectors(self, sequences: Sequence[str]) -> np.ndarray:
        vectors = self._means(sequences)
        if self.strand == "both":
            reverse = [reverse_complement(upper_dna(sequence)) for sequence in sequences]
            vectors = (vectors + self._means(reverse)) / 2
        return vectors.astype(np.float32)

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`; a token is a k-mer, counted or not, and every sequence is one window."""
        n_tokens = np.array([max(len(sequence) - self.k + 1, 0) for sequence in sequences], dtype=np.int64)
        vectors = self._vectors(sequences)
        on_progress(sum(map(len, sequences)))
        return Embedded(vectors, n_tokens, np.ones(len(sequences), dtype=np.int64))

    def _means(self, sequences: Sequence[str]) -> np.ndarray:
        shares = frequencies(count_kmers(sequences, self.k, threads=self.threads))
        # einsum, unlike a product by BLAS, adds up in one order whatever the number of threads or rows
        means: np.ndarray = np.einsum("nk,kd->nd", shares, self.matrix)
        return means


def open_word_vectors(path: Path, *, name: str, strand: str, threads: int) -> WordVectorEncoder:
    """The encoder of a file in word2vec's text format, plain or gzip.

    Its k is `WORD_K`, or where the file has only words of another length, that.

    Raises:
        DnabertSError: no such file, not that format, or some k-mers are missing; names the line.
    """
    if not path.is_file():
        raise DnabertSError("no such file of word vectors", path=path, hint=f"give {WORDS_PREFIX}FILE")
    raw = path.read_bytes()
    vectors = dict(_read_words(raw, path))
    lengths = sorted({len(word) for word in vectors})
    k = defaults.WORD_K if defaults.WORD_K in lengths or len(lengths) != 1 else lengths[0]
    if k > MAX_K:
        raise DnabertSError(f"holds only words of {k} bases; at most {MAX_K} can be counted", path=path)
    missing = [word for word in kmer_names(k) if word not in vectors]
    if missing:
        hint = f"the file must hold every word of {k} bases"
        raise DnabertSError(f"lacks {len(missing)} of {4**k} words, such as {missing[0]}", path=path, hint=hint)
    matrix = np.array([vectors[word] for word in kmer_names(k)])
    return WordVectorEncoder(name, hashlib.sha256(raw).hexdigest(), k, matrix, strand, threads)


def _read_words(raw: bytes, path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Each word of bases and its vector (D,) float64; other words, such as those with N, are passed over."""
    try:
        lines = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("ascii").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DnabertSError(f"is not a text file of word vectors ({error})", path=path) from error
    n_words, dim = _header(lines[0] if lines else "", path)
    if len(lines) - 1 < n_words:
        raise DnabertSError(f"ends after {len(lines) - 1} of {n_words} words", path=path, line=len(lines))
    for line, text in enumerate(lines[1 : n_words + 1], start=2):
        word, *numbers = text.split() or [""]
        if len(numbers) != dim:
            raise DnabertSError(f"has {len(numbers)} numbers, the header says {dim}", path=path, line=line, record=word)
        try:
            vector = np.array(numbers, dtype=np.float64)
        except ValueError as error:
            raise DnabertSError(
                f"holds something that is not a number: {error}", path=path, line=line, record=word
            ) from error
        if not np.isfinite(vector).all():
            raise DnabertSError("holds a number that is not finite", path=path, line=line, record=word)
        if _BASES.issuperset(word.upper()):
            yield word.upper(), vector


def _header(text: str, path: Path) -> tuple[int, int]:
    """Number of words and length of their vectors."""
    parts = text.split()
    hint = "the first line of word2vec's text format holds two numbers: words, dimension"
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or not int(parts[1]):
        raise DnabertSError(f"does not begin with two numbers: '{text[:40]}'", path=path, line=1, hint=hint)
    if int(parts[0]) > _MOST_WORDS:
        raise DnabertSError(f"announces {parts[0]} words, more than k-mers make", path=path, line=1, hint=hint)
    return int(parts[0]), int(parts[1])
