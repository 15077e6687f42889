"""SHA-256 of every file that the commands write, to compare two versions of the program.

Runs embed, cluster, bin, depth, classify, pairs, train, simulate and evaluate on the example and on the test data, in
one process, and prints a line for each output: digest, command, file. What differs from run to run (dates, timings,
versions, the command line) is taken out of run.json, of reports, of training logs and of model cards first.

    python benchmarks/output_hashes.py > after.txt
    PYTHONPATH=/path/to/an/earlier/checkout python benchmarks/output_hashes.py > before.txt
    diff before.txt after.txt
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np

from dnabert_s_cli.cli import run as run_command

ROOT = Path(__file__).resolve().parents[1]
_VARYING = frozenset(
    ("started_utc", "timings_s", "peak_memory_bytes", "platform", "python", "packages", "version", "argv", "run_dir")
)
_VARYING_COLUMNS = frozenset(("seconds", "tokens_per_s"))
_FACT = re.compile(r"<dt>(Command|Program|Started|Time|Times|Peak memory)</dt><dd>.*?</dd>", re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"dnabert-s \d+\.\d+[0-9a-z.+]*")
_PIECES = 12  # sequences of each genome of the example that references and reads are cut from


_LONG = ("--min-length", "1500")
_BIN = ("bin", "in/bam.fa", "--min-bin", "1000", "--min-length", "500", "--biobox", "--unbinned")
_TRAIN = ("train", "--train", "in/pairs.csv", "--init", "in/network.json", "--batch", "8", "--max-steps", "20")
_FIT = ("classify", "fit", "in/references.fa", "--labels", "in/labels.tsv", "--pieces-per-label", "20")
_EVALUATE = ("evaluate", "bins", "bin-plain/out/contig2bin.tsv", "--gold", "in/gold.tsv", "--contigs", "in/contigs.fa")
# Name of each run, which is its folder of outputs, and its command line.
COMMANDS: tuple[tuple[str, ...], ...] = (
    *(("embed-" + end, "embed", "in/contigs.fa", "-o", f"embed-{end}/t.{end}") for end in ("npy", "npz", "tsv")),
    ("embed-shard0", "embed", "in/contigs.fa", "--shard", "0/2", "-o", "embed-shard0/t.npy"),
    ("embed-shard1", "embed", "in/contigs.fa", "--shard", "1/2", "-o", "embed-shard1/t.npy"),
    ("merge", "merge", "embed-shard0/t.npy", "embed-shard1/t.npy", "-o", "merge/t.tsv"),
    ("cluster-sequences", "cluster", "in/bam.fa", "-o", "cluster-sequences/c.tsv"),
    (
        *("cluster-table", "cluster", "--embeddings", "embed-npy/t.npy", "-o", "cluster-table/c.tsv", "-k", "4"),
        *("--method", "kmeans", "--summary", "cluster-table/s.tsv", "--plot", "cluster-table/p.html"),
    ),
    ("bin-plain", "bin", "in/contigs.fa", "-o", "bin-plain/out", "--min-bin", "20000", *_LONG),
    (
        *("bin-table", "bin", "in/contigs.fa", "-o", "bin-table/out", "--embeddings", "embed-npy/t.npy"),
        *("--no-markers", "--gzip", "--min-bin", "20000", "--refine", "bin-plain/out/contig2bin.tsv"),
    ),
    ("bin-one", *_BIN, "-o", "bin-one/out", "--bam", "in/sample1.bam"),
    ("bin-two", *_BIN, "-o", "bin-two/out", "--bam", "in/sample1.bam", "--bam", "in/sample2.bam"),
    ("bin-depth", *_BIN, "-o", "bin-depth/out", "--depth", "in/jgi_depth.tsv"),
    ("depth-bam", "depth", "in/sample1.bam", "in/sample2.bam", "-o", "depth-bam/d.tsv"),
    ("depth-table", "depth", "in/jgi_depth.tsv", "-o", "depth-table/d.tsv", "--min-length", "3000"),
    ("classify-fit", *_FIT, "-o", "classify-fit/c.clf"),
    (
        *("classify-run", "classify", "in/reads.fa", "-c", "classify-fit/c.clf", "-o", "classify-run/t.tsv"),
        *("--kreport", "classify-run/k.txt", "--taxvamb", "classify-run/v.tsv"),
    ),
    (
        *("classify-table", "classify", "run", "--embeddings", "embed-npy/t.npy", "-c", "classify-fit/c.clf"),
        *("-o", "classify-table/t.tsv"),
    ),
    (
        *("pairs", "pairs", "in/genomes/a.fa", "in/genomes/b.fa", "in/genomes/c.fa", "-o", "pairs/p.csv.gz"),
        *("--length", "500", "--pairs-per-genome", "20", "--val", "pairs/val.csv", "--val-fraction", "0.4"),
    ),
    *(
        (f"simulate-{kind}", "simulate", kind, "in/genomes", "-o", f"simulate-{kind}/out", *more)
        for kind, more in (
            ("clustering", ("--length", "500", "--fragments", "10")),
            ("binning", ("--length", "500", "--fragments", "8", "--least", "2")),
            ("metagenome", ("--median", "2000", "--shortest", "500", "--samples", "3")),
        )
    ),
    ("train-plain", *_TRAIN, "-o", "train-plain/out", "--save-every", "10"),
    ("train-val", *_TRAIN, "-o", "train-val/out", "--val", "in/val.csv", "--eval-every", "10"),
    (
        *("evaluate-bins", *_EVALUATE, "--per-bin", "evaluate-bins/b.tsv", "--per-genome", "evaluate-bins/g.tsv"),
        *("-o", "evaluate-bins/s.tsv"),
    ),
    (
        *("evaluate-clustering", "evaluate", "clustering", "simulate-clustering/out/clustering.tsv.gz"),
        *("--models", "tnf,kmer-s", "-o", "evaluate-clustering/out", "--seeds", "2", "--no-cache"),
    ),
)


def main() -> None:
    """Run everything in a folder of its own, then print the digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder to run in and to leave behind")
    parser.add_argument("--without", default="", help="commands to leave out, as in: train,evaluate")
    arguments = parser.parse_args()
    left_out = set(arguments.without.split(","))
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.keep or Path(folder)
        work.mkdir(exist_ok=True)
        os.chdir(work)
        make_inputs()
        for name, *words in COMMANDS:
            if name.partition("-")[0] not in left_out:
                run_one(name, words)
        for path in sorted(path for path in Path().rglob("*") if path.is_file() and path.parts[0] != "in"):
            print(hashlib.sha256(comparable(path)).hexdigest(), path)


