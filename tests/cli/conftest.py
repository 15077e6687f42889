"""The command line run in this process, and small inputs for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dnabert_s_cli.cli import run
from dnabert_s_cli.pipelines.classify.fit import FitOptions, fit_from_sequences
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.run_record import KEEP
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.cli.species import LETTERS, LINEAGES, write_labels, write_species
from tests.conftest import random_dna
from tests.io.depth.inputs import BAMS, FOLDER
from tests.marker_contigs import builtin_profiles


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Takes back what a command does to the package's logger, so that no other test sees it."""
    logger = logging.getLogger("dnabert_s_cli")
    handlers, level, propagates = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers, logger.propagate = handlers, propagates
    logger.setLevel(level)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own_logging: None) -> Command:  # noqa: ARG001  # own_logging: for its effect
    """Runs `dnabert-s ARGUMENTS...` with wide lines."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    """Thirty sequences of 60 to 640 bases."""
    path = tmp_path / "reads.fa"
    path.write_text("".join(f">r{index}\n{random_dna(60 + 20 * index, index)}\n" for index in range(30)))
    return path


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contigs of three artificial species that differ in composition; 12 of 30 kb each, and one short contig."""
    path = tmp_path_factory.mktemp("assembly") / "contigs.fa"
    letters = ("AAAAACCGTT", "ACCCCGGGGT", "AACGTTTGAC")
    with path.open("w") as file:
        for species, kinds in enumerate(letters):
            for contig in range(12):
                file.write(f">s{species}_c{contig}\n{random_dna(30_000, 100 * species + contig, kinds)}\n")
        file.write(f">short\n{random_dna(900)}\n")
    return path


@pytest.fixture(scope="session")
def species_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """references.fa, reads.fa, labels.tsv and lineages.tsv."""
    folder = tmp_path_factory.mktemp("species")
    write_species(folder / "references.fa", n_records=6, length_bp=3000, seed=0)
    write_species(folder / "reads.fa", n_records=5, length_bp=2000, seed=500)
    write_labels(folder / "labels.tsv", [f"species {n}" for n in range(len(LETTERS))])
    write_labels(folder / "lineages.tsv", LINEAGES)
    return folder


@pytest.fixture(scope="session")
def classifier(species_files: Path) -> Path:
    """A classifier of plain labels."""
    fit_from_sequences(
        SequenceInput((species_files / "references.fa",)),
        species_files / "species.clf",
        encoder=EncoderOptions(model="tnf-c"),
        options=FitOptions(labels=species_files / "labels.tsv"),
        existing=KEEP,
        progress=Silent(),
    )
    return species_files / "species.clf"


@pytest.fixture(scope="session")
def one_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's own file of one profile, which two of the three operons hold; the search takes no time."""
    path = tmp_path_factory.mktemp("profiles") / "one.hmm"
    profiles = builtin_profiles()
    with path.open("wb") as file:
        profiles.hmms[profiles.markers.names.index("Ribosomal_L14")].write(file)
    return path


@pytest.fixture(scope="session")
def all_stages(one_profile: Path) -> list[object]:
    """Contigs and options of a run with all stages."""
    bams = [part for path in BAMS for part in ("-b", path)]
    small = ("-m", 500, "--min-bin", 5_000, "-t", 1)
    return [FOLDER / "contigs.fa", *bams, "--model", "tnf-c", "--no-report", "--markers", one_profile, *small]


@pytest.fixture
def broken_bin(monkeypatch: pytest.MonkeyPatch, command: Command) -> Callable[..., None]:
    """Runs `bin` until all stages are kept, where Ctrl-C ends it."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def call(output: Path, *arguments: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("dnabert_s_cli.pipelines.bin.groups.cluster_contigs", interrupt)
            assert command("bin", *arguments, "-o", output).code == 130
        assert [path.name for path in output.parent.iterdir() if output.name in path.name] == [f"{output.name}.partial"]

    return call
