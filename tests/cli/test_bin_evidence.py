"""`bin` with depth, markers and the bins of another tool."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.sequences.formats import SequenceFile
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.cli.bin_runs import BARE, digests, run_bin, species_of_bins, traces
from tests.cli.conftest import Command
from tests.conftest import random_dna
from tests.io.depth.inputs import BAMS, FOLDER, JGI_TABLE
from tests.locations import PROJECT
from tests.marker_contigs import OPERONS

FAULTS = PROJECT / "tests" / "data" / "faults"
SMALL = ("-m", 500, "--min-bin", 5_000)  # for tests/data/bam


def with_bams(paths: Sequence[Path] = BAMS) -> list[object]:
    return [option for path in paths for option in ("-b", path)]


def table(output: Path) -> list[dict[str, str]]:
    header, *rows = (line.split("\t") for line in (output / "bins.tsv").read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def write_depth(path: Path, names: Sequence[str], depth_of: dict[str, str]) -> Path:
    """A table of one sample whose depth goes by the first part of the name."""
    lines = [f"{name}\t{depth_of[name.split('_')[0]]}" for name in names]
    path.write_text("\n".join(["contig\tsample", *lines, ""]))
    return path


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contigs of two species of one composition, a and b, and a third of another; 12 of 25 kb each."""
    path = tmp_path_factory.mktemp("twins") / "contigs.fa"
    letters = {"a": "AACCGGTTAC", "b": "AACCGGTTAC", "c": "AAAAATTTCG"}
    sequences = {
        f"{one}_{n}": random_dna(25_000, 50 * ord(one) + n, kinds) for one, kinds in letters.items() for n in range(12)
    }
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in sequences.items()))
    return path


def test_depth_of_each_bin_is_that_of_its_contigs_in_each_bam(command: Command, tmp_path: Path) -> None:
    bins = run_bin(command, FOLDER / "contigs.fa", tmp_path / "out", *with_bams(), *SMALL)
    depth = {
        row[0]: [float(row[3]), float(row[5])]
        for row in (line.split("\t") for line in JGI_TABLE.read_text().splitlines()[1:])
    }
    lengths = {record.id: len(record.sequence) for record in read_sequences([FOLDER / "contigs.fa"])}
    for row in table(tmp_path / "out"):
        members = [name for name, label in bins.items() if label == row["bin"]]
        expected = np.average([depth[name] for name in members], axis=0, weights=[lengths[name] for name in members])
        np.testing.assert_allclose([float(row["sample1.bam"]), float(row["sample2.bam"])], expected, rtol=1e-3)


def test_the_table_of_two_bams_gives_their_bins(command: Command, tmp_path: Path) -> None:
    from_bams = run_bin(command, FOLDER / "contigs.fa", tmp_path / "bams", *with_bams(), *SMALL)
    assert run_bin(command, FOLDER / "contigs.fa", tmp_path / "table", "-d", JGI_TABLE, *SMALL) == from_bams


def test_bytes_are_the_same_twice_and_with_one_and_two_threads(command: Command, tmp_path: Path) -> None:
    for run, threads in enumerate((1, 1, 2)):
        run_bin(command, FOLDER / "contigs.fa", tmp_path / f"out{run}", *with_bams(), *SMALL, "-t", threads)
    first, *others = (digests(tmp_path / f"out{run}") for run in range(3))
    assert len(first) > 3
    assert others == [first, first]


def test_species_of_one_composition_share_a_bin_without_depth(command: Command, twins: Path, tmp_path: Path) -> None:
    bins = run_bin(command, twins, tmp_path / "out")
    assert sorted(map(sorted, species_of_bins(bins))) == [["a", "b"], ["c"]]


def test_depth_tells_species_of_one_composition_apart(command: Command, twins: Path, tmp_path: Path) -> None:
    names = [f"{one}_{n}" for one in "abc" for n in range(12)]
    depth = write_depth(tmp_path / "d.tsv", names, {"a": "8", "b": "60", "c": "20"})
    bins = run_bin(command, twins, tmp_path / "out", "-d", depth)
    assert sorted(map(sorted, species_of_bins(bins))) == [["a"], ["b"], ["c"]]
    assert [float(row["sample"]) for row in table(tmp_path / "out")] == [8, 60, 20]


def test_depth_of_zero_everywhere_gives_the_bins_of_no_depth(command: Command, twins: Path, tmp_path: Path) -> None:
    names = [f"{one}_{n}" for one in "abc" for n in range(12)]
    depth = write_depth(tmp_path / "d.tsv", names, dict.fromkeys("abc", "0"))
    assert run_bin(command, twins, tmp_path / "none") == run_bin(command, twins, tmp_path / "zero", "-d", depth)


