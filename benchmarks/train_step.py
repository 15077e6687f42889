"""Training throughput of the 117M encoder: tokens/s, share of the bfloat16 matmul peak, peak memory.

One step is 48 pairs of 2,000 tokens each, forward and backward, in phase I and in phase II, as `train` does it. The
peak is that of a large square product measured in the same run. Random weights and tokens. Prints one JSON object as
the last line.

    python benchmarks/train_step.py                      on a CUDA device
    python benchmarks/train_step.py --device cpu --pairs 1 --tokens 200 --layers 2     a quick look
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import torch
from machine import machine_facts, peak_memory_mb

from dnabert_s_cli import defaults
from dnabert_s_cli.encoders.devices import device_name, resolve_device
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from dnabert_s_cli.training.models.mixing import draw_mix
from dnabert_s_cli.training.models.networks import TransformerNetwork, pack_tokens
from dnabert_s_cli.training.objective.contrastive import Execution, Objective, PreparedBatch, prepared_step
from dnabert_s_cli.training.objective.heads import ProjectionHead, init_head
from dnabert_s_cli.training.processes.distributed import World

_PRODUCT_SIZE = {"cuda": 8192, "cpu": 2048}


class _NoTokenizer:
    """The network is given tokens here, never DNA."""


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--pairs", type=int, default=defaults.BATCH_PAIRS)
    parser.add_argument("--tokens", type=int, default=defaults.MAX_TOKENS)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--chunk", type=int, default=0, help="pairs encoded at a time; 0: all")
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    peak = matmul_flops(device)
    config = TransformerConfig(4096, 768, arguments.layers, 12, 3072)
    rows = {phase: measure(config, device, arguments=arguments, phase=phase) for phase in ("I", "II")}
    flops = step_flops(config, arguments.tokens)
    for row in rows.values():
        row["share_of_matmul_peak"] = round(row["tokens_per_s"] * flops / peak, 3)
    result = {
        "benchmark": "train_step",
        "device": device_name(device),
        "pairs": arguments.pairs,
        "tokens": arguments.tokens,
        "layers": arguments.layers,
        "chunk": arguments.chunk,
        "recompute": arguments.recompute,
        "matmul_tflops_bfloat16": round(peak / 1e12, 2),
        "gflop_per_token": round(flops / 1e9, 3),
        "phases": rows,
        **machine_facts(),
    }
    print(json.dumps(result))


def measure(
    config: TransformerConfig, device: torch.device, *, arguments: argparse.Namespace, phase: str
) -> dict[str, float]:
    """Tokens/s of one phase (median of the repeats) and the most memory it took."""
    step = make_step(config, device, arguments=arguments, phase=phase)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    seconds = timed(step, device, repeats=arguments.repeats)
    memory = torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else peak_memory_mb()
    tokens_per_s = 2 * arguments.pairs * arguments.tokens / seconds
    print(f"phase {phase}: {tokens_per_s:.0f} tokens/s, {memory:.0f} MB")
    return {"tokens_per_s": round(tokens_per_s), "seconds": round(seconds, 3), "peak_memory_mb": round(memory)}


def make_step(
    config: TransformerConfig, device: torch.device, *, arguments: argparse.Namespace, phase: str
) -> Callable[[], object]:
    """One step of a new model with random weights, without the optimiser."""
    model = DnabertTransformer(config)
    init_weights(model, torch.Generator().manual_seed(0))
    no_tokenizer = _NoTokenizer()
    network = TransformerNetwork(
        model.to(device),
        no_tokenizer,  # type: ignore[arg-type]  # never called
        max_tokens=arguments.tokens,
        recompute=arguments.recompute,
    )
    head = ProjectionHead(config.hidden_size).to(device)
    init_head(head, torch.Generator().manual_seed(0))
    batch = random_batch(arguments)
    mix = draw_mix(
        arguments.pairs,
        n_layers=config.num_hidden_layers,
        layer=config.num_hidden_layers // 2,
        block_rows=arguments.chunk or arguments.pairs,
        generator=torch.Generator().manual_seed(0),
    )

    def step() -> None:
        network.zero_grad(set_to_none=True)
        head.zero_grad(set_to_none=True)
        prepared_step(
            network,
            head,
            batch,
            objective=Objective("simclr" if phase == "I" else "mi_mix", weighted=True, temperature=0.05),
            mix=None if phase == "I" else mix,
            world=World(0, 1, device),
            execution=Execution(arguments.chunk or None, torch.bfloat16),
        )

    return step


def random_batch(arguments: argparse.Namespace) -> PreparedBatch:
    """Pairs of random tokens, already cut into chunks."""
    generator = np.random.default_rng(0)
    chunk = arguments.chunk or arguments.pairs
    spans = [(start, min(start + chunk, arguments.pairs)) for start in range(0, arguments.pairs, chunk)]
    views = [
        tuple(
            pack_tokens([generator.integers(5, 4096, arguments.tokens) for _ in range(end - start)])
            for start, end in spans
        )
        for _ in range(2)
    ]
    return PreparedBatch(views[0], views[1], tuple(spans), torch.arange(arguments.pairs))


def step_flops(config: TransformerConfig, n_tokens: int) -> float:
    """Multiplications and additions of forward and backward per token: three times those of the forward."""
    dense = 4 * config.hidden_size**2 + 3 * config.hidden_size * config.intermediate_size
    attention = 2 * n_tokens * config.hidden_size
    return 3 * 2 * config.num_hidden_layers * (dense + attention)


def matmul_flops(device: torch.device) -> float:
    """Operations per second of a large square product in bfloat16."""
    size = _PRODUCT_SIZE.get(device.type, 2048)
    first = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    seconds = timed(lambda: first @ first, device, repeats=10)
    return 2 * size**3 / seconds


def timed(work: Callable[[], object], device: torch.device, *, repeats: int) -> float:
    """Median seconds, after one run to warm up."""
    taken = []
    for repeat in range(repeats + 1):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - started)
        if repeat == 0:
            taken.clear()
    return float(np.median(taken))


if __name__ == "__main__":
    main()