def run_one(name: str, words: Sequence[str]) -> None:
    """One command with its messages kept for an error."""
    print(name, file=sys.stderr, flush=True)
    folder = Path(name)
    folder.mkdir()
    sys.argv = ["dnabert-s", *words]
    messages = io.StringIO()
    with redirect_stderr(messages):
        code = run_command([*words, "--quiet"])
    if code != 0:
        print(messages.getvalue(), file=sys.stderr)
        (folder / "failed").write_text(f"exit code {code}\n")


def make_inputs() -> None:
    """Small inputs out of the example and the test data, under `in`."""
    folder = Path("in")
    (folder / "genomes").mkdir(parents=True)
    for name in ("sample1.bam", "sample2.bam", "jgi_depth.tsv"):
        shutil.copy(ROOT / "tests/data/bam" / name, folder / name)
    shutil.copy(ROOT / "tests/data/bam/contigs.fa", folder / "bam.fa")
    (folder / "network.json").write_text('{"model_type": "dnabert-s-kmer", "kmers": [4], "hidden": [32], "dim": 16}')
    contigs = long_contigs()
    chosen = {genome: found[:_PIECES] for genome, found in contigs.items() if len(found) >= _PIECES}
    every = [(name, text, genome) for genome, found in chosen.items() for name, text in found]
    write_fasta(folder / "contigs.fa", [(name, text) for name, text, _ in every])
    write_fasta(folder / "references.fa", [(name, text[:3000]) for name, text, _ in every])
    write_fasta(folder / "reads.fa", [(f"{name}_read", text[500:1400]) for name, text, _ in every])
    (folder / "gold.tsv").write_text("".join(f"{name}\t{genome}\n" for name, _, genome in every))
    (folder / "labels.tsv").write_text("".join(f"{name}\t{genome}\n" for name, _, genome in every))
    for letter, found in zip("abcdef", chosen.values(), strict=False):
        write_fasta(folder / "genomes" / f"{letter}.fa", found)
    write_pairs(folder / "pairs.csv", every, seed=1)
    write_pairs(folder / "val.csv", every[::3], seed=2)


