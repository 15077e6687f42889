"""The encoder on a GPU: right, how fast against the matrix peak and against upstream's way, and end to end from FASTA.

Random weights of the published size. In one run of a few minutes: the error of our bfloat16 against float32, which may
be three times that of upstream's way in bfloat16; tokens a second over sequences of 2,000 tokens and over a mix of
0.5 to 20 kb, as a share of the bfloat16 peak of a large product in this run; upstream's way (padded batches of 20), on
an eighth of the sequences, in float32 and under autocast with fused attention; BPE; the command line from a FASTA file
to .npy. Prints one JSON object as the last line.

    python benchmarks/embed_gpu.py [--device cuda] [--mbp 40] [--repeats 3] [--tiny]
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from embed_cpu import FULL_SIZE
from machine import machine_facts
from safetensors.torch import save_file
from upstream_way import UpstreamAutocast, UpstreamWay

from dnabert_s_cli.encoders.devices import default_batch_tokens, device_name
from dnabert_s_cli.encoders.dnabert.folder import TransformerBackbone
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from dnabert_s_cli.encoders.dnabert.packing import token_batches
from dnabert_s_cli.encoders.dnabert.train_tokenizer import train_tokenizer
from dnabert_s_cli.encoders.embedder import Embedder
from dnabert_s_cli.encoders.loader import load_encoder

TINY_SIZE = TransformerConfig(4096, 48, 2, 3, 96)
_BP_PER_TOKEN = 5
_EVEN_TOKENS = 2_000
_UPSTREAM_STEP = 8
_PEAK_SIDE = {"cuda": 8192, "cpu": 1024}


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--mbp", type=float, default=40.0, help="bases of the mix and of the FASTA file, in millions")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="a tiny model, to try this program on the CPU")
    arguments = parser.parse_args()
    device, size = torch.device(arguments.device), TINY_SIZE if arguments.tiny else FULL_SIZE
    result: dict[str, object] = {"benchmark": "embed_gpu", "device": device_name(device), "size": asdict(size)}
    with tempfile.TemporaryDirectory() as folder:
        exact = write_model(Path(folder) / "model", size).to(device)
        encoder = load_encoder(Path(folder) / "model", arguments.device, "bfloat16")
        assert isinstance(encoder, Embedder)
        assert isinstance(encoder.backbone, TransformerBackbone)
        fast = encoder.backbone.fast
        result["attention"] = "plain" if fast is None else type(fast).__name__
        result["errors"] = errors(encoder, exact, mixed_windows(0.1))
        result["peak_tflops"] = peak = round(peak_tflops(device), 2)
        n_even = max(int(arguments.mbp * 1e6 / _BP_PER_TOKEN / _EVEN_TOKENS), 1)
        generator = np.random.default_rng(0)
        even = [generator.integers(5, 4096, _EVEN_TOKENS) for _ in range(n_even)]
        mixed = mixed_windows(arguments.mbp)
        ways = make_ways(encoder, exact)
        for name, windows in (("2000_tokens", even), ("mix", mixed)):
            rates = {}
            for way, run in ways.items():
                part = windows[::_UPSTREAM_STEP] if way.startswith("upstream") else windows
                rates[way] = round(rate(run, part, device=device, repeats=arguments.repeats))
            result[name] = describe(rates, windows, size, peak_tflops=peak)
            print(name, json.dumps(result[name]), flush=True)
        result["bpe_mbp_per_s"], result["end_to_end"] = end_to_end(Path(folder), encoder, arguments)
    if device.type == "cuda":
        result["peak_memory_gb"] = round(torch.cuda.max_memory_allocated(device) / 1e9, 1)
    print(json.dumps({**result, **machine_facts()}))


def write_model(folder: Path, size: TransformerConfig) -> DnabertTransformer:
    """A model folder with random weights and a tokenizer of random DNA; the model in float32."""
    folder.mkdir()
    model = DnabertTransformer(size).eval()
    init_weights(model, torch.Generator().manual_seed(0))
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(size)))
    dna = random_dna(300_000)
    pieces = [dna[start : start + 1_000] for start in range(0, len(dna), 1_000)]
    (folder / "tokenizer.json").write_text(train_tokenizer(pieces, vocab_size=size.vocab_size))
    return model


def random_dna(n_bp: int) -> str:
    """Equally likely letters."""
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[np.random.default_rng(1).integers(0, 4, n_bp)]
    return letters.tobytes().decode()


def mixed_windows(mbp: float) -> list[np.ndarray]:
    """Token ids of a metagenome-like mix: lengths of 0.5 to 20 kb, log-uniform."""
    generator = np.random.default_rng(0)
    windows: list[np.ndarray] = []
    left = int(mbp * 1e6 / _BP_PER_TOKEN)
    while left > 0:
        length = int(np.exp(generator.uniform(np.log(500), np.log(20_000)))) // _BP_PER_TOKEN
        windows.append(generator.integers(5, 4096, length))
        left -= length
    return windows


def make_ways(encoder: Embedder, exact: DnabertTransformer) -> dict[str, Callable[[Sequence[np.ndarray]], np.ndarray]]:
    """Ours, ours without the compiled kernel, and upstream's, each from token windows to vectors."""
    assert isinstance(encoder.backbone, TransformerBackbone)
    plain = replace(encoder.backbone, fast=None)
    return {
        "ours": lambda windows: embed_windows(encoder.backbone, windows),
        "ours_plain": lambda windows: embed_windows(plain, windows),
        "upstream_float32": UpstreamWay(exact).embed,
        "upstream_autocast": UpstreamAutocast(exact).embed,
    }


