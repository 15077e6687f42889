"""`bin --h5ad`: contigs for scanpy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnabert_s_cli.io.embeddings.reading import read_embeddings
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import fasta_record, read_sequences
from tests.cli.bin_runs import BARE
from tests.cli.conftest import Command
from tests.cli.test_bin_samples import table, write_catalogue

anndata = pytest.importorskip("anndata")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two samples of two and one artificial species."""
    return write_catalogue(tmp_path_factory.mktemp("h5ad") / "catalogue.fa", {"S1": (0, 1), "S2": (1,)})


def bin_catalogue(command: Command, catalogue: Path, output: Path, *options: object) -> Any:
    """Run `bin` with all that goes into the table."""
    lines = [f"S1:c{contig}_{species}\t20000\t{1 + species}" for species in range(2) for contig in range(10)]
    depth = output.parent / "depth.tsv"
    depth.write_text("\n".join(["contig\tlength\trun1/gut", *lines, ""]))
    arguments = ("bin", catalogue, "--separator", ":", "-d", depth, "-o", output, *BARE, "--min-bin", 100_000)
    return command(*arguments, *options)


def test_it_holds_vectors_map_and_facts(command: Command, catalogue: Path, tmp_path: Path) -> None:
    out, path = tmp_path / "out", tmp_path / "contigs.h5ad"
    assert bin_catalogue(command, catalogue, out, "--h5ad", path).code == 0
    assert command("embed", catalogue, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q").code == 0
    found, expected = anndata.read_h5ad(path), read_embeddings(tmp_path / "e.npy")
    assert found.obs_names.tolist() == list(expected.ids)
    np.testing.assert_array_equal(found.X, expected.embeddings)
    assert found.obsm["X_map"].shape == (30, 2)
    obs = found.obs
    assert obs["bin"].dropna().astype(str).to_dict() == read_labels(out / "contig2bin.tsv")
    assert obs["sample"].tolist() == ["S1"] * 20 + ["S2"] * 10
    assert obs["length"].tolist() == expected.lengths_bp.tolist()
    assert obs["depth_run1_gut"].tolist()[::10][:2] == [1.0, 2.0]
    assert obs["depth_run1_gut"].isna().sum() == 10
    species = {row["bin"]: row["species"] for row in table(out / "bins.tsv")}
    binned = obs.dropna(subset="bin")
    assert [species[name] for name in binned["bin"]] == binned["bin_species"].tolist()
    assert json.loads(found.uns["dnabert_s"])["command"] == "bin"
    assert not (tmp_path / "contigs.h5ad.partial").exists()


def test_completeness_and_names_of_bins_are_columns(command: Command, all_stages: list[object], tmp_path: Path) -> None:
    path = tmp_path / "out" / "contigs.h5ad"  # in the folder that the run makes
    assert command("bin", *all_stages, "-o", tmp_path / "out", "--h5ad", path).code == 0
    obs = anndata.read_h5ad(path).obs
    rows = {row["bin"]: row for row in table(tmp_path / "out" / "bins.tsv")}
    for name, completeness, taxon in zip(obs["bin"], obs["bin_completeness"], obs["bin_taxon"], strict=True):
        if isinstance(name, str):
            assert f"{completeness:.2f}" == rows[name]["completeness"]
            assert taxon == rows[name]["taxon"]
    assert obs["bin"].notna().any()
    outputs = json.loads((tmp_path / "out" / "run.json").read_text())["outputs"]
    assert "contigs.h5ad" in {one["path"] for one in outputs}


def test_an_existing_file_stays_and_a_complete_run_knows_it(command: Command, catalogue: Path, tmp_path: Path) -> None:
    path = tmp_path / "contigs.h5ad"
    path.write_text("precious")
    result = bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", path)
    assert result.code == 1
    assert "already exists" in result.err
    assert (path.read_text(), (tmp_path / "out").exists()) == ("precious", False)
    assert bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", path, "--force").code == 0
    assert bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", path, "--resume").code == 0
    path.unlink()
    result = bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", path, "--resume")
    assert result.code == 1
    assert "contigs.h5ad is missing" in result.err


def test_what_is_missing_or_wrong_is_said_at_once(
    command: Command, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", "contigs.tsv").code == 2
    monkeypatch.setitem(sys.modules, "anndata", None)
    result = bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", tmp_path / "contigs.h5ad")
    assert result.code == 1
    assert "pip install anndata" in result.err
    assert not (tmp_path / "out").exists()


def test_scanpy_opens_and_draws_it(command: Command, catalogue: Path, tmp_path: Path) -> None:
    scanpy = pytest.importorskip("scanpy", reason="scanpy is not installed")
    assert bin_catalogue(command, catalogue, tmp_path / "out", "--h5ad", tmp_path / "contigs.h5ad").code == 0
    contigs = scanpy.read_h5ad(tmp_path / "contigs.h5ad")
    assert scanpy.pl.embedding(contigs, basis="map", color=["bin", "gc"], show=False) is not None
    scanpy.pp.neighbors(contigs, use_rep="X", n_neighbors=5)
    assert contigs.obsp["distances"].shape == (30, 30)


def test_a_sample_added_later_is_in_it(command: Command, catalogue: Path, tmp_path: Path) -> None:
    path, growing = tmp_path / "contigs.h5ad", tmp_path / "catalogue.fa"
    arguments = ("bin", growing, "--separator", ":", "-o", tmp_path / "out", *BARE, "--min-bin", 100_000)
    for samples in (("S1",), ("S1", "S2")):
        records = [one for one in read_sequences([catalogue]) if one.id.startswith(samples)]
        growing.write_bytes(b"".join(fasta_record(one.id, one.sequence) for one in records))
        assert command(*arguments, "--h5ad", path, "--resume").code == 0
    found = anndata.read_h5ad(path)
    assert found.obs_names.tolist() == [one.id for one in read_sequences([catalogue])]
    assert command("embed", catalogue, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q").code == 0
    np.testing.assert_array_equal(found.X, read_embeddings(tmp_path / "e.npy").embeddings)
    bins = found.obs["bin"].dropna().astype(str).to_dict()
    assert bins == read_labels(tmp_path / "out" / "contig2bin.tsv")
    assert found.obs["sample"].tolist() == ["S1"] * 20 + ["S2"] * 10
