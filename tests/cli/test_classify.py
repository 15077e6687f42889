"""`classify fit` and `classify`: what they write and say."""

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

from dnabert_s_cli.io.labels.taxonomy import parse_label
from tests.cli.conftest import Command
from tests.cli.species import LINEAGES, N_READS, QUICK, write_labels, write_species


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_reads_get_the_label_of_their_species(command: Command, species_files: Path, classifier: Path) -> None:
    result = command("classify", species_files / "reads.fa", "--classifier", classifier)
    found = rows(result.out)
    assert result.code == 0
    assert [row["id"] for row in found] == [f"s{n}_{record}" for n in range(8) for record in range(5)]
    given = [row for row in found if row["status"] == "C"]
    assert len(given) > 0.6 * N_READS
    assert all(row["label"] == f"species {row['id'][1]}" for row in given)
    assert {row["length"] for row in found} == {"2000"}


def test_summary_goes_to_stderr(command: Command, species_files: Path, classifier: Path) -> None:
    result = command("classify", species_files / "reads.fa", "--classifier", classifier)
    assert "species 0" in result.err
    assert "40 sequences, 80 kbp" in result.err


def test_all_files_agree(command: Command, species_files: Path, classifier: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("o.tsv", "k.txt", "t.tsv")]
    outputs = ("-o", files[0], "--kreport", files[1], "--taxvamb", files[2])
    assert command("classify", "run", species_files / "reads.fa", "-c", classifier, *outputs).code == 0
    found = rows(files[0].read_text())
    counts = Counter(row["label"] for row in found)
    report = [line.split("\t") for line in files[1].read_text().splitlines()]
    assert {name.strip(): int(direct) for _, _, direct, rank, _, name in report if rank != "R"} == counts
    predictions = {row["contigs"]: row["predictions"] for row in rows(files[2].read_text())}
    assert predictions == {row["id"]: row["label"] for row in found if row["status"] == "C"}
    assert json.loads((tmp_path / "o.tsv.run.json").read_text())["encoder"]["model"] == "tnf-c"


def test_lineages_give_labels_of_their_ranks(command: Command, species_files: Path, tmp_path: Path) -> None:
    output = tmp_path / "l.clf"
    arguments = ("--labels", species_files / "lineages.tsv", "--model", "tnf-c", *QUICK, "-o", output)
    fitted = command("classify", "fit", species_files / "references.fa", *arguments)
    assert "ranks D, P have fewer than 3 clades, so no label stops there" in fitted.err
    result = command("classify", species_files / "reads.fa", "-c", output, "--kreport", tmp_path / "k.txt")
    given = [row for row in rows(result.out) if row["status"] == "C"]
    assert given
    for row in given:
        truth = LINEAGES[int(row["id"][1])]
        assert truth.startswith(row["label"])
        assert parse_label(row["label"], path="", record="")[-1].rank in "GS"


def test_labels_may_stand_in_the_headers(command: Command, species_files: Path, tmp_path: Path) -> None:
    output = tmp_path / "h.clf"
    by_file = tmp_path / "f.clf"
    arguments = ("classify", "fit", species_files / "references.fa", "--model", "tnf-c", *QUICK, "-q", "-o")
    assert command(*arguments, output).code == 0
    assert command(*arguments, by_file, "--labels", species_files / "lineages.tsv").code == 0
    with np.load(output) as first, np.load(by_file) as second:
        assert all(np.array_equal(first[name], second[name]) for name in first.files if name != "metadata")


def test_tables_give_the_labels_of_their_sequences(
    command: Command, species_files: Path, tmp_path: Path, classifier: Path
) -> None:
    table = tmp_path / "reads.npy"
    command("embed", species_files / "reads.fa", "--model", "tnf-c", "-o", table)
    from_table = command("classify", "--embeddings", table, "--classifier", classifier)
    assert from_table.out == command("classify", species_files / "reads.fa", "--classifier", classifier).out


def test_a_classifier_is_fitted_to_a_table(command: Command, species_files: Path, tmp_path: Path) -> None:
    table, output = tmp_path / "refs.npy", tmp_path / "t.clf"
    command("embed", species_files / "references.fa", "--model", "tnf-c", "-o", table)
    fitted = command("classify", "fit", "--embeddings", table, "--labels", species_files / "labels.tsv", "-o", output)
    assert fitted.code == 0
    given = [
        row for row in rows(command("classify", species_files / "reads.fa", "-c", output).out) if row["status"] == "C"
    ]
    assert given
    assert all(row["label"] == f"species {row['id'][1]}" for row in given)


def test_taxids_get_names_and_numbers(command: Command, species_files: Path, tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "taxids.tsv", [str(100 + n) for n in range(8)])
    (tmp_path / "names.tsv").write_text("".join(f"{100 + n}\tName {n}\n" for n in range(8)))
    output = tmp_path / "n.clf"
    options = ("--labels", labels, "--taxonomy", tmp_path / "names.tsv", "--model", "tnf-c", *QUICK, "-q", "-o", output)
    assert command("classify", "fit", species_files / "references.fa", *options).code == 0
    command("classify", species_files / "reads.fa", "-c", output, "--kreport", tmp_path / "k.txt", "-q")
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


def test_fit_says_how_sure_its_rate_is(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=6, length_bp=2000, seed=0)
    fitted = command("classify", "fit", references, "--model", "tnf-c", *QUICK, "-o", tmp_path / "s.clf")
    species = [line.split() for line in fitted.err.splitlines() if line.startswith("S ")]
    assert all(line[-1] == "8" for line in species)  # clades
    assert all(line[-4:-2] == ["(up", "to"] for line in species)
    assert len(species) == 6


def test_a_rate_that_few_clades_cannot_give_is_warned_about(command: Command, tmp_path: Path) -> None:
    references = write_species(tmp_path / "r.fa", n_records=6, length_bp=2000, seed=0)
    options = ("--model", "tnf-c", *QUICK, "--max-fpr", "0.001")
    fitted = command("classify", "fit", references, *options, "-o", tmp_path / "s.clf")
    assert fitted.code == 0
    assert "0.1% of false labels cannot be reached everywhere" in " ".join(fitted.err.split())


def test_a_second_fit_gives_the_same_bytes_on_any_threads(
    command: Command, species_files: Path, tmp_path: Path
) -> None:
    arguments = (
        "classify",
        "fit",
        species_files / "references.fa",
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


def test_nothing_classified_ends_with_zero(command: Command, classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.fa").write_text(f">x\n{'ACGGT' * 300}\n")
    result = command("classify", tmp_path / "odd.fa", "-c", classifier, "--kreport", tmp_path / "k.txt")
    assert result.code == 0
    assert "none is certain enough" in result.err
    assert (tmp_path / "k.txt").read_text() == "100.00\t1\t1\tU\t0\tunclassified\n"


def test_standard_input_is_read_in_a_pipe(species_files: Path, classifier: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "dnabert_s_cli", "classify", "-", "--classifier", str(classifier), "-q"],
        input=(species_files / "reads.fa").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert len(run.stdout.splitlines()) == N_READS + 1


@pytest.mark.parametrize(
    "arguments",
    [
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
