"""No command loses a file: outputs against inputs and one another, two runs to one output, and runs that are done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_s_cli.io.locks import lock_folder
from tests.cli.conftest import Command
from tests.io.depth.inputs import BAMS, FOLDER
from tests.training_inputs import TrainingInputs

FAST = ("--model", "tnf-c")


@pytest.fixture
def inputs(tmp_path: Path, species_files: Path, classifier: Path, training_inputs: TrainingInputs) -> Path:
    """A folder of its own with one input of every kind."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("references.fa", "reads.fa", "labels.tsv"):
        shutil.copy(species_files / name, folder)
    shutil.copy(classifier, folder / "species.clf")
    shutil.copy(BAMS[0], folder / "a.bam")
    shutil.copy(FOLDER / "contigs.fa", folder)
    shutil.copy(training_inputs.train, folder / "train.csv")
    shutil.copy(training_inputs.kmer, folder / "kmer.json")
    (folder / "bins.tsv").write_text("c1\tb1\nc2\tb1\n")
    (folder / "gold.tsv").write_text("@@SEQUENCEID\tBINID\tLENGTH\nc1\tg\t9000\nc2\tg\t9000\n")
    (folder / "genomes").mkdir()
    for name in ("x.fa", "y.fa"):
        shutil.copy(FOLDER / "contigs.fa", folder / "genomes" / name)
    return folder


def _commands(folder: Path, output: Path) -> dict[str, tuple[object, ...]]:
    """A quick command line for each command that writes, without its `-o`."""
    train = ("train", "--train", folder / "train.csv", "--init", folder / "kmer.json", "--batch", 4, "--max-steps", 2)
    fit = ("classify", "fit", folder / "references.fa", "--labels", folder / "labels.tsv", *FAST)
    small = ("--no-markers", "--no-report", "-m", 500, "--min-bin", 5_000)
    return {
        "embed": ("embed", folder / "reads.fa", *FAST, "-o", output.with_suffix(".npy")),
        "cluster": ("cluster", folder / "reads.fa", *FAST, "-o", output.with_suffix(".tsv")),
        "bin": ("bin", folder / "contigs.fa", *FAST, *small, "-o", output),
        "depth": ("depth", folder / "a.bam", "-o", output.with_suffix(".tsv")),
        "fit": (*fit, "-o", output.with_suffix(".clf")),
        "classify": (
            *("classify", folder / "reads.fa", "-c", folder / "species.clf"),
            "-o",
            output.with_suffix(".tsv"),
        ),
        "pairs": ("pairs", folder / "genomes", "--length", 500, "-o", output.with_suffix(".csv")),
        "simulate": (
            *("simulate", "clustering", folder / "genomes", "--length", 500, "--fragments", 5),
            *("-o", output),
        ),
        "train": (*train, "-o", output),
        "evaluate": (
            "evaluate",
            "bins",
            folder / "bins.tsv",
            "--labels",
            folder / "gold.tsv",
            "-o",
            output.with_suffix(".tsv"),
        ),
    }


COMMANDS = list(_commands(Path(), Path("x")))

# command, and the output that is the input named last
CLASHES: dict[str, tuple[tuple[object, ...], str]] = {
    "embed": (("embed", "reads.fa", *FAST, "--format", "tsv", "-o"), "reads.fa"),
    "cluster": (("cluster", "reads.fa", *FAST, "-o"), "reads.fa"),
    "cluster labels": (("cluster", "reads.fa", *FAST, "--labels", "labels.tsv", "--summary"), "labels.tsv"),
    "depth": (("depth", "a.bam", "-o"), "a.bam"),
    "fit": (("classify", "fit", "references.fa", "--labels", "labels.tsv", *FAST, "-o"), "labels.tsv"),
    "classify": (("classify", "reads.fa", "-c", "species.clf", "-o"), "species.clf"),
    "kreport": (("classify", "reads.fa", "-c", "species.clf", "--kreport"), "reads.fa"),
    "pairs": (("pairs", "genomes", "--val", "v.csv", "-o"), "genomes/x.fa"),
    "evaluate": (("evaluate", "bins", "bins.tsv", "--labels", "gold.tsv", "-o"), "gold.tsv"),
    "per bin": (("evaluate", "bins", "bins.tsv", "--labels", "gold.tsv", "--per-bin"), "bins.tsv"),
}


@pytest.mark.parametrize("name", CLASHES)
@pytest.mark.parametrize("spelling", ["as given", "dotted", "link", "hard link"])
def test_an_input_is_never_an_output(
    command: Command, inputs: Path, monkeypatch: pytest.MonkeyPatch, name: str, spelling: str
) -> None:
    monkeypatch.chdir(inputs)
    words, clash = CLASHES[name]
    output = {"as given": clash, "dotted": f"./genomes/../{clash}"}.get(spelling, "other")
    if spelling == "link":
        Path("other").symlink_to(clash)
    if spelling == "hard link":
        os.link(clash, "other")
    before = Path(clash).read_bytes()
    result = command(*words, output, "--force")
    assert result.code == 1, result.err
    assert f"error: {Path(output)}: is an input of this run" in result.err
    assert Path(clash).read_bytes() == before
    assert not list(inputs.glob("*.partial"))


def test_the_ids_of_a_table_are_an_input(command: Command, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inputs)
    assert command("embed", "reads.fa", *FAST, "-o", "t.npy").code == 0
    result = command("cluster", "--embeddings", "t.npy", "-o", "t.ids.tsv", "--force")
    assert "t.ids.tsv: is an input of this run" in result.err


