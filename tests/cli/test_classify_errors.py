"""`classify fit` and `classify`: what they refuse, and how they say so."""

from __future__ import annotations

from pathlib import Path

from dnabert_s_cli.io.labels.reading import read_labels
from tests.cli.conftest import Command
from tests.cli.species import LINEAGES, QUICK, write_labels, write_species


def test_another_encoder_is_refused_and_both_are_named(command: Command, species_files: Path, classifier: Path) -> None:
    result = command("classify", species_files / "reads.fa", "-c", classifier, "--model", "tnf", "-q")
    assert result.code == 1
    assert "was fitted to vectors of tnf-c (" in result.err
    assert "these are of tnf (" in result.err


def test_table_of_another_encoder_is_refused(
    command: Command, species_files: Path, classifier: Path, tmp_path: Path
) -> None:
    command("embed", species_files / "reads.fa", "--model", "tnf-k", "-o", tmp_path / "k.npy", "-q")
    result = command("classify", "--embeddings", tmp_path / "k.npy", "-c", classifier, "-q")
    assert result.code == 1
    assert "takes vectors of 136 numbers, these have 103" in result.err


def test_truncated_classifier_is_an_error(
    command: Command, species_files: Path, classifier: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.clf"
    cut.write_bytes(classifier.read_bytes()[:5000])
    result = command("classify", species_files / "reads.fa", "-c", cut, "-q")
    assert result.code == 1
    assert f"error: {cut}: cannot be read: truncated" in result.err


def test_labels_of_other_sequences_are_refused(command: Command, species_files: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0_0\ta\nx1\tb\nx2\tb\n")
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", species_files / "references.fa", *arguments)
    assert result.code == 1
    assert "only 1 of 3 labelled ids are among the sequences; missing: x1, x2" in result.err
    assert not (tmp_path / "c.clf").exists()


def test_labels_without_sequence_are_counted(command: Command, species_files: Path, tmp_path: Path) -> None:
    lines = [f"{name}\t{label}\n" for name, label in read_labels(species_files / "labels.tsv").items()]
    (tmp_path / "l.tsv").write_text("".join([*lines[:-6], "y\tspecies 9\n"]))
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", species_files / "references.fa", *arguments)
    assert "1 of 43 labels are for ids that are not in the input" in result.err
    assert "6 of 48 sequences have no label and are skipped" in result.err
    assert "1 labels have no sequence, such as species 9" in result.err


def test_duplicate_label_names_both_lines(command: Command, species_files: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0_0\ta\ns1_0\tb\ns0_0\tc\n")
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", species_files / "references.fa", *arguments)
    assert f"error: {tmp_path / 'l.tsv'}:3: record 's0_0': duplicate id, first in line 1" in result.err


def test_one_label_alone_is_an_error(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=4, length_bp=1000, seed=0, n_species=1)
    result = command("classify", "fit", references, "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    assert result.code == 1
    assert "all sequences have one label" in result.err


def test_names_and_lineages_do_not_mix(command: Command, species_files: Path, tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "l.tsv", ["d__A;s__B", *LINEAGES[1:7], "plain"])
    arguments = ("--labels", labels, "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", species_files / "references.fa", *arguments)
    assert result.code == 1
    assert "'plain' is one name, 'd__A;s__B' a lineage" in result.err


def test_a_table_needs_labels(command: Command, species_files: Path, tmp_path: Path) -> None:
    command("embed", species_files / "reads.fa", "--model", "tnf-c", "-o", tmp_path / "e.npy", "-q")
    result = command("classify", "fit", "--embeddings", tmp_path / "e.npy", "-o", tmp_path / "c.clf", "-q")
    assert result.code == 1
    assert "give --labels" in result.err


def test_bad_letter_names_file_line_and_record(command: Command, classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.fa").write_text(">a\nACGT\n>b\nAC!T\n")
    result = command("classify", tmp_path / "bad.fa", "-c", classifier, "-q", "-o", tmp_path / "o.tsv")
    assert result.code == 1
    assert f"error: {tmp_path / 'bad.fa'}:4: record 'b': '!' is not a nucleotide letter" in result.err
    assert not (tmp_path / "o.tsv").exists()
