"""Letters of DNA as numbers, one for each window.

Letters -> two-bit codes -> words of neighbouring bases, by doubling (2 + 2 = 4 bases, 4 + 2 = 6) -> the word of every
window under a pattern. Beside them, also by doubling: which windows hold a letter that is no base.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np

SEPARATOR = "\n"  # no base: no window reaches over it

_TO_UPPER = 0xDF  # clears the bit that tells lower case from upper


class Scratch:
    """Arrays to be filled again and again: fresh memory costs twice what is computed in it. For one thread."""

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, length: int, *, dtype: type[np.generic]) -> np.ndarray:
        """The array of that name, with whatever was left in it. -> (length,)."""
        held = self._arrays.get(name)
        if held is None or len(held) < length or held.dtype != dtype:
            held = self._arrays[name] = np.empty(length, dtype=dtype)
        return held[:length]


class WindowCodes:
    """All windows of a text, for any number of patterns; parts that patterns share are computed once.

    A, C, G, T are 0 to 3, the first base of a window counts most. U is T, lower case is upper case. What it returns
    lies in `scratch`, until the next text.
    """

    def __init__(self, letters: str, scratch: Scratch) -> None:
        """Code each letter; what is not of Latin 1 is no base."""
        byte = np.frombuffer(letters.encode("latin-1", "replace"), dtype=np.uint8)
        self._scratch = scratch
        self._runs = {1: self._code(byte)}
        self._broken = {1: self._is_no_base(byte)}

    def words(self, pattern: str, n_windows: int) -> np.ndarray:
        """Number of the bases under the 1s of the pattern, of each of the first windows.

        (n_windows,) uint8, uint16 or uint32 for up to 4, 8 or 16 bases. Of windows that hold other letters it means
        nothing.
        """
        word: np.ndarray | None = None
        offset = n_bases = 0
        for is_looked_at, letters in groupby(pattern, key="1".__eq__):
            length = len(list(letters))
            if is_looked_at:
                run = self._run(length)[offset : offset + n_windows]
                n_bases += length
                name = pattern[: offset + length]
                word = run if word is None else self._join(name, (word, run), n_bases=n_bases, n_right=length)
            offset += length
        assert word is not None, "a pattern looks at one base at least"
        return word

    def broken(self, span_bp: int, n_windows: int) -> np.ndarray:
        """Which of the first windows of that many letters hold one that is no base. -> (n_windows,) bool."""
        return self._broken_of(span_bp)[:n_windows]

    def _run(self, length: int) -> np.ndarray:
        """Words of neighbouring bases at every position that has enough of them."""
        if length not in self._runs:
            left = 1 << (length - 1).bit_length() - 1
            n_words = len(self._runs[1]) - length + 1
            halves = self._run(left)[:n_words], self._run(length - left)[left : left + n_words]
            self._runs[length] = self._join("1" * length, halves, n_bases=length, n_right=length - left)
        return self._runs[length]

    def _join(self, name: str, halves: tuple[np.ndarray, np.ndarray], *, n_bases: int, n_right: int) -> np.ndarray:
        """Words of `n_bases` bases, the last `n_right` of them from the second half, in the smallest type that fits."""
        dtype = np.uint8 if n_bases <= 4 else np.uint16 if n_bases <= 8 else np.uint32
        left, right = halves
        joined = self._scratch.array(name, len(left), dtype=dtype)
        np.copyto(joined, left)
        joined <<= dtype(2 * n_right)
        if right.dtype != dtype:  # a separate cast takes three times as long
            widened = self._scratch.array("widened", len(right), dtype=dtype)
            np.copyto(widened, right)
            right = widened
        joined |= right
        return joined

    def _broken_of(self, span_bp: int) -> np.ndarray:
        """As `broken`, at every position that has enough letters."""
        if span_bp not in self._broken:
            half = 1 << (span_bp - 1).bit_length() - 1
            n_windows = len(self._broken[1]) - span_bp + 1
            last = span_bp - half  # the second of two that cover the window, and may overlap
            covering = self._broken_of(half)
            broken = self._scratch.array(f"broken {span_bp}", n_windows, dtype=np.bool_)
            self._broken[span_bp] = np.logical_or(covering[:n_windows], covering[last : last + n_windows], out=broken)
        return self._broken[span_bp]

    def _code(self, byte: np.ndarray) -> np.ndarray:
        """Bits two and three of an ASCII letter, put in order. (L,) uint8 -> (L,) uint8."""
        code = self._scratch.array("1", len(byte), dtype=np.uint8)
        np.right_shift(byte, 1, out=code)
        code &= 3  # A 0, C 1, G 3, T and U 2
        code ^= np.right_shift(code, 1, out=self._scratch.array("letter", len(byte), dtype=np.uint8))
        return code

    def _is_no_base(self, byte: np.ndarray) -> np.ndarray:
        """(L,) uint8 -> (L,) bool."""
        upper = np.bitwise_and(byte, _TO_UPPER, out=self._scratch.array("letter", len(byte), dtype=np.uint8))
        broken = self._scratch.array("broken 1", len(byte), dtype=np.bool_)
        differs = self._scratch.array("differs", len(byte), dtype=np.bool_)
        broken[:] = True
        for letter in b"ACGTU":
            broken &= np.not_equal(upper, letter, out=differs)
        return broken