def test_a_run_json_that_would_be_written_over_an_input_is_refused(
    command: Command, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inputs)
    Path("d.tsv.run.json").write_text("contigName\tcontigLen\ttotalAvgDepth\ta\nc\t5000\t1\t1\n")
    result = command("depth", "d.tsv.run.json", "-o", "d.tsv", "--force")
    assert "d.tsv.run.json: is an input of this run" in result.err


@pytest.mark.parametrize(
    ("words", "twice"),
    [
        (("cluster", "reads.fa", *FAST, "-o", "a.tsv", "--summary", "./a.tsv"), "a.tsv"),
        (("cluster", "reads.fa", *FAST, "-o", "a.tsv", "--summary", "a.tsv.run.json"), "a.tsv.run.json"),
        (("classify", "reads.fa", "-c", "species.clf", "-o", "a.tsv", "--kreport", "a.tsv"), "a.tsv"),
        (("pairs", "genomes", "-o", "a.csv", "--val", "a.manifest.tsv"), "a.manifest.tsv"),
    ],
)
def test_two_outputs_of_one_name_are_refused(
    command: Command, inputs: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], twice: str
) -> None:
    monkeypatch.chdir(inputs)
    result = command(*words)
    assert result.code == 1
    assert "is named as two outputs" in result.err
    assert twice in result.err
    assert not Path("a.tsv").exists()


def test_an_output_folder_that_holds_an_input_is_refused(command: Command, inputs: Path, tmp_path: Path) -> None:
    assert command(*_commands(inputs, tmp_path / "out")["simulate"]).code == 0
    inside = shutil.copytree(inputs / "genomes", tmp_path / "out" / "genomes")
    result = command(
        "simulate", "clustering", inside, "--length", 500, "--fragments", 5, "-o", tmp_path / "out", "--force"
    )
    assert "holds an input of this run" in result.err
    assert sorted(path.name for path in inside.iterdir()) == ["x.fa", "y.fa"]


def test_train_does_not_remove_its_own_base(command: Command, inputs: Path, tmp_path: Path) -> None:
    words = _commands(inputs, tmp_path / "out")["train"]
    assert command(*words).code == 0
    again = (
        "train",
        "--train",
        inputs / "train.csv",
        "--base",
        tmp_path / "out" / "best",
        "--batch",
        4,
        "--max-steps",
        2,
    )
    result = command(*again, "-o", tmp_path / "out", "--force")
    assert "holds an input of this run" in result.err
    assert (tmp_path / "out" / "best" / "model.safetensors").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_second_run_to_the_same_output_is_refused(
    command: Command, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("dnabert_s_cli.training.run.folder._PATIENCE_S", 0.0)
    *words, output = _commands(inputs, tmp_path / "out")[name]
    folder, lock = (Path(str(output)), ".lock") if name == "train" else (Path(f"{output}.partial"), "lock")
    descriptor = lock_folder(folder, name=lock)
    try:
        result = command(*words, output, "--force")
        assert result.code == 1
        assert "another process is writing here" in result.err
    finally:
        os.close(descriptor)
    assert command(*words, output, "--force").code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_that_is_complete_ends_at_once_with_resume(
    command: Command, inputs: Path, tmp_path: Path, name: str
) -> None:
    words = _commands(inputs, tmp_path / "out")[name]
    assert command(*words).code == 0
    before = _content(tmp_path)
    assert command(*words).code == 1
    result = command(*words, "--resume")
    assert result.code == 0, result.err
    assert "is complete" in result.err or "were done before" in result.err or "already done" in result.err, result.err
    if name != "train":  # its log of times is written again
        assert _content(tmp_path) == before


def test_a_complete_output_of_other_input_or_options_is_no_success(
    command: Command, inputs: Path, tmp_path: Path
) -> None:
    words = _commands(inputs, tmp_path / "out")["depth"]
    assert command(*words).code == 0
    assert "made by a run with other options" in command(*words, "--resume", "--min-identity", 90).err
    shutil.copy(BAMS[1], inputs / "a.bam")
    assert "made from another" in command(*words, "--resume").err
    shutil.copy(BAMS[0], inputs / "a.bam")
    (tmp_path / "out.tsv").write_text("changed")
    assert "is missing or was changed" in command(*words, "--resume").err


def test_files_are_for_whom_the_umask_says(command: Command, inputs: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        for name in ("train", "fit", "simulate"):
            assert command(*_commands(inputs, tmp_path / name)[name]).code == 0
    finally:
        os.umask(before)
    modes = {
        path: path.stat().st_mode & 0o777
        for path in tmp_path.rglob("*")
        if path.is_file() and inputs not in path.parents
    }
    assert set(modes.values()) == {0o640}, modes


@pytest.mark.parametrize("exists", [False, True])
def test_a_failed_train_leaves_what_was_there(command: Command, inputs: Path, tmp_path: Path, exists: bool) -> None:
    words = _commands(inputs, tmp_path / "out")["train"]
    if exists:
        assert command(*words).code == 0
    before = _content(tmp_path)
    (inputs / "bad.json").write_text('{"model_type": "dnabert-s-kmer", "kmers": [99]}')
    bad = [inputs / "bad.json" if word == inputs / "kmer.json" else word for word in words]
    assert command(*bad, "--force").code == 1
    (inputs / "bad.json").unlink()
    assert _content(tmp_path) == before


def test_a_kept_step_without_its_description_says_what_to_do(
    command: Command, broken_bin: Callable[..., None], all_stages: list[object], tmp_path: Path
) -> None:
    broken_bin(tmp_path / "out", *all_stages)
    (tmp_path / "out.partial" / "markers" / "made-from.json").unlink()
    result = command("bin", *all_stages, "-o", tmp_path / "out", "--resume")
    assert result.code == 1
    assert "out.partial/markers: is no whole step of a run: made-from.json is missing" in result.err
    assert "hint: remove it" in result.err


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
