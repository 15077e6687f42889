"""`embed`: sequence files to a table of vectors.

Inputs are checked whole, then read again in chunks; each chunk is embedded and appended to the table, which gets its
name when it is complete. A run that was killed resumes after its last finished chunk.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

from ...encoders.embedder import Encoder
from ...errors import DnabertSError
from ...io.embeddings.reading import EmbeddingWriter, TsvStream, chain_digest, table_outputs, unfinished_path
from ...io.identity import check_apart
from ...io.sequences import Record
from ..progress import Progress
from ..run_record import Run
from ..vectors.chunks import Share, record_chunks
from ..vectors.encoding import EncoderOptions, embed_chunk
from ..vectors.inputs import SequenceInput, input_facts, model_files
from ..vectors.work_behind import WorkBehind


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is written.

    Args:
        table_format: npy, npz, tsv or parquet; None for what the path ends in.
        resume: continue an interrupted run, if there is one.
        force: overwrite a finished table.
    """

    table_format: str | None = None
    resume: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What a finished run did; a resumed one counts the runs before it, too."""

    n_records: int
    total_bp: int
    dim: int
    seconds: float


def embed(
    source: SequenceInput,
    output: Path,
    *,
    options: EncoderOptions,
    writing: TableOptions,
    argv: Sequence[str] = (),
    progress: Progress,
) -> EmbedReport:
    """Embed every record of `source` into the table `output`, in input order.

    Raises:
        DnabertSError: bad input (all problems together), no such model or device, existing output.
    """
    run = start_run("embed", source, output=output, options=options, writing=writing, argv=argv)
    encoder = options.open()
    settings = embedding_settings(encoder, source)
    with EmbeddingWriter(
        output,
        dim=encoder.dim,
        settings={**settings, "processes": 1},
        resume=writing.resume,
        force=writing.force,
        table_format=writing.table_format,
    ) as writer:
        summary = source.scan()
        progress.start("embedding", summary.total_bp if summary else None, unit="bp")
        n_records, total_bp = append_records(writer, source, encoder=encoder, share=None, progress=progress)
        report = EmbedReport(n_records, total_bp, encoder.dim, run.seconds)
        inputs = input_facts(source, summary)
        writer.finish(run.describe(inputs=inputs, settings=settings, encoder=encoder.describe()))
    return report


def start_run(
    command: str,
    source: SequenceInput,
    *,
    output: Path,
    options: EncoderOptions,
    writing: TableOptions,
    argv: Sequence[str],
    shard: tuple[int, int] | None = None,
) -> Run:
    """The record of a run, once its outputs are known to be apart from its inputs.

    Raises:
        DnabertSError: they are not, or no format by that suffix.
        OutputIsComplete: with `resume`, the same run has been completed.
    """
    outputs = table_outputs(output, writing.table_format)
    check_apart(outputs, [*source.files(), *model_files(options.model)])
    asked = {**asdict(source), **asdict(options), "output": output, "format": writing.table_format, "shard": shard}
    run = Run(command, argv=argv, asked=asked)
    end_if_complete(run, outputs, writing=writing)
    return run


def end_if_complete(run: Run, outputs: Sequence[Path], *, writing: TableOptions) -> None:
    """Raise `OutputIsComplete` if `resume` is asked for and this run has been completed; errors as of `Run`."""
    is_there = outputs[0].is_file() and not unfinished_path(outputs[0]).exists()
    if writing.resume and not writing.force and is_there:
        run.require_complete(outputs[0], outputs[-1])


def embed_to_stdout(
    source: SequenceInput, options: EncoderOptions, *, table_format: str, progress: Progress
) -> EmbedReport:
    """Embed every record of `source` and write the table to standard output.

    TSV is written while it grows; another format is copied when all is done (and .npy holds no names).
    """
    if table_format == "tsv":
        return _embed_to_text(source, sys.stdout, options=options, progress=progress)
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
        table = Path(folder) / f"table.{table_format}"
        report = embed(source, table, options=options, writing=TableOptions(), progress=progress)
        with table.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    return report


def embedding_settings(encoder: Encoder, source: SequenceInput) -> dict[str, object]:
    """What the numbers of a table depend on, apart from the sequences."""
    return {**encoder.describe(), "min_length_bp": source.min_length_bp}


def append_records(
    writer: EmbeddingWriter, source: SequenceInput, *, encoder: Encoder, share: Share | None, progress: Progress
) -> tuple[int, int]:
    """Embed the records of a share (None: all) that an earlier run has not finished; how many there are, and bases.

    Raises:
        DnabertSError: the input is not that of the earlier run, or not what it was when the shares were made.
    """
    n_records = total_bp = 0

    def embed_and_append(chunk: list[Record], digest: str, *, shown: Progress) -> None:
        writer.append(embed_chunk(encoder, chunk, progress=shown), digest=digest)

    with WorkBehind(progress) as behind:
        for chunk, digest, is_new in _with_digests(source, writer, share=share):
            chunk_bp = sum(len(record.sequence) for record in chunk)
            if is_new:
                behind.submit(partial(embed_and_append, chunk, digest, shown=behind.progress))
            else:
                progress.advance(chunk_bp)
            n_records, total_bp = n_records + len(chunk), total_bp + chunk_bp
    if share is not None and n_records != share.shard.n_records:
        raise DnabertSError("the input has changed while it was read", path=source.paths[0])
    return n_records, total_bp


def _embed_to_text(
    source: SequenceInput, stream: TextIO, *, options: EncoderOptions, progress: Progress
) -> EmbedReport:
    """TSV to a stream, a chunk at a time."""
    started = time.monotonic()
    encoder = options.open()
    summary = source.scan()
    progress.start("embedding", summary.total_bp if summary else None, unit="bp")
    table = TsvStream(stream, dim=encoder.dim)
    n_records = total_bp = 0
    for chunk in record_chunks(source.records()):
        table.append(embed_chunk(encoder, chunk, progress=progress))
        n_records += len(chunk)
        total_bp += sum(len(record.sequence) for record in chunk)
    return EmbedReport(n_records, total_bp, encoder.dim, time.monotonic() - started)


def _with_digests(
    source: SequenceInput, writer: EmbeddingWriter, *, share: Share | None
) -> Iterator[tuple[list[Record], str, bool]]:
    """Chunks of the share, the digest of all of it up to each, and whether it is still to be embedded.

    Raises:
        DnabertSError: the chunks that an earlier run finished are not those of this input.
    """
    chunks = record_chunks(source.records())
    ours = chunks if share is None else islice(chunks, share.first_chunk, share.end_chunk)
    digest = ""
    n_seen = 0
    for n_seen, chunk in enumerate(ours, start=1):
        digest = chain_digest(digest, ((record.id, record.sequence) for record in chunk))
        if n_seen == writer.n_chunks:
            writer.verify(digest)
        yield chunk, digest, n_seen > writer.n_chunks
    if n_seen < writer.n_chunks:
        writer.verify(digest)
