"""Train a k-mer network towards the vectors of a larger model, such as DNABERT-S: nearly its vectors, without a GPU.

    python examples/distil/distil.py genomes/*.fa --teacher dnabert-s -o student
    dnabert-s bin contigs.fa --model student -o bins

Sequences -> pieces of log-uniform length, drawn at random places -> the teacher's vectors, computed once -> a
student, which is a k-mer network of the teacher's dimension, learns to point the same way, by AdamW with a cosine
schedule. The loss takes two cosines from 2: to the teacher's vectors, and to them with the mean of each side
subtracted. A transformer's vectors often have most of their length in common, so the first is soon .99 with hardly
anything learned; the second starts near 0, and is what separates sequences. A tenth of the pieces is held out; both
cosines on them are printed as it goes. The teacher is any model that `--model` takes elsewhere (`dnabert-s models
pull dnabert-s` fetches that one).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dnabert_s_cli import load_encoder
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.folder import save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.kmer.profile import kmer_profiles
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.threads import usable_cores

HELD_OUT = 0.1
WEIGHT_DECAY = 0.01
WARMUP = 0.1  # of all steps
_PIECES_AT_ONCE = 1_024
_LINES = 20


def main() -> None:
    """Read, ask the teacher, train, write."""
    given = _parser().parse_args()
    rng = np.random.default_rng(given.seed)
    sequences = [record.sequence for record in read_sequences(given.sequences, min_length_bp=given.shortest)]
    pieces = draw_pieces(sequences, given.pieces, bounds_bp=(given.shortest, given.longest), rng=rng)
    targets = _in_parts(pieces, load_encoder(given.teacher, given.device).embed)
    described = {**KmerNetworkConfig().to_json(), **json.loads(given.network.read_text(encoding="utf-8"))}
    described |= {"dim": targets.shape[1], "uncertainty": False}
    config = KmerNetworkConfig.from_json(described, path=str(given.network))
    profiles = _in_parts(pieces, lambda part: kmer_profiles(part, config, threads=usable_cores()))
    network = KmerNetwork(config)
    init_weights(network, torch.Generator().manual_seed(given.seed))
    torch.manual_seed(given.seed)  # dropout draws from the global generator
    learn(network, profiles, targets, steps=given.steps, batch=given.batch, rate=given.lr, rng=rng)
    save_kmer_model(given.output, network.eval())
    print(f"the student: {given.output}")


def draw_pieces(
    sequences: Sequence[str], n_pieces: int, *, bounds_bp: tuple[int, int], rng: np.random.Generator
) -> list[str]:
    """Pieces of the sequences, a longer one more often; none longer than what it is taken from."""
    lengths_bp = np.array([len(sequence) for sequence in sequences])
    wanted_bp = np.exp(rng.uniform(*np.log(bounds_bp), n_pieces)).astype(int)
    pieces = []
    for place, wanted in zip(
        rng.choice(len(sequences), n_pieces, p=lengths_bp / lengths_bp.sum()), wanted_bp, strict=True
    ):
        length = min(wanted, lengths_bp[place])
        start = rng.integers(lengths_bp[place] - length + 1)
        pieces.append(sequences[place][start : start + length])
    return pieces


def learn(
    network: KmerNetwork,
    profiles: np.ndarray,
    targets: np.ndarray,
    *,
    steps: int,
    batch: int,
    rate: float,
    rng: np.random.Generator,
) -> None:
    """Train in place; the last pieces are held out."""
    n_learnt = round(len(profiles) * (1 - HELD_OUT))
    inputs, goals = torch.from_numpy(profiles), F.normalize(torch.from_numpy(targets), dim=1)
    mean, variance = network.standardise.running_mean, network.standardise.running_var
    assert mean is not None
    assert variance is not None
    mean.copy_(inputs[:n_learnt].mean(dim=0))
    variance.copy_(inputs[:n_learnt].var(dim=0))
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    for step in range(steps):
        network.train()
        network.standardise.eval()
        share = min(1, (step + 1) / (WARMUP * steps)) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in optimiser.param_groups:
            group["lr"] = rate * share
        rows = torch.from_numpy(rng.integers(n_learnt, size=batch))
        raw, centred = _cosines(F.normalize(network(inputs[rows]), dim=1), goals[rows])
        loss = 2 - raw - centred
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % max(1, steps // _LINES) == 0:
            with torch.inference_mode():
                raw, centred = _cosines(F.normalize(network.eval()(inputs[n_learnt:]), dim=1), goals[n_learnt:])
            print(
                f"step {step + 1:,}: cosine to the teacher {raw:.4f}, without means {centred:.4f}, on pieces held out",
                flush=True,
            )


def _cosines(found: Tensor, goals: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cosine to the goals, as they are and without the mean of each side. Unit vectors (B, D) each -> (), ()."""
    centred = F.cosine_similarity(found - found.mean(dim=0), goals - goals.mean(dim=0))
    return (found * goals).sum(dim=1).mean(), centred.mean()


def _in_parts(pieces: list[str], make: object) -> np.ndarray:
    """One row for every piece, some at a time."""
    assert callable(make)
    parts = [make(pieces[first : first + _PIECES_AT_ONCE]) for first in range(0, len(pieces), _PIECES_AT_ONCE)]
    return np.concatenate(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequences", nargs="+", type=Path, help="genomes or contigs")
    parser.add_argument("--teacher", default="dnabert-s", help="model to learn from")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the student")
    parser.add_argument("--network", type=Path, default=Path(__file__).parent.parent / "kmer-s" / "network.json")
    parser.add_argument("--pieces", type=int, default=50_000)
    parser.add_argument("--shortest", type=int, default=500, help="bp")
    parser.add_argument("--longest", type=int, default=10_000, help="bp")
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--device", default="auto", help="of the teacher")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
