"""How sure a name is: genomes of known species, named without their own species, genus or family.

Genomes -> pieces of 0.5 to 50 kb, and bins: whole, in part, and with contigs of another genome among them ->
evidence for names, by all references and with those of the genome's species, genus and family left out; and pieces of
viruses and eukaryotes, each without its own clade -> at each rank a logistic curve of the evidence, and the
probability from which names are right as often as asked for, by species that did not fit the curve.

    python calibrate.py markers.fasta clades.tsv parts.npz genomes.tsv calibration.json --model kmer-s

genomes.tsv: columns genome, path (FASTA of its contigs), taxid (NCBI; of the genus where the species has no name).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lineages import lineage_of
from parts import SAMPLE, Parts, clade_genes, in_frame, load_parts, read_clades
from sklearn.linear_model import LogisticRegression

from dnabert_s_cli import load_encoder
from dnabert_s_cli.analysis.classification.naming import probabilities_of
from dnabert_s_cli.analysis.classification.references import FEATURES, NO_TAXON
from dnabert_s_cli.encoders.embedder import Encoder
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.classify.reference_store import BINS, RANKS, SEQUENCES, VECTORS

LENGTHS_BP = {500: 20, 1_000: 20, 2_500: 30, 10_000: 20, 50_000: 10}  # pieces of each, of a genome
BIN_BP = 1_000_000.0
SHARES = {"": 0.50, "S": 0.25, "G": 0.15, "F": 0.10}  # of what is left out, in the mixture that thresholds are for
BACKGROUND_SHARE = 0.1
PRECISIONS = {"D": 0.99, "P": 0.985, "C": 0.98, "O": 0.97, "F": 0.96, "G": 0.96, "S": 0.95}
MOST_BACKGROUND = 0.03  # share of the background that may get any name
N_FOLDS = 10
INVERSE_PENALTY = 1.0
_LONGEST_BP, _SHORTEST_BP = 80_000, 1_500


@dataclass(frozen=True, slots=True, eq=False)
class Contigs:
    """Of one genome: N sequences, their lengths, vectors and k-mers."""

    sequences: Sequence[str]
    lengths_bp: np.ndarray
    vectors: np.ndarray
    kmers: Sequence[np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """Things to name, all of one genome: vectors, k-mers, and what kind each is: a length, or 0 for a bin."""

    vectors: np.ndarray
    kmers: Sequence[np.ndarray]
    kinds: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Evidence (N, R, F) of things named, whether each rank was right (N, R; 1, 0, -1 for unknown), kind, weight,
    group: what shares one is held out together."""

    features: np.ndarray
    right: np.ndarray
    kinds: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    left_out: np.ndarray


def main() -> None:
    """Judge genomes and background, fit, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("markers", type=Path)
    parser.add_argument("clades", type=Path)
    parser.add_argument("parts", type=Path, help="what parts.py kept for this model")
    parser.add_argument("genomes", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("--model", default="kmer-s")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.model)
    parts = load_parts(arguments.parts, read_clades(arguments.clades))
    judged = [*judge_genomes(parts, arguments.genomes, encoder), *judge_background(parts, arguments.markers, encoder)]
    both = Judged(*(np.concatenate([getattr(one, name) for one in judged]) for name in Judged.__slots__))
    found: dict[str, object] = {"model": encoder.describe(), "n_genomes": len(read_genomes(arguments.genomes))}
    contigs = {
        kind: [fit(both, length, has_votes=kind == SEQUENCES) for length in LENGTHS_BP] for kind in (SEQUENCES, VECTORS)
    }
    found |= {**contigs, BINS: [fit(both, 0, has_votes=True)]}
    arguments.calibration.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_genomes(path: Path) -> list[tuple[str, Path, int]]:
    """Name, FASTA and taxid of each genome."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return [(name, path.parent / file, int(taxid)) for name, file, taxid in rows]


def judge_genomes(parts: Parts, genomes: Path, encoder: Encoder) -> Iterator[Judged]:
    """Evidence for the names of all genomes, with more and more of the references left out."""
    rng = np.random.default_rng(0)
    former: Contigs | None = None
    for name, path, taxid in read_genomes(genomes):
        contigs = embed_contigs(contig_like([record.sequence for record in read_sequences([path])], rng), encoder)
        queries = genome_queries(contigs, former, encoder, rng=rng)
        former = contigs
        truth = {taxon.rank: taxon.taxid for taxon in lineage_of(taxid)}
        every = np.unique(np.concatenate(queries.kmers))
        for rank, share in SHARES.items():
            kept = without(parts, truth, rank=rank, queries=queries)
            references = parts.references(kept, every)
            evidence = references.evidence(queries.vectors, queries.kmers)
            taxids = np.array([taxon.taxid for taxon in parts.tree.taxa])
            true = np.array([truth.get(letter, -1) for letter in RANKS])
            said = np.where(evidence.taxa == NO_TAXON, -2, taxids[evidence.taxa])
            right = np.where(true < 0, -1, (said == true).astype(np.int64))
            n = len(right)
            # Bins of one genome, or pieces, weigh as much as one.
            weights = share / np.array([np.count_nonzero(queries.kinds == kind) for kind in queries.kinds])
            group = str(truth.get("S", name))
            yield Judged(
                evidence.features, right, queries.kinds, weights, np.full(n, group), np.full(n, rank or "none")
            )