def long_contigs() -> dict[str, list[tuple[str, str]]]:
    """Names and sequences of the longer contigs of the example, by genome."""
    genome_of = dict(line.split("\t")[:2] for line in (ROOT / "examples/gold.tsv").read_text().splitlines())
    contigs: dict[str, list[tuple[str, str]]] = {}
    with gzip.open(ROOT / "examples/contigs.fa.gz", "rt") as stream:
        for record in stream.read().split(">")[1:]:
            header, _, sequence = record.partition("\n")
            name = header.split()[0]
            if len(sequence) > 3000 and name in genome_of:
                contigs.setdefault(genome_of[name], []).append((name, sequence.replace("\n", "")))
    return contigs


def write_fasta(path: Path, records: Sequence[tuple[str, str]]) -> None:
    """One line a sequence."""
    path.write_text("".join(f">{name}\n{text}\n" for name, text in records))


def write_pairs(path: Path, records: Sequence[tuple[str, str, str]], *, seed: int) -> None:
    """Two pieces of each record, and its genome."""
    order = np.random.default_rng(seed).permutation(len(records)).tolist()
    rows = (records[row] for row in order)
    path.write_text("".join(f"{text[:300]},{text[1000:1300]},{genome}\n" for _, text, genome in rows))


def comparable(path: Path) -> bytes:
    """The content of a file without what differs from run to run."""
    content = path.read_bytes()
    if path.name.endswith("run.json"):
        return json.dumps(without_varying(json.loads(content)), sort_keys=True).encode()
    if path.name in ("training_state.json", "train_config.json", "results.json"):
        return json.dumps(without_varying(json.loads(content)), sort_keys=True).encode()
    if path.name == "log.csv":
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        return "\n".join(str({k: v for k, v in row.items() if k not in _VARYING_COLUMNS}) for row in rows).encode()
    if path.suffix in (".html", ".md"):
        text = _FACT.sub("", content.decode())
        return _VERSION.sub("", _DATE.sub("", text)).encode()
    if path.suffix in (".npz", ".clf"):
        return arrays(path)
    return content


def arrays(path: Path) -> bytes:
    """Names and bytes of the arrays of an .npz; JSON in them without what differs."""
    found = hashlib.sha256()
    with np.load(path, allow_pickle=False) as stored:
        for name in sorted(stored.files):
            found.update(f"{name} {stored[name].dtype} {stored[name].shape}".encode() if name != "run" else b"run")
            array = stored[name]
            text = str(array[()]) if array.ndim == 0 and array.dtype.kind == "U" else ""
            is_json = text.startswith("{")
            found.update(json.dumps(without_varying(json.loads(text))).encode() if is_json else array.tobytes())
    return found.digest()


def without_varying(value: object) -> object:
    """JSON without the keys that differ from run to run, at any depth."""
    if isinstance(value, dict):
        return {key: without_varying(inner) for key, inner in value.items() if key not in _VARYING | {"seconds"}}
    if isinstance(value, list):
        return [without_varying(inner) for inner in value]
    return value


if __name__ == "__main__":
    main()
