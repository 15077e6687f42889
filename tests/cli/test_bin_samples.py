"""`bin` on a catalogue of several samples, sample by sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import fasta_record, read_sequences
from tests.cli.bin_runs import BARE, digests
from tests.cli.conftest import Command
from tests.conftest import random_dna

LETTERS = ("AAAAACCGTT", "ACCCCGGGGT", "AACGTTTGAC")
SMALL = (*BARE, "--min-bin", 100_000)


def write_catalogue(
    path: Path, samples: dict[str, Sequence[int]], *, n_contigs: int = 10, length_bp: int = 20_000
) -> Path:
    """A catalogue in which each sample holds some of three artificial species; names end in the species."""
    wanted = [(place, one) for place, species in enumerate(samples.values()) for one in species]
    names = list(samples)
    with path.open("wb") as stream:
        for (place, one), contig in product(wanted, range(n_contigs)):
            dna = random_dna(length_bp + place, 1_000 * place + 100 * one + contig, LETTERS[one])
            stream.write(fasta_record(f"{names[place]}:c{contig}_{one}", dna))
    return path


def table(path: Path) -> list[dict[str, str]]:
    header, *rows = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two samples, of which one holds two species of the other's three."""
    return write_catalogue(tmp_path_factory.mktemp("samples") / "catalogue.fa", {"S1": (0, 1, 2), "S2": (1, 2)})


