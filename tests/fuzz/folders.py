"""Folders of several files, one of which is damaged: models, k-mer models and runs that were broken off."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.folder import save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.embeddings.values import EmbeddedChunk, id_lines
from dnabert_s_cli.io.stages import StageFacts, StageFolder
from tests.io.chunks import final_files, three_chunks, write_chunks
from tests.locations import PROJECT

DNA = ["ACGTTGCAACGTTAGC" * 4, "GGATCCATTTACG" * 5]
FACTS = StageFacts({"contigs": ["a" * 64]}, {"model": "tnf-c", "min_length_bp": 1500})


@dataclass(frozen=True, slots=True)
class FolderSeed:
    """A whole folder, the files in it that are damaged in turn, and what is done with it."""

    name: str
    folder: Path
    files: tuple[str, ...]
    reader: Callable[[Path], list[object]]


def make_folder_seeds(folder: Path) -> list[FolderSeed]:
    """All folders, below `folder`."""
    sharded = folder / "sharded"
    shutil.copytree(PROJECT / "tests" / "data" / "faults" / "model_sharded", sharded)
    plain = folder / "plain"
    plain.mkdir()
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(sharded / name, plain / name)
    weights = {name: one for part in sorted(sharded.glob("*.safetensors")) for name, one in load_file(part).items()}
    torch.save(weights, plain / "pytorch_model.bin")
    kmer = folder / "kmer"
    network = KmerNetwork(KmerNetworkConfig(kmers=(3,), hidden=(8,), dim=4))
    init_weights(network, torch.Generator().manual_seed(0))
    save_kmer_model(kmer, network)
    broken = folder / "broken"
    broken.mkdir()
    write_chunks(broken / "emb.npy", three_chunks(), stop_after=2)
    stages = folder / "stages"
    stages.mkdir()
    _break_stages(stages)
    partial = "emb.npy.partial"
    return [
        FolderSeed("model in parts", sharded, tuple(path.name for path in sorted(sharded.iterdir())), embed),
        FolderSeed("model bin", plain, ("config.json", "tokenizer.json", "pytorch_model.bin"), embed),
        FolderSeed("k-mer model", kmer, ("config.json", "model.safetensors"), embed),
        FolderSeed("embed --resume", broken, tuple(f"{partial}/{one}" for one in _files(broken / partial)), resume),
        FolderSeed("bin --resume", stages, ("o.partial/depth/made-from.json",), find_stage),
    ]


def embed(folder: Path) -> list[object]:
    """Vectors of two sequences, as a table takes them: those that overflow are refused there."""
    vectors = load_encoder(str(folder), "cpu", "float32").embed(DNA)
    counts = np.ones(len(DNA), dtype=np.int64)
    id_lines(EmbeddedChunk(["a", "b"], counts, counts, counts, vectors), dim=vectors.shape[1])
    return [row.round(4).tolist() for row in vectors]


def resume(folder: Path) -> list[object]:
    """Finish a run that was broken off: its files."""
    write_chunks(folder / "emb.npy", three_chunks(), resume=True)
    files = final_files(folder)
    return [(name, content) for name, content in files.items() if not name.endswith(".json")]


def find_stage(folder: Path) -> list[object]:
    """The kept stage of a run that was broken off."""
    with StageFolder(folder / "o", resume=True, force=False) as kept:
        found = kept.find("depth", FACTS)
        return [] if found is None else [(found / "x.tsv").read_text()]


def _break_stages(folder: Path) -> None:
    class Broken(Exception):  # noqa: N818  # as a run is
        pass

    try:
        with StageFolder(folder / "o", resume=False, force=False) as kept:
            with kept.keep("depth", FACTS) as stage:
                (stage / "x.tsv").write_text("kept")
            raise Broken
    except Broken:
        pass


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and path.stat().st_size)


def numbers_of(path: Path) -> list[bytes]:
    """A JSON file with each number replaced by values beyond reason, and each key left out."""
    described = json.loads(path.read_text())
    variants: list[object] = [[], 3, None, {}, [described]]
    for key, value in described.items():
        variants.append({name: one for name, one in described.items() if name != key})
        for other in (-1, 0, 1, 10**9, 10**18, 1e308, -0.5, 7.5, True, None, "x", [], {}, [value]):
            variants.append({**described, key: other})
    return [json.dumps(one).encode() for one in variants]
