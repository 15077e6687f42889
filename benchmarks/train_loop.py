"""Pairs a second that `train` learns from on the CPU, against a plain PyTorch loop over the same network.

Pairs of random DNA in a CSV -> the steps of `train`, with its data loading, log and schedule -> and a loop as one would
write it: all rows in memory, shuffled, prepared, encoded, cross entropy of the cosines, backward, Adam. Both in turn,
on one thread, in processor seconds of whole steps; the least of the rounds. Then the share of a step that reading pairs
takes, and reading with preparing (tokens, or k-mers). For a k-mer network and a small transformer. The last line is one
JSON object.

    python benchmarks/train_loop.py [--steps 20] [--rounds 3]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from machine import machine_facts

from dnabert_s_cli.training.config import DataConfig, ModelConfig, ObjectiveConfig, OptimiserConfig, RunConfig
from dnabert_s_cli.training.config import TrainConfig as Config
from dnabert_s_cli.training.evaluation import Evaluation
from dnabert_s_cli.training.loop import Course, train_steps
from dnabert_s_cli.training.objective.contrastive import prepare_batch
from dnabert_s_cli.training.processes.distributed import World
from dnabert_s_cli.training.run.checkpoint import Trained, TrainState
from dnabert_s_cli.training.run.logs import StepRecord
from dnabert_s_cli.training.setup import OpenData, make_trained, open_data, plan_steps
from dnabert_s_cli.training.step import StepMaker

_TEMPERATURE = 0.05
_WORLD = World(0, 1, torch.device("cpu"))


@dataclass(frozen=True, slots=True)
class Case:
    """A network to train: the sizes as `--init` takes them, bases of a sequence, pairs of a batch."""

    name: str
    sizes: dict[str, object]
    length_bp: int
    batch_pairs: int


CASES = (
    Case(
        "k-mer network",
        {"model_type": "dnabert-s-kmer", "kmers": [4, 6], "hidden": [512], "dim": 256, "norm": "layer"},
        5_000,
        128,
    ),
    Case(
        "transformer of 4 layers",
        {
            "model_type": "bert",
            "vocab_size": 4096,
            "hidden_size": 192,
            "num_hidden_layers": 4,
            "num_attention_heads": 3,
            "intermediate_size": 768,
        },
        400,
        12,
    ),
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Processor seconds of a step: of `train`, of the plain loop, of reading its pairs, and of preparing them too."""

    train_s: float
    plain_s: float
    reading_s: float
    reading_and_preparing_s: float


def main() -> None:
    """Measure both networks, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            rates = measure(case, Path(folder), n_steps=arguments.steps, n_rounds=arguments.rounds)
            rows[case.name] = {
                **{name: round(value, 4) for name, value in asdict(rates).items()},
                "pairs_per_s": round(case.batch_pairs / rates.train_s, 1),
                "pairs_per_s_plain": round(case.batch_pairs / rates.plain_s, 1),
                "over_plain": round(rates.train_s / rates.plain_s, 3),
                "reading_share": round(rates.reading_s / rates.train_s, 4),
                "length_bp": case.length_bp,
                "batch_pairs": case.batch_pairs,
            }
            print(case.name, rows[case.name], flush=True)
    print(json.dumps({"benchmark": "train_loop", "rows": rows, **machine_facts()}))


def measure(case: Case, folder: Path, *, n_steps: int, n_rounds: int) -> Rates:
    """Both loops in turn over one file of pairs."""
    config = make_config(case, folder, n_steps=n_steps)
    train_s, plain_s, reading_s, preparing_s = [], [], [], []
    with ExitStack() as files:
        data = open_data(config, _WORLD, files=files)
        trained = make_trained(config, data, saved=None, world=_WORLD)
        for _ in range(n_rounds):
            train_s.append(seconds_of_train(config, data, trained))
            plain_s.append(seconds_of_plain_loop(config, trained))
            reading_s.append(seconds_of_reading(data, trained, n_steps=n_steps, is_prepared=False))
            preparing_s.append(seconds_of_reading(data, trained, n_steps=n_steps, is_prepared=True))
    return Rates(min(train_s), min(plain_s), min(reading_s), min(preparing_s))


def make_config(case: Case, folder: Path, *, n_steps: int) -> Config:
    """Write pairs and sizes; the settings of a run of phase I."""
    pairs, sizes = folder / "pairs.csv", folder / "sizes.json"
    generator = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with pairs.open("w", encoding="utf-8") as stream:
        for row in range(case.batch_pairs * n_steps):
            first, second = (letters[one].tobytes().decode() for one in generator.integers(0, 4, (2, case.length_bp)))
            stream.write(f"{first},{second},{row}\n")
    sizes.write_text(json.dumps(case.sizes), encoding="utf-8")
    is_transformer = "vocab_size" in case.sizes
    return Config(
        DataConfig(str(pairs), workers=0),
        ModelConfig(init=str(sizes), tokenizer="new" if is_transformer else None, vocab_size=512),
        ObjectiveConfig("simclr", _TEMPERATURE, "1"),
        OptimiserConfig(batch_pairs=case.batch_pairs),
        RunConfig(epochs=1, eval_every=10**9, save_every=10**9, device="cpu", dtype="float32", threads=1),
    )


def seconds_of_train(config: Config, data: OpenData, trained: Trained) -> float:
    """Processor seconds of a step of `train`, without the first."""
    ends: list[float] = []

    def note(_: StepRecord) -> None:
        ends.append(time.process_time())

    maker = StepMaker(config, _WORLD, plan_steps(config, data.stream), config.data.train, None)
    evaluation = Evaluation(None, None)
    train_steps(trained, Course(maker, data.stream, evaluation, data.surroundings, None, note), state=TrainState())
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def seconds_of_plain_loop(config: Config, trained: Trained) -> float:
    """The same of a loop without anything that is not needed."""
    network, head, optimiser = trained.model.network, trained.head, trained.optimiser
    size = config.optimiser.batch_pairs
    with Path(config.data.train).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    random.Random(0).shuffle(rows)
    ends = []
    for start in range(0, len(rows) - size + 1, size):
        batch = rows[start : start + size]
        optimiser.zero_grad(set_to_none=True)
        first, second = (
            head(network.encode(network.prepare([row[side] for row in batch]))) for side in (0, 1)
        )  # (B, P) unit rows
        loss = two_view_loss(first, second)
        torch.autograd.backward(loss)
        optimiser.step()
        ends.append(time.process_time())
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def two_view_loss(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each row's partner among all other rows of both views (Chen et al. 2020, eq. 1)."""
    rows = torch.cat([first, second])
    cosines = rows @ rows.T / _TEMPERATURE
    cosines.fill_diagonal_(float("-inf"))
    partners = torch.arange(len(rows)).roll(len(first))
    return F.cross_entropy(cosines, partners)


def seconds_of_reading(data: OpenData, trained: Trained, *, n_steps: int, is_prepared: bool) -> float:
    """Processor seconds of reading a batch of pairs, and of preparing it for the network if asked."""
    started = time.process_time()
    for batch in data.stream.batches(start_step=0, end_step=n_steps):
        if is_prepared:
            prepare_batch(trained.model.network, batch, chunk_rows=None)
    return (time.process_time() - started) / n_steps


if __name__ == "__main__":
    main()
