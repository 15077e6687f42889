"""Small inputs, and a command line for each command that writes, for the programs that break runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from dnabert_s_cli.pipelines.classify.fit import FitOptions, fit_from_sequences
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.run_record import KEEP
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.cli.species import LETTERS, write_labels, write_species
from tests.io.depth.inputs import BAMS, FOLDER
from tests.training_inputs import write_training_inputs

_FAST = ("--model", "tnf-c", "-t", 1)


def write_inputs(folder: Path) -> None:
    """All inputs of `commands`, in a new folder."""
    folder.mkdir(parents=True)
    write_species(folder / "references.fa", n_records=6, length_bp=3000, seed=0)
    write_species(folder / "reads.fa", n_records=40, length_bp=2000, seed=500)
    write_labels(folder / "labels.tsv", [f"species {n}" for n in range(len(LETTERS))])
    for path in BAMS:
        shutil.copy(path, folder)
    (folder / "genomes").mkdir()
    for name in ("contigs.fa", "genomes/x.fa", "genomes/y.fa"):
        shutil.copy(FOLDER / "contigs.fa", folder / name)
    write_training_inputs(folder)
    fit_from_sequences(
        SequenceInput((folder / "references.fa",)),
        folder / "species.clf",
        encoder=EncoderOptions(model="tnf-c", threads=1),
        options=FitOptions(labels=folder / "labels.tsv"),
        existing=KEEP,
        progress=Silent(),
    )


def commands(inputs: Path, output: Path) -> dict[str, tuple[object, ...]]:
    """A command line for each command, with all its outputs in the folder `output`."""
    genomes = inputs / "genomes"
    bams = ("-b", inputs / "sample1.bam", "-b", inputs / "sample2.bam")
    fit = ("classify", "fit", inputs / "references.fa", "--labels", inputs / "labels.tsv", *_FAST)
    train = ("train", "--train", inputs / "train.csv", "--init", inputs / "kmer.json", "--batch", 4, "-t", 1)
    return {
        "catalogue": ("catalogue", f"A={inputs / 'contigs.fa'}", f"B={genomes / 'x.fa'}", "-o", output / "c.fa.gz"),
        "embed": ("embed", inputs / "reads.fa", *_FAST, "-o", output / "t.npy"),
        "bin": (
            *("bin", inputs / "contigs.fa", *bams, *_FAST, "--no-markers", "--no-report"),
            *("-m", 500, "--min-bin", 5_000, "-o", output / "out"),
        ),
        "train": (*train, "--max-steps", 40, "--save-every", 5, "-o", output / "out"),
        "fit": (*fit, "-o", output / "c.clf"),
        "classify": (
            *("classify", inputs / "reads.fa", "-c", inputs / "species.clf", "-t", 1, "-o", output / "l.tsv"),
            *("--kreport", output / "k.txt", "--taxvamb", output / "v.tsv"),
        ),
        "cluster": ("cluster", inputs / "reads.fa", *_FAST, "-o", output / "c.tsv", "--summary", output / "s.tsv"),
        "depth": ("depth", inputs / "sample1.bam", inputs / "sample2.bam", "-t", 1, "-o", output / "d.tsv"),
        "pairs": ("pairs", genomes, "--length", 500, "--val", output / "v.csv", "-o", output / "p.csv.gz"),
        "simulate": ("simulate", "clustering", genomes, "--length", 500, "--fragments", 5, "-o", output / "out"),
        "metagenome": ("simulate", "metagenome", genomes, "--median", 2000, "--shortest", 500, "-o", output / "out"),
    }
