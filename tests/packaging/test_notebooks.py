"""The notebook and the R script of `examples/notebooks`, run as a reader would run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.locations import PROJECT

EXAMPLES = PROJECT / "examples"


def test_the_notebook_runs_and_separates_the_species(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    for name in ("contigs.fa.gz", "gold.tsv"):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    notebook = nbformat.read(EXAMPLES / "notebooks" / "embeddings.ipynb", as_version=4)
    assert [cell for cell in notebook.cells if cell.get("outputs")] == []
    last = nbformat.v4.new_code_cell("print(accuracy, scores.ari, min(purities.values()), len(purities))")
    notebook.cells.append(last)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}
    ).execute()
    accuracy, ari, purity, n_bins = map(float, last.outputs[0].text.split())
    assert accuracy > 0.95
    assert ari > 0.9
    assert purity > 0.98
    assert n_bins == 4


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_tables_of_bin(tmp_path: Path) -> None:
    bins = tmp_path / "bins_out"
    program = [sys.executable, "-m", "dnabert_s_cli", "bin", EXAMPLES / "contigs.fa.gz"]
    subprocess.run([*program, "--no-markers", "--no-report", "--quiet", "-o", bins], cwd=PROJECT, check=True)
    script = EXAMPLES / "notebooks" / "bins.R"
    done = subprocess.run(["Rscript", script, bins, tmp_path / "bins.pdf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    n_bins = len((bins / "bins.tsv").read_text().splitlines()) - 1
    assert f"{n_bins} bins, " in done.stdout
    assert (tmp_path / "bins.pdf").read_bytes().startswith(b"%PDF")
