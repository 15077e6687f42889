"""How fast the 117M-parameter encoder is on the CPU, against upstream's way of running it, in one run.

48 sequences of 0.5 to 12 kb in shuffled order; upstream's way in float32 against ours in float32 and in the number
format that `--dtype auto` chooses, which is also compared with the rate of products alone in that format, of the
model's shapes, in this run. Weights are random, those of queries and keys made three times as large, so that scores
spread (by 2.7) as those of trained models do; ours skips keys that cannot weigh anything, and is measured without that
too, since a share of the rate means something only where all is computed. Prints one JSON object as the last line.

    python benchmarks/embed_cpu.py [--repeats 2] [--sequences 48] [--tokens 2000]
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from machine import machine_facts
from upstream_way import UpstreamWay

from dnabert_s_cli.encoders.devices import (
    batches_at_once,
    default_batch_tokens,
    keep_freed_memory,
    resolve_dtype,
    side_by_side,
)
from dnabert_s_cli.encoders.dnabert.decay_attention import DecayEncoder
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from dnabert_s_cli.encoders.dnabert.packed_linear import pack_linear_layers
from dnabert_s_cli.encoders.dnabert.packing import mean_per_sequence, pack, token_batches

FULL_SIZE = TransformerConfig(4096, 768, 12, 12, 3072)
_BP_PER_TOKEN = 5
_SPREAD = 3.0  # of queries and of keys
_CPU = torch.device("cpu")

MeanVectors = Callable[[Sequence[np.ndarray]], np.ndarray]


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--sequences", type=int, default=48)
    parser.add_argument("--tokens", type=int, help="all sequences of this length, in place of the mix")
    arguments = parser.parse_args()
    windows = make_windows(arguments.sequences)
    if arguments.tokens:
        windows = [np.resize(window, arguments.tokens) for window in windows]
    keep_freed_memory()
    auto = resolve_dtype("auto", _CPU)
    ways = make_ways(windows, auto)
    vectors, seconds, products = measure(ways, arguments.repeats, dtype=auto)
    n_tokens = sum(len(window) for window in windows)
    rates = {way: n_tokens / taken for way, taken in seconds.items()}
    for way, rate in rates.items():
        print(f"{way:18s} {rate:8.0f} tokens/s  {seconds[way]:7.1f} s  {rate / rates['upstream_float32']:5.2f} x")
    reference = vectors["upstream_float32"]
    result = {
        "benchmark": "embed_cpu",
        "n_sequences": len(windows),
        "n_tokens": n_tokens,
        "dtype_auto": str(auto).removeprefix("torch."),
        "tokens_per_s": {way: round(rate) for way, rate in rates.items()},
        "ratio_to_upstream": {way: round(rate / rates["upstream_float32"], 2) for way, rate in rates.items()},
        "least_cosine_to_upstream": {way: round(least_cosine(vectors[way], reference), 6) for way in ways},
        "product_gflops": round(products),
        "share_of_product_rate": {
            way: round(operations(windows) / seconds[way] / 1e9 / products, 3)
            for way in ("ours_all_keys", "ours_plain")
            if way in seconds
        },
        **machine_facts(),
    }
    print(json.dumps(result))


def make_ways(windows: Sequence[np.ndarray], auto: torch.dtype) -> dict[str, Callable[[], np.ndarray]]:
    """Upstream's way and ours, with the same random weights, over these windows."""
    model = DnabertTransformer(FULL_SIZE).eval()
    init_weights(model, torch.Generator().manual_seed(0))
    spread_scores(model)
    ways: dict[str, Callable[[], np.ndarray]] = {
        "upstream_float32": lambda: UpstreamWay(model).embed(windows),
        "ours_float32": lambda: embed_packed(partial(plain_means, model), windows),
    }
    if auto == torch.bfloat16:
        reduced = copy.deepcopy(model).to(auto)
        reduced.slopes = model.slopes
        fast = copy.deepcopy(reduced)
        pack_linear_layers(fast)
        ways["ours_auto"] = lambda: embed_packed(DecayEncoder(fast).mean_vectors, windows)
        ways["ours_all_keys"] = lambda: embed_packed(DecayEncoder(fast, skips_keys=False).mean_vectors, windows)
        ways["ours_plain"] = lambda: embed_packed(partial(plain_means, reduced), windows)
    return ways


