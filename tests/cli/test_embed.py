"""`embed`: tables, streams, and runs that are broken off."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.embeddings.reading import read_embeddings
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.cli.conftest import Command
from tests.conftest import random_dna

MAIN = [sys.executable, "-m", "dnabert_s_cli"]


def expected_rows(path: Path, model: str) -> np.ndarray:
    return load_encoder(model, "cpu", "float32").embed([record.sequence for record in read_sequences([path])])


def test_npy_has_ids_and_provenance_beside_it(command: Command, reads: Path, tmp_path: Path) -> None:
    result = command("embed", reads, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    assert (result.code, result.out) == (0, "")
    assert np.abs(np.load(tmp_path / "e.npy") - expected_rows(reads, "tnf-c")).max() < 1e-6
    lines = (tmp_path / "e.ids.tsv").read_text().splitlines()
    assert lines[:2] == ["id\tlength\ttokens\twindows", "r0\t60\t57\t1"]
    run = json.loads((tmp_path / "e.run.json").read_text())
    assert run["encoder"]["model"] == "tnf-c"
    assert run["inputs"][0]["n_records"] == 30
    assert len(run["inputs"][0]["sha256"]) == 64


def test_transformer_folder_is_embedded(command: Command, reads: Path, tmp_path: Path, tiny_model: Path) -> None:
    arguments = ("--model", tiny_model, "--dtype", "float32", "--device", "cpu", "--batch-tokens", "200")
    assert command("embed", reads, "-o", tmp_path / "e.npy", *arguments).code == 0
    assert np.abs(np.load(tmp_path / "e.npy") - expected_rows(reads, str(tiny_model))).max() < 1e-5


@pytest.mark.parametrize("suffix", ["npz", "tsv", "parquet"])
def test_other_formats_hold_the_same_table(command: Command, reads: Path, tmp_path: Path, suffix: str) -> None:
    assert command("embed", reads, "-o", tmp_path / f"e.{suffix}", "--model", "tnf-k").code == 0
    table = read_embeddings(tmp_path / f"e.{suffix}")
    assert list(table.ids) == [f"r{index}" for index in range(30)]
    assert np.abs(table.embeddings - expected_rows(reads, "tnf-k")).max() < 1e-6


def test_format_serves_names_without_a_suffix(command: Command, reads: Path, tmp_path: Path) -> None:
    assert command("embed", reads, "-o", tmp_path / "output.dat", "--format", "npz", "--model", "tnf-k").code == 0
    with np.load(tmp_path / "output.dat") as arrays:
        assert arrays["embeddings"].shape == (30, 103)


def test_unknown_suffix_is_an_error_before_any_work(command: Command, reads: Path, tmp_path: Path) -> None:
    result = command("embed", reads, "-o", tmp_path / "e.xlsx", "--model", "tnf-c", "-q")
    assert result.code == 1
    assert "unknown format '.xlsx'" in result.err


def test_existing_table_is_kept_unless_forced(command: Command, reads: Path, tmp_path: Path) -> None:
    (tmp_path / "e.npy").write_text("precious")
    refused = command("embed", reads, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q")
    assert refused.code == 1
    assert "already exists" in refused.err
    assert (tmp_path / "e.npy").read_text() == "precious"
    assert command("embed", reads, "-o", tmp_path / "e.npy", "--model", "tnf-c", "--force").code == 0


def test_several_files_are_one_table_in_order(command: Command, reads: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.fq"
    more.write_text("@q1\nACGTACGTAC\n+\nIIIIIIIIII\n")
    assert command("embed", more, reads, "-o", tmp_path / "e.npy", "--model", "tnf-c").code == 0
    assert list(read_embeddings(tmp_path / "e.npy").ids)[:2] == ["q1", "r0"]


def test_short_sequences_are_left_out_and_counted(command: Command, reads: Path, tmp_path: Path) -> None:
    result = command("embed", reads, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-m", "100")
    assert len(np.load(tmp_path / "e.npy")) == 28
    assert "skipped 2 of 30 records shorter than 100 bp" in result.err


def test_stdin_to_stdout_is_a_tsv_stream(reads: Path) -> None:
    with reads.open("rb") as file:
        result = subprocess.run(
            [*MAIN, "embed", "-", "-o", "-", "--model", "tnf"], stdin=file, capture_output=True, check=True
        )
    lines = result.stdout.decode().splitlines()
    assert lines[0].startswith("id\tlength\ttokens\twindows\te0\t")
    rows = np.loadtxt(lines[1:], delimiter="\t", usecols=range(4, 260))
    assert np.abs(rows - expected_rows(reads, "tnf")).max() < 1e-6


def test_npy_goes_to_stdout_when_asked(reads: Path) -> None:
    arguments = ["embed", reads, "-o", "-", "--format", "npy", "--model", "tnf-c", "-q"]
    result = subprocess.run([*MAIN, *arguments], capture_output=True, check=True)
    assert np.load(io.BytesIO(result.stdout)).shape == (30, 136)


def test_same_call_gives_same_bytes_with_any_threads(
    command: Command, reads: Path, tmp_path: Path, tiny_model: Path
) -> None:
    for threads in (1, 2):
        output = tmp_path / f"e{threads}.npy"
        assert command("embed", reads, "-o", output, "--model", tiny_model, "-t", threads).code == 0
    assert (tmp_path / "e1.npy").read_bytes() == (tmp_path / "e2.npy").read_bytes()
    assert (tmp_path / "e1.ids.tsv").read_bytes() == (tmp_path / "e2.ids.tsv").read_bytes()


def test_gpu_that_is_absent_is_said(command: Command, reads: Path, tmp_path: Path, tiny_model: Path) -> None:
    result = command("embed", reads, "-o", tmp_path / "e.npy", "--model", tiny_model, "--device", "cuda:97", "-q")
    assert result.code == 1
    assert "device 'cuda:97' asked for" in result.err


def test_model_that_cannot_be_fetched_names_one_that_needs_no_download(reads: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    environment.pop("DNABERT_S_MODEL", None)
    arguments = [*MAIN, "embed", reads, "--model", "dnabert-s", "-o", tmp_path / "e.npy", "-q"]
    result = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "'dnabert-s' (zhihan1996/DNABERT-S)" in result.stderr
    assert "--model kmer-s" in result.stderr


def test_killed_run_resumes_to_the_same_bytes(tmp_path: Path, tiny_model: Path) -> None:
    reads = tmp_path / "many.fa"
    reads.write_text("".join(f">r{index}\n{random_dna(300, index)}\n" for index in range(6000)))
    options = ["--model", tiny_model, "--dtype", "float32", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    small_chunks = (
        "import dnabert_s_cli.defaults as d; d.CHUNK_RECORDS = 100; from dnabert_s_cli.cli import main; main()"
    )
    program = [sys.executable, "-c", small_chunks, "embed", reads]
    subprocess.run([*program, "-o", tmp_path / "whole.npy", *options], check=True, env=environment)
    broken = subprocess.Popen([*program, "-o", tmp_path / "broken.npy", *options], env=environment)
    state = tmp_path / "broken.npy.partial" / "state.json"
    deadline = time.monotonic() + 60
    while not (state.exists() and json.loads(state.read_text())["n_chunks"] > 3):
        assert broken.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    broken.send_signal(signal.SIGKILL)
    broken.wait()
    assert not (tmp_path / "broken.npy").exists()
    subprocess.run([*program, "-o", tmp_path / "broken.npy", *options, "--resume"], check=True, env=environment)
    for suffix in ("npy", "ids.tsv"):
        assert (tmp_path / f"broken.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
