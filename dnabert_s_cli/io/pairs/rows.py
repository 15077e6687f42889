"""Training pairs: headerless CSV of two sequences and, if there is one, a label; any row at any time.

path -> offsets of all rows (`pair_index`), for a compressed file those of a copy unpacked to disk (`unpacked`) -> one
row by one read -> cells -> checked letters -> `Pair`. Memory: 8 bytes a row, and the row.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DnabertSError, raise_together
from ..compression import BYTE_ORDER_MARK
from ..files import check_input, is_compressed
from ..sequences.records import bad_letter, clean
from .index import row_offsets
from .unpacked import UnpackedRows

_SEQUENCES = 2  # columns that hold sequences; a third one holds the label
_CELL = re.compile(rb' *(?:"([^"]*(?:""[^"]*)*)" *|([^",]*))(,|$)')
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_FIRST_ROWS = 100  # checked on opening
_MAX_ROW_BYTES = 1 << 28
_MAX_PROBLEMS = 100  # that `check_all` collects
_SHOWN = 40
_WHOLE_DIGEST_BYTES = 1 << 24  # of larger files a sample of rows is hashed
_DIGEST_ROWS = 1024
_WORD = re.compile(rb" *[A-Za-z][A-Za-z0-9_ ]*")
_MOST_ACGT = 0.5  # in a word that is none of DNA
_HINT = "a row is SEQUENCE,SEQUENCE or SEQUENCE,SEQUENCE,LABEL"


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: two sequences in upper-case IUPAC letters (T for U) and its label, None where it has none."""

    first: str
    second: str
    label: str | None = None


