"""`classify fit --extend`: labelled sequences of a user added to references, such as the built-in ones.

Labelled sequences -> one vector of each label, the mean of its sequences weighted by length -> the taxon of the label,
hung into the tree at the lowest of its taxa that the tree has -> the references with more clades. The calibration
stays: vectors mean what they meant. Protein k-mers stay as they are, too: those of whole genomes would not compare with
those of marker genes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ...analysis.classification.references import References
from ...analysis.neighbours import l2_normalize
from ...errors import DnabertSError
from ...io.labels.headers import read_header_labels
from ...io.labels.reading import read_labels
from ...io.labels.taxonomy import Lineage, label_text
from ...io.outputs import OutputFiles
from ..progress import Progress
from ..run_record import Existing, Run, file_facts, run_json_beside
from ..vectors.encoding import EncoderOptions, embed_in_memory
from ..vectors.inputs import SequenceInput, input_facts, table_files
from ..vectors.tables import Vectors, read_vectors
from .fit import opened_output
from .label_set import parse_labels
from .labellers import ReferenceLabeller, check_vectors, open_labeller
from .reference_store import BUILT_IN, RANKS, StoredReferences, make_tree, save_references
from .references import match_labels


@dataclass(frozen=True, slots=True)
class ExtendOptions:
    """What is added to what.

    Args:
        extended: a file of references, or "builtin".
        labels: TSV of id and label; None for labels in the headers.
        taxonomy: folder of NCBI dumps or TSV of names, where labels are taxids.
    """

    extended: str
    labels: Path | None = None
    taxonomy: Path | None = None


@dataclass(frozen=True, slots=True)
class ExtendReport:
    """What was added: clades of labels, sequences, and labels whose place in the tree is not known."""

    n_labels: int
    n_sequences: int
    unplaced: Sequence[str]
    n_clades: int
    seconds: float


def extend_from_sequences(
    source: SequenceInput,
    output: Path,
    *,
    encoder: EncoderOptions,
    options: ExtendOptions,
    existing: Existing,
    argv: Sequence[str] = (),
    progress: Progress,
) -> ExtendReport:
    """Add labelled sequences to references and write them all to `output`.

    Raises:
        DnabertSError: bad input, labels that do not match, another model, or a file of no references.
    """
    labeller = _open(options)
    if options.labels is None and source.is_stream:
        hint = "give --labels, or the sequences as a file"
        raise DnabertSError("labels in headers cannot be read from standard input", hint=hint)
    label_of = read_labels(options.labels) if options.labels else read_header_labels(source.paths)
    run = Run("classify fit", argv=argv, asked={**asdict(source), **asdict(options)})
    with opened_output(output, [*source.files(), labeller.path, options.labels], run=run, existing=existing) as files:
        summary = source.scan()
        opened = replace(encoder, model=encoder.model or str(labeller.encoder["model"])).open()
        check_vectors(labeller, opened.describe(), dim=opened.dim)
        progress.start("embedding", summary.total_bp if summary else None, unit="bp")
        table = embed_in_memory(opened, source.records(), progress=progress)
        vectors = Vectors(table, opened, opened.describe(), input_facts(source, summary))
        return _extend(vectors, label_of, output=output, labeller=labeller, options=options, files=files, run=run)


def extend_from_table(
    table: Path, output: Path, *, options: ExtendOptions, existing: Existing, argv: Sequence[str] = ()
) -> ExtendReport:
    """Add labelled vectors that `embed` made; errors as of `extend_from_sequences`."""
    if options.labels is None:
        raise DnabertSError("vectors have no headers to take labels from", path=table, hint="give --labels")
    labeller = _open(options)
    label_of = read_labels(options.labels)
    run = Run("classify fit", argv=argv, asked={"table": table, **asdict(options)})
    with opened_output(
        output, [*table_files(table), labeller.path, options.labels], run=run, existing=existing
    ) as files:
        vectors = read_vectors(table)
        check_vectors(labeller, vectors.encoder_facts, dim=vectors.table.embeddings.shape[1])
        return _extend(vectors, label_of, output=output, labeller=labeller, options=options, files=files, run=run)


def placed(lineage: Lineage, stored: StoredReferences) -> Lineage:
    """A lineage below the lowest of its taxa that the tree has; of a species alone below its genus, if it is there."""
    taxa = [taxon for taxon in lineage if taxon.rank in RANKS]
    for place in reversed(range(len(taxa))):
        for number, known in enumerate(stored.tree.taxa):
            if known.rank == taxa[place].rank and known.name == taxa[place].name:
                return (*stored.tree.lineage(number), *taxa[place + 1 :])
    if len(taxa) == 1 and taxa[0].rank == "S":
        genus = taxa[0].name.split()[0]
        for number, known in enumerate(stored.tree.taxa):
            if known.rank == "G" and known.name == genus:
                return (*stored.tree.lineage(number), taxa[0])
    return tuple(taxa)


def _open(options: ExtendOptions) -> ReferenceLabeller:
    path = None if options.extended == BUILT_IN else Path(options.extended)
    labeller = open_labeller(path)
    if not isinstance(labeller, ReferenceLabeller):
        hint = "give --extend builtin, or a file that `classify fit --extend` wrote"
        raise DnabertSError("holds a classifier, not references that can be extended", path=path, hint=hint)
    return labeller


def _extend(
    vectors: Vectors,
    label_of: Mapping[str, str],
    *,
    output: Path,
    labeller: ReferenceLabeller,
    options: ExtendOptions,
    files: OutputFiles,
    run: Run,
) -> ExtendReport:
    """Pool the vectors of each label, hang the labels into the tree, write."""
    ids = vectors.table.ids
    path = options.labels or Path(output)
    known = match_labels(label_of, ids, path=path, n_short=0, least_labels=1)
    lineages = parse_labels(known, options.taxonomy, path=path)
    names = list(dict.fromkeys(lineages[name] for name in ids if name in known))
    rows_of: dict[Lineage, list[int]] = {name: [] for name in names}
    for row, name in enumerate(ids):
        if name in known:
            rows_of[lineages[name]].append(row)
    stored = labeller.stored
    in_tree = [placed(name, stored) for name in names]
    pooled = [
        np.average(vectors.table.embeddings[rows], axis=0, weights=np.maximum(vectors.table.lengths_bp[rows], 1))
        for rows in rows_of.values()
    ]
    extended = with_clades(
        stored, in_tree, vectors=np.array(pooled, np.float32), names=[label_text(name) for name in names]
    )
    inputs = [*vectors.inputs, *file_facts(labeller.path, options.labels)]
    described = run.describe(inputs=inputs, settings={"extend": options.extended}, encoder=vectors.encoder_facts)
    save_references(files.at(output), extended)
    files.record(run_json_beside(output), described)
    unplaced = [label_text(name) for name, lineage in zip(names, in_tree, strict=True) if lineage[0].rank != "D"]
    return ExtendReport(len(names), len(known), unplaced, len(extended.clade_names), run.seconds)


def with_clades(
    stored: StoredReferences, lineages: Sequence[Lineage], *, vectors: np.ndarray, names: Sequence[str]
) -> StoredReferences:
    """References with more clades.

    Args:
        lineages: of the new clades, as they hang in the tree.
        vectors: (N, D) float32 of them.
        names: what they are called.
    """
    own = stored.references
    every = [stored.tree.lineage(number) for number in range(len(stored.tree.taxa))]
    tree, last = make_tree([*every, *lineages])
    number_of = np.array(last[: len(every)])
    added = l2_normalize((vectors - own.mean).astype(np.float32))
    sizes = np.zeros(len(tree.taxa), np.int64)
    sizes[number_of] = own.sizes
    references = References(
        tree.ancestors(),
        own.mean,
        np.concatenate([own.centres, added]),
        np.concatenate([_renumbered(own.clade_taxa, number_of), np.array(last[len(every) :], np.int64)]),
        own.kmers,
        _renumbered(own.kmer_taxa, number_of),
        sizes,
        own.sample,
    )
    return replace(stored, references=references, tree=tree, clade_names=[*stored.clade_names, *names])


def _renumbered(taxa: np.ndarray, number_of: np.ndarray) -> np.ndarray:
    return np.where(taxa < 0, taxa, number_of[taxa])