def without(parts: Parts, truth: dict[str, int], *, rank: str, queries: Queries) -> np.ndarray:
    """The clades that stay, (C,) bool, when those of the genome's taxon of a rank go.

    With the species goes the clade that is most like the genome, whatever its name: it may be that species.
    """
    if not rank:
        return np.ones(len(parts.clades), bool)
    taxids = np.array([{taxon.rank: taxon.taxid for taxon in one.lineage}.get(rank, -2) for one in parts.clades])
    kept = taxids != truth.get(rank, -1)
    if rank == "S":
        whole = queries.vectors[np.flatnonzero(queries.kinds == 0)[0]]
        cosines = parts.centres @ (whole - parts.mean)
        kept[np.where(parts.clade_taxa == NO_TAXON, -np.inf, cosines).argmax()] = False
    return kept


def contig_like(sequences: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Long sequences cut to the lengths of contigs, 2 to 80 kb; shorter ones as they are."""
    contigs = []
    for sequence in sequences:
        start = 0
        while start < len(sequence):
            drawn = int(np.exp(rng.uniform(np.log(2_000), np.log(_LONGEST_BP))))
            length_bp = drawn if len(sequence) > _LONGEST_BP else len(sequence)
            contigs.append(sequence[start : start + length_bp])
            start += length_bp
    return [contig for contig in contigs if len(contig) >= _SHORTEST_BP]


def embed_contigs(sequences: Sequence[str], encoder: Encoder) -> Contigs:
    """Contigs with their vectors and k-mers."""
    lengths_bp = np.array([len(one) for one in sequences])
    return Contigs(sequences, lengths_bp, encoder.embed(sequences), [SAMPLE.of(one) for one in sequences])


def genome_queries(own: Contigs, other: Contigs | None, encoder: Encoder, *, rng: np.random.Generator) -> Queries:
    """Pieces of one genome, and three bins: whole; 30 to 90 % of it; half or more, with contigs of another genome.

    These are 5 to 65 % of what there is of its own, so up to 40 % of the bin.
    """
    kinds, pieces = [], []
    for length_bp, count in LENGTHS_BP.items():
        long_enough = [one for one in own.sequences if len(one) >= length_bp]
        weights = np.array([len(one) for one in long_enough], float)
        for _ in range(count if long_enough else 0):
            contig = long_enough[rng.choice(len(long_enough), p=weights / weights.sum())]
            start = int(rng.integers(0, len(contig) - length_bp + 1))
            pieces.append(contig[start : start + length_bp])
            kinds.append(length_bp)
    both = [own] if other is None else [own, other]
    vectors = np.concatenate([one.vectors for one in both])
    lengths_bp = np.concatenate([one.lengths_bp for one in both])
    kmers = [kmer for one in both for kmer in one.kmers]
    is_own = np.arange(len(lengths_bp)) < len(own.sequences)
    bins = [one if one.any() else is_own for one in draw_bins(is_own, lengths_bp, rng=rng)]
    pooled = [np.average(vectors[one], axis=0, weights=lengths_bp[one]) for one in bins]
    united = [np.unique(np.concatenate([kmers[row] for row in np.flatnonzero(one)])) for one in bins]
    return Queries(
        np.concatenate([np.stack(pooled).astype(np.float32), encoder.embed(pieces)]),
        [*united, *(SAMPLE.of(piece) for piece in pieces)],
        np.array([0, 0, 0, *kinds]),
    )


def draw_bins(is_own: np.ndarray, lengths_bp: np.ndarray, *, rng: np.random.Generator) -> list[np.ndarray]:
    """Which contigs are in each of the three bins, (N,) bool."""
    part = is_own & (rng.random(len(is_own)) < rng.uniform(0.3, 0.9))
    impure = is_own & (rng.random(len(is_own)) < rng.uniform(0.5, 1.0))
    wanted_bp = lengths_bp[impure].sum() * rng.uniform(0.05, 0.65)
    for place in rng.permutation(np.flatnonzero(~is_own)):
        if wanted_bp > 0:
            impure[place] = True
            wanted_bp -= lengths_bp[place]
    return [is_own, part, impure]


def judge_background(parts: Parts, markers: Path, encoder: Encoder) -> Iterator[Judged]:
    """Evidence for names of viruses and eukaryotes, each without its own clade: all of them are wrong."""
    numbers = [number for number, one in enumerate(parts.clades) if one.is_background]
    wanted = [parts.clades[number] for number in numbers]
    for number, genes in zip(numbers, clade_genes(markers, wanted), strict=True):
        whole = in_frame(genes)
        pieces = [whole, *(whole[:length] for length in LENGTHS_BP if len(whole) >= length)]
        kinds = np.array([0, *(length for length in LENGTHS_BP if len(whole) >= length)])
        kmers = [SAMPLE.of(piece) for piece in pieces]
        kept = np.arange(len(parts.clades)) != number
        evidence = parts.references(kept, np.unique(np.concatenate(kmers))).evidence(encoder.embed(pieces), kmers)
        n = len(pieces)
        right = np.zeros((n, len(RANKS)), np.int64)
        yield Judged(
            evidence.features, right, kinds, np.full(n, -1.0), np.full(n, f"clade {number}"), np.full(n, "background")
        )


def fit(judged: Judged, kind: int, *, has_votes: bool) -> dict[str, object]:
    """Curve, threshold and outcome of each rank, for things of one kind."""
    rows = np.flatnonzero(judged.kinds == kind)
    weights = judged.weights[rows].copy()
    is_background = weights < 0
    others = weights[~is_background].sum()
    weights[is_background] = others * BACKGROUND_SHARE / (1 - BACKGROUND_SHARE) / max(is_background.sum(), 1)
    columns = [place for place, name in enumerate(FEATURES) if has_votes or not name.startswith(("vote", "score"))]
    coefficients, thresholds, outcomes = [], [], {}
    for place, rank in enumerate(RANKS):
        known = judged.right[rows, place] >= 0
        features = judged.features[rows][known, place]
        right, of_known = judged.right[rows, place][known] == 1, weights[known]
        groups, left_out = judged.groups[rows][known], judged.left_out[rows][known]
        held_out = np.zeros(len(right))
        folds = folds_of(groups)
        for fold in range(N_FOLDS):
            train = folds != fold
            curve = fit_curve(features[train], right[train], of_known[train], columns=columns)
            held_out[~train] = probabilities_of(features[~train], curve)
        threshold = choose(held_out, right, of_known, precision=PRECISIONS[rank])
        background = held_out[left_out == "background"]
        if rank == "D" and len(background):
            threshold = max(threshold, float(np.quantile(background, 1 - MOST_BACKGROUND)))
        coefficients.append(fit_curve(features, right, of_known, columns=columns).tolist())
        thresholds.append(threshold if np.isfinite(threshold) else None)
        named = held_out >= threshold
        outcomes[rank] = {
            case: [share(named[left_out == case]), share((named & ~right)[left_out == case])]
            for case in ("none", "S", "G", "F", "background")
        }
    return {
        "length_bp": kind or BIN_BP,
        "coefficients": coefficients,
        "thresholds": thresholds,
        "named, wrong": outcomes,
    }


def share(chosen: np.ndarray) -> float | None:
    """Of all, to four digits; None of nothing."""
    return round(float(chosen.mean()), 4) if len(chosen) else None


def folds_of(groups: np.ndarray) -> np.ndarray:
    """A fold for each, the same for all of a group. (N,) -> (N,)."""
    names, numbers = np.unique(groups, return_inverse=True)
    return np.random.default_rng(0).permutation(len(names))[numbers] % N_FOLDS


def fit_curve(features: np.ndarray, right: np.ndarray, weights: np.ndarray, *, columns: Sequence[int]) -> np.ndarray:
    """Intercept and slopes of a logistic curve; 0 for features that are not looked at. -> (1 + F,)."""
    curve = np.zeros(1 + features.shape[1])
    if right.all() or not right.any():
        curve[0] = 5.0 if right.all() else -5.0
        return curve
    chosen = features[:, columns]
    mean, scale = chosen.mean(axis=0), chosen.std(axis=0) + 1e-6
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000)
    model.fit((chosen - mean) / scale, right, sample_weight=weights * len(weights) / weights.sum())
    slopes = model.coef_[0] / scale
    curve[1 + np.array(columns)] = slopes
    curve[0] = model.intercept_[0] - float(slopes @ mean)
    return curve


def choose(probabilities: np.ndarray, right: np.ndarray, weights: np.ndarray, *, precision: float) -> float:
    """The least probability above which names are right so often; infinite where they never are."""
    order = np.argsort(-probabilities, kind="stable")
    share = np.cumsum((weights * right)[order]) / np.cumsum(weights[order])
    enough = np.flatnonzero(share >= precision)
    return float(probabilities[order[enough[-1]]]) if len(enough) else float("inf")


if __name__ == "__main__":
    main()
