"""Where the time of the 117M-parameter encoder goes on one CPU thread, by parts, in processor time.

Random weights; a batch of two sequences of the given length. Each part of a layer is run alone on inputs of its own
shape; what is left of the whole forward is copying and calling. Tokenising is BPE over random DNA with a tokenizer of
random DNA. Processor time of the thread is counted, so other work on the machine hardly changes the shares. Prints one
JSON object as the last line.

    python benchmarks/profile_cpu.py [--tokens 2000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from embed_cpu import FULL_SIZE
from embed_gpu import random_dna
from machine import machine_facts

from dnabert_s_cli.encoders.attention import alibi_slopes, biased_runs, packed_attention
from dnabert_s_cli.encoders.devices import resolve_dtype
from dnabert_s_cli.encoders.packing import equal_length_runs
from dnabert_s_cli.encoders.tokenizer import DnaTokenizer
from dnabert_s_cli.encoders.train_tokenizer import train_tokenizer
from dnabert_s_cli.encoders.transformer import DnabertTransformer, init_weights

_N_SEQUENCES = 2
_TOKENIZED_BP = 200_000
_CPU = torch.device("cpu")


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dtype = resolve_dtype("auto", _CPU)
    n_tokens = _N_SEQUENCES * arguments.tokens
    with torch.inference_mode():
        parts = {
            name: cpu_seconds(part, arguments.repeats) for name, part in layer_parts(arguments.tokens, dtype).items()
        }
        whole = cpu_seconds(whole_forward(arguments.tokens, dtype), arguments.repeats)
    tokenizing = bpe_seconds_per_token() * n_tokens
    total = whole + tokenizing
    shares = {name: FULL_SIZE.num_hidden_layers * seconds / total for name, seconds in parts.items()}
    shares["tokenising"] = tokenizing / total
    shares["the rest"] = 1 - sum(shares.values())
    for name, share in shares.items():
        print(f"{name:24s} {100 * share:5.1f} %")
    dense = 2 * (4 * FULL_SIZE.hidden_size**2 + 3 * FULL_SIZE.hidden_size * FULL_SIZE.intermediate_size)
    product_rate = n_tokens * dense / parts["matrix products"]
    pairs = 4 * FULL_SIZE.hidden_size * arguments.tokens
    result = {
        "benchmark": "profile_cpu",
        "dtype": str(dtype).removeprefix("torch."),
        "tokens_of_a_sequence": arguments.tokens,
        "tokens_per_cpu_s": round(n_tokens / total),
        "shares": {name: round(share, 3) for name, share in shares.items()},
        "product_gflops_of_a_thread": round(product_rate / 1e9),
        "share_of_product_rate": round(
            FULL_SIZE.num_hidden_layers * n_tokens * (dense + pairs) / total / product_rate, 3
        ),
        **machine_facts("tokenizers"),
    }
    print(json.dumps(result))


def layer_parts(length: int, dtype: torch.dtype) -> dict[str, Callable[[], object]]:
    """The parts of one layer, each on inputs of its own shape."""
    width, inner, heads = FULL_SIZE.hidden_size, FULL_SIZE.intermediate_size, FULL_SIZE.num_attention_heads
    n_tokens = _N_SEQUENCES * length
    hidden, gated = torch.randn(n_tokens, width).to(dtype), torch.randn(n_tokens, 2 * inner).to(dtype)
    norm = torch.nn.LayerNorm(width, eps=FULL_SIZE.layer_norm_eps).to(dtype)
    qkv = torch.randn(n_tokens, 3, heads, width // heads).to(dtype)
    runs = biased_runs(equal_length_runs([length] * _N_SEQUENCES), alibi_slopes(heads), dtype=dtype)
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

    attend = partial(packed_attention, qkv, runs)
    return {"matrix products": multiply, "attention": attend, "GELU and gate": gate, "residual and norm": normalise}


def whole_forward(length: int, dtype: torch.dtype) -> Callable[[], object]:
    """All layers, from token ids to hidden states."""
    model = DnabertTransformer(FULL_SIZE).eval()
    init_weights(model, torch.Generator().manual_seed(0))
    slopes = model.slopes
    model.to(dtype)
    model.slopes = slopes
    token_ids = torch.from_numpy(np.random.default_rng(0).integers(5, 4096, _N_SEQUENCES * length))
    return partial(model, token_ids, equal_length_runs([length] * _N_SEQUENCES))


def bpe_seconds_per_token() -> float:
    """Processor time of tokenising, a token."""
    dna = random_dna(_TOKENIZED_BP)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(train_tokenizer([dna], vocab_size=FULL_SIZE.vocab_size))
        tokenizer = DnaTokenizer(path, vocab_size=FULL_SIZE.vocab_size)
        started = time.process_time()
        n_tokens = sum(
            map(len, tokenizer.encode([dna[start : start + 10_000] for start in range(0, len(dna), 10_000)]))
        )
        return (time.process_time() - started) / n_tokens


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """The least processor time of this thread over some runs, behind one that warms up."""
    work()
    taken = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken)


if __name__ == "__main__":
    main()
