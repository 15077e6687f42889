"""The input files of one call: sequences, tables of vectors and models, and every file that is read for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ... import defaults
from ...io.embeddings.reading import ids_path_of, run_path_of
from ...io.identity import files_of
from ...io.sequences import InputSummary, Record, read_sequences, scan_sequences

STDIN = "-"
_WORDS = "dna2vec:"  # before the file of word vectors, in the name of a model


@dataclass(frozen=True, slots=True)
class SequenceInput:
    """Sequence files of one call ("-" is standard input) and what is taken from them.

    Args:
        min_length_bp: shorter records are left out, and counted.
        reference_path: the FASTA that a CRAM was aligned to.
    """

    paths: tuple[str | Path, ...]
    min_length_bp: int = defaults.MIN_LENGTH_BP
    reference_path: Path | None = None

    @property
    def is_stream(self) -> bool:
        """Whether it can be read only once."""
        return any(str(path) == STDIN for path in self.paths)

    def files(self) -> list[str | Path]:
        """Every file that is read."""
        return [*self.paths, *reference_files(self.reference_path)]

    def scan(self, *, on_records: Callable[[Sequence[Record]], object] | None = None) -> InputSummary | None:
        """Read and check everything, all problems reported together; None for a stream, checked as it comes.

        Args:
            on_records: called with all records, in order, some thousand at a time.
        """
        if self.is_stream:
            return None
        return scan_sequences(
            self.paths,
            min_length_bp=self.min_length_bp,
            reference_path=self.reference_path,
            on_records=on_records,
        )

    def records(self) -> Iterator[Record]:
        """The records, in order."""
        return read_sequences(self.paths, min_length_bp=self.min_length_bp, reference_path=self.reference_path)


def input_facts(source: SequenceInput, summary: InputSummary | None) -> list[dict[str, object]]:
    """What provenance says of the inputs: path, format, counts and SHA-256, or just the path of a stream."""
    if summary is None:
        return [{"path": str(path)} for path in source.paths]
    return [asdict(file) for file in summary.files]


def reference_files(path: Path | None) -> list[Path]:
    """A reference and the indexes that are read with it, or made."""
    return [] if path is None else [path, *(path.with_name(path.name + end) for end in (".fai", ".gzi"))]


def table_files(path: Path | None) -> list[Path]:
    """A table of vectors with what is read beside it."""
    if path is None or str(path) == STDIN:
        return [] if path is None else [path]
    return [path, ids_path_of(path), run_path_of(path, path.suffix.removeprefix("."))]


def model_files(model: str | None) -> list[str | Path]:
    """The files of a model that is named by its place; none for a name."""
    path = Path((model or "").removeprefix(_WORDS)).expanduser()
    return list(files_of(path)) if model and path.exists() else []
