"""Write pairs of genome pieces, and the manifest that says where each piece comes from.

pieces -> one line of CSV a pair, and one line of TSV for each stretch of a record in it -> both files, compressed as
the name of the CSV says, get their names when all is written. No time stamps: the same pairs give the same bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ...errors import DnabertSError
from ..files import atomic_path
from .rows import pair_line

_GZIP = ".gz"
_OTHER_COMPRESSIONS = frozenset((".bz2", ".xz", ".zst", ".bgz", ".zip"))
_GZIP_LEVEL = 2  # 96 MB/s at 0.32 of the size; level 6 gives 0.29 at 11 MB/s
_MANIFEST_HEADER = "row\tside\tgenome\trecord\tstart\tend\tstrand\n"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bases `start` to `end` (from 0, end excluded) of a record; strand - is their reverse complement."""

    record: str
    start: int
    end: int
    strand: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One sequence of a pair and the stretches that it was joined from, in order."""

    sequence: str
    stretches: tuple[Stretch, ...]


def manifest_path(path: str | Path) -> Path:
    """Where the manifest of a CSV goes: pairs.csv.gz -> pairs.manifest.tsv.gz."""
    return _stem(Path(path), f".manifest.tsv{_GZIP if _is_gzip(path) else ''}")


def run_json_path(path: str | Path) -> Path:
    """Where the provenance of a CSV goes: pairs.csv.gz -> pairs.run.json."""
    return _stem(Path(path), ".run.json")


def check_pairs_name(path: Path) -> None:
    """Raise `DnabertSError` for standard output, and for a name that asks for a compression that is not written."""
    if str(path) == "-" or path.suffix.lower() in _OTHER_COMPRESSIONS:
        hint = "name a file that ends in .csv or .csv.gz"
        raise DnabertSError("pairs are written plain or gzipped, to a file", path=path, hint=hint)


class PairWriter:
    """A CSV of pairs with its manifest; used in a `with`, which puts both in place or removes them."""

    def __init__(self, path: str | Path, *, write_to: Path | None = None, manifest_to: Path | None = None) -> None:
        """Nothing is opened yet.

        Args:
            path: of the CSV.
            write_to, manifest_to: where both are written, if not under their final names.
        """
        self.path = Path(path)
        self.n_pairs = 0
        self._csv_path = write_to or self.path
        self._manifest_path = manifest_to or manifest_path(self._csv_path)
        self._open = ExitStack()

    def write(self, pieces: tuple[Piece, Piece], label: str) -> None:
        """One pair of genome `label`."""
        self.n_pairs += 1
        self._csv.write(pair_line(pieces[0].sequence, pieces[1].sequence, label=label).encode())
        for side, piece in enumerate(pieces, start=1):
            self._manifest.write(self._lines(side, label, stretches=piece.stretches).encode())

    def __enter__(self) -> PairWriter:
        with self._open as outputs:  # closed here if the second cannot be opened
            self._csv = _opened(self._csv_path, outputs)
            self._manifest = _opened(self._manifest_path, outputs)
            self._manifest.write(_MANIFEST_HEADER.encode())
            self._open = outputs.pop_all()
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._open.__exit__(*error)  # type: ignore[arg-type]  # the three that Python hands over

    def _lines(self, side: int, label: str, *, stretches: Sequence[Stretch]) -> str:
        return "".join(
            f"{self.n_pairs}\t{side}\t{label}\t{one.record}\t{one.start}\t{one.end}\t{one.strand}\n"
            for one in stretches
        )


def _opened(path: Path, outputs: ExitStack) -> BinaryIO:
    raw = outputs.enter_context(outputs.enter_context(atomic_path(path)).open("wb"))
    if not _is_gzip(path):
        return raw
    return cast("BinaryIO", outputs.enter_context(gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0)))


def _is_gzip(path: str | Path) -> bool:
    return Path(path).suffix.lower() == _GZIP


def _stem(path: Path, ending: str) -> Path:
    name = path.name[: -len(_GZIP)] if _is_gzip(path) else path.name
    return path.with_name(name.removesuffix(".csv") + ending)
