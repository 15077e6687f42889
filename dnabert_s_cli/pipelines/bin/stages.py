"""The slow stages of `bin`, each kept until the run is done, so that a killed run can be resumed.

Depth from alignments, sample by sample (in `depths`) -> vectors of the contigs, grown chunk by chunk as `embed` grows a
table -> both halves of some of them -> marker genes. Each stage is kept with digests of what it was made from; made
new or resumed, it gives the same numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from ...io.depth import JoinedDepth, is_alignment_file, is_cram_file
from ...io.embeddings.reading import EmbeddingTable, EmbeddingWriter, chain_digest, read_embeddings, read_npy
from ...io.files import check_input, sha256_file
from ...io.sequences import InputSummary, Record, fasta_record
from ...io.stages import StageFacts, StageFolder
from ..depth.samples import DepthInput, IsElsewhere, read_sample_depth
from ..embed.recipe import append_records, embedding_settings
from ..progress import Progress
from ..vectors.inputs import SequenceInput, input_facts, table_files
from ..vectors.tables import Vectors, read_vectors, select_rows
from .clusters import LOUVAIN
from .contigs import Contigs
from .markers import load_hits, open_profiles, save_hits, search_contigs
from .samples import Samples, refuse_catalogue, split_names

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
        separator: stands between sample and contig in each name; contigs are then binned sample by sample.
        pooled: contigs whose names look like those of several samples are binned together all the same.
    """

    contigs: SequenceInput
    embeddings_path: Path | None = None
    depth: DepthInput = field(default_factory=DepthInput)
    use_markers: bool = True
    markers_path: Path | None = None
    refined_path: Path | None = None
    taxonomy_path: Path | None = None
    separator: str | None = None
    pooled: bool = False

    def files(self) -> list[str | Path]:
        """Every file that is read."""
        refined = [] if self.refined_path is None else binning_files(self.refined_path)
        others = [path for path in (self.markers_path, self.taxonomy_path) if path is not None]
        return [*self.contigs.files(), *table_files(self.embeddings_path), *self.depth.files(), *refined, *others]


