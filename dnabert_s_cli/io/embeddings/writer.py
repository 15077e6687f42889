"""Writes an embedding table chunk by chunk, so that a killed run can be resumed.

chunk -> rows and id lines appended in `<output>.partial` -> at the end the format that the suffix asks for, made block
by block -> renamed into place, the table last. The file is the same whether the run was broken or not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

from ...errors import DnabertSError
from ..files import check_output
from ..provenance import OUTPUTS_KEY, output_facts, repeatable_part, run_json
from ..resume import RESTART_HINT, disk_full_as_error
from .annotated import require_anndata, write_table_as_h5ad
from .binary import require_pyarrow, write_npz, write_parquet
from .text import write_tsv
from .unfinished import PartialFolder
from .values import EmbeddedChunk, id_lines

FORMATS = ("npy", "npz", "tsv", "parquet", "h5ad")


def chain_digest(previous: str, records: Iterable[tuple[str, str]]) -> str:
    """Digest of all input so far, from that of the chunks before ("" at first) and the next chunk's records.

    Each id and sequence is preceded by its length, so that no two inputs share a digest.
    """
    digest = blake2b(previous.encode(), digest_size=32)
    for name, sequence in records:
        name_bytes, sequence_bytes = name.encode(), sequence.encode()
        digest.update(b"%d %d\n" % (len(name_bytes), len(sequence_bytes)))
        digest.update(name_bytes)
        digest.update(sequence_bytes)
    return digest.hexdigest()


def ids_path_of(table_path: Path) -> Path:
    """Where the ids of a .npy are: emb.npy -> emb.ids.tsv."""
    return table_path.with_suffix(".ids.tsv")


def run_path_of(table_path: Path, table_format: str) -> Path:
    """Where a table's provenance is: emb.npy -> emb.run.json, emb.tsv -> emb.tsv.run.json and so on.

    Two formats of one stem must not share it, or the second would overwrite that of the first.
    """
    if table_format == "npy":
        return table_path.with_suffix(".run.json")
    return table_path.with_name(table_path.name + ".run.json")


def table_outputs(path: Path, table_format: str | None) -> tuple[Path, ...]:
    """All files of a table: itself, its ids, if they are apart, and last its run.json.

    Args:
        table_format: one of `FORMATS`; None for what the path ends in.

    Raises:
        DnabertSError: no format by that suffix.
    """
    chosen = _checked_format(path, table_format)
    ids = (ids_path_of(path),) if chosen == "npy" else ()
    return path, *ids, run_path_of(path, chosen)


class EmbeddingWriter:
    """A table in the making; a context manager.

        with EmbeddingWriter(path, dim=256, settings=settings, resume=True, force=False) as writer:
            ...                    # read past the first writer.n_chunks chunks of input
            writer.verify(digest)  # of what was read past
            writer.append(chunk, digest=digest)
            writer.finish(provenance)

    Left before `finish`, it keeps what is finished for a later run; with nothing finished it leaves nothing.

    Attributes:
        n_chunks, n_rows: finished by an earlier run that was broken off; 0 when new.
        is_complete: whether that run had appended everything, so that only `finish` is missing.
        parts_path: a folder, not made yet, for tables that are to be joined; it goes and stays with unfinished work.
    """

    def __init__(
        self,
        path: Path,
        *,
        dim: int,
        settings: Mapping[str, object],
        resume: bool,
        force: bool,
        table_format: str | None = None,
    ) -> None:
        """Open or make the partial folder.

        Args:
            settings: what the numbers depend on, as JSON values; a run is resumed only with the same. If
                `uncertainty` is true among them, every chunk states it and the ids of a .npy have one more column.
            resume: continue an unfinished run, if there is one.
            force: overwrite a finished table, and without `resume` an unfinished one too.
            table_format: one of `FORMATS`; None for what the path ends in.

        Raises:
            DnabertSError: no format by that suffix; the table exists; an unfinished run exists and neither `resume` nor
                `force` was given, or has other settings, or is still running.
        """
        path = Path(path)
        self._format = _checked_format(path, table_format)
        self._path = path
        self._dim = dim
        self._partial = PartialFolder(path, dim=dim, settings=settings)
        is_new = not self._partial.path.exists()
        if is_new:
            for output in table_outputs(path, self._format):
                check_output(output, force=force)
        try:
            self._partial.lock()
            with disk_full_as_error(self._partial.path):
                self._start(is_new=is_new, resume=resume, force=force)
        except BaseException:
            self._partial.close()
            raise
        self.n_chunks = self._partial.progress.n_chunks
        self.n_rows = self._partial.progress.n_rows
        self.is_complete = self._partial.progress.is_complete
        self.parts_path = self._partial.parts_path

    def _start(self, *, is_new: bool, resume: bool, force: bool) -> None:
        if not (is_new or resume or force):
            hint = "continue it with --resume, or start over with --force"
            raise DnabertSError("an unfinished run exists", path=self._partial.path, hint=hint)
        if resume:
            self._partial.resume()
        else:
            self._partial.begin()
        # a run that was killed while it put its files in place may replace them
        check_output(self._path, force=force or self._partial.progress.is_complete)

    def verify(self, digest: str) -> None:
        """Check that the input skipped on resuming is the input that the finished rows were made of.

        Raises:
            DnabertSError: it is not.
        """
        if digest != self._partial.progress.digest:
            hint = f"resume with the same input; {RESTART_HINT}"
            raise DnabertSError("the input has changed since the unfinished run", path=self._path, hint=hint)

    def append(self, chunk: EmbeddedChunk, *, digest: str) -> None:
        """Add a chunk's rows and make them safe.

        Args:
            digest: `chain_digest` of all input up to the end of this chunk.

        Raises:
            DnabertSError: a row is not finite, the disk is full, or the run was complete without this chunk.
        """
        if self._partial.progress.is_complete:
            raise DnabertSError(
                "the input is longer than that of the unfinished run, which was complete", path=self._path,
                hint=RESTART_HINT,
            )  # fmt: skip
        lines = id_lines(chunk, dim=self._dim)
        with disk_full_as_error(self._partial.path):
            self._partial.append(lines, chunk.embeddings, digest=digest)

    def finish(self, provenance: Mapping[str, object]) -> None:
        """Put the ids, the run.json and last the table in place, and remove the partial folder.

        Raises:
            DnabertSError: the disk is full.
        """
        with disk_full_as_error(self._partial.path):
            if not self._partial.progress.is_complete:
                self._partial.complete()
            if not self._partial.is_published():
                self._publish(provenance)
        self._partial.remove()

    def __enter__(self) -> EmbeddingWriter:
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        done = self._partial.progress
        if done.n_chunks == 0 and not done.is_complete and not self.parts_path.exists():
            self._partial.remove()
        self._partial.close()

    def _publish(self, provenance: Mapping[str, object]) -> None:
        folder, ids = self._partial.path, None
        if self._format == "npy":
            ids = ids_path_of(self._path)
            shutil.copyfile(self._partial.ids_path, folder / "ids.final")
            (folder / "ids.final").replace(ids)
            table_path = self._partial.rows_path
        else:
            table_path = folder / "table"
            self._convert(table_path, provenance)
        outputs = {self._path: table_path} | ({ids_path_of(self._path): ids} if ids is not None else {})
        facts = output_facts(outputs, folder=self._path.parent)
        (folder / "run.json").write_text(run_json({**provenance, OUTPUTS_KEY: facts}), encoding="utf-8")
        (folder / "run.json").replace(run_path_of(self._path, self._format))
        table_path.replace(self._path)

    def _convert(self, table_path: Path, provenance: Mapping[str, object]) -> None:
        ids_path, row_blocks = self._partial.ids_path, self._partial.iter_rows()
        if self._format == "npz":
            shape = (self._partial.progress.n_rows, self._dim)
            write_npz(table_path, ids_path=ids_path, row_blocks=row_blocks, shape=shape)
        elif self._format == "tsv":
            write_tsv(table_path, ids_path=ids_path, row_blocks=row_blocks, dim=self._dim)
        elif self._format == "h5ad":
            rows_path, facts = self._partial.rows_path, repeatable_part(provenance)
            write_table_as_h5ad(table_path, ids_path=ids_path, rows_path=rows_path, provenance=facts)
        else:
            write_parquet(
                table_path,
                ids_path=ids_path,
                row_blocks=row_blocks,
                dim=self._dim,
                provenance=repeatable_part(provenance),
            )


def _checked_format(path: Path, table_format: str | None) -> str:
    """The format asked for, or that of the suffix."""
    if str(path) == "-":  # `embed` streams text to it without a writer
        raise DnabertSError("this table cannot be written to standard output", hint="give a file to --output")
    chosen = table_format or path.suffix.removeprefix(".")
    if chosen not in FORMATS:
        hint = f"let the name end in .{', .'.join(FORMATS[:-1])} or .{FORMATS[-1]}, or give --format"
        raise DnabertSError(f"unknown format '{path.suffix}'", path=path, hint=hint)
    if chosen == "parquet":
        require_pyarrow(path)
    if chosen == "h5ad":
        require_anndata(path)
    return chosen
