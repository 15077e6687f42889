"""`simulate metagenome`: files that other commands read, and laws that hold."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.reading import read_gold
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.pipelines.genomes.inputs import GenomeInput
from dnabert_s_cli.pipelines.genomes.metagenome import ContigLaw, DepthLaw, simulate_metagenome
from dnabert_s_cli.pipelines.progress import Silent
from tests.conftest import random_dna

CONTIGS = ContigLaw(median_bp=600, spread=0.8, least_bp=200, assembled=0.8)
DEPTH = DepthLaw(n_samples=3, mean=20.0)
N_BP = 60_000


@pytest.fixture
def genomes(tmp_path: Path) -> Path:
    """A folder of four genomes of 60 kb."""
    folder = tmp_path / "genomes"
    folder.mkdir()
    for number in range(4):
        (folder / f"g{number}.fa").write_text(f">chromosome\n{random_dna(N_BP, number)}\n")
    return folder


@pytest.fixture
def made(genomes: Path, tmp_path: Path) -> Path:
    """A set in a folder."""
    _run(genomes, tmp_path / "set")
    return tmp_path / "set"


def _run(genomes: Path, output: Path, *, contigs: ContigLaw = CONTIGS, seed: int = 0) -> None:
    source = GenomeInput((genomes,))
    simulate_metagenome(source, output, contigs=contigs, depth=DEPTH, seed=seed, progress=Silent())


def _table(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def test_contigs_are_what_their_origins_say_and_do_not_overlap(genomes: Path, made: Path) -> None:
    whole = {path.stem: next(read_sequences([path])).sequence for path in genomes.iterdir()}
    used = {name: np.zeros(N_BP, int) for name in whole}
    for record, origin in zip(read_sequences([made / "contigs.fa.gz"]), _table(made / "origins.tsv.gz"), strict=True):
        start, end = int(origin["start"]), int(origin["end"])
        text = whole[origin["genome"]][start:end]
        assert origin["name"] == record.id
        assert record.sequence == (text if origin["strand"] == "+" else reverse_complement(text))
        used[origin["genome"]][start:end] += 1
    assert {int(counts.max()) for counts in used.values()} == {1}


def test_no_contig_is_shorter_and_no_genome_more_assembled_than_the_law_says(made: Path) -> None:
    gold = read_gold(made / "gold.biobox.tsv")
    assert min(gold.lengths_bp) >= CONTIGS.least_bp
    for genome in set(gold.genomes):
        n_bp = sum(n for n, name in zip(gold.lengths_bp, gold.genomes, strict=True) if name == genome)
        assert 0.6 * N_BP < n_bp <= CONTIGS.assembled * N_BP


def test_gold_standard_and_depths_are_of_the_contigs_in_order(made: Path) -> None:
    records = [(one.id, len(one.sequence)) for one in read_sequences([made / "contigs.fa.gz"])]
    gold = read_gold(made / "gold.biobox.tsv")
    assert list(zip(gold.contigs, gold.lengths_bp, strict=True)) == records
    assert [(row["contigName"], int(row["contigLen"])) for row in _table(made / "depth.tsv")] == records


def test_depths_follow_their_genome_and_add_up(made: Path) -> None:
    gold = read_gold(made / "gold.biobox.tsv")
    rows = _table(made / "depth.tsv")
    depths = np.array([[float(row[f"sample{number}.bam"]) for number in (1, 2, 3)] for row in rows])
    np.testing.assert_allclose(depths.sum(axis=1), [float(row["totalAvgDepth"]) for row in rows], atol=2e-4)
    for row in _table(made / "abundances.tsv"):
        mine = np.array([name == row["genome"] for name in gold.genomes])
        lengths = np.array(gold.lengths_bp)[mine, None]
        weighted = (depths[mine] * lengths).sum(axis=0) / lengths.sum()
        np.testing.assert_allclose(weighted, [float(row[f"sample{n}"]) for n in (1, 2, 3)], rtol=0.1)


def test_samples_have_the_mean_depth_over_genomes(made: Path) -> None:
    rows = _table(made / "abundances.tsv")
    means = np.mean([[float(row[f"sample{number}"]) for number in (1, 2, 3)] for row in rows], axis=0)
    np.testing.assert_allclose(means, DEPTH.mean, rtol=1e-4)


def test_same_seed_gives_the_same_bytes_and_another_seed_others(genomes: Path, made: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "again")
    _run(genomes, tmp_path / "other", seed=1)
    for name in ("contigs.fa.gz", "depth.tsv", "abundances.tsv", "origins.tsv.gz"):
        first, again, other = (
            (folder / name).read_bytes() for folder in (made, tmp_path / "again", tmp_path / "other")
        )
        assert first == again != other


def test_genomes_too_short_for_a_contig_are_an_error(genomes: Path, tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no genome gives a contig of 100000 bp"):
        _run(genomes, tmp_path / "none", contigs=ContigLaw(least_bp=100_000))
    assert not (tmp_path / "none").exists()