@dataclass(frozen=True, slots=True)
class Stages:
    """One run's: the input, its contigs and counts, where stages are kept, and whom to tell."""

    source: BinInput
    contigs: Contigs
    summary: InputSummary
    kept: StageFolder
    progress: Progress
    seed: int = defaults.SEED
    is_elsewhere: IsElsewhere | None = None  # files with depth of other contigs, which are left out

    def read_vectors(self) -> Vectors | None:
        """Vectors of the contigs from a table, by name; None where there is no table."""
        path = self.source.embeddings_path
        if path is None:
            return None
        made = read_vectors(path)
        table = select_rows(made.table, self.contigs.ids, lengths_bp=self.contigs.lengths_bp, path=path)
        return replace(made, table=table, inputs=[*input_facts(self.source.contigs, self.summary), *made.inputs])

    def samples(self, ids: Sequence[str]) -> Samples | None:
        """The sample of each contig by its name; None where all are binned together.

        Raises:
            DnabertSError: a name does not say its sample; or all do, and nothing was said about samples.
        """
        if self.source.separator is not None:
            return split_names(ids, self.source.separator)
        if not self.source.pooled:
            refuse_catalogue(ids)
        return None

    def embed_vectors(self, encoder: Encoder, *, in_memory: bool = True) -> tuple[Vectors, HalfPairs | None]:
        """Vectors of the contigs, and of both halves of some long ones, embedded now or by an earlier run.

        The halves are None where no contig is long enough.

        Args:
            in_memory: otherwise the vectors stay on disk, and are read as they are needed.
        """
        contigs, seed = self.contigs, self.seed
        long_enough = np.flatnonzero(contigs.lengths_bp >= 2 * defaults.MIN_HALF_BP)
        drawn = np.sort(np.random.default_rng(seed).permutation(long_enough)[: defaults.HALF_PAIRS])
        given = self.source.contigs
        wanted = frozenset(contigs.ids[row] for row in drawn)
        source = _KeepingInput(given.paths, given.min_length_bp, given.reference_path, inner=given, wanted=wanted)
        table = self._embedded(encoder, source)
        if in_memory:
            table = replace(table, embeddings=np.array(table.embeddings))
        vectors = Vectors(table, encoder, encoder.describe(), input_facts(given, self.summary))
        if len(drawn) == 0:
            return vectors, None
        rows = self._halves(encoder, source, seed=seed)
        return vectors, HalfPairs(rows[: len(drawn)], rows[len(drawn) :], contigs.lengths_bp[drawn])

    def depths(self, contigs: Contigs, samples: Samples | None) -> JoinedDepth | None:
        """Depth of these contigs in all samples; None where there is no file."""
        depth = self.source.depth
        if depth.is_empty:
            return None
        with self._with_reference(depth) as source:
            return read_sample_depth(
                source,
                contigs.ids,
                lengths_bp=contigs.lengths_bp,
                samples=() if samples is None else contigs.of_samples(samples),
                kept=self.kept,
                is_elsewhere=self.is_elsewhere,
                progress=self.progress,
            )

    @contextmanager
    def _with_reference(self, depth: DepthInput) -> Iterator[DepthInput]:
        """The same files; CRAM that comes without its reference gets the contigs."""
        if depth.reference_path is not None or not any(map(is_cram_file, depth.bam_paths)):
            yield depth
            return
        with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
            path = Path(folder) / "contigs.fa"
            with path.open("wb") as stream:
                for record in replace(self.source.contigs, min_length_bp=0).records():
                    stream.write(fasta_record(record.id, record.sequence))
            yield replace(depth, reference_path=path)

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

    def _embedded(self, encoder: Encoder, contigs: SequenceInput) -> EmbeddingTable:
        """The contigs' table, once it is whole on the disk."""
        settings = embedding_settings(encoder, contigs)
        path = self.kept.grow(_EMBEDDING, self._facts(settings)) / _TABLE_FILE
        if not path.is_file():
            self.progress.start("embedding", self.summary.total_bp, unit="bp")
            with EmbeddingWriter(path, dim=encoder.dim, settings=settings, resume=True, force=False) as writer:
                append_records(writer, contigs, encoder=encoder, share=None, progress=self.progress)
                writer.finish({})
        return read_embeddings(path)

    def _halves(self, encoder: Encoder, source: _KeepingInput, *, seed: int) -> np.ndarray:
        """Vectors of the first halves of the wanted contigs, in input order, then of the second ones, (2 * M, D)."""
        facts = self._facts({**embedding_settings(encoder, source), "seed": seed})
        folder = self.kept.find(_HALVES, facts)
        if folder is not None:
            return np.array(read_npy(folder / _HALVES_FILE))
        sequences = source.wanted_sequences()
        self.progress.start("embedding halves of contigs", sum(map(len, sequences)), unit="bp")
        halves = [sequence[: len(sequence) // 2] for sequence in sequences]
        halves += [sequence[len(sequence) // 2 :] for sequence in sequences]
        rows = encoder.embed_counted(halves, on_progress=self.progress.advance).embeddings
        with self.kept.keep(_HALVES, facts) as folder:
            np.save(folder / _HALVES_FILE, rows)
        return rows

    def _search_markers(self, table: EmbeddingTable, profiles: MarkerProfiles) -> MarkerHits:
        contigs, total_bp = self.source.contigs, self.summary.total_bp
        threads = self.source.depth.threads
        hits = search_contigs(contigs, profiles, threads=threads, total_bp=total_bp, progress=self.progress)
        if hits.n_contigs == len(table.ids):
            return hits
        known = set(table.ids)  # a table may lack contigs of the input
        return hits.of_contigs(np.array([name in known for name in self.contigs.ids]))

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


def on_disk_array(folder: Path, shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32 that need not fit in memory, in a file without a name in `folder`."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=(max(shape[0], 1), *shape[1:]))[: shape[0]]


@dataclass(frozen=True, slots=True)
class _KeepingInput(SequenceInput):
    """Sequences of which some are kept as they pass, so that they need not be read once more."""

    inner: SequenceInput | None = None
    wanted: frozenset[str] = frozenset()
    kept: dict[str, str] = field(default_factory=dict)

    def records(self) -> Iterator[Record]:
        """The records, in order."""
        for record in self._all():
            if record.id in self.wanted:
                self.kept[record.id] = record.sequence
            yield record

    def wanted_sequences(self) -> list[str]:
        """Those that are wanted, in input order; read now unless all have passed."""
        if len(self.kept) < len(self.wanted):
            return [record.sequence for record in self._all() if record.id in self.wanted]
        return list(self.kept.values())

    def _all(self) -> Iterator[Record]:
        assert self.inner is not None, "it is always given"
        return self.inner.records()


def _alignments_among(contigs: SequenceInput) -> list[DnabertSError]:
    """A problem for each BAM or CRAM file that stands where contigs belong."""
    hint = "give alignments with --bam: bin contigs.fa --bam a.bam b.bam"
    return [
        DnabertSError("is an alignment, not contigs", path=path, hint=hint)
        for path in contigs.paths
        if Path(path).is_file() and is_alignment_file(path)
    ]


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
    problems = _alignments_among(source.contigs)
    for path in [*paths, source.taxonomy_path, None if refined is None or refined.is_dir() else refined]:
        try:
            if path is not None:
                check_input(path)
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    if source.use_markers and source.markers_path is not None:
        open_profiles(source.markers_path)
