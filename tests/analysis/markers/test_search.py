"""Marker genes on real contigs: which, where, and the same whatever the threads and the neighbours."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.analysis.markers.profiles import MarkerProfiles, MarkerSet
from dnabert_s_cli.analysis.markers.search import HIT_COLUMNS, MIN_PROTEIN, MarkerHits, find_markers
from tests.marker_contigs import builtin_profiles, made_up_hits, made_up_set, read_operons, search

OPERON = read_operons()
RIBOSOMAL = {
    "Ribosomal_S8",
    "Ribosomal_L5",
    "ribosomal_L24",
    "Ribosomal_L14",
    "Ribosomal_S17",
    "Ribosomal_L29",
    "Ribosomal_L16",
    "Ribosomal_S3_C",
    "Ribosomal_L22",
    "Ribosomal_S19",
}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def found(hits: MarkerHits, contig: int = 0) -> list[str]:
    """Names of the markers of one contig, along it."""
    return [hits.markers.names[marker] for marker in hits.marker[hits.contig == contig]]


def test_an_operon_of_ten_ribosomal_proteins_has_each_once() -> None:
    names = found(search(OPERON["helicobacter"]))
    assert len(names) == 10
    assert set(names) == RIBOSOMAL


def test_two_phyla_have_the_same_markers_in_the_same_order() -> None:
    hits = search(OPERON["helicobacter"], OPERON["escherichia"])
    assert found(hits, 0) == found(hits, 1)


def test_the_other_strand_has_the_same_markers_in_reverse() -> None:
    reverse = OPERON["escherichia"].translate(COMPLEMENT)[::-1]
    hits = search(OPERON["escherichia"], reverse)
    assert found(hits, 1) == found(hits, 0)[::-1]
    assert set(hits.strand[hits.contig == 0].tolist()) == {-1}
    assert set(hits.strand[hits.contig == 1].tolist()) == {1}


def test_a_gene_is_where_its_protein_is_translated_from() -> None:
    hits = search(OPERON["escherichia"])
    start, end = int(hits.gene_start[0]), int(hits.gene_end[0])
    gene = OPERON["escherichia"][start - 1 : end].translate(COMPLEMENT)[::-1]
    assert gene[:3] in {"ATG", "GTG", "TTG"}
    assert gene[-3:] in {"TAA", "TAG", "TGA"}


def test_a_contig_without_marker_has_no_hit_but_counts() -> None:
    hits = search(OPERON["plain"], OPERON["helicobacter"])
    assert hits.n_contigs == 2
    assert set(hits.contig.tolist()) == {1}


def test_contigs_without_genes_or_bases_have_no_hit() -> None:
    hits = search("N" * 3000, "ACGT" * 5, "A", "ACGTRYN" * 100)
    assert (hits.n_contigs, hits.n_hits) == (4, 0)


def test_no_contig_gives_no_hit() -> None:
    hits = search()
    assert (hits.n_contigs, hits.n_hits) == (0, 0)
    assert hits.contig.dtype == np.int64


def test_a_gene_cut_by_the_end_of_a_contig_is_found_on_both_sides() -> None:
    whole = search(OPERON["escherichia"])
    row = found(whole).index("Ribosomal_L16")
    middle = int(whole.gene_start[row] + whole.gene_end[row]) // 2
    halves = search(OPERON["escherichia"][:middle], OPERON["escherichia"][middle:])
    rows = np.flatnonzero(halves.marker == whole.marker[row])
    assert halves.contig[rows].tolist() == [0, 1]
    assert halves.gene_end[rows[0]] >= middle - 3
    assert halves.gene_start[rows[1]] <= 3
    assert halves.model_start[rows[0]] > halves.model_end[rows[1]]  # reverse strand: the left half is the gene's end


def test_no_gene_runs_across_unknown_bases() -> None:
    whole = search(OPERON["escherichia"])
    middle = int(whole.gene_start[0] + whole.gene_end[0]) // 2
    gap = "N" * 100
    hits = search(OPERON["escherichia"][:middle] + gap + OPERON["escherichia"][middle:])
    across = (hits.gene_start <= middle) & (hits.gene_end > middle + len(gap))
    assert not across.any()
    assert found(hits)[-1] == "Ribosomal_S19"


def test_one_unknown_base_does_not_cut_a_gene() -> None:
    whole = search(OPERON["escherichia"])
    middle = int(whole.gene_start[0] + whole.gene_end[0]) // 2
    hits = search(OPERON["escherichia"][:middle] + "N" + OPERON["escherichia"][middle + 1 :])
    for name in ("contig", "marker", "gene_start", "gene_end", "strand"):
        np.testing.assert_array_equal(getattr(hits, name), getattr(whole, name))


def test_genes_that_read_tga_are_found_whole() -> None:
    whole = search(OPERON["helicobacter"])
    row = int(np.argmax((whole.model_end - whole.model_start) / (whole.gene_end - whole.gene_start)))
    start, end = int(whole.gene_start[row]) - 1, int(whole.gene_end[row])
    gene = OPERON["helicobacter"][start:end]
    if whole.strand[row] < 0:
        gene = gene.translate(COMPLEMENT)[::-1]
    codons = [gene[place : place + 3] for place in range(0, len(gene), 3)]
    codons[len(codons) // 2] = codons[len(codons) // 3] = "TGA"
    hits = search("".join(codons) + "TAATTAATTAA" * 20)  # so much GC is less than TGA is read at
    assert found(hits) == [whole.markers.names[whole.marker[row]]]
    assert (hits.gene_start[0], hits.gene_end[0]) == (1, len(gene))


def test_markers_are_found_with_fewer_profiles_too() -> None:
    builtin = builtin_profiles()
    chosen = builtin.markers.names.index("Ribosomal_L5")
    markers = MarkerSet(("Ribosomal_L5",), builtin.markers.lengths[[chosen]], ("both",), ("Ribosomal_L5",))
    profiles = MarkerProfiles(markers, (builtin.hmms[chosen],), builtin.min_scores[[chosen]])
    hits = find_markers([OPERON["escherichia"]], profiles, threads=1, on_progress=lambda _: None)
    assert found(hits) == ["Ribosomal_L5"]


def test_threads_do_not_change_a_byte() -> None:
    contigs = [OPERON["helicobacter"], OPERON["plain"], OPERON["escherichia"], OPERON["escherichia"][:2500]]
    one, two = search(*contigs, threads=1), search(*contigs, threads=2)
    for name in HIT_COLUMNS:
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_neighbours_do_not_change_a_hit() -> None:
    alone = search(OPERON["escherichia"])
    beside = search(OPERON["helicobacter"], OPERON["escherichia"])
    np.testing.assert_array_equal(beside.score[beside.contig == 1], alone.score)


def test_progress_counts_every_base() -> None:
    done: list[int] = []
    find_markers([OPERON["plain"], "N" * 50], builtin_profiles(), threads=2, on_progress=done.append)
    assert done == [len(OPERON["plain"]), 50]


def test_hits_are_no_shorter_than_the_shortest_protein() -> None:
    hits = search(OPERON["helicobacter"][:1700], OPERON["helicobacter"][1700:])
    assert ((hits.gene_end - hits.gene_start + 1) // 3 >= MIN_PROTEIN).all()


def test_hits_of_some_contigs_are_numbered_anew() -> None:
    hits = made_up_hits(made_up_set(2), 4, (0, 0), (1, 1), (3, 0), (3, 1)).of_contigs(
        np.array([True, False, True, True])
    )
    assert hits.n_contigs == 3
    assert list(zip(hits.contig.tolist(), hits.marker.tolist(), strict=True)) == [(0, 0), (2, 0), (2, 1)]


def test_hits_of_no_contig_are_none() -> None:
    hits = made_up_hits(made_up_set(2), 2, (0, 0), (1, 1)).of_contigs(np.zeros(2, dtype=np.bool_))
    assert (hits.n_contigs, hits.n_hits) == (0, 0)


def test_hits_of_a_few_rows_are_those_of_the_same_contigs() -> None:
    hits = made_up_hits(made_up_set(2), 4, (0, 0), (1, 1), (3, 0), (3, 1))
    found = hits.of_rows(np.array([0, 2, 3]))
    assert found.n_contigs == 3
    assert list(zip(found.contig.tolist(), found.marker.tolist(), strict=True)) == [(0, 0), (2, 0), (2, 1)]
    assert hits.of_rows(np.array([2])).n_hits == 0
