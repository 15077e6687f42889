"""`simulate metagenome --per-sample-assemblies`: a catalogue, its assemblies, depths and truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import read_depth_table
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.genomes.assemblies import AssembliesReport, assembled_share, simulate_assemblies
from dnabert_s_cli.pipelines.genomes.inputs import GenomeInput
from dnabert_s_cli.pipelines.genomes.metagenome import ContigLaw, DepthLaw
from dnabert_s_cli.pipelines.progress import Silent
from tests.conftest import random_dna

LAW = ContigLaw(median_bp=1_000, spread=0.5, least_bp=300)


@pytest.fixture(scope="module")
def genomes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six genomes of 40 kb."""
    folder = tmp_path_factory.mktemp("genomes")
    for number in range(6):
        (folder / f"g{number}.fa").write_text(f">chromosome\n{random_dna(40_000, number)}\n")
    return folder


def _made(genomes: Path, output: Path, *, mean: float = 6.0, seed: int = 0) -> AssembliesReport:
    depth = DepthLaw(n_samples=3, mean=mean)
    return simulate_assemblies(GenomeInput((genomes,)), output, contigs=LAW, depth=depth, seed=seed, progress=Silent())


def test_the_catalogue_holds_the_assemblies_and_the_truth_is_by_sample(genomes: Path, tmp_path: Path) -> None:
    report = _made(genomes, tmp_path / "set")
    catalogue = {record.id: record.sequence for record in read_sequences([tmp_path / "set" / "contigs.fa.gz"])}
    files = sorted((tmp_path / "set" / "assemblies").iterdir())
    assert [path.name for path in files] == ["sample1.fa.gz", "sample2.fa.gz", "sample3.fa.gz"]
    joined = {
        f"sample{number}:{record.id}": record.sequence
        for number, path in enumerate(files, start=1)
        for record in read_sequences([path])
    }
    assert joined == catalogue
    assert report.n_contigs == len(catalogue)
    rows = (tmp_path / "set" / "gold.biobox.tsv").read_text().splitlines()[3:]
    gold = {name: genome for name, genome, _ in (row.split("\t") for row in rows)}
    assert gold.keys() == catalogue.keys()
    assert all(name.partition(":")[0] == genome.partition(":")[0] for name, genome in gold.items())
    assert len(set(gold.values())) == report.n_genomes
    table = read_depth_table(tmp_path / "set" / "depth.tsv")
    assert (list(table.names), len(table.samples)) == (list(catalogue), 3)


def test_a_genome_is_assembled_the_more_the_deeper_it_is(genomes: Path, tmp_path: Path) -> None:
    assert [round(assembled_share(depth), 2) for depth in (0, 1, 4, 10)] == [0, 0, 0.63, 0.95]
    shallow, deep = (_made(genomes, tmp_path / name, mean=mean) for name, mean in (("a", 3.0), ("b", 60.0)))
    assert shallow.total_bp < 0.8 * deep.total_bp


def test_the_same_seed_gives_the_same_files(genomes: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        _made(genomes, tmp_path / name, seed=seed)
    texts = [(tmp_path / name / "contigs.fa.gz").read_bytes() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]


def test_genomes_too_shallow_for_any_contig_are_an_error(genomes: Path, tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no genome gives a contig"):
        _made(genomes, tmp_path / "set", mean=0.01)
