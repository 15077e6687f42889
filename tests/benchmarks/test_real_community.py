"""The program that makes a real assembly: which genomes and depths it draws, and what it calls each contig."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.real_community.community import Design, Genome, draw_depths, draw_genomes, read_genomes
from benchmarks.real_community.truth import Source, contig_sources
from dnabert_s_cli.io.labels.reading import read_labels
from tests.conftest import random_dna
from tests.locations import PROJECT

PROGRAMS = ("art_illumina", "megahit", "minimap2", "samtools", "jgi_summarize_bam_contig_depths")
SPECIES_OF = {"a1": "A", "a2": "A", "b1": "B"}


def _genomes(*species: str) -> list[Genome]:
    return [Genome(one, f"{one}-{number}", Path("none")) for number, one in enumerate(species)]


def _sources(tmp_path: Path, *rows: tuple[str, int, int, str, int], length_bp: int = 1_000) -> dict[str, Source]:
    """Sources by alignments of (contig, start, end, genome, matches); all contigs have one length."""
    path = tmp_path / "contigs.paf"
    lines = [
        f"{name}\t{length_bp}\t{start}\t{end}\t+\t{genome}|0\t90000\t0\t{end - start}\t{matches}\t{end - start}\t60\n"
        for name, start, end, genome, matches in rows
    ]
    path.write_text("".join(lines))
    return contig_sources(path, lengths_bp={row[0]: length_bp for row in rows}, species_of=SPECIES_OF)


def test_draws_pairs_of_strains_first() -> None:
    design = Design(n_species=3, n_pairs=1, n_samples=1, total_bp=1e6, least_depth=1, most_depth=9)
    drawn = draw_genomes(_genomes("A", "A", "B", "C", "D"), design, np.random.default_rng(0))
    species = [genome.species for genome in drawn]
    assert species[:2] == ["A", "A"]
    assert len(set(species)) == 3
    assert len(species) == 4


@pytest.mark.parametrize("design", [Design(5, 0, 1, 1e6, 1, 9), Design(2, 2, 1, 1e6, 1, 9)])
def test_too_few_genomes_are_an_error(design: Design) -> None:
    with pytest.raises(ValueError, match="too few"):
        draw_genomes(_genomes("A", "A", "B", "C"), design, np.random.default_rng(0))


def test_depths_use_up_the_bases_within_their_bounds() -> None:
    genome_bp = [1_000_000, 2_000_000, 3_000_000, 4_000_000]
    design = Design(4, 0, 5, total_bp=3e8, least_depth=1.5, most_depth=30.0)
    depths = draw_depths(genome_bp, design, np.random.default_rng(3))
    present = depths[depths > 0]
    assert depths.shape == (4, 5)
    assert present.min() >= 1.5
    assert present.max() <= 30.0
    assert (depths > 0).any(axis=1).all()
    assert (depths * np.array(genome_bp)[:, None]).sum() == pytest.approx(3e8, rel=1e-3)


def test_table_of_genomes_has_paths_relative_to_itself(tmp_path: Path) -> None:
    table = tmp_path / "genomes.tsv"
    table.write_text("species\tid\tpath\nA b\tx\tsome/x.fa.gz\n")
    assert read_genomes(table) == [Genome("A b", "x", tmp_path / "some" / "x.fa.gz")]


def test_source_has_most_matching_bases_of_species_then_strain(tmp_path: Path) -> None:
    rows = [("k", 0, 1_000, "b1", 900), ("k", 0, 1_000, "a1", 950), ("k", 0, 1_000, "a2", 990)]
    assert _sources(tmp_path, *rows)["k"] == Source("A", "a2", 1.0, is_chimeric=False)


def test_bases_aligned_twice_count_once(tmp_path: Path) -> None:
    rows = [("k", 0, 600, "a1", 600), ("k", 100, 600, "a1", 450), ("k", 300, 1_000, "b1", 700)]
    found = _sources(tmp_path, *rows)["k"]
    assert found.species == "B"
    assert found.covered == pytest.approx(0.7)


def test_strains_of_one_species_cover_a_contig_together(tmp_path: Path) -> None:
    found = _sources(tmp_path, ("k", 0, 500, "a1", 500), ("k", 500, 1_000, "a2", 500))["k"]
    assert found.species == "A"
    assert not found.is_chimeric
    assert found.covered == 1.0


def test_contig_of_two_species_is_chimeric(tmp_path: Path) -> None:
    found = _sources(tmp_path, ("k", 0, 550, "a1", 550), ("k", 550, 1_000, "b1", 450))["k"]
    assert found.species == "A"
    assert found.is_chimeric


def test_contig_that_aligns_nowhere_has_no_source(tmp_path: Path) -> None:
    path = tmp_path / "contigs.paf"
    path.write_text("")
    assert contig_sources(path, lengths_bp={"k": 1_000}, species_of=SPECIES_OF) == {}


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"needs {', '.join(PROGRAMS)}")
def test_small_community_from_reads_to_truth(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"g{number}.fa").write_text(f">r\n{random_dna(30_000, number)}\n")
    table = tmp_path / "genomes.tsv"
    table.write_text("species\tid\tpath\nOne sp.\tg0\tg0.fa\nTwo sp.\tg1\tg1.fa\n")
    out = tmp_path / "out"
    program = PROJECT / "benchmarks" / "real_community" / "build.py"
    sizes = ["--species", "2", "--pairs", "0", "--samples", "2", "--gbp", "0.002"]
    command = [sys.executable, str(program), str(table), str(out), *sizes, "--threads", "1"]
    subprocess.run(command, check=True, cwd=PROJECT)
    gold = read_labels(out / "gold.tsv")
    assert set(gold.values()) == {"One_sp.", "Two_sp."}
    columns = (out / "depth.tsv").read_text().splitlines()[0].split("\t")
    assert columns[3::2] == ["S1.bam", "S2.bam"]
    before = (out / "contigs.fa").stat().st_mtime_ns
    subprocess.run(command, check=True, cwd=PROJECT)  # finished stages are kept
    assert (out / "contigs.fa").stat().st_mtime_ns == before
