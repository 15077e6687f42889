"""`classify fit` and `classify`: what they write, refuse and say."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.labels import read_labels
from dnabert_s_cli.io.taxonomy import parse_label
from dnabert_s_cli.pipelines.encoding import EncoderOptions, SequenceInput
from dnabert_s_cli.pipelines.fit_classifier import FitOptions, fit_from_sequences
from dnabert_s_cli.pipelines.progress import Silent
from tests.cli.conftest import Command
from tests.conftest import random_dna

LETTERS = (
    "AAAAACCGTT",
    "ACCCCGGGGT",
    "AACGTTTGAC",
    "AAAAAAAATC",
    "CCCCCCCGTA",
    "GGGAATTCCC",
    "ACACACGTTT",
    "AATTTGGGGG",
)
LINEAGES = [f"d__B;p__P{n // 4};g__G{n // 2};s__G{n // 2} s{n}" for n in range(len(LETTERS))]
N_READS = 40
QUICK = ("--crops", "8", "--method", "centroid")


def write_species(path: Path, *, n_records: int, length_bp: int, seed: int, n_species: int = len(LETTERS)) -> Path:
    """FASTA of artificial species that differ in composition, each record named after its species."""
    with path.open("w") as file:
        for species, letters in enumerate(LETTERS[:n_species]):
            for record in range(n_records):
                dna = random_dna(length_bp, seed + 1000 * species + record, letters)
                file.write(f">s{species}_{record} {LINEAGES[species]}\n{dna}\n")
    return path


def write_labels(path: Path, names: list[str], *, n_records: int = 6) -> Path:
    path.write_text("".join(f"s{n}_{record}\t{name}\n" for n, name in enumerate(names) for record in range(n_records)))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """references.fa, reads.fa, labels.tsv and lineages.tsv."""
    folder = tmp_path_factory.mktemp("species")
    write_species(folder / "references.fa", n_records=6, length_bp=3000, seed=0)
    write_species(folder / "reads.fa", n_records=5, length_bp=2000, seed=500)
    write_labels(folder / "labels.tsv", [f"species {n}" for n in range(len(LETTERS))])
    write_labels(folder / "lineages.tsv", LINEAGES)
    return folder


@pytest.fixture(scope="module")
def fit(folder: Path) -> Path:
    """A classifier of plain labels."""
    fit_from_sequences(
        SequenceInput((folder / "references.fa",)),
        folder / "species.clf",
        encoder=EncoderOptions(model="tnf-c"),
        options=FitOptions(labels=folder / "labels.tsv"),
        force=False,
        progress=Silent(),
    )
    return folder / "species.clf"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_reads_get_the_label_of_their_species(command: Command, folder: Path, fit: Path) -> None:
    result = command("classify", folder / "reads.fa", "--classifier", fit)
    found = rows(result.out)
    assert result.code == 0
    assert [row["id"] for row in found] == [f"s{n}_{record}" for n in range(8) for record in range(5)]
    given = [row for row in found if row["status"] == "C"]
    assert len(given) > 0.6 * N_READS
    assert all(row["label"] == f"species {row['id'][1]}" for row in given)
    assert {row["length"] for row in found} == {"2000"}


def test_summary_goes_to_stderr(command: Command, folder: Path, fit: Path) -> None:
    result = command("classify", folder / "reads.fa", "--classifier", fit)
    assert "species 0" in result.err
    assert "40 sequences, 80 kbp" in result.err


def test_all_files_agree(command: Command, folder: Path, fit: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("o.tsv", "k.txt", "t.tsv")]
    outputs = ("-o", files[0], "--kreport", files[1], "--taxvamb", files[2])
    assert command("classify", "run", folder / "reads.fa", "-c", fit, *outputs).code == 0
    found = rows(files[0].read_text())
    counts = Counter(row["label"] for row in found)
    report = [line.split("\t") for line in files[1].read_text().splitlines()]
    assert {name.strip(): int(direct) for _, _, direct, rank, _, name in report if rank != "R"} == counts
    predictions = {row["contigs"]: row["predictions"] for row in rows(files[2].read_text())}
    assert predictions == {row["id"]: row["label"] for row in found if row["status"] == "C"}
    assert json.loads((tmp_path / "o.tsv.run.json").read_text())["encoder"]["model"] == "tnf-c"


def test_lineages_give_labels_of_their_ranks(command: Command, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "l.clf"
    arguments = ("--labels", folder / "lineages.tsv", "--model", "tnf-c", *QUICK, "-o", output)
    fitted = command("classify", "fit", folder / "references.fa", *arguments)
    assert "ranks D, P have fewer than 3 clades, so no label stops there" in fitted.err
    result = command("classify", folder / "reads.fa", "-c", output, "--kreport", tmp_path / "k.txt")
    given = [row for row in rows(result.out) if row["status"] == "C"]
    assert given
    for row in given:
        truth = LINEAGES[int(row["id"][1])]
        assert truth.startswith(row["label"])
        assert parse_label(row["label"], path="", record="")[-1].rank in "GS"


def test_labels_may_stand_in_the_headers(command: Command, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "h.clf"
    by_file = tmp_path / "f.clf"
    arguments = ("classify", "fit", folder / "references.fa", "--model", "tnf-c", *QUICK, "-q", "-o")
    assert command(*arguments, output).code == 0
    assert command(*arguments, by_file, "--labels", folder / "lineages.tsv").code == 0
    with np.load(output) as first, np.load(by_file) as second:
        assert all(np.array_equal(first[name], second[name]) for name in first.files if name != "metadata")


def test_tables_give_the_labels_of_their_sequences(command: Command, folder: Path, tmp_path: Path, fit: Path) -> None:
    table = tmp_path / "reads.npy"
    command("embed", folder / "reads.fa", "--model", "tnf-c", "-o", table)
    from_table = command("classify", "--embeddings", table, "--classifier", fit)
    assert from_table.out == command("classify", folder / "reads.fa", "--classifier", fit).out


def test_a_classifier_is_fitted_to_a_table(command: Command, folder: Path, tmp_path: Path) -> None:
    table, output = tmp_path / "refs.npy", tmp_path / "t.clf"
    command("embed", folder / "references.fa", "--model", "tnf-c", "-o", table)
    fitted = command("classify", "fit", "--embeddings", table, "--labels", folder / "labels.tsv", "-o", output)
    assert fitted.code == 0
    given = [row for row in rows(command("classify", folder / "reads.fa", "-c", output).out) if row["status"] == "C"]
    assert given
    assert all(row["label"] == f"species {row['id'][1]}" for row in given)


def test_taxids_get_names_and_numbers(command: Command, folder: Path, tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "taxids.tsv", [str(100 + n) for n in range(8)])
    (tmp_path / "names.tsv").write_text("".join(f"{100 + n}\tName {n}\n" for n in range(8)))
    output = tmp_path / "n.clf"
    options = ("--labels", labels, "--taxonomy", tmp_path / "names.tsv", "--model", "tnf-c", *QUICK, "-q", "-o", output)
    assert command("classify", "fit", folder / "references.fa", *options).code == 0
    command("classify", folder / "reads.fa", "-c", output, "--kreport", tmp_path / "k.txt", "-q")
    species = [line.split("\t") for line in (tmp_path / "k.txt").read_text().splitlines() if "\tS\t" in line]
    assert {(row[4], row[5].strip()) for row in species} <= {(str(100 + n), f"Name {n}") for n in range(8)}


def test_one_sequence_of_each_label_is_enough(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=1, length_bp=6000, seed=0)
    fitted = command("classify", "fit", references, "--model", "tnf-c", "-o", tmp_path / "one.clf")
    assert fitted.code == 0
    assert "not calibrated" not in fitted.err


def test_two_labels_are_warned_about(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=4, length_bp=1000, seed=0, n_species=2)
    labels = write_labels(tmp_path / "l.tsv", ["a", "b"], n_records=4)
    fitted = command("classify", "fit", references, "--labels", labels, "--model", "tnf-c", "-o", tmp_path / "2.clf")
    assert "fewer than 3 labels" in fitted.err
    assert all(row["status"] == "C" for row in rows(command("classify", references, "-c", tmp_path / "2.clf").out))


def test_a_second_fit_gives_the_same_bytes_on_any_threads(command: Command, folder: Path, tmp_path: Path) -> None:
    arguments = (
        "classify",
        "fit",
        folder / "references.fa",
        "--model",
        "tnf-c",
        *QUICK,
        "-q",
        "-o",
        tmp_path / "a.clf",
    )
    assert command(*arguments, "-t", 1).code == 0
    first = (tmp_path / "a.clf").read_bytes()
    assert command(*arguments).code == 1
    assert command(*arguments, "-t", 2, "--force").code == 0
    assert (tmp_path / "a.clf").read_bytes() == first


def test_nothing_classified_ends_with_zero(command: Command, fit: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.fa").write_text(f">x\n{'ACGGT' * 300}\n")
    result = command("classify", tmp_path / "odd.fa", "-c", fit, "--kreport", tmp_path / "k.txt")
    assert result.code == 0
    assert "nothing is classified" in result.err
    assert (tmp_path / "k.txt").read_text() == "100.00\t1\t1\tU\t0\tunclassified\n"


def test_standard_input_is_read_in_a_pipe(folder: Path, fit: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "dnabert_s_cli", "classify", "-", "--classifier", str(fit), "-q"],
        input=(folder / "reads.fa").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert len(run.stdout.splitlines()) == N_READS + 1


def test_another_encoder_is_refused_and_both_are_named(command: Command, folder: Path, fit: Path) -> None:
    result = command("classify", folder / "reads.fa", "-c", fit, "--model", "tnf", "-q")
    assert result.code == 1
    assert "was fitted to vectors of tnf-c (" in result.err
    assert "these are of tnf (" in result.err


def test_table_of_another_encoder_is_refused(command: Command, folder: Path, fit: Path, tmp_path: Path) -> None:
    command("embed", folder / "reads.fa", "--model", "tnf-k", "-o", tmp_path / "k.npy", "-q")
    result = command("classify", "--embeddings", tmp_path / "k.npy", "-c", fit, "-q")
    assert result.code == 1
    assert "takes vectors of 136 numbers, these have 103" in result.err


def test_truncated_classifier_is_an_error(command: Command, folder: Path, fit: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.clf"
    cut.write_bytes(fit.read_bytes()[:5000])
    result = command("classify", folder / "reads.fa", "-c", cut, "-q")
    assert result.code == 1
    assert f"error: {cut}: cannot be read: truncated" in result.err


def test_labels_of_other_sequences_are_refused(command: Command, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0_0\ta\nx1\tb\nx2\tb\n")
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", folder / "references.fa", *arguments)
    assert result.code == 1
    assert "only 1 of 3 labelled ids are among the sequences; not there: x1, x2" in result.err
    assert not (tmp_path / "c.clf").exists()


def test_labels_without_sequence_are_counted(command: Command, folder: Path, tmp_path: Path) -> None:
    lines = [f"{name}\t{label}\n" for name, label in read_labels(folder / "labels.tsv").items()]
    (tmp_path / "l.tsv").write_text("".join([*lines[:-6], "y\tspecies 9\n"]))
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", folder / "references.fa", *arguments)
    assert "1 of 43 labels are for ids that are not there" in result.err
    assert "6 of 48 sequences have no label and are left out" in result.err
    assert "1 labels have no sequence, such as species 9" in result.err


def test_duplicate_label_names_both_lines(command: Command, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0_0\ta\ns1_0\tb\ns0_0\tc\n")
    arguments = ("--labels", tmp_path / "l.tsv", "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", folder / "references.fa", *arguments)
    assert f"error: {tmp_path / 'l.tsv'}:3: record 's0_0': duplicate id, first in line 1" in result.err


def test_one_label_alone_is_an_error(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=4, length_bp=1000, seed=0, n_species=1)
    result = command("classify", "fit", references, "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    assert result.code == 1
    assert "all sequences have one label" in result.err


def test_names_and_lineages_do_not_mix(command: Command, folder: Path, tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "l.tsv", ["d__A;s__B", *LINEAGES[1:7], "plain"])
    arguments = ("--labels", labels, "--model", "tnf-c", *QUICK, "-o", tmp_path / "c.clf", "-q")
    result = command("classify", "fit", folder / "references.fa", *arguments)
    assert result.code == 1
    assert "'plain' is one name, 'd__A;s__B' a lineage" in result.err


def test_a_table_needs_labels(command: Command, folder: Path, tmp_path: Path) -> None:
    command("embed", folder / "reads.fa", "--model", "tnf-c", "-o", tmp_path / "e.npy", "-q")
    result = command("classify", "fit", "--embeddings", tmp_path / "e.npy", "-o", tmp_path / "c.clf", "-q")
    assert result.code == 1
    assert "give --labels" in result.err


def test_bad_letter_names_file_line_and_record(command: Command, fit: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.fa").write_text(">a\nACGT\n>b\nAC!T\n")
    result = command("classify", tmp_path / "bad.fa", "-c", fit, "-q", "-o", tmp_path / "o.tsv")
    assert result.code == 1
    assert f"error: {tmp_path / 'bad.fa'}:4: record 'b': '!' is no nucleotide letter" in result.err
    assert not (tmp_path / "o.tsv").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("reads.fa",),
        ("--classifier", "c.clf"),
        ("reads.fa", "--embeddings", "e.npy", "--classifier", "c.clf"),
        ("reads.fa", "--classifier", "c.clf", "--kreport", "-"),
        ("fit", "reads.fa", "-o", "c.clf", "--max-fpr", "2"),
        ("fit", "reads.fa", "-o", "c.clf", "--method", "magic"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(command: Command, arguments: tuple[str, ...]) -> None:
    assert command("classify", *arguments).code == 2


@pytest.mark.parametrize(
    ("words", "shown"), [((), "classify run"), (("run",), "--kreport"), (("fit",), "--pieces-per-label")], ids=str
)
def test_help_of_each_command(command: Command, words: tuple[str, ...], shown: str) -> None:
    result = command("classify", *words, "--help")
    assert result.code == 0
    assert shown in result.out
