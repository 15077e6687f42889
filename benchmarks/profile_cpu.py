"""Where the time of the 117M-parameter encoder is spent on one CPU thread, from FASTA to .npy, by parts.

Random weights; two sequences of the given length. Three ways, in one run: attention written out in float32 as in
upstream's code, PyTorch's fused attention, and attention as decayed products, the last two in the number format of
`--dtype auto`. Each part is run alone on inputs of its own shape; what is left of the whole forward is copying and
calling. Reading is the check of the file and the reading of it; tokenising is BPE over random DNA with a tokenizer of
random DNA; writing is a row of the table made safe on disk. Processor time of the thread is counted, so other work on
the machine barely changes the shares. Prints a table, and one JSON object as the last line.

    python benchmarks/profile_cpu.py [--tokens 2000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from embed_cpu import FULL_SIZE, spread_scores
from embed_gpu import random_dna
from machine import machine_facts
from torch import Tensor
from upstream_way import UpstreamWay

from dnabert_s_cli.encoders.devices import keep_freed_memory, resolve_dtype
from dnabert_s_cli.encoders.dnabert.attention import alibi_slopes, biased_runs, packed_attention
from dnabert_s_cli.encoders.dnabert.decay_attention import DecayEncoder, decay_layout, decayed_attention
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, init_weights
from dnabert_s_cli.encoders.dnabert.packed_linear import pack_linear_layers
from dnabert_s_cli.encoders.dnabert.packing import equal_length_runs
from dnabert_s_cli.encoders.dnabert.tokenizer import DnaTokenizer
from dnabert_s_cli.encoders.dnabert.train_tokenizer import train_tokenizer
from dnabert_s_cli.io.embeddings.values import EmbeddedChunk
from dnabert_s_cli.io.embeddings.writer import EmbeddingWriter
from dnabert_s_cli.io.sequences.reading import read_sequences, scan_sequences

_N_SEQUENCES = 2
_BP_PER_TOKEN = 5
_SAMPLE_BP = 200_000
_SAMPLE_ROWS = 1_000
_CPU = torch.device("cpu")

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run the model: its attention over (T, 3, H, D // H), and its whole forward."""

    dtype: torch.dtype
    attend: Callable[[Tensor], object]
    forward: Work


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    around = outside_the_model(_N_SEQUENCES * arguments.tokens)
    with torch.inference_mode():
        ways = {
            name: profile(way, length=arguments.tokens, around=around, repeats=arguments.repeats)
            for name, way in make_ways(arguments.tokens).items()
        }
    for part in next(iter(ways.values())):
        print(f"{part:26s}", *(f"{found[part]:12.4g}" for found in ways.values()))
    result = {"benchmark": "profile_cpu", "tokens_of_a_sequence": arguments.tokens, "ways": ways}
    print(json.dumps({**result, **machine_facts("tokenizers")}))


def make_ways(length: int) -> dict[str, Way]:
    """Upstream's, the plain and the fast way, with the same weights."""
    model = DnabertTransformer(FULL_SIZE).eval()
    init_weights(model, torch.Generator().manual_seed(0))
    spread_scores(model)
    reduced = copy.deepcopy(model).to(resolve_dtype("auto", _CPU))
    reduced.slopes = model.slopes
    fast = copy.deepcopy(reduced)
    pack_linear_layers(fast)
    generator = np.random.default_rng(0)
    windows = [generator.integers(5, 4096, length) for _ in range(_N_SEQUENCES)]
    lengths = [length] * _N_SEQUENCES
    slopes, runs = alibi_slopes(FULL_SIZE.num_attention_heads), equal_length_runs(lengths)
    token_ids = torch.from_numpy(np.concatenate(windows))
    dtype = reduced.embeddings.word_embeddings.weight.dtype
    return {
        "upstream": Way(torch.float32, partial(written_out, length=length), partial(UpstreamWay(model).embed, windows)),
        "plain": Way(
            dtype,
            partial(packed_attention, runs=biased_runs(runs, slopes, dtype=dtype)),
            partial(reduced, token_ids, runs),
        ),
        "decayed": Way(
            dtype,
            partial(decayed_attention, layout=decay_layout(lengths, slopes)),
            partial(DecayEncoder(fast).mean_vectors, windows),
        ),
    }


def written_out(qkv: Tensor, *, length: int) -> Tensor:
    """Attention with every score in memory, two sequences at once. (T, 3, H, D // H) -> (B, H, L, D // H)."""
    query, key, value = qkv.view(_N_SEQUENCES, length, *qkv.shape[1:]).permute(2, 0, 3, 1, 4)
    position = torch.arange(length)
    distances = (position[:, None] - position).abs()
    bias = -alibi_slopes(qkv.shape[2])[:, None, None] * distances
    scores = query @ key.mT / qkv.shape[-1] ** 0.5 + bias
    return torch.matmul(torch.softmax(scores, dim=-1), value)


