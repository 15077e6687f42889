"""The last step of `bin`: bins of the contigs to everything in the output folder.

Bins that this run made -> with those of an earlier run, where samples are added -> species over samples, FASTA, names,
tables, map, run.json, report, and what is kept for the next sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ....analysis.binning.assignment import HalfPairs
from ....io.bins.contig_table import ContigRow, write_contig_table
from ....io.bins.markers import BUILTIN_PROFILES
from ....io.bins.stats import BinStats
from ....io.bins.writing import SpeciesRow
from ....io.files import sha256_file
from ....io.folders import OWN_MARK
from ....io.provenance import plain_value, write_run_json
from ....io.sequences.reading import InputSummary
from ...classify.reference_store import StoredReferences
from ...progress import Progress
from ...run_record import Run, file_facts, without_idle
from ...vectors.encoding import EncoderOptions
from ...vectors.tables import Vectors
from ..naming import BinNamer
from ..outputs import (
    CONTIG_TABLE,
    BinnedContigs,
    BinOptions,
    map_contigs,
    write_bin_report,
    write_fasta,
    write_multiqc_files,
    write_tables,
)
from ..species import link_species
from ..stages import BinInput
from .annotated import H5adFile, annotated_contigs
from .contig_table import judge_contigs, with_chimerism
from .joining import Addition
from .kept import KEPT, keep_samples

_SHARED_OUTPUTS = ("gzip", "unbinned", "names", "prefix", "strip_sample")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything goes: a folder in the making, what it will be called, options as used, those that a later
    run must share to add a sample, and references that name bins, None for the built-in ones.
    """

    folder: Path
    name: str
    h5ad: H5adFile
    options: BinOptions
    shared: Mapping[str, object]
    references: StoredReferences | None
    progress: Progress


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What this run has binned, and from what; `summary` counts all contigs of the input, `halves` are of some."""

    binned: BinnedContigs
    source: BinInput
    vectors: Vectors
    depth_inputs: Sequence[Mapping[str, object]]
    summary: InputSummary
    halves: HalfPairs | None = None


def shared_settings(source: BinInput, encoder: EncoderOptions, *, options: BinOptions) -> dict[str, object]:
    """What all samples of one output have in common, as JSON values by name."""
    profiles = sha256_file(source.markers_path or BUILTIN_PROFILES) if source.use_markers else None
    asked = {
        **asdict(options.clustering),
        **{name: value for name, value in asdict(encoder).items() if name != "model"},
        **{name: getattr(options.outputs, name) for name in _SHARED_OUTPUTS},
        "min_bin_bp": options.min_bin_bp,
        "min_length_bp": source.contigs.min_length_bp,
        "separator": source.separator,
        "marker_profiles": profiles,
        "references": None if options.outputs.references is None else sha256_file(options.outputs.references),
    }
    plain = without_idle(plain_value(asked))
    assert isinstance(plain, dict), "it was one"
    return plain


def write_results(
    place: Place, own: Own, *, addition: Addition | None, run: Run
) -> tuple[list[BinStats], list[SpeciesRow] | None]:
    """Write everything; returns the bins with their names, and species where there are samples."""
    folder, options = place.folder, place.options
    binned = own.binned if addition is None else addition.joined(own.binned)
    stats, species = _with_species(binned, seed=options.clustering.seed)
    taxa = write_fasta(folder, own.source.contigs, binned=own.binned, namer=_namer(place, own), options=options.outputs)
    if addition is not None:
        addition.copy_bins(folder, options=options.outputs)
        taxa = None if taxa is None else addition.taxa | taxa
    if options.outputs.contig_table:
        rows = _judged(place, own)
        write_contig_table(folder / CONTIG_TABLE, rows)
        stats = with_chimerism(stats, rows)
    stats = write_tables(folder, binned, stats=stats, species=species, taxa=taxa, options=options.outputs)
    write_multiqc_files(folder, binned, stats=stats, options=options.outputs, summary=own.summary)
    if binned.bins.separator is not None:
        keep_samples(folder / KEPT, binned, settings=place.shared, encoder=own.vectors.encoder_facts)
    shown = None
    if options.outputs.report or place.h5ad.path is not None:
        seed, threads = options.clustering.seed, options.clustering.threads
        shown = map_contigs(binned, seed=seed, threads=threads, progress=place.progress)
    run.note("writing")
    facts = _describe(run, own, binned=binned, options=options, addition=addition)
    write_run_json(folder / OWN_MARK, facts)
    if shown is not None and options.outputs.report:
        write_bin_report(folder, shown, stats=stats, run=facts, title=place.name, summary=own.summary)
    if shown is not None:
        place.h5ad.write(annotated_contigs(binned, shown=shown, stats=stats, run=facts), folder)
    return stats, species


def _judged(place: Place, own: Own) -> list[ContigRow]:
    """What is known of each contig in its bin."""
    return judge_contigs(
        own.binned,
        own.source.contigs,
        encoder=own.vectors.encoder,
        halves=own.halves,
        seed=place.options.clustering.seed,
        progress=place.progress,
    )


def _with_species(binned: BinnedContigs, *, seed: int) -> tuple[list[BinStats], list[SpeciesRow] | None]:
    """What each bin adds up to; where there are samples, with species that link them."""
    stats = binned.stats()
    if binned.bins.samples is None:
        return stats, None
    lengths_bp, numbers = binned.contigs.lengths_bp, binned.bins.of_contigs
    return link_species(stats, binned.embeddings, bins=numbers, lengths_bp=lengths_bp, seed=seed)


def _namer(place: Place, own: Own) -> BinNamer | None:
    """What says what the bins are; None where that is not asked for."""
    if not place.options.outputs.names:
        return None
    numbers, threads = own.binned.bins.of_contigs, place.options.clustering.threads
    return BinNamer(
        own.binned.contigs,
        numbers,
        vectors=own.vectors,
        references=place.references,
        threads=threads,
        progress=place.progress,
    )


def _describe(
    run: Run, own: Own, *, binned: BinnedContigs, options: BinOptions, addition: Addition | None
) -> dict[str, object]:
    """The content of run.json; `options` as used."""
    source = own.source
    settings = {**asdict(options), "min_contig_bp": source.contigs.min_length_bp, "markers": source.use_markers}
    if (separator := binned.bins.separator) is not None:
        samples = list(dict.fromkeys(name.partition(separator)[0] for name in binned.contigs.ids))
        settings |= {"separator": separator, "samples": samples}
    if addition is not None:
        settings["added_samples"] = list(addition.samples)
    return run.describe(
        encoder=own.vectors.encoder_facts,
        inputs=[
            *own.vectors.inputs,
            *own.depth_inputs,
            *file_facts(source.refined_path, source.markers_path, source.taxonomy_path, options.outputs.references),
        ],
        settings=settings,
    )