def make_windows(n_sequences: int) -> list[np.ndarray]:
    """Token ids of sequences of 0.5 to 12 kb, at 5 bases a token, in shuffled order."""
    generator = np.random.default_rng(0)
    lengths = np.linspace(500, 12_000, n_sequences).astype(int) // _BP_PER_TOKEN
    return [generator.integers(5, 4096, length) for length in generator.permutation(lengths)]


def spread_scores(model: DnabertTransformer) -> None:
    """Make the random weights of queries and keys larger."""
    n_rows = 2 * model.config.hidden_size
    for block in model.encoder.layer:
        block.attention.self.Wqkv.weight.data[:n_rows] *= _SPREAD  # type: ignore[union-attr,index,operator]


def embed_packed(mean_vectors: MeanVectors, windows: Sequence[np.ndarray]) -> np.ndarray:
    """Our way: packed batches under a token budget, each on a thread of its own."""
    vectors = np.empty((len(windows), FULL_SIZE.hidden_size), dtype=np.float32)
    batches = token_batches(np.array([len(window) for window in windows]), default_batch_tokens(_CPU))
    with side_by_side(batches_at_once(_CPU)) as run:
        outcomes = run(lambda batch: mean_vectors([windows[index] for index in batch]), batches)
        for batch, means in zip(batches, outcomes, strict=True):
            vectors[batch] = means
    return vectors


def plain_means(model: DnabertTransformer, windows: Sequence[np.ndarray]) -> np.ndarray:
    """Mean vectors of a batch by PyTorch's fused attention. B windows -> (B, D) float32."""
    packed = pack(windows, _CPU)
    with torch.inference_mode():
        means: np.ndarray = mean_per_sequence(model(packed.token_ids, packed.runs), packed.runs).numpy()
    return means


def product_gflops(dtype: torch.dtype) -> float:
    """Rate of the feed-forward's first product alone, in 10^9 operations a second, all threads at their own."""
    rows, repeats = default_batch_tokens(_CPU), 20
    weight = torch.randn(2 * FULL_SIZE.intermediate_size, FULL_SIZE.hidden_size).to(dtype)
    hidden = torch.randn(rows, FULL_SIZE.hidden_size).to(dtype)

    def multiply(_: int) -> None:
        with torch.inference_mode():
            for _ in range(repeats):
                torch.nn.functional.linear(hidden, weight)

    n_threads = batches_at_once(_CPU) or 1
    with side_by_side(n_threads) as run:
        list(run(multiply, range(n_threads)))
        started = time.perf_counter()
        list(run(multiply, range(n_threads)))
        seconds = time.perf_counter() - started
    return 2 * rows * weight.numel() * repeats * n_threads / seconds / 1e9


def operations(windows: Sequence[np.ndarray]) -> float:
    """Operations of the matrix products and of attention over all windows."""
    size = FULL_SIZE
    dense = 2 * (4 * size.hidden_size**2 + 3 * size.hidden_size * size.intermediate_size)
    per_layer = sum(len(one) * dense + 4 * size.hidden_size * len(one) ** 2 for one in windows)
    return float(size.num_hidden_layers * per_layer)


def measure(
    ways: dict[str, Callable[[], np.ndarray]], repeats: int, *, dtype: torch.dtype
) -> tuple[dict[str, np.ndarray], dict[str, float], float]:
    """Vectors and median seconds of each way, and the median rate of products.

    All are taken in turn, so that a slow minute of the machine hits them alike.
    """
    vectors: dict[str, np.ndarray] = {}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    rates = []
    for _ in range(repeats):
        for way, embed in ways.items():
            rates.append(product_gflops(dtype))
            started = time.perf_counter()
            vectors[way] = embed()
            seconds[way].append(time.perf_counter() - started)
    return vectors, {way: float(np.median(taken)) for way, taken in seconds.items()}, float(np.median(rates))


def least_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The smallest cosine between rows of the same number."""
    products = (first * second).sum(axis=1)
    return float((products / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)).min())


if __name__ == "__main__":
    main()