def embed_windows(backbone: object, windows: Sequence[np.ndarray]) -> np.ndarray:
    """Vectors in input order, by packed batches."""
    assert isinstance(backbone, TransformerBackbone)
    vectors = np.empty((len(windows), backbone.dim), dtype=np.float32)
    lengths = np.array([len(window) for window in windows])
    for batch in token_batches(lengths, default_batch_tokens(backbone.device)):
        vectors[batch] = backbone.mean_vectors([windows[index] for index in batch])
    return vectors


def errors(encoder: Embedder, exact: DnabertTransformer, windows: Sequence[np.ndarray]) -> dict[str, object]:
    """Largest differences from float32 of upstream's way in bfloat16 and of ours; whether ours is within 3 times."""
    ways = make_ways(encoder, exact)
    reference = ways["upstream_float32"](windows)
    rounded = UpstreamWay(copy.deepcopy(exact).to(torch.bfloat16))
    found = {
        "ours": float(np.abs(ways["ours"](windows) - reference).max()),
        "plain_bfloat16": float(np.abs(rounded.embed(windows) - reference).max()),
    }
    return {**found, "within_3x": found["ours"] <= 3 * found["plain_bfloat16"]}


def rate(
    run: Callable[[Sequence[np.ndarray]], np.ndarray],
    windows: Sequence[np.ndarray],
    *,
    device: torch.device,
    repeats: int,
) -> float:
    """Tokens a second: the median of some runs after one that warms up."""
    run(windows[: max(len(windows) // 8, 1)])
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run(windows)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - started)
    return sum(map(len, windows)) / float(np.median(taken))


def peak_tflops(device: torch.device) -> float:
    """bfloat16 rate of a large square product."""
    side = _PEAK_SIDE[device.type]
    first, second = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(10):
            product = first @ second
        float(product[0, 0])  # waits for all of them
        best = min(best, (time.perf_counter() - started) / 10)
    return 2 * side**3 / best / 1e12


def describe(
    rates: dict[str, int], windows: Sequence[np.ndarray], size: TransformerConfig, *, peak_tflops: float
) -> dict[str, object]:
    """Rates, their ratios to upstream's, and the share of the peak that ours reaches."""
    lengths = np.array([len(window) for window in windows], dtype=np.float64)
    dense = size.num_hidden_layers * 2 * (4 * size.hidden_size**2 + 3 * size.hidden_size * size.intermediate_size)
    attention = size.num_hidden_layers * 4 * size.hidden_size * float((lengths**2).sum() / lengths.sum())
    tflops = rates["ours"] * (dense + attention) / 1e12
    return {
        "n_sequences": len(windows),
        "n_tokens": int(lengths.sum()),
        "tokens_per_s": rates,
        "ratio_to_upstream_float32": round(rates["ours"] / rates["upstream_float32"], 2),
        "ratio_to_upstream_autocast": round(rates["ours"] / rates["upstream_autocast"], 2),
        "share_of_peak": round(tflops / peak_tflops, 3),
    }


def end_to_end(folder: Path, encoder: Embedder, arguments: argparse.Namespace) -> tuple[float, dict[str, object]]:
    """Mbp/s of tokenising alone; of the encoder in memory, and of the command without its start-up."""
    dna = random_dna(int(arguments.mbp * 1e6))
    lengths = [len(window) * _BP_PER_TOKEN for window in mixed_windows(arguments.mbp)]
    ends = np.cumsum(lengths)
    pieces = [dna[end - length : end] for end, length in zip(ends.tolist(), lengths, strict=True) if end <= len(dna)]
    mbp = sum(map(len, pieces)) / 1e6
    started = time.perf_counter()
    encoder.backbone.tokenize(pieces)
    bpe_s = time.perf_counter() - started
    started = time.perf_counter()
    encoder.embed(pieces)
    engine_s = time.perf_counter() - started
    fasta = folder / "contigs.fa"
    fasta.write_text("".join(f">c{index}\n{piece}\n" for index, piece in enumerate(pieces)))
    command = [sys.executable, "-m", "dnabert_s_cli", "embed", "--device", arguments.device, "--dtype", "bfloat16"]
    command += ["--model", str(folder / "model"), "-o", str(folder / "emb.npy"), "--quiet", str(fasta)]
    subprocess.run(command, check=True)
    total_s = float(json.loads((folder / "emb.run.json").read_text())["timings_s"]["total"])
    facts: dict[str, object] = {
        "mbp": round(mbp, 1),
        "engine_mbp_per_s": round(mbp / engine_s, 2),
        "command_mbp_per_s": round(mbp / total_s, 2),  # with loading and compiling
    }
    return round(mbp / bpe_s, 1), facts


if __name__ == "__main__":
    main()
