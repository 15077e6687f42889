"""`bin`: whole folders, empty results, and tables made elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.embeddings.reading import read_embeddings
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.cli.bin_runs import BARE, FILES, QUICK, run_bin
from tests.cli.conftest import Command


@pytest.mark.parametrize("method", ["louvain", "kmedoid", "hdbscan"])
def test_each_species_is_one_bin(command: Command, assembly: Path, tmp_path: Path, method: str) -> None:
    bins = run_bin(command, assembly, tmp_path / "out", "--method", method)
    species_of: dict[str, set[str]] = {}
    for name, label in bins.items():
        species_of.setdefault(label, set()).add(name[:2])
    assert sorted(species_of) == ["bin.1", "bin.2", "bin.3"]
    assert all(len(species) == 1 for species in species_of.values())
    assert len(bins) == 36


def test_folder_holds_what_is_promised(command: Command, assembly: Path, tmp_path: Path) -> None:
    bins = run_bin(command, assembly, tmp_path / "out", with_report=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, "report.html"}
    header, *rows = (tmp_path / "out" / "bins.tsv").read_text().splitlines()
    assert header == "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\tcircular"
    assert rows[0].startswith("bin.1\t12\t360000\t30000\t30000\t")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["settings"]["min_bin_bp"] == 200_000
    in_fasta = {record.id for record in read_sequences(sorted((tmp_path / "out" / "bins").glob("*.fa")))}
    assert in_fasta == bins.keys()


def test_same_call_gives_same_bytes_with_any_threads(command: Command, assembly: Path, tmp_path: Path) -> None:
    for threads in (1, 2):
        run_bin(command, assembly, tmp_path / f"out{threads}", "-t", threads)
    for name in ("contig2bin.tsv", "bins.tsv", "bins/bin.1.fa"):
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out2" / name).read_bytes()


def test_table_made_elsewhere_is_joined_by_name(command: Command, assembly: Path, tmp_path: Path) -> None:
    backwards = tmp_path / "backwards.fa"
    records = list(read_sequences([assembly]))
    backwards.write_text("".join(f">{record.id}\n{record.sequence}\n" for record in reversed(records)))
    command("embed", backwards, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    bins = run_bin(command, assembly, tmp_path / "out", "--embeddings", tmp_path / "e.npy", "--method", "kmedoid")
    assert len(set(bins.values())) == 3
    assert len(bins) == 36


def test_table_of_other_sequences_is_refused(command: Command, assembly: Path, reads: Path, tmp_path: Path) -> None:
    command("embed", reads, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    result = command("bin", assembly, "-o", tmp_path / "out", "--embeddings", tmp_path / "e.npy", "-q")
    assert result.code == 1
    assert f"{tmp_path}/e.npy: has only 0 of 36 sequences by name" in result.err
    assert not (tmp_path / "out").exists()


def test_table_with_another_length_is_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    ids = tmp_path / "e.ids.tsv"
    ids.write_text(ids.read_text().replace("s0_c3\t30000", "s0_c3\t30001"))
    result = command("bin", assembly, "-o", tmp_path / "out", "--embeddings", tmp_path / "e.npy", "-q")
    assert result.code == 1
    assert "record 's0_c3': is 30,001 bp long here, 30,000 bp in the sequences" in result.err


def test_table_that_lacks_some_contigs_bins_the_others(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.tsv", "--model", "tnf-c", "-q")
    lines = (tmp_path / "e.tsv").read_text().splitlines()
    (tmp_path / "e.tsv").write_text("\n".join(lines[:31]) + "\n")
    (tmp_path / "e.tsv.run.json").unlink()
    result = command("bin", assembly, "-o", tmp_path / "out", "--embeddings", tmp_path / "e.tsv", *QUICK)
    assert result.code == 0
    assert "30 sequences matched, 6 missing, 0 extra" in result.err
    assert len(read_labels(tmp_path / "out" / "contig2bin.tsv")) <= 30


def test_all_that_is_asked_for_is_written(command: Command, assembly: Path, tmp_path: Path) -> None:
    run_bin(command, assembly, tmp_path / "sample7", "--gzip", "--unbinned", "--biobox", "--mqc")
    output = tmp_path / "sample7"
    multiqc = {f"bins{part}_mqc.json" for part in ("", "_bases", "_summary")}
    assert {path.name for path in output.iterdir()} == {*FILES, *multiqc, "unbinned.fa.gz", "bins.biobox.tsv"}
    assert json.loads((output / "bins_mqc.json").read_text())["data"]["sample7"]["unknown"] == 3
    assert [record.id for record in read_sequences([output / "unbinned.fa.gz"])] == ["short"]
    assert "@SampleID:sample7\n" in (output / "bins.biobox.tsv").read_text()
    assert sorted(path.name for path in (output / "bins").iterdir()) == [f"bin.{n}.fa.gz" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "text", [">a\nACGT\n", f">a\n{'ACGGT' * 600}\n", f">a\n{'ACGGT' * 600}\n>b\n{'TTGCA' * 600}\n"]
)
def test_zero_bins_is_success_with_all_files(command: Command, tmp_path: Path, text: str) -> None:
    contigs = tmp_path / "few.fa"
    contigs.write_text(text)
    result = command("bin", contigs, "-o", tmp_path / "out", "--model", "tnf-c")
    assert result.code == 0
    assert "large enough" in result.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, "report.html"}
    assert (tmp_path / "out" / "contig2bin.tsv").read_text() == ""
    header = "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\tcompleteness\tcontamination"
    header += "\ttaxon\trank\tprobability\tnearest\tsimilarity\tcircular\n"
    assert (tmp_path / "out" / "bins.tsv").read_text() == header


def test_identical_contigs_share_a_bin(command: Command, tmp_path: Path) -> None:
    contigs = tmp_path / "same.fa"
    contigs.write_text("".join(f">c{index}\n{'ACGGTTACAGT' * 2000}\n" for index in range(12)))
    bins = run_bin(command, contigs, tmp_path / "out")
    assert set(bins.values()) == {"bin.1"}
    assert len(bins) == 12


def test_stdin_is_binned(assembly: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "dnabert_s_cli", "bin", "-", "-o", tmp_path / "out", *BARE, "-q"]
    with assembly.open("rb") as file:
        subprocess.run(arguments, stdin=file, check=True)
    assert len(set(read_labels(tmp_path / "out" / "contig2bin.tsv").values())) == 3


def test_result_is_replaced_only_by_force_and_other_folders_never(
    command: Command, assembly: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    run_bin(command, assembly, output)
    assert command("bin", assembly, "-o", output, *BARE, "-q").code == 1
    run_bin(command, assembly, output, "--force")
    (output / "run.json").unlink()
    refused = command("bin", assembly, "-o", output, *BARE, "-q", "--force")
    assert refused.code == 1
    assert "did not write it" in refused.err


def test_table_and_sequences_give_vectors_of_one_kind(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.npz", "--model", "tnf-c", "-m", "1500")
    assert np.isfinite(read_embeddings(tmp_path / "e.npz").embeddings).all()
    assert len(run_bin(command, assembly, tmp_path / "out", "--embeddings", tmp_path / "e.npz")) == 36
