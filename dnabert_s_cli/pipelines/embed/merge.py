"""`merge`: the shards of one table to the table.

Parts -> checked to be all shards of one call -> their rows and ids, block by block, into one table, whose numbers and
ids are to the byte what one process alone would have written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...io.embeddings.reading import (
    EmbeddingWriter,
    Part,
    chain_digest,
    part_chunks,
    read_part,
    table_outputs,
    whole_of,
)
from ...io.identity import check_apart
from ..progress import Progress
from ..run_record import Run
from ..vectors.inputs import table_files
from .recipe import TableOptions, end_if_complete


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a finished run did."""

    n_records: int
    n_shards: int
    seconds: float


def merge(
    shards: Sequence[Path], output: Path, *, writing: TableOptions, argv: Sequence[str] = (), progress: Progress
) -> MergeReport:
    """Join tables that `embed --shard` made, given in any order, into the table `output`.

    Raises:
        DnabertSError: a shard is missing, comes twice, or is of another call; existing output.
    """
    outputs = table_outputs(output, writing.table_format)
    check_apart(outputs, [file for shard in shards for file in table_files(shard)])
    asked = {"shards": list(shards), "output": output, "format": writing.table_format}
    run = Run("merge", argv=argv, asked=asked)
    end_if_complete(run, outputs, writing=writing)
    parts = whole_of([read_part(path) for path in shards])
    first = parts[0]
    with EmbeddingWriter(
        output,
        dim=first.dim,
        settings={**first.settings, "merged_shards": len(parts), "inputs_sha256": first.input_digests},
        resume=writing.resume,
        force=writing.force,
        table_format=writing.table_format,
    ) as writer:
        append_parts(writer, parts, progress=progress)
        report = MergeReport(first.shard.total_records, len(parts), run.seconds)
        described = run.describe(
            inputs=cast("Sequence[Mapping[str, object]]", first.run.get("inputs", [])),
            settings=first.settings,
            encoder=cast("Mapping[str, object]", first.run.get("encoder", {})),
        )
        writer.finish({**described, "shards": [dict(part.run) for part in parts]})
    return report


def append_parts(writer: EmbeddingWriter, parts: Sequence[Part], *, progress: Progress) -> None:
    """Append the rows of all parts that an earlier run has not appended.

    Raises:
        DnabertSError: that run joined other parts.
    """
    progress.start("merging", sum(len(part.rows) for part in parts), unit="records")
    digest, n_seen = "", 0
    for chunk in (chunk for part in parts for chunk in part_chunks(part)):
        n_seen += 1
        digest = chain_digest(digest, ((name, "") for name in chunk.ids))
        if n_seen == writer.n_chunks:
            writer.verify(digest)
        if n_seen > writer.n_chunks:
            writer.append(chunk, digest=digest)
        progress.advance(len(chunk.ids))
    if n_seen < writer.n_chunks:
        writer.verify(digest)