def test_each_sample_has_its_own_bins_and_species_link_them(command: Command, catalogue: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert command("bin", catalogue, "--separator", ":", "-o", out, *SMALL).code == 0
    bins = table(out / "bins.tsv")
    assert [row["bin"] for row in bins] == ["S1.bin.1", "S1.bin.2", "S1.bin.3", "S2.bin.1", "S2.bin.2"]
    assert [row["sample"] for row in bins] == ["S1", "S1", "S1", "S2", "S2"]
    bin_of = read_labels(out / "contig2bin.tsv")
    assert all(name.startswith(label.split(".")[0]) for name, label in bin_of.items())
    assert len({(label, name[-1]) for name, label in bin_of.items()}) == 5
    species = table(out / "species.tsv")
    assert sorted(row["n_samples"] for row in species) == ["1", "2", "2"]
    linked = {frozenset(row["bins"].split(",")) for row in species}
    assert linked >= {frozenset((bin_of[f"S1:c0_{one}"], bin_of[f"S2:c0_{one}"])) for one in (1, 2)}
    assert {row["species"] for row in bins} == {row["species"] for row in species}
    assert {path.name for path in (out / "bins").iterdir()} == {f"{row['bin']}.fa" for row in bins}


def test_contigs_get_their_own_names_back(command: Command, catalogue: Path, tmp_path: Path) -> None:
    options = ("--strip-sample", "--prefix", "run7", "--unbinned", "--mqc")
    assert command("bin", catalogue, "--separator", ":", "-o", tmp_path / "out", *SMALL, *options).code == 0
    summary = json.loads((tmp_path / "out" / "run7.bins_summary_mqc.json").read_text())["data"]
    assert {name: row["n_bins"] for name, row in summary.items()} == {"S1": 3, "S2": 2}
    label = read_labels(tmp_path / "out" / "contig2bin.tsv")["S2:c0_1"]
    assert label.startswith("run7.S2.bin.")
    names = [record.id for record in read_sequences([tmp_path / "out" / "bins" / f"{label}.fa"])]
    assert names == [f"c{contig}_1" for contig in range(10)]
    assert (tmp_path / "out" / "run7.unbinned.fa").exists()


def test_a_prefix_begins_the_names_of_bins(command: Command, assembly: Path, tmp_path: Path) -> None:
    arguments = ("bin", assembly, "-o", tmp_path / "out", *BARE, "--prefix", "MEGAHIT-x", "--unbinned", "--gzip")
    assert command(*arguments).code == 0
    assert (tmp_path / "out" / "bins" / "MEGAHIT-x.bin.1.fa.gz").exists()
    assert (tmp_path / "out" / "MEGAHIT-x.unbinned.fa.gz").exists()
    assert command("bin", assembly, "-o", tmp_path / "b", *BARE, "--prefix", "a/b").code == 2


def test_a_catalogue_is_refused_unless_something_is_said(command: Command, catalogue: Path, tmp_path: Path) -> None:
    result = command("bin", catalogue, "-o", tmp_path / "out", *SMALL)
    assert result.code == 1
    assert "--separator :" in result.err
    assert "--pooled" in result.err
    assert command("bin", catalogue, "-o", tmp_path / "out", *SMALL, "--pooled").code == 0
    assert [row["bin"] for row in table(tmp_path / "out" / "bins.tsv")] == ["bin.1", "bin.2", "bin.3"]


def test_a_name_without_the_separator_is_an_error(command: Command, assembly: Path, tmp_path: Path) -> None:
    result = command("bin", assembly, "--separator", ":", "-o", tmp_path / "out", *SMALL)
    assert result.code == 1
    assert "record 's0_c0': the name does not say its sample" in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("separators", [("--separator", ""), ("--separator", ":", "--pooled")])
def test_contradictions_are_wrong_usage(
    command: Command, catalogue: Path, tmp_path: Path, separators: tuple[str, ...]
) -> None:
    assert command("bin", catalogue, "-o", tmp_path / "out", *SMALL, *separators).code == 2


def test_samples_of_one_contig_and_many_samples(command: Command, tmp_path: Path) -> None:
    samples: dict[str, Sequence[int]] = {f"S{number}": (number % 3,) for number in range(50)}
    path = write_catalogue(tmp_path / "c.fa", samples, n_contigs=1, length_bp=3_000)
    assert command("bin", path, "--separator", ":", "-o", tmp_path / "out", *BARE, "--min-bin", 2_000).code == 0
    assert [row["bin"] for row in table(tmp_path / "out" / "bins.tsv")] == [f"S{n}.bin.1" for n in range(50)]


def test_a_file_of_depth_may_know_one_sample_only(command: Command, catalogue: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.tsv"
    lines = [f"c{contig}_{species}\t20000\t{1 + 9 * species}" for species in range(3) for contig in range(10)]
    one.write_text("\n".join(["contig\tlength\tgut", *lines, ""]))
    arguments = ("bin", catalogue, "--separator", ":", "-d", one, "-o", tmp_path / "out", *SMALL)
    assert command(*arguments).code == 0
    depth = {row["bin"]: row["gut"] for row in table(tmp_path / "out" / "bins.tsv")}
    assert sorted(depth.values()) == ["1.0000", "10.0000", "19.0000", "NA", "NA"]
    assert depth["S2.bin.1"] == "NA"


def test_the_report_names_bins_by_sample(command: Command, catalogue: Path, tmp_path: Path) -> None:
    arguments = ("bin", catalogue, "--separator", ":", "-o", tmp_path / "out", "--model", "tnf-c", "--no-markers")
    assert command(*arguments, "--min-bin", 100_000).code == 0
    assert (
        '"label":["S1.bin.1","S1.bin.2","S1.bin.3","S2.bin.1","S2.bin.2"]'
        in (tmp_path / "out" / "report.html").read_text()
    )


@pytest.fixture(scope="module")
def assemblies(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The samples of the catalogue, a file each, with their own names."""
    folder = tmp_path_factory.mktemp("assemblies")
    for record in read_sequences([catalogue]):
        sample, _, own = record.id.partition(":")
        with (folder / f"{sample}.fa").open("ab") as stream:
            stream.write(fasta_record(own, record.sequence))
    return sorted(folder.iterdir())


@pytest.mark.parametrize("name", ["joined.fa", "joined.fa.gz"])
def test_a_catalogue_is_joined_from_assemblies(
    command: Command, catalogue: Path, assemblies: list[Path], tmp_path: Path, name: str
) -> None:
    assert command("catalogue", *assemblies, "-o", tmp_path / name).code == 0
    assert list(read_sequences([tmp_path / name])) == list(read_sequences([catalogue]))
    contigs = table(tmp_path / f"{name}.contigs.tsv")
    assert contigs[0] == {"contig": "S1:c0_0", "sample": "S1", "length": "20000"}
    samples = table(tmp_path / f"{name}.samples.tsv")
    assert [(row["sample"], row["n_contigs"]) for row in samples] == [("S1", "30"), ("S2", "20")]
    assert command("catalogue", *assemblies, "-o", tmp_path / name).code == 1
    assert command("catalogue", *assemblies, "-o", tmp_path / name, "--force").code == 0
    resumed = command("catalogue", *assemblies, "-o", tmp_path / name, "--resume")
    assert (resumed.code, "is complete" in resumed.err) == (0, True)
    assert command("catalogue", *assemblies[:1], "-o", tmp_path / name, "--resume").code == 1


def test_assemblies_are_binned_by_sample_without_a_catalogue(
    command: Command, catalogue: Path, assemblies: list[Path], tmp_path: Path
) -> None:
    assert command("bin", *assemblies, "--by-sample", "-o", tmp_path / "one", *SMALL, "--unbinned").code == 0
    assert command("bin", catalogue, "--separator", ":", "-o", tmp_path / "two", *SMALL, "--unbinned").code == 0
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_by_sample_assemblies_have_their_own_depth(command: Command, assemblies: list[Path], tmp_path: Path) -> None:
    tables = []
    for number, path in enumerate(assemblies):
        rows = [f"{one.id}\t{len(one.sequence)}\t{5 + number}" for one in read_sequences([path])]
        tables.append(tmp_path / f"{path.stem}.tsv")
        tables[-1].write_text("\n".join(["contig\tlength\t" + path.stem, *rows, ""]))
    arguments = ("bin", *assemblies, "--by-sample", "-d", *tables, "-o", tmp_path / "out", *SMALL)
    assert command(*arguments).code == 0
    rows = table(tmp_path / "out" / "bins.tsv")
    assert {(row["sample"], row["S1"], row["S2"]) for row in rows} == {("S1", "5.0000", "NA"), ("S2", "NA", "6.0000")}
