"""The slow stages of `bin`, each kept until the run is done, so that a killed run can be resumed.

Depth from alignments, sample by sample (in `depths`) -> vectors of the contigs, grown chunk by chunk as `embed` grows a
table -> both halves of some of them -> marker genes. Each stage is kept with digests of what it was made from; made
new or resumed, it gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.binning.assignment import HalfPairs
from ...analysis.markers.profiles import MarkerProfiles
from ...analysis.markers.search import MarkerHits
from ...encoders.embedder import Encoder
from ...errors import DnabertSError, raise_together
from ...io.bins.markers import BUILTIN_PROFILES
from ...io.bins.reading import binning_files
from ...io.embeddings.reading import EmbeddingTable, EmbeddingWriter, chain_digest, read_embeddings, read_npy
from ...io.files import check_input, sha256_file
from ...io.sequences.reading import InputSummary
from ...io.stages import StageFacts, StageFolder
from ..depth.samples import ContigDepths, DepthInput, read_sample_depth
from ..embed.recipe import append_records, embedding_settings
from ..progress import Progress
from ..vectors.inputs import SequenceInput, input_facts, table_files
from ..vectors.tables import Vectors, read_vectors, select_rows
from .clusters import LOUVAIN
from .markers import load_hits, open_profiles, save_hits, search_contigs

_EMBEDDING, _HALVES, _MARKERS = "embedding", "halves", "markers"
_TABLE_FILE, _HALVES_FILE, _HITS_FILE = "contigs.npy", "halves.npy", "hits.tsv"


@dataclass(frozen=True, slots=True)
class BinInput:
    """What is known of the sample before the start.

    Args:
        embeddings_path: a table that `embed` made from these contigs; the encoder is then not used.
        depth: BAM files and depth tables.
        use_markers: look for single-copy genes.
        markers_path: profiles of the user's own; None for the built-in ones.
        refined_path: contig2bin, biobox or folder of another tool's bins, which are divided and never joined.
        taxonomy_path: what another tool calls the contigs.
    """

    contigs: SequenceInput
    embeddings_path: Path | None = None
    depth: DepthInput = field(default_factory=DepthInput)
    use_markers: bool = True
    markers_path: Path | None = None
    refined_path: Path | None = None
    taxonomy_path: Path | None = None

    def files(self) -> list[str | Path]:
        """Every file that is read."""
        refined = [] if self.refined_path is None else binning_files(self.refined_path)
        markers = [] if self.markers_path is None else [self.markers_path]
        return [*self.contigs.files(), *table_files(self.embeddings_path), *self.depth.files(), *refined, *markers]


@dataclass(frozen=True, slots=True, eq=False)
class ContigNames:
    """Names of N contigs, and their lengths, (N,) int64."""

    ids: Sequence[str]
    lengths_bp: np.ndarray


@dataclass(frozen=True, slots=True)
class Stages:
    """One run's: the input, its counts, where stages are kept, and whom to tell."""

    source: BinInput
    summary: InputSummary
    kept: StageFolder
    progress: Progress

    def read_vectors(self) -> Vectors | None:
        """Vectors of the contigs from a table, by name; None where there is no table."""
        path = self.source.embeddings_path
        if path is None:
            return None
        made = read_vectors(path)
        names = self.names()
        table = select_rows(made.table, names.ids, lengths_bp=names.lengths_bp, path=path)
        return replace(made, table=table, inputs=[*input_facts(self.source.contigs, self.summary), *made.inputs])

    def embed_vectors(self, encoder: Encoder) -> Vectors:
        """Vectors of the contigs, embedded now or by an earlier run."""
        inputs = input_facts(self.source.contigs, self.summary)
        return Vectors(self._embedded(encoder), encoder, encoder.describe(), inputs)

    def names(self) -> ContigNames:
        """Names and lengths of the contigs, read once more."""
        found = [(record.id, len(record.sequence)) for record in self.source.contigs.records()]
        return ContigNames([name for name, _ in found], np.array([length for _, length in found], dtype=np.int64))

    def half_pairs(self, vectors: Vectors, *, seed: int) -> HalfPairs | None:
        """Both halves of some long contigs, embedded; None where there is no encoder or no contig long enough."""
        table, encoder = vectors.table, vectors.encoder
        long_enough = np.flatnonzero(table.lengths_bp >= 2 * defaults.MIN_HALF_BP)
        if encoder is None or len(long_enough) == 0:
            return None
        drawn = np.sort(np.random.default_rng(seed).permutation(long_enough)[: defaults.HALF_PAIRS])
        facts = self._facts({**embedding_settings(encoder, self.source.contigs), "seed": seed})
        folder = self.kept.find(_HALVES, facts)
        if folder is None:
            rows = self._embed_halves({table.ids[row] for row in drawn}, encoder)
            with self.kept.keep(_HALVES, facts) as folder:
                np.save(folder / _HALVES_FILE, rows)
        else:
            rows = np.array(read_npy(folder / _HALVES_FILE))
        return HalfPairs(rows[: len(drawn)], rows[len(drawn) :], table.lengths_bp[drawn])

    def depths(self, names: ContigNames) -> ContigDepths | None:
        """Depth of these contigs in all samples; None where there is no file."""
        depth = self.source.depth
        if depth.is_empty:
            return None
        lengths_bp = names.lengths_bp
        return read_sample_depth(depth, names.ids, lengths_bp=lengths_bp, kept=self.kept, progress=self.progress)

    def marker_hits(self, table: EmbeddingTable) -> MarkerHits | None:
        """Single-copy genes on the contigs of the table; None where they are not asked for."""
        source = self.source
        if not source.use_markers:
            return None
        profiles = open_profiles(source.markers_path)
        digest = sha256_file(source.markers_path or BUILTIN_PROFILES)
        names = chain_digest("", zip(table.ids, map(str, table.lengths_bp.tolist()), strict=True))
        more = {"marker profiles": [digest], "contigs with vectors": [names]}
        facts = self._facts({"min_length_bp": source.contigs.min_length_bp}, more)
        folder = self.kept.find(_MARKERS, facts)
        if folder is not None:
            return load_hits(folder / _HITS_FILE, profiles.markers, ids=table.ids)
        hits = self._search_markers(table, profiles)
        with self.kept.keep(_MARKERS, facts) as folder:
            save_hits(folder / _HITS_FILE, hits, ids=table.ids)
        return hits

    def _embedded(self, encoder: Encoder) -> EmbeddingTable:
        """The contigs' table in memory, once it is whole on the disk."""
        contigs = self.source.contigs
        settings = embedding_settings(encoder, contigs)
        path = self.kept.grow(_EMBEDDING, self._facts(settings)) / _TABLE_FILE
        if not path.is_file():
            self.progress.start("embedding", self.summary.total_bp, unit="bp")
            with EmbeddingWriter(path, dim=encoder.dim, settings=settings, resume=True, force=False) as writer:
                append_records(writer, contigs, encoder=encoder, share=None, progress=self.progress)
                writer.finish({})
        table = read_embeddings(path)
        return replace(table, embeddings=np.array(table.embeddings))

    def _embed_halves(self, chosen: Collection[str], encoder: Encoder) -> np.ndarray:
        """Vectors of the first halves of these contigs, in input order, then of the second ones, (2 * M, D) float32."""
        sequences = [record.sequence for record in self.source.contigs.records() if record.id in chosen]
        self.progress.start("embedding halves of contigs", sum(map(len, sequences)), unit="bp")
        halves = [sequence[: len(sequence) // 2] for sequence in sequences]
        halves += [sequence[len(sequence) // 2 :] for sequence in sequences]
        return encoder.embed_counted(halves, on_progress=self.progress.advance).embeddings

    def _search_markers(self, table: EmbeddingTable, profiles: MarkerProfiles) -> MarkerHits:
        contigs, total_bp = self.source.contigs, self.summary.total_bp
        threads = self.source.depth.threads
        hits = search_contigs(contigs, profiles, threads=threads, total_bp=total_bp, progress=self.progress)
        if hits.n_contigs == len(table.ids):
            return hits
        known = set(table.ids)  # a table may lack contigs of the input
        return hits.of_contigs(np.array([record.id in known for record in contigs.records()]))

    def _facts(
        self, settings: Mapping[str, object], more_inputs: Mapping[str, Sequence[str]] | None = None
    ) -> StageFacts:
        """What a stage is made from that reads the contigs."""
        inputs: dict[str, Sequence[str]] = {
            "contigs": [file.sha256 for file in self.summary.files],
            **(more_inputs or {}),
        }
        reference_path = self.source.contigs.reference_path
        if reference_path is not None:
            inputs["sequences in --reference"] = [sha256_file(reference_path)]
        return StageFacts(inputs, settings)


def check_evidence(source: BinInput, *, method: str) -> None:
    """Raise `DnabertSError` for what can be seen to be wrong before the contigs are read.

    That is files that are not there, all together, profiles that are none, and depth or bins that the method has no use
    for.
    """
    refined = source.refined_path
    evidence = {
        "depth": not source.depth.is_empty,
        "bins to refine": refined is not None,
        "a taxonomy": source.taxonomy_path is not None,
    }
    for what, is_given in evidence.items():
        if is_given and method != LOUVAIN:
            raise DnabertSError(f"{method} clusters vectors alone: it has no use for {what}", hint="use louvain")
    paths = [source.embeddings_path, *source.depth.bam_paths, *source.depth.table_paths, source.markers_path]
    problems = []
    for path in [*paths, source.taxonomy_path, None if refined is None or refined.is_dir() else refined]:
        try:
            if path is not None:
                check_input(path)
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    if source.use_markers and source.markers_path is not None:
        open_profiles(source.markers_path)