def test_depth_of_other_contigs_is_refused(command: Command, twins: Path, tmp_path: Path) -> None:
    depth = write_depth(tmp_path / "d.tsv", [f"x_{n}" for n in range(36)], {"x": "5"})
    result = command("bin", twins, "-o", tmp_path / "out", *BARE, "-d", depth, "-q")
    assert result.code == 1
    assert f"error: {depth}: has only 0 of 36 contigs by name" in result.err
    assert traces(tmp_path / "out") == []


def test_a_depth_that_is_no_number_is_named_with_its_line(command: Command, twins: Path, tmp_path: Path) -> None:
    depth = write_depth(tmp_path / "d.tsv", ["a_0", "a_1", "b_0"], {"a": "5", "b": "nan"})
    result = command("bin", twins, "-o", tmp_path / "out", *BARE, "-d", depth, "-q")
    assert result.code == 1
    assert f"error: {depth}:4: record 'b_0': column 2: 'nan' is not finite" in result.err
    assert traces(tmp_path / "out") == []


@pytest.mark.parametrize("method", ["kmedoid", "hdbscan"])
@pytest.mark.parametrize(("option", "what"), [("-d", "depth"), ("--refine", "bins to refine")])
def test_methods_of_vectors_alone_refuse_other_evidence(
    command: Command, tmp_path: Path, method: str, option: str, what: str
) -> None:
    binning = tmp_path / "bins.tsv"
    binning.write_text("".join(f"ecoli_{n}\tx\nsaureus_{n}\tx\nhpylori_{n}\tx\n" for n in range(6)))
    file = JGI_TABLE if option == "-d" else binning
    result = command(
        "bin", FOLDER / "contigs.fa", "-o", tmp_path / "out", *BARE, "--method", method, option, file, "-q"
    )
    assert result.code == 1
    assert f"{method} clusters vectors alone: it has no use for {what}" in result.err
    assert "use louvain" in result.err
    assert traces(tmp_path / "out") == []


def test_a_bin_of_two_species_is_divided_and_others_never_joined(
    command: Command, assembly: Path, tmp_path: Path
) -> None:
    joined = {"s0": "x", "s1": "x", "s2": "y"}
    lines = [
        f"s{one}_c{n}\t{'z' if (one, n) >= (2, 6) else joined[f's{one}']}\n" for one in range(3) for n in range(12)
    ]
    (tmp_path / "theirs.tsv").write_text("".join(lines))
    bins = run_bin(command, assembly, tmp_path / "out", "--refine", tmp_path / "theirs.tsv", "--min-bin", 100_000)
    members = {label: sorted(name for name in bins if bins[name] == label) for label in bins.values()}
    assert sorted(map(len, members.values())) == [6, 6, 12, 12]
    assert all(len(species) == 1 for species in species_of_bins(bins))


def test_contigs_that_another_tool_left_out_stay_out(command: Command, assembly: Path, tmp_path: Path) -> None:
    lines = [f"s{one}_c{n}\tbin{one}\n" for one in range(2) for n in range(12)]
    (tmp_path / "theirs.tsv").write_text("".join(lines))
    bins = run_bin(command, assembly, tmp_path / "out", "--refine", tmp_path / "theirs.tsv")
    assert {name[:2] for name in bins} == {"s0", "s1"}


def test_files_that_are_not_there_are_named_together_and_nothing_is_made(
    command: Command, assembly: Path, tmp_path: Path
) -> None:
    names = ("d.tsv", "s.bam", "b.tsv")
    options = [
        part for flag, name in zip(("-d", "-b", "--refine"), names, strict=True) for part in (flag, tmp_path / name)
    ]
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, *options, "-q")
    assert result.code == 1
    assert all(f"{tmp_path / name}: no such file" in result.err for name in names)
    assert traces(tmp_path / "out") == []


def test_bins_of_other_contigs_are_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.tsv"
    theirs.write_text("".join(f"k141_{n}\tbin.1\n" for n in range(40)))
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--refine", theirs, "-q")
    assert result.code == 1
    assert f"error: {theirs}: has only 0 of 36 contigs by name" in result.err
    assert traces(tmp_path / "out") == []


def test_markers_and_no_markers_together_are_wrong_usage(command: Command, assembly: Path, tmp_path: Path) -> None:
    result = command("bin", assembly, "-o", tmp_path / "out", "--markers", "m.hmm", "--no-markers")
    assert result.code == 2
    assert "give either --markers or --no-markers" in result.err


def test_markers_that_are_no_profiles_are_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    (tmp_path / "m.hmm").write_text("no profile\n")
    options = ("--model", "tnf-c", "--no-report", "--markers", tmp_path / "m.hmm", "-q")
    result = command("bin", assembly, "-o", tmp_path / "out", *options)
    assert result.code == 1
    assert f"error: {tmp_path / 'm.hmm'}: " in result.err
    assert traces(tmp_path / "out") == []