class PairFile:
    """A CSV of pairs: `len(pairs)` and `pairs[row]`, from any number of threads.

    Attributes:
        path: as given.
        n_columns: 2, or 3 where there are labels.
        digest: fingerprint of the content, the same plain or compressed; of more than 16 MB it covers the length of
            every row and the text of 1,024 of them.
    """

    def __init__(self, path: str | Path, *, unpack_folder: Path | None = None) -> None:
        """Find the rows of `path`, and check the first hundred and the last.

        A compressed file cannot be read at random places: it is unpacked to disk, once for all processes of the
        machine, and the copy removed by `close`.

        Args:
            unpack_folder: where that copy goes; None for the folder of temporary files (TMPDIR).

        Raises:
            DnabertSError: no such file, damaged, no row, or a bad one among those checked.
        """
        self.path = str(path)
        self._unpacked: UnpackedRows | None = None
        check_input(path)
        if not Path(path).is_file():
            hint = "write them to a file first"
            raise DnabertSError("pairs are read in random order, so this must be a file", path=path, hint=hint)
        if is_compressed(path):
            self._unpacked = UnpackedRows(Path(path), folder=unpack_folder)
            self._fileno, self._offsets = self._unpacked.fileno, self._unpacked.offsets
        else:
            self._offsets = row_offsets(Path(path))
            self._fileno = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.n_columns = self._check_first()
            self.digest = self._digest()
        except DnabertSError:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> Pair:
        """The pair of a row, counted from 0.

        Raises:
            DnabertSError: the row is no pair; names its line, counted from 1.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return _parsed(self._raw(row), self.path, line=row + 1, n_columns=self.n_columns)

    def check_all(self) -> None:
        """Read every row.

        Raises:
            DnabertSError: all problems together, up to 100.
        """
        problems: list[DnabertSError] = []
        for row in range(len(self)):
            try:
                self[row]
            except DnabertSError as error:
                problems.append(error)
            if len(problems) == _MAX_PROBLEMS:
                problem = f"not read further after {_MAX_PROBLEMS} problems"
                problems.append(DnabertSError(problem, path=self.path))
                break
        raise_together(problems)

    def close(self) -> None:
        """Close the file, and remove what was unpacked; a second time does nothing."""
        if self._fileno < 0:
            return
        if self._unpacked is not None:
            self._unpacked.close()
        else:
            os.close(self._fileno)
        self._fileno = -1

    def __enter__(self) -> PairFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_first(self) -> int:
        """Check some rows; return the number of columns."""
        if not len(self):
            raise DnabertSError("file holds no pair", path=self.path, hint=_HINT)
        first = self._raw(0)
        n_columns = len(_cells(first, self.path, line=1))
        _check_no_header(first, self.path)
        for row in [*range(min(len(self), _FIRST_ROWS)), len(self) - 1]:
            _parsed(self._raw(row), self.path, line=row + 1, n_columns=n_columns)
        return n_columns

    def _raw(self, row: int) -> bytes:
        """The text of a row, without its line end."""
        begin, end = int(self._offsets[row]), int(self._offsets[row + 1])
        if end - begin > _MAX_ROW_BYTES:
            problem = f"row of {end - begin:,} bytes; is this a CSV with one pair a line?"
            raise DnabertSError(problem, path=self.path, line=row + 1)
        raw = os.pread(self._fileno, end - begin, begin)
        if len(raw) < end - begin:
            hint = "the file must not change while it is used"
            raise DnabertSError("the file has become shorter", path=self.path, line=row + 1, hint=hint)
        return raw.removeprefix(BYTE_ORDER_MARK if row == 0 else b"").rstrip(b"\r\n")

    def _digest(self) -> str:
        lengths = np.diff(self._offsets.astype(np.int64))
        digest = hashlib.blake2b(lengths.astype("<i8").tobytes(), digest_size=16)
        n_hashed = len(self) if int(self._offsets[-1]) <= _WHOLE_DIGEST_BYTES else min(len(self), _DIGEST_ROWS)
        for row in np.linspace(0, len(self) - 1, n_hashed).astype(np.int64).tolist():
            digest.update(self._raw(row))
        return digest.hexdigest()


def pair_line(first: str, second: str, *, label: str | None = None) -> str:
    """One row as `PairFile` reads it, with its line end; a label with a comma or quotes is quoted."""
    if label is None:
        return f"{first},{second}\n"
    if _NEEDS_QUOTES.search(label):
        label = '"' + " ".join(label.split()).replace('"', '""') + '"'
    return f"{first},{second},{label}\n"


def _parsed(raw: bytes, path: str, *, line: int, n_columns: int) -> Pair:
    cells = _cells(raw, path, line=line)
    if len(cells) != n_columns:
        problem = f"has {len(cells)} columns, line 1 has {n_columns}"
        raise DnabertSError(problem, path=path, line=line, hint=_HINT)
    first, second = (_sequence(cells[n], path, line=line, column=n + 1) for n in range(_SEQUENCES))
    label = cells[_SEQUENCES] if n_columns > _SEQUENCES else b""
    try:
        return Pair(first, second, label.decode().strip() or None)
    except UnicodeDecodeError as error:
        raise DnabertSError("the label is not text in UTF-8", path=path, line=line) from error


def _cells(raw: bytes, path: str, *, line: int) -> list[bytes]:
    """The cells of a row, two or three, without the quotes around them."""
    if not raw.strip():
        raise DnabertSError("the row is empty", path=path, line=line, hint=_HINT)
    cells = raw.split(b",") if b'"' not in raw else _unquoted(raw, path, line=line)
    if len(cells) not in (_SEQUENCES, _SEQUENCES + 1):
        n_columns = f"{len(cells)} columns" if len(cells) > 1 else "one column"
        separated = "; separate the columns by commas" if b"\t" in raw or b";" in raw else ""
        problem = f"{n_columns} where two or three are expected: '{_shown(raw)}'"
        raise DnabertSError(problem, path=path, line=line, hint=_HINT + separated)
    return cells


def _unquoted(raw: bytes, path: str, *, line: int) -> list[bytes]:
    """Cells of a row with quotes in it; `csv` does not read cells of more than 131,072 letters."""
    cells: list[bytes] = []
    place = 0
    while match := _CELL.match(raw, place):
        quoted, bare, end = match.groups()
        cells.append(bare if quoted is None else quoted.replace(b'""', b'"'))
        place = match.end()
        if not end:
            return cells
    hint = "a quoted cell is one line, with quotes at both ends and doubled inside"
    raise DnabertSError(f"quotes that do not match: '{_shown(raw[place:])}'", path=path, line=line, hint=hint)


def _sequence(cell: bytes, path: str, *, line: int, column: int) -> str:
    sequence = clean(cell)
    if sequence:
        return sequence
    if sequence is None:
        bad = bad_letter(cell, path, line=None, name="")
        raise DnabertSError(f"column {column}: {bad.problem}", path=path, line=line, hint=bad.hint)
    raise DnabertSError(f"column {column}: sequence is empty", path=path, line=line, hint="remove the row")


def _check_no_header(raw: bytes, path: str) -> None:
    """Say what a first row of two words is, rather than which of its letters is no nucleotide."""
    if all(map(_is_word, _cells(raw, path, line=1)[:_SEQUENCES])):
        hint = "remove its first line: tail -n +2 FILE"
        raise DnabertSError(f"has a header, '{_shown(raw)}', but must have none", path=path, line=1, hint=hint)


def _is_word(cell: bytes) -> bool:
    if clean(cell) is not None or len(cell) > _SHOWN or not _WORD.fullmatch(cell):
        return False
    return len(cell) - len(cell.translate(None, b"ACGTacgt")) <= _MOST_ACGT * len(cell)


def _shown(raw: bytes) -> str:
    text = raw[: _SHOWN + 1].decode("utf-8", "backslashreplace")
    return text if len(raw) <= _SHOWN else f"{text[:_SHOWN]}..."