def profile(way: Way, *, length: int, around: dict[str, float], repeats: int) -> dict[str, float]:
    """Shares of the parts, tokens a second of processor time, and the products' own rate."""
    n_layers, n_tokens = FULL_SIZE.num_hidden_layers, _N_SEQUENCES * length
    parts = {name: n_layers * cpu_seconds(work, repeats) for name, work in layer_parts(length, way).items()}
    whole = cpu_seconds(way.forward, repeats)
    total = whole + sum(around.values())
    dense = 2 * (4 * FULL_SIZE.hidden_size**2 + 3 * FULL_SIZE.hidden_size * FULL_SIZE.intermediate_size)
    shares = {name: seconds / total for name, seconds in (parts | around).items()}
    return {
        **{name: round(share, 6) for name, share in shares.items()},
        "the rest": round(1 - sum(shares.values()), 4),
        "tokens_per_cpu_s": round(n_tokens / total),
        "product_gflops": round(n_layers * n_tokens * dense / parts["matrix products"] / 1e9),
    }


def layer_parts(length: int, way: Way) -> dict[str, Work]:
    """The parts of one layer, each on inputs of its own shape; queries and keys as `spread_scores` makes them."""
    width, inner, heads = FULL_SIZE.hidden_size, FULL_SIZE.intermediate_size, FULL_SIZE.num_attention_heads
    n_tokens, dtype = _N_SEQUENCES * length, way.dtype
    hidden, gated = torch.randn(n_tokens, width).to(dtype), torch.randn(n_tokens, 2 * inner).to(dtype)
    norm = torch.nn.LayerNorm(width, eps=FULL_SIZE.layer_norm_eps).to(dtype)
    qkv = (1.66 * torch.randn(n_tokens, 3, heads, width // heads)).to(dtype)
    weights = [torch.randn(rows, width).to(dtype) for rows in (3 * width, width, 2 * inner)]
    down, value = torch.randn(width, inner).to(dtype), torch.randn(n_tokens, inner).to(dtype)

    def multiply() -> None:
        for weight in weights:
            F.linear(hidden, weight)
        F.linear(value, down)

    def gate() -> None:
        first, second = gated.chunk(2, dim=-1)
        F.gelu(first) * second

    def normalise() -> None:
        for _ in range(2):
            norm(hidden + hidden)

    return {
        "matrix products": multiply,
        "attention": partial(way.attend, qkv),
        "GELU and gate": gate,
        "residual and norm": normalise,
    }


def outside_the_model(n_tokens: int) -> dict[str, float]:
    """Processor seconds of reading, tokenising and writing for so many tokens."""
    dna = random_dna(_SAMPLE_BP)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            "reading": n_tokens * _BP_PER_TOKEN * reading_seconds_per_base(folder, dna),
            "tokenising": n_tokens * bpe_seconds_per_token(folder, dna),
            "writing": _N_SEQUENCES * writing_seconds_per_row(folder),
        }


def reading_seconds_per_base(folder: Path, dna: str) -> float:
    """Processor time of checking and of reading a FASTA file, a base."""
    path = folder / "sample.fa"
    path.write_text("".join(f">s{start}\n{dna[start : start + 10_000]}\n" for start in range(0, len(dna), 10_000)))
    return cpu_seconds(lambda: (scan_sequences([path]), list(read_sequences([path]))), 3) / len(dna)


def bpe_seconds_per_token(folder: Path, dna: str) -> float:
    """Processor time of tokenising, a token; its threads are counted."""
    path = folder / "tokenizer.json"
    path.write_text(train_tokenizer([dna], vocab_size=FULL_SIZE.vocab_size))
    tokenizer = DnaTokenizer(path, vocab_size=FULL_SIZE.vocab_size)
    started = time.process_time()
    n_tokens = sum(map(len, tokenizer.encode([dna[start : start + 10_000] for start in range(0, len(dna), 10_000)])))
    return (time.process_time() - started) / n_tokens


def writing_seconds_per_row(folder: Path) -> float:
    """Processor time of a row, from the array to the file under its own name."""
    counts = np.ones(_SAMPLE_ROWS, dtype=np.int64)
    rows = np.random.default_rng(0).standard_normal((_SAMPLE_ROWS, FULL_SIZE.hidden_size)).astype(np.float32)
    chunk = EmbeddedChunk([f"s{row}" for row in range(_SAMPLE_ROWS)], counts, counts, counts, rows)
    started = time.thread_time()
    with EmbeddingWriter(folder / "emb.npy", dim=rows.shape[1], settings={}, resume=False, force=False) as writer:
        writer.append(chunk, digest="")
        writer.finish({})
    return (time.thread_time() - started) / _SAMPLE_ROWS


def cpu_seconds(work: Work, repeats: int) -> float:
    """The least processor time of this thread over some runs, after one that warms up."""
    work()
    taken = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken)


if __name__ == "__main__":
    main()