def test_markers_of_ones_own_say_how_complete_bins_are(command: Command, tmp_path: Path, one_profile: Path) -> None:
    options = ("--no-report", "--min-bin", 1_000, "--markers", one_profile)
    assert command("bin", OPERONS, "-o", tmp_path / "out", "--model", "tnf-c", *options).code == 0
    assert max(float(row["completeness"]) for row in table(tmp_path / "out")) == 100
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert str(one_profile) in [one["path"] for one in run["inputs"]]


def test_the_run_says_what_it_was_made_from(command: Command, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.tsv"
    contigs = FOLDER / "contigs.fa"
    theirs.write_text("".join(f"{record.id}\tx\n" for record in read_sequences([contigs])))
    run_bin(command, contigs, tmp_path / "out", *with_bams(BAMS[:1]), "--refine", theirs, "-m", 700)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [one["path"] for one in run["inputs"]] == [str(path) for path in (contigs, BAMS[0], theirs)]
    assert all(len(one["sha256"]) == 64 for one in run["inputs"])
    assert run["settings"]["clustering"] | {"method": "louvain", "n_neighbours": 25} == run["settings"]["clustering"]
    assert (run["settings"]["markers"], run["settings"]["min_contig_bp"]) == (False, 700)
    assert run["timings_s"].keys() == {"depth", "embedding", "markers", "clustering", "writing", "total"}


@pytest.mark.parametrize("kind", ["bams", "part of a table of vectors"])
def test_contigs_are_read_four_times_at_most(
    command: Command, one_profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    contigs, options = FOLDER / "contigs.fa", [*with_bams(), "--model", "tnf-c"]
    if kind != "bams":
        command("embed", contigs, "-o", tmp_path / "part.npy", "--model", "tnf-c", "-m", 2_000)
        options = [*with_bams(), "--embeddings", tmp_path / "part.npy"]
    opened: list[str] = []
    enter = SequenceFile.__enter__

    def counted(self: SequenceFile) -> SequenceFile:
        opened.append(self.path)
        return enter(self)

    monkeypatch.setattr(SequenceFile, "__enter__", counted)
    result = command("bin", contigs, "-o", tmp_path / "out", *options, *SMALL, "--markers", one_profile, "-q")
    assert result.code == 0
    assert opened.count(str(contigs)) == len(opened) == (4 if kind == "bams" else 3)
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(("options", "depth"), [((), 7.77), (("--reads", "short"), 0.0), (("--min-mapq", 61), 0.0)])
def test_noisy_long_reads_have_depth(
    command: Command, tmp_path: Path, options: tuple[object, ...], depth: float
) -> None:
    arguments = (FAULTS / "contigs.fa", "-b", FAULTS / "long_reads_8pc_error.bam", *options)
    assert command("bin", *arguments, "-o", tmp_path / "out", *BARE, "-m", 500, "--min-bin", 500).code == 0
    assert max(float(row["long_reads_8pc_error.bam"]) for row in table(tmp_path / "out")) == pytest.approx(
        depth, abs=0.01
    )


def test_contigs_are_the_reference_of_a_cram_without_one(command: Command, tmp_path: Path) -> None:
    cram, bam = (FAULTS / name for name in ("reads_no_UR.cram", "reads.bam"))
    small = (*BARE, "-m", 500, "--min-bin", 500)
    assert command("bin", FAULTS / "contigs.fa", "-b", cram, "-o", tmp_path / "out", *small).code == 0
    assert command("bin", FAULTS / "contigs.fa", "-b", f"{cram.name}={bam}", "-o", tmp_path / "bam", *small).code == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "bam")


def test_a_chromosome_is_a_bin_and_a_plasmid_an_element(command: Command, assembly: Path, tmp_path: Path) -> None:
    circles = {"s1.ctg000001c": 250_000, "tig7": 40_000, "s1.ctg000002l": 30_000}
    path = tmp_path / "contigs.fa"
    described = {"tig7": " len=40000 suggestCircular=yes"}
    added = "".join(
        f">{name}{described.get(name, '')}\n{random_dna(length, place, 'AACGTTTGAC')}\n"
        for place, (name, length) in enumerate(circles.items())
    )
    path.write_text(assembly.read_text() + added)
    bins = run_bin(command, path, tmp_path / "out")
    rows = {row["bin"]: row for row in table(tmp_path / "out")}
    assert [row["circular"] for row in rows.values()].count("yes") == 1
    own = rows[bins["s1.ctg000001c"]]
    assert (own["n_contigs"], own["circular"]) == ("1", "yes")
    assert "tig7" not in bins
    assert bins["s1.ctg000002l"] == bins["s2_c0"]
    elements = (tmp_path / "out" / "elements.tsv").read_text().splitlines()
    assert [line.split("\t")[:2] for line in elements] == [["contig", "length"], ["tig7", "40000"]]
