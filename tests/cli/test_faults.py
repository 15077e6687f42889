"""Inputs that went wrong once (tests/data/faults): each is read, or refused with a line that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.locations import PROJECT

FAULTS = PROJECT / "tests" / "data" / "faults"
MODEL = ("--model", "tnf-c")


def ids(text: str) -> list[str]:
    """First column of a table without its header."""
    return [line.split("\t")[0] for line in text.splitlines()[1:]]


def test_bgzf_text_cut_between_blocks_is_truncated(command: Command, tmp_path: Path) -> None:
    result = command("embed", FAULTS / "cut_at_block.fa.gz", "-o", tmp_path / "x.npy", *MODEL)
    assert result.code == 1
    assert "cut_at_block.fa.gz" in result.err
    assert "truncated" in result.err
    assert list(tmp_path.glob("x*")) == []


def test_quotes_are_no_part_of_names_and_samples(command: Command) -> None:
    result = command("depth", FAULTS / "depth_quoted.tsv", "-o", "-")
    assert result.out.splitlines()[:2] == [
        "contigName\tcontigLen\ttotalAvgDepth\ts1.bam\ts1.bam-var",
        "c0\t4000\t3\t3\t1",
    ]


def test_length_and_gc_are_no_samples(command: Command) -> None:
    result = command("depth", FAULTS / "depth_gc_column.tsv", "-o", "-")
    assert result.out.splitlines()[:2] == ["contigName\tcontigLen\ttotalAvgDepth\ts1", "c0\t4000\t3\t3"]


def test_depth_of_genomes_is_refused_by_name(command: Command) -> None:
    result = command("depth", FAULTS / "depth_coverm_genome.tsv", "-o", "-")
    assert (result.code, result.out) == (1, "")
    assert "is a table of genomes" in result.err
    assert "coverm contig" in result.err


@pytest.mark.parametrize("name", ["lineages_pipes.tsv", "lineages_mmseqs.tsv"])
def test_lineages_in_other_spellings_have_their_ranks(command: Command, tmp_path: Path, name: str) -> None:
    labels, classifier = FAULTS / name, tmp_path / "c.clf"
    result = command("classify", "fit", FAULTS / "refs.fa", "--labels", labels, "-o", classifier, *MODEL)
    assert result.code == 0, result.err
    ranks = {line.split()[0] for line in result.err.splitlines() if line[1:2] == " " and "%" in line}
    assert ranks == {"D", "P", "G", "S"}


def test_leftovers_of_metabat_are_no_bins(command: Command) -> None:
    result = command("evaluate", "bins", FAULTS / "metabat_bins", "--gold", FAULTS / "gold.tsv")
    assert result.code == 0
    assert "left out files of contigs in no bin: bin.lowDepth.fa, bin.tooShort.fa, bin.unbinned.fa" in result.err


def test_kmers_with_blanks_are_refused(command: Command) -> None:
    result = command("embed", FAULTS / "kmers_with_blanks.fa", "-o", "-", *MODEL)
    assert (result.code, result.out) == (1, "")
    assert "k-mers, not a sequence" in result.err


def test_empty_reads_are_left_out_and_counted(command: Command) -> None:
    result = command("embed", FAULTS / "reads_with_empty.fq", "-m", 50, "-o", "-", *MODEL)
    assert result.code == 0
    assert ids(result.out) == ["r1", "r2"]
    assert "skipped 1 reads without a letter" in result.err


def test_mates_of_one_name_in_two_files_are_told_apart(command: Command, tmp_path: Path) -> None:
    for mate in (1, 2):
        reads = "".join(f"@r{n} {mate}:N:0\n{'ACGT' * (8 + mate)}\n+\n{'I' * 4 * (8 + mate)}\n" for n in range(3))
        (tmp_path / f"R{mate}.fq").write_text(reads)
    result = command("embed", tmp_path / "R1.fq", tmp_path / "R2.fq", "-o", "-", *MODEL)
    assert ids(result.out) == ["r0/1", "r1/1", "r2/1", "r0/2", "r1/2", "r2/2"]
    assert "hold mates of one name" in result.err


def test_mates_of_one_name_in_one_file_are_explained(command: Command, tmp_path: Path) -> None:
    (tmp_path / "both.fq").write_text("@r0 1:N:0\nACGT\n+\nIIII\n@r0 2:N:0\nACGT\n+\nIIII\n")
    result = command("embed", tmp_path / "both.fq", "-o", "-", *MODEL)
    assert result.code == 1
    assert "mates of one name" in result.err


def test_a_byte_order_mark_is_dropped(command: Command) -> None:
    result = command("embed", FAULTS / "bom.fa", "-o", "-", *MODEL)
    assert result.code == 0
    assert len(ids(result.out)) == (FAULTS / "bom.fa").read_bytes().count(b">")


def test_control_characters_of_names_are_escaped(command: Command) -> None:
    for arguments in (
        ("embed", FAULTS / "esc_names.fa", "-o", "-", *MODEL),
        ("depth", FAULTS / "esc_depth.tsv", "-o", "-"),
    ):
        result = command(*arguments)
        assert result.code == 1
        assert "\\x1b" in result.err
        assert not any(letter in result.err for letter in "\x1b\x07")


def test_alignments_in_a_stream_are_refused_in_words(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with (FAULTS / "reads.bam").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        result = command("depth", "-", "-o", "-")
    assert result.code == 1
    assert "<stdin>: holds alignments" in result.err
    assert "an alignment must be a file" in result.err


def test_labels_of_short_sequences_are_called_short(command: Command, tmp_path: Path) -> None:
    labels, classifier = FAULTS / "lineages_pipes.tsv", tmp_path / "c.clf"
    arguments = ("--labels", labels, "-o", classifier, "-m", 10_000, *MODEL)
    result = command("classify", "fit", FAULTS / "refs.fa", *arguments)
    assert result.code == 1
    assert "12 sequences are shorter than the minimum length" in result.err


def test_lengths_of_reads_without_sequence_come_from_their_cigar(command: Command) -> None:
    result = command("depth", FAULTS / "reads_without_sequence.bam", "-o", "-")
    _, _, _, mean, variance = result.out.splitlines()[1].split("\t")
    assert (round(float(mean), 2), round(float(variance), 1)) == (7.77, 8.9)


def test_a_contig_of_any_length_costs_no_memory(command: Command) -> None:
    result = command("depth", FAULTS / "huge_contig_length.bam", "-o", "-")
    assert result.code == 0
    assert result.out.splitlines()[1].startswith("c1\t4278190480\t")


def test_names_in_the_header_of_a_bam_end_at_the_first_blank(command: Command) -> None:
    result = command("depth", FAULTS / "described_names.bam", "-o", "-")
    assert ids(result.out) == [f"c{n}" for n in range(6)]


@pytest.mark.parametrize("name", ["content_c1054", "flip_f12_0"])
def test_damaged_bam_names_the_file(command: Command, name: str) -> None:
    for arguments in (("depth",), ("embed", *MODEL)):
        result = command(*arguments, FAULTS / f"depth_bam.{name}.bam", "-o", "-")
        assert (result.code, result.err.count("error: ")) == (1, 1)
        assert f"depth_bam.{name}.bam" in result.err


def test_a_contig_whose_name_is_no_text_matters_to_depth_alone(command: Command) -> None:
    path = FAULTS / "depth_bam.content_c58.bam"
    result = command("depth", path, "-o", "-")
    assert (result.code, result.err.count("error: ")) == (1, 1)
    assert "depth_bam.content_c58.bam" in result.err
    assert len(ids(command("embed", path, "-o", "-", *MODEL).out)) == 6


@pytest.mark.parametrize("name", ["badheader.npy", "hugelen.npy", "bomb.npz"])
def test_damaged_tables_of_embeddings_name_their_file(command: Command, tmp_path: Path, name: str) -> None:
    result = command("cluster", "--embeddings", FAULTS / name, "-o", tmp_path / "c.tsv")
    assert (result.code, result.err.count("error: ")) == (1, 1)
    assert name.split(".")[0] in result.err


def test_a_damaged_classifier_names_its_file(command: Command, tmp_path: Path) -> None:
    arguments = ("--classifier", FAULTS / "hugeshape.clf", "-o", tmp_path / "c.tsv")
    result = command("classify", FAULTS / "contigs.fa", *arguments)
    assert (result.code, result.err.count("error: ")) == (1, 1)
    assert "hugeshape.clf" in result.err


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("model_empty_bin", "the file of weights is empty"),
        ("model_cut_bin", "truncated or damaged"),
        ("model_lfs_pointer", "is a git-lfs pointer"),
    ],
)
def test_a_model_that_was_not_downloaded_is_named(command: Command, name: str, problem: str) -> None:
    for arguments in (
        ("embed", FAULTS / "contigs.fa", "--model", FAULTS / name, "-o", "-"),
        ("models", "info", FAULTS / name),
    ):
        result = command(*arguments)
        assert (result.code, result.out) == (1, "")
        assert problem in result.err
        assert "weights_only" not in result.err


def test_models_with_prefixes_and_in_parts_give_the_same_vectors(command: Command) -> None:
    tables = [
        command("embed", FAULTS / "contigs.fa", "--model", FAULTS / name, "--dtype", "float32", "-o", "-").out
        for name in ("model_module_prefix", "model_sharded")
    ]
    assert len(ids(tables[0])) == 6
    assert tables[0] == tables[1]


def kmer_training(tmp_path: Path, name: str) -> list[object]:
    """`train` of a small k-mer network."""
    (tmp_path / "small.json").write_text('{"model_type": "dnabert-s-kmer", "kmers": [3], "hidden": [8], "dim": 4}')
    steps = ("--batch", 8, "--max-steps", 2, "--device", "cpu", "--quiet")
    return ["train", "--train", FAULTS / name, "--init", tmp_path / "small.json", *steps, "-o", tmp_path / "model"]


def test_pairs_of_one_label_cannot_be_learned_from(command: Command, tmp_path: Path) -> None:
    result = command(*kmer_training(tmp_path, "pairs_one_label.csv"))
    assert result.code == 1
    assert "no row has a negative" in result.err
    assert "pairs_one_label.csv" in result.err


def test_pairs_behind_a_byte_order_mark_are_read(command: Command, tmp_path: Path) -> None:
    result = command(*kmer_training(tmp_path, "pairs_bom.csv"))
    assert result.code == 0, result.err


def test_file_names_need_not_be_utf8(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "name_\udce9.fa"
    path.write_bytes((FAULTS / "contigs.fa").read_bytes())
    bam = tmp_path / "reads_\udce9.bam"
    bam.write_bytes((FAULTS / "reads.bam").read_bytes())
    table = tmp_path / "x_\udce9.npy"
    assert command("embed", path, "-o", table, *MODEL).code == 0
    assert len(ids(table.with_name("x_\udce9.ids.tsv").read_text())) == 6
    assert "reads_\\xe9.bam" in command("depth", bam, "-o", "-").out
    options = ("--no-markers", "--min-bin", 1, *MODEL)
    result = command("bin", path, "-b", bam, "-o", tmp_path / "o_\udce9", *options)
    assert result.code == 0, result.err
    missing = command("embed", tmp_path / "not_\udce9\x1b[2J.fa", "-o", "-", *MODEL)
    assert "not_\\xe9\\x1b[2J.fa: no such file" in missing.err


def test_standard_output_is_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    arguments = (sys.executable, "-m", "dnabert_s_cli", "embed", FAULTS / "unicode_ids.fa", "-o", "-", *MODEL)
    done = subprocess.run(arguments, capture_output=True, check=True, env=environment, cwd=PROJECT)
    lines = (FAULTS / "unicode_ids.fa").read_text("utf-8").splitlines()
    wanted = [line[1:].split()[0] for line in lines if line.startswith(">")]
    assert ids(done.stdout.decode("utf-8")) == wanted
