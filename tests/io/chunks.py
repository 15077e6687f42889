"""Small embedded chunks for the tests of tables, and a run that writes them with a writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnabert_s_cli.io.embeddings.reading import EmbeddedChunk, EmbeddingWriter, chain_digest

SETTINGS = {"model": "tnf-c", "window_bp": 100}
PROVENANCE = {"command": "embed", "seed": 0, "timings_s": {"total": 1.5}}


def make_chunk(ids: Sequence[str], *, dim: int = 3, seed: int = 0) -> EmbeddedChunk:
    rng = np.random.default_rng(seed)
    counts = np.arange(len(ids), dtype=np.int64)
    return EmbeddedChunk(
        ids=ids,
        lengths_bp=100 + counts,
        n_tokens=20 + counts,
        n_windows=1 + counts,
        embeddings=rng.standard_normal((len(ids), dim)).astype(np.float32),
    )


def three_chunks(dim: int = 3) -> list[EmbeddedChunk]:
    return [
        make_chunk([f"c{chunk}_{record}" for record in range(chunk + 2)], dim=dim, seed=chunk) for chunk in range(3)
    ]


def part_of(chunk: EmbeddedChunk, part: slice) -> EmbeddedChunk:
    return EmbeddedChunk(
        chunk.ids[part], chunk.lengths_bp[part], chunk.n_tokens[part], chunk.n_windows[part], chunk.embeddings[part]
    )


def write_chunks(
    path: Path,
    chunks: Sequence[EmbeddedChunk],
    *,
    dim: int = 3,
    resume: bool = False,
    force: bool = False,
    stop_after: int | None = None,
) -> None:
    """What a pipeline does; with `stop_after` it leaves the writer after so many chunks, unfinished."""
    with EmbeddingWriter(path, dim=dim, settings=SETTINGS, resume=resume, force=force) as writer:
        digest = ""
        for index, chunk in enumerate(chunks):
            digest = chain_digest(digest, ((name, "ACGT") for name in chunk.ids))
            if index + 1 == writer.n_chunks:
                writer.verify(digest)
            if index >= writer.n_chunks:
                writer.append(chunk, digest=digest)
            if index + 1 == stop_after:
                return
        writer.finish(PROVENANCE)


def final_files(folder: Path) -> dict[str, bytes]:
    """Name and content of all files in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
